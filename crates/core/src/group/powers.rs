//! Powers: who may come in, speak and change what, and what is decided about those who want to.
//!
//! The rules of moderation, once for all doors. Does not know how a door calls them.
//!
//! - A moderator may all that is here; of the owner nobody takes anything but the owner.
//! - Bans and mutes hold for who is in the group and for who comes back. A banned member who has a
//!   voice speaks; a muted one does not; neither is a moderator kept from speaking.
//! - Who comes into an empty group of an alias that needs no password is its moderator, as on IRC:
//!   there is nobody else to be it. A group of a number has the owner who made it and no other.

use super::{Expected, Group, Member};
use crate::{
    Account, Change, Decision, Entry, Flag, Kind, Listing, Mask, MemberId, Name, Origin, Power,
    Reason, Refusal, Role, SeatHash, Seq, Text, Timestamp, limits,
};

/// Why a member does not speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    Banned,
    Muted,
}

impl Group {
    pub(super) fn decide_join(
        &self,
        name: Name,
        seat: Option<SeatHash>,
        account: Option<Account>,
        origin: Origin,
    ) -> Result<Decision, Refusal> {
        if account.as_ref().is_some_and(|account| self.is_expected(account)) {
            return Ok(Decision::InFlight);
        }
        if account.as_ref().is_some_and(|account| self.held_by(account).is_some()) {
            return Err(Refusal::AlreadyAMember);
        }
        let joining = self.expected.values().filter(|expected| expected.is_joining).count();
        let is_departing =
            |id, expected: &Expected| expected.is_departing() && self.members.contains_key(id);
        let departing =
            self.expected.iter().filter(|(id, expected)| is_departing(id, expected)).count();
        let is_first = self.head == Seq::ZERO;
        // Nobody is there, or will be when all those have gone who are about to.
        let is_empty = self.members.len() <= departing;
        let is_taken_over = is_empty && self.founding.alias.is_some() && self.password().is_none();
        if !is_first {
            self.check_may_join(&name, &origin, joining, is_taken_over)?;
        }
        if self.members.len() + joining >= limits::MEMBERS_MAX {
            return Err(Refusal::GroupFull);
        }
        self.check_free(&name, None)?;
        let role = match (is_first, is_taken_over) {
            // Of two who write to each other neither is above the other.
            _ if self.are_names_free => Role::Member,
            // Who makes a channel on IRC is one of its operators, and none is above the others.
            (true, _) if self.founding.alias.is_some() => Role::Moderator,
            (true, _) => Role::Owner,
            (false, true) => Role::Moderator,
            (false, false) => Role::Member,
        };
        // Whether it is the first hangs on those who are on their way.
        if role > Role::Member && (joining > 0 || departing > 0) {
            return Ok(Decision::InFlight);
        }
        let member = MemberId(self.next_member.saturating_add(1));
        let door = origin.door();
        let kind = Kind::Joined { seat, origin, role };
        Ok(Decision::Append(Entry { member, name, account, door, kind }))
    }

    fn check_may_join(
        &self,
        name: &Name,
        origin: &Origin,
        joining: usize,
        is_taken_over: bool,
    ) -> Result<(), Refusal> {
        let settings = &self.settings;
        if settings.has(Flag::Closed) {
            return Err(Refusal::ClosedToNew);
        }
        if settings.is_invited(name) {
            return Ok(());
        }
        let identity = origin.identity(name);
        if settings.bans(&identity) {
            return Err(Refusal::Banned);
        }
        if settings.has(Flag::InviteOnly)
            && !is_taken_over
            && !settings.lists(Listing::InviteExceptions, &identity)
        {
            return Err(Refusal::InviteOnly);
        }
        let member_count = self.members.len() + joining;
        match settings.members_max {
            Some(count) if member_count >= count.get() as usize => Err(Refusal::LimitReached),
            _ => Ok(()),
        }
    }

    pub(super) fn check_may_speak(&self, id: MemberId, member: &Member) -> Result<(), Refusal> {
        if member.role >= Role::Moderator {
            return Ok(());
        }
        match self.silenced.get(&id) {
            Some(Silence::Muted) => Err(Refusal::Muted),
            _ if member.is_voiced => Ok(()),
            Some(Silence::Banned) => Err(Refusal::Banned),
            None if self.settings.has(Flag::Moderated) => Err(Refusal::NoVoice),
            None => Ok(()),
        }
    }

    /// A name is no way round a silence: not to speak by, nor to get rid of it.
    pub(super) fn check_may_rename(&self, id: MemberId, member: &Member) -> Result<(), Refusal> {
        match self.silenced.get(&id) {
            Some(_) => self.check_may_speak(id, member),
            None => Ok(()),
        }
    }

    pub(super) fn check_may_set_topic(&self, id: MemberId, member: &Member) -> Result<(), Refusal> {
        if self.settings.has(Flag::TopicLocked) && member.role < Role::Moderator {
            return Err(Refusal::TopicLocked);
        }
        self.check_may_rename(id, member)
    }

    pub(super) fn decide_from_outside(
        &self,
        name: Name,
        origin: &Origin,
        text: Text,
    ) -> Result<Decision, Refusal> {
        let settings = &self.settings;
        // Who has not given the password has nothing to do with the group, nor has who asks for
        // one that nobody was ever in.
        if self.founding.alias.is_none()
            || self.password().is_some()
            || self.head == Seq::ZERO
            || settings.has(Flag::NoExternal)
        {
            return Err(Refusal::MembersOnly);
        }
        let identity = origin.identity(&name);
        if settings.bans(&identity) {
            return Err(Refusal::Banned);
        }
        if settings.lists(Listing::Mutes, &identity) {
            return Err(Refusal::Muted);
        }
        if settings.has(Flag::Moderated) {
            return Err(Refusal::NoVoice);
        }
        self.check_free(&name, None)?;
        let (member, door) = (MemberId::OUTSIDE, origin.door());
        let kind = Kind::Said { text, client_id: None };
        Ok(Decision::Append(Entry { member, name, account: None, door, kind }))
    }

    /// The member of that number, if it is a moderator.
    fn moderator(&self, id: MemberId) -> Result<&Member, Refusal> {
        let member = self.present(id)?;
        if member.role < Role::Moderator {
            return Err(Refusal::NotAModerator);
        }
        Ok(member)
    }

    fn target(&self, id: MemberId) -> Result<&Member, Refusal> {
        self.present(id).map_err(|_not_a_member| Refusal::NoSuchMember)
    }

    pub(super) fn decide_removal(
        &self,
        id: MemberId,
        target_id: MemberId,
        reason: Reason,
    ) -> Result<Decision, Refusal> {
        let moderator = self.moderator(id)?;
        let (by, door) = (self.name_to_be(id, moderator).clone(), moderator.origin.door());
        let target = self.target(target_id)?;
        if target.role == Role::Owner && target_id != id {
            return Err(Refusal::TheOwner);
        }
        let name = self.name_to_be(target_id, target).clone();
        let (member, account) = (target_id, target.account.clone());
        let kind = Kind::Removed { by, reason };
        Ok(Decision::Append(Entry { member, name, account, door, kind }))
    }

    pub(super) fn decide_redaction(
        &self,
        id: MemberId,
        seq: Seq,
        of: MemberId,
        reason: Reason,
    ) -> Result<Decision, Refusal> {
        if of != id {
            self.moderator(id)?;
        }
        if self.is_redacted(seq) {
            return Ok(Decision::Unchanged);
        }
        if self.redacted.len() >= limits::REDACTIONS_MAX {
            return Err(Refusal::ListFull);
        }
        self.entry(id, Kind::Redacted { seq, reason })
    }

    pub(super) fn decide_grant(
        &self,
        id: MemberId,
        target_id: MemberId,
        power: Power,
        is_given: bool,
    ) -> Result<Decision, Refusal> {
        self.moderator(id)?;
        let target = self.target(target_id)?;
        let has_it = match power {
            Power::Voice => target.is_voiced,
            Power::Moderator => target.role >= Role::Moderator,
        };
        if has_it == is_given {
            return Ok(Decision::Unchanged);
        }
        if target.role == Role::Owner && power == Power::Moderator && target_id != id {
            return Err(Refusal::TheOwner);
        }
        let name = self.name_to_be(target_id, target).clone();
        self.entry(id, Kind::Granted { of: target_id, name, power, is_given })
    }

    pub(super) fn decide_change(&self, id: MemberId, change: Change) -> Result<Decision, Refusal> {
        let member = self.present(id)?;
        let is_moderator = member.role >= Role::Moderator;
        match &change {
            Change::Invited(name) => {
                if !is_moderator && self.settings.has(Flag::InviteOnly) {
                    return Err(Refusal::NotAModerator);
                }
                self.check_free(name, None).map_err(|_taken| Refusal::NameOfAMember)?;
                // A member's invitation lets nobody past anything: there is nothing to note.
                if !is_moderator {
                    return Ok(Decision::Unchanged);
                }
            }
            _ if !is_moderator => return Err(Refusal::NotAModerator),
            Change::Listed(Listing::Bans | Listing::Mutes, mask)
                if member.role < Role::Owner && self.names_owner(mask) =>
            {
                return Err(Refusal::TheOwner);
            }
            // Its number alone, of few digits, would let everybody in.
            Change::Password(None) | Change::Flag { flag: Flag::NoExternal, is_on: false }
                if self.founding.alias.is_none() =>
            {
                return Err(Refusal::NeedsAlias);
            }
            Change::Password(None) if self.password().is_none() => {
                return Ok(Decision::Unchanged);
            }
            _ => {}
        }
        if !self.settings.would_change_by(&change) {
            return Ok(Decision::Unchanged);
        }
        if self.settings.is_full_for(&change) {
            return Err(Refusal::ListFull);
        }
        self.entry(id, Kind::Changed { change })
    }

    /// Whether a mask is the name of the owner. One that holds for more may hold for the owner too:
    /// it silences no owner, and keeps none out who is in.
    fn names_owner(&self, mask: &Mask) -> bool {
        let is_owner = |member: &Member| member.role == Role::Owner;
        mask.name().is_some() && self.masked(mask).any(|(_, member)| is_owner(member))
    }

    pub(super) fn apply_change(&mut self, change: &Change, by: &Name, at: Timestamp) {
        self.settings.apply(change, by, at);
        if let Change::Listed(listing, _) | Change::Unlisted(listing, _) = change
            && *listing != Listing::InviteExceptions
        {
            let silence_of = |member: &Member| self.silence_of(member);
            let silenced = self
                .members
                .iter()
                .filter_map(|(id, member)| Some((*id, silence_of(member)?)))
                .collect();
            self.silenced = silenced;
        }
    }

    /// Finds anew whether a ban or a mute holds for a member.
    pub(super) fn find_silence_of(&mut self, id: MemberId) {
        let found = self.members.get(&id).and_then(|member| self.silence_of(member));
        match found {
            Some(silence) => self.silenced.insert(id, silence),
            None => self.silenced.remove(&id),
        };
    }

    fn silence_of(&self, member: &Member) -> Option<Silence> {
        let identity = member.origin.identity(&member.name);
        if self.settings.lists(Listing::Mutes, &identity) {
            Some(Silence::Muted)
        } else if self.settings.bans(&identity) {
            Some(Silence::Banned)
        } else {
            None
        }
    }

    /// Whether a member may speak now.
    ///
    /// # Errors
    /// The rule that forbids it.
    pub fn may_speak(&self, id: MemberId) -> Result<(), Refusal> {
        self.check_may_speak(id, self.present(id)?)
    }

    /// Whether a mute holds for a member.
    pub fn is_muted(&self, id: MemberId) -> bool {
        self.silenced.get(&id) == Some(&Silence::Muted)
    }

    /// The members for whom a mask holds, in the order of joining.
    pub fn masked(&self, mask: &Mask) -> impl Iterator<Item = (MemberId, &Member)> {
        let is_held = move |member: &Member| mask.holds_for(&member.origin.identity(&member.name));
        self.members().filter(move |(_, member)| is_held(member))
    }
}
