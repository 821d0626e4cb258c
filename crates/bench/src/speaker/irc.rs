//! IRC from the client's side: registers, joins a channel, and answers pings.
//!
//! Any server of it can be loaded: nothing is asked for that RFC 2812 does not have. A group's ID
//! is the name of its channel, which is made by joining it.

use std::sync::atomic::{AtomicU32, Ordering};

use super::lines::Lines;
use super::{Entrance, Heard, Speaker};

/// Channels that this process has made, so that no two have one name.
static CHANNELS: AtomicU32 = AtomicU32::new(0);

/// One connection that speaks IRC.
#[derive(Debug, Default)]
pub(super) struct IrcSpeaker {
    channel: String,
    has_registered: bool,
    has_entered: bool,
    lines: Lines,
}

impl Speaker for IrcSpeaker {
    fn enter(&mut self, entrance: Entrance<'_>, out: &mut Vec<u8>) {
        let (name, channel) = match entrance {
            Entrance::Create { name } => {
                let number = CHANNELS.fetch_add(1, Ordering::Relaxed);
                (name, format!("#load{}-{number}", std::process::id()))
            }
            Entrance::Join { name, group } => (name, group.to_owned()),
        };
        *self = Self { channel, ..Self::default() };
        // Joined once it has registered: some servers look at an address first, and refuse what
        // comes before they have.
        out.extend_from_slice(format!("NICK {name}\r\nUSER {name} 0 * :{name}\r\n").as_bytes());
    }

    fn say(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        for part in [b"PRIVMSG ", self.channel.as_bytes(), b" :", payload, b"\r\n"] {
            out.extend_from_slice(part);
        }
    }

    fn handle_bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>, hear: &mut dyn FnMut(Heard<'_>)) {
        let mut lines = std::mem::take(&mut self.lines);
        lines.each(bytes, &mut |line| self.handle_line(line, out, hear));
        self.lines = lines;
    }
}

impl IrcSpeaker {
    fn handle_line(&mut self, line: &[u8], out: &mut Vec<u8>, hear: &mut dyn FnMut(Heard<'_>)) {
        let rest = match line {
            [b':', rest @ ..] => cut(rest).1,
            _ => line,
        };
        let (command, params) = cut(rest);
        match command {
            b"PRIVMSG" => hear(self.said(params)),
            b"PING" => {
                out.extend_from_slice(b"PONG ");
                out.extend_from_slice(params);
                out.extend_from_slice(b"\r\n");
            }
            b"JOIN" if self.has_entered => hear(Heard::Notice),
            _ if self.has_entered => {}
            b"001" if !self.has_registered => {
                self.has_registered = true;
                out.extend_from_slice(format!("JOIN {}\r\n", self.channel).as_bytes());
            }
            // The names are told after the joining; then it is in.
            b"366" => {
                self.has_entered = true;
                hear(Heard::Entered(&self.channel));
            }
            // A server without a message of the day says so by an error.
            b"422" => {}
            b"ERROR" | [b'4', _, _] => hear(Heard::TurnedAway),
            _ => {}
        }
    }

    fn said<'line>(&self, params: &'line [u8]) -> Heard<'line> {
        let (target, text) = cut(params);
        if target.eq_ignore_ascii_case(self.channel.as_bytes()) {
            Heard::Said(text.strip_prefix(b":").unwrap_or(text))
        } else {
            Heard::Strange
        }
    }
}

/// A line's first word, and what stands behind it.
fn cut(line: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memchr(b' ', line).unwrap_or(line.len());
    let (word, rest) = line.split_at_checked(end).unwrap_or((line, &[]));
    (word, rest.strip_prefix(b" ").unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(reads: &[&str]) -> (Vec<String>, String) {
        let mut speaker = IrcSpeaker::default();
        let (mut heard, mut out) = (Vec::new(), Vec::new());
        speaker.enter(Entrance::Join { name: "m1", group: "#load1-0" }, &mut out);
        for read in reads {
            let hear = &mut |what: Heard<'_>| heard.push(format!("{what:?}"));
            speaker.handle_bytes(read.as_bytes(), &mut out, hear);
        }
        (heard, String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_dialogue_is_heard_however_it_is_cut() {
        let dialogue = ":s 001 m1 :Welcome\r\n:s 422 m1 :No MOTD\r\nPING :abc\r\n\
            :m1!m1@h JOIN :#load1-0\r\n:s 353 m1 = #load1-0 :m0 m1\r\n:s 366 m1 #load1-0 :End\r\n\
            :m2!m2@h JOIN #load1-0\r\n:m2!m2@h PRIVMSG #load1-0 :hi: you\r\n\
            :m2!m2@h PRIVMSG #other :hi\r\n:m2!m2@h QUIT :bye\r\n";
        let expected = [
            "Entered(\"#load1-0\")",
            "Notice",
            "Said([104, 105, 58, 32, 121, 111, 117])",
            "Strange",
        ];
        let answers = "NICK m1\r\nUSER m1 0 * :m1\r\nJOIN #load1-0\r\nPONG :abc\r\n";
        for at in 0..dialogue.len() {
            let (one, other) = dialogue.split_at(at);
            let (heard, out) = heard(&[one, other]);
            assert_eq!(heard, expected, "cut at {at}");
            assert_eq!(out, answers, "cut at {at}");
        }
    }

    #[test]
    fn one_whose_name_is_taken_is_turned_away() {
        assert_eq!(heard(&[":s 433 * m1 :Nickname is already in use.\r\n"]).0, ["TurnedAway"]);
        assert_eq!(heard(&["ERROR :too many\r\n"]).0, ["TurnedAway"]);
    }
}
