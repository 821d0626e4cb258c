//! Group: who its members are, what its topic is, and what it decides about a command.
//!
//! A group changes by applying the events of its log, in order, and in no other way; so its state
//! is the same wherever the log is read. What is on its way into the log is *expected*: it holds
//! a name or a client id, and who is about to leave does nothing more; it changes nothing else.
//! Does not know sessions, passwords or the log.
//!
//! Invariants: an entry that [`Group::decide`] chose can be applied after all that was decided
//! before it, whatever of that landed; no two members, of now or to be, have the same name (but
//! in a direct conversation) or are held by the same account.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::sends::{Sends, Sent};
use crate::{
    Account, ClientId, Command, Decision, Entry, Event, Kind, MemberId, Name, Refusal, SeatHash,
    Seq, Timestamp, Topic, limits,
};

/// State of a group at a place in its log.
#[derive(Clone, Debug, Default)]
pub struct Group {
    head: Seq,
    last_at: Timestamp,
    /// Number of the next member, counted on when one is decided upon.
    next_member: u64,
    /// Several members may have the same name.
    are_names_free: bool,
    topic: Topic,
    members: BTreeMap<MemberId, Member>,
    /// Who bears or is about to bear a name, by each of its keys.
    names: HashMap<Arc<str>, MemberId>,
    seats: HashMap<SeatHash, MemberId>,
    /// What of a member is on its way; nothing for a member of whom nothing is but messages.
    expected: HashMap<MemberId, Expected>,
}

/// What of one member is on its way into the log, apart from messages.
#[derive(Clone, Debug, Default)]
struct Expected {
    is_joining: bool,
    /// The account that is about to hold its seat.
    account: Option<Account>,
    /// The names it is about to bear, in order.
    names: Vec<Name>,
    /// Entries by which it leaves or is removed.
    departure_count: usize,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The name it goes by.
    pub name: Name,
    /// The seat that keeps its membership, if it has one.
    pub seat: Option<SeatHash>,
    /// The account that holds its membership, if one does.
    pub account: Option<Account>,
    /// Its sends that had a client id.
    pub sends: Sends,
}

impl Member {
    /// Whether the membership outlives the connection.
    pub const fn is_kept(&self) -> bool {
        self.seat.is_some() || self.account.is_some()
    }
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
        let mut group = Self {
            head: snapshot.head,
            last_at: snapshot.last_at,
            next_member: snapshot.next_member,
            topic: snapshot.topic,
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
        let settled = |member: &Member| Member {
            name: member.name.clone(),
            seat: member.seat,
            account: member.account.clone(),
            sends: member.sends.settled(),
        };
        Snapshot {
            head: self.head,
            last_at: self.last_at,
            next_member: self.next_member,
            topic: self.topic.clone(),
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

    /// Chooses what is to be done about a command. Changes nothing: what is then submitted to the
    /// log is told to [`Group::expect`].
    ///
    /// # Errors
    /// The rule that forbids it.
    pub fn decide(&self, command: Command) -> Result<Decision, Refusal> {
        match command {
            Command::Join { name, seat, account } => {
                if account.as_ref().is_some_and(|account| self.is_expected(account)) {
                    return Ok(Decision::InFlight);
                }
                if account.as_ref().is_some_and(|account| self.held_by(account).is_some()) {
                    return Err(Refusal::AlreadyAMember);
                }
                let joining = self.expected.values().filter(|expected| expected.is_joining);
                if self.members.len() + joining.count() >= limits::MEMBERS_MAX {
                    return Err(Refusal::GroupFull);
                }
                self.check_free(&name, None)?;
                let member = MemberId(self.next_member.saturating_add(1));
                Ok(Decision::Append(Entry { member, name, account, kind: Kind::Joined { seat } }))
            }
            Command::Say { member, text, client_id } => {
                self.decide_message(member, client_id, |client_id| Kind::Said { text, client_id })
            }
            Command::Act { member, text, client_id } => {
                self.decide_message(member, client_id, |client_id| Kind::Action { text, client_id })
            }
            Command::Rename { member, to } => {
                self.present(member)?;
                self.check_free(&to, Some(member))?;
                self.entry(member, Kind::Renamed { to })
            }
            Command::SetTopic { member, text } => self.entry(member, Kind::Topic { text }),
            Command::Leave { member } => self.entry(member, Kind::Left),
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
        let is_leaving =
            self.expected.get(&id).is_some_and(|expected| expected.departure_count > 0);
        self.members.get(&id).filter(|_| !is_leaving).ok_or(Refusal::NotAMember)
    }

    fn entry(&self, id: MemberId, kind: Kind) -> Result<Decision, Refusal> {
        let member = self.present(id)?;
        // By the time it lands, so will have what was decided before it.
        let name = self.expected.get(&id).and_then(|expected| expected.names.last());
        let name = name.unwrap_or(&member.name).clone();
        let account = member.account.clone();
        Ok(Decision::Append(Entry { member: id, name, account, kind }))
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
            None => self.entry(id, kind(client_id)),
        }
    }

    /// Notes that an entry that was decided upon is on its way into the log: its name and its
    /// client id are held for it.
    pub fn expect(&mut self, entry: &Entry) {
        let id = entry.member;
        match &entry.kind {
            Kind::Joined { .. } => {
                self.next_member = self.next_member.max(id.0);
                self.claim(id, &entry.name);
                let expected = self.expected.entry(id).or_default();
                expected.is_joining = true;
                expected.account.clone_from(&entry.account);
                expected.names.push(entry.name.clone());
            }
            Kind::Renamed { to } => {
                self.claim(id, to);
                self.expected.entry(id).or_default().names.push(to.clone());
            }
            Kind::Left | Kind::Removed { .. } => {
                self.expected.entry(id).or_default().departure_count += 1;
            }
            Kind::Topic { .. } => {}
            Kind::Said { client_id, .. } | Kind::Action { client_id, .. } => {
                if let (Some(client_id), Some(member)) = (client_id, self.members.get_mut(&id)) {
                    member.sends.expect(client_id);
                }
            }
        }
    }

    /// Notes that an entry that was expected is definitely not in the log.
    pub fn give_up(&mut self, entry: &Entry) {
        self.expect_no_more(entry);
        match &entry.kind {
            Kind::Joined { .. } => self.release(entry.member, &entry.name),
            Kind::Renamed { to } => self.release(entry.member, to),
            Kind::Left | Kind::Removed { .. } | Kind::Topic { .. } => {}
            Kind::Said { client_id, .. } | Kind::Action { client_id, .. } => {
                if let (Some(client_id), Some(member)) =
                    (client_id, self.members.get_mut(&entry.member))
                {
                    member.sends.give_up(client_id);
                }
            }
        }
    }

    /// Strikes an entry off what is expected, if it is there: the log may tell of events that
    /// nobody here decided upon.
    fn expect_no_more(&mut self, entry: &Entry) {
        let Some(expected) = self.expected.get_mut(&entry.member) else { return };
        let name = match &entry.kind {
            Kind::Joined { .. } => {
                expected.is_joining = false;
                expected.account = None;
                &entry.name
            }
            Kind::Renamed { to } => to,
            Kind::Left | Kind::Removed { .. } => {
                expected.departure_count = expected.departure_count.saturating_sub(1);
                return self.forget_fulfilled(entry.member);
            }
            Kind::Topic { .. } | Kind::Said { .. } | Kind::Action { .. } => return,
        };
        if let Some(at) = expected.names.iter().position(|awaited| awaited == name) {
            expected.names.remove(at);
        }
        self.forget_fulfilled(entry.member);
    }

    fn forget_fulfilled(&mut self, id: MemberId) {
        let is_fulfilled = |expected: &Expected| {
            !expected.is_joining && expected.names.is_empty() && expected.departure_count == 0
        };
        if self.expected.get(&id).is_some_and(is_fulfilled) {
            self.expected.remove(&id);
        }
    }

    /// Makes a member. Whoever had that number before is none any more.
    fn admit(&mut self, id: MemberId, member: Member) {
        self.dismiss(id);
        self.claim(id, &member.name);
        if let Some(seat) = member.seat {
            self.seats.insert(seat, id);
        }
        self.members.insert(id, member);
    }

    fn dismiss(&mut self, id: MemberId) {
        let Some(member) = self.members.remove(&id) else { return };
        self.release(id, &member.name);
        if let Some(seat) = member.seat.filter(|seat| self.seats.get(seat) == Some(&id)) {
            self.seats.remove(&seat);
        }
    }

    /// Notes whose name it is. Where two processes wrote at once it stays with the first.
    fn claim(&mut self, id: MemberId, name: &Name) {
        for key in name.keys() {
            self.names.entry(Arc::clone(key)).or_insert(id);
        }
    }

    /// Frees a name, as far as the member neither bears it nor is about to.
    fn release(&mut self, id: MemberId, name: &Name) {
        for key in name.keys() {
            let borne = self.members.get(&id).map(|member| &member.name);
            let awaited = self.expected.get(&id).into_iter().flat_map(|expected| &expected.names);
            let is_kept =
                borne.into_iter().chain(awaited).any(|kept| kept.keys().any(|k| k == key));
            if !is_kept && self.names.get(key) == Some(&id) {
                self.names.remove(key);
            }
        }
    }

    /// Applies the next event of the log.
    ///
    /// Takes whatever the log holds: an event about somebody who is no member (two processes
    /// wrote at once) changes nothing but the head.
    pub fn apply(&mut self, event: &Event) {
        self.head = event.seq;
        self.last_at = event.at;
        self.expect_no_more(&event.entry);
        let Entry { member: id, name, account, kind } = &event.entry;
        match kind {
            Kind::Joined { seat } => {
                self.next_member = self.next_member.max(id.0);
                let (name, account) = (name.clone(), account.clone());
                let member = Member { name, seat: *seat, account, sends: Sends::default() };
                self.admit(*id, member);
            }
            Kind::Left | Kind::Removed { .. } => self.dismiss(*id),
            Kind::Renamed { to } => {
                if let Some(member) = self.members.get_mut(id) {
                    let before = std::mem::replace(&mut member.name, to.clone());
                    self.claim(*id, to);
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

#[cfg(test)]
mod tests;
