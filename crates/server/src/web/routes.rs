//! Routes: what there is over HTTP, one table.
//!
//! Does not know connections: of the one a request came by it knows the address, and where to leave
//! word that it becomes a WebSocket.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Request};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_PROTOCOL, UPGRADE,
};
use axum::http::{Response, StatusCode};
use axum::routing::{delete, get, post};
use conclave_doors::irc::written::Framing;
use conclave_doors::websocket::{Handshake, NotAHandshake};
use conclave_hub::Hub;
use hyper::upgrade::OnUpgrade;
use tokio::time::Instant;
use tower::ServiceExt as _;

use super::operators::Operated;
use super::problem::HttpProblem;
use super::{groups, letting_in, messages, openapi, operators, pages};
use crate::pace::Pace;

/// What a route knows of the connection that a request came by.
#[derive(Clone)]
pub(super) struct Visit {
    /// Where it comes from.
    pub(super) address: IpAddr,
    message_rate: Option<u32>,
    shared: Arc<Mutex<Shared>>,
}

/// What the requests of one connection share.
struct Shared {
    pace: Pace,
    upgrade: Option<OnUpgrade>,
    /// It is to speak IRC, in frames of that kind.
    irc: Option<Framing>,
}

impl Visit {
    pub(super) fn new(address: IpAddr, message_rate: Option<u32>) -> Self {
        let shared = Shared { pace: Pace::new(Instant::now()), upgrade: None, irc: None };
        Self { address, message_rate, shared: Arc::new(Mutex::new(shared)) }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a message, and tells how long to wait before it may be taken.
    pub(super) fn note_message(&self) -> Duration {
        self.lock().pace.note(Instant::now(), self.message_rate)
    }

    /// Leaves word that the connection becomes a WebSocket.
    fn leave_upgrade(&self, upgrade: OnUpgrade, irc: Option<Framing>) {
        let mut shared = self.lock();
        shared.upgrade = Some(upgrade);
        shared.irc = irc;
        drop(shared);
    }

    /// In which frames it is to speak IRC, where it is.
    pub(super) fn irc(&self) -> Option<Framing> {
        self.lock().irc
    }

    /// The WebSocket that the connection is to become, if it is.
    pub(super) fn take_upgrade(&self) -> Option<OnUpgrade> {
        self.lock().upgrade.take()
    }
}

/// All routes, on that hub.
pub(super) fn routes(hub: Arc<Hub>, operated: Operated) -> Router {
    Router::new()
        .route("/", get(pages::page))
        .route("/g/{group}", get(pages::page))
        .route("/g/{group}/{with}", get(pages::page))
        .route("/api/v1/ws", get(open_socket))
        .route("/api/v1/openapi.json", get(openapi::description))
        .route("/api/v1/server", get(operators::server))
        .route("/api/v1/groups", post(groups::create))
        .route("/api/v1/groups/{group}/join", post(groups::join))
        .route("/api/v1/groups/{group}/members", get(groups::members))
        .route("/api/v1/groups/{group}/seat", delete(groups::leave))
        .route("/api/v1/groups/{group}/messages", get(messages::get).post(messages::post))
        .route("/api/v1/groups/{group}/invites", post(letting_in::invite))
        .route("/api/v1/groups/{group}/webhooks", post(letting_in::add_hook))
        .route("/api/v1/hooks/{group}/{secret}", post(letting_in::speak))
        .route("/healthz", get(operators::healthz))
        .route("/readyz", get(operators::readyz))
        .route("/metrics", get(operators::metrics))
        .fallback(pages::file)
        .layer(Extension(operated))
        .with_state(hub)
}

/// Finds the route of a request and follows it.
pub(super) async fn call(routes: Router, visit: Visit, mut request: Request) -> Response<Body> {
    request.extensions_mut().insert(visit);
    let Ok(response) = routes.oneshot(request).await;
    match response.status() {
        // Axum's own have no body.
        StatusCode::NOT_FOUND if is_bare(&response) => HttpProblem::not_found().into_response(),
        StatusCode::METHOD_NOT_ALLOWED => {
            HttpProblem::not_allowed(response.headers().get(ALLOW).cloned()).into_response()
        }
        _ => response,
    }
}

fn is_bare(response: &Response<Body>) -> bool {
    !response.headers().contains_key(axum::http::header::CONTENT_TYPE)
}

/// A WebSocket that was asked for at the root: clients of IRC know no other path.
#[derive(Clone, Copy, Debug)]
pub(super) struct AtRoot;

/// Answers a handshake. What the connection becomes then is seen to by whoever runs it.
async fn open_socket(
    Extension(visit): Extension<Visit>,
    at_root: Option<Extension<AtRoot>>,
    mut request: Request,
) -> Result<Response<Body>, HttpProblem> {
    let mut handshake = Handshake::default();
    for (name, value) in request.headers() {
        if let Ok(value) = value.to_str() {
            handshake.take(name.as_str(), value);
        }
    }
    let accept = handshake.accept().map_err(|problem| match problem {
        NotAHandshake::Ordinary => HttpProblem::new(
            426,
            "upgrade-required",
            "This address is a WebSocket. Open it as one.",
        ),
        NotAHandshake::Version => {
            HttpProblem::new(426, "upgrade-required", "This server speaks version 13 of WebSocket.")
        }
        NotAHandshake::Key => HttpProblem::bad_request("the handshake's key is not one"),
    })?;
    // A length of zero is no body; anything else would be read as frames.
    let has_body = request.headers().contains_key("transfer-encoding")
        || request.headers().get("content-length").is_some_and(|length| length != "0");
    if has_body {
        return Err(HttpProblem::bad_request("a handshake has no body"));
    }
    let accept = HeaderValue::from_str(&accept)
        .map_err(|_never| HttpProblem::bad_request("the handshake's key is not one"))?;
    tracing::debug!(peer = %visit.address, "a handshake is accepted");
    // The client's order counts (IRCv3 websocket); without one of these it speaks JSON.
    let irc = handshake.protocols().find_map(|offered| match offered {
        "text.ircv3.net" => Some((Framing::Text, "text.ircv3.net")),
        "binary.ircv3.net" => Some((Framing::Binary, "binary.ircv3.net")),
        _ => None,
    });
    let framing =
        irc.map(|(framing, _)| framing).or_else(|| at_root.map(|Extension(AtRoot)| Framing::Text));
    visit.leave_upgrade(hyper::upgrade::on(&mut request), framing);
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers: [(HeaderName, HeaderValue); 4] = [
        (CONNECTION, HeaderValue::from_static("upgrade")),
        (UPGRADE, HeaderValue::from_static("websocket")),
        (SEC_WEBSOCKET_ACCEPT, accept),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    response.headers_mut().extend(headers);
    if let Some((_, protocol)) = irc {
        let protocol = HeaderValue::from_static(protocol);
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    Ok(response)
}
