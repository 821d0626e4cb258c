//! Asking: what routes need of a request: its body as JSON, and whose it is.
//!
//! Bounded in size and time. Does not know what is asked.

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, HeaderMap};
use bytes::Bytes;
use conclave_core::{Refusal, limits};
use conclave_doors::api::{self, Problem};
use conclave_hub::{Hub, Membership};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use std::sync::Arc;

use super::problem::HttpProblem;

/// Reads a body that is to be JSON of a certain form, whatever it says it is.
pub(super) async fn json<T: DeserializeOwned>(body: Body) -> Result<T, HttpProblem> {
    let bytes = bytes(body).await?;
    serde_json::from_slice(&bytes).map_err(|error| Problem::of_json(&error).into())
}

async fn bytes(body: Body) -> Result<Bytes, HttpProblem> {
    let body = Limited::new(body, limits::HTTP_BODY_BYTES_MAX).collect();
    match tokio::time::timeout(limits::HTTP_BODY_MAX, body).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let most = limits::HTTP_BODY_BYTES_MAX;
            Err(Problem::TooLong(format!("a request's body has at most {most} bytes")).into())
        }
        Ok(Err(_)) => Err(HttpProblem::bad_request("the body ended early")),
        Err(_elapsed) => {
            Err(HttpProblem::new(408, "too-slow", "The body did not come in time. Send it again."))
        }
    }
}

/// The membership whose seat a request bears (RFC 6750).
pub(super) async fn membership(
    hub: &Arc<Hub>,
    group: &str,
    headers: &HeaderMap,
) -> Result<Membership, HttpProblem> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let seat = match (given.next(), given.next()) {
        (Some(given), None) => given.to_str().ok().and_then(bearer),
        _ => None,
    };
    let seat = seat.ok_or(Problem::Refused(Refusal::SeatUnknown))?;
    let (group, seat) = api::parse_seat(group, seat).map_err(Problem::from)?;
    Ok(hub.seat(group, &seat).await.map_err(Problem::from)?)
}

fn bearer(given: &str) -> Option<&str> {
    let (scheme, token) = given.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
