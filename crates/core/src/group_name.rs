//! What a group goes by: its number, and an alias where it was given one.
//!
//! Does not know how a door writes either, nor which aliases are taken.

use std::fmt;
use std::sync::Arc;

use crate::{GroupId, limits};

/// What a group goes by. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupName {
    /// Its number, which it always has.
    pub id: GroupId,
    /// Its alias, where it was given one.
    pub alias: Option<Alias>,
}

impl From<GroupId> for GroupName {
    fn from(id: GroupId) -> Self {
        Self { id, alias: None }
    }
}

/// A word that a group goes by beside its number, as `tea` in `#tea`: without the sign, not a
/// number, of letters that no protocol takes for its own.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Alias(Arc<str>);

impl Alias {
    /// Reads an alias, with or without the sign before it; nothing for what can be none.
    pub fn parse(typed: &str) -> Option<Self> {
        let word = typed.strip_prefix('#').unwrap_or(typed);
        let is_short = !word.is_empty() && word.len() <= limits::ALIAS_BYTES_MAX;
        let is_plain =
            word.chars().all(|letter| letter.is_alphanumeric() || "-_.".contains(letter));
        let is_number = word.chars().all(|letter| letter.is_ascii_digit());
        // Caseless, as people say it; so that it is written one way wherever it stands.
        (is_short && is_plain && !is_number).then(|| Self(word.to_lowercase().into()))
    }

    /// The word, without a sign.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Alias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Alias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Alias({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_is_a_word_and_no_number() {
        for (typed, expected) in [
            ("tea", Some("tea")),
            ("#Tea", Some("tea")),
            ("tea-4.b_c", Some("tea-4.b_c")),
            ("תה", Some("תה")),
            ("", None),
            ("#", None),
            ("8888", None),
            ("##tea", None),
            ("tea time", None),
            ("tea,cake", None),
            ("tea\r", None),
            ("tea\u{202e}", None),
            (&"x".repeat(50), Some(&*"x".repeat(50))),
            (&"x".repeat(51), None),
        ] {
            assert_eq!(Alias::parse(typed).as_ref().map(Alias::as_str), expected, "{typed:?}");
        }
    }
}
