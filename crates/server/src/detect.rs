//! Detect: which door the first bytes of a connection want.
//!
//! A small pure answer about a prefix; the bytes stay with the caller, so none is lost by looking.
//! Does not know doors, timers or sockets. A client that begins with an HTTP method can never
//! reach the console or the IRC parser (trust: a browser must not be made to speak them).

/// What the first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detected {
    /// They may yet become more than one thing.
    NeedMore,
    /// A TLS record.
    Tls,
    /// An HTTP method and a space, whatever its case.
    Http,
    /// The beginning of an IRC registration.
    Irc,
    /// Anything else.
    Console,
}

/// First words of HTTP: the methods of RFC 9110 and PATCH, and the preface of HTTP/2.
const HTTP_WORDS: [&[u8]; 10] = [
    b"GET ",
    b"HEAD ",
    b"POST ",
    b"PUT ",
    b"DELETE ",
    b"CONNECT ",
    b"OPTIONS ",
    b"TRACE ",
    b"PATCH ",
    b"PRI ",
];

/// First words of an IRC registration, and of a client that only looks whether a server is there.
const IRC_WORDS: [&[u8]; 5] = [b"CAP ", b"NICK ", b"USER ", b"PASS ", b"QUIT :"];

/// Looks at the first bytes of a connection.
pub(crate) fn detect(first: &[u8]) -> Detected {
    match first {
        [0x16, 0x03, ..] => return Detected::Tls,
        [0x16] => return Detected::NeedMore,
        _ => {}
    }
    // Line ends and a byte order mark before the first word hide nothing (trust: attack A1).
    let Some(word) = after_padding(first) else { return Detected::NeedMore };
    let mut found = Detected::Console;
    let words = HTTP_WORDS
        .iter()
        .map(|known| (known, Detected::Http))
        .chain(IRC_WORDS.iter().map(|known| (known, Detected::Irc)));
    for (known, door) in words {
        let compared = known.len().min(word.len());
        let is_alike = known
            .iter()
            .zip(word)
            .take(compared)
            .all(|(known, byte)| *known == byte.to_ascii_uppercase());
        if is_alike && word.len() >= known.len() {
            return door;
        }
        if is_alike {
            found = Detected::NeedMore;
        }
    }
    found
}

/// What follows line ends and a byte order mark; nothing while that is not known.
fn after_padding(first: &[u8]) -> Option<&[u8]> {
    const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
    let mut rest = first;
    loop {
        if let [b'\r' | b'\n', after @ ..] = rest {
            rest = after;
        } else if let Some(after) = rest.strip_prefix(BYTE_ORDER_MARK) {
            rest = after;
        } else if rest.is_empty() || BYTE_ORDER_MARK.starts_with(rest) {
            // An empty line is an answer to the menu, though: more may come, or nothing.
            return None;
        } else {
            return Some(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_bytes_decide_the_door() {
        for (first, expected) in [
            (&b""[..], Detected::NeedMore),
            (b"\x16", Detected::NeedMore),
            (b"\x16\x03\x01\x02\x00", Detected::Tls),
            (b"\x16x", Detected::Console),
            (b"G", Detected::NeedMore),
            (b"GET", Detected::NeedMore),
            (b"GET ", Detected::Http),
            (b"GET / HTTP/1.1\r\n", Detected::Http),
            (b"get / http/1.1\r\n", Detected::Http),
            (b"\r\n\r\nPOST / HTTP/1.1\r\n", Detected::Http),
            (b"\xef\xbb\xbfPOST /", Detected::Http),
            (b"\xef\xbb", Detected::NeedMore),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Detected::Http),
            (b"GETTING", Detected::Console),
            (b"P", Detected::NeedMore),
            (b"PASS ", Detected::Irc),
            (b"nick noya\r\n", Detected::Irc),
            (b"CAP LS 302\r\n", Detected::Irc),
            (b"QUIT :probe\r\n", Detected::Irc),
            (b"QUIT\r\n", Detected::Console),
            (b"USER a 0 * :a\r\n", Detected::Irc),
            (b"NICKNAME", Detected::Console),
            (b"1", Detected::Console),
            (b"1\n", Detected::Console),
            ("שלום".as_bytes(), Detected::Console),
            (b"\xff\xfb\x18", Detected::Console),
        ] {
            assert_eq!(detect(first), expected, "{}", first.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn more_bytes_never_take_a_decision_back(
            bytes in proptest::collection::vec(any::<u8>(), 0..24),
            cut in 0_usize..24,
        ) {
            let cut = cut.min(bytes.len());
            let early = detect(&bytes[..cut]);
            prop_assert!(early == Detected::NeedMore || early == detect(&bytes));
        }
    }
}
