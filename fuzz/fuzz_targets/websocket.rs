//! WebSocket frames and what they ask: any bytes, in any pieces, come to the same and to no more
//! than a message or the end; and what a frame of ours carries comes back as it was.

#![no_main]

use conclave_doors::api;
use conclave_doors::websocket::{Handshake, Incoming, Intake};
use conclave_fuzz::Tape;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut tape = Tape::new(input);
    let size = 1 + tape.choice(64);
    let header = tape.text();
    let bytes = tape.rest();

    let mut handshake = Handshake::default();
    for name in ["upgrade", "connection", "sec-websocket-version", "sec-websocket-key"] {
        handshake.take(name, &header);
    }
    assert!(handshake.accept().is_err(), "one value is not all four");

    let whole = take(bytes, bytes.len().max(1));
    assert_eq!(whole, take(bytes, size));
    let ends = |incoming: &Incoming| matches!(incoming, Incoming::Close(_) | Incoming::Failed(_));
    let end = whole.iter().position(ends);
    assert!(end.is_none_or(|end| end + 1 == whole.len()), "nothing comes after the end");
    for incoming in &whole {
        if let Incoming::Text(text) = incoming {
            ask(text);
        }
    }
    // Without frames around it, so that the engine gets at it.
    if let Ok(text) = std::str::from_utf8(bytes) {
        ask(text);
    }
});

/// All that comes of these bytes, handed in in pieces of that size.
fn take(bytes: &[u8], size: usize) -> Vec<Incoming> {
    let mut intake = Intake::default();
    let mut taken = Vec::new();
    for mut piece in bytes.chunks(size) {
        while let Some(incoming) = intake.next(&mut piece) {
            taken.push(incoming);
        }
        assert!(piece.is_empty(), "all of it was taken");
    }
    taken
}

/// Reads what a text asks, and what people chose in it.
fn ask(text: &str) {
    let asked = match api::parse_asked(text) {
        Ok(asked) => asked,
        Err((_, error)) => return assert_eq!(error.code, "bad-request"),
    };
    if let Some(group) = asked.op.group() {
        let _number = api::parse_group(group);
    }
    match asked.op {
        api::Op::Create(create) => drop(create.parse()),
        api::Op::Send { say, .. } => drop(say.parse()),
        api::Op::History { page, .. } => drop(page.parse()),
        api::Op::Resume { group, seat, .. } => drop(api::parse_seat(&group, &seat)),
        _ => {}
    }
}
