//! Guard: who may ask at all, whatever is asked: by the name in `Host` and by `Origin`; and what
//! every answer says to a browser.
//!
//! Where a name is rebound to our address, the attacker's name is in both, so that their being equal
//! is not enough: a name has to be ours (trust: A7, A9). There are no cookies. Does not know routes.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::body::Body;
use axum::http::header::{HOST, HeaderName, HeaderValue, ORIGIN};
use axum::http::{Request, Response};

use super::problem::HttpProblem;

/// See the module.
#[derive(Debug)]
pub(super) struct Guard {
    /// The server's own name, in lower case.
    server_name: String,
}

/// What every answer bears.
const HEADERS: [(HeaderName, &str); 5] = [
    (HeaderName::from_static("content-security-policy"), POLICY),
    (HeaderName::from_static("x-content-type-options"), "nosniff"),
    (HeaderName::from_static("referrer-policy"), "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Nothing from elsewhere, nothing inline (trust: A20). The app builds its page element by element;
/// the one trusted type is for the address of its service worker.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types conclave";

impl Guard {
    /// The guard of a server of that name.
    pub(super) fn new(server_name: &str) -> Self {
        Self { server_name: server_name.to_ascii_lowercase() }
    }

    /// Whether a request may ask.
    pub(super) fn check(&self, request: &Request<Body>) -> Result<(), HttpProblem> {
        let mut hosts = request.headers().get_all(HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().ok().and_then(Authority::parse),
            _ => None,
        };
        let Some(host) = host else {
            return Err(HttpProblem::bad_request("a request names its server once, in Host"));
        };
        if !self.is_ours(&host.name) {
            return Err(HttpProblem::new(
                421,
                "misdirected",
                "This server does not go by that name. Open it by its address, or have its \
                 operator set --server-name.",
            ));
        }
        // A request in absolute form names its server twice (RFC 9112, section 3.2.2).
        if let Some(target) = request.uri().authority()
            && Authority::parse(target.as_str()).as_ref() != Some(&host)
        {
            return Err(HttpProblem::bad_request("the request names two servers"));
        }
        for origin in request.headers().get_all(ORIGIN) {
            let is_same = origin.to_str().is_ok_and(|origin| is_origin_of(origin, &host));
            if !is_same {
                return Err(HttpProblem::new(
                    403,
                    "foreign-origin",
                    "Another site's page asked for this, which is not allowed. Open this server's \
                     own page.",
                ));
            }
        }
        Ok(())
    }

    fn is_ours(&self, name: &str) -> bool {
        let is_v6 = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        is_v6.is_some_and(|name| name.parse::<Ipv6Addr>().is_ok())
            || name.parse::<Ipv4Addr>().is_ok()
            || name == "localhost"
            || name == self.server_name
    }
}

/// A name and a port, as `Host` gives them.
#[derive(Debug, PartialEq, Eq)]
struct Authority {
    /// In lower case.
    name: String,
    port: Option<u16>,
}

impl Authority {
    fn parse(given: &str) -> Option<Self> {
        let (name, port) = match given.rsplit_once(':') {
            // A colon within brackets is part of an address.
            Some((name, port)) if !port.ends_with(']') => (name, Some(port.parse().ok()?)),
            _ => (given, None),
        };
        // A dot at the end says that a name is whole, and is no part of it.
        let name = name.strip_suffix('.').unwrap_or(name);
        (!name.is_empty()).then(|| Self { name: name.to_ascii_lowercase(), port })
    }
}

/// Whether an origin is that of pages of this server, with or without TLS before it.
fn is_origin_of(origin: &str, host: &Authority) -> bool {
    let (rest, default_port) = if let Some(rest) = origin.strip_prefix("http://") {
        (rest, 80)
    } else if let Some(rest) = origin.strip_prefix("https://") {
        (rest, 443)
    } else {
        return false;
    };
    let port_of = |authority: &Authority| authority.port.unwrap_or(default_port);
    Authority::parse(rest)
        .is_some_and(|origin| origin.name == host.name && port_of(&origin) == port_of(host))
}

/// Adds what every answer says to a browser.
pub(super) fn with_headers(mut response: Response<Body>) -> Response<Body> {
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&str, &str)], expected: u16) {
        let mut request = Request::builder().uri("/api/v1/ws");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let checked = Guard::new("Aula").check(&request.body(Body::empty()).unwrap());
        assert_eq!(
            checked.map_or_else(|problem| problem.status(), |()| 200),
            expected,
            "{headers:?}"
        );
    }

    #[test]
    fn a_host_is_an_address_localhost_or_our_own_name() {
        for host in ["127.0.0.1:8080", "192.168.1.5", "[::1]:8080", "[::1]", "localhost:8080"] {
            check(&[("host", host)], 200);
        }
        for host in ["aula", "AULA:8080", "aula.", "LocalHost"] {
            check(&[("host", host)], 200);
        }
        for host in
            ["evil.example:7777", "aula.evil.example", "localhost.evil.example", "1.2.3.4.5"]
        {
            check(&[("host", host)], 421);
        }
        for host in ["", ":8080", "aula:http", "aula:99999"] {
            check(&[("host", host)], 400);
        }
        check(&[], 400);
        check(&[("host", "aula"), ("host", "aula")], 400);
    }

    #[test]
    fn an_origin_is_the_host_s_own_or_none() {
        for (host, origin, expected) in [
            ("aula:8080", "http://aula:8080", 200),
            ("aula", "https://aula", 200),
            ("aula", "http://AULA:80", 200),
            ("[::1]:8080", "http://[::1]:8080", 200),
            ("aula:8080", "http://aula", 403),
            ("aula", "http://aula:8080", 403),
            ("aula:8080", "http://evil.example:8080", 403),
            ("aula", "https://aula.evil.example", 403),
            ("aula", "https://good.evil.example", 403),
            ("127.0.0.1:8080", "http://localhost:8080", 403),
            ("aula", "null", 403),
            ("aula", "", 403),
            ("aula", "file://", 403),
            ("aula", "aula", 403),
        ] {
            check(&[("host", host), ("origin", origin)], expected);
        }
        check(&[("host", "aula"), ("origin", "http://aula"), ("origin", "http://evil")], 403);
    }
}
