//! A reader that stops reading (P5): it holds nobody up, costs bounded memory, and then gets all.

use std::io::Write as _;
use std::thread;

use crate::peer::Peer;
use crate::program::{Server, number_told};

/// Messages that pass where nothing else is told; the full run has 100,000.
const MESSAGES: u64 = 12_000;
/// Length of each.
const MESSAGE_BYTES: usize = 400;
/// Messages before the memory is looked at first, at the least. In the full run half as many as
/// then pass: the database's page cache (16 MiB) fills whoever reads.
const WARM_UP_MIN: u64 = 3_000;
/// Memory that the reader may cost.
const GROWTH_MAX_KIB: u64 = 20 * 1024;

fn text(number: u64) -> String {
    format!("{number:>MESSAGE_BYTES$}")
}

#[test]
#[expect(clippy::print_stderr, reason = "the figures are the result")]
fn a_reader_that_stopped_harms_nobody_and_gets_all_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let passing = number_told("CONCLAVE_STOPPED_READER_MESSAGES", MESSAGES);
    let warm_up = WARM_UP_MIN.max(if passing > MESSAGES { passing / 2 } else { 0 });
    let count = warm_up + passing;
    let options = ["--message-rate", "none", "--connections-per-ip", "none"];
    let server = Server::start(folder.path(), &options);
    let (mut noya, id) = Peer::creator(server.terminals, "Noya");
    let mut other = Peer::member(server.terminals, "Other", &id);
    noya.sees("* Other has connected to the chat room");
    let mut stopped = Peer::member(server.terminals, "Stopped", &id);
    noya.sees("* Stopped has connected to the chat room");
    other.sees("* Stopped has connected to the chat room");

    let mut stream = noya.stream.try_clone().unwrap();
    let writing = thread::spawn(move || {
        for number in 0..count {
            stream.write_all(format!("{}\n", text(number)).as_bytes()).unwrap();
        }
    });
    let mut resident_before = 0;
    let mut resident_max = 0;
    for number in 0..count {
        other.sees(&format!("Noya: {}", text(number)));
        if number == warm_up {
            resident_before = server.resident_kib();
        }
        if number.is_multiple_of(1_000) && number > warm_up {
            resident_max = resident_max.max(server.resident_kib());
        }
    }
    writing.join().unwrap();
    let growth = resident_max.max(server.resident_kib()).saturating_sub(resident_before);
    eprintln!("{count} messages passed a stopped reader: {resident_before} KiB + {growth} KiB");
    assert!(growth < GROWTH_MAX_KIB, "{growth} KiB on top of {resident_before}");

    for number in 0..count {
        stopped.sees(&format!("Noya: {}", text(number)));
    }
    // And it goes on like everybody else.
    other.types("Welcome back");
    stopped.sees("Other: Welcome back");
}
