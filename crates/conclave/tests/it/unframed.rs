//! The earliest clients (B13): they send lines without a line end and read with `recv(1024)`.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};

use crate::peer::{Peer, read_some};
use crate::program::{HANG, Server};

/// What `socket.send(text.encode())` and `socket.recv(1024).decode()` do.
struct Unframed(TcpStream);

impl Unframed {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(HANG)).unwrap();
        Self(stream)
    }

    fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
    }

    fn recv(&mut self) -> String {
        let mut bytes = [0; 1024];
        let count = read_some(&mut self.0, &mut bytes).unwrap();
        String::from_utf8(bytes[..count].to_vec()).expect("no letter is torn")
    }

    /// Sends, and reads once.
    fn answer(&mut self, text: &str) -> String {
        self.send(text);
        self.recv()
    }
}

#[test]
fn clients_without_line_ends_chat_beside_those_with() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let mut noya = Unframed::connect(server.terminals);
    assert!(noya.recv().starts_with("Hello client, please choose an option:\n1."));
    assert_eq!(noya.answer("2"), "Enter your name:\n");
    assert_eq!(noya.answer("נועה"), "Enter password for the group:\n");
    let told = noya.answer("1234");
    let (id, rest) = told.split_once('\n').unwrap();
    let id = id.strip_prefix("The id of the group is: ").unwrap();
    assert_eq!(rest, format!("You're connected to group chat #{id}\nYou can start to talk!\n"));

    let mut framed = Peer::member(server.terminals, "Framed", id);
    assert_eq!(noya.recv(), "* Framed has connected to the chat room\n");
    let mut bar = Unframed::connect(server.terminals);
    bar.recv();
    assert_eq!(bar.answer("1"), "Enter your name:\n");
    assert_eq!(bar.answer("Bar"), "Enter group ID:\n");
    assert_eq!(bar.answer(id), "Enter password:\n");
    assert_eq!(bar.answer("1234"), format!("You're connected to group chat #{id}\n"));
    framed.sees("* Bar has connected to the chat room");
    assert_eq!(noya.recv(), "* Bar has connected to the chat room\n");

    bar.send("Hi friends");
    assert_eq!(noya.recv(), "Bar: Hi friends\n");
    framed.sees("Bar: Hi friends");
    noya.send("שלום");
    assert_eq!(bar.recv(), "נועה: שלום\n");
    framed.sees("נועה: שלום");
    framed.writes(b"with both\r\n");
    assert_eq!(noya.recv(), "Framed: with both\n");
    assert_eq!(bar.recv(), "Framed: with both\n");

    assert_eq!(bar.answer("Exit"), "You chose exit so you left the group.\n");
    assert_eq!(bar.recv(), "", "it is disconnected");
    framed.sees("* Bar has left the group");
}
