//! What only a browser or another speaker of HTTP says: it must never reach the menu (A1).
//!
//! A page can make a browser send lines of its choosing to this port, after an HTTP head that it
//! cannot leave out; so one line of that head is enough to know it. Does not know what is done
//! about it.

/// First words of a request by which one is known that is too long to see its end.
const METHODS: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// Whether a line is `METHOD target HTTP/…` or a `Host:` header, in any case.
pub(super) fn is_http(line: &[u8]) -> bool {
    let line = trim(line);
    starts_alike(line, "host:") || {
        let mut words = words(line);
        words.next().is_some_and(is_token)
            && words.next().is_some()
            && words.any(|word| starts_alike(word, "http/"))
    }
}

/// Whether what is known of a line that was too long to keep begins like an HTTP request.
pub(super) fn begins_http(head: &[u8]) -> bool {
    let is_method =
        |word: &[u8]| METHODS.iter().any(|method| word.eq_ignore_ascii_case(method.as_bytes()));
    is_http(head) || words(trim(head)).next().is_some_and(is_method)
}

fn trim(line: &[u8]) -> &[u8] {
    const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
    let line = line.trim_ascii_start();
    line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line).trim_ascii()
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

fn is_token(word: &[u8]) -> bool {
    word.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_'))
}

fn starts_alike(word: &[u8], start: &str) -> bool {
    word.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_http_head_is_known_by_any_of_its_lines_that_matter() {
        for (line, expected) in [
            ("POST / HTTP/1.1", true),
            ("get /g/8888 http/1.0", true),
            ("\u{feff}GET / HTTP/1.1", true),
            ("  PURGE  /a b  HTTP/2  ", true),
            ("Host: example.org", true),
            ("hOST:x", true),
            ("Hostess", false),
            ("GET /", false),
            ("HTTP/1.1 200 OK", false),
            ("שלום / HTTP/1.1", false),
            ("1", false),
            ("", false),
        ] {
            assert_eq!(is_http(line.as_bytes()), expected, "{line:?}");
        }
    }

    #[test]
    fn a_request_too_long_to_see_its_end_is_known_by_its_method() {
        assert!(begins_http(b"post /aaaaaaaaaaaaaaaaaaaaaaaa"));
        assert!(!begins_http(b"postal aaaaaaaaaaaaaaaaaaaaaaaa"));
    }
}
