//! Refuse: one clear sentence, in the client's own protocol, where its door is not open.
//!
//! Does not know sockets: it makes the bytes. Nothing that the client sent is repeated in them.

use crate::detect::Detected;

/// Why a connection is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turned {
    /// The door of that protocol is not open yet.
    NotOpen(Detected),
    /// The head of an HTTP request did not come in time.
    SlowHead,
    /// It is no HTTP that is spoken here.
    NotHttp1,
    /// A terminal came to a listener that is for browsers.
    NotForTerminals,
    /// There are too many connections.
    TooMany,
    /// There are too many connections from that address.
    TooManyFromThere,
    /// It did not sign in for long, and others wait to.
    MadeRoom,
}

impl Turned {
    /// What the client is told.
    pub(crate) fn words(self) -> Vec<u8> {
        match self {
            Self::SlowHead => http(
                "408 Request Timeout",
                "The request did not come in time. Send it again, in one piece.\n",
            ),
            Self::NotHttp1 => http(
                "400 Bad Request",
                "That is no request of HTTP/1.1, which is what this server speaks.\n",
            ),
            // A TLS client reads nothing but records: a fatal alert, handshake_failure
            // (RFC 8446, section 6).
            Self::NotOpen(Detected::Tls) => vec![0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x28],
            Self::NotOpen(_) | Self::NotForTerminals => {
                b"This port is for browsers. Terminals use another port of this server.\n".to_vec()
            }
            Self::TooMany => {
                b"This server has as many connections as it can hold. Try again later.\n".to_vec()
            }
            Self::TooManyFromThere => {
                b"There are too many connections from your address. Close one and try again.\n"
                    .to_vec()
            }
            Self::MadeRoom => {
                b"You did not sign in for some time, and others wait to. Connect again.\n".to_vec()
            }
        }
    }
}

fn http(status: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\nX-Content-Type-Options: nosniff\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
