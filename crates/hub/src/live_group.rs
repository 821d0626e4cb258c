//! Live group: a group that somebody is in or about to enter, with what belongs to its being
//! alive: its model, its tail, and the outlets that read it.
//!
//! Does not know who may do what (core decides) nor how a log keeps it. The model's lock is held
//! for a decision and its hand-over to the log, so that the log's order is the order of decisions.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conclave_core::{
    Alias, Cuts, Event, Group, GroupId, GroupName, Kind, Manner, MemberId, PasswordHash, Relay,
    Seq, Tags, limits,
};
use conclave_log::Stored;
use tokio::sync::{Notify, OnceCell};

use crate::direct::{DirectView, Two};
use crate::model::{InFlight, Model};
use crate::outlet::{Ended, Outlet, Signal};
use crate::pages::Pages;
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
    /// Something has happened since it was tidied last.
    is_touched: AtomicBool,
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
            model: Mutex::new(Model::new(group, stored.options, snapshot_head)),
            readers: Mutex::default(),
            settled: Notify::new(),
            seen_off: OnceCell::new(),
            has_ended: AtomicBool::new(false),
            is_deleted: AtomicBool::new(false),
            is_touched: AtomicBool::new(false),
            delivered: AtomicU64::new(head.0),
        }
    }

    /// Notes that something has happened; whether that was noted already.
    pub(crate) fn note_touched(&self) -> bool {
        self.is_touched.swap(true, Ordering::AcqRel)
    }

    /// Forgets that something has happened, as it is tidied.
    pub(crate) fn forget_touched(&self) {
        self.is_touched.store(false, Ordering::Release);
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
        // The head once all that has landed. It is not looked at again: where messages never
        // pause, there is always one more.
        let mut upto = None;
        loop {
            let settled = self.settled.notified();
            tokio::pin!(settled);
            settled.as_mut().enable();
            if upto.is_none() {
                let model = self.model();
                // Tickets rise within a group.
                let waits = |append: &InFlight| last.is_some_and(|last| append.ticket <= last);
                if !model.in_flight.front().is_some_and(waits) {
                    upto = Some(model.group.head());
                }
            }
            let delivered = self.delivered.load(Ordering::Acquire);
            if self.has_ended() || upto.is_some_and(|upto| delivered >= upto.0) {
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

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use conclave_core::{Entry, Farewell, Founding, Name, Snapshot, Timestamp};
    use conclave_log::GroupOptions;

    use super::*;

    impl LiveGroup {
        /// A group in which nothing has happened.
        pub(crate) fn empty() -> Self {
            let stored = Stored {
                founding: Founding::default(),
                options: GroupOptions::default(),
                snapshot: Snapshot::default(),
                events: Vec::new(),
                direct: None,
                has_directs: false,
            };
            Self::new(GroupId::new(8888).unwrap(), stored)
        }
    }

    /// Applies one more event, as the publisher does before it is brought to anyone.
    fn apply(live: &LiveGroup) -> Seq {
        let mut model = live.model();
        let seq = model.group.head().next();
        let kind = Kind::Left(Farewell::default());
        let entry = Entry::by(MemberId(1), Name::from_log("Noya"), kind);
        model.group.apply(&Event { seq, at: Timestamp::from_ms(1), entry });
        seq
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_what_is_under_way_is_done_though_messages_never_pause() {
        let live = LiveGroup::empty();
        let first = apply(&live);
        let delivered = live.delivered();
        tokio::pin!(delivered);
        let is_done = poll_fn(|context| Poll::Ready(delivered.as_mut().poll(context))).await;
        assert!(is_done.is_pending());
        // The next has come before the first was brought to all.
        apply(&live);
        live.note_delivered(first);
        let is_done = poll_fn(|context| Poll::Ready(delivered.as_mut().poll(context))).await;
        assert!(is_done.is_ready());
    }
}
