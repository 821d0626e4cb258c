//! Telnet clients on the console.

use conclave_core::limits;
use conclave_doors::console::LineEnd;

use crate::desk::Desk;

const IAC_WILL_NAWS: &[u8] = &[255, 251, 31];
const IAC_WILL_ECHO: &[u8] = &[255, 251, 1];
const IAC_WONT_ECHO: &[u8] = &[255, 252, 1];

/// One who has shown that it speaks telnet, at the menu.
fn telnet() -> Desk {
    let mut desk = Desk::new();
    desk.reads(IAC_WILL_NAWS);
    desk.forget();
    desk
}

/// One who speaks telnet, in group 8888.
fn telnet_in_group() -> Desk {
    let mut desk = telnet();
    desk.reads(b"1\r\nBar\r\n8888\r\n1234\r\n");
    desk.forget();
    desk
}

fn check(reads: &[u8], puts_out: &[u8]) {
    let mut desk = telnet_in_group();
    desk.reads(reads);
    assert_eq!(desk.takes(), puts_out, "{reads:?}");
    assert!(desk.requests.is_empty(), "{reads:?}");
}

#[test]
fn every_option_is_refused_once_and_refusals_are_not_answered() {
    check(&[255, 253, 3], &[255, 252, 3]);
    check(&[255, 251, 31, 255, 251, 31], &[255, 254, 31, 255, 254, 31]);
    check(&[255, 253, 6], &[255, 252, 6]);
    check(&[255, 253, 1], &[255, 252, 1]);
    check(&[255, 252, 1, 255, 254, 1, 255, 252, 3], &[]);
    check(&[255, 241, 255, 242, 255, 249, 255, 240], &[]);
    check(&[255, 246], b"[Yes]\r\n");
    check(&[255, 250, 24, 0, b'x', 255, 255, 13, 10, 255, 240], &[]);
}

#[test]
fn negotiation_in_the_middle_of_a_line_is_no_part_of_it() {
    let mut desk = telnet_in_group();
    desk.reads(b"he\xff\xf1l\xff\xfa\x1f\0P\0\x18\xff\xf0lo\r\nagain\r\0");
    assert_eq!(desk.requests, ["say hello", "say again"]);
}

#[test]
fn what_is_erased_is_not_sent() {
    let mut desk = telnet_in_group();
    desk.reads(b"wrong\xff\xf8hell\xd7\xa9\xff\xf7\x7f\x08lp\x08lo\r\n");
    assert_eq!(desk.requests, ["say hello"]);
}

#[test]
fn a_line_that_was_too_long_is_not_cut_by_erasing_its_end() {
    let mut desk = telnet_in_group();
    desk.reads(&vec![b'x'; limits::CONSOLE_LINE_BYTES_MAX + 10]);
    desk.reads(&[8; 100]);
    assert!(desk.types("\r\n").contains("at most 4096 bytes"));
    assert!(desk.requests.is_empty());
    desk.reads(&vec![b'x'; limits::CONSOLE_LINE_BYTES_MAX + 10]);
    desk.reads(b"\xff\xf8hello\r\n");
    assert_eq!(desk.requests, ["say hello"]);
}

#[test]
fn a_client_that_does_not_speak_telnet_gets_plain_line_ends() {
    let mut desk = Desk::in_group();
    assert_eq!(desk.types("/topic\n"), "* There is no topic.\n");
    assert_eq!(desk.door.line_end(), LineEnd::Lf);
    desk.reads(b"\xffe\n");
    assert_eq!(desk.door.line_end(), LineEnd::Lf, "0xFF and a letter are no negotiation");
    assert!(desk.sees().starts_with("That line is not UTF-8"));
    desk.reads(b"a\xff\xff\n");
    assert!(desk.sees().starts_with("That line is not UTF-8"), "a byte 0xFF of text");
}

#[test]
fn passwords_are_not_echoed_by_a_client_that_negotiates() {
    for (typed, prompt) in [
        (&b"1\r\nBar\r\n8888\r\n"[..], &b"Enter password:\r\n"[..]),
        (b"2\r\nBar\r\n", b"Enter password for the group:\r\n"),
    ] {
        let mut desk = telnet();
        desk.reads(typed);
        let hidden = [IAC_WILL_ECHO, prompt].concat();
        assert!(desk.takes().ends_with(&hidden));
        desk.reads(&[255, 253, 1]);
        assert_eq!(desk.takes(), b"", "what we asked for is not refused");
        desk.reads(b"1234\r\n");
        assert!(desk.takes().starts_with(&[IAC_WONT_ECHO, b"\r\n"].concat()));
        desk.reads(&[255, 254, 1]);
        assert_eq!(desk.takes(), b"");
        assert_eq!(desk.door.line_end(), LineEnd::CrLf);
    }
}

#[test]
fn echo_is_given_back_however_a_password_prompt_ends() {
    let mut desk = telnet();
    desk.reads(b"1\r\nBar\r\n8888\r\n");
    desk.forget();
    let late = desk.door.poll_timeout().unwrap() - desk.now;
    desk.door.handle_timeout(desk.now + late);
    desk.reads(b"");
    assert!(desk.takes().starts_with(&[IAC_WONT_ECHO, b"\r\n"].concat()));

    let mut desk = telnet();
    desk.reads(b"1\r\nBar\r\n8888\r\n");
    desk.forget();
    desk.door.handle_end(desk.now);
    desk.reads(b"");
    assert!(desk.takes().starts_with(IAC_WONT_ECHO));
}

#[test]
fn an_interrupt_leaves() {
    let mut desk = telnet_in_group();
    desk.reads(b"half a line\xff\xf4\xff\xfd\x06");
    assert_eq!(desk.takes(), b"You chose exit so you left the group.\r\n");
    assert_eq!(desk.requests, ["leave"]);

    let mut desk = telnet();
    desk.reads(b"\xff\xf4");
    assert_eq!(desk.takes(), b"Goodbye.\r\n");
    assert!(desk.door.is_finished());
}

#[test]
fn an_end_of_file_is_the_end() {
    let mut desk = telnet_in_group();
    desk.reads(b"last\xff\xeclost\r\n");
    assert_eq!(desk.requests, ["say last", "leave"]);
    assert!(desk.door.is_finished());
}

#[test]
fn a_subnegotiation_without_end_closes_the_connection_and_shows_nobody_anything() {
    let mut desk = telnet_in_group();
    desk.reads(b"\xff\xfa");
    desk.reads(&vec![b'\n'; limits::TELNET_SUBNEGOTIATION_BYTES_MAX + 9]);
    assert_eq!(desk.requests, ["leave"]);
    assert!(desk.sees().starts_with("Your telnet program sent an option without an end"));
    assert!(desk.door.is_finished());
}

#[test]
fn a_telnet_client_is_never_taken_as_one_without_line_ends() {
    let mut desk = telnet();
    assert_eq!(desk.types("1"), "");
    assert_eq!(desk.waits(limits::UNFRAMED_AFTER * 2), "");
    assert_eq!(desk.types("\r\n"), "Enter your name:\r\n");
}
