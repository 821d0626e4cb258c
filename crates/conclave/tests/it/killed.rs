//! `kill -9` under load (P1, P2, P3): what anybody saw is in the log, once, in one order.
//!
//! Writers write as fast as they are read, readers note what they see, and the server is killed
//! after so many messages as chance has it; then again on the same data.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::thread;

use crate::peer::Peer;
use crate::program::{Server, number_told};

/// Kills where nothing else is told; the full run has more.
const ROUNDS: u64 = 2;
const WRITERS: usize = 4;
const READERS: usize = 2;
/// Messages that a reader sees before the kill: at least, and by how many more at the most.
const SEEN_MIN: u64 = 20;
const SEEN_SPREAD: u64 = 1_500;

/// What one reader saw in one round, in order.
type Seen = Vec<String>;

/// A number that looks random (the finaliser of `SplitMix64`).
const fn scramble(number: u64) -> u64 {
    let mut bits = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// Messages are `m ROUND WRITER N`; everything else that is seen is somebody coming or going, or
/// an earlier message.
fn message(line: &str) -> Option<String> {
    let (name, text) = line.split_once(": ")?;
    let is_live = name.starts_with("writer") && text.starts_with("m ");
    is_live.then(|| text.to_owned())
}

/// Reads until the connection ends; after `kill_after` messages it says so once.
fn watch(mut reader: Peer, kill_after: u64, kill: &std::sync::mpsc::Sender<()>) -> Seen {
    let mut seen = Vec::new();
    // A line that was cut off by the kill was not seen.
    while let Ok(Some(line)) = reader.try_next() {
        seen.extend(message(&line));
        if seen.len() as u64 == kill_after {
            // Another reader may have been first, and the kill be over.
            kill.send(()).unwrap_or_default();
        }
    }
    seen
}

fn write(mut writer: Peer, round: u64, number: usize) {
    use std::io::Write as _;
    let mut stream = writer.stream.try_clone().unwrap();
    // It reads as well, or its own connection would be full of what the others say.
    let reading = thread::spawn(move || while let Ok(Some(_)) = writer.try_next() {});
    let mut count = 0_u64;
    while stream.write_all(format!("m {round} {number} {count}\n").as_bytes()).is_ok() {
        count += 1;
    }
    reading.join().unwrap();
}

/// One life of the server, from the first member to the kill.
fn round(server: Server, id: &str, round: u64) -> Vec<Seen> {
    let address: SocketAddr = server.terminals;
    let (kill, killed) = std::sync::mpsc::channel();
    let mut readers = Vec::new();
    for number in 0..READERS {
        let reader = Peer::member(address, &format!("reader{number}"), id);
        let (kill, kill_after) = (kill.clone(), SEEN_MIN + scramble(round) % SEEN_SPREAD);
        readers.push(thread::spawn(move || watch(reader, kill_after, &kill)));
    }
    let mut writers = Vec::new();
    for number in 0..WRITERS {
        let writer = Peer::member(address, &format!("writer{number}"), id);
        writers.push(thread::spawn(move || write(writer, round, number)));
    }
    killed.recv_timeout(crate::program::HANG).expect("a reader saw enough");
    server.program.kill();
    for writer in writers {
        writer.join().unwrap();
    }
    readers.into_iter().map(|reader| reader.join().unwrap()).collect()
}

/// The texts of what was said, by the log.
fn logged(server: &Server, id: &str) -> Vec<String> {
    let exported = server.admin(&["groups", "export", id]).printed;
    let mut texts = Vec::new();
    for (index, line) in exported.lines().enumerate() {
        assert!(line.starts_with(&format!("{{\"seq\":{},", index + 1)), "dense from 1: {line}");
        if let Some((_, text)) = line.split_once("\"kind\":\"said\",\"text\":\"") {
            texts.push(text.trim_end_matches("\"}").to_owned());
        }
    }
    texts
}

#[test]
#[expect(clippy::print_stderr, reason = "the figures are the result")]
fn what_anybody_saw_before_a_kill_is_in_the_log_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let rounds = number_told("CONCLAVE_KILL_ROUNDS", ROUNDS);
    let options = ["--message-rate", "none", "--greeting-delay", "10"];
    let server = Server::start(folder.path(), &options);
    let (creator, id) = Peer::creator(server.terminals, "Noya");
    drop(creator);
    server.stop();

    let mut seen = Vec::new();
    for number in 0..rounds {
        let server = Server::start(folder.path(), &options);
        seen.extend(round(server, &id, number));
    }
    let server = Server::start(folder.path(), &options);
    let logged = logged(&server, &id);
    assert_eq!(server.admin(&["check"]).code, Some(0));

    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut doubled = 0_usize;
    for (place, text) in logged.iter().enumerate() {
        doubled += usize::from(places.insert(text, place).is_some());
    }
    let all_seen: usize = seen.iter().map(Vec::len).sum();
    let lost = seen.iter().flatten().filter(|text| !places.contains_key(text.as_str())).count();
    eprintln!(
        "{rounds} kills: {} in the log, {all_seen} seen by {READERS} readers, {lost} lost, \
         {doubled} doubled",
        logged.len()
    );
    assert_eq!((lost, doubled), (0, 0));
    for reader in &seen {
        let first = reader.first().and_then(|text| places.get(text.as_str())).unwrap();
        // Nothing left out, nothing twice, and the order of the log.
        assert!(logged[*first..].starts_with(reader), "a reader saw another order");
    }
    // What a writer wrote is in the order in which it wrote, and without a gap.
    let mut next: HashMap<(&str, &str), u64> = HashMap::new();
    for text in &logged {
        let fields: Vec<&str> = text.split(' ').collect();
        let count = next.entry((fields[1], fields[2])).or_default();
        assert_eq!(fields[3], count.to_string(), "{text}");
        *count += 1;
    }
}
