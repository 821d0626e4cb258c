//! The assignment's dialogue, played by the example client against the example server: both as
//! programs of their own, over TCP.
//!
//! Does not know the product. Every wait is for a line or an end, and gives up after a time that
//! only a hang can take.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says where")]

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

const HANG: Duration = Duration::from_secs(20);
const MENU: [&str; 4] = [
    "Hello client, please choose an option:",
    "1. Connect to a group chat.",
    "2. Create a group chat.",
    "3. Exit the server.",
];
const CLOSED: &str = "The server has closed the connection.";

/// An example as a process; it does not outlive the test.
struct Example {
    process: Child,
    keyboard: Option<ChildStdin>,
    printed: Receiver<String>,
    complained: Receiver<String>,
}

impl Example {
    fn start(name: &str, address: &str) -> Self {
        let mut process = Command::new(path_of(name))
            .arg(address)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the example starts");
        Self {
            keyboard: process.stdin.take(),
            printed: lines_of(process.stdout.take().unwrap()),
            complained: lines_of(process.stderr.take().unwrap()),
            process,
        }
    }

    fn types(&mut self, line: &str) {
        let keyboard = self.keyboard.as_mut().expect("its keyboard is there");
        keyboard.write_all(format!("{line}\n").as_bytes()).expect("it reads its keyboard");
    }

    fn next(&self) -> String {
        self.printed.recv_timeout(HANG).expect("it prints another line")
    }

    #[track_caller]
    fn sees(&self, expected: &str) {
        assert_eq!(self.next(), expected);
    }

    #[track_caller]
    fn sees_menu(&self) {
        for line in MENU {
            self.sees(line);
        }
    }

    #[track_caller]
    fn complains(&self, expected: &str) {
        let line = self.complained.recv_timeout(HANG).expect("it complains");
        assert!(line.contains(expected), "{line}");
    }

    /// Waits until it has printed all and ended.
    #[track_caller]
    fn ends(mut self) -> ExitStatus {
        assert_eq!(self.printed.recv_timeout(HANG).ok(), None, "it prints no more");
        self.process.wait().unwrap()
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        // Both fail where it has ended by itself, and that is as well.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Cargo builds examples beside the tests, and tells nobody where.
fn path_of(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap();
    let path = folder.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "build it first: `cargo build -p conclave --examples`");
    path
}

fn lines_of(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
        lines.try_for_each(|line| sender.send(line))
    });
    receiver
}

/// A server on a port of its own.
fn server() -> (Example, String) {
    let server = Example::start("classroom_server", "127.0.0.1:0");
    let address = server.next().strip_prefix("listening on ").unwrap().to_owned();
    (server, address)
}

fn client(address: &str) -> Example {
    let client = Example::start("classroom_client", address);
    client.sees_menu();
    client
}

/// A client that has made a group, and the group's ID.
fn creator(address: &str, name: &str) -> (Example, String) {
    let mut client = client(address);
    client.types("2");
    client.sees("Enter your name:");
    client.types(name);
    client.sees("Enter password for the group:");
    client.types("1234");
    let id = client.next().strip_prefix("The id of the group is: ").unwrap().to_owned();
    client.sees(&format!("You're connected to group chat #{id}"));
    client.sees("You can start to talk!");
    (client, id)
}

/// Answers the two questions that follow the name.
fn give(client: &mut Example, id: &str, password: &str) {
    client.sees("Enter group ID:");
    client.types(id);
    client.sees("Enter password:");
    client.types(password);
}

/// A client that has joined a group.
fn member(address: &str, name: &str, id: &str) -> Example {
    let mut client = client(address);
    client.types("1");
    client.sees("Enter your name:");
    client.types(name);
    give(&mut client, id, "1234");
    client.sees(&format!("You're connected to group chat #{id}"));
    client
}

#[test]
fn the_dialogue_of_the_assignment_plays_as_it_is_written() {
    let (_server, address) = server();
    let (mut first, id) = creator(&address, "client12");
    let mut second = member(&address, "client20", &id);
    first.sees("* client20 has connected to the chat room");
    let mut bar = member(&address, "Bar", &id);
    first.sees("* Bar has connected to the chat room");
    second.sees("* Bar has connected to the chat room");

    bar.types("Hi friends");
    first.sees("Bar: Hi friends");
    second.sees("Bar: Hi friends");
    first.types("Hello, how are you?");
    bar.sees("client12: Hello, how are you?");
    second.sees("client12: Hello, how are you?");
    second.types("שלום לכולם");
    bar.sees("client20: שלום לכולם");
}

#[test]
fn a_message_reaches_its_own_group_and_no_other() {
    let (_server, address) = server();
    let (mut noya, one) = creator(&address, "Noya");
    let (mut dana, other) = creator(&address, "Dana");
    assert_ne!(one, other);
    let shlomo = member(&address, "Shlomo", &one);
    let tal = member(&address, "Tal", &other);

    noya.types("for my group");
    shlomo.sees("Noya: for my group");
    dana.types("for mine");
    tal.sees("Dana: for mine");
}

#[test]
fn a_wrong_id_and_a_wrong_password_answer_alike_and_disturb_nobody() {
    let (_server, address) = server();
    let (mut noya, id) = creator(&address, "Noya");
    let mut stranger = client(&address);
    stranger.types("1");
    stranger.sees("Enter your name:");
    stranger.types("Shlomo");
    for (typed_id, password) in [("1", "1234"), ("no number", "1234")] {
        give(&mut stranger, typed_id, password);
        stranger.sees("Sorry, no group has that ID and password. Try again.");
    }
    give(&mut stranger, &id, "wrong");
    stranger.sees("Disconnecting you from the server.");
    stranger.complains(CLOSED);
    assert!(stranger.ends().success());

    let tal = member(&address, "Tal", &id);
    noya.sees("* Tal has connected to the chat room");
    noya.types("Nobody but you came");
    tal.sees("Noya: Nobody but you came");
}

#[test]
fn a_wrong_password_can_be_put_right() {
    let (_server, address) = server();
    let (_noya, id) = creator(&address, "Noya");
    let mut shlomo = client(&address);
    shlomo.types("1");
    shlomo.sees("Enter your name:");
    shlomo.types("Shlomo");
    give(&mut shlomo, &id, "wrong");
    shlomo.sees("Sorry, no group has that ID and password. Try again.");
    give(&mut shlomo, &id, "1234");
    shlomo.sees(&format!("You're connected to group chat #{id}"));
}

#[test]
fn exit_at_the_menu_disconnects_at_once_and_the_server_goes_on() {
    let (_server, address) = server();
    let mut leaving = client(&address);
    leaving.types("4");
    leaving.sees("Invalid option.");
    leaving.sees_menu();
    leaving.types("3");
    leaving.sees("Goodbye.");
    leaving.complains(CLOSED);
    assert!(leaving.ends().success());
    drop(client(&address));
}

#[test]
fn one_name_is_borne_once_in_a_group() {
    let (_server, address) = server();
    let (_noya, id) = creator(&address, "Noya");
    let mut other = client(&address);
    other.types("1");
    other.sees("Enter your name:");
    other.types("noya");
    give(&mut other, &id, "1234");
    other.sees("That name is in use in this group. Choose another.");
    other.sees("Enter your name:");
    other.types("Shlomo");
    other.sees(&format!("You're connected to group chat #{id}"));
}

#[test]
fn who_leaves_is_told_goodbye_and_the_others_are_told_who_left() {
    let (_server, address) = server();
    let (noya, id) = creator(&address, "Noya");
    let mut shoham = member(&address, "Shoham", &id);
    noya.sees("* Shoham has connected to the chat room");
    shoham.types("Exit");
    shoham.sees("You chose exit so you left the group.");
    assert!(shoham.ends().success());
    noya.sees("* Shoham has left the group");

    // A connection that ends without a word leaves too, and its name is free again.
    drop(member(&address, "Shoham", &id));
    noya.sees("* Shoham has connected to the chat room");
    noya.sees("* Shoham has left the group");
    drop(member(&address, "Shoham", &id));
}

#[test]
fn control_characters_of_one_do_not_reach_the_terminal_of_another() {
    let (_server, address) = server();
    let (noya, id) = creator(&address, "Noya");
    let mut shlomo = member(&address, "Shlomo", &id);
    noya.sees("* Shlomo has connected to the chat room");
    shlomo.types("\u{1b}[31mred\u{7}\r");
    noya.sees("Shlomo: [31mred");
}

#[test]
fn what_is_too_long_or_no_text_is_refused_with_a_reason() {
    let (_server, address) = server();
    let check = |sent: &[u8], expected: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(HANG)).unwrap();
        stream.write_all(sent).unwrap();
        let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
        assert_eq!(lines.nth(MENU.len()).as_deref(), Some(expected));
        assert_eq!(lines.next(), None, "and is disconnected");
    };
    check(&[b'x'; 4097], "A line has at most 4096 bytes. Disconnecting you.");
    check(b"\xff\xfe\n", "That is not UTF-8 text. Disconnecting you.");
}

#[test]
fn a_second_server_on_a_port_in_use_says_so() {
    let (_server, address) = server();
    let second = Example::start("classroom_server", &address);
    second.complains("Is another server running there?");
    assert!(!second.ends().success());
}

#[test]
fn the_console_of_the_server_tells_what_happens() {
    let (server, address) = server();
    let (noya, id) = creator(&address, "Noya");
    assert!(server.next().ends_with(" connected"));
    server.sees(&format!("group {id} created"));
    drop(noya);
    assert!(server.next().contains(" disconnected"));
}
