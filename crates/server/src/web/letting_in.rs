//! Letting in: invitations to people, and addresses by which a program speaks (webhooks).
//!
//! A program that was let in is a member with a seat, and its address holds the seat. Whoever has
//! the address speaks as it, and does nothing else.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use conclave_core::{Name, SeatSecret};
use conclave_doors::api::{
    self, Hook, HookShown, InviteShown, LandedShown, Problem, ProblemShown, Say,
};
use conclave_hub::{Hub, Keep, Membership};

use super::asking;
use super::entered::origin;
use super::groups::Nowhere;
use super::messages::say_as;
use super::problem::{HttpProblem, refused};
use super::routes::Visit;
use crate::wires::WEB;

/// Gives a link by which somebody comes in without the password.
#[utoipa::path(
    post, path = "/api/v1/groups/{group}/invites", tag = "groups",
    params(("group" = String, Path, description = "the group's number")),
    security(("seat" = [])),
    responses(
        (status = 201, description = "the link", body = InviteShown),
        (status = 401, description = "the seat is not one of that group", body = ProblemShown<'static>),
    ),
)]
pub(super) async fn invite(
    State(hub): State<Arc<Hub>>,
    Path(group): Path<String>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<InviteShown>), HttpProblem> {
    let membership = asking::membership(&hub, &group, &headers).await?;
    Ok((StatusCode::CREATED, Json(invite_shown(&membership)?)))
}

/// An invitation as the one who invites is told.
///
/// # Errors
/// Where it is none any more who might invite.
pub(super) fn invite_shown(membership: &Membership) -> Result<InviteShown, Problem> {
    let invite = membership.invite()?;
    Ok(InviteShown {
        link: format!("/g/{}#{}", membership.group(), invite.token),
        expires_at: invite.expires_at.render_rfc3339(),
        token: invite.token,
    })
}

/// Makes an address by which a program speaks in the group under a name. For moderators.
#[utoipa::path(
    post, path = "/api/v1/groups/{group}/webhooks", tag = "groups", request_body = Hook,
    params(("group" = String, Path, description = "the group's number")),
    security(("seat" = [])),
    responses(
        (status = 201, description = "the address, which is a secret", body = HookShown),
        (status = 401, description = "the seat is not one of that group", body = ProblemShown<'static>),
        (status = 403, description = "it is no moderator's", body = ProblemShown<'static>),
        (status = 409, description = "the name is in use", body = ProblemShown<'static>),
    ),
)]
pub(super) async fn add_hook(
    State(hub): State<Arc<Hub>>,
    Path(group): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<HookShown>), HttpProblem> {
    let membership = asking::membership(&hub, &group, &headers).await?;
    let Hook { name } = asking::json(body).await?;
    let name = Name::parse(&name).map_err(refused)?;
    let admission = membership.admit_another().map_err(refused)?.coming_from(origin());
    let joined = admission.join(name.clone(), Keep::Seat, &Nowhere::outlet(), &WEB).await;
    let seat = joined.map_err(refused)?.seat.as_ref().map(SeatSecret::render);
    let url = format!("/api/v1/hooks/{}/{}", membership.group(), seat.unwrap_or_default());
    Ok((StatusCode::CREATED, Json(HookShown { url, name: name.to_string() })))
}

/// Says something as the program whose address it is.
#[utoipa::path(
    post, path = "/api/v1/hooks/{group}/{secret}", tag = "messages", request_body = Say,
    params(
        ("group" = String, Path, description = "the group's number"),
        ("secret" = String, Path, description = "the secret, as it was given"),
    ),
    responses(
        (status = 201, description = "where it landed", body = LandedShown),
        (status = 401, description = "the address is none, or none any more", body = ProblemShown<'static>),
    ),
)]
pub(super) async fn speak(
    State(hub): State<Arc<Hub>>,
    Extension(visit): Extension<Visit>,
    Path((group, secret)): Path<(String, String)>,
    body: Body,
) -> Result<(StatusCode, Json<LandedShown>), HttpProblem> {
    let (group, seat) = api::parse_seat(&group, &secret).map_err(refused)?;
    let membership = hub.seat(group, &seat).await.map_err(refused)?;
    say_as(&membership, &visit, &asking::json::<Say>(body).await?).await
}
