//! `kill -9` in the middle of labelled sends on IRC (P1, P3): what was echoed, which is the proof
//! that it was delivered, is in the history, once, at the number that its id told.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};

use crate::program::{HANG, Server, number_told};

/// Kills where nothing else is told; the full run has more.
const ROUNDS: u64 = 2;
/// Echoes that are seen before a kill: that of the first round, and by how many more each time.
const SEEN_MIN: u64 = 1;
const SEEN_MORE: u64 = 37;
/// Messages under way at a time.
const AHEAD: u64 = 16;

/// A message that was echoed: its text and its id.
type Echoed = (String, String);

/// What is behind `key=` among the tags of a line.
fn tag<'line>(line: &'line str, key: &str) -> Option<&'line str> {
    let tags = line.strip_prefix('@')?.split(' ').next()?;
    tags.split(';').find_map(|tag| tag.strip_prefix(key)?.strip_prefix('='))
}

fn say(stream: &mut TcpStream, line: &str) -> bool {
    stream.write_all(format!("{line}\r\n").as_bytes()).is_ok()
}

/// One life of the server, until it is killed after so many echoes.
fn round(server: Server, round: u64, seen_min: u64) -> Vec<Echoed> {
    let address: SocketAddr = server.terminals;
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    assert!(say(&mut stream, "CAP REQ :message-tags echo-message labeled-response batch"));
    assert!(say(&mut stream, "NICK noya\r\nUSER noya 0 * :Noya\r\nCAP END\r\nJOIN #tea"));
    let is_in = lines.any(|line| line.unwrap().contains(" 366 noya #tea "));
    assert!(is_in, "it joins");

    let mut server = Some(server);
    let (mut said, mut echoed) = (0, Vec::new());
    loop {
        while server.is_some() && said < echoed.len() as u64 + AHEAD {
            // It may have been killed.
            let _is_sent =
                say(&mut stream, &format!("@label={said} PRIVMSG #tea :m {round} {said}"));
            said += 1;
        }
        // A line that was cut off by the kill was not seen.
        let Some(Ok(line)) = lines.next() else { return echoed };
        if let (Some(label), Some(msgid)) = (tag(&line, "label"), tag(&line, "msgid")) {
            assert_eq!(label, echoed.len().to_string(), "in order: {line}");
            let (_, text) = line.split_once(" PRIVMSG #tea :").expect("an echo");
            echoed.push((text.to_owned(), msgid.to_owned()));
        }
        if echoed.len() as u64 >= seen_min
            && let Some(server) = server.take()
        {
            server.program.kill();
        }
    }
}

#[test]
fn what_was_echoed_before_a_kill_is_in_the_history_once() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--message-rate", "none"];
    let mut echoed = Vec::new();
    for number in 0..number_told("CONCLAVE_KILL_ROUNDS", ROUNDS) {
        let server = Server::start(folder.path(), &options);
        let seen_min = SEEN_MIN + number * SEEN_MORE;
        let of_round = round(server, number, seen_min);
        assert!(of_round.len() as u64 >= seen_min);
        echoed.extend(of_round);
    }
    let server = Server::start(folder.path(), &options);
    let (group, _) = echoed[0].1.split_once('-').expect("a group's number");
    let exported = server.admin(&["groups", "export", group]).printed;
    let logged: Vec<&str> = exported.lines().collect();
    for (text, msgid) in &echoed {
        let said = format!("\"kind\":\"said\",\"text\":\"{text}\"}}");
        let found: Vec<_> = logged.iter().filter(|line| line.ends_with(&said)).collect();
        let (_, seq) = msgid.split_once('-').unwrap();
        assert_eq!(found.len(), 1, "{text} is there once");
        assert!(found[0].starts_with(&format!("{{\"seq\":{seq},")), "{text}: {}", found[0]);
    }
    assert_eq!(server.admin(&["check"]).code, Some(0));
}
