//! The console from the client's side: says the whole dialogue at once and reads lines.
//!
//! Does not know what people are shown beyond the few words it waits for. Holds no buffer while no
//! line is incomplete.

use super::lines::Lines;
use super::{Entrance, Heard, Speaker};

/// Of every group: none of these groups is meant to be found.
const PASSWORD: &str = "a load is put here";

/// One connection that speaks lines.
#[derive(Debug, Default)]
pub(super) struct ConsoleSpeaker {
    has_entered: bool,
    lines: Lines,
}

impl Speaker for ConsoleSpeaker {
    fn enter(&mut self, entrance: Entrance<'_>, out: &mut Vec<u8>) {
        self.has_entered = false;
        self.lines = Lines::default();
        let said = match entrance {
            Entrance::Create { name } => format!("2\n{name}\n{PASSWORD}\n"),
            Entrance::Join { name, group } => format!("1\n{name}\n{group}\n{PASSWORD}\n"),
        };
        out.extend_from_slice(said.as_bytes());
    }

    fn say(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(payload);
        out.push(b'\n');
    }

    fn handle_bytes(&mut self, bytes: &[u8], _out: &mut Vec<u8>, hear: &mut dyn FnMut(Heard<'_>)) {
        let mut lines = std::mem::take(&mut self.lines);
        lines.each(bytes, &mut |line| self.handle_line(line, hear));
        self.lines = lines;
    }
}

impl ConsoleSpeaker {
    fn handle_line(&mut self, line: &[u8], hear: &mut dyn FnMut(Heard<'_>)) {
        if self.has_entered {
            // Said to the maker of a group alone.
            if line != b"You can start to talk!" {
                hear(inside(line));
            }
            return;
        }
        if let Some(group) = line.strip_prefix(b"You're connected to group chat #") {
            self.has_entered = true;
            hear(str::from_utf8(group).map_or(Heard::Strange, Heard::Entered));
        } else if line.starts_with(b"Too many ") || line.starts_with(b"Sorry, ") {
            hear(Heard::TurnedAway);
        }
    }
}

/// What a line means to a member.
fn inside(line: &[u8]) -> Heard<'_> {
    match line {
        [b'*', b' ', ..] | [b'[', ..] => Heard::Notice,
        _ => {
            // No name has a colon.
            let after = memchr::memchr(b':', line).and_then(|at| line.get(at + 1..));
            after.and_then(|after| after.strip_prefix(b" ")).map_or(Heard::Strange, Heard::Said)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(reads: &[&str]) -> Vec<String> {
        let mut speaker = ConsoleSpeaker::default();
        let mut heard = Vec::new();
        for read in reads {
            speaker.handle_bytes(read.as_bytes(), &mut Vec::new(), &mut |what| {
                heard.push(format!("{what:?}"));
            });
        }
        heard
    }

    #[test]
    fn lines_are_heard_however_they_are_cut() {
        let dialogue = "Enter password:\nYou're connected to group chat #8888\n\
            You can start to talk!\n[2026-11-20 14:03] a: b\n* m1 has connected to the chat room\nm1: hi: you\nodd\n";
        let expected = [
            "Entered(\"8888\")",
            "Notice",
            "Notice",
            "Said([104, 105, 58, 32, 121, 111, 117])",
            "Strange",
        ];
        assert_eq!(heard(&[dialogue]), expected);
        for at in 0..dialogue.len() {
            let (one, other) = dialogue.split_at(at);
            assert_eq!(heard(&[one, other]), expected, "cut at {at}");
        }
    }

    #[test]
    fn one_who_is_turned_away_hears_it() {
        let said = "Enter password:\nToo many people are signing in just now. Try again.\n";
        assert_eq!(heard(&[said]), ["TurnedAway"]);
    }
}
