//! Settings: what holds for a group as a whole, as its moderators have set it.
//!
//! Changes by the events of the group's log and in no other way, like the group. Does not know who
//! may change what: the group decides. Invariant: every list is bounded.

use std::num::NonZeroU32;

use crate::{Identity, Mask, Name, PasswordHash, Timestamp, limits};

/// What is on or off in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Flag {
    /// Only who has a voice, and moderators, may speak (IRC: `m`).
    Moderated,
    /// Only moderators may set the topic (IRC: `t`).
    TopicLocked,
    /// Only who is invited may join (IRC: `i`).
    InviteOnly,
    /// It is in no list (IRC: `s`).
    Secret,
    /// Only members may speak (IRC: `n`). On from the beginning.
    NoExternal,
    /// Nobody new may join; who is in the group stays and speaks.
    Closed,
}

impl Flag {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Moderated,
        Self::TopicLocked,
        Self::InviteOnly,
        Self::Secret,
        Self::NoExternal,
        Self::Closed,
    ];

    /// In one word: as a log writes it and programs read it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Moderated => "moderated",
            Self::TopicLocked => "topic-locked",
            Self::InviteOnly => "invite-only",
            Self::Secret => "secret",
            Self::NoExternal => "no-external",
            Self::Closed => "closed",
        }
    }

    /// The flag of that word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| flag.word() == word)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A list of masks that a group has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Listing {
    /// Who may neither join nor, while in the group, speak or change its name (IRC: `b`).
    Bans,
    /// Whom no ban holds for (IRC: `e`).
    BanExceptions,
    /// Who may be in the group and not speak or change its name.
    Mutes,
    /// Who needs no invitation (IRC: `I`).
    InviteExceptions,
}

impl Listing {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::Bans, Self::BanExceptions, Self::Mutes, Self::InviteExceptions];

    /// In one word: as a log writes it and programs read it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bans => "bans",
            Self::BanExceptions => "ban-exceptions",
            Self::Mutes => "mutes",
            Self::InviteExceptions => "invite-exceptions",
        }
    }

    /// The list of that word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|listing| listing.word() == word)
    }
}

/// A change of the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A flag is on or off from here on.
    Flag {
        /// Which.
        flag: Flag,
        /// Whether it is on.
        is_on: bool,
    },
    /// Nobody joins while there are so many members; nothing for no such limit (IRC: `l`).
    MembersMax(Option<NonZeroU32>),
    /// The password to join with; nothing where none is needed (IRC: `k`).
    Password(Option<PasswordHash>),
    /// A mask is put on a list.
    Listed(Listing, Mask),
    /// A mask is taken off a list.
    Unlisted(Listing, Mask),
    /// Whoever has that name may join once, whatever ban, limit or need of an invitation there is.
    Invited(Name),
}

impl Change {
    /// Bytes of what it holds, beside itself: what it counts in memory bounds.
    pub fn weight(&self) -> usize {
        match self {
            Self::Flag { .. } | Self::MembersMax(_) | Self::Invited(_) => 0,
            Self::Password(hash) => hash.as_ref().map_or(0, |hash| hash.as_phc().len()),
            // Each part is kept by itself as well.
            Self::Listed(_, mask) | Self::Unlisted(_, mask) => 2 * mask.as_str().len(),
        }
    }
}

/// A mask on a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// The mask.
    pub mask: Mask,
    /// Name of who put it there.
    pub by: Name,
    /// When.
    pub at: Timestamp,
}

/// What it takes to join, apart from the rest of the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Lock {
    /// What the group was made with.
    #[default]
    AsMade,
    /// No password.
    Open,
    /// The password of that hash.
    Password(PasswordHash),
}

/// What holds for a group as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    flags: u8,
    /// See [`Change::MembersMax`].
    pub members_max: Option<NonZeroU32>,
    /// See [`Change::Password`].
    pub lock: Lock,
    lists: [Vec<Noted>; 4],
    /// Names that may join once, oldest first.
    invitations: Vec<Name>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            flags: Flag::NoExternal.bit(),
            members_max: None,
            lock: Lock::AsMade,
            lists: Default::default(),
            invitations: Vec::new(),
        }
    }
}

impl Settings {
    /// Whether a flag is on.
    pub const fn has(&self, flag: Flag) -> bool {
        self.flags & flag.bit() != 0
    }

    /// The masks of a list, oldest first.
    pub fn list(&self, listing: Listing) -> &[Noted] {
        let [bans, ban_exceptions, mutes, invite_exceptions] = &self.lists;
        match listing {
            Listing::Bans => bans,
            Listing::BanExceptions => ban_exceptions,
            Listing::Mutes => mutes,
            Listing::InviteExceptions => invite_exceptions,
        }
    }

    const fn list_mut(&mut self, listing: Listing) -> &mut Vec<Noted> {
        let [bans, ban_exceptions, mutes, invite_exceptions] = &mut self.lists;
        match listing {
            Listing::Bans => bans,
            Listing::BanExceptions => ban_exceptions,
            Listing::Mutes => mutes,
            Listing::InviteExceptions => invite_exceptions,
        }
    }

    /// The names that may join once, oldest first.
    pub fn invitations(&self) -> &[Name] {
        &self.invitations
    }

    /// Whether that name may join once.
    pub fn is_invited(&self, name: &Name) -> bool {
        self.invitations.iter().any(|invited| invited.is_same_as(name))
    }

    /// Whether a list holds somebody.
    pub fn lists(&self, listing: Listing, identity: &Identity<'_>) -> bool {
        self.list(listing).iter().any(|noted| noted.mask.holds_for(identity))
    }

    /// Whether somebody is banned, and no exception holds.
    pub fn bans(&self, identity: &Identity<'_>) -> bool {
        self.lists(Listing::Bans, identity) && !self.lists(Listing::BanExceptions, identity)
    }

    /// Whether a change would change anything.
    pub fn would_change_by(&self, change: &Change) -> bool {
        let is_listed =
            |listing, mask| self.list(listing).iter().any(|noted| noted.mask.is_same_as(mask));
        match change {
            Change::Flag { flag, is_on } => self.has(*flag) != *is_on,
            Change::MembersMax(count) => self.members_max != *count,
            Change::Password(_) => true,
            Change::Listed(listing, mask) => !is_listed(*listing, mask),
            Change::Unlisted(listing, mask) => is_listed(*listing, mask),
            Change::Invited(name) => !self.is_invited(name),
        }
    }

    /// Whether a list that a change would add to takes no more.
    pub fn is_full_for(&self, change: &Change) -> bool {
        match change {
            Change::Listed(listing, _) => self.list(*listing).len() >= limits::MASKS_MAX,
            _ => false,
        }
    }

    /// Changes them. What the log holds beyond a bound (two processes wrote at once) is left out.
    pub fn apply(&mut self, change: &Change, by: &Name, at: Timestamp) {
        if !self.would_change_by(change) || self.is_full_for(change) {
            return;
        }
        match change {
            Change::Flag { flag, is_on: true } => self.flags |= flag.bit(),
            Change::Flag { flag, is_on: false } => self.flags &= !flag.bit(),
            Change::MembersMax(count) => self.members_max = *count,
            Change::Password(None) => self.lock = Lock::Open,
            Change::Password(Some(hash)) => self.lock = Lock::Password(hash.clone()),
            Change::Listed(listing, mask) => {
                let (mask, by) = (mask.clone(), by.clone());
                self.list_mut(*listing).push(Noted { mask, by, at });
            }
            Change::Unlisted(listing, mask) => {
                self.list_mut(*listing).retain(|noted| !noted.mask.is_same_as(mask));
            }
            Change::Invited(name) => {
                if self.invitations.len() >= limits::INVITATIONS_MAX {
                    self.invitations.remove(0);
                }
                self.invitations.push(name.clone());
            }
        }
    }

    /// Notes that somebody of that name has joined: its invitation is used up.
    pub fn use_up_invitation(&mut self, name: &Name) {
        self.invitations.retain(|invited| !invited.is_same_as(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(n: usize) -> Mask {
        Mask::parse(&format!("name{n}")).unwrap()
    }

    fn apply(settings: &mut Settings, change: &Change) {
        settings.apply(change, &Name::from_log("Noya"), Timestamp::from_ms(7));
    }

    #[test]
    fn every_flag_and_list_has_a_word_of_its_own_and_its_own_place() {
        for flag in Flag::ALL {
            assert_eq!(Flag::of_word(flag.word()), Some(flag));
            let mut settings = Settings::default();
            let is_on = !settings.has(flag);
            apply(&mut settings, &Change::Flag { flag, is_on });
            for other in Flag::ALL {
                let changed = settings.has(other) != Settings::default().has(other);
                assert_eq!(changed, other == flag, "{flag:?} {other:?}");
            }
            apply(&mut settings, &Change::Flag { flag, is_on: !is_on });
            assert_eq!(settings, Settings::default());
        }
        for listing in Listing::ALL {
            assert_eq!(Listing::of_word(listing.word()), Some(listing));
            let mut settings = Settings::default();
            apply(&mut settings, &Change::Listed(listing, mask(1)));
            for other in Listing::ALL {
                assert_eq!(settings.list(other).len(), usize::from(other == listing));
            }
            let written_otherwise = Mask::parse("NAME1!*@*").unwrap();
            apply(&mut settings, &Change::Unlisted(listing, written_otherwise));
            assert_eq!(settings, Settings::default());
        }
    }

    #[test]
    fn lists_are_bounded_and_a_mask_is_on_one_once() {
        let mut settings = Settings::default();
        for n in 0..limits::MASKS_MAX + 3 {
            apply(&mut settings, &Change::Listed(Listing::Bans, mask(n)));
            apply(&mut settings, &Change::Listed(Listing::Bans, mask(n)));
            apply(&mut settings, &Change::Invited(Name::from_log(&format!("name{n}"))));
        }
        assert_eq!(settings.list(Listing::Bans).len(), limits::MASKS_MAX);
        assert!(settings.is_full_for(&Change::Listed(Listing::Bans, mask(1_000))));
        assert!(!settings.is_full_for(&Change::Listed(Listing::Mutes, mask(1_000))));
        assert_eq!(settings.invitations().len(), limits::INVITATIONS_MAX);
        assert!(!settings.is_invited(&Name::from_log("name2")), "the oldest went");
        assert!(settings.is_invited(&Name::from_log("NAME3")));
    }

    #[test]
    fn an_exception_holds_against_a_ban() {
        let mut settings = Settings::default();
        let name = Name::from_log("Dan");
        let identity = Identity { name: &name, user: "d", host: "irc" };
        apply(&mut settings, &Change::Listed(Listing::Bans, Mask::parse("*!*@irc").unwrap()));
        assert!(settings.bans(&identity));
        apply(&mut settings, &Change::Listed(Listing::BanExceptions, Mask::parse("dan").unwrap()));
        assert!(!settings.bans(&identity));
    }
}
