//! Group: who its members are, what its topic is, and what it decides about a command.
//!
//! A group changes by applying the events of its log, in order, and in no other way; so its state
//! is the same wherever the log is read. What is on its way into the log is *expected*: it holds
//! a name or a client id, and changes nothing else. Does not know sessions, passwords or the log.
//!
//! Invariant: an entry that [`Group::decide`] chose can be applied after all that was decided
//! before it, whatever of that landed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::sends::{Sends, Sent};
use crate::{
    ClientId, Command, Decision, Entry, Event, Kind, MemberId, Name, Refusal, SeatHash, Seq,
    Timestamp, Topic, limits,
};

/// State of a group at a place in its log.
#[derive(Clone, Debug, Default)]
pub struct Group {
    head: Seq,
    last_at: Timestamp,
    /// Number of the next member, counted on when one is decided upon.
    next_member: u64,
    topic: Topic,
    members: BTreeMap<MemberId, Member>,
    /// Who bears or is about to bear a name, by its key.
    names: HashMap<Arc<str>, MemberId>,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The name it goes by.
    pub name: Name,
    /// The seat that keeps its membership, if it has one.
    pub seat: Option<SeatHash>,
    /// Its sends that had a client id.
    pub sends: Sends,
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
    /// The members, in the order of joining.
    pub members: Vec<(MemberId, Member)>,
}

impl Group {
    /// The group as it was when the snapshot was taken.
    pub fn restore(snapshot: Snapshot) -> Self {
        let names = snapshot
            .members
            .iter()
            .map(|(id, member)| (Arc::clone(member.name.key()), *id))
            .collect();
        Self {
            head: snapshot.head,
            last_at: snapshot.last_at,
            next_member: snapshot.next_member,
            topic: snapshot.topic,
            members: snapshot.members.into_iter().collect(),
            names,
        }
    }

    /// What a log is to keep. Names held by what is on its way are not in it.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            head: self.head,
            last_at: self.last_at,
            next_member: self.next_member,
            topic: self.topic.clone(),
            members: self.members.iter().map(|(id, member)| (*id, member.clone())).collect(),
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

    /// The topic; empty where there is none.
    pub const fn topic(&self) -> &Topic {
        &self.topic
    }

    /// The members, in the order of joining.
    pub fn members(&self) -> impl ExactSizeIterator<Item = (MemberId, &Member)> {
        self.members.iter().map(|(id, member)| (*id, member))
    }

    /// The member of that number.
    pub fn member(&self, id: MemberId) -> Option<&Member> {
        self.members.get(&id)
    }

    /// The member who holds that seat.
    pub fn seated(&self, seat: &SeatHash) -> Option<(MemberId, &Member)> {
        self.members().find(|(_, member)| member.seat.as_ref() == Some(seat))
    }

    /// Chooses what is to be done about a command. Changes nothing: what is then submitted to the
    /// log is told to [`Group::expect`].
    ///
    /// # Errors
    /// The rule that forbids it.
    pub fn decide(&self, command: Command) -> Result<Decision, Refusal> {
        match command {
            Command::Join { name, seat } => {
                if self.members.len() >= limits::MEMBERS_MAX {
                    return Err(Refusal::GroupFull);
                }
                self.check_free(&name, None)?;
                let member = MemberId(self.next_member + 1);
                Ok(Decision::Append(Entry { member, name, kind: Kind::Joined { seat } }))
            }
            Command::Say { member, text, client_id } => {
                self.decide_message(member, client_id, |client_id| Kind::Said { text, client_id })
            }
            Command::Act { member, text, client_id } => {
                self.decide_message(member, client_id, |client_id| Kind::Action { text, client_id })
            }
            Command::Rename { member, to } => {
                self.check_free(&to, Some(member))?;
                self.entry(member, Kind::Renamed { to })
            }
            Command::SetTopic { member, text } => self.entry(member, Kind::Topic { text }),
            Command::Leave { member } => self.entry(member, Kind::Left),
        }
    }

    fn check_free(&self, name: &Name, except: Option<MemberId>) -> Result<(), Refusal> {
        match self.names.get(name.key()) {
            Some(bearer) if Some(*bearer) != except => Err(Refusal::NameTaken),
            _ => Ok(()),
        }
    }

    fn entry(&self, id: MemberId, kind: Kind) -> Result<Decision, Refusal> {
        let member = self.members.get(&id).ok_or(Refusal::NotAMember)?;
        Ok(Decision::Append(Entry { member: id, name: member.name.clone(), kind }))
    }

    fn decide_message(
        &self,
        id: MemberId,
        client_id: Option<ClientId>,
        kind: impl FnOnce(Option<ClientId>) -> Kind,
    ) -> Result<Decision, Refusal> {
        let member = self.members.get(&id).ok_or(Refusal::NotAMember)?;
        match client_id.as_ref().and_then(|client_id| member.sends.find(client_id)) {
            Some(Sent::At(seq, at)) => Ok(Decision::Already { seq, at }),
            Some(Sent::InFlight) => Ok(Decision::InFlight),
            None => self.entry(id, kind(client_id)),
        }
    }

    /// Notes that an entry that was decided upon is on its way into the log: its name and its
    /// client id are held for it.
    pub fn expect(&mut self, entry: &Entry) {
        match &entry.kind {
            Kind::Joined { .. } => {
                self.next_member = self.next_member.max(entry.member.0);
                self.names.insert(Arc::clone(entry.name.key()), entry.member);
            }
            Kind::Renamed { to } => {
                self.names.insert(Arc::clone(to.key()), entry.member);
            }
            _ => {
                if let (Some(client_id), Some(member)) =
                    (entry.client_id(), self.members.get_mut(&entry.member))
                {
                    member.sends.expect(client_id);
                }
            }
        }
    }

    /// Notes that an entry that was expected is definitely not in the log.
    pub fn give_up(&mut self, entry: &Entry) {
        match &entry.kind {
            Kind::Joined { .. } => self.release(entry.member, &entry.name),
            Kind::Renamed { to } => self.release(entry.member, to),
            _ => {
                if let (Some(client_id), Some(member)) =
                    (entry.client_id(), self.members.get_mut(&entry.member))
                {
                    member.sends.give_up(client_id);
                }
            }
        }
    }

    /// Frees a name, unless it is what the member goes by.
    fn release(&mut self, id: MemberId, name: &Name) {
        let is_borne = self.members.get(&id).is_some_and(|member| member.name.key() == name.key());
        if !is_borne && self.names.get(name.key()) == Some(&id) {
            self.names.remove(name.key());
        }
    }

    /// Applies the next event of the log.
    ///
    /// Takes whatever the log holds: an event about somebody who is no member (two processes
    /// wrote at once) changes nothing but the head.
    pub fn apply(&mut self, event: &Event) {
        self.head = event.seq;
        self.last_at = event.at;
        let Entry { member: id, name, kind } = &event.entry;
        match kind {
            Kind::Joined { seat } => {
                self.next_member = self.next_member.max(id.0);
                self.names.insert(Arc::clone(name.key()), *id);
                let member = Member { name: name.clone(), seat: *seat, sends: Sends::default() };
                self.members.insert(*id, member);
            }
            Kind::Left | Kind::Removed { .. } => {
                if let Some(member) = self.members.remove(id) {
                    self.release(*id, &member.name);
                }
            }
            Kind::Renamed { to } => {
                if let Some(member) = self.members.get_mut(id) {
                    let before = std::mem::replace(&mut member.name, to.clone());
                    self.names.insert(Arc::clone(to.key()), *id);
                    self.release(*id, &before);
                } else {
                    // It left while the rename was on its way.
                    self.release(*id, to);
                }
            }
            Kind::Topic { text } => self.topic = text.clone(),
            Kind::Said { client_id, .. } | Kind::Action { client_id, .. } => {
                if let (Some(client_id), Some(member)) = (client_id, self.members.get_mut(id)) {
                    member.sends.land(client_id, event.seq, event.at);
                }
            }
        }
    }
}
