//! Group: who its members are and what they may do, what its settings are, and what it decides
//! about a command.
//!
//! A group changes by applying the events of its log, in order, and in no other way; so its state
//! is the same wherever the log is read. What is on its way into the log is *expected*: it holds
//! a name or a client id, and who is about to leave does nothing more; it changes nothing else.
//! While a change of what somebody may do is on its way, whoever asks waits for it; so what is in
//! the log was allowed by what stands before it. Does not know sessions, the log, or who gave
//! which password.
//!
//! Invariants: an entry that [`Group::decide`] chose can be applied after all that was decided
//! before it, whatever of that landed; no two members, of now or to be, have the same name (but
//! in a direct conversation) or are held by the same account.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use crate::sends::{Sends, Sent};
use crate::{
    Account, Alias, ClientId, Command, Decision, Entry, Event, Kind, Lock, MemberId, Name, Origin,
    PasswordHash, Power, Refusal, Role, SeatHash, Seq, Settings, Standing, Timestamp, Topic,
};

mod expecting;
mod powers;

use expecting::Expected;
use powers::Silence;

/// State of a group at a place in its log.
#[derive(Clone, Debug, Default)]
pub struct Group {
    founding: Founding,
    head: Seq,
    last_at: Timestamp,
    /// Number of the next member, counted on when one is decided upon.
    next_member: u64,
    /// Several members may have the same name.
    are_names_free: bool,
    topic: Topic,
    topic_set: Option<TopicSet>,
    settings: Settings,
    members: BTreeMap<MemberId, Member>,
    /// Who bears or is about to bear a name, by each of its keys.
    names: BTreeMap<Arc<str>, MemberId>,
    seats: HashMap<SeatHash, MemberId>,
    /// Members for whom a ban or a mute holds: found when either changes, so that whoever speaks
    /// is not held against all of them.
    silenced: BTreeMap<MemberId, Silence>,
    /// What of a member is on its way; nothing for a member of whom nothing is but messages.
    expected: HashMap<MemberId, Expected>,
    /// Changes of settings and powers that are on their way.
    expected_changes: Vec<Kind>,
    /// Messages that were taken back.
    redacted: BTreeSet<Seq>,
}

/// What a group was made with. Kept beside its log, and never changed: what its moderators have
/// made of it is in the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Founding {
    /// The word it goes by beside its number.
    pub alias: Option<Alias>,
    /// What its first password is hashed to; nothing where none was needed.
    pub password: Option<PasswordHash>,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The name it goes by.
    pub name: Name,
    /// The seat that keeps its membership, if it has one.
    ///
    /// In a box, which most have no need of: who has no web app has no seat.
    pub seat: Option<Box<SeatHash>>,
    /// The account that holds its membership, if one does.
    pub account: Option<Account>,
    /// Where it came from.
    pub origin: Origin,
    /// What it may do beyond what all may.
    pub role: Role,
    /// Whether it may speak where only some may, whatever its role.
    pub is_voiced: bool,
    /// Its sends that had a client id.
    pub sends: Sends,
}

impl Member {
    /// Whether the membership outlives the connection.
    pub const fn is_kept(&self) -> bool {
        self.seat.is_some() || self.account.is_some()
    }

    /// One of that name who came by the console, as all are, and has said nothing yet.
    pub fn new(name: Name) -> Self {
        Self {
            name,
            seat: None,
            account: None,
            origin: Origin::default(),
            role: Role::Member,
            is_voiced: false,
            sends: Sends::default(),
        }
    }

    /// The most of its powers.
    pub const fn standing(&self) -> Standing {
        match (self.role, self.is_voiced) {
            (Role::Owner, _) => Standing::Owner,
            (Role::Moderator, _) => Standing::Moderator,
            (Role::Member, true) => Standing::Voiced,
            (Role::Member, false) => Standing::Member,
        }
    }
}

/// Who set a topic, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSet {
    /// Name of who set it.
    pub by: Name,
    /// When.
    pub at: Timestamp,
}

/// What a log keeps of a group, so that not the whole log is read to know its state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The last event that is in it.
    pub head: Seq,
    /// Time of that event.
    pub last_at: Timestamp,
    /// Number of the next member.
    pub next_member: u64,
    /// The topic.
    pub topic: Topic,
    /// Who set the topic or took it away last, and when.
    pub topic_set: Option<TopicSet>,
    /// The settings.
    pub settings: Settings,
    /// Messages that were taken back.
    pub redacted: BTreeSet<Seq>,
    /// The members, in the order of joining.
    pub members: Vec<(MemberId, Member)>,
}

impl Group {
    /// The group as it was when the snapshot was taken, made with nothing.
    pub fn restore(snapshot: Snapshot) -> Self {
        Self::restore_founded(Founding::default(), snapshot)
    }

    /// The group as it was when the snapshot was taken.
    pub fn restore_founded(founding: Founding, snapshot: Snapshot) -> Self {
        let mut group = Self {
            founding,
            head: snapshot.head,
            last_at: snapshot.last_at,
            next_member: snapshot.next_member,
            topic: snapshot.topic,
            topic_set: snapshot.topic_set,
            settings: snapshot.settings,
            redacted: snapshot.redacted,
            ..Self::default()
        };
        for (id, member) in snapshot.members {
            group.admit(id, member);
        }
        group
    }

    /// Lets members have the same name: in a direct conversation the two come from anywhere.
    #[must_use]
    pub const fn with_names_free(mut self) -> Self {
        self.are_names_free = true;
        self
    }

    /// What a log is to keep. What is on its way is not in it.
    pub fn snapshot(&self) -> Snapshot {
        let settled = |member: &Member| Member { sends: member.sends.settled(), ..member.clone() };
        Snapshot {
            head: self.head,
            last_at: self.last_at,
            next_member: self.next_member,
            topic: self.topic.clone(),
            topic_set: self.topic_set.clone(),
            settings: self.settings.clone(),
            redacted: self.redacted.clone(),
            members: self.members.iter().map(|(id, member)| (*id, settled(member))).collect(),
        }
    }

    /// Number of the newest event.
    pub const fn head(&self) -> Seq {
        self.head
    }

    /// Time of the newest event.
    pub const fn last_at(&self) -> Timestamp {
        self.last_at
    }

    /// The word it goes by beside its number.
    pub const fn alias(&self) -> Option<&Alias> {
        self.founding.alias.as_ref()
    }

    /// Hash of the password that it takes to join; nothing where none is needed.
    pub const fn password(&self) -> Option<&PasswordHash> {
        match &self.settings.lock {
            Lock::AsMade => self.founding.password.as_ref(),
            Lock::Open => None,
            Lock::Password(hash) => Some(hash),
        }
    }

    /// The topic; empty where there is none.
    pub const fn topic(&self) -> &Topic {
        &self.topic
    }

    /// Who set the topic or took it away last, and when.
    pub const fn topic_set(&self) -> Option<&TopicSet> {
        self.topic_set.as_ref()
    }

    /// What holds for it as a whole.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The members, in the order of joining.
    pub fn members(&self) -> impl ExactSizeIterator<Item = (MemberId, &Member)> {
        self.members.iter().map(|(id, member)| (*id, member))
    }

    /// The members who joined after that one; all where it is none.
    pub fn members_after(
        &self,
        last: Option<MemberId>,
    ) -> impl Iterator<Item = (MemberId, &Member)> {
        let from = last.map_or(Bound::Unbounded, Bound::Excluded);
        self.members.range((from, Bound::Unbounded)).map(|(id, member)| (*id, member))
    }

    /// The member of that number.
    pub fn member(&self, id: MemberId) -> Option<&Member> {
        self.members.get(&id)
    }

    /// The member who holds that seat.
    pub fn seated(&self, seat: &SeatHash) -> Option<(MemberId, &Member)> {
        let id = *self.seats.get(seat)?;
        Some((id, self.members.get(&id)?))
    }

    /// The member who bears that name, or one that looks like it.
    pub fn bearer(&self, name: &Name) -> Option<MemberId> {
        let mut bearers = name.keys().filter_map(|key| self.names.get(key));
        bearers.find(|id| self.members.contains_key(id)).copied()
    }

    /// The member whose membership that account holds.
    pub fn held_by(&self, account: &Account) -> Option<(MemberId, &Member)> {
        // Looked through: it is asked for when somebody comes, and costs members without an account
        // nothing.
        self.members().find(|(_, member)| member.account.as_ref() == Some(account))
    }

    /// Whether that account is about to become a member.
    fn is_expected(&self, account: &Account) -> bool {
        self.expected.values().any(|expected| expected.account.as_ref() == Some(account))
    }

    /// The member who bears that name, or one that is the same.
    pub fn named(&self, name: &Name) -> Option<(MemberId, &Member)> {
        name.keys().filter_map(|key| self.names.get(key)).find_map(|id| {
            let member = self.members.get(id).filter(|member| member.name.is_same_as(name))?;
            Some((*id, member))
        })
    }

    /// Whether a message was taken back.
    pub fn is_redacted(&self, seq: Seq) -> bool {
        self.redacted.contains(&seq)
    }

    /// Whether any was.
    pub fn has_redacted(&self) -> bool {
        !self.redacted.is_empty()
    }

    /// Chooses what is to be done about a command. Changes nothing: what is then submitted to the
    /// log is told to [`Group::expect`].
    ///
    /// # Errors
    /// The rule that forbids it.
    pub fn decide(&self, command: Command) -> Result<Decision, Refusal> {
        // Whatever changes, one may always go.
        if !self.expected_changes.is_empty() && !matches!(command, Command::Leave { .. }) {
            return Ok(Decision::InFlight);
        }
        match command {
            Command::Join { name, seat, account, origin } => {
                self.decide_join(name, seat, account, origin)
            }
            Command::Say { member, text, client_id } => {
                self.decide_message(member, client_id, |client_id| Kind::Said { text, client_id })
            }
            Command::Act { member, text, client_id } => {
                self.decide_message(member, client_id, |client_id| Kind::Action { text, client_id })
            }
            Command::Rename { member, to } => {
                self.check_may_rename(member, self.present(member)?)?;
                self.check_free(&to, Some(member))?;
                self.entry(member, Kind::Renamed { to })
            }
            Command::SetTopic { member, text } => {
                self.check_may_set_topic(member, self.present(member)?)?;
                self.entry(member, Kind::Topic { text })
            }
            Command::Leave { member, farewell } => self.entry(member, Kind::Left(farewell)),
            Command::Relay { member, relay } => {
                self.decide_message(member, None, |_client_id| Kind::Relayed(relay))
            }
            Command::Redact { member, seq, of, reason } => {
                self.decide_redaction(member, seq, of, reason)
            }
            Command::Remove { member, target, reason } => {
                self.decide_removal(member, target, reason)
            }
            Command::Grant { member, target, power, is_given } => {
                self.decide_grant(member, target, power, is_given)
            }
            Command::Change { member, change } => self.decide_change(member, change),
            Command::SayFromOutside { name, origin, text } => {
                self.decide_from_outside(name, &origin, text)
            }
        }
    }

    fn check_free(&self, name: &Name, except: Option<MemberId>) -> Result<(), Refusal> {
        let mut bearers = name.keys().filter_map(|key| self.names.get(key));
        if !self.are_names_free && bearers.any(|bearer| Some(*bearer) != except) {
            return Err(Refusal::NameTaken);
        }
        Ok(())
    }

    /// The member of that number, if it is one and is not about to leave.
    fn present(&self, id: MemberId) -> Result<&Member, Refusal> {
        let is_leaving = self.expected.get(&id).is_some_and(Expected::is_departing);
        self.members.get(&id).filter(|_| !is_leaving).ok_or(Refusal::NotAMember)
    }

    fn entry(&self, id: MemberId, kind: Kind) -> Result<Decision, Refusal> {
        let member = self.present(id)?;
        let name = self.name_to_be(id, member).clone();
        let (account, door) = (member.account.clone(), member.origin.door());
        Ok(Decision::Append(Entry { member: id, name, account, door, kind }))
    }

    /// The name of a member by the time that what is decided now lands: so will have what was
    /// decided before it.
    fn name_to_be<'group>(&'group self, id: MemberId, member: &'group Member) -> &'group Name {
        self.expected.get(&id).and_then(Expected::last_name).unwrap_or(&member.name)
    }

    fn decide_message(
        &self,
        id: MemberId,
        client_id: Option<ClientId>,
        kind: impl FnOnce(Option<ClientId>) -> Kind,
    ) -> Result<Decision, Refusal> {
        let member = self.present(id)?;
        match client_id.as_ref().and_then(|client_id| member.sends.find(client_id)) {
            Some(Sent::At(seq, at)) => Ok(Decision::Already { seq, at }),
            Some(Sent::InFlight) => Ok(Decision::InFlight),
            None => {
                self.check_may_speak(id, member)?;
                self.entry(id, kind(client_id))
            }
        }
    }

    /// Makes a member. Whoever had that number before is none any more.
    fn admit(&mut self, id: MemberId, member: Member) {
        self.dismiss(id);
        self.claim(id, &member.name);
        if let Some(seat) = member.seat.as_deref().copied() {
            self.seats.insert(seat, id);
        }
        self.members.insert(id, member);
        self.find_silence_of(id);
    }

    fn dismiss(&mut self, id: MemberId) {
        let Some(member) = self.members.remove(&id) else { return };
        self.release(id, &member.name);
        if let Some(seat) = member.seat.as_deref().filter(|seat| self.seats.get(seat) == Some(&id))
        {
            self.seats.remove(seat);
        }
        self.silenced.remove(&id);
    }

    /// Applies the next event of the log.
    ///
    /// Takes whatever the log holds: an event about somebody who is no member (two processes
    /// wrote at once) changes nothing but the head and what holds for the group as a whole.
    pub fn apply(&mut self, event: &Event) {
        self.head = event.seq;
        self.last_at = event.at;
        self.expect_no_more(&event.entry);
        let Entry { member: id, name, account, kind, door: _ } = &event.entry;
        match kind {
            Kind::Joined { seat, origin, role } => {
                self.next_member = self.next_member.max(id.0);
                self.settings.use_up_invitation(name);
                let (seat, origin, role) = (*seat, origin.recognised(), *role);
                let account = account.clone();
                let member = Member::new(name.clone());
                self.admit(
                    *id,
                    Member { seat: seat.map(Box::new), account, origin, role, ..member },
                );
            }
            Kind::Left(_) | Kind::Removed { .. } => self.dismiss(*id),
            Kind::Relayed(_) => {}
            Kind::Redacted { seq, .. } => {
                self.redacted.insert(*seq);
            }
            Kind::Renamed { to } => {
                if let Some(member) = self.members.get_mut(id) {
                    let before = std::mem::replace(&mut member.name, to.clone());
                    self.claim(*id, to);
                    self.release(*id, &before);
                    self.find_silence_of(*id);
                } else {
                    // It left while the rename was on its way.
                    self.release(*id, to);
                }
            }
            Kind::Topic { text } => {
                self.topic = text.clone();
                self.topic_set = Some(TopicSet { by: name.clone(), at: event.at });
            }
            Kind::Granted { of, power, is_given, .. } => {
                if let Some(member) = self.members.get_mut(of) {
                    match power {
                        Power::Voice => member.is_voiced = *is_given,
                        Power::Moderator if *is_given => {
                            member.role = member.role.max(Role::Moderator);
                        }
                        Power::Moderator => member.role = Role::Member,
                    }
                }
            }
            Kind::Changed { change } => self.apply_change(change, name, event.at),
            Kind::Said { client_id, .. } | Kind::Action { client_id, .. } => {
                if let (Some(client_id), Some(member)) = (client_id, self.members.get_mut(id)) {
                    member.sends.land(client_id, event.seq, event.at);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
