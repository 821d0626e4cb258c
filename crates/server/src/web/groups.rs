//! Groups over HTTP: making, joining, who is there, leaving.
//!
//! Who joins so has a seat and no connection that events flow to: it is a member that is away. Does
//! not know WebSockets.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Json;
use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use conclave_core::Name;
use conclave_doors::api::{Create, Entered, Join, Members, ProblemShown};
use conclave_hub::{Hub, Keep, Outlet, Sink, Source};

use super::asking;
use super::entered::{self, members_shown};
use super::problem::{HttpProblem, refused};
use super::routes::Visit;
use crate::wires::WEB;

/// Makes a group and joins it.
#[utoipa::path(
    post, path = "/api/v1/groups", tag = "groups", request_body = Create,
    responses(
        (status = 201, description = "the group, and the seat of who made it", body = Entered),
        (status = 422, description = "the name or the password can be none", body = ProblemShown<'static>),
    ),
)]
pub(super) async fn create(
    State(hub): State<Arc<Hub>>,
    body: Body,
) -> Result<(StatusCode, Json<Entered>), HttpProblem> {
    let (name, password) = asking::json::<Create>(body).await?.parse().map_err(refused)?;
    let admission = hub.create(&password).await.map_err(refused)?.coming_from(entered::origin());
    let joined = admission.join(name, Keep::Seat, &Nowhere::outlet(), &WEB).await;
    let entered = entered::Entered::from(joined.map_err(refused)?);
    Ok((StatusCode::CREATED, Json(away(entered.shown(hub.epoch())))))
}

/// Joins a group.
#[utoipa::path(
    post, path = "/api/v1/groups/{group}/join", tag = "groups", request_body = Join,
    params(("group" = String, Path, description = "the group's number")),
    responses(
        (status = 200, description = "a seat in the group", body = Entered),
        (status = 403, description = "no group has that ID and password", body = ProblemShown<'static>),
        (status = 409, description = "the name is in use", body = ProblemShown<'static>),
        (status = 429, description = "too many failed sign-ins", body = ProblemShown<'static>),
    ),
)]
pub(super) async fn join(
    State(hub): State<Arc<Hub>>,
    Extension(visit): Extension<Visit>,
    Path(group): Path<String>,
    body: Body,
) -> Result<Json<Entered>, HttpProblem> {
    let join: Join = asking::json(body).await?;
    let name = Name::parse(&join.name).map_err(refused)?;
    let source = Source::new(visit.address);
    let admission = entered::admit(&hub, &group, &join, source).await.map_err(refused)?;
    let joined = admission.join(name, Keep::Seat, &Nowhere::outlet(), &WEB).await;
    let entered = entered::Entered::from(joined.map_err(refused)?);
    Ok(Json(away(entered.shown(hub.epoch()))))
}

/// Tells who is in the group.
#[utoipa::path(
    get, path = "/api/v1/groups/{group}/members", tag = "groups",
    params(("group" = String, Path, description = "the group's number")),
    security(("seat" = [])),
    responses(
        (status = 200, description = "in the order of joining", body = Members),
        (status = 401, description = "the seat is not one of that group", body = ProblemShown<'static>),
    ),
)]
pub(super) async fn members(
    State(hub): State<Arc<Hub>>,
    Path(group): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Members>, HttpProblem> {
    let membership = asking::membership(&hub, &group, &headers).await?;
    Ok(Json(Members { members: members_shown(&membership) }))
}

/// Leaves the group: the seat is given up.
#[utoipa::path(
    delete, path = "/api/v1/groups/{group}/seat", tag = "groups",
    params(("group" = String, Path, description = "the group's number")),
    security(("seat" = [])),
    responses(
        (status = 204, description = "left"),
        (status = 401, description = "the seat is not one of that group", body = ProblemShown<'static>),
    ),
)]
pub(super) async fn leave(
    State(hub): State<Arc<Hub>>,
    Path(group): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, HttpProblem> {
    asking::membership(&hub, &group, &headers).await?.leave().await;
    Ok(StatusCode::NO_CONTENT)
}

/// Who has entered by a request is away: there is no connection that events flow to.
fn away(mut entered: Entered) -> Entered {
    for member in entered.members.iter_mut().filter(|member| member.you) {
        member.here = false;
    }
    entered
}

/// Where nothing is written to.
#[derive(Debug)]
pub(super) struct Nowhere;

impl Nowhere {
    /// An outlet that leads there.
    pub(super) fn outlet() -> Arc<Outlet> {
        Outlet::new(Arc::new(Self))
    }
}

impl Sink for Nowhere {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(slices.iter().map(|slice| slice.len()).sum())
    }

    fn poll_writable(&self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn shut(&self) {}
}
