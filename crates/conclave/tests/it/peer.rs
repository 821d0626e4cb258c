//! Peer: a client over TCP that writes bytes and sees lines.
//!
//! Does not know who it is: `nc`, a script, or something hostile.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use crate::program::HANG;

pub(crate) const MENU: [&str; 4] = [
    "Hello client, please choose an option:",
    "1. Connect to a group chat.",
    "2. Create a group chat.",
    "3. Exit the server.",
];

/// Reads what is there, or comes next.
///
/// A signal to this process, such as the end of a program that another test of it started, ends a
/// read that has a time limit, and the kernel does not go on by itself.
pub(crate) fn read_some(stream: &mut TcpStream, bytes: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// A connection.
pub(crate) struct Peer {
    pub(crate) stream: TcpStream,
    unread: Vec<u8>,
}

impl Peer {
    #[track_caller]
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(HANG)).unwrap();
        stream.set_write_timeout(Some(HANG)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, unread: Vec::new() }
    }

    #[track_caller]
    pub(crate) fn at_menu(address: SocketAddr) -> Self {
        let mut peer = Self::connect(address);
        peer.sees_all(&MENU);
        peer
    }

    /// One that has made a group of password 1234, and the group's ID.
    #[track_caller]
    pub(crate) fn creator(address: SocketAddr, name: &str) -> (Self, String) {
        let mut peer = Self::connect(address);
        peer.types(&format!("2\n{name}\n1234"));
        peer.sees_all(&MENU);
        peer.sees_all(&["Enter your name:", "Enter password for the group:"]);
        let line = peer.next();
        let id = line.strip_prefix("The id of the group is: ");
        let id = id.unwrap_or_else(|| panic!("{line:?} tells no ID")).to_owned();
        peer.sees(&format!("You're connected to group chat #{id}"));
        peer.sees("You can start to talk!");
        (peer, id)
    }

    /// One that has joined a group of password 1234, before it reads any earlier message.
    #[track_caller]
    pub(crate) fn member(address: SocketAddr, name: &str, id: &str) -> Self {
        let mut peer = Self::connect(address);
        peer.types(&format!("1\n{name}\n{id}\n1234"));
        peer.sees_all(&MENU);
        peer.sees_all(&["Enter your name:", "Enter group ID:", "Enter password:"]);
        peer.sees(&format!("You're connected to group chat #{id}"));
        peer
    }

    #[track_caller]
    pub(crate) fn types(&mut self, line: &str) {
        self.writes(format!("{line}\n").as_bytes());
    }

    #[track_caller]
    pub(crate) fn writes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    #[track_caller]
    pub(crate) fn sees(&mut self, expected: &str) {
        assert_eq!(self.next(), expected);
    }

    #[track_caller]
    pub(crate) fn sees_all(&mut self, expected: &[&str]) {
        for line in expected {
            self.sees(line);
        }
    }

    /// The next line, without its end.
    #[track_caller]
    pub(crate) fn next(&mut self) -> String {
        self.try_next().unwrap().expect("it is not closed yet")
    }

    /// The next line; nothing where the connection has ended before one.
    pub(crate) fn try_next(&mut self) -> io::Result<Option<String>> {
        let mut searched = 0;
        loop {
            let found = self.unread[searched..].iter().position(|byte| *byte == b'\n');
            if let Some(line_end) = found {
                let mut line: Vec<u8> = self.unread.drain(..=searched + line_end).collect();
                line.pop();
                return Ok(Some(String::from_utf8(line).unwrap()));
            }
            searched = self.unread.len();
            let mut bytes = [0; 16 * 1024];
            match read_some(&mut self.stream, &mut bytes)? {
                0 => return Ok(None),
                count => self.unread.extend_from_slice(&bytes[..count]),
            }
        }
    }

    /// All that comes until the server closes the connection.
    #[track_caller]
    pub(crate) fn rest(mut self) -> Vec<u8> {
        let mut rest = std::mem::take(&mut self.unread);
        self.stream.read_to_end(&mut rest).unwrap();
        rest
    }

    /// Nothing more comes, and the server closes the connection.
    #[track_caller]
    pub(crate) fn sees_end(self) {
        assert_eq!(String::from_utf8_lossy(&self.rest()), "");
    }
}
