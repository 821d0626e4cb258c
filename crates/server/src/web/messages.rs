//! Messages over HTTP: saying one, pages of what happened, and all of it.
//!
//! Does not know WebSockets. All of a group's log is read page by page, as fast as the reader takes
//! it.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use conclave_core::{Event, Refusal, Seq, limits};
use conclave_doors::api::{
    self, EventShown, Events, LandedShown, Page, ProblemShown, Say, SayKind, Side,
};
use conclave_doors::console::{LineEnd, encode_earlier};
use conclave_hub::{Hub, Membership, Said};
use futures_util::stream;
use serde::Deserialize;
use utoipa::ToSchema;

use super::asking;
use super::problem::{HttpProblem, refused};
use super::routes::Visit;

/// Says something; answered once it is durable. The same `client_id` again has the same answer.
#[utoipa::path(
    post, path = "/api/v1/groups/{group}/messages", tag = "messages", request_body = Say,
    params(("group" = String, Path, description = "the group's number")),
    security(("seat" = [])),
    responses(
        (status = 201, description = "where it landed", body = LandedShown),
        (status = 401, description = "the seat is not one of that group", body = ProblemShown<'static>),
        (status = 422, description = "the text can be no message", body = ProblemShown<'static>),
    ),
)]
pub(super) async fn post(
    State(hub): State<Arc<Hub>>,
    Extension(visit): Extension<Visit>,
    Path(group): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<LandedShown>), HttpProblem> {
    let membership = asking::membership(&hub, &group, &headers).await?;
    let say: Say = asking::json(body).await?;
    say_as(&membership, &visit, &say).await
}

/// Says something as a member, above the message rate a little later.
pub(super) async fn say_as(
    membership: &Membership,
    visit: &Visit,
    say: &Say,
) -> Result<(StatusCode, Json<LandedShown>), HttpProblem> {
    let (text, kind, client_id) = say.parse()?;
    let said = match kind {
        SayKind::Said => Said::Words(text),
        SayKind::Action => Said::Action(text),
    };
    let pause = visit.note_message();
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    let landed = membership.send(said, client_id).await.map_err(refused)?;
    Ok((StatusCode::CREATED, Json(LandedShown::new(landed.seq, landed.at))))
}

/// What is asked for in an address.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    /// Events below this number; without either number, the newest.
    before: Option<u64>,
    /// Events above this number.
    after: Option<u64>,
    /// How many at the most.
    limit: Option<u32>,
    /// All events, above `after` if it is given: as JSON or as text, a line each.
    format: Option<Format>,
}

/// How everything is written.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    /// An event as JSON on each line.
    Jsonl,
    /// As on a terminal.
    Txt,
}

/// Gives a page of events, or with `format` all of them.
#[utoipa::path(
    get, path = "/api/v1/groups/{group}/messages", tag = "messages",
    params(
        ("group" = String, Path, description = "the group's number"),
        ("before" = Option<u64>, Query, description = "events below this number; without either \
            number, the newest"),
        ("after" = Option<u64>, Query, description = "events above this number"),
        ("limit" = Option<u32>, Query, description = "how many at the most"),
        ("format" = Option<Format>, Query, description = "all events, above `after` if it is \
            given: as JSON or as text, a line each"),
    ),
    security(("seat" = [])),
    responses(
        (status = 200, description = "oldest first", body = Events<'static>),
        (status = 400, description = "a number can be none", body = ProblemShown<'static>),
        (status = 401, description = "the seat is not one of that group", body = ProblemShown<'static>),
    ),
)]
pub(super) async fn get(
    State(hub): State<Arc<Hub>>,
    Path(group): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response<Body>, HttpProblem> {
    let Query(wanted) =
        wanted.map_err(|rejection| HttpProblem::bad_request(&rejection.body_text()))?;
    let membership = asking::membership(&hub, &group, &headers).await?;
    let Wanted { before, after, limit, format } = wanted;
    if let Some(format) = format {
        return Ok(export(membership, Seq(after.unwrap_or_default()), format));
    }
    let (side, count) = Page { before, after, limit }.parse()?;
    let events = match side {
        Side::Before(before) => membership.events_before(before, count).await,
        Side::After(after) => membership.events_after(after, count).await,
    };
    let mut response = Json(Events::new(&events.map_err(refused)?)).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// All events above a number up to the head as it is now.
fn export(membership: Membership, after: Seq, format: Format) -> Response<Body> {
    let (group, head) = (membership.group(), membership.head());
    let pages = stream::try_unfold((membership, after), move |(membership, after)| async move {
        let count = usize::try_from(head.0.saturating_sub(after.0)).unwrap_or(usize::MAX);
        if count == 0 {
            return Ok::<_, Refusal>(None);
        }
        let page = membership.events_after(after, count.min(limits::PAGE_EVENTS_MAX)).await?;
        let Some(last) = page.last().map(|event| event.seq) else { return Ok(None) };
        Ok(Some((written(&page, format), (membership, last))))
    });
    let (content_type, extension) = match format {
        Format::Jsonl => ("application/x-ndjson", "jsonl"),
        Format::Txt => ("text/plain; charset=utf-8", "txt"),
    };
    let mut response = Response::new(Body::from_stream(pages));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let name = format!("attachment; filename=\"conclave-{group}.{extension}\"");
    if let Ok(name) = HeaderValue::try_from(name) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    response
}

fn written(page: &[Event], format: Format) -> Bytes {
    let mut out = Vec::new();
    for event in page {
        match format {
            Format::Jsonl => {
                api::encode(&EventShown::from(event), &mut out);
                out.push(b'\n');
            }
            Format::Txt => encode_earlier(event, LineEnd::Lf, &mut out),
        }
    }
    out.into()
}
