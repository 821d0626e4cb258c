//! Relay: what is said with something that only some doors can show: tags, or that no program is
//! to answer it.
//!
//! Does not know what tags mean. Every door shows the words, if there are any.

use crate::{Text, limits};

/// What is said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    /// How it is meant.
    pub manner: Manner,
    /// The words; nothing where there are tags alone.
    pub text: Option<Text>,
    /// What programs say to programs.
    pub tags: Tags,
    /// Where the sender cut what is one line.
    pub cuts: Cuts,
}

/// Places in the words, in bytes, at which the sender cut what is one line, for doors whose lines
/// are short. None where it did not, and where nobody knows any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cuts(Option<Box<Places>>);

/// Boxed once more, as tags are.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Places(Box<[u16]>);

impl Cuts {
    /// Takes places.
    pub fn new(places: &[u16]) -> Self {
        Self((!places.is_empty()).then(|| Box::new(Places(places.into()))))
    }

    /// The places.
    pub fn places(&self) -> &[u16] {
        self.0.as_ref().map_or(&[], |places| &places.0)
    }
}

/// How something is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Manner {
    /// As words.
    Words,
    /// As words that no program answers.
    Notice,
    /// As something for programs alone.
    Tags,
}

impl Manner {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Words, Self::Notice, Self::Tags];

    /// In one word: as a log writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Notice => "notice",
            Self::Tags => "tags",
        }
    }

    /// The manner of that word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|manner| manner.word() == word)
    }
}

/// Tags as IRC writes them (`+reply=8888-17;+typing=active`), at most
/// [`limits::IRC_TAGS_BYTES_MAX`] bytes, without spaces and controls; empty for none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tags(Option<Box<Written>>);

/// Boxed once more, so that an event does not grow by what few have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Written(Box<str>);

impl Tags {
    /// Takes tags; nothing for what can be none.
    pub fn parse(written: &str) -> Option<Self> {
        let is_short = written.len() <= limits::IRC_TAGS_BYTES_MAX;
        let is_refused = |c: char| c.is_control() || c == ' ';
        let tags = || (!written.is_empty()).then(|| Box::new(Written(written.into())));
        (is_short && !written.contains(is_refused)).then(|| Self(tags()))
    }

    /// The tags.
    pub fn as_str(&self) -> &str {
        self.0.as_ref().map_or("", |written| &written.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_short_and_hold_nothing_that_ends_them() {
        for (written, is_taken) in [
            ("", true),
            ("+reply=8888-17;+typing", true),
            ("a b", false),
            ("a\r\nQUIT", false),
            (&"x".repeat(4_096), true),
            (&"x".repeat(4_097), false),
        ] {
            assert_eq!(Tags::parse(written).is_some(), is_taken, "{written:?}");
        }
    }
}
