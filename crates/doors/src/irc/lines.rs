//! Lines: cuts the bytes of a stream into lines, each held to its limit.
//!
//! Does not know what a line means. A line that is too long is thrown away up to its end and told
//! as such, never cut; however the stream was cut into reads, the lines are the same.
//!
//! Invariant: holds at the most one line, and nothing while none has begun.

use conclave_core::limits;

/// What a line of the stream came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A line of UTF-8 without its end.
    Whole(String),
    /// A line that is not UTF-8: its command, as far as it can be told, and its label.
    NotUtf8(String),
    /// A line, or the tags of one, longer than may be.
    TooLong,
}

/// Longest line with its tags, without its end.
const LINE_MAX: usize = limits::IRC_TAGS_BYTES_MAX + limits::IRC_LINE_BYTES_MAX;

/// The stream, up to where it was cut.
#[derive(Debug, Default)]
pub struct Lines {
    /// The line that has begun; nothing as a rule.
    begun: Option<Box<Begun>>,
}

/// A line that has not ended.
#[derive(Debug, Default)]
struct Begun {
    bytes: Vec<u8>,
    /// It is longer than may be: nothing of it is kept.
    is_overlong: bool,
}

impl Begun {
    fn add(&mut self, taken: &[u8]) {
        if self.is_overlong || self.bytes.len() + taken.len() > LINE_MAX {
            *self = Self { bytes: Vec::new(), is_overlong: true };
        } else {
            self.bytes.extend_from_slice(taken);
        }
    }
}

impl Lines {
    /// Takes bytes up to the end of a line. Gives how many were taken, and the line where one
    /// ended. Empty lines are passed over.
    pub fn take(&mut self, bytes: &[u8]) -> (usize, Option<Line>) {
        let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let upto = end.unwrap_or(bytes.len());
        let taken = bytes.get(..upto).unwrap_or_default();
        match end {
            None => {
                if !taken.is_empty() {
                    self.begun.get_or_insert_default().add(taken);
                }
                (bytes.len(), None)
            }
            Some(end) => (end + 1, self.finish(taken)),
        }
    }

    /// Takes a message that came whole: a frame of a WebSocket. One that holds a line end is none.
    pub fn take_whole(&mut self, bytes: &[u8]) -> Option<Line> {
        let trimmed = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let trimmed = trimmed.strip_suffix(b"\r").unwrap_or(trimmed);
        if trimmed.iter().any(|byte| matches!(byte, b'\n' | b'\r' | 0)) {
            return None;
        }
        let (_all, none) = self.take(trimmed);
        none.or_else(|| self.finish(b""))
    }

    /// The line that ends with that.
    fn finish(&mut self, taken: &[u8]) -> Option<Line> {
        let Some(mut begun) = self.begun.take() else {
            return (!taken.is_empty()).then(|| line_of(taken.to_vec()));
        };
        begun.add(taken);
        Some(if begun.is_overlong { Line::TooLong } else { line_of(begun.bytes) })
    }
}

fn line_of(bytes: Vec<u8>) -> Line {
    let tags_len = match bytes.first() {
        Some(b'@') => {
            bytes.iter().position(|byte| *byte == b' ').map_or(bytes.len(), |space| space + 1)
        }
        _ => 0,
    };
    // The limits count the line end of two bytes, and the sign and the space around the tags.
    let is_too_long = tags_len > limits::IRC_TAGS_BYTES_MAX
        || bytes.len() - tags_len > limits::IRC_LINE_BYTES_MAX - 2;
    if is_too_long {
        return Line::TooLong;
    }
    match String::from_utf8(bytes) {
        // NUL is in no line that anyone means.
        Ok(line) if line.contains('\0') => Line::Whole(line.replace('\0', "")),
        Ok(line) => Line::Whole(line),
        Err(error) => Line::NotUtf8(String::from_utf8_lossy(error.as_bytes()).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all_of(chunks: &[&[u8]]) -> Vec<Line> {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for chunk in chunks {
            let mut rest = *chunk;
            while !rest.is_empty() {
                let (taken, line) = lines.take(rest);
                rest = &rest[taken..];
                found.extend(line);
            }
        }
        found
    }

    fn check(bytes: &[u8], expected: &[Line]) {
        assert_eq!(all_of(&[bytes]), expected, "{}", bytes.escape_ascii());
    }

    #[test]
    fn lines_end_with_either_or_both() {
        let line = |text: &str| Line::Whole(text.to_owned());
        check(b"NICK a\r\nUSER b\nPING\rX", &[line("NICK a"), line("USER b"), line("PING")]);
        check(b"\r\n\r\n\n", &[]);
        check(b"a\0b\r\n", &[line("ab")]);
        check(
            b"PRIVMSG x :\xff\r\nPING\n",
            &[Line::NotUtf8("PRIVMSG x :\u{fffd}".to_owned()), line("PING")],
        );
    }

    #[test]
    fn limits_are_held_to_the_byte_for_tags_and_for_the_rest() {
        for (tags, rest, is_taken) in [
            (0, 510, true),
            (0, 511, false),
            (4_096, 510, true),
            (4_097, 2, false),
            (10, 511, false),
        ] {
            let mut line = Vec::new();
            if tags > 0 {
                line.push(b'@');
                line.resize(tags - 1, b'x');
                line.push(b' ');
            }
            line.resize(tags + rest, b'y');
            line.extend_from_slice(b"\r\nPING\r\n");
            let found = all_of(&[&line]);
            assert_eq!(found.len(), 2);
            assert_eq!(matches!(found[0], Line::Whole(_)), is_taken, "{tags} {rest}");
            assert_eq!(found[1], Line::Whole("PING".to_owned()));
        }
        check(
            &[&b"x".repeat(100_000)[..], b"\nPING\n"].concat(),
            &[Line::TooLong, Line::Whole("PING".to_owned())],
        );
    }

    #[test]
    fn a_frame_is_a_line_with_or_without_its_end_and_never_two() {
        let mut lines = Lines::default();
        for (frame, expected) in [
            (&b"NICK a"[..], Some(Line::Whole("NICK a".to_owned()))),
            (b"NICK a\r\n", Some(Line::Whole("NICK a".to_owned()))),
            (b"NICK a\r\nUSER b", None),
            (b"", None),
        ] {
            assert_eq!(lines.take_whole(frame), expected);
        }
    }

    proptest! {
        #[test]
        fn how_the_stream_was_cut_changes_nothing(
            bytes in prop::collection::vec(prop::sample::select(b"aZ @\r\n\xff\xc3\xa9".to_vec()), 0..200),
            cut in 0_usize..200,
        ) {
            let (before, after) = bytes.split_at(cut.min(bytes.len()));
            let singly: Vec<&[u8]> = bytes.chunks(1).collect();
            prop_assert_eq!(all_of(&[&bytes]), all_of(&[before, after]));
            prop_assert_eq!(all_of(&[&bytes]), all_of(&singly));
        }
    }
}
