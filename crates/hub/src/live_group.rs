//! Live group: a group that somebody is in or about to enter, with what belongs to its being
//! alive: its model, what is under way into the log, its tail, and the outlets that read it.
//!
//! Does not know who may do what (core decides) nor how a log keeps it. The model's lock is held
//! for a decision and its hand-over to the log, so that the log's order is the order of decisions.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conclave_core::{Entry, Group, GroupId, Kind, MemberId, Refusal, Seq, Text, Timestamp};
use conclave_log::{GroupOptions, Stored, Ticket};
use tokio::sync::{Notify, OnceCell, oneshot};

use crate::admission::Keep;
use crate::outlet::{Outlet, Signal};
use crate::session::Session;
use crate::tail::Tail;
use crate::wire::Wire;

/// A group that is alive.
#[derive(Debug)]
pub(crate) struct LiveGroup {
    pub(crate) id: GroupId,
    pub(crate) password_hash: Box<str>,
    /// Keyed digest of the password that was verified last: it vouches for the next who brings
    /// the same, so that a class that joins at once is not hashed one by one.
    vouched: Mutex<Option<blake3::Hash>>,
    model: Mutex<Model>,
    tail: Tail,
    /// Who reads, copied when it changes, so that a pass works on one state of it.
    outlets: Mutex<Arc<Vec<Arc<Outlet>>>>,
    /// Stirs those who wait for the end of an append.
    settled: Notify,
    /// Members that a former life of the server left behind have been seen off.
    seen_off: OnceCell<()>,
    /// Closed or deleted: nobody is to touch it any more.
    has_ended: AtomicBool,
}

/// What changes by decisions and commits.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) group: Group,
    pub(crate) options: GroupOptions,
    /// Appends under way, in the order in which the log got them.
    pub(crate) in_flight: VecDeque<InFlight>,
    /// How many sessions each member has.
    pub(crate) sessions: HashMap<MemberId, u32>,
    /// The newest event that is in a kept snapshot.
    pub(crate) snapshot_head: Seq,
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
    pub(crate) keep: Keep,
}

/// How an append ended.
pub(crate) type Outcome = Result<(Seq, Timestamp), Refusal>;

impl LiveGroup {
    /// The group as the log gave it.
    pub(crate) fn new(id: GroupId, stored: Stored) -> Self {
        let snapshot_head = stored.snapshot.head;
        let mut group = Group::restore(stored.snapshot);
        for event in &stored.events {
            group.apply(event);
        }
        Self {
            id,
            password_hash: stored.password_hash,
            vouched: Mutex::default(),
            tail: Tail::new(group.head()),
            model: Mutex::new(Model {
                group,
                options: stored.options,
                in_flight: VecDeque::new(),
                sessions: HashMap::new(),
                snapshot_head,
            }),
            outlets: Mutex::default(),
            settled: Notify::new(),
            seen_off: OnceCell::new(),
            has_ended: AtomicBool::new(false),
        }
    }

    pub(crate) fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) const fn tail(&self) -> &Tail {
        &self.tail
    }

    /// Stirs those who wait for the end of an append.
    pub(crate) const fn settled(&self) -> &Notify {
        &self.settled
    }

    /// Done once those have been seen off whom a former life of the server left behind.
    pub(crate) const fn seen_off(&self) -> &OnceCell<()> {
        &self.seen_off
    }

    /// Who reads just now.
    pub(crate) fn outlets(&self) -> Arc<Vec<Arc<Outlet>>> {
        Arc::clone(&self.outlets.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds readers.
    pub(crate) fn add_outlets(&self, added: impl IntoIterator<Item = Arc<Outlet>>) {
        let mut outlets = self.outlets.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut outlets).extend(added);
    }

    /// Takes a reader away, and its place in the group with it.
    pub(crate) fn remove_outlet(self: &Arc<Self>, outlet: &Arc<Outlet>) {
        outlet.detach(self);
        let mut outlets = self.outlets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = outlets.iter().position(|other| Arc::ptr_eq(other, outlet)) {
            Arc::make_mut(&mut outlets).swap_remove(index);
        }
    }

    /// Whether that password, as a keyed digest, is the one that was verified last.
    pub(crate) fn is_vouched(&self, digest: &blake3::Hash) -> bool {
        // `blake3::Hash` compares in constant time.
        *self.vouched.lock().unwrap_or_else(PoisonError::into_inner) == Some(*digest)
    }

    /// Notes that a password was verified.
    pub(crate) fn vouch(&self, digest: blake3::Hash) {
        *self.vouched.lock().unwrap_or_else(PoisonError::into_inner) = Some(digest);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Acquire)
    }

    /// Ends the group: everybody in it is told and shown out.
    pub(crate) fn end(self: &Arc<Self>) {
        self.has_ended.store(true, Ordering::Release);
        let outlets =
            std::mem::take(&mut *self.outlets.lock().unwrap_or_else(PoisonError::into_inner));
        for outlet in outlets.iter() {
            outlet.detach(self);
            outlet.signal(Signal::GroupEnded);
        }
        self.settled.notify_waiters();
    }
}

impl Model {
    /// Notes a session more of a member.
    pub(crate) fn arrive(&mut self, member: MemberId) {
        *self.sessions.entry(member).or_default() += 1;
    }

    /// Notes a session less of a member.
    pub(crate) fn depart(&mut self, member: MemberId) {
        if let Some(count) = self.sessions.get_mut(&member) {
            *count -= 1;
            if *count == 0 {
                self.sessions.remove(&member);
            }
        }
    }
}

impl InFlight {
    /// What is expected of an entry, without its text: it is kept only to be given up.
    pub(crate) fn expected_of(entry: &Entry) -> Option<Entry> {
        let kind = match &entry.kind {
            Kind::Said { client_id: Some(client_id), .. }
            | Kind::Action { client_id: Some(client_id), .. } => Kind::Said {
                text: Text::from_log(String::new()),
                client_id: Some(client_id.clone()),
            },
            Kind::Joined { seat } => Kind::Joined { seat: *seat },
            Kind::Renamed { to } => Kind::Renamed { to: to.clone() },
            _ => return None,
        };
        Some(Entry { member: entry.member, name: entry.name.clone(), kind })
    }
}

impl Answer {
    /// Tells that the append did not land.
    pub(crate) fn fail(self, refusal: Refusal) {
        match self {
            Self::OnFailure(outlet) => outlet.signal(Signal::NotTaken(refusal)),
            Self::Told(told) => {
                // Whoever waited may have gone.
                let _gone = told.send(Err(refusal));
            }
            Self::Joins(joining) => {
                let _gone = joining.told.send(Err(refusal));
            }
        }
    }
}
