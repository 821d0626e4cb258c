//! Name of a member: what is shown, and the keys by which two names are the same.
//!
//! Held to the PRECIS nickname rules (RFC 8266), which leave look-alikes to us. Does not know who
//! bears which name, nor how a door writes names that its protocol cannot carry.
//!
//! Invariants: what is shown begins with what no door takes for a notice or a command, holds no
//! character that is not seen, and no colon (the console shows `name: text`, so a name with one
//! could put words into another's mouth). A name that was shown parses to itself.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::iter;
use std::sync::{Arc, OnceLock};

use unicode_properties::{GeneralCategoryGroup, UnicodeEmoji as _, UnicodeGeneralCategory as _};

use crate::limits;
use crate::text::has_marks_in_a_row;

mod keys;
mod nickname;
mod scripts;

use keys::Keys;

/// A member's name: 1 to [`limits::NAME_CHARS_MAX`] characters. Cheap to clone.
///
/// Two names are equal only if they are written alike; whether they are the same in a group is
/// told by [`Name::is_same_as`].
#[derive(Clone)]
pub struct Name(Arc<Written>);

/// What the clones of a name share.
struct Written {
    shown: Box<str>,
    /// Found when first asked for: most names are read from a log only to be shown.
    keys: OnceLock<Keys>,
}

/// A longer input is not looked at: even spelt with one character for each mark, no name of
/// [`limits::NAME_CHARS_MAX`] characters needs as many bytes.
const TYPED_BYTES_MAX: usize = 4 * limits::NAME_BYTES_MAX;

// No name of so many characters can be longer in bytes, so that one check holds both limits.
const _: () = assert!(limits::NAME_CHARS_MAX * char::MAX.len_utf8() <= limits::NAME_BYTES_MAX);

impl Name {
    /// Takes what was typed as a name, spaces around it left off and runs of them made one.
    ///
    /// # Errors
    /// Where it cannot be a name: the rule that it breaks.
    pub fn parse(typed: &str) -> Result<Self, NameProblem> {
        let trimmed = typed.trim();
        if trimmed.len() > TYPED_BYTES_MAX {
            return Err(NameProblem::TooLong);
        }
        let shown = nickname::map(trimmed);
        let first = shown.chars().next().ok_or(NameProblem::Empty)?;
        if shown.chars().count() > limits::NAME_CHARS_MAX {
            return Err(NameProblem::TooLong);
        }
        nickname::check(&shown)?;
        if has_marks_in_a_row(&shown, limits::NAME_MARKS_MAX + 1) {
            return Err(NameProblem::TooManyMarks);
        }
        if shown.contains(is_refused_sign) || shown.chars().any(looks_like_refused_sign) {
            return Err(NameProblem::Sign);
        }
        if !may_begin(first) {
            return Err(NameProblem::Beginning);
        }
        if !scripts::go_together(&shown) {
            return Err(NameProblem::MixedScripts);
        }
        let name = Self::from_log(&shown);
        if name.keys().any(|key| keys::is_reserved(key)) {
            return Err(NameProblem::Reserved);
        }
        Ok(name)
    }

    /// Takes a name that a log wrote down: it was parsed before it was written, by the rules of
    /// that day, and is not held to those of today.
    pub fn from_log(stored: &str) -> Self {
        Self(Arc::new(Written { shown: stored.into(), keys: OnceLock::new() }))
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0.shown
    }

    /// The name as one word, as IRC shows it and masks hold for it too: what a nick cannot hold is
    /// an underscore.
    pub fn as_word(&self) -> Cow<'_, str> {
        let shown = self.as_str();
        // Most names are plain, and seen to be so faster by bytes: a list of members asks for each.
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !is_no_sign_of_words(byte.into());
        if shown.bytes().all(is_plain) || !shown.contains(is_no_sign_of_words) {
            shown.into()
        } else {
            shown.replace(is_no_sign_of_words, "_").into()
        }
    }

    /// Alike for names that are the same but for upper and lower case, with look-alikes of what
    /// is lower case.
    pub fn key(&self) -> &Arc<str> {
        &self.found_keys().caseless
    }

    /// What the name is compared by. Two names are the same if they have one of these in common:
    /// capitals look like other letters than small ones do, so one key cannot tell both.
    pub fn keys(&self) -> impl Iterator<Item = &Arc<str>> {
        let keys = self.found_keys();
        iter::once(&keys.caseless).chain(&keys.as_written)
    }

    /// The version of the keys of names: who has stored keys of another one makes them anew.
    pub fn keys_version() -> String {
        keys::version()
    }

    /// Whether it is the same name, or one that looks like it.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.keys().any(|key| other.keys().any(|other_key| key == other_key))
    }

    fn found_keys(&self) -> &Keys {
        self.0.keys.get_or_init(|| Keys::of(self.as_str()))
    }
}

/// Signs by which IRC tells apart names, masks and what is said, so that no name can hold them
/// there (`name!name@door`, `*`, `?`, lists with commas), and the colon.
fn is_refused_sign(c: char) -> bool {
    matches!(c, ':' | ',' | '!' | '@' | '?' | '*')
}

/// Spaces, and what would make a nick a channel, a server or a rank.
fn is_no_sign_of_words(c: char) -> bool {
    c.is_whitespace() || matches!(c, '.' | '#' | '&' | '$' | '%' | '~')
}

/// Whether it could be read as a colon, or as the asterisk that notices begin with.
fn looks_like_refused_sign(c: char) -> bool {
    // Asterisks among the ornaments, and signs that no table of look-alikes has.
    matches!(c, '\u{2217}' | '\u{2722}'..='\u{2725}' | '\u{2731}'..='\u{2734}' | '\u{273a}'..='\u{273d}')
        || !c.is_ascii()
            && unicode_security::skeleton(c.encode_utf8(&mut [0; 4]))
                .any(|prototype| matches!(prototype, ':' | '*'))
}

/// Whether a name may begin with it: other signs begin notices (`*`), commands (`/`), channels
/// (`#`), earlier messages (`[`) or ranks (`@`, `+`), and a mark would change what stands before.
fn may_begin(first: char) -> bool {
    let is_mark = first.general_category_group() == GeneralCategoryGroup::Mark;
    first == '_'
        || first.is_alphanumeric() && !is_mark
        || first.is_emoji_char() && !first.is_ascii()
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Name").field(&self.as_str()).finish()
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
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
    /// It holds a character that is not seen: of control, of direction, a joiner, a filler.
    #[error("a name has no invisible characters; emoji that are joined of several have some")]
    Invisible,
    /// It holds a character that a name may not have.
    #[error("a name has letters, digits, single emoji, common signs and spaces between them only")]
    NotAllowed,
    /// More than [`limits::NAME_MARKS_MAX`] combining marks in a row.
    #[error("a letter of a name has at most {} combining marks", limits::NAME_MARKS_MAX)]
    TooManyMarks,
    /// It holds a sign that tells names from other things.
    #[error("a name has none of the signs : , ! ? @ * and nothing that looks like : or *")]
    Sign,
    /// It begins with what could be taken for something else than a name.
    #[error("a name begins with a letter, a digit, an emoji or _")]
    Beginning,
    /// It mixes scripts in a way that serves to imitate (Latin and Cyrillic letters).
    #[error("a name keeps to one alphabet, or has whole words of Latin letters beside it")]
    MixedScripts,
    /// It is kept for the server itself (`server`, `admin`, `system`).
    #[error("the name is kept for the server; choose another")]
    Reserved,
}

#[cfg(test)]
mod tests;
