//! The clients that people have already: Debian's `nc` and `telnet`, as they come.
//!
//! Where one is missing its test fails and says what to install.

use std::process::Command;

use crate::peer::{MENU, Peer};
use crate::program::{Program, Server};

/// Starts a client; where it is missing, says where it comes from.
#[track_caller]
fn client(name: &str, options: &[&str], package: &str, server: &Server) -> Program {
    let is_there = Command::new("sh").args(["-c", "command -v \"$0\"", name]).output();
    assert!(
        is_there.is_ok_and(|looked| looked.status.success()),
        "{name} is missing: install Debian's package {package}"
    );
    let (host, port) = (server.terminals.ip().to_string(), server.terminals.port().to_string());
    Program::start(Command::new(name).args(options).args([host, port]))
}

/// Brings it from the menu into the group of `noya` and out again.
fn check_chats(mut client: Program, greeting: &str, noya: &mut Peer, id: &str) -> Program {
    for line in MENU {
        client.sees(line);
    }
    client.types("5");
    client.sees("Invalid option.");
    for line in MENU {
        client.sees(line);
    }
    client.types("1");
    client.sees("Enter your name:");
    client.types("Bar");
    client.sees("Enter group ID:");
    client.types(id);
    client.sees("Enter password:");
    client.types("1234");
    client.sees(&format!("You're connected to group chat #{id}"));
    noya.sees("* Bar has connected to the chat room");
    client.types("Hi friends");
    noya.sees("Bar: Hi friends");
    client.types(greeting);
    noya.sees(&format!("Bar: {greeting}"));
    noya.types("Hello, how are you? מה נשמע?");
    client.sees("Noya: Hello, how are you? מה נשמע?");
    client.types("Exit");
    client.sees("You chose exit so you left the group.");
    noya.sees("* Bar has left the group");
    client
}

#[test]
fn nc_chats_and_is_disconnected() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let (mut noya, id) = Peer::creator(server.terminals, "Noya");
    let nc = client("nc", &[], "netcat-openbsd", &server);
    let ran = check_chats(nc, "שלום לכולם", &mut noya, &id).ran();
    assert_eq!(ran.printed, "");
}

fn check_telnet(options: &[&str], escape: &str, greeting: &str) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let (mut noya, id) = Peer::creator(server.terminals, "Noya");
    let telnet = client("telnet", options, "inetutils-telnet", &server);
    telnet.sees("Trying 127.0.0.1...");
    telnet.sees("Connected to 127.0.0.1.");
    telnet.sees(escape);
    let telnet = check_chats(telnet, greeting, &mut noya, &id);
    telnet.complains(&["Connection closed by foreign host."]);
}

#[test]
fn telnet_chats_and_is_disconnected() {
    // This telnet looks at seven bits of each byte that is typed, with -8 too, and takes the last
    // byte of a final mem (0x9d) for its escape character ^]. Who writes Hebrew takes -E.
    check_telnet(&[], "Escape character is '^]'.", "מה נשמע?");
}

#[test]
fn telnet_without_an_escape_character_sends_every_letter() {
    check_telnet(&["-E"], "Escape character is 'off'.", "שלום לכולם");
}
