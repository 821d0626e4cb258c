//! The numbers and ids things go by: groups, members, places in the log, sends.
//!
//! Does not know where they are drawn or stored: entropy is a parameter.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use crate::limits;

/// Number of a group: decimal digits, said over the phone, never reused while the group exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(u64);

/// Numbers of direct conversations: above those of groups, and within what any store can count.
const DIRECT_IDS: Range<u64> = 10_u64.pow(limits::GROUP_ID_DIGITS_MAX)..1 << 62;

impl GroupId {
    /// Number `value`, where it has as many digits as a group's number may have.
    pub fn new(value: u64) -> Option<Self> {
        let range =
            10_u64.pow(limits::GROUP_ID_DIGITS_MIN - 1)..10_u64.pow(limits::GROUP_ID_DIGITS_MAX);
        range.contains(&value).then_some(Self(value))
    }

    /// The number that a log wrote down: of a group or of a direct conversation.
    pub fn from_log(value: u64) -> Option<Self> {
        (DIRECT_IDS.contains(&value)).then_some(Self(value)).or_else(|| Self::new(value))
    }

    /// Makes the number of a direct conversation of entropy. It has more digits than are read, so
    /// that nobody can type it.
    pub fn draw_direct(entropy: u64) -> Self {
        Self(DIRECT_IDS.start + entropy % (DIRECT_IDS.end - DIRECT_IDS.start))
    }

    /// Whether it is the number of a direct conversation.
    pub const fn is_direct(self) -> bool {
        self.0 >= DIRECT_IDS.start
    }

    /// The number as an integer.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Makes a number of entropy: as short as can be while at most one in
    /// [`limits::GROUP_ID_SPARSITY`] numbers of its length is taken by the `group_count` groups
    /// that there are. The caller draws again where it is taken.
    pub fn draw(entropy: u64, group_count: u64) -> Self {
        let mut digits = limits::GROUP_ID_DIGITS_MIN;
        while digits < limits::GROUP_ID_DIGITS_MAX
            && group_count.saturating_mul(limits::GROUP_ID_SPARSITY) >= Self::count_of(digits)
        {
            digits += 1;
        }
        // The bias of the remainder is below one in 2^4 of nothing that matters: an ID is no secret.
        Self(10_u64.pow(digits - 1) + entropy % Self::count_of(digits))
    }

    /// How many numbers have `digits` digits and no leading zero.
    const fn count_of(digits: u32) -> u64 {
        9 * 10_u64.pow(digits - 1)
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What was typed is not the number of any group that could exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a group ID is a number of {} digits or more", limits::GROUP_ID_DIGITS_MIN)]
pub struct NotAGroupId;

impl FromStr for GroupId {
    type Err = NotAGroupId;

    /// Reads `8888` and `#8888`, with spaces around.
    fn from_str(typed: &str) -> Result<Self, NotAGroupId> {
        let trimmed = typed.trim();
        let digits = trimmed.strip_prefix('#').unwrap_or(trimmed);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotAGroupId);
        }
        digits.parse().ok().and_then(Self::new).ok_or(NotAGroupId)
    }
}

/// Sequence number of an event in its group: from 1, rising by one with each event.
///
/// Zero stands for the place before the first event, where a cursor of a new group stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub u64);

impl Seq {
    /// Before the first event.
    pub const ZERO: Self = Self(0);

    /// The number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The number `count` places after this one.
    #[must_use]
    pub const fn plus(self, count: u64) -> Self {
        Self(self.0.saturating_add(count))
    }

    /// The number `count` places before this one, not below zero.
    #[must_use]
    pub const fn minus(self, count: u64) -> Self {
        Self(self.0.saturating_sub(count))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Random number of a log, changed whenever its history was replaced (a backup was restored). A
/// cursor of another epoch does not fit and is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(pub u64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A member of one group: counted from 1 in the order of joining, never reused in that group.
/// Member 1 made the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(pub u64);

impl MemberId {
    /// Stands for who speaks without being a member.
    pub const OUTSIDE: Self = Self(0);
}

/// Name that a client gives to one send, so that a retry of it lands once. Opaque, compared byte
/// by byte, 1 to [`limits::CLIENT_ID_BYTES_MAX`] bytes, no control characters. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(Arc<str>);

impl ClientId {
    /// Takes `given` as a client id, where it is one.
    pub fn parse(given: &str) -> Option<Self> {
        let fits = (1..=limits::CLIENT_ID_BYTES_MAX).contains(&given.len());
        (fits && !given.chars().any(char::is_control)).then(|| Self(given.into()))
    }

    /// The id as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_id_is_read_as_people_write_it() {
        for (typed, expected) in [
            ("8888", Some(8888)),
            (" #8888 ", Some(8888)),
            ("12345", Some(12345)),
            ("888", None),
            ("0888", None),
            ("", None),
            ("#", None),
            ("-8888", None),
            ("+8888", None),
            ("88 88", None),
            ("٨٨٨٨", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(typed.parse().ok().map(GroupId::get), expected, "{typed:?}");
        }
    }

    #[test]
    fn the_number_of_a_direct_conversation_cannot_be_typed() {
        for entropy in [0, 1, u64::MAX, 0x1234_5678_9abc_def0] {
            let id = GroupId::draw_direct(entropy);
            assert!(id.is_direct());
            assert_eq!(id.to_string().parse::<GroupId>(), Err(NotAGroupId), "{id}");
            assert_eq!((GroupId::new(id.get()), GroupId::from_log(id.get())), (None, Some(id)));
        }
        let longest = GroupId::new(10_u64.pow(limits::GROUP_ID_DIGITS_MAX) - 1).unwrap();
        assert!(!longest.is_direct());
        assert_eq!(GroupId::from_log(longest.get()), Some(longest));
        assert_eq!(GroupId::from_log(u64::MAX), None);
    }

    #[test]
    fn a_client_id_is_short_and_has_no_controls() {
        for (given, is_one) in [
            ("", false),
            ("c-1", true),
            ("שלום", true),
            (&"x".repeat(64), true),
            (&"x".repeat(65), false),
            (&"א".repeat(33), false),
            ("a\nb", false),
            ("a\u{85}", false),
        ] {
            let parsed = ClientId::parse(given);
            assert_eq!(parsed.as_ref().map(ClientId::as_str), is_one.then_some(given), "{given:?}");
        }
    }

    #[test]
    fn group_ids_have_four_digits_while_there_are_few_and_grow_as_they_fill() {
        for (group_count, digits) in [(0, 4), (899, 4), (900, 5), (8_999, 5), (9_000, 6)] {
            for entropy in [0, 1, u64::MAX, 0x1234_5678_9abc_def0] {
                let id = GroupId::draw(entropy, group_count);
                assert_eq!(id.to_string().len(), digits, "{group_count} groups");
            }
        }
    }
}
