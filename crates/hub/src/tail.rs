//! Tail: the newest events of a live group, in chunks shared by reference, bounded in bytes.
//!
//! Does not know who reads: a reader holds its own number. What is older than the tail is in the
//! log. The head moves only after what is below it can be read.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use conclave_core::{Event, MemberId, Seq, limits};
use smallvec::SmallVec;
use tokio::time::Instant;

use crate::live_group::{LiveGroup, View};
use crate::outlet::Mark;
use crate::wire::Wire;

/// Events of one commit to one group: published together, encoded once a wire.
#[derive(Debug)]
pub(crate) struct Chunk {
    first: Seq,
    events: Box<[Event]>,
    /// One bit for each member (its number modulo 64) that an event is about: tells cheaply that
    /// a reader has none of its own in here.
    members: u64,
    weight: usize,
    /// Its bytes on each wire that somebody reads it on. A wire that nobody reads costs nothing.
    encoded: OnceLock<Box<Form>>,
}

/// A chunk's bytes on one wire, and those on the next that was asked for.
#[derive(Debug)]
struct Form {
    /// Which: the wire's number, or what stands for it ([`LiveGroup::form_of`]).
    place: usize,
    encoded: Encoded,
    next: OnceLock<Box<Self>>,
}

/// A chunk's events as bytes.
#[derive(Debug)]
pub(crate) struct Encoded {
    /// The bytes of all events, one after the other.
    pub(crate) bytes: Vec<u8>,
    /// Where each event's bytes end. Most chunks are of one event or a few: nothing is allocated.
    pub(crate) ends: SmallVec<[u32; 4]>,
}

impl Encoded {
    /// Encodes events of one chunk or page; those that `is_left_out` have no bytes.
    pub(crate) fn new(
        view: &View,
        events: &[Event],
        wire: &dyn Wire,
        is_left_out: impl Fn(&Event) -> bool,
    ) -> Self {
        Self::labelled(view, events, wire, is_left_out, &[])
    }

    /// The same for one connection, which put labels on some of them.
    pub(crate) fn labelled(
        view: &View,
        events: &[Event],
        wire: &dyn Wire,
        is_left_out: impl Fn(&Event) -> bool,
        labels: &[(Seq, Mark)],
    ) -> Self {
        let mut bytes = Vec::with_capacity(events.len() * 128);
        let ends = events
            .iter()
            .map(|event| {
                let mark = labels.iter().find(|(seq, _)| *seq == event.seq).map(|(_, mark)| mark);
                match mark {
                    _ if is_left_out(event) => {}
                    Some(Mark::LeftOut) => {}
                    Some(Mark::Label(label)) => view.encode(wire, event, Some(label), &mut bytes),
                    None => view.encode(wire, event, None, &mut bytes),
                }
                // A page holds well below 2^32 bytes: events and their number are bounded.
                u32::try_from(bytes.len()).unwrap_or(u32::MAX)
            })
            .collect();
        Self { bytes, ends }
    }
}

impl Chunk {
    /// A chunk of at least one event, dense and in order.
    pub(crate) fn new(events: Vec<Event>) -> Self {
        Self {
            first: events.first().map_or(Seq::ZERO, |event| event.seq),
            members: events.iter().fold(0, |bits, event| bits | bit(event.entry.member)),
            // Twice the events: they are held as they are and as bytes. The chunk itself counts most
            // where each holds one event.
            weight: size_of::<Self>()
                + 2 * events.iter().map(|event| event.entry.weight()).sum::<usize>(),
            events: events.into_boxed_slice(),
            encoded: OnceLock::new(),
        }
    }

    /// Bytes that it takes, about.
    pub(crate) const fn weight(&self) -> usize {
        self.weight
    }

    pub(crate) const fn first(&self) -> Seq {
        self.first
    }

    /// The number after its last event's.
    pub(crate) const fn end(&self) -> Seq {
        self.first.plus(self.events.len() as u64)
    }

    pub(crate) const fn events(&self) -> &[Event] {
        &self.events
    }

    /// Whether an event may be about that member; never wrong with no.
    pub(crate) fn may_hold(&self, member: MemberId) -> bool {
        self.members & bit(member) != 0
    }

    /// Its bytes on that wire, as that member sees it; made by the first who asks. `live` is the
    /// group whose it is.
    pub(crate) fn encoded(&self, live: &LiveGroup, wire: &dyn Wire, member: MemberId) -> &Encoded {
        let place = live.form_of(wire, member);
        let mut next = &self.encoded;
        loop {
            // Of two who ask at once for different wires one makes its form here; the other finds
            // that it is not the one, and goes on.
            let form = next.get_or_init(|| {
                let view = live.view_of(member);
                let encoded = Encoded::new(&view, &self.events, wire, |_| false);
                Box::new(Form { place, encoded, next: OnceLock::new() })
            });
            if form.place == place {
                return &form.encoded;
            }
            next = &form.next;
        }
    }
}

const fn bit(member: MemberId) -> u64 {
    1 << (member.0 % 64)
}

/// The newest chunks of a live group.
#[derive(Debug)]
pub(crate) struct Tail {
    /// Number of the newest event that was published.
    head: AtomicU64,
    ring: Mutex<Ring>,
}

#[derive(Debug, Default)]
struct Ring {
    chunks: VecDeque<(Instant, Arc<Chunk>)>,
    weight: usize,
}

/// What a reader finds at its place.
pub(crate) enum Found {
    /// Nothing yet: it stands at the head.
    AtHead,
    /// The chunk that holds it.
    Chunk(Arc<Chunk>),
    /// It is older than the tail: it is in the log.
    InLog,
}

impl Tail {
    /// An empty tail of a group whose newest event is `head`.
    pub(crate) fn new(head: Seq) -> Self {
        Self { head: AtomicU64::new(head.0), ring: Mutex::default() }
    }

    /// Number of the newest event that was published.
    pub(crate) fn head(&self) -> Seq {
        Seq(self.head.load(Ordering::Acquire))
    }

    /// Puts in the next chunk, lets go of the oldest past the bound, and moves the head.
    pub(crate) fn push(&self, now: Instant, chunk: Arc<Chunk>) {
        let mut ring = self.lock();
        let end = chunk.end();
        ring.weight += chunk.weight;
        ring.chunks.push_back((now, chunk));
        // What is too old goes as new comes, and not all at once in the sweep.
        while ring.chunks.len() > 1
            && (ring.weight > limits::TAIL_BYTES_MAX || ring.is_old(now, limits::TAIL_KEPT_FOR))
        {
            ring.drop_oldest();
        }
        self.head.store(end.minus(1).0, Ordering::Release);
    }

    /// What stands at a reader's place.
    pub(crate) fn find(&self, next: Seq) -> Found {
        if next > self.head() {
            return Found::AtHead;
        }
        let ring = self.lock();
        let after = ring.chunks.partition_point(|(_, chunk)| chunk.first() <= next);
        match after.checked_sub(1).and_then(|index| ring.chunks.get(index)) {
            Some((_, chunk)) if next < chunk.end() => Found::Chunk(Arc::clone(chunk)),
            _ => Found::InLog,
        }
    }

    /// Lets go of everything up to `head`, which nobody is behind. Who comes later reads the log.
    pub(crate) fn let_go(&self, head: Seq) {
        let mut ring = self.lock();
        while ring.chunks.front().is_some_and(|(_, chunk)| chunk.first() <= head) {
            ring.drop_oldest();
        }
        ring.let_go_of_room();
    }

    /// Lets go of what was published longer than `kept_for` ago.
    pub(crate) fn trim(&self, now: Instant, kept_for: Duration) {
        let mut ring = self.lock();
        while ring.is_old(now, kept_for) {
            ring.drop_oldest();
        }
        ring.let_go_of_room();
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    /// Whether its oldest chunk is older than that.
    fn is_old(&self, now: Instant, kept_for: Duration) -> bool {
        self.chunks.front().is_some_and(|(at, _)| now.duration_since(*at) > kept_for)
    }

    fn drop_oldest(&mut self) {
        if let Some((_, chunk)) = self.chunks.pop_front() {
            self.weight -= chunk.weight;
        }
    }

    fn let_go_of_room(&mut self) {
        if self.chunks.is_empty() {
            self.chunks.shrink_to_fit();
        }
    }
}
