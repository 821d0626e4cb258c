//! Problem: why a request was not served, as RFC 9457 has it.
//!
//! Knows no rule: what is refused and in which words is told by whoever refuses.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{Response, StatusCode};
use conclave_core::Refusal;
use conclave_doors::api::{Problem, ProblemShown};

/// See the module.
#[derive(Debug)]
pub(super) struct HttpProblem {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: Cow<'static, str>,
    allow: Option<HeaderValue>,
}

impl HttpProblem {
    /// A problem of that status and code, told in that sentence.
    pub(super) fn new(
        status: u16,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, code: code.into(), detail: detail.into(), allow: None }
    }

    /// The request is none that can be served: why.
    pub(super) fn bad_request(why: &str) -> Self {
        Self::new(400, "bad-request", format!("This cannot be done: {why}."))
    }

    /// There is nothing at that path.
    pub(super) fn not_found() -> Self {
        Self::new(
            404,
            "not-found",
            "There is nothing at this address. Look at /api/v1/openapi.json.",
        )
    }

    /// That path is there for other methods.
    pub(super) fn not_allowed(allow: Option<HeaderValue>) -> Self {
        let detail = "This address is not there for that method.";
        Self { allow, ..Self::new(405, "method-not-allowed", detail) }
    }

    #[cfg(test)]
    pub(super) const fn status(&self) -> u16 {
        self.status.as_u16()
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let written = ProblemShown {
            r#type: format!("/problems/{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Problem"),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: &self.code,
        };
        // Strings and a number are always JSON.
        let body = serde_json::to_vec(&written).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match self.status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
            }
            _ => {}
        }
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, allow);
        }
        response
    }
}

impl From<Problem> for HttpProblem {
    fn from(problem: Problem) -> Self {
        Self::new(problem.status(), problem.code(), problem.message())
    }
}

/// A rule said no.
pub(super) fn refused(refusal: impl Into<Refusal>) -> HttpProblem {
    Problem::Refused(refusal.into()).into()
}

impl axum::response::IntoResponse for HttpProblem {
    fn into_response(self) -> Response<Body> {
        self.into_response()
    }
}

/// A fault of ours ended a request.
pub(super) fn broken() -> Response<Body> {
    let detail = "The server made a mistake with this request. Its log tells more.";
    HttpProblem::new(500, "broken", detail).into_response()
}
