//! Address: where a server is, as people write it.
//!
//! Does not know whether anything is there, and resolves nothing.

use std::fmt;

use crate::limits;

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// A name or a number; IPv6 without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Address {
    /// Reads `host`, `host:port`, `1.2.3.4:port`, `::1`, `[::1]` or `[::1]:port`.
    pub(crate) fn parse(typed: &str) -> Result<Self, &'static str> {
        let typed = typed.trim();
        let (host, port) = if let Some(bracketed) = typed.strip_prefix('[') {
            let (host, rest) = bracketed.split_once(']').ok_or("the bracket is not closed")?;
            let port = match rest.strip_prefix(':') {
                Some(port) => Some(port),
                None if rest.is_empty() => None,
                None => return Err("after the bracket comes a colon and a port"),
            };
            (host, port)
        } else {
            match typed.split_once(':') {
                // More than one colon: IPv6 without brackets, so without a port.
                Some((_, rest)) if rest.contains(':') => (typed, None),
                Some((host, port)) => (host, Some(port)),
                None => (typed, None),
            }
        };
        if host.is_empty() {
            return Err("it names no host");
        }
        if host.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/') {
            return Err("a host has no spaces and no slashes");
        }
        let port = match port {
            None => limits::PORT,
            Some(digits) if !digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Err("a port is a number");
            }
            Some(digits) => match digits.parse() {
                Ok(0) | Err(_) => return Err("a port is a number from 1 to 65535"),
                Ok(port) => port,
            },
        };
        Ok(Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(typed: &str, expected: Result<&str, &str>) {
        let shown = Address::parse(typed).map(|address| address.to_string());
        assert_eq!(shown.as_deref().map_err(|problem| *problem), expected, "{typed}");
    }

    #[test]
    fn an_address_is_read_as_people_write_it() {
        check("127.0.0.1", Ok("127.0.0.1:5555"));
        check("127.0.0.1:6000", Ok("127.0.0.1:6000"));
        check(" chat.example ", Ok("chat.example:5555"));
        check("chat.example:1", Ok("chat.example:1"));
        check("::1", Ok("[::1]:5555"));
        check("[::1]", Ok("[::1]:5555"));
        check("[fe80::1%eth0]:6000", Ok("[fe80::1%eth0]:6000"));
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_reason() {
        check("", Err("it names no host"));
        check(":5555", Err("it names no host"));
        check("[]:5555", Err("it names no host"));
        check("[::1", Err("the bracket is not closed"));
        check("[::1]5555", Err("after the bracket comes a colon and a port"));
        check("host:", Err("a port is a number from 1 to 65535"));
        check("host:0", Err("a port is a number from 1 to 65535"));
        check("host:65536", Err("a port is a number from 1 to 65535"));
        check("host:+80", Err("a port is a number"));
        check("host:irc", Err("a port is a number"));
        check("http://host", Err("a port is a number"));
        check("host/chat", Err("a host has no spaces and no slashes"));
        check("my host", Err("a host has no spaces and no slashes"));
    }
}
