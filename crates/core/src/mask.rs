//! Mask: whom a ban or a mute holds for, as `nick!user@host` with `*` and `?`.
//!
//! A name of several words is held against it as one word as well ([`Name::as_word`]), which is how
//! IRC shows it: whoever is banned by what was seen of it is banned at every door. Does not know who
//! is in a group.
//! Invariants: a mask is written in one way (all three parts, none empty), and matching takes at
//! most the product of both lengths, whatever the stars.

use std::fmt;
use std::sync::Arc;

use crate::{Identity, Name, limits};

/// A pattern of identities. Upper and lower case of ASCII are the same; a mask whose first part
/// has no star or question mark holds for that name as names are compared, so that it is not
/// escaped by a look-alike. Cheap to clone.
#[derive(Clone)]
pub struct Mask(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    written: Box<str>,
    nick: Part,
    user: Part,
    host: Part,
}

/// One part of a mask.
#[derive(Debug)]
enum Part {
    Anything,
    /// A name, or what can be none written small.
    Exactly(Option<Name>, Box<str>),
    Pattern(Box<str>),
}

/// Why something typed cannot be a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a name or a pattern such as *!*@host is needed, of at most {} bytes",
    limits::MASK_BYTES_MAX
)]
pub struct MaskProblem;

impl Mask {
    /// Reads a mask; what is left out is a star: `Dan` is `Dan!*@*`, `*@host` is `*!*@host`.
    ///
    /// # Errors
    /// Where it is empty, longer than [`limits::MASK_BYTES_MAX`] bytes, or has control characters.
    pub fn parse(typed: &str) -> Result<Self, MaskProblem> {
        let typed = typed.trim();
        if typed.is_empty() || typed.len() > limits::MASK_BYTES_MAX {
            return Err(MaskProblem);
        }
        if typed.chars().any(char::is_control) {
            return Err(MaskProblem);
        }
        Ok(Self::split(typed))
    }

    fn split(typed: &str) -> Self {
        let (nick, rest) = match typed.split_once('!') {
            Some((nick, rest)) => (nick, rest),
            None if typed.contains('@') => ("*", typed),
            None => (typed, "*"),
        };
        let (user, host) = rest.split_once('@').unwrap_or((rest, "*"));
        let whole = |part: &str| if part.is_empty() { "*".to_owned() } else { part.to_owned() };
        Self::of_parts(&whole(nick), &whole(user), &whole(host))
    }

    /// The mask of one name, whatever the rest.
    pub fn of_name(name: &Name) -> Self {
        // A name has none of the signs that masks are made of.
        let nick = Part::Exactly(Some(name.clone()), name.as_str().to_ascii_lowercase().into());
        Self::new(name.as_str(), nick, "*", "*")
    }

    /// Takes a mask that a log wrote down.
    pub fn from_log(stored: &str) -> Self {
        // Written whole, so that it may be longer than what was typed.
        Self::split(stored)
    }

    fn of_parts(nick: &str, user: &str, host: &str) -> Self {
        let part = match Part::of(nick) {
            Part::Exactly(_, small) => Part::Exactly(Name::parse(nick).ok(), small),
            part => part,
        };
        Self::new(nick, part, user, host)
    }

    fn new(written_nick: &str, nick: Part, user: &str, host: &str) -> Self {
        let written = format!("{written_nick}!{user}@{host}").into_boxed_str();
        let (user, host) = (Part::of(user), Part::of(host));
        Self(Arc::new(Parts { written, nick, user, host }))
    }

    /// The mask as it is shown, with all its parts.
    pub fn as_str(&self) -> &str {
        &self.0.written
    }

    /// The name that it holds for, where it holds for a name and nothing else: what a person typed.
    pub fn name(&self) -> Option<&str> {
        self.0.written.strip_suffix("!*@*").filter(|nick| !nick.contains(['*', '?']))
    }

    /// Whether it is the same mask, however it is written: on IRC spaces are underscores.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let signs = |mask: &Self| {
            let one_word = |c: char| if c.is_whitespace() { '_' } else { c.to_ascii_lowercase() };
            mask.as_str().chars().map(one_word).collect::<String>()
        };
        self.as_str().eq_ignore_ascii_case(other.as_str()) || signs(self) == signs(other)
    }

    /// Whether it holds for somebody.
    pub fn holds_for(&self, identity: &Identity<'_>) -> bool {
        let Parts { nick, user, host, .. } = &*self.0;
        let word = identity.name.as_word();
        let is_called = |part: &Part, name: &Name| match part {
            Part::Exactly(Some(named), _) => named.is_same_as(name),
            part => part.holds_for(name.as_str()),
        };
        let is_named = is_called(nick, identity.name)
            || *word != *identity.name.as_str() && is_called(nick, &Name::from_log(&word));
        // What it does is shown with its name in both places, whatever user it says it is.
        let is_user = [identity.user, identity.name.as_str(), &word];
        let is_user = is_user.into_iter().any(|name| user.holds_for(name));
        is_named && is_user && host.holds_for(identity.host)
    }
}

impl Part {
    fn of(written: &str) -> Self {
        if written.bytes().all(|byte| byte == b'*') {
            return Self::Anything;
        }
        let small = written.to_ascii_lowercase().into_boxed_str();
        if written.contains(['*', '?']) { Self::Pattern(small) } else { Self::Exactly(None, small) }
    }

    fn holds_for(&self, text: &str) -> bool {
        match self {
            Self::Anything => true,
            Self::Exactly(_, small) => small.eq_ignore_ascii_case(text),
            Self::Pattern(small) => matches(small, text),
        }
    }
}

/// Whether a pattern, written small, matches a text: a star stands for any characters, a question
/// mark for one. Goes back to the last star only, so it takes no longer than both lengths' product.
fn matches(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    let mut last_star = None;
    loop {
        let mut rest = text.clone();
        let Some(c) = rest.next() else { return pattern.all(|sign| sign == '*') };
        let mut after = pattern.clone();
        match after.next() {
            Some('*') => {
                last_star = Some((after.clone(), text.clone()));
                pattern = after;
            }
            Some(sign) if sign == '?' || sign == c.to_ascii_lowercase() => {
                (pattern, text) = (after, rest);
            }
            _ => {
                // The star takes one character more.
                let Some((after_star, mut taken)) = last_star else { return false };
                taken.next();
                (pattern, text) = (after_star.clone(), taken.clone());
                last_star = Some((after_star, taken));
            }
        }
    }
}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mask").field(&self.as_str()).finish()
    }
}

impl PartialEq for Mask {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Mask {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(mask: &str, name: &str, user: &str, host: &str, expected: bool) {
        let name = Name::parse(name).unwrap();
        let identity = Identity { name: &name, user, host };
        let mask = Mask::parse(mask).unwrap();
        assert_eq!(mask.holds_for(&identity), expected, "{mask} {identity:?}");
        assert_eq!(Mask::from_log(mask.as_str()), mask);
    }

    #[test]
    fn a_mask_is_written_with_all_its_parts() {
        for (typed, expected) in [
            ("Dan", "Dan!*@*"),
            (" Dan Cohen ", "Dan Cohen!*@*"),
            ("Dan!d", "Dan!d@*"),
            ("d@irc", "*!d@irc"),
            ("@irc", "*!*@irc"),
            ("!@", "*!*@*"),
            ("*!*@irc", "*!*@irc"),
            ("a!b!c@d@e", "a!b!c@d@e"),
        ] {
            assert_eq!(Mask::parse(typed).unwrap().as_str(), expected, "{typed}");
        }
        let longest = Mask::parse(&"x".repeat(limits::MASK_BYTES_MAX)).unwrap();
        assert_eq!(Mask::from_log(longest.as_str()), longest);
        for typed in ["", "  ", "a\nb", "a\u{9b}b", &"x".repeat(limits::MASK_BYTES_MAX + 1)] {
            assert_eq!(Mask::parse(typed), Err(MaskProblem), "{typed:?}");
        }
    }

    #[test]
    fn a_mask_holds_for_whom_it_names() {
        check("dan", "Dan", "d", "irc", true);
        check("dan", "Dana", "d", "irc", false);
        check("dan*", "Dana", "d", "irc", true);
        check("d?n", "DAN", "d", "irc", true);
        check("d?n", "Dean", "d", "irc", false);
        check("*!D@IRC", "Dan", "d", "irc", true);
        check("*!d@console", "Dan", "d", "irc", false);
        check("*!*@*rc", "Dan", "d", "irc", true);
        check("*!dan@irc", "Dan", "~d", "irc", true);
        check("*!*d@irc", "Dan", "~d", "irc", true);
        check("*!dana@irc", "Dan", "~d", "irc", false);
        check("*a*a*!*@*", "Danab", "d", "irc", true);
        check("*a*a*a*!*@*", "Danab", "d", "irc", false);
        check("ד?ן", "דין", "d", "irc", true);
    }

    #[test]
    fn a_mask_of_a_name_is_not_escaped_by_one_that_looks_like_it() {
        check("Paul", "PauI", "d", "irc", true);
        check("дима", "ДИМА", "d", "irc", true);
        assert_eq!(Mask::parse("Paul").unwrap().name(), Some("Paul"));
        for other in ["Pau?", "*!*@irc", "Paul!p@*"] {
            assert_eq!(Mask::parse(other).unwrap().name(), None, "{other}");
        }
    }

    #[test]
    fn a_name_of_several_words_is_held_by_what_irc_shows_of_it() {
        for mask in ["Noya Cohen", "noya_cohen", "Noya_*", "Noya_Cohen!Noya_Cohen@web", "*!noya*@*"]
        {
            check(mask, "Noya Cohen", "Noya Cohen", "web", true);
        }
        check("נויה_כהן", "נויה כהן", "נויה כהן", "web", true);
        check("Noya_Levi", "Noya Cohen", "Noya Cohen", "web", false);
        check("Noya Cohen", "Noya_Cohen", "n", "irc", false);
        let same = |one, other| {
            let parsed = |mask| Mask::parse(mask).unwrap();
            parsed(one).is_same_as(&parsed(other))
        };
        assert!(same("Noya Cohen", "noya_cohen!*@*"));
        assert!(!same("Noya Cohen", "NoyaCohen"));
    }

    /// As simple as can be, and slow.
    fn matches_plainly(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), None) => matches_plainly(rest, text),
            (Some(('*', rest)), Some((_, text_rest))) => {
                matches_plainly(rest, text) || matches_plainly(pattern, text_rest)
            }
            (Some(('?', rest)), Some((_, text_rest))) => matches_plainly(rest, text_rest),
            (Some((sign, rest)), Some((c, text_rest))) => {
                sign == c && matches_plainly(rest, text_rest)
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn matching_is_what_the_plain_rules_say(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(matches(&pattern, &text), matches_plainly(&chars(&pattern), &chars(&text)));
        }
    }
}
