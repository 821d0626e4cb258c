//! The bytes of IRC: lines are cut alike however they come, and what is put together comes apart as
//! it was.

#![no_main]

use conclave_doors::irc::history::Wish;
use conclave_doors::irc::lines::{Line, Lines};
use conclave_doors::irc::message::Message;
use conclave_doors::irc::sasl::Sasl;
use conclave_doors::irc::written::{Framing, Written, split_words};
use libfuzzer_sys::fuzz_target;

fn lines_of(chunks: &[&[u8]]) -> Vec<Line> {
    let mut lines = Lines::default();
    let mut found = Vec::new();
    for chunk in chunks {
        let mut rest = *chunk;
        while !rest.is_empty() {
            let (taken, line) = lines.take(rest);
            rest = &rest[taken..];
            found.extend(line);
        }
    }
    found
}

fuzz_target!(|input: &[u8]| {
    let (before, after) = input.split_at(input.len() / 2);
    let found = lines_of(&[input]);
    assert_eq!(found, lines_of(&[before, after]));
    let mut sasl = Sasl::default();
    for line in found {
        let Line::Whole(line) = line else { continue };
        let message = Message::parse(&line);
        let _wish = Wish::parse(&message);
        let _step = sasl.handle(message.command);
        let last = message.params.last().copied().unwrap_or_default();
        let mut written = Written::new("a", "X").param(message.command).last(last);
        for tag in &message.tags {
            written = written.tag("k", &tag.value);
        }
        let mut out = Vec::new();
        written.render(Framing::Lines, &mut out);
        let text = std::str::from_utf8(&out).expect("UTF-8");
        let body = text.strip_suffix("\r\n").expect("a line end");
        assert!(!body.contains(['\r', '\n', '\0']));
        let read = Message::parse(body);
        assert_eq!((read.command, read.params.len()), ("X", 2));
        assert!(split_words(last, 40).iter().all(|piece| piece.len() <= 40));
    }
});
