//! File descriptors run out (F6): who is in goes on, nothing spins, and then newcomers come in again.

use std::process::Command;

use crate::peer::Peer;
use crate::program::{Server, wait_until};

/// Few enough that a crowd takes them all.
const DESCRIPTORS: &str = "64";
const CROWD: usize = 300;

#[test]
fn a_crowd_that_takes_every_descriptor_disturbs_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    let start = format!(
        "ulimit -n {DESCRIPTORS} && exec \"$0\" serve --data data --listen 127.0.0.1:0 \
         --web 127.0.0.1:0 --connections-per-ip none --message-rate none"
    );
    command.args(["-c", &start, env!("CARGO_BIN_EXE_conclave")]).current_dir(folder.path());
    let server = Server::started(&mut command, folder.path());
    let (mut noya, id) = Peer::creator(server.terminals, "Noya");
    let mut shlomo = Peer::member(server.terminals, "Shlomo", &id);
    noya.sees("* Shlomo has connected to the chat room");

    let crowd: Vec<Peer> = (0..CROWD).map(|_| Peer::connect(server.terminals)).collect();
    server.program.complains(&["no connection can be accepted"]);
    let ticks_before = server.processor_ticks();
    let told_before = server.program.complaints().lines().count();
    for number in 0..200 {
        noya.types(&format!("still here {number}"));
        shlomo.sees(&format!("Noya: still here {number}"));
        shlomo.types(&format!("me too {number}"));
        noya.sees(&format!("Shlomo: me too {number}"));
    }
    // A loop that spins fills a core and the log meanwhile; four hundred messages do neither.
    let ticks = server.processor_ticks() - ticks_before;
    let log = server.program.complaints();
    let refusals = log.lines().skip(told_before);
    let refusals = refusals.filter(|line| line.contains("no connection can be")).count();
    assert!(ticks < 200, "{ticks} hundredths of a second");
    assert!(refusals < 50, "{refusals} times");

    drop(crowd);
    let mut tal = None;
    wait_until(|| {
        let mut newcomer = Peer::connect(server.terminals);
        newcomer.types(&format!("1\nTal\n{id}\n1234"));
        let is_in = loop {
            match newcomer.try_next() {
                Ok(Some(line)) if line.starts_with("You're connected") => break true,
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => break false,
            }
        };
        tal = is_in.then_some(newcomer);
        is_in
    })
    .expect("newcomers come in again");
    noya.sees("* Tal has connected to the chat room");
}
