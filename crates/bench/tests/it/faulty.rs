//! A server that does wrong, each wrong of its own kind: none of them may go unnoticed.
//!
//! It is the floor, behind a stranger who passes every connection on and meddles with the messages
//! on their way to the readers.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use crate::stage::{Served, measure};

#[derive(Clone, Copy, Debug)]
enum Wrong {
    None,
    Drops,
    Doubles,
    /// Two messages that come together change places.
    Swaps,
    /// A message says that it is of the other group.
    Misdirects,
    Garbles,
    HangsUp,
}

/// One message in so many is meddled with.
const ONE_IN: usize = 5;

/// Stands before a server, for as long as the process lives.
fn meddle(server: SocketAddr, wrong: Wrong) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let client = client.unwrap();
            let server = TcpStream::connect(server).unwrap();
            let (up_from, mut up_to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || {
                // However it ends, the other way ends with it.
                let _passed = pass(up_from, &mut up_to);
                up_to.shutdown(Shutdown::Both)
            });
            thread::spawn(move || {
                let _passed = pass_lines(server, &client, wrong);
                client.shutdown(Shutdown::Both)
            });
        }
    });
    address
}

fn pass(mut from: impl Read, to: &mut impl Write) -> io::Result<u64> {
    io::copy(&mut from, to)
}

fn pass_lines(from: TcpStream, mut to: &TcpStream, wrong: Wrong) -> io::Result<()> {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    let mut held: Vec<u8> = Vec::new();
    let mut count = 0;
    while from.read_until(b'\n', &mut line)? > 0 {
        let is_message = line.starts_with(b"m: =");
        count += usize::from(is_message);
        let is_chosen = is_message && count % ONE_IN == 0;
        match wrong {
            Wrong::Drops if is_chosen => line.clear(),
            Wrong::Doubles if is_chosen => line.extend_from_within(..),
            Wrong::Misdirects if is_chosen => line[7] ^= 1,
            Wrong::Garbles if is_chosen => line[60] = b'y',
            Wrong::HangsUp if is_chosen => return Ok(()),
            Wrong::Swaps if is_chosen && !from.buffer().is_empty() => {
                std::mem::swap(&mut held, &mut line);
            }
            _ => {}
        }
        to.write_all(&line)?;
        if !line.is_empty() {
            to.write_all(&held)?;
            held.clear();
        }
        line.clear();
    }
    Ok(())
}

/// Puts a load on it that has messages come together.
fn check(wrong: Wrong, fault: Option<&str>) {
    let served = Served::start();
    let address = meddle(served.address, wrong);
    let load = "rooms --groups 2 --members 3 --senders 1 --rate 20000 --seconds 0.2 \
        --warm-up 0.05 --patience 0.5 --settle 0.1";
    let (told, is_clean) = measure(load, address);
    assert_eq!(is_clean, fault.is_none(), "{told}");
    let faults = told["faults"].as_object().unwrap();
    let found = faults.iter().filter(|(_, count)| **count != 0).map(|(name, _)| name.as_str());
    let mut found: Vec<&str> = found.collect();
    // What came otherwise than it was sent never came as it was sent.
    if matches!(wrong, Wrong::Misdirects | Wrong::Garbles) {
        assert!(found.contains(&"lost"), "{told}");
        found.retain(|name| *name != "lost");
    }
    if matches!(wrong, Wrong::HangsUp) {
        assert_eq!(told["disconnected"], 4, "{told}");
    }
    assert_eq!(found, Vec::from_iter(fault), "{told}");
}

#[test]
fn a_server_behind_one_who_does_nothing_is_without_fault() {
    check(Wrong::None, None);
}

#[test]
fn messages_that_are_dropped_are_noticed() {
    check(Wrong::Drops, Some("lost"));
}

#[test]
fn messages_that_come_twice_are_noticed() {
    check(Wrong::Doubles, Some("doubled"));
}

#[test]
fn messages_that_change_places_are_noticed() {
    check(Wrong::Swaps, Some("reordered"));
}

#[test]
fn messages_of_another_group_are_noticed() {
    check(Wrong::Misdirects, Some("wrong_group"));
}

#[test]
fn messages_that_were_changed_are_noticed() {
    check(Wrong::Garbles, Some("garbled"));
}

#[test]
fn a_server_that_hangs_up_is_noticed() {
    check(Wrong::HangsUp, Some("lost"));
}
