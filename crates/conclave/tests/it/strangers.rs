//! Clients that came to the wrong door: each is told in its own protocol, in one sentence, and the
//! connection is closed.

use std::io::{ErrorKind, Read as _};
use std::net::SocketAddr;

use crate::peer::Peer;
use crate::program::Server;

/// What came back before the connection was closed, for bytes sent at once.
fn answer(address: SocketAddr, bytes: &[u8]) -> String {
    let mut peer = Peer::connect(address);
    peer.writes(bytes);
    String::from_utf8_lossy(&peer.rest()).into_owned()
}

/// The same, for bytes sent one by one.
fn answer_to_drops(address: SocketAddr, bytes: &[u8]) -> String {
    let mut peer = Peer::connect(address);
    for byte in bytes {
        peer.writes(&[*byte]);
    }
    String::from_utf8_lossy(&peer.rest()).into_owned()
}

#[track_caller]
fn is_http(answer: &str) {
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let length = format!("content-length: {}", body.len());
    assert!(head.to_ascii_lowercase().contains(&length), "{answer}");
    assert!(!answer.contains("Enter your name") && !answer.contains("Hello client"), "{answer}");
}

#[test]
fn a_browser_is_answered_in_http() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    for address in [server.terminals, server.web] {
        for head in [
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
            "get / http/1.1\r\nhost: h\r\nConnection: close\r\n\r\n",
            "\r\n\r\nPOST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n1\nBar\n",
            "\u{feff}PUT / HTTP/1.1\r\nHost: h\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ] {
            is_http(&answer(address, head.as_bytes()));
            is_http(&answer_to_drops(address, head.as_bytes()));
        }
    }
    drop(Peer::at_menu(server.terminals));
}

#[test]
fn a_browser_that_waited_for_the_menu_gets_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let (mut noya, id) = Peer::creator(server.terminals, "Noya");
    for request in [&b"POST / HTTP/1.1"[..], b"post / http/1.1", b"\r\nDELETE /g HTTP/1.1"] {
        let mut browser = Peer::at_menu(server.terminals);
        browser.writes(request);
        browser.writes(format!("\r\nHost: h\r\n\r\n1\nBar\n{id}\n1234\nHi\n").as_bytes());
        let told = String::from_utf8(browser.rest()).unwrap();
        assert!(!told.contains("Enter your name"), "{told}");
        assert!(told.contains("HTTP"), "{told}");
    }
    drop(Peer::member(server.terminals, "Shlomo", &id));
    noya.sees("* Shlomo has connected to the chat room");
}

#[test]
fn an_irc_client_is_answered_in_irc() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let welcomed = |mut peer: Peer| {
        let mut line = peer.next();
        while !line.contains(" 001 ") {
            line = peer.next();
        }
        assert!(line.ends_with(" 001 noya :Welcome to Conclave, noya\r"), "{line}");
        peer.types("QUIT\r");
        while !line.starts_with("ERROR :") {
            line = peer.next();
        }
        peer.sees_end();
    };
    for address in [server.terminals, server.web] {
        for bytes in [
            &b"CAP LS 302\r\nNICK noya\r\nUSER noya 0 * :Noya\r\nCAP END\r\n"[..],
            b"nick noya\r\nuser noya 0 * :Noya\r\n",
            b"\r\nPASS 1234\r\nNICK noya\r\nUSER noya 0 * :Noya\r\n",
        ] {
            let mut whole = Peer::connect(address);
            whole.writes(bytes);
            welcomed(whole);
            let mut in_drops = Peer::connect(address);
            for byte in bytes {
                in_drops.writes(&[*byte]);
            }
            welcomed(in_drops);
        }
    }
    let mut late = Peer::at_menu(server.terminals);
    late.writes(b"NICK noya\r\nUSER noya 0 * :Noya\r\n");
    welcomed(late);
}

#[test]
fn a_tls_client_gets_an_alert() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    for address in [server.terminals, server.web] {
        let mut peer = Peer::connect(address);
        // The beginning of a ClientHello.
        peer.writes(b"\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03");
        let alert = peer.rest();
        assert_eq!(alert.get(..2), Some(&[0x15, 0x03][..]), "an alert record: {alert:02x?}");
        assert_eq!(alert.get(3..6), Some(&[0, 2, 2][..]), "two bytes, fatal: {alert:02x?}");
        assert_eq!(alert.len(), 7);
    }
}

#[test]
fn a_web_listener_never_speaks_first_and_is_not_for_terminals() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let mut browser = Peer::connect(server.web);
    // One that came later was greeted, and this one was not.
    drop(Peer::at_menu(server.terminals));
    browser.stream.set_nonblocking(true).unwrap();
    let read = browser.stream.read(&mut [0; 16]);
    assert_eq!(read.map_err(|error| error.kind()), Err(ErrorKind::WouldBlock));
    browser.stream.set_nonblocking(false).unwrap();
    browser.types("1");
    let told = String::from_utf8(browser.rest()).unwrap();
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains("browsers") && told.contains("erminals"), "{told}");
}

#[test]
fn more_connections_from_one_address_than_allowed_are_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--connections-per-ip", "2"]);
    let (mut noya, id) = Peer::creator(server.terminals, "Noya");
    let shlomo = Peer::member(server.terminals, "Shlomo", &id);
    noya.sees("* Shlomo has connected to the chat room");
    let told = String::from_utf8(Peer::connect(server.terminals).rest()).unwrap();
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains("too many connections from your address"), "{told}");

    drop(shlomo);
    noya.sees("* Shlomo has left the group");
    // It left the group a moment before its place is free.
    crate::program::wait_until(|| {
        let mut tal = Peer::connect(server.terminals);
        tal.next() == "Hello client, please choose an option:"
    })
    .expect("a place is free again");
}
