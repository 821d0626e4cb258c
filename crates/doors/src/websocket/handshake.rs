//! Handshake: whether a request asks for a WebSocket, and what proves that it was understood
//! (RFC 6455, sections 4.2.1 and 4.2.2).
//!
//! Does not know an HTTP library: whoever has the headers hands them in one by one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

/// What of a request's headers is about the handshake. A header that comes twice counts as one
/// line with a comma.
#[derive(Clone, Debug, Default)]
pub struct Handshake {
    has_upgrade: bool,
    has_connection: bool,
    version: Option<String>,
    key: Option<String>,
    has_second_key: bool,
    protocols: Vec<String>,
}

/// Why a request is no handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAHandshake {
    /// It asks for something else.
    Ordinary,
    /// It wants a version that is not spoken: 13 is.
    Version,
    /// Its key is missing, given twice, or not 16 bytes in base64.
    Key,
}

impl Handshake {
    /// Takes in a header, its name in lower case.
    pub fn take(&mut self, name: &str, value: &str) {
        let has = |word: &str| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word));
        match name {
            "upgrade" => self.has_upgrade |= has("websocket"),
            "connection" => self.has_connection |= has("upgrade"),
            "sec-websocket-version" => self.version = Some(value.trim().to_owned()),
            "sec-websocket-key" => {
                self.has_second_key = self.key.replace(value.trim().to_owned()).is_some();
            }
            "sec-websocket-protocol" => {
                let offered = value.split(',').map(|part| part.trim().to_owned());
                self.protocols.extend(offered.filter(|part| !part.is_empty()));
            }
            _ => {}
        }
    }

    /// The subprotocols that were offered, in order of preference.
    pub fn protocols(&self) -> impl Iterator<Item = &str> {
        self.protocols.iter().map(String::as_str)
    }

    /// What the answer's `Sec-WebSocket-Accept` is.
    ///
    /// # Errors
    /// Where the request is no handshake.
    pub fn accept(&self) -> Result<String, NotAHandshake> {
        if !self.has_upgrade || !self.has_connection {
            return Err(NotAHandshake::Ordinary);
        }
        if self.version.as_deref() != Some("13") {
            return Err(NotAHandshake::Version);
        }
        let key = self.key.as_deref().filter(|_| !self.has_second_key);
        let key = key.ok_or(NotAHandshake::Key)?;
        let is_key = STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16);
        if is_key { Ok(accept_key(key)) } else { Err(NotAHandshake::Key) }
    }
}

/// What proves that a key was understood (section 4.2.2, item 5.4).
pub fn accept_key(key: &str) -> String {
    const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    fn check(headers: &[(&str, &str)], expected: Result<&str, NotAHandshake>) {
        let mut handshake = Handshake::default();
        for (name, value) in headers {
            handshake.take(name, value);
        }
        assert_eq!(handshake.accept(), expected.map(str::to_owned), "{headers:?}");
    }

    #[test]
    fn a_handshake_is_accepted_as_the_rfc_shows() {
        let upgrade = ("upgrade", "websocket");
        let connection = ("connection", "Upgrade");
        let (version, key) = (("sec-websocket-version", "13"), ("sec-websocket-key", KEY));
        let accepted = Ok("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        check(&[upgrade, connection, version, key], accepted);
        check(
            &[("upgrade", "WebSocket"), ("connection", "keep-alive, upgrade"), version, key],
            accepted,
        );
        check(&[], Err(NotAHandshake::Ordinary));
        check(&[connection, version, key], Err(NotAHandshake::Ordinary));
        check(&[upgrade, version, key], Err(NotAHandshake::Ordinary));
        check(&[("upgrade", "h2c"), connection, version, key], Err(NotAHandshake::Ordinary));
        check(&[upgrade, connection, key], Err(NotAHandshake::Version));
        check(
            &[upgrade, connection, ("sec-websocket-version", "8"), key],
            Err(NotAHandshake::Version),
        );
        check(&[upgrade, connection, version], Err(NotAHandshake::Key));
        check(&[upgrade, connection, version, key, key], Err(NotAHandshake::Key));
        for short in ["", "AAAA", "not base64!", "dGhlIHNhbXBsZSBub25jZTEyMw=="] {
            check(
                &[upgrade, connection, version, ("sec-websocket-key", short)],
                Err(NotAHandshake::Key),
            );
        }
    }

    #[test]
    fn subprotocols_come_in_the_order_of_their_offer() {
        let mut handshake = Handshake::default();
        handshake.take("sec-websocket-protocol", "text.ircv3.net , binary.ircv3.net");
        handshake.take("sec-websocket-protocol", "other,,");
        let protocols: Vec<&str> = handshake.protocols().collect();
        assert_eq!(protocols, ["text.ircv3.net", "binary.ircv3.net", "other"]);
    }
}
