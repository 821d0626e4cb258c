//! Bytes that go out on the console: events of a group, and the answers of the door.
//!
//! Does not know who reads them. Invariants: no control character leaves but newline, tab and the
//! carriage return of a telnet line end, whatever stands in a name, a topic or a text (A21); no
//! line begins with anything a member chose but its name, so no line of a message looks like a
//! notice or like another's message. UTF-8 has no byte 0xFF, so nothing is escaped for telnet.

use std::borrow::Cow;

use conclave_core::text::is_plain;
use conclave_core::{Event, Kind, Name, Relay, Text};

use super::words;

/// How a line ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LineEnd {
    /// `\n`.
    #[default]
    Lf,
    /// `\r\n`, for a client that negotiated telnet.
    CrLf,
}

impl LineEnd {
    const fn bytes(self) -> &'static [u8] {
        match self {
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
        }
    }
}

/// Appends an event as those in the group are shown it: `name: text`, `** name action`, and
/// notices, which begin with `* `.
pub fn encode_event(event: &Event, line_end: LineEnd, out: &mut Vec<u8>) {
    encode(event, "", line_end, out);
}

/// Appends what one member told another, as the other is shown it (`* name (to you): text`), or as
/// the one is, who knows by it that it is saved (`* to name: text`). No member's line looks so: names
/// have no colon. News of a conversation is not shown.
pub fn encode_told(event: &Event, with: &Name, is_own: bool, line_end: LineEnd, out: &mut Vec<u8>) {
    let (sign, said, text) = match &event.entry.kind {
        Kind::Said { text, .. } | Kind::Relayed(Relay { text: Some(text), .. }) => {
            (words::NOTICE, words::SAID, text)
        }
        Kind::Action { text, .. } => (words::ACTION, if is_own { words::SAID } else { " " }, text),
        _ => return,
    };
    let (before, after) = if is_own { (words::TO, "") } else { ("", words::TO_YOU) };
    for text_line in text.lines() {
        for part in [sign, before, with.as_str(), after, said, text_line] {
            push_clean(part, out);
        }
        out.extend_from_slice(line_end.bytes());
    }
}

/// Appends an event as it is shown later: `[2026-11-20 14:03] name: text`.
pub fn encode_earlier(event: &Event, line_end: LineEnd, out: &mut Vec<u8>) {
    let when = format!("[{}] ", event.at.render_minute());
    encode(event, &when, line_end, out);
}

fn encode(event: &Event, when: &str, line_end: LineEnd, out: &mut Vec<u8>) {
    let name = event.entry.name.as_str();
    let mut line = |parts: &[&str]| {
        push_clean(when, out);
        for part in parts {
            push_clean(part, out);
        }
        out.extend_from_slice(line_end.bytes());
    };
    match &event.entry.kind {
        Kind::Said { text, .. } => {
            text.lines().for_each(|text_line| line(&[name, words::SAID, text_line]));
        }
        // Two stars: `/me has left the group` must not look like a notice, which has one.
        Kind::Action { text, .. } => {
            text.lines().for_each(|text_line| line(&[words::ACTION, name, " ", text_line]));
        }
        Kind::Joined { .. } => line(&[words::NOTICE, name, words::HAS_CONNECTED]),
        Kind::Left(_) => line(&[words::NOTICE, name, words::HAS_LEFT]),
        Kind::Relayed(relay) => {
            let lines = relay.text.iter().flat_map(Text::lines);
            lines.for_each(|text_line| line(&[name, words::SAID, text_line]));
        }
        Kind::Redacted { .. } => line(&[words::NOTICE, name, words::TOOK_BACK]),
        Kind::Renamed { to } => {
            line(&[words::NOTICE, name, words::IS_NOW_KNOWN_AS, to.as_str()]);
        }
        Kind::Topic { text } if text.is_empty() => {
            line(&[words::NOTICE, name, words::TOOK_TOPIC_AWAY]);
        }
        Kind::Topic { text } => line(&[words::NOTICE, name, words::SET_TOPIC, text.as_str()]),
        Kind::Removed { by, reason } if reason.is_empty() => {
            line(&[words::NOTICE, name, words::WAS_REMOVED_BY, by.as_str()]);
        }
        Kind::Removed { by, reason } => {
            let (by, reason) = (by.as_str(), reason.as_str());
            line(&[words::NOTICE, name, words::WAS_REMOVED_BY, by, words::SAID, reason]);
        }
        Kind::Granted { name: of, power, is_given, .. } => {
            let granted = words::granted(*power, *is_given, of);
            line(&[words::NOTICE, name, " ", &granted]);
        }
        Kind::Changed { change } => line(&[words::NOTICE, name, " ", &words::changed(change)]),
    }
}

/// The answers of a door that wait to be sent.
#[derive(Debug, Default)]
pub(super) struct Answers {
    bytes: Vec<u8>,
    line_end: LineEnd,
}

impl Answers {
    /// Appends text that ends its last line.
    pub(super) fn line(&mut self, text: &str) {
        for line in text.split('\n') {
            push_clean(line, &mut self.bytes);
            self.bytes.extend_from_slice(self.line_end.bytes());
        }
    }

    /// Appends bytes of the telnet protocol.
    pub(super) fn telnet(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) const fn set_line_end(&mut self, line_end: LineEnd) {
        self.line_end = line_end;
    }

    pub(super) const fn line_end(&self) -> LineEnd {
        self.line_end
    }

    pub(super) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Takes what there is; no buffer stays behind.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

/// One line's worth of what somebody wrote, without the characters that never leave.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if is_plain(text) || text.chars().all(may_leave) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().filter(|c| may_leave(*c)).collect())
    }
}

fn push_clean(text: &str, out: &mut Vec<u8>) {
    // Nearly all text is printable ASCII or clean; it is copied whole.
    out.extend_from_slice(clean(text).as_bytes());
}

/// Controls, separators of lines and paragraphs, the byte order mark, and what turns the text
/// around that follows (A23) may not.
fn may_leave(c: char) -> bool {
    let is_separator = matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
    let is_embedding = matches!(c, '\u{202a}'..='\u{202e}');
    c == '\t' || !(c.is_control() || is_separator || is_embedding)
}
