//! Operators: whether the server lives, whether it serves, and how much there is of what; and what
//! it says of itself to anyone.
//!
//! Nothing of a group: neither numbers nor names. Figures are for who asks from the same machine.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use conclave_hub::Hub;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::HttpProblem;
use super::routes::Visit;
use crate::gate::Gate;

/// What a server says of itself.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct ServerShown {
    /// The name it gives itself.
    name: String,
    /// Its version.
    version: &'static str,
    /// The epoch of its log: numbers of another one mean nothing here.
    epoch: String,
    /// Where terminals, IRC clients and `conclave chat` connect.
    listen: Vec<String>,
}

/// What operators are told of.
#[derive(Clone, Debug)]
pub(super) struct Operated {
    pub(super) gate: Arc<Gate>,
    pub(super) server_name: Arc<str>,
    pub(super) greeting: Arc<[SocketAddr]>,
}

/// Tells of the server.
#[utoipa::path(
    get, path = "/api/v1/server", tag = "server",
    responses((status = 200, description = "what it says of itself", body = ServerShown)),
)]
pub(super) async fn server(
    State(hub): State<Arc<Hub>>,
    Extension(operated): Extension<Operated>,
) -> Json<ServerShown> {
    Json(ServerShown {
        name: operated.server_name.as_ref().to_owned(),
        version: env!("CARGO_PKG_VERSION"),
        epoch: hub.epoch().to_string(),
        listen: operated.greeting.iter().map(ToString::to_string).collect(),
    })
}

/// The process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// The server takes messages.
pub(super) async fn readyz(State(hub): State<Arc<Hub>>) -> Result<&'static str, HttpProblem> {
    if hub.is_serving() {
        return Ok("ready\n");
    }
    Err(HttpProblem::new(503, "stopping", "The server is stopping. Connect again in a moment."))
}

/// Figures, as Prometheus reads them.
pub(super) async fn metrics(
    State(hub): State<Arc<Hub>>,
    Extension(operated): Extension<Operated>,
    Extension(visit): Extension<Visit>,
) -> Result<String, HttpProblem> {
    if !visit.address.to_canonical().is_loopback() {
        let why = "Figures are for who asks from the server's own machine. Ask there.";
        return Err(HttpProblem::new(403, "not-from-here", why));
    }
    let figures = hub.figures();
    let mut text = String::new();
    for (name, what, value) in [
        ("conclave_connections", "Connections of all doors.", operated.gate.len()),
        ("conclave_connections_unsigned", "Those in no group.", operated.gate.unsigned_len()),
        ("conclave_groups_live", "Groups that somebody is in.", figures.live_groups),
        ("conclave_appends_under_way", "Appends that wait for the log.", figures.appends_under_way),
    ] {
        // Writing to a string cannot fail.
        let _written = write!(text, "# HELP {name} {what}\n# TYPE {name} gauge\n{name} {value}\n");
    }
    let version = env!("CARGO_PKG_VERSION");
    let _written = write!(
        text,
        "# HELP conclave_info The program.\n# TYPE conclave_info gauge\n\
         conclave_info{{version=\"{version}\"}} 1\n"
    );
    Ok(text)
}
