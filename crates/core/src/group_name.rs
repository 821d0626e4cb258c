//! What a group goes by: its number, and an alias where it was given one.
//!
//! Does not know how a door writes either, nor which aliases are taken.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::text::{is_blank, is_ignorable};
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

/// A word that a group goes by beside its number, as `tea` in `#tea`: without the sign, no number,
/// 1 to [`limits::ALIAS_BYTES_MAX`] bytes that IRC can carry as a channel. Upper and lower case of
/// ASCII are the same; it is shown as whoever made the group wrote it. Cheap to clone.
#[derive(Clone)]
pub struct Alias(Arc<str>);

impl Alias {
    /// Reads an alias, with or without the sign before it; nothing for what can be none.
    pub fn parse(typed: &str) -> Option<Self> {
        let word = typed.strip_prefix('#').unwrap_or(typed);
        let is_refused = |c: char| {
            is_blank(c)
                || is_ignorable(c)
                || c.is_control()
                || matches!(c, ',' | ':' | '*' | '?' | '!' | '@' | '/' | '\\')
        };
        let is_short = !word.is_empty() && word.len() <= limits::ALIAS_BYTES_MAX;
        let is_number = word.chars().all(|c| c.is_ascii_digit());
        let is_one = is_short && !is_number && !word.starts_with('#') && !word.contains(is_refused);
        is_one.then(|| Self(word.into()))
    }

    /// The word, without a sign.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Alias {
    fn eq(&self, other: &Self) -> bool {
        self.as_str().eq_ignore_ascii_case(other.as_str())
    }
}

impl Eq for Alias {}

impl Hash for Alias {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.bytes().for_each(|byte| state.write_u8(byte.to_ascii_lowercase()));
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
            ("#Tea", Some("Tea")),
            ("tea-4.b_c", Some("tea-4.b_c")),
            ("c++", Some("c++")),
            ("c#", Some("c#")),
            ("תה", Some("תה")),
            ("", None),
            ("#", None),
            ("8888", None),
            ("##tea", None),
            ("tea time", None),
            ("tea,cake", None),
            ("tea/cake", None),
            ("t*", None),
            ("tea\r", None),
            ("tea\u{202e}", None),
            (&"x".repeat(50), Some(&*"x".repeat(50))),
            (&"x".repeat(51), None),
        ] {
            assert_eq!(Alias::parse(typed).as_ref().map(Alias::as_str), expected, "{typed:?}");
        }
    }

    #[test]
    fn an_alias_is_the_same_in_capitals() {
        let hash_of = |alias: &Alias| {
            let mut hasher = std::collections::hash_map::DefaultHasher::new();
            alias.hash(&mut hasher);
            hasher.finish()
        };
        let (tea, capitals) = (Alias::parse("tea").unwrap(), Alias::parse("#TEA").unwrap());
        assert_eq!(tea, capitals);
        assert_eq!(hash_of(&tea), hash_of(&capitals));
        assert_ne!(tea, Alias::parse("teä").unwrap());
    }
}
