//! Role: what a member may do in its group beyond what all may.
//!
//! Does not know which command needs which role: the group decides.

/// What a member may do beyond what all may; a later one may all that an earlier one may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// What all may.
    #[default]
    Member,
    /// Says who may speak and come in, removes members, and changes the settings (IRC: `@`).
    Moderator,
    /// Made the group. As a moderator, and nobody else takes that away (IRC: `@`).
    Owner,
}

impl Role {
    /// In one word, the same on every door.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Owner => "owner",
        }
    }

    /// The role of that word.
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Member, Self::Moderator, Self::Owner].into_iter().find(|role| role.word() == word)
    }
}

/// What one member gives another, or takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Power {
    /// Being a moderator (IRC: `o`).
    Moderator,
    /// Having a voice: speaking where only some may (IRC: `v`).
    Voice,
}

impl Power {
    /// In one word, the same on every door.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Moderator => "moderator",
            Self::Voice => "voice",
        }
    }

    /// The power of that word.
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Moderator, Self::Voice].into_iter().find(|power| power.word() == word)
    }
}

/// What a member is shown to be: the most of its powers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Made the group.
    Owner,
    /// A moderator.
    Moderator,
    /// Has a voice.
    Voiced,
    /// As all.
    Member,
}

impl Standing {
    /// In one word, the same on every door.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Moderator => "moderator",
            Self::Voiced => "voiced",
            Self::Member => "member",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_of_one_role_and_one_power() {
        for role in [Role::Member, Role::Moderator, Role::Owner] {
            assert_eq!(Role::of_word(role.word()), Some(role));
        }
        for power in [Power::Moderator, Power::Voice] {
            assert_eq!(Power::of_word(power.word()), Some(power));
        }
        assert_eq!(Role::of_word("voice"), None);
        assert_eq!(Power::of_word("member"), None);
    }
}
