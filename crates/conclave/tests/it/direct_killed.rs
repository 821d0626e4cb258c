//! `kill -9` while two write to each other (P1, P3): what one of them saw is there afterwards, once
//! and in order.
//!
//! Both are members with seats, by a WebSocket each, so that their conversation outlives the kill.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use crate::program::{HANG, Server};

/// Messages that are seen before each kill.
const SEEN: [usize; 3] = [1, 40, 150];
/// Messages that one has under way at a time.
const AHEAD: usize = 16;

/// One end of a WebSocket that JSON goes over, as little of it as these tests need.
struct Socket(TcpStream);

impl Socket {
    fn open(address: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(HANG)).unwrap();
        let request = format!(
            "GET /api/v1/ws HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
        Self(stream)
    }

    fn send(&mut self, json: &str) {
        let mut frame = vec![0x81];
        match u8::try_from(json.len()) {
            Ok(length) if length < 126 => frame.push(0x80 | length),
            _ => {
                frame.push(0x80 | 0x7e);
                frame.extend(u16::try_from(json.len()).unwrap().to_be_bytes());
            }
        }
        // Masked by zeros, which leaves it as it is.
        frame.extend([0; 4]);
        frame.extend(json.as_bytes());
        // It may have been killed.
        drop(self.0.write_all(&frame));
    }

    /// The next text; nothing where the connection has ended, also within it.
    fn next(&mut self) -> Option<String> {
        loop {
            let [kind, short] = self.take()?;
            let length = match short {
                126 => usize::from(u16::from_be_bytes(self.take()?)),
                127 => usize::try_from(u64::from_be_bytes(self.take()?)).unwrap(),
                short => usize::from(short),
            };
            let mut text = vec![0; length];
            self.0.read_exact(&mut text).ok()?;
            if kind == 0x81 {
                return Some(String::from_utf8(text).unwrap());
            }
        }
    }

    fn take<const COUNT: usize>(&mut self) -> Option<[u8; COUNT]> {
        let mut bytes = [0; COUNT];
        self.0.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    /// Asks something, and gives the answer.
    fn ask(&mut self, json: &str) -> String {
        self.send(json);
        loop {
            let text = self.next().expect("an answer");
            if text.starts_with("{\"re\":1,") {
                assert!(text.starts_with("{\"re\":1,\"ok\""), "{text}");
                return text;
            }
        }
    }
}

/// The strings that stand behind a key, in order.
fn strings_of<'json>(json: &'json str, key: &str) -> Vec<&'json str> {
    let key = format!("\"{key}\":\"");
    json.split(&key).skip(1).map(|rest| rest.split('"').next().unwrap_or_default()).collect()
}

/// Has one write until the other has seen so many messages, and kills the server. Gives what the
/// other saw.
fn write_and_kill(
    server: Server,
    (mut noya, mut dan): (Socket, Socket),
    group: &str,
    round: usize,
    seen_min: usize,
) -> Vec<String> {
    let mut seen = Vec::new();
    let mut said = 0;
    let mut server = Some(server);
    loop {
        while server.is_some() && said < seen.len() + AHEAD {
            let (text, op) = (format!("m {round} {said}"), "\"op\":\"direct\"");
            noya.send(&format!(
                "{{{op},\"group\":\"{group}\",\"to\":\"Dan\",\"text\":\"{text}\",\"client_id\":\"{text}\"}}"
            ));
            said += 1;
        }
        let Some(told) = dan.next() else { return seen };
        if told.starts_with("{\"direct\"") {
            seen.extend(strings_of(&told, "text").into_iter().map(str::to_owned));
        }
        if seen.len() >= seen_min
            && let Some(server) = server.take()
        {
            server.program.kill();
        }
    }
}

#[test]
fn what_one_saw_of_a_conversation_before_a_kill_is_there_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--message-rate", "none"];
    let mut server = Server::start(folder.path(), &options);
    let (mut noya, mut dan) = (Socket::open(server.web), Socket::open(server.web));
    let made = noya.ask("{\"op\":\"create\",\"ref\":1,\"name\":\"Noya\",\"password\":\"tea\"}");
    let group = strings_of(&made, "group")[0].to_owned();
    let joined = dan.ask(&format!(
        "{{\"op\":\"join\",\"ref\":1,\"group\":\"{group}\",\"name\":\"Dan\",\"password\":\"tea\"}}"
    ));
    let seats = [&made, &joined].map(|answer| strings_of(answer, "seat")[0].to_owned());
    let resume = |socket: &mut Socket, seat: &str| {
        socket.ask(&format!(
            "{{\"op\":\"resume\",\"ref\":1,\"group\":\"{group}\",\"seat\":\"{seat}\",\"after\":2}}"
        ));
    };
    let mut seen_by_round = Vec::new();
    for (round, seen_min) in SEEN.into_iter().enumerate() {
        seen_by_round.push(write_and_kill(server, (noya, dan), &group, round, seen_min));
        server = Server::start(folder.path(), &options);
        (noya, dan) = (Socket::open(server.web), Socket::open(server.web));
        resume(&mut noya, &seats[0]);
        resume(&mut dan, &seats[1]);
    }
    let mut kept: Vec<String> = Vec::new();
    let mut after = 2;
    loop {
        let page = noya.ask(&format!(
            "{{\"op\":\"direct-history\",\"ref\":1,\"group\":\"{group}\",\"with\":\"Dan\",\
             \"after\":{after},\"limit\":100}}"
        ));
        let texts = strings_of(&page, "text");
        if texts.is_empty() {
            break;
        }
        after += texts.len();
        kept.extend(texts.into_iter().map(str::to_owned));
    }
    for (round, seen) in seen_by_round.iter().enumerate() {
        assert!(seen.len() >= SEEN[round]);
        let of_round: Vec<_> =
            kept.iter().filter(|text| text.starts_with(&format!("m {round} "))).collect();
        assert!(of_round.len() >= seen.len(), "{} of {}", of_round.len(), seen.len());
        for (place, text) in of_round.iter().enumerate() {
            assert_eq!(**text, format!("m {round} {place}"), "once and in order");
        }
        assert!(of_round.iter().zip(seen).all(|(kept, seen)| *kept == seen));
    }
}
