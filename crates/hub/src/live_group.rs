//! Live group: a group that somebody is in or about to enter, with what belongs to its being
//! alive: its model, what is under way into the log, its tail, and the outlets that read it.
//!
//! Does not know who may do what (core decides) nor how a log keeps it. The model's lock is held
//! for a decision and its hand-over to the log, so that the log's order is the order of decisions.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conclave_core::{
    Account, Alias, Command, Cuts, Decision, Entry, Event, Group, GroupId, GroupName, Kind, Manner,
    MemberId, Passing, PasswordHash, Refusal, Relay, SeatSecret, Seq, Tags, Text, Timestamp,
    limits,
};
use conclave_log::{GroupOptions, Stored, Ticket};
use tokio::sync::{Notify, OnceCell, oneshot};

use crate::direct::{DirectView, Two};
use crate::messages::Messages;
use crate::outlet::{Ended, Mark, Outlet, Own, Signal};
use crate::pages::Pages;
use crate::session::Session;
use crate::tail::Tail;
use crate::wire::Wire;

/// A group that is alive.
#[derive(Debug)]
pub(crate) struct LiveGroup {
    pub(crate) id: GroupId,
    /// The word it goes by beside its number.
    alias: Option<Alias>,
    /// Keyed digest of the password that was verified last, and the hash it fits: it vouches for
    /// the next who brings the same, so that a class that joins at once is not hashed one by one.
    vouched: Mutex<Option<(PasswordHash, blake3::Hash)>>,
    model: Mutex<Model>,
    tail: Tail,
    pages: Pages,
    /// Who reads, copied when it changes, so that a pass works on one state of it.
    readers: Mutex<Arc<Vec<Reader>>>,
    /// Stirs those who wait for the end of an append.
    settled: Notify,
    /// Members that a former life of the server left behind have been seen off.
    seen_off: OnceCell<()>,
    /// Closed or deleted: nobody is to touch it any more. Set under the model's lock.
    has_ended: AtomicBool,
    /// It ended by being deleted.
    is_deleted: AtomicBool,
    /// Number of the newest event that was brought to everyone who was at the head.
    delivered: AtomicU64,
    /// Whose it is, where it is a direct conversation.
    pub(crate) two: Option<Box<Two>>,
    /// Members of it may have direct conversations that live in it.
    has_directs: AtomicBool,
}

/// A group as one of its members sees it.
pub(crate) enum View {
    /// All see it alike.
    Group(GroupName),
    /// A direct conversation.
    Direct(DirectView),
}

impl View {
    /// Writes an event, with the label that the connection it is for put on it.
    pub(crate) fn encode(
        &self,
        wire: &dyn Wire,
        event: &Event,
        label: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        match (self, label) {
            (Self::Group(name), None) => wire.encode(name, event, out),
            (Self::Group(name), Some(label)) => wire.encode_labelled(name, event, label, out),
            (Self::Direct(direct), label) => wire.encode_direct(direct, event, label, out),
        }
    }
}

/// A session's outlet.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    pub(crate) session: Serial,
    /// As whom it reads.
    pub(crate) member: MemberId,
    pub(crate) outlet: Arc<Outlet>,
}

/// Tells one session from all others, of the same member and on the same outlet too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Serial(pub(crate) u64);

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
    pub(crate) sessions: HashMap<MemberId, u32>,
    /// Whose coming or going is to be told, and whether it was here as it was told last.
    presence: HashMap<MemberId, bool>,
    /// The newest event that is in a kept snapshot.
    pub(crate) snapshot_head: Seq,
    /// Which events are messages, as far as that is known.
    pub(crate) messages: Messages,
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

impl LiveGroup {
    /// The group as the log gave it.
    pub(crate) fn new(id: GroupId, stored: Stored) -> Self {
        let snapshot_head = stored.snapshot.head;
        let alias = stored.founding.alias.clone();
        let mut group = Group::restore_founded(stored.founding, stored.snapshot);
        for event in &stored.events {
            group.apply(event);
        }
        if stored.direct.is_some() {
            group = group.with_names_free();
        }
        let two = stored.direct.and_then(|pair| Two::new(pair, &group)).map(Box::new);
        let head = group.head();
        Self {
            id,
            two,
            has_directs: AtomicBool::new(stored.has_directs),
            alias,
            vouched: Mutex::default(),
            tail: Tail::new(group.head()),
            pages: Pages::default(),
            model: Mutex::new(Model {
                messages: Messages::new(group.head()),
                group,
                options: stored.options,
                in_flight: VecDeque::new(),
                renaming: Vec::new(),
                sessions: HashMap::new(),
                presence: HashMap::new(),
                snapshot_head,
            }),
            readers: Mutex::default(),
            settled: Notify::new(),
            seen_off: OnceCell::new(),
            has_ended: AtomicBool::new(false),
            is_deleted: AtomicBool::new(false),
            delivered: AtomicU64::new(head.0),
        }
    }

    /// Takes the words out of messages that were taken back: their places stay.
    pub(crate) fn redact(&self, events: &mut [Event]) {
        let model = self.model();
        if !model.group.has_redacted() {
            return;
        }
        for event in events.iter_mut().filter(|event| model.group.is_redacted(event.seq)) {
            let (manner, tags) = (Manner::Tags, Tags::default());
            event.entry.kind =
                Kind::Relayed(Relay { manner, text: None, tags, cuts: Cuts::default() });
        }
    }

    /// What it goes by.
    pub(crate) fn name(&self) -> GroupName {
        GroupName { id: self.id, alias: self.alias.clone() }
    }

    /// The group as a member of it sees it.
    pub(crate) fn view_of(&self, member: MemberId) -> View {
        match self.view_of_direct(member) {
            Some(direct) => View::Direct(direct),
            None => View::Group(self.name()),
        }
    }

    /// The direct conversation that it is, as one of its two sees it.
    pub(crate) fn view_of_direct(&self, member: MemberId) -> Option<DirectView> {
        self.two.as_ref().map(|two| two.view_of(self.id, member))
    }

    /// What tells the form in which that member is written its events on that wire from others:
    /// the wire's number, but in a direct conversation, which its two see each in its way.
    pub(crate) fn form_of(&self, wire: &dyn Wire, member: MemberId) -> usize {
        match &self.two {
            None => wire.place(),
            Some(_) => 2 * wire.place() + usize::from(member.0 == 1),
        }
    }

    /// Notes that members of it have direct conversations that live in it.
    pub(crate) fn note_directs(&self) {
        self.has_directs.store(true, Ordering::Release);
    }

    /// Whether members of it may have direct conversations that live in it.
    pub(crate) fn has_directs(&self) -> bool {
        self.has_directs.load(Ordering::Acquire)
    }

    pub(crate) fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) const fn tail(&self) -> &Tail {
        &self.tail
    }

    /// What was read of its log for those behind the tail.
    pub(crate) const fn pages(&self) -> &Pages {
        &self.pages
    }

    /// Stirs those who wait for the end of an append.
    pub(crate) const fn settled(&self) -> &Notify {
        &self.settled
    }

    /// Done once those have been seen off whom a former life of the server left behind.
    pub(crate) const fn seen_off(&self) -> &OnceCell<()> {
        &self.seen_off
    }

    fn lock_readers(&self) -> MutexGuard<'_, Arc<Vec<Reader>>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who reads just now.
    pub(crate) fn readers(&self) -> Arc<Vec<Reader>> {
        Arc::clone(&self.lock_readers())
    }

    /// Adds readers whose outlets have their cursors. Where the group has ended meanwhile they are
    /// shown out instead.
    pub(crate) fn add_readers(&self, added: Vec<Reader>) {
        let mut readers = self.lock_readers();
        // `end` takes this lock after it has marked the group, so nobody slips in behind it.
        if !self.has_ended() {
            Arc::make_mut(&mut readers).extend(added);
            return;
        }
        drop(readers);
        self.show_out(&added, &self.end_told());
    }

    /// Lets go of readers, whose outlets have no cursors any more.
    pub(crate) fn retain_readers(&self, stays: impl Fn(&Reader) -> bool) {
        let readers = self.readers();
        let gone: Vec<_> =
            readers.iter().filter(|reader| !stays(reader)).map(|reader| reader.session).collect();
        if !gone.is_empty() {
            let mut readers = self.lock_readers();
            Arc::make_mut(&mut readers).retain(|reader| !gone.contains(&reader.session));
        }
    }

    /// Takes a session's reader away, and its cursor with it: nothing is written of the group from
    /// here on.
    pub(crate) fn remove_reader(&self, session: Serial, outlet: &Outlet) {
        outlet.detach(session);
        let mut readers = self.lock_readers();
        if let Some(index) = readers.iter().position(|reader| reader.session == session) {
            Arc::make_mut(&mut readers).swap_remove(index);
        }
    }

    /// Adds a reader. Another session of its member on the same outlet goes without a word; where
    /// the member has more sessions than it may, the oldest is shown out.
    pub(crate) fn add_reader(&self, added: Reader) {
        let (member, session) = (added.member, added.session);
        let outlet = Arc::clone(&added.outlet);
        self.add_readers(vec![added]);
        let mut again = Vec::new();
        let mut readers = self.lock_readers();
        // Under one lock, so that of two who come at once one finds the other.
        let mut of_member: Vec<_> =
            readers.iter().filter(|reader| reader.member == member).cloned().collect();
        of_member.retain(|reader| {
            let stays = reader.session == session || !Arc::ptr_eq(&reader.outlet, &outlet);
            if !stays {
                again.push(reader.clone());
            }
            stays
        });
        of_member.sort_unstable_by_key(|reader| reader.session.0);
        let stay_count = of_member.len().min(limits::SESSIONS_PER_MEMBER_MAX);
        let replaced: Vec<_> = of_member.drain(..of_member.len() - stay_count).collect();
        if !again.is_empty() || !replaced.is_empty() {
            let goes = |reader: &Reader| {
                let mut going = again.iter().chain(&replaced);
                going.any(|other| other.session == reader.session)
            };
            Arc::make_mut(&mut readers).retain(|reader| !goes(reader));
        }
        drop(readers);
        for Reader { session, outlet, .. } in again {
            outlet.detach(session);
        }
        self.show_out(&replaced, &Ended::Replaced);
    }

    /// Shows those out who read as one of these members, who are none any more.
    pub(crate) fn show_out_of(&self, departed: &[(MemberId, Ended)]) {
        let mut shown_out = Vec::new();
        let why_of = |reader: &Reader| {
            departed.iter().find(|(member, _)| *member == reader.member).map(|(_, why)| why.clone())
        };
        let mut readers = self.lock_readers();
        if readers.iter().any(|reader| why_of(reader).is_some()) {
            Arc::make_mut(&mut readers).retain(|reader| match why_of(reader) {
                None => true,
                Some(why) => {
                    shown_out.push((reader.clone(), why));
                    false
                }
            });
        }
        drop(readers);
        for (reader, why) in shown_out {
            self.show_out(&[reader], &why);
        }
    }

    /// Tells readers that they are in the group no more.
    fn show_out(&self, readers: &[Reader], why: &Ended) {
        for Reader { session, outlet, .. } in readers {
            outlet.detach(*session);
            let why = why.clone();
            outlet.signal(Signal::GroupEnded { group: self.id, session: *session, why });
        }
    }

    /// Why the group has ended.
    fn end_told(&self) -> Ended {
        if self.is_deleted.load(Ordering::Acquire) { Ended::Deleted } else { Ended::Closed }
    }

    /// Whether that password, as a keyed digest, is the one that was verified last, against that
    /// hash: what fitted the one before vouches for nothing.
    pub(crate) fn is_vouched(&self, hash: &PasswordHash, digest: &blake3::Hash) -> bool {
        let vouched = self.vouched.lock().unwrap_or_else(PoisonError::into_inner);
        // `blake3::Hash` compares in constant time.
        vouched.as_ref().is_some_and(|(of, vouched)| of == hash && vouched == digest)
    }

    /// Notes that a password was verified against that hash.
    pub(crate) fn vouch(&self, hash: PasswordHash, digest: blake3::Hash) {
        // The one it has, where that is the same, so that it is not kept twice.
        let hash = self.password().filter(|own| *own == hash).unwrap_or(hash);
        *self.vouched.lock().unwrap_or_else(PoisonError::into_inner) = Some((hash, digest));
    }

    /// Hash of the password that it takes to join; nothing where none is needed.
    pub(crate) fn password(&self) -> Option<PasswordHash> {
        self.model().group.password().cloned()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Acquire)
    }

    /// Whether anyone may come in.
    pub(crate) fn is_open(&self, model: &Model) -> bool {
        !self.has_ended() && !model.options.is_closed
    }

    /// Ends the group: nothing more is handed to the log, and everybody in it is told and shown
    /// out.
    pub(crate) fn end(&self, why: &Ended) {
        self.end_if(why, |_| true);
    }

    /// Ends the group where its state says so; whether it does.
    pub(crate) fn end_if(&self, why: &Ended, is_due: impl FnOnce(&Model) -> bool) -> bool {
        let model = self.model();
        if !is_due(&model) {
            return false;
        }
        self.is_deleted.store(*why == Ended::Deleted, Ordering::Release);
        self.has_ended.store(true, Ordering::Release);
        drop(model);
        let readers = std::mem::take(&mut *self.lock_readers());
        self.show_out(&readers, why);
        self.settled.notify_waiters();
        true
    }

    /// Notes that everything up to an event was brought to everyone who was at the head.
    pub(crate) fn note_delivered(&self, upto: Seq) {
        self.delivered.fetch_max(upto.0, Ordering::Release);
        self.settled.notify_waiters();
    }

    /// Ends when all that is under way now has landed or failed, and what landed was brought to
    /// everyone who is not behind; or when the group ends.
    ///
    /// # Cancel safety
    /// Safe.
    pub(crate) async fn delivered(&self) {
        let last = self.model().in_flight.back().map(|append| append.ticket);
        loop {
            let settled = self.settled.notified();
            tokio::pin!(settled);
            settled.as_mut().enable();
            let (is_landed, head) = {
                let model = self.model();
                // Tickets rise within a group.
                let waits = |append: &InFlight| last.is_some_and(|last| append.ticket <= last);
                (!model.in_flight.front().is_some_and(waits), model.group.head())
            };
            let is_delivered = self.delivered.load(Ordering::Acquire) >= head.0;
            if self.has_ended() || is_landed && is_delivered {
                return;
            }
            settled.await;
        }
    }

    /// Ends when nothing is under way.
    ///
    /// # Cancel safety
    /// Safe.
    pub(crate) async fn quiet(&self) {
        loop {
            let settled = self.settled.notified();
            tokio::pin!(settled);
            settled.as_mut().enable();
            if self.model().in_flight.is_empty() {
                return;
            }
            settled.await;
        }
    }
}

impl Model {
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
        Some(Entry { member, name, account: entry.account.clone(), kind })
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
