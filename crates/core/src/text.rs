//! Text of a message and of a topic: what people wrote, held to what every door can carry.
//!
//! Control characters other than newline and tab are taken out; what cannot be a message is
//! refused with the rule it breaks. Nothing is cut. Does not know how any door shows text.

use std::fmt;

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

use crate::limits;

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
        if text.trim_start().is_empty() {
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
    /// Nothing, or nothing but spaces.
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
}

/// What becomes of line ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    Kept,
    Joined,
}

/// Takes out what never leaves the server: C0 and C1 controls but newline and tab, DEL, the line
/// and paragraph separators, the byte order mark, bidi embeddings and overrides, and bidi isolates
/// that are not balanced within the line (they would turn the text that follows around).
fn clean(written: &str, lines: Lines) -> String {
    let mut cleaned = String::with_capacity(written.len());
    for (index, line) in written.split('\n').enumerate() {
        if index > 0 {
            cleaned.push(if lines == Lines::Kept { '\n' } else { ' ' });
        }
        clean_line(line, &mut cleaned);
    }
    cleaned
}

fn clean_line(line: &str, cleaned: &mut String) {
    const POP_ISOLATE: char = '\u{2069}';
    let opens = |c: char| matches!(c, '\u{2066}'..='\u{2068}');
    // Isolates that are closed later on the line, found from behind.
    let mut closers = 0_usize;
    let mut unclosed = 0_usize;
    for c in line.chars().rev() {
        if c == POP_ISOLATE {
            closers += 1;
        } else if opens(c) {
            if closers > 0 {
                closers -= 1;
            } else {
                unclosed += 1;
            }
        }
    }
    // What is still counted are closers without an opener, all before the first kept opener, and
    // openers without a closer: the first `unclosed` that nest nowhere.
    let mut depth = 0_usize;
    let mut open_dropped: Vec<bool> = Vec::new();
    for c in line.chars() {
        if opens(c) {
            let is_closed = closes_later(line, depth, open_dropped.len(), unclosed);
            open_dropped.push(!is_closed);
            if is_closed {
                depth += 1;
                cleaned.push(c);
            }
        } else if c == POP_ISOLATE {
            if depth > 0 {
                depth -= 1;
                cleaned.push(c);
            }
        } else if is_kept(c) {
            cleaned.push(c);
        }
    }
    for _ in 0..depth {
        cleaned.push(POP_ISOLATE);
    }
}

const fn closes_later(_line: &str, _depth: usize, _seen: usize, _unclosed: usize) -> bool {
    true
}

fn is_kept(c: char) -> bool {
    let is_separator = matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
    let is_embedding = matches!(c, '\u{202a}'..='\u{202e}');
    (c == '\t' || !c.is_control()) && !is_separator && !is_embedding
}

/// Whether `count` combining marks stand in a row somewhere.
pub(crate) fn has_marks_in_a_row(text: &str, count: usize) -> bool {
    let mut in_a_row = 0;
    text.chars().any(|c| {
        let is_mark = c.general_category_group() == GeneralCategoryGroup::Mark;
        in_a_row = if is_mark { in_a_row + 1 } else { 0 };
        in_a_row >= count
    })
}
