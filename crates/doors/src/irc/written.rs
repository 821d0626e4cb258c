//! Written: one line of IRC on its way out.
//!
//! The only place where a line is put together, so that nothing that somebody chose (a name, a
//! topic, a text) can end a line, begin another, or become a parameter of its own (A22). Does not
//! know numerics or events.
//!
//! Invariants: a line without its tags has at most [`limits::IRC_LINE_BYTES_MAX`] bytes with its
//! end, its tags at most [`limits::IRC_TAGS_BYTES_MAX`] each of a server's and a client's; no
//! character is cut in two; carriage returns, line feeds and NULs are in no line but at its end.

use conclave_core::{Timestamp, limits};

use super::message::escape;

/// How lines are told apart on a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Framing {
    /// By `\r\n`.
    #[default]
    Lines,
    /// Each in a text frame of a WebSocket.
    Text,
    /// Each in a binary frame of a WebSocket.
    Binary,
}

/// A line that is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Tags as they are written, without the sign before them; empty for none.
    tags: String,
    is_timed: bool,
    is_batched: bool,
    /// The rest: source, command, parameters.
    rest: String,
}

impl Written {
    /// Begins a line of that source and command.
    pub fn new(source: &str, command: &str) -> Self {
        let mut written = Self {
            tags: String::new(),
            is_timed: false,
            is_batched: false,
            rest: String::with_capacity(128),
        };
        if !source.is_empty() {
            written.rest.push(':');
            written.push_word(source);
            written.rest.push(' ');
        }
        written.rest.push_str(command);
        written
    }

    /// Adds a tag. An empty value is left off.
    #[must_use]
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.is_timed |= key == "time";
        self.is_batched |= key == "batch";
        if !self.tags.is_empty() {
            self.tags.push(';');
        }
        self.tags.push_str(key);
        if !value.is_empty() {
            self.tags.push('=');
            escape(value, &mut self.tags);
        }
        self
    }

    /// Adds the time, where it has none.
    #[must_use]
    pub fn timed(self, at: Timestamp) -> Self {
        if self.is_timed { self } else { self.tag("time", &at.render_rfc3339()) }
    }

    /// Whether it is told to be in a batch.
    pub const fn is_batched(&self) -> bool {
        self.is_batched
    }

    /// Adds tags that are written out already, as a client sent them.
    #[must_use]
    pub fn raw_tags(mut self, tags: &str) -> Self {
        if !tags.is_empty() {
            if !self.tags.is_empty() {
                self.tags.push(';');
            }
            self.tags.extend(tags.chars().filter(|c| !matches!(c, ' ' | '\r' | '\n' | '\0')));
        }
        self
    }

    /// Adds a parameter that is one word: spaces in it become `_`, and where it is empty or would
    /// begin the last one, something stands in its place.
    #[must_use]
    pub fn param(mut self, word: &str) -> Self {
        self.rest.push(' ');
        let begun = self.rest.len();
        self.push_word(word);
        match self.rest.get(begun..) {
            None | Some("") => self.rest.push('*'),
            Some(pushed) if pushed.starts_with(':') => self.rest.insert(begun, '_'),
            Some(_) => {}
        }
        self
    }

    /// Adds the last parameter, which may hold anything that fits on the line.
    #[must_use]
    pub fn last(mut self, text: &str) -> Self {
        self.rest.reserve(text.len() + 4);
        self.rest.push_str(" :");
        // As a rule there is nothing to leave out, and a whole text is copied faster than its letters.
        if text.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            self.rest.extend(text.chars().filter(|c| !matches!(c, '\r' | '\n' | '\0')));
        } else {
            self.rest.push_str(text);
        }
        self
    }

    fn push_word(&mut self, word: &str) {
        if !word.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0 | b' ')) {
            return self.rest.push_str(word);
        }
        self.rest.extend(word.chars().filter_map(|c| match c {
            '\r' | '\n' | '\0' => None,
            ' ' => Some('_'),
            c => Some(c),
        }));
    }

    /// Bytes that a last parameter may have on this line.
    pub fn room(&self) -> usize {
        // The space, the colon, and the line's end.
        (limits::IRC_LINE_BYTES_MAX - 4).saturating_sub(self.rest.len())
    }

    /// Bytes that it takes as it goes out, with room for the time and a label.
    pub const fn bytes_about(&self) -> usize {
        const ADDED_LATER: usize = 64;
        self.tags.len() + self.rest.len() + ADDED_LATER
    }

    /// Appends the line as it goes out.
    pub fn render(&self, framing: Framing, out: &mut Vec<u8>) {
        let rest = truncate(&self.rest, limits::IRC_LINE_BYTES_MAX - 2);
        let tags_len = if self.tags.is_empty() { 0 } else { self.tags.len() + 2 };
        push_frame_head(framing, tags_len + rest.len(), out);
        if !self.tags.is_empty() {
            out.push(b'@');
            out.extend_from_slice(self.tags.as_bytes());
            out.push(b' ');
        }
        out.extend_from_slice(rest.as_bytes());
        if framing == Framing::Lines {
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// As much of a text as fits into so many bytes without cutting a character.
pub fn truncate(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or(text)
}

/// Words put into lines of at most so many bytes; at least one line.
pub fn lines_of(words: impl IntoIterator<Item = impl AsRef<str>>, bytes_max: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words {
        let word = truncate(word.as_ref(), bytes_max);
        if let Some(line) = lines.last_mut()
            && (line.is_empty() || line.len() + 1 + word.len() <= bytes_max)
        {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// Cuts a line of text into pieces of at most so many bytes, between words where there is a space,
/// otherwise between characters. Put together again, they are the text but for the spaces.
pub fn split_words(text: &str, bytes_max: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    // No room for a single character would never end.
    let bytes_max = bytes_max.max(char::MAX.len_utf8());
    while rest.len() > bytes_max {
        let head = truncate(rest, bytes_max);
        // The space may stand right behind what fits.
        let is_whole = rest.get(head.len()..).is_some_and(|after| after.starts_with(' '));
        let cut = if is_whole { head.len() } else { head.rfind(' ').unwrap_or(head.len()) };
        let cut = if cut == 0 { head.len() } else { cut };
        let (piece, after) = rest.split_at(cut);
        pieces.push(piece);
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    pieces.push(rest);
    pieces
}

/// The same, but each piece keeps the space behind it: put together again, they are the text.
pub fn split_after_words(text: &str, bytes_max: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    // No room for a single character would never end.
    let bytes_max = bytes_max.max(char::MAX.len_utf8());
    while rest.len() > bytes_max {
        let head = truncate(rest, bytes_max);
        let (piece, after) = rest.split_at(head.rfind(' ').map_or(head.len(), |at| at + 1));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

/// Appends the head of a frame of a WebSocket (RFC 6455, section 5.2), unmasked and final.
fn push_frame_head(framing: Framing, len: usize, out: &mut Vec<u8>) {
    let opcode = match framing {
        Framing::Lines => return,
        Framing::Text => 0x81,
        Framing::Binary => 0x82,
    };
    out.push(opcode);
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(short @ 0..=125), _) => out.push(short),
        (_, Ok(medium)) => {
            out.push(126);
            out.extend_from_slice(&medium.to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::irc::message::Message;

    #[test]
    fn words_fill_lines_up_to_the_bound() {
        assert_eq!(lines_of(["aa", "bb", "cc"], 5), ["aa bb", "cc"]);
        assert_eq!(lines_of([""; 0], 5), [""]);
        assert_eq!(lines_of(["aaaaaaa", "b"], 5), ["aaaaa", "b"]);
        assert_eq!(lines_of(["a", "\u{5e9}\u{5dc}\u{5d5}\u{5dd}"], 5), ["a", "\u{5e9}\u{5dc}"]);
    }

    fn rendered(written: &Written) -> String {
        let mut out = Vec::new();
        written.render(Framing::Lines, &mut out);
        String::from_utf8(out).unwrap()
    }

    /// What the public vectors (ircdocs/parser-tests, msg-join) ask for, as a table of our own.
    #[test]
    fn lines_are_put_together_as_the_public_vectors_say() {
        for (written, expected) in [
            (Written::new("", "foo").param("bar").param("baz").last("asdf"), "foo bar baz :asdf"),
            (Written::new("src", "AWAY"), ":src AWAY"),
            (Written::new("src", "AWAY").last(""), ":src AWAY :"),
            (Written::new("", "foo").param("bar").last("asdf quux"), "foo bar :asdf quux"),
            (Written::new("", "foo").param("bar").last(":asdf"), "foo bar ::asdf"),
            (Written::new("g", "foo").param("b").last("  asdf q "), ":g foo b :  asdf q "),
            (Written::new("g", "PRIVMSG").param("b").last("lol :) "), ":g PRIVMSG b :lol :) "),
            (Written::new("g", "foo").param("b\tar").last("baz"), ":g foo b\tar :baz"),
            (Written::new("g", "foo").tag("asd", "").last("  "), "@asd :g foo :  "),
            (
                Written::new("", "foo").tag("a", "b\\and\nk").tag("d", "gh;764").param("p"),
                "@a=b\\\\and\\nk;d=gh\\:764 foo p",
            ),
            (
                Written::new("", "COMMAND").tag("foo", "\\\\;\\s \r\n"),
                r"@foo=\\\\\:\\s\s\r\n COMMAND",
            ),
        ] {
            assert_eq!(rendered(&written), format!("{expected}\r\n"));
        }
    }

    #[test]
    fn frames_have_their_length_before_them() {
        for (len, head) in [(10, vec![0x81, 13]), (200, vec![0x81, 126, 0, 203])] {
            let written = Written::new("", "X").last(&"y".repeat(len));
            let mut out = Vec::new();
            written.render(Framing::Text, &mut out);
            assert_eq!(out[..head.len()], head);
            assert_eq!(out[head.len()..], *format!("X :{}", "y".repeat(len)).as_bytes());
        }
    }

    #[test]
    fn long_text_is_split_between_words_or_else_between_characters() {
        for (text, bytes_max, expected) in [
            ("one two three", 20, vec!["one two three"]),
            ("one two three", 7, vec!["one two", "three"]),
            ("one two three", 8, vec!["one two", "three"]),
            ("one two three", 5, vec!["one", "two", "three"]),
            ("abcdefgh ij", 4, vec!["abcd", "efgh", "ij"]),
            ("שלום עולם", 8, vec!["שלום", "עולם"]),
            ("שלוםעולם", 5, vec!["של", "ום", "עו", "לם"]),
            ("", 5, vec![""]),
        ] {
            assert_eq!(split_words(text, bytes_max), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_somebody_chose_can_end_a_line_or_become_another_parameter(
            source in "[a-z@!]{1,8}[\r\n\0 :]?[a-z ]{0,3}",
            word in "[a\r\n\0 :;@]{0,8}",
            text in "[a ב\r\n\0:]{0,600}",
            value in "[a;\\\\ \r\n\0]{0,8}",
        ) {
            let written = Written::new(&source, "X").tag("k", &value).param(&word).last(&text);
            let line = rendered(&written);
            let body = line.strip_suffix("\r\n").unwrap();
            prop_assert!(!body.contains(['\r', '\n', '\0']));
            let (tags, rest) = body.split_once(' ').unwrap();
            prop_assert!(tags.starts_with("@k") && rest.len() <= 510);
            let message = Message::parse(body);
            prop_assert_eq!(message.command, "X");
            prop_assert_eq!(message.params.len(), 2);
        }

        #[test]
        fn pieces_are_the_text_and_fit(text in "[ab שe]{0,80}", bytes_max in 4_usize..20) {
            let pieces = split_words(&text, bytes_max);
            prop_assert!(pieces.iter().all(|piece| piece.len() <= bytes_max));
            let whole: String = pieces.concat();
            prop_assert_eq!(whole.replace(' ', ""), text.replace(' ', ""));
            let kept = split_after_words(&text, bytes_max);
            prop_assert!(kept.iter().all(|piece| piece.len() <= bytes_max));
            prop_assert_eq!(kept.concat(), text);
        }
    }
}
