//! Where a line ends: clients with line ends, and the oldest, which have none (B13).

use std::time::Duration;

use conclave_core::limits;
use conclave_doors::console::LineEnd;
use proptest::prelude::*;

use crate::desk::Desk;

/// One who sends lines without their end, in group 8888.
fn unframed_in_group() -> Desk {
    let mut desk = Desk::new();
    desk.types("1");
    desk.waits(limits::UNFRAMED_AFTER);
    desk.types("Bar");
    desk.types("8888");
    assert_eq!(desk.types("1234"), "You're connected to group chat #8888\n");
    desk
}

#[test]
fn a_client_without_line_ends_gets_in_and_talks() {
    let mut desk = Desk::new();
    desk.sees();
    assert_eq!(desk.types("1"), "");
    let moment = Duration::from_millis(1);
    assert_eq!(desk.waits(limits::UNFRAMED_AFTER.saturating_sub(moment)), "");
    assert_eq!(desk.waits(moment), "Enter your name:\n");
    assert_eq!(desk.types("Bar"), "Enter group ID:\n");
    assert_eq!(desk.types("8888"), "Enter password:\n");
    assert_eq!(desk.types("1234"), "You're connected to group chat #8888\n");
    assert_eq!(desk.types("Hi friends"), "");
    assert_eq!(desk.types("Exit"), "You chose exit so you left the group.\n");
    assert_eq!(
        desk.requests[1..],
        [
            format!("history 20 in {} bytes", limits::EARLIER_BYTES_UNFRAMED),
            "say Hi friends".to_owned(),
            "leave".to_owned(),
        ]
    );
}

#[test]
fn a_line_end_within_the_time_makes_a_client_one_with_line_ends() {
    let mut desk = Desk::new();
    desk.sees();
    assert_eq!(desk.types("1"), "");
    desk.waits(limits::UNFRAMED_AFTER / 2);
    assert_eq!(desk.types("\n"), "Enter your name:\n");
    assert_eq!(desk.types("Ba"), "");
    assert_eq!(desk.waits(limits::UNFRAMED_AFTER * 2), "");
    assert_eq!(desk.types("r\n"), "Enter group ID:\n");
}

#[test]
fn one_who_types_its_first_answer_key_by_key_is_not_cut_short() {
    let mut desk = Desk::new();
    desk.sees();
    desk.types("9");
    assert_eq!(desk.waits(limits::UNFRAMED_AFTER / 2), "");
    desk.types("9");
    assert_eq!(desk.waits(limits::UNFRAMED_AFTER / 2), "");
    assert!(desk.types("\r\n").starts_with("Invalid option.\n"));
}

#[test]
fn a_line_end_that_comes_late_shows_that_lines_have_ends_after_all() {
    let mut desk = Desk::new();
    desk.types("1");
    assert_eq!(desk.waits(limits::UNFRAMED_AFTER).lines().last(), Some("Enter your name:"));
    assert_eq!(desk.types("\r\n"), "", "the end of the answer that was taken already");
    assert_eq!(desk.types("B"), "");
    assert_eq!(desk.types("ar"), "");
    assert_eq!(desk.types("\r\n"), "Enter group ID:\n");
}

#[test]
fn line_ends_inside_a_read_end_lines_and_one_at_its_end_is_left_off() {
    let mut desk = unframed_in_group();
    desk.forget();
    desk.types("one\r\n");
    desk.types("two\nthree");
    desk.types("four\r");
    desk.types("/who\nfive");
    assert_eq!(
        desk.requests,
        ["say one", "say two", "say three", "say four", "members", "say five",]
    );
}

#[test]
fn a_whole_session_in_one_read_without_a_last_line_end_keeps_its_last_line_for_the_end() {
    let mut desk = Desk::new();
    desk.types("1\nBar\n8888\n1234\nhello");
    assert_eq!(desk.waits(limits::UNFRAMED_AFTER * 2), "");
    assert_eq!(desk.requests.len(), 2);
    desk.ends();
    assert_eq!(desk.requests[2..], ["say hello", "leave"]);
}

#[test]
fn a_client_that_ends_after_its_first_answer_without_line_end_is_answered() {
    let mut desk = Desk::new();
    desk.sees();
    desk.types("3");
    desk.ends();
    assert_eq!(desk.sees(), "Goodbye.\n");
}

#[test]
fn a_line_may_be_as_long_as_a_message_and_no_longer() {
    let longest = "x".repeat(limits::TEXT_BYTES_MAX);
    for (typed, is_sent) in [
        (longest.clone(), true),
        (format!("{longest}x"), false),
        ("x".repeat(limits::CONSOLE_LINE_BYTES_MAX), false),
        ("x".repeat(limits::CONSOLE_LINE_BYTES_MAX + 1), false),
        ("x".repeat(1_000_000), false),
        (format!("/me {longest}"), true),
        (format!("{}{}x", "y".repeat(10), " ".repeat(limits::CONSOLE_LINE_BYTES_MAX)), false),
    ] {
        let mut desk = Desk::in_group();
        for chunk in typed.as_bytes().chunks(1_000) {
            desk.reads(chunk);
        }
        let answer = desk.types("\n");
        assert_eq!(desk.requests.len(), usize::from(is_sent));
        assert_eq!(answer.is_empty(), is_sent);
        assert!(is_sent || answer.contains("at most 4096 bytes"), "{answer}");
        desk.forget();
        desk.types("after\n");
        assert_eq!(desk.requests, ["say after"]);
    }
}

#[test]
fn a_line_that_is_not_utf_8_is_refused_and_asked_for_again() {
    let mut desk = Desk::in_group();
    for bad in [&b"\xe9t\xe9\n"[..], b"\xc0\xaf\n", b"\xed\xa0\x80\n", b"\xffx\n", b"\xf8\n"] {
        desk.reads(bad);
        assert!(desk.sees().starts_with("That line is not UTF-8 text"), "{bad:?}");
    }
    assert!(desk.requests.is_empty());

    let mut desk = Desk::new();
    desk.types("1\n");
    desk.reads(b"\xe9\n");
    assert!(desk.sees().ends_with("try again.\nEnter your name:\n"));
}

#[test]
fn an_idle_door_is_small() {
    let size = size_of::<conclave_doors::console::ConsoleDoor>();
    assert!(size <= 160, "{size} bytes");
}

/// What comes of a stream that is read in these pieces.
fn held(pieces: &[&[u8]]) -> (String, Vec<String>, bool, LineEnd) {
    let mut desk = Desk::new();
    for piece in pieces {
        desk.reads(piece);
    }
    desk.ends();
    let seen = String::from_utf8_lossy(&desk.takes()).into_owned();
    (seen, desk.requests, desk.door.is_finished(), desk.door.line_end())
}

fn split_at<'stream>(mut stream: &'stream [u8], cuts: &[usize]) -> Vec<&'stream [u8]> {
    let mut pieces = Vec::new();
    for cut in cuts {
        if !stream.is_empty() {
            let (piece, rest) = stream.split_at(cut % stream.len());
            pieces.push(piece);
            stream = rest;
        }
    }
    pieces.push(stream);
    pieces
}

fn some_line() -> impl Strategy<Value = Vec<u8>> {
    let fixed: Vec<&[u8]> = vec![
        b"1",
        b"2",
        b"3",
        b"Bar",
        b"Noya",
        b"8888",
        b"5555",
        b"1234",
        b"wrong",
        b"hello",
        b"",
        b"/who",
        b"/help",
        b"/leave",
        b"/topic a",
        b"/topic",
        b"/nick Noya",
        b"//x",
        b"Exit",
        b"unsaved",
        b"\xd7\xa9",
        b"\xe9",
        b"GET / HTTP/1.1",
        b"\xff\xfb\x01",
        b"\xff\xfd\x03",
        b"ab\xff\xf7c",
        b"x\xff\xf8y",
        b"\xff\xfa\x1f\0P\0\x18\xff\xf0",
        b"\xff\xf6",
        b"\xff\xff",
        b"\xff\xf4",
        b"\xff\xec",
        b"a\x08b\x7f",
        b"\xff",
        b"a\rb",
        b"\xff\xfa\xff",
    ];
    prop_oneof![
        30 => proptest::sample::select(fixed).prop_map(<[u8]>::to_vec),
        2 => proptest::collection::vec(any::<u8>(), 0..20),
        1 => (4090..4200_usize).prop_map(|count| vec![b'x'; count]),
    ]
}

fn some_stream() -> impl Strategy<Value = Vec<u8>> {
    let line_end = proptest::sample::select(vec![&b"\n"[..], b"\r\n", b"\r\0", b"\r\r\n"]);
    let begin = proptest::sample::select(vec![
        &b""[..],
        b"1\nBar\n8888\n1234\n",
        b"2\nBar\n1234\n",
        b"1\r\nNoya\r\n",
        b"\xff\xfb\x18\xff\xfd\x01",
    ]);
    (begin, proptest::collection::vec((some_line(), line_end), 0..20)).prop_map(|(begin, lines)| {
        let mut stream = begin.to_vec();
        for (line, line_end) in lines {
            stream.extend_from_slice(&line);
            stream.extend_from_slice(line_end);
        }
        stream
    })
}

proptest! {
    #[test]
    fn how_a_stream_is_cut_into_reads_changes_nothing(
        stream in some_stream(),
        cuts in proptest::collection::vec(any::<usize>(), 0..12),
    ) {
        let whole = held(&[&stream]);
        prop_assert_eq!(&whole, &held(&split_at(&stream, &cuts)));
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        prop_assert_eq!(&whole, &held(&bytes));
    }
}
