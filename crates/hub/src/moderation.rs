//! Moderation: what moderators do by a membership, and what may be known of groups by those who
//! are in none.
//!
//! Does not decide: the group does, each time anew. Does not know protocols.

use std::sync::Arc;

use conclave_core::{
    Alias, Change, Command, Flag, GroupName, Listing, Mask, MemberId, Name, Noted, Origin,
    Password, Power, Reason, Refusal, Role, Settings, Standing, Text, Topic, TopicSet, limits,
};
use tokio::sync::oneshot;

use crate::hub::{Hub, Submitted};
use crate::membership::{MemberHere, Membership};
use crate::model::Answer;

/// What a group tells those who are not in it: one with an alias that needs no password and is not
/// secret. Of any other nothing is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupListed {
    /// What it goes by.
    pub name: GroupName,
    /// Its topic; empty where there is none.
    pub topic: Topic,
    /// How many members it has.
    pub member_count: usize,
}

impl Hub {
    /// The groups in which somebody is, of those that may be known to all. In no order.
    pub fn open_groups(&self) -> Vec<GroupListed> {
        let listed = self.directory().all().into_iter().filter_map(|live| {
            let model = live.model();
            let group = &model.group;
            let may_be_known = group.alias().is_some()
                && group.password().is_none()
                && !group.settings().has(Flag::Secret)
                && live.is_open(&model);
            let member_count = group.members().len();
            (may_be_known && member_count > 0).then(|| {
                let topic = group.topic().clone();
                GroupListed { name: live.name(), topic, member_count }
            })
        });
        listed.collect()
    }

    /// Says something in a group without being a member, and waits until it is durable.
    ///
    /// # Errors
    /// [`Refusal::MembersOnly`] where the group does not hear who is outside, and where there is no
    /// such group.
    ///
    /// # Cancel safety
    /// It may land.
    pub async fn say_from_outside(
        self: &Arc<Self>,
        alias: &Alias,
        name: Name,
        origin: Origin,
        text: Text,
    ) -> Result<(), Refusal> {
        let Some(id) = self.find(alias).await? else { return Err(Refusal::MembersOnly) };
        let live = self.load(id).await?.ok_or(Refusal::MembersOnly)?;
        if !live.is_open(&live.model()) {
            return Err(Refusal::MembersOnly);
        }
        let (told, outcome) = oneshot::channel();
        let command = Command::SayFromOutside { name, origin, text };
        match self.submit(&live, command, Answer::Told(told)).await? {
            Submitted::Already(..) | Submitted::Unchanged => Ok(()),
            Submitted::UnderWay => {
                outcome.await.map_err(|_group_gone| Refusal::GroupClosed)?.map(|_landed| ())
            }
        }
    }
}

impl Membership {
    /// The most of its powers, while it is a member.
    pub fn standing(&self) -> Option<Standing> {
        self.live.model().group.member(self.member).map(conclave_core::Member::standing)
    }

    /// Whether it is a moderator, or the owner.
    pub fn is_moderator(&self) -> bool {
        let model = self.live.model();
        model.group.member(self.member).is_some_and(|member| member.role >= Role::Moderator)
    }

    /// What holds for the group as a whole.
    pub fn settings(&self) -> Settings {
        self.live.model().group.settings().clone()
    }

    /// Whether it takes a password to join.
    pub fn has_password(&self) -> bool {
        self.live.model().group.password().is_some()
    }

    /// Who set the topic or took it away last, and when.
    pub fn topic_set(&self) -> Option<TopicSet> {
        self.live.model().group.topic_set().cloned()
    }

    /// A list of the group, oldest first.
    pub fn list(&self, listing: Listing) -> Vec<Noted> {
        self.live.model().group.settings().list(listing).to_vec()
    }

    /// The member who bears that name, or one that is the same.
    pub fn named(&self, name: &Name) -> Option<MemberHere> {
        let model = self.live.model();
        let (member, state) = model.group.named(name)?;
        Some(MemberHere::of(&model, member, state))
    }

    /// The member with whose name a text begins, and what stands behind the name: names have
    /// spaces, so the longest that fits is meant.
    pub fn addressed<'text>(&self, written: &'text str) -> Option<(MemberHere, &'text str)> {
        let ends = written.char_indices().filter(|(_, c)| c.is_whitespace()).map(|(at, _)| at);
        let mut ends: Vec<usize> = ends.chain([written.len()]).collect();
        // No name has more words than it may have characters.
        ends.truncate(limits::NAME_CHARS_MAX);
        ends.into_iter().rev().find_map(|end| {
            let (name, rest) = written.split_at_checked(end)?;
            let here = self.named(&Name::parse(name).ok()?)?;
            Some((here, rest.trim()))
        })
    }

    /// The members for whom a mask holds, in the order of joining.
    pub fn masked(&self, mask: &Mask) -> Vec<MemberHere> {
        let model = self.live.model();
        let members = model.group.masked(mask);
        members.map(|(member, state)| MemberHere::of(&model, member, state)).collect()
    }

    /// Has something changed, and waits until that is durable. Whether it was not so already.
    pub(crate) async fn change_by(&self, command: Command) -> Result<bool, Refusal> {
        match self.try_to(command).await? {
            Some(sending) => sending.landed().await.map(|_landed| true),
            None => Ok(false),
        }
    }

    /// Removes a member from the group: each of its sessions is shown out and told by whom and why.
    ///
    /// # Errors
    /// [`Refusal::NotAModerator`], [`Refusal::TheOwner`], [`Refusal::NoSuchMember`].
    ///
    /// # Cancel safety
    /// It may happen.
    pub async fn remove(&self, target: MemberId, reason: Reason) -> Result<(), Refusal> {
        let command = Command::Remove { member: self.member, target, reason };
        self.change_by(command).await.map(|_is_new| ())
    }

    /// Gives a member a power, or takes it away. Whether that changed anything.
    ///
    /// # Errors
    /// [`Refusal::NotAModerator`], [`Refusal::TheOwner`], [`Refusal::NoSuchMember`].
    ///
    /// # Cancel safety
    /// It may happen.
    pub async fn grant(
        &self,
        target: MemberId,
        power: Power,
        is_given: bool,
    ) -> Result<bool, Refusal> {
        let command = Command::Grant { member: self.member, target, power, is_given };
        self.change_by(command).await
    }

    /// Changes the settings: flags, the limit, bans, mutes, invitations. Whether that changed
    /// anything. A password is set by [`Membership::set_password`].
    ///
    /// # Errors
    /// [`Refusal::NotAModerator`], [`Refusal::ListFull`], [`Refusal::NeedsAlias`],
    /// [`Refusal::NameOfAMember`].
    ///
    /// # Cancel safety
    /// It may happen.
    pub async fn change(&self, change: Change) -> Result<bool, Refusal> {
        let command = Command::Change { member: self.member, change };
        self.change_by(command).await
    }

    /// Turns a flag on or off. Whether that changed anything.
    ///
    /// # Errors
    /// As [`Membership::change`].
    ///
    /// # Cancel safety
    /// It may happen.
    pub async fn set_flag(&self, flag: Flag, is_on: bool) -> Result<bool, Refusal> {
        self.change(Change::Flag { flag, is_on }).await
    }

    /// Sets the password that it takes to join, or takes it away. Who is in the group stays; who
    /// has given the one before and not joined yet gives the new one.
    ///
    /// # Errors
    /// As [`Membership::change`]; [`Refusal::Busy`] where too many passwords wait to be hashed.
    ///
    /// # Cancel safety
    /// It may happen.
    pub async fn set_password(&self, password: Option<&Password>) -> Result<bool, Refusal> {
        let change = self.password_change(password).await?;
        self.change(change).await
    }

    /// The change that sets a password or takes it away.
    ///
    /// # Errors
    /// [`Refusal::NotAModerator`]; [`Refusal::Busy`] where too many passwords wait to be hashed.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn password_change(&self, password: Option<&Password>) -> Result<Change, Refusal> {
        // Before the work of hashing, that nobody can ask for who may not.
        if !self.is_moderator() {
            return Err(Refusal::NotAModerator);
        }
        let hash = match password {
            Some(password) => Some(self.hub.hash(password).await?),
            None => None,
        };
        Ok(Change::Password(hash))
    }
}
