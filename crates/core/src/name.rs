//! Name of a member: what is shown, and the key by which two names are the same.
//!
//! Held to the PRECIS nickname profile (RFC 8266), which leaves look-alikes to us: the key is the
//! case-folded confusable skeleton (UTS #39). Does not know who bears which name.

use std::fmt;
use std::sync::Arc;

use precis_profiles::Nickname;
use precis_profiles::precis_core::profile::PrecisFastInvocation as _;

use crate::limits;
use crate::text::has_marks_in_a_row;

/// A member's name: 1 to [`limits::NAME_CHARS_MAX`] characters. Cheap to clone.
///
/// Two names are equal only if they are written alike; whether they are the same in a group is
/// told by [`Name::key`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    shown: Arc<str>,
    key: Arc<str>,
}

impl Name {
    /// Takes what was typed as a name, spaces around it left off.
    ///
    /// # Errors
    /// Where it cannot be a name: the rule that it breaks.
    pub fn parse(typed: &str) -> Result<Self, NameProblem> {
        let trimmed = typed.trim();
        if trimmed.is_empty() {
            return Err(NameProblem::Empty);
        }
        let shown = Nickname::enforce(trimmed).map_err(|_profile_error| NameProblem::NotAllowed)?;
        if shown.chars().count() > limits::NAME_CHARS_MAX || shown.len() > limits::NAME_BYTES_MAX {
            return Err(NameProblem::TooLong);
        }
        if has_marks_in_a_row(&shown, limits::NAME_MARKS_MAX + 1) {
            return Err(NameProblem::NotAllowed);
        }
        let key = key_of(&shown);
        Ok(Self { shown: shown.as_ref().into(), key: key.into() })
    }

    /// Takes a name that a log wrote down: it was parsed before it was written, by the rules of
    /// that day, and is not held to those of today.
    pub fn from_log(stored: &str) -> Self {
        Self { shown: stored.into(), key: key_of(stored).into() }
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// What is compared: alike for names that differ only in case or look the same.
    pub fn key(&self) -> &Arc<str> {
        &self.key
    }
}

fn key_of(shown: &str) -> String {
    let folded = shown.to_lowercase();
    unicode_security::skeleton(&folded).collect::<String>().to_lowercase()
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Why something typed cannot be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameProblem {
    /// Nothing was typed.
    #[error("a name has at least one character")]
    Empty,
    /// Longer than [`limits::NAME_CHARS_MAX`] characters.
    #[error("a name has at most {} characters", limits::NAME_CHARS_MAX)]
    TooLong,
    /// It holds a character that a name may not have.
    #[error("a name has letters, digits, marks, inner spaces and common signs only")]
    NotAllowed,
    /// It mixes scripts in a way that serves to imitate (Latin and Cyrillic letters).
    #[error("a name does not mix alphabets that look alike")]
    MixedScripts,
    /// It is kept for the server itself (`server`, `admin`, `system`).
    #[error("the name is kept for the server")]
    Reserved,
}
