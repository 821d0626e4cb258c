//! Pages: the web app's files over HTTP: the page at `/` and `/g/8888`, and what it is made of.
//!
//! Does not know what is in them. A file is sent in the smallest form that the asker takes; one
//! whose name tells its content is for ever, anything else is asked for again and seldom sent twice.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue,
    IF_NONE_MATCH, VARY,
};
use axum::http::{Method, Response, StatusCode, Uri};
use bytes::Bytes;
use conclave_app::File;

use super::problem::HttpProblem;

/// What a browser is shown where the app is not in the program.
const NOT_BUILT: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\
    <title>Conclave</title>\n<h1>This server was built without the web app</h1>\n\
    <p>To have it: run <code>cargo xtask web</code>, which needs Node, then build the server again.\n\
    <p>Until then terminals work: <code>conclave chat</code>, or <code>nc</code>, on the terminals' \
    port.\n</html>\n";

/// The page, for whoever opens the server or a group of it.
pub(super) async fn page(headers: HeaderMap) -> Response<Body> {
    match conclave_app::page() {
        Some(page) => send(page, &headers),
        None => not_built(),
    }
}

/// Any other file.
pub(super) async fn file(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response<Body>, HttpProblem> {
    let file = conclave_app::find(uri.path()).ok_or_else(HttpProblem::not_found)?;
    if !matches!(method, Method::GET | Method::HEAD) {
        return Err(HttpProblem::not_allowed(Some(HeaderValue::from_static("GET,HEAD"))));
    }
    Ok(send(file, &headers))
}

fn not_built() -> Response<Body> {
    let mut response = Response::new(Body::from(NOT_BUILT));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, html);
    response
}

fn send(file: &'static File, asked: &HeaderMap) -> Response<Body> {
    let is_known = asked.get_all(IF_NONE_MATCH).iter().any(|known| is_among(file.etag, known));
    let (encoding, bytes) = form(file, asked);
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(ETAG, HeaderValue::from_static(file.etag));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    let cache = if file.is_immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.content_type));
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    *response.body_mut() = Body::from(Bytes::from_static(bytes));
    response
}

/// The smallest form of a file that the asker takes.
fn form(file: &'static File, asked: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
    if let Some(bytes) = file.brotli.filter(|_| takes(asked, "br")) {
        (Some("br"), bytes)
    } else if let Some(bytes) = file.gzip.filter(|_| takes(asked, "gzip")) {
        (Some("gzip"), bytes)
    } else {
        (None, file.plain)
    }
}

/// Whether an encoding is among those that are asked for, and not told to be unwelcome.
fn takes(asked: &HeaderMap, encoding: &str) -> bool {
    let values = asked.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut offers = values.flat_map(|value| value.split(','));
    offers.any(|offer| {
        let (name, weight) = offer.split_once(';').unwrap_or((offer, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok());
        name.trim().eq_ignore_ascii_case(encoding) && weight.unwrap_or(1.0_f32) > 0.0
    })
}

/// Whether a mark is among those that the asker knows (RFC 9110, section 13.1.2).
fn is_among(etag: &str, known: &HeaderValue) -> bool {
    let Ok(known) = known.to_str() else { return false };
    known.split(',').map(str::trim).any(|known| {
        // A proxy that compresses anew calls the mark a weak one.
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == etag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: File = File {
        path: "/assets/x.js",
        content_type: "text/javascript; charset=utf-8",
        etag: "\"abc\"",
        is_immutable: true,
        plain: b"plain",
        brotli: Some(b"brotli"),
        gzip: Some(b"gzip"),
    };

    fn check(file: &'static File, asked: &[(&str, &str)], expected: (u16, Option<&str>)) {
        let mut headers = HeaderMap::new();
        for (name, value) in asked {
            let name = axum::http::HeaderName::try_from(*name).unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        let response = send(file, &headers);
        let encoding = response.headers().get(CONTENT_ENCODING).map(|form| form.to_str().unwrap());
        assert_eq!((response.status().as_u16(), encoding), expected, "{asked:?}");
        assert_eq!(response.headers()[VARY], "accept-encoding");
    }

    #[test]
    fn a_file_is_sent_in_the_smallest_form_that_is_taken() {
        static COMPRESSED: File = FILE;
        static PLAIN: File = File { brotli: None, gzip: None, ..FILE };
        for (accept, encoding) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("BR", Some("br")),
            ("gzip;q=0.5", Some("gzip")),
            ("br;q=0, gzip", Some("gzip")),
            ("br;q=0.000", None),
            ("identity", None),
            ("", None),
            ("brotli", None),
        ] {
            check(&COMPRESSED, &[("accept-encoding", accept)], (200, encoding));
            check(&PLAIN, &[("accept-encoding", accept)], (200, None));
        }
        check(&COMPRESSED, &[], (200, None));
    }

    #[test]
    fn what_the_asker_has_is_not_sent_again() {
        static KNOWN: File = FILE;
        for known in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*"] {
            check(&KNOWN, &[("if-none-match", known)], (304, None));
        }
        for other in ["\"abd\"", "abc", ""] {
            check(&KNOWN, &[("if-none-match", other)], (200, None));
        }
    }
}
