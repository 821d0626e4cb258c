//! How a server stops: told to, everybody is told and everything is kept; killed, what was seen is.

use std::io::Write as _;
use std::time::Duration;

use socket2::SockRef;

use crate::peer::{MENU, Peer};
use crate::program::Server;

const STOPPING: &str = "* The server is stopping. Connect again in a moment.";

fn check_stop_by(signal: &str) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let (mut noya, id) = Peer::creator(server.terminals, "Noya");
    let mut shlomo = Peer::member(server.terminals, "Shlomo", &id);
    noya.sees("* Shlomo has connected to the chat room");
    let mut waiting = Peer::at_menu(server.terminals);
    noya.types("Before the stop");
    shlomo.sees("Noya: Before the stop");

    server.program.signal(signal);
    for peer in [&mut noya, &mut shlomo, &mut waiting] {
        // And nobody sees others leave before that.
        peer.sees(STOPPING);
    }
    for peer in [noya, shlomo, waiting] {
        peer.sees_end();
    }
    server.stop_by(signal);

    let server = Server::start(folder.path(), &[]);
    let mut tal = Peer::member(server.terminals, "Tal", &id);
    let line = tal.next();
    assert!(line.ends_with("] Noya: Before the stop"), "{line}");
    tal.types("/who");
    tal.sees(&format!("* Group chat #{id} has 1 member:"));
    tal.sees("- Tal (you)");
}

#[test]
fn sigterm_tells_everybody_and_keeps_everything() {
    check_stop_by("TERM");
}

#[test]
fn sigint_tells_everybody_and_keeps_everything() {
    check_stop_by("INT");
}

#[test]
fn a_reader_that_reads_nothing_does_not_hold_a_stop_up() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--message-rate", "none"]);
    let (mut noya, id) = Peer::creator(server.terminals, "Noya");
    let stuck = Peer::connect(server.terminals);
    SockRef::from(&stuck.stream).set_recv_buffer_size(4096).unwrap();
    let mut stuck = stuck;
    stuck.types(&format!("1\nStuck\n{id}\n1234"));
    noya.sees("* Stuck has connected to the chat room");
    let mut shlomo = Peer::member(server.terminals, "Shlomo", &id);
    noya.sees("* Shlomo has connected to the chat room");

    // More than the buffers between server and reader hold, so that it has no room for a goodbye.
    let text = "x".repeat(4000);
    for n in 0..1_100 {
        noya.types(&format!("{n} {text}"));
    }
    for n in 0..1_100 {
        shlomo.sees(&format!("Noya: {n} {text}"));
    }
    server.stop();

    let server = Server::start(folder.path(), &[]);
    let exported = server.admin(&["groups", "export", &id]).printed;
    assert_eq!(exported.lines().filter(|line| line.contains("\"said\"")).count(), 1_100);
    drop(stuck);
}

#[test]
fn what_was_accepted_before_a_stop_is_there_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--message-rate", "none"]);
    let (mut noya, id) = Peer::creator(server.terminals, "Noya");
    let mut shlomo = Peer::member(server.terminals, "Shlomo", &id);
    // A writer that never pauses, so that the stop comes in the middle.
    let mut stream = noya.stream.try_clone().unwrap();
    let writing = std::thread::spawn(move || {
        let mut count = 0_u64;
        while stream.write_all(format!("n{count}\n").as_bytes()).is_ok() {
            count += 1;
        }
    });
    let mut seen = Vec::new();
    for _ in 0..200 {
        seen.push(shlomo.next());
    }
    server.program.signal("TERM");
    while let Ok(Some(line)) = shlomo.try_next() {
        seen.push(line);
    }
    assert_eq!(seen.pop().as_deref(), Some(STOPPING));
    server.stop();
    noya.stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    while let Ok(Some(_)) = noya.try_next() {}
    writing.join().unwrap();

    let server = Server::start(folder.path(), &[]);
    let exported = server.admin(&["groups", "export", &id]);
    assert_eq!(
        exported.code,
        Some(0),
        "a server that is announced answers: {}",
        exported.complained
    );
    let exported = exported.printed;
    let said = exported.lines().filter(|line| line.contains("\"said\"")).count();
    assert!(said >= seen.len(), "{said} kept, {} seen", seen.len());
    for (n, line) in seen.iter().enumerate() {
        assert_eq!(line, &format!("Noya: n{n}"));
    }
}

#[test]
fn a_killed_server_comes_back_with_its_groups_and_without_its_ghosts() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let (mut noya, id) = Peer::creator(server.terminals, "Noya");
    let mut shlomo = Peer::member(server.terminals, "Shlomo", &id);
    noya.types("Seen is saved");
    shlomo.sees("Noya: Seen is saved");
    server.program.kill();

    let server = Server::start(folder.path(), &[]);
    let mut noya = Peer::connect(server.terminals);
    noya.types(&format!("1\nNoya\n{id}\n1234"));
    noya.sees_all(&MENU);
    noya.sees_all(&["Enter your name:", "Enter group ID:", "Enter password:"]);
    noya.sees(&format!("You're connected to group chat #{id}"));
    let line = noya.next();
    assert!(line.ends_with("] Noya: Seen is saved"), "{line}");
    noya.types("/who");
    noya.sees(&format!("* Group chat #{id} has 1 member:"));
}
