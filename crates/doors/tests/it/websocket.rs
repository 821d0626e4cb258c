//! WebSocket frames: any split of any frames, and what hostile clients send.

use conclave_core::limits::WEBSOCKET_MESSAGE_BYTES_MAX;
use conclave_doors::websocket::{CloseCode, Incoming, Intake, Opcode, encode_frame};
use proptest::prelude::*;

/// A frame as a client writes it.
fn frame(first: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut frame = Vec::new();
    encode_frame(Opcode::Text, payload, &mut frame);
    let head = frame.len() - payload.len();
    frame.truncate(head);
    if let [opcode, length, ..] = &mut *frame {
        (*opcode, *length) = (first, *length | 0x80);
    }
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, payload, [0x37, 0xfa, 0x21, 0x3d])
}

/// All that comes of these bytes, handed in in pieces of that size.
fn take(bytes: &[u8], size: usize) -> Vec<Incoming> {
    let mut intake = Intake::default();
    let mut taken = Vec::new();
    for mut piece in bytes.chunks(size) {
        while let Some(incoming) = intake.next(&mut piece) {
            taken.push(incoming);
        }
        assert!(piece.is_empty());
    }
    taken
}

fn check(bytes: &[u8], expected: &[Incoming]) {
    for size in [1, 2, 3, 7, usize::MAX] {
        assert_eq!(take(bytes, size.min(bytes.len().max(1))), expected, "in pieces of {size}");
    }
}

fn text(text: &str) -> Incoming {
    Incoming::Text(text.to_owned())
}

fn fails(bytes: &[u8], code: CloseCode) {
    check(&[bytes, &masked(0x81, b"after")].concat(), &[Incoming::Failed(code)]);
}

#[test]
fn messages_come_whole_in_fragments_and_with_pings_between() {
    check(&masked(0x81, b"Hello"), &[text("Hello")]);
    check(&masked(0x81, b""), &[text("")]);
    check(&masked(0x82, &[0, 255]), &[Incoming::Binary(vec![0, 255])]);
    let frames = [
        masked(0x01, "של".as_bytes()),
        masked(0x89, b"are you there"),
        // In the middle of a letter.
        masked(0x00, &"ום".as_bytes()[..1]),
        masked(0x8a, b""),
        masked(0x00, b""),
        masked(0x80, &"ום".as_bytes()[1..]),
        masked(0x81, b"next"),
    ];
    let expected =
        [Incoming::Ping(b"are you there".to_vec()), Incoming::Pong, text("שלום"), text("next")];
    check(&frames.concat(), &expected);
    let longest = "x".repeat(WEBSOCKET_MESSAGE_BYTES_MAX);
    check(&masked(0x81, longest.as_bytes()), &[text(&longest)]);
}

#[test]
fn a_close_is_handed_out_once_and_nothing_after_it() {
    for (payload, expected) in [
        (&b""[..], Incoming::Close(CloseCode::Normal)),
        (b"\x03\xe8", Incoming::Close(CloseCode::Normal)),
        (b"\x03\xe9bye", Incoming::Close(CloseCode::GoingAway)),
        (b"\x0f\xa0", Incoming::Close(CloseCode::Other(4000))),
        (b"\x03", Incoming::Failed(CloseCode::Protocol)),
        (b"\x03\xed", Incoming::Failed(CloseCode::Protocol)),
        (b"\x00\x00", Incoming::Failed(CloseCode::Protocol)),
        (b"\x13\x88", Incoming::Failed(CloseCode::Protocol)),
        (b"\x03\xe8\xff", Incoming::Failed(CloseCode::NotUtf8)),
    ] {
        check(&[masked(0x88, payload), masked(0x81, b"after")].concat(), &[expected]);
    }
}

#[test]
fn who_breaks_the_protocol_is_told_so_and_no_more_is_taken() {
    let mut unmasked = Vec::new();
    encode_frame(Opcode::Text, b"Hello", &mut unmasked);
    fails(&unmasked, CloseCode::Protocol);
    for reserved in [0xc1, 0xa1, 0x91] {
        fails(&masked(reserved, b"x"), CloseCode::Protocol);
    }
    for opcode in [0x83, 0x87, 0x8b, 0x8f] {
        fails(&masked(opcode, b"x"), CloseCode::Protocol);
    }
    // A fragment of nothing, a message within a message.
    fails(&masked(0x80, b"x"), CloseCode::Protocol);
    fails(&[masked(0x01, b"x"), masked(0x81, b"y")].concat(), CloseCode::Protocol);
    // A control frame in fragments, or too long.
    fails(&masked(0x09, b"x"), CloseCode::Protocol);
    fails(&masked(0x89, &[0; 126]), CloseCode::Protocol);
    // Lengths that are not in their shortest form, or are no lengths.
    for head in [
        &[0x81, 0xfe, 0, 125][..],
        &[0x81, 0xff, 0, 0, 0, 0, 0, 0, 255, 255],
        &[0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1],
        &[0x81, 0xff, 255, 255, 255, 255, 255, 255, 255, 255],
    ] {
        fails(&[head, &[0; 4]].concat(), CloseCode::Protocol);
    }
    fails(&masked(0x81, b"\xff"), CloseCode::NotUtf8);
    fails(&[masked(0x01, b"\xd7"), masked(0x80, b"")].concat(), CloseCode::NotUtf8);
}

#[test]
fn a_message_past_the_bound_is_refused_when_it_is_announced() {
    // A head alone: none of what it announces is waited for, or kept.
    let head = [0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0];
    assert_eq!(take(&head, 14), [Incoming::Failed(CloseCode::TooBig)]);
    let endless = [0x82, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0];
    assert_eq!(take(&endless, 14), [Incoming::Failed(CloseCode::TooBig)]);
    let half = vec![b'x'; WEBSOCKET_MESSAGE_BYTES_MAX / 2 + 1];
    fails(&[masked(0x01, &half), masked(0x00, &half)].concat(), CloseCode::TooBig);
}

#[test]
fn between_messages_no_buffer_is_held() {
    let mut intake = Intake::default();
    let sent = masked(0x81, &vec![b'x'; 60_000]);
    assert!(intake.next(&mut &sent[..]).is_some());
    let shown = format!("{intake:?}");
    assert!(!shown.contains("120"), "no byte of the payload is left: {shown}");
    assert!(size_of::<Intake>() <= 128, "{}", size_of::<Intake>());
}

#[derive(Clone, Debug)]
enum Sent {
    Text(Vec<String>),
    Binary(Vec<Vec<u8>>),
    Ping(Vec<u8>),
    Pong,
}

fn sent() -> impl Strategy<Value = Sent> {
    prop_oneof![
        prop::collection::vec(".{0,40}", 1..4).prop_map(Sent::Text),
        prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..4)
            .prop_map(Sent::Binary),
        prop::collection::vec(any::<u8>(), 0..126).prop_map(Sent::Ping),
        Just(Sent::Pong),
    ]
}

fn write(kind: u8, fragments: &[&[u8]], mask: [u8; 4], out: &mut Vec<u8>) {
    for (index, fragment) in fragments.iter().enumerate() {
        let opcode = if index == 0 { kind } else { 0 };
        let fin = if index + 1 == fragments.len() { 0x80 } else { 0 };
        out.extend(frame(fin | opcode, fragment, mask));
    }
}

proptest! {
    #[test]
    fn any_split_of_any_messages_comes_to_the_same(
        sent in prop::collection::vec(sent(), 0..6),
        mask in any::<[u8; 4]>(),
        sizes in prop::collection::vec(1_usize..400, 1..10),
    ) {
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        for sent in sent {
            match sent {
                Sent::Text(parts) => {
                    let fragments: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
                    write(0x1, &fragments, mask, &mut bytes);
                    expected.push(Incoming::Text(parts.concat()));
                }
                Sent::Binary(parts) => {
                    let fragments: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
                    write(0x2, &fragments, mask, &mut bytes);
                    expected.push(Incoming::Binary(parts.concat()));
                }
                Sent::Ping(payload) => {
                    bytes.extend(frame(0x89, &payload, mask));
                    expected.push(Incoming::Ping(payload));
                }
                Sent::Pong => {
                    bytes.extend(frame(0x8a, b"", mask));
                    expected.push(Incoming::Pong);
                }
            }
        }
        let mut intake = Intake::default();
        let (mut taken, mut rest, mut sizes) = (Vec::new(), &bytes[..], sizes.iter().cycle());
        while !rest.is_empty() {
            let (mut piece, after) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
            rest = after;
            while let Some(incoming) = intake.next(&mut piece) {
                taken.push(incoming);
            }
        }
        prop_assert_eq!(taken, expected);
    }

    #[test]
    fn no_bytes_whatever_do_more_than_fail(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        size in 1_usize..50,
    ) {
        prop_assert_eq!(take(&bytes, size), take(&bytes, bytes.len().max(1)));
    }
}
