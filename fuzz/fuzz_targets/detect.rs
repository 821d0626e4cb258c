//! The first bytes of a connection: no cut of them takes a decision back, and what begins like a
//! browser is never anything else.

#![no_main]

use libfuzzer_sys::fuzz_target;

// The file itself, since it needs nothing of its crate: so the database is not built to fuzz it.
#[path = "../../crates/server/src/detect.rs"]
mod detect;

use detect::{Detected, detect};

const METHODS: [&str; 10] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"];

fuzz_target!(|input: &[u8]| {
    let mut decided = Detected::NeedMore;
    for count in 0..=input.len() {
        let (first, _) = input.split_at(count);
        let now = detect(first);
        if decided != Detected::NeedMore {
            assert_eq!(now, decided, "{}", first.escape_ascii());
        }
        decided = now;
    }
    if begins_like_http(input) {
        assert_eq!(decided, Detected::Http);
    }
});

/// The same question, asked another way: as text, with what may stand before it taken off.
fn begins_like_http(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let word = text.trim_start_matches(['\r', '\n', '\u{feff}']);
    let Some((word, _)) = word.split_once(' ') else { return false };
    METHODS.iter().any(|method| method.eq_ignore_ascii_case(word))
}
