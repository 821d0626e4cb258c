//! Text of a message and of a topic: what people wrote, held to what every door can carry.
//!
//! Control characters other than newline and tab are taken out; what cannot be a message is
//! refused with the rule it breaks. Nothing is cut. Does not know how any door shows text.
//!
//! Invariants: cleaning adds nothing and is done once for good (cleaned text stays as it is), and
//! no line turns the direction of what is shown after it.

use std::fmt;

use crate::limits;

mod clean;

pub use clean::is_plain;
use clean::{Lines, clean};
pub(crate) use clean::{has_marks_in_a_row, is_blank, is_ignorable};

/// Text of a message: 1 to [`limits::TEXT_BYTES_MAX`] bytes in at most
/// [`limits::TEXT_LINES_MAX`] lines, no control characters but newline and tab, bidi controls
/// balanced.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Text(Box<str>);

impl Text {
    /// Takes what was written, without the characters that never leave the server.
    ///
    /// # Errors
    /// Where it is empty, too long, has too many lines, or too many marks in a row.
    pub fn parse(written: &str) -> Result<Self, TextProblem> {
        let cleaned = clean(written, Lines::Kept);
        let text = cleaned.trim_end_matches(['\n', ' ', '\t']);
        if text.chars().all(is_blank) {
            return Err(TextProblem::Empty);
        }
        if text.len() > limits::TEXT_BYTES_MAX {
            return Err(TextProblem::TooLong);
        }
        if text.split('\n').count() > limits::TEXT_LINES_MAX {
            return Err(TextProblem::TooManyLines);
        }
        if has_marks_in_a_row(text, limits::TEXT_MARKS_MAX + 1) {
            return Err(TextProblem::TooManyMarks);
        }
        Ok(Self(text.into()))
    }

    /// Takes text that a log wrote down: it was parsed before it was written.
    pub fn from_log(stored: String) -> Self {
        Self(stored.into_boxed_str())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its lines, at least one.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.split('\n')
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Topic of a group: up to [`limits::TOPIC_BYTES_MAX`] bytes on one line; empty where there is
/// none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Topic(Box<str>);

impl Topic {
    /// Takes what was written as a topic.
    ///
    /// # Errors
    /// Where it is too long or has too many marks in a row.
    pub fn parse(written: &str) -> Result<Self, TextProblem> {
        let cleaned = clean(written, Lines::Joined);
        let text = cleaned.trim();
        if text.len() > limits::TOPIC_BYTES_MAX {
            return Err(TextProblem::TopicTooLong);
        }
        if has_marks_in_a_row(text, limits::TEXT_MARKS_MAX + 1) {
            return Err(TextProblem::TooManyMarks);
        }
        Ok(Self(text.into()))
    }

    /// Takes a topic that a log wrote down.
    pub fn from_log(stored: String) -> Self {
        Self(stored.into_boxed_str())
    }

    /// The topic.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Why something written cannot be a message or a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextProblem {
    /// Nothing, or nothing that can be seen.
    #[error("a message has at least one character")]
    Empty,
    /// More than [`limits::TEXT_BYTES_MAX`] bytes.
    #[error("a message has at most {} bytes", limits::TEXT_BYTES_MAX)]
    TooLong,
    /// More than [`limits::TEXT_LINES_MAX`] lines.
    #[error("a message has at most {} lines", limits::TEXT_LINES_MAX)]
    TooManyLines,
    /// More than [`limits::TEXT_MARKS_MAX`] combining marks in a row.
    #[error("a letter has at most {} combining marks", limits::TEXT_MARKS_MAX)]
    TooManyMarks,
    /// A topic of more than [`limits::TOPIC_BYTES_MAX`] bytes.
    #[error("a topic has at most {} bytes", limits::TOPIC_BYTES_MAX)]
    TopicTooLong,
    /// A reason of more than [`limits::REASON_BYTES_MAX`] bytes.
    #[error("a reason has at most {} bytes", limits::REASON_BYTES_MAX)]
    ReasonTooLong,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(written: &str, expected: Result<&str, TextProblem>) {
        let parsed = Text::parse(written);
        assert_eq!(parsed.as_ref().map(Text::as_str), expected.as_ref().copied(), "{written:?}");
    }

    #[test]
    fn what_people_write_passes_byte_for_byte() {
        for written in [
            "Hi friends",
            "  indented\tcode",
            "two\nlines",
            "one\n\nthree",
            "שלום לכולם",
            // Niqqud and cantillation.
            "בְּרֵאשִׁ֖ית בָּרָ֣א אֱלֹהִ֑ים",
            "مُحَمَّد",
            // A family (ZWJ), a heart (VS16), flags (regional, and spelt with tags), a keycap.
            "👨\u{200d}👩\u{200d}👧\u{200d}👦",
            "❤\u{fe0f}\u{200d}🔥",
            "🇮🇱 🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "1\u{fe0f}\u{20e3}",
            // é decomposed stays decomposed.
            "cafe\u{301}",
            // Persian needs ZWNJ, and mixed text the marks of direction.
            "می\u{200c}خواهم",
            "C++\u{200e} הוא \u{200f}(טוב)\u{61c}",
            "שם: \u{2066}file.txt\u{2069} סוף",
            "\u{2067}a\u{2066}b\u{2069}c\u{2069}",
        ] {
            check(written, Ok(written));
        }
    }

    #[test]
    fn what_never_leaves_the_server_is_taken_out() {
        for (written, expected) in [
            ("a\r\nb\r\n", "a\nb"),
            ("\u{1b}[31mred\u{7}\u{0}\u{7f}", "[31mred"),
            ("a\u{85}b\u{9b}c", "abc"),
            ("a\u{2028}b\u{2029}c\u{feff}", "abc"),
            // A23: a file's name that reads as another.
            ("\u{202e}gpj.exe", "gpj.exe"),
            ("\u{202a}a\u{202b}b\u{202c}c\u{202d}d", "abcd"),
            ("\u{206a}a\u{206f}\u{fff9}b\u{fffa}c\u{fffb}", "abc"),
            ("a\u{fffe}b\u{fdd0}c\u{10ffff}", "abc"),
            // Tags that belong to no flag.
            ("hi\u{e0068}\u{e0069}", "hi"),
            ("🏴\u{e0067}\u{e007f}\u{e0068}x", "🏴\u{e0067}\u{e007f}x"),
            ("text \n\t \n", "text"),
        ] {
            check(written, Ok(expected));
        }
    }

    #[test]
    fn isolates_that_are_not_balanced_on_their_line_are_taken_out() {
        for (written, expected) in [
            ("\u{2067}open", "open"),
            ("closed\u{2069}", "closed"),
            ("\u{2069}a\u{2066}", "a"),
            // The outer one stays open: the inner pair is whole.
            ("\u{2067}a\u{2068}b\u{2069}c", "a\u{2068}b\u{2069}c"),
            ("\u{2066}a\u{2069}\u{2069}b", "\u{2066}a\u{2069}b"),
            // A line ends what was opened on it.
            ("x\n\u{2066}a\nb\u{2069}", "x\na\nb"),
            // A closer that an override hides in between.
            ("\u{2066}\u{202e}a\u{2069}", "\u{2066}a\u{2069}"),
        ] {
            check(written, Ok(expected));
        }
    }

    #[test]
    fn a_message_of_nothing_that_is_seen_is_refused() {
        for written in ["", " ", "\n\t\r\n", "\u{a0}\u{3000}", "\u{200b}\u{200f}", "\u{3164}"] {
            check(written, Err(TextProblem::Empty));
        }
        check("\u{2066} \u{2069}\u{202e}\u{0}", Err(TextProblem::Empty));
    }

    #[test]
    fn limits_are_held_to_the_byte_the_line_and_the_mark() {
        let bytes = |count: usize| format!("{}a", "א".repeat((count - 1) / 2));
        let lines = |count: usize| vec!["x"; count].join("\n");
        let marks = |count: usize| format!("a{}", "\u{301}".repeat(count));
        let split = |count: usize| format!("a{}", "\u{200d}\u{301}".repeat(count));
        assert_eq!(bytes(4_097).len(), 4_097);
        for (written, expected) in [
            ("a".repeat(4_096), None),
            ("a".repeat(4_097), Some(TextProblem::TooLong)),
            (bytes(4_095), None),
            (bytes(4_097), Some(TextProblem::TooLong)),
            // What is taken out does not count.
            (format!("{}\r\n", "a".repeat(4_096)), None),
            (lines(100), None),
            (lines(100) + "\n\n", None),
            (lines(101), Some(TextProblem::TooManyLines)),
            (marks(16), None),
            (marks(17), Some(TextProblem::TooManyMarks)),
            (split(16), None),
            (split(17), Some(TextProblem::TooManyMarks)),
            ("\u{301}".repeat(8_192), Some(TextProblem::TooLong)),
        ] {
            assert_eq!(Text::parse(&written).err(), expected, "{} bytes", written.len());
        }
    }

    #[test]
    fn a_topic_is_one_line_and_may_be_empty() {
        for (written, expected) in [
            ("", Ok("")),
            (" \r\n ", Ok("")),
            (" תרגיל\nבית ", Ok("תרגיל בית")),
            ("\u{202e}a\u{2067}b", Ok("ab")),
        ] {
            assert_eq!(
                Topic::parse(written).as_ref().map(Topic::as_str),
                expected.as_ref().copied()
            );
        }
        assert!(Topic::parse(&"a".repeat(390)).is_ok());
        assert_eq!(Topic::parse(&"a".repeat(391)), Err(TextProblem::TopicTooLong));
    }

    /// Text in which what is special is frequent.
    fn written() -> impl Strategy<Value = String> {
        let special = prop::sample::select(vec![
            '\n',
            '\r',
            '\t',
            ' ',
            '\0',
            '\u{1b}',
            '\u{85}',
            '\u{200d}',
            '\u{200e}',
            '\u{202a}',
            '\u{202c}',
            '\u{202e}',
            '\u{2028}',
            '\u{2066}',
            '\u{2067}',
            '\u{2068}',
            '\u{2069}',
            '\u{206a}',
            '\u{feff}',
            '\u{fe0f}',
            '\u{301}',
            '\u{fffe}',
            '\u{1f3f4}',
            '\u{e0067}',
            '\u{e007f}',
            'a',
            'א',
        ]);
        let any_char = prop_oneof![4 => special, 1 => any::<char>()];
        prop::collection::vec(any_char, 0..60).prop_map(String::from_iter)
    }

    fn is_balanced(line: &str) -> bool {
        let depth = line.chars().try_fold(0_u32, |depth, c| match c {
            '\u{2066}'..='\u{2068}' => Some(depth + 1),
            '\u{2069}' => depth.checked_sub(1),
            _ => Some(depth),
        });
        depth == Some(0)
    }

    proptest! {
        #[test]
        fn text_is_clean_and_stays_as_it_is(written in written()) {
            let Ok(text) = Text::parse(&written) else { return Ok(()) };
            let shown = text.as_str();
            prop_assert!(shown.len() <= written.len());
            let forbidden = |c: char| {
                c.is_control() && !matches!(c, '\n' | '\t')
                    || matches!(c, '\u{2028}'..='\u{202e}' | '\u{feff}' | '\u{fffe}')
            };
            prop_assert!(!shown.contains(forbidden), "{:?}", shown);
            prop_assert!(text.lines().all(is_balanced), "{:?}", shown);
            prop_assert_eq!(Text::parse(shown), Ok(text.clone()));
            prop_assert_eq!(Text::from_log(shown.to_owned()), text);
        }

        #[test]
        fn a_topic_is_clean_and_stays_as_it_is(written in written()) {
            let Ok(topic) = Topic::parse(&written) else { return Ok(()) };
            prop_assert!(!topic.as_str().contains('\n') && is_balanced(topic.as_str()));
            let again = Topic::parse(topic.as_str());
            prop_assert_eq!(again, Ok(topic));
        }

        #[test]
        fn text_of_plain_letters_is_not_touched(written in "[a-zא-תぁ-んа-я0-9][a-zא-ת ,.!?:;'\"-]{0,80}[a-z]") {
            prop_assert_eq!(Text::parse(&written).map(|text| text.to_string()), Ok(written));
        }
    }
}
