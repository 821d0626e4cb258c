//! Model: what of a live group changes by decisions and commits, and what is under way into the log.
//!
//! Does not know who may do what (core decides), nor sockets. Invariant: what is under way stands in
//! the order in which the log got it, and what was expected of each is given up where it fails.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use conclave_core::{
    Account, Command, Decision, Entry, Event, Group, GroupId, Kind, MemberId, Passing, Refusal,
    SeatSecret, Seq, Text, Timestamp,
};
use conclave_log::{GroupOptions, Ticket};
use tokio::sync::oneshot;

use crate::live_group::{LiveGroup, Serial};
use crate::messages::Messages;
use crate::outlet::{Mark, Outlet, Own, Signal};
use crate::roll::Rolls;
use crate::session::Session;
use crate::wire::Wire;

/// What changes by decisions and commits.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) group: Group,
    pub(crate) options: GroupOptions,
    /// Appends under way, in the order in which the log got them.
    pub(crate) in_flight: VecDeque<InFlight>,
    /// Members whose change of name is under way.
    renaming: Vec<MemberId>,
    /// How many sessions each member has.
    pub(crate) sessions: BTreeMap<MemberId, u32>,
    /// Whose coming or going is to be told, and whether it was here as it was told last.
    presence: BTreeMap<MemberId, bool>,
    /// The newest event that is in a kept snapshot.
    pub(crate) snapshot_head: Seq,
    /// Which events are messages, as far as that is known.
    pub(crate) messages: Messages,
    pub(crate) rolls: Rolls,
}

/// An append under way.
#[derive(Debug)]
pub(crate) struct InFlight {
    pub(crate) ticket: Ticket,
    /// What was expected of it, to be given up where it fails; nothing where nothing was.
    pub(crate) expected: Option<Entry>,
    pub(crate) answer: Answer,
}

/// Who is told how an append ended.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The connection, where it failed.
    OnFailure(Arc<Outlet>),
    /// The connection, where it failed and nobody waits; where it landed, its session is shown it
    /// with that mark.
    Labelled {
        /// The connection.
        outlet: Arc<Outlet>,
        /// Its session in the group.
        session: Serial,
        /// How it is shown it.
        mark: Mark,
        /// Whoever waits.
        told: Option<oneshot::Sender<Outcome>>,
    },
    /// Whoever waits.
    Told(oneshot::Sender<Outcome>),
    /// Whoever waits to be a member: its place is made at the event of its joining.
    Joins(Box<Joining>),
}

/// Who is about to be a member.
#[derive(Debug)]
pub(crate) struct Joining {
    /// Told of its session; where it has gone, the session is dropped and leaves.
    pub(crate) told: oneshot::Sender<Result<(Session, Seq), Refusal>>,
    pub(crate) outlet: Arc<Outlet>,
    pub(crate) wire: &'static dyn Wire,
    /// What it is shown of its own.
    pub(crate) own: Own,
}

/// How an append ended.
pub(crate) type Outcome = Result<(Seq, Timestamp), Refusal>;

impl Model {
    /// The model of a group as the log gave it.
    pub(crate) fn new(group: Group, options: GroupOptions, snapshot_head: Seq) -> Self {
        Self {
            messages: Messages::new(group.head()),
            group,
            options,
            in_flight: VecDeque::new(),
            renaming: Vec::new(),
            sessions: BTreeMap::new(),
            presence: BTreeMap::new(),
            snapshot_head,
            rolls: Rolls::default(),
        }
    }

    /// Members of a connection that ended with a former life of the server.
    pub(crate) fn left_behind(&self) -> Vec<MemberId> {
        let members = self.group.members();
        members
            .filter(|(id, member)| !member.is_kept() && !self.sessions.contains_key(id))
            .map(|(id, _)| id)
            .collect()
    }

    /// Whether nobody is in the group but those whom a former life of the server left behind.
    pub(crate) fn is_left(&self) -> bool {
        let is_kept = self.group.members().any(|(_, member)| member.is_kept());
        !is_kept && self.sessions.is_empty() && self.in_flight.is_empty()
    }

    /// Whether nobody is in the group, nor about to be.
    pub(crate) fn is_empty(&self) -> bool {
        self.group.members().len() == 0 && self.in_flight.is_empty()
    }

    /// Decides about a command. What a member does while its name is changing waits for that: it
    /// would be written down under a name that the member may never bear.
    ///
    /// # Errors
    /// The rule that forbids it.
    pub(crate) fn decide(&self, command: Command) -> Result<Decision, Refusal> {
        let is_waiting = match &command {
            Command::Join { .. } | Command::SayFromOutside { .. } => false,
            Command::Say { member, .. }
            | Command::Act { member, .. }
            | Command::Rename { member, .. }
            | Command::SetTopic { member, .. }
            | Command::Change { member, .. }
            | Command::Relay { member, .. }
            | Command::Redact { member, .. }
            | Command::Leave { member, .. } => self.renaming.contains(member),
            Command::Remove { member, target, .. } | Command::Grant { member, target, .. } => {
                self.renaming.contains(member) || self.renaming.contains(target)
            }
        };
        if is_waiting { Ok(Decision::InFlight) } else { self.group.decide(command) }
    }

    /// Takes in an event that was committed.
    pub(crate) fn apply(&mut self, event: &Event) {
        self.group.apply(event);
        if event.entry.is_message() {
            self.messages.note(event.seq);
        }
        self.rolls.note(&event.entry.kind);
    }

    /// Notes an append that is now under way.
    pub(crate) fn expect(&mut self, entry: &Entry, ticket: Ticket, answer: Answer) {
        self.group.expect(entry);
        if matches!(entry.kind, Kind::Renamed { .. }) {
            self.renaming.push(entry.member);
        }
        let expected = InFlight::expected_of(entry);
        self.in_flight.push_back(InFlight { ticket, expected, answer });
    }

    /// Takes the append of that ticket out of those under way; they end in order, but for those
    /// that fail.
    pub(crate) fn take(&mut self, ticket: Ticket) -> Option<InFlight> {
        let index = self.in_flight.iter().position(|append| append.ticket == ticket)?;
        let append = self.in_flight.remove(index)?;
        if let Some(Entry { member, kind: Kind::Renamed { .. }, .. }) = &append.expected {
            self.renaming.retain(|renaming| renaming != member);
        }
        Some(append)
    }

    /// Takes all appends out of those under way.
    pub(crate) fn take_all(&mut self) -> Vec<InFlight> {
        self.renaming.clear();
        self.in_flight.drain(..).collect()
    }

    /// Lets go of room for what is no longer under way: a rush is over when the sweep comes by.
    pub(crate) fn let_go_of_room(&mut self) {
        if self.in_flight.is_empty() {
            self.in_flight = VecDeque::new();
        }
        self.rolls.let_go();
    }

    /// The member that a seat stands for, where anyone may come in.
    pub(crate) fn seated(&self, live: &LiveGroup, seat: &SeatSecret) -> Option<MemberId> {
        let (member, _) = self.group.seated(&seat.hash()).filter(|_| live.is_open(self))?;
        Some(member)
    }

    /// The member that an account holds, where anyone may come in.
    pub(crate) fn held_by(&self, live: &LiveGroup, account: &Account) -> Option<MemberId> {
        let (member, _) = self.group.held_by(account).filter(|_| live.is_open(self))?;
        Some(member)
    }

    /// Notes a session more of a member; whether it is the first.
    pub(crate) fn arrive(&mut self, member: MemberId) -> bool {
        let count = self.sessions.entry(member).or_default();
        *count += 1;
        *count == 1
    }

    /// Notes a session less of a member; whether it was the last.
    pub(crate) fn depart(&mut self, member: MemberId) -> bool {
        let Some(count) = self.sessions.get_mut(&member) else { return false };
        *count -= 1;
        let is_last = *count == 0;
        if is_last {
            self.sessions.remove(&member);
        }
        is_last
    }

    /// Notes that a member is here or not any more, and `was` before; whether somebody is to see
    /// to it that this is told.
    pub(crate) fn note_presence(&mut self, member: MemberId, was: bool) -> bool {
        let is_first = self.presence.is_empty();
        self.presence.entry(member).or_insert(was);
        is_first
    }

    /// Takes the comings and goings that still hold.
    pub(crate) fn take_presence(&mut self) -> Vec<Passing> {
        let noted = std::mem::take(&mut self.presence);
        noted
            .into_iter()
            .filter_map(|(member, was)| {
                let is_here = self.sessions.contains_key(&member);
                let name = self.group.member(member)?.name.clone();
                (is_here != was).then_some(Passing::Presence { member, name, is_here })
            })
            .collect()
    }
}

impl InFlight {
    /// What is expected of an entry, without its text: it is kept only to be given up.
    fn expected_of(entry: &Entry) -> Option<Entry> {
        let kind = match &entry.kind {
            Kind::Said { client_id, .. } | Kind::Action { client_id, .. } => Kind::Said {
                text: Text::from_log(String::new()),
                client_id: Some(client_id.clone()?),
            },
            // Nothing is held for it.
            Kind::Topic { .. } | Kind::Relayed(_) | Kind::Redacted { .. } => return None,
            kind @ (Kind::Joined { .. }
            | Kind::Renamed { .. }
            | Kind::Left(_)
            | Kind::Removed { .. }
            | Kind::Granted { .. }
            | Kind::Changed { .. }) => kind.clone(),
        };
        let (member, name) = (entry.member, entry.name.clone());
        let (account, door) = (entry.account.clone(), entry.door);
        Some(Entry { member, name, account, door, kind })
    }
}

impl Answer {
    /// Tells that the append to that group did not land.
    pub(crate) fn fail(self, group: GroupId, refusal: Refusal) {
        match self {
            Self::OnFailure(outlet) | Self::Labelled { outlet, told: None, .. } => {
                outlet.signal(Signal::NotTaken { group, refusal });
            }
            Self::Told(told) | Self::Labelled { told: Some(told), .. } => {
                // Whoever waited may have gone.
                let _gone = told.send(Err(refusal));
            }
            Self::Joins(joining) => {
                let _gone = joining.told.send(Err(refusal));
            }
        }
    }
}
