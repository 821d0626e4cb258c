//! One who writes too fast: it is read more slowly, loses nothing, and nobody else notices.

use std::io::{ErrorKind, Write as _};

use socket2::SockRef;

use crate::peer::Peer;
use crate::program::Server;

/// More than every buffer between a writer and a server that does not read.
const OFFERED_MAX: usize = 64 * 1024 * 1024;

#[test]
fn a_flood_meets_back_pressure_and_others_chat_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--message-rate", "40"]);
    let (mut flooder, id) = Peer::creator(server.terminals, "Flooder");
    let mut reader = Peer::member(server.terminals, "Reader", &id);
    let mut tal = Peer::member(server.terminals, "Tal", &id);
    flooder.sees("* Reader has connected to the chat room");
    flooder.sees("* Tal has connected to the chat room");
    reader.sees("* Tal has connected to the chat room");

    SockRef::from(&flooder.stream).set_send_buffer_size(64 * 1024).unwrap();
    flooder.stream.set_nonblocking(true).unwrap();
    let mut offered = 0;
    let mut lines = (0_u64..).map(|number| format!("flood {number}\n"));
    let mut line = lines.next().unwrap();
    let pushed_back = loop {
        match flooder.stream.write(line.as_bytes()) {
            // A line that was taken in part goes on with its rest.
            Ok(taken) if taken < line.len() => line = line.split_off(taken),
            Ok(_) => line = lines.next().unwrap(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => break true,
            Err(error) => panic!("{error}"),
        }
        offered += line.len();
        if offered > OFFERED_MAX {
            break false;
        }
    };
    assert!(pushed_back, "the server took {offered} bytes from one who may send 40 lines a second");

    // Others chat while the flood waits; the flood itself comes in order, all of it.
    let mut next = 0_u64;
    for number in 0..30 {
        tal.types(&format!("calm {number}"));
        loop {
            let seen = reader.next();
            if seen == format!("Tal: calm {number}") {
                break;
            }
            assert_eq!(seen, format!("Flooder: flood {next}"));
            next += 1;
        }
    }
    // Past the burst of five seconds' worth.
    while next < 240 {
        reader.sees(&format!("Flooder: flood {next}"));
        next += 1;
    }
}
