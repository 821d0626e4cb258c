//! Outlet: the writing half of one connection, with its place in each group it reads.
//!
//! Whoever holds the lock of the feed may write and move the cursors, nobody else, and one
//! function does it. An outlet holds numbers, not a queue: of what its peer has not taken it keeps
//! the rest of one event, and the answers meant for it alone. Does not know protocols or sockets.
//!
//! Invariant: while `is_lagging` a catch-up task serves it and the publisher passes it by; the
//! head of a group moves before the publisher takes the feed's lock, and `is_lagging` ends under
//! that lock after the head was read. So there is neither a gap nor a double.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use conclave_core::{Event, MemberId, Refusal, Seq, limits};
use smallvec::SmallVec;
use tokio::sync::Notify;

use crate::live_group::LiveGroup;
use crate::tail::{Chunk, Encoded, Found};
use crate::wire::Wire;

/// Where bytes go: a socket, or something that stands for one.
pub trait Sink: Send + Sync + fmt::Debug {
    /// Writes what can be written at once.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] where that is nothing; anything else ends the connection.
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Is ready when writing may work again. Polled by one task at a time.
    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Tells the peer that nothing more will be written.
    fn shut(&self);
}

/// What an outlet tells the one who runs its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Something that was said or done was not taken into the log.
    NotTaken(Refusal),
    /// A group it was in was closed or deleted.
    GroupEnded,
    /// A newer connection of the same seat has taken its place.
    Replaced,
    /// The peer is gone, or took nothing for [`limits::STALL_MAX`].
    Closed,
}

/// The writing half of one connection.
#[derive(Debug)]
pub struct Outlet {
    sink: Box<dyn Sink>,
    feed: Mutex<Feed>,
    /// Stirs the one who runs the connection: there is a signal, or room for answers.
    stir: Notify,
    /// Ends the waiting of the catch-up task.
    closing: Notify,
}

#[derive(Debug, Default)]
struct Feed {
    cursors: Vec<Cursor>,
    /// Written before anything else: the rest of an event, and answers.
    unsent: VecDeque<Bytes>,
    unsent_bytes: usize,
    /// Earlier messages that are being shown.
    history: Option<Run>,
    /// A catch-up task serves it.
    is_lagging: bool,
    is_closed: bool,
    signals: Vec<Signal>,
}

/// A place in a group.
#[derive(Debug)]
pub(crate) struct Cursor {
    pub(crate) group: Arc<LiveGroup>,
    /// The next event that it has not been given.
    pub(crate) next: Seq,
    /// Who reads; its own events are left out.
    pub(crate) member: MemberId,
    /// What it is written in.
    pub(crate) wire: &'static dyn Wire,
    /// Whether its own messages are not left out.
    pub(crate) is_echoed: bool,
    /// Given nothing yet: who runs the connection has something to say first.
    pub(crate) is_held: bool,
}

impl Cursor {
    fn leaves_out(&self, event: &Event) -> bool {
        event.entry.member == self.member && !(self.is_echoed && event.entry.is_message())
    }
}

/// A stretch of earlier messages to be shown before anything later.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) group: Arc<LiveGroup>,
    pub(crate) next: Seq,
    pub(crate) end: Seq,
    pub(crate) wire: &'static dyn Wire,
}

/// What a catch-up task is to do next.
pub(crate) enum Turn {
    /// Wait until the peer takes more.
    Wait,
    /// Let others run, then go on.
    Yield,
    /// Read a page of that group's log from there and hand it in.
    Read(Arc<LiveGroup>, Seq),
    /// Nothing: the outlet stands at the head, or is closed.
    Done,
}

/// How a write ended.
enum Wrote {
    All,
    Blocked,
    Gone,
}

/// Pieces of bytes that stand together: from, to, and the index after the last event in it.
type Pieces = SmallVec<[(usize, usize, usize); 4]>;

/// Chunks a catch-up task writes before it lets other tasks run.
const CHUNKS_A_TURN: usize = 16;
/// Pieces that are written by one system call.
const SLICES_MAX: usize = 32;

impl Outlet {
    /// An outlet that stands in no group.
    pub fn new(sink: Box<dyn Sink>) -> Arc<Self> {
        Arc::new(Self { sink, feed: Mutex::default(), stir: Notify::new(), closing: Notify::new() })
    }

    fn lock(&self) -> MutexGuard<'_, Feed> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes bytes meant for this connection alone, between two events. `true` where a catch-up
    /// task is to be started, which takes it from here.
    #[must_use]
    pub(crate) fn put(&self, bytes: Bytes) -> bool {
        let mut feed = self.lock();
        if feed.is_closed || bytes.is_empty() {
            return false;
        }
        feed.unsent_bytes += bytes.len();
        feed.unsent.push_back(bytes);
        if feed.is_lagging {
            return false;
        }
        match self.flush(&mut feed) {
            Wrote::Blocked => {
                feed.is_lagging = true;
                true
            }
            Wrote::All | Wrote::Gone => false,
        }
    }

    /// Whether answers may be put in without passing their bound.
    pub fn has_room(&self) -> bool {
        let feed = self.lock();
        feed.is_closed || (feed.unsent_bytes < limits::ANSWERS_BYTES_MAX && feed.history.is_none())
    }

    /// Whether everything that was put in has gone to the peer's side, or never will.
    pub fn is_drained(&self) -> bool {
        let feed = self.lock();
        feed.is_closed || (feed.unsent.is_empty() && feed.history.is_none())
    }

    /// Whether it has gone out of use.
    pub fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Ends when there may be a signal, room or an end to see.
    ///
    /// # Cancel safety
    /// Safe: what stirs while nobody waits is seen by the next who waits.
    pub async fn stirred(&self) {
        self.stir.notified().await;
    }

    /// Takes the signals that have gathered.
    pub fn take_signals(&self) -> Vec<Signal> {
        std::mem::take(&mut self.lock().signals)
    }

    /// Tells the one who runs the connection; the same thing twice is told once.
    pub(crate) fn signal(&self, signal: Signal) {
        let mut feed = self.lock();
        if !feed.signals.contains(&signal) {
            feed.signals.push(signal);
        }
        drop(feed);
        self.stir.notify_one();
    }

    /// Puts the outlet out of use: nothing is written any more, and the peer is told so.
    pub fn close(&self) {
        self.lock().close();
        self.sink.shut();
        self.closing.notify_waiters();
        self.stir.notify_one();
    }

    /// Gives it a place in a group.
    pub(crate) fn attach(&self, cursor: Cursor) {
        let mut feed = self.lock();
        if !feed.is_closed {
            feed.cursors.push(cursor);
        }
    }

    /// Takes its place in a group away: nothing of the group is written from here on.
    pub(crate) fn detach(&self, group: &Arc<LiveGroup>) {
        let mut feed = self.lock();
        feed.cursors.retain(|cursor| !Arc::ptr_eq(&cursor.group, group));
        if feed.history.as_ref().is_some_and(|run| Arc::ptr_eq(&run.group, group)) {
            feed.history = None;
        }
    }

    /// Changes its place in a group, where it has one. `true` where a catch-up task is to be
    /// started.
    #[must_use]
    pub(crate) fn adjust(&self, group: &Arc<LiveGroup>, change: impl FnOnce(&mut Cursor)) -> bool {
        let mut feed = self.lock();
        if let Some(cursor) =
            feed.cursors.iter_mut().find(|cursor| Arc::ptr_eq(&cursor.group, group))
        {
            change(cursor);
        }
        feed.needs_catch_up()
    }

    /// Whether it reads a group as that member.
    pub(crate) fn reads_as(&self, group: &Arc<LiveGroup>, member: MemberId) -> bool {
        let feed = self.lock();
        feed.cursors
            .iter()
            .any(|cursor| cursor.member == member && Arc::ptr_eq(&cursor.group, group))
    }

    /// The next event it has not been given, where it stands in that group.
    pub(crate) fn next_of(&self, group: &Arc<LiveGroup>) -> Option<Seq> {
        let feed = self.lock();
        feed.cursors
            .iter()
            .find(|cursor| Arc::ptr_eq(&cursor.group, group))
            .map(|cursor| cursor.next)
    }

    /// Shows earlier messages from `from` up to where the outlet stands, before anything later.
    /// `true` where a catch-up task is to be started.
    #[must_use]
    pub(crate) fn show(&self, group: &Arc<LiveGroup>, from: Seq, wire: &'static dyn Wire) -> bool {
        let mut feed = self.lock();
        let Some(end) = feed
            .cursors
            .iter()
            .find(|cursor| Arc::ptr_eq(&cursor.group, group))
            .map(|cursor| cursor.next)
        else {
            return false;
        };
        feed.history = Some(Run { group: Arc::clone(group), next: from, end, wire });
        feed.needs_catch_up()
    }

    /// Gives it a chunk that was just published. `true` where it is behind now and a catch-up
    /// task is to be started.
    #[must_use]
    pub(crate) fn give(&self, group: &Arc<LiveGroup>, chunk: &Chunk) -> bool {
        let mut feed = self.lock();
        if feed.is_lagging || feed.is_closed {
            return false;
        }
        let Feed { cursors, .. } = &mut *feed;
        let Some(index) = cursors.iter().position(|cursor| Arc::ptr_eq(&cursor.group, group))
        else {
            return false;
        };
        let Some(cursor) = cursors.get(index) else { return false };
        if cursor.is_held || cursor.next >= chunk.end() {
            return false;
        }
        if cursor.next < chunk.first() {
            feed.is_lagging = true;
            return true;
        }
        match self.write_chunk(&mut feed, index, chunk) {
            Wrote::Blocked => {
                feed.is_lagging = true;
                true
            }
            Wrote::All | Wrote::Gone => false,
        }
    }

    /// Does what can be done at once for an outlet that is behind, and tells what comes next.
    pub(crate) fn turn(&self) -> Turn {
        let mut feed = self.lock();
        if feed.is_closed {
            return Turn::Done;
        }
        match self.flush(&mut feed) {
            Wrote::All => {}
            Wrote::Blocked => return Turn::Wait,
            Wrote::Gone => return Turn::Done,
        }
        if let Some(run) = &feed.history {
            if run.next < run.end {
                return Turn::Read(Arc::clone(&run.group), run.next);
            }
            feed.history = None;
        }
        self.stir.notify_one();
        let mut chunks = 0;
        let mut index = 0;
        while let Some(cursor) = feed.cursors.get(index) {
            if cursor.is_held {
                index += 1;
                continue;
            }
            match cursor.group.tail().find(cursor.next) {
                Found::AtHead => index += 1,
                Found::InLog => return Turn::Read(Arc::clone(&cursor.group), cursor.next),
                Found::Chunk(chunk) => match self.write_chunk(&mut feed, index, &chunk) {
                    Wrote::All => {}
                    Wrote::Blocked => return Turn::Wait,
                    Wrote::Gone => return Turn::Done,
                },
            }
            chunks += 1;
            if chunks >= CHUNKS_A_TURN {
                return Turn::Yield;
            }
        }
        feed.is_lagging = false;
        Turn::Done
    }

    /// Takes a page that [`Turn::Read`] asked for, and tells what comes next.
    pub(crate) fn take_page(&self, group: &Arc<LiveGroup>, from: Seq, page: &[Event]) -> Turn {
        match self.write_page(group, from, page) {
            // Without this wait it would be read again and again for a peer that takes nothing.
            Wrote::Blocked => Turn::Wait,
            Wrote::All | Wrote::Gone => self.turn(),
        }
    }

    fn write_page(&self, group: &Arc<LiveGroup>, from: Seq, page: &[Event]) -> Wrote {
        let mut feed = self.lock();
        if feed.is_closed {
            return Wrote::Gone;
        }
        if let Some(run) = &feed.history
            && Arc::ptr_eq(&run.group, group)
            && run.next == from
        {
            let end = run.end;
            let encoded =
                Encoded::new(page, run.wire, |event| event.seq >= end || !event.entry.is_message());
            // A page that is empty although more was to come ends the run: the group is gone.
            let next = if page.is_empty() { end } else { from };
            if let Some(run) = &mut feed.history {
                run.next = next;
            }
            let (wrote, taken) = self.write_encoded(&mut feed, &encoded, 0, |_| false);
            if let Some(run) = &mut feed.history {
                run.next = run.next.plus(taken as u64);
            }
            return wrote;
        }
        let Some(index) = feed
            .cursors
            .iter()
            .position(|cursor| Arc::ptr_eq(&cursor.group, group) && cursor.next == from)
        else {
            return Wrote::All;
        };
        let Some(cursor) = feed.cursors.get(index) else { return Wrote::All };
        let encoded = Encoded::new(page, cursor.wire, |event| cursor.leaves_out(event));
        let (wrote, taken) = self.write_encoded(&mut feed, &encoded, 0, |_| false);
        if let Some(cursor) = feed.cursors.get_mut(index) {
            cursor.next = cursor.next.plus(taken as u64);
        }
        wrote
    }

    /// Waits until the peer takes more. `false` where it took nothing for too long, or is gone.
    pub(crate) async fn writable(&self) -> bool {
        let closing = self.closing.notified();
        tokio::pin!(closing);
        closing.as_mut().enable();
        if self.is_closed() {
            return false;
        }
        let writable = std::future::poll_fn(|context| self.sink.poll_writable(context));
        tokio::select! {
            ready = writable => ready.is_ok(),
            () = closing => false,
            () = tokio::time::sleep(limits::STALL_MAX) => false,
        }
    }

    /// Writes the rest of a chunk for one cursor and moves it by what the peer's side took.
    fn write_chunk(&self, feed: &mut Feed, index: usize, chunk: &Chunk) -> Wrote {
        let Some(cursor) = feed.cursors.get(index) else { return Wrote::All };
        let Some(encoded) = chunk.encoded(cursor.wire) else { return Wrote::Gone };
        let skipped = usize::try_from(cursor.next.0 - chunk.first().0).unwrap_or(usize::MAX);
        let (member, is_echoed) = (cursor.member, cursor.is_echoed);
        let has_own = chunk.may_hold(member);
        let (wrote, taken) = self.write_encoded(feed, encoded, skipped, |index| {
            has_own
                && chunk.events().get(index).is_some_and(|event| {
                    event.entry.member == member && !(is_echoed && event.entry.is_message())
                })
        });
        if let Some(cursor) = feed.cursors.get_mut(index) {
            cursor.next = cursor.next.plus(taken as u64);
        }
        wrote
    }

    /// Writes encoded events from the one of index `skipped` on, but those left out, by as few
    /// system calls as can be. Tells how it ended and how many events are done with. Of an event
    /// that was taken in part the rest goes to `unsent`; what follows it is read again later.
    fn write_encoded(
        &self,
        feed: &mut Feed,
        encoded: &Encoded,
        skipped: usize,
        is_left_out: impl Fn(usize) -> bool,
    ) -> (Wrote, usize) {
        let mut start = match skipped.checked_sub(1) {
            None => 0,
            Some(before) => {
                encoded.ends.get(before).map_or(encoded.bytes.len(), |end| *end as usize)
            }
        };
        let mut pieces: Pieces = SmallVec::new();
        let mut done = skipped;
        for (index, end) in encoded.ends.iter().enumerate().skip(skipped) {
            let end = *end as usize;
            if end > start && !is_left_out(index) {
                match pieces.last_mut() {
                    Some((_, piece_end, after)) if *piece_end == start => {
                        *piece_end = end;
                        *after = index + 1;
                    }
                    _ => pieces.push((start, end, index + 1)),
                }
            }
            start = end;
        }
        let mut pieces = pieces.as_slice();
        while !pieces.is_empty() {
            let (now, later) = pieces.split_at(pieces.len().min(SLICES_MAX));
            let slices: SmallVec<[IoSlice<'_>; 4]> = now
                .iter()
                .filter_map(|(from, to, _)| encoded.bytes.get(*from..*to).map(IoSlice::new))
                .collect();
            let total: usize = slices.iter().map(|slice| slice.len()).sum();
            match self.sink.try_write(&slices) {
                Ok(count) if count == total => {
                    done = now.last().map_or(done, |(_, _, after)| *after);
                    pieces = later;
                }
                Ok(count) => {
                    let index = event_at(encoded, now, count);
                    if let Some((from, to, index)) = index {
                        let rest = encoded.bytes.slice(from..to);
                        // A copy, so that a slow reader does not keep a whole chunk in memory.
                        feed.push_unsent(Bytes::copy_from_slice(&rest));
                        return (Wrote::Blocked, index + 1 - skipped);
                    }
                    return (Wrote::Blocked, done - skipped);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return (Wrote::Blocked, done - skipped);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_gone) => {
                    self.gone(feed);
                    return (Wrote::Gone, done - skipped);
                }
            }
        }
        (Wrote::All, encoded.ends.len() - skipped)
    }

    /// Writes what stands before anything else.
    fn flush(&self, feed: &mut Feed) -> Wrote {
        while !feed.unsent.is_empty() {
            let slices: SmallVec<[IoSlice<'_>; 4]> =
                feed.unsent.iter().take(SLICES_MAX).map(|bytes| IoSlice::new(bytes)).collect();
            let wrote = self.sink.try_write(&slices);
            drop(slices);
            match wrote {
                Ok(count) => feed.drop_unsent(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Wrote::Blocked,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_gone) => {
                    self.gone(feed);
                    return Wrote::Gone;
                }
            }
        }
        Wrote::All
    }

    fn gone(&self, feed: &mut Feed) {
        feed.close();
        if !feed.signals.contains(&Signal::Closed) {
            feed.signals.push(Signal::Closed);
        }
        self.stir.notify_one();
    }
}

/// The event in which the `count`-th byte of the pieces falls: what of it is left, and its index.
/// Nothing where an event ends just there.
fn event_at(
    encoded: &Encoded,
    pieces: &[(usize, usize, usize)],
    mut count: usize,
) -> Option<(usize, usize, usize)> {
    for (from, to, _) in pieces {
        let length = to - from;
        if count >= length {
            count -= length;
            if count == 0 {
                // Falls between two pieces: the last event of this one was taken whole.
                let index = encoded.ends.partition_point(|end| (*end as usize) < *to);
                return Some((*to, *to, index));
            }
            continue;
        }
        let at = from + count;
        // The first event that ends at or after this byte; where one ends just here, nothing of
        // it is left.
        let index = encoded.ends.partition_point(|end| (*end as usize) < at);
        let end = encoded.ends.get(index).map_or(*to, |end| *end as usize);
        return (at > *from).then_some((at, end, index));
    }
    None
}

impl Feed {
    fn close(&mut self) {
        self.is_closed = true;
        self.cursors = Vec::new();
        self.unsent = VecDeque::new();
        self.unsent_bytes = 0;
        self.history = None;
    }

    fn push_unsent(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.unsent_bytes += bytes.len();
            self.unsent.push_back(bytes);
        }
    }

    fn drop_unsent(&mut self, mut count: usize) {
        self.unsent_bytes = self.unsent_bytes.saturating_sub(count);
        while let Some(first) = self.unsent.front_mut() {
            if count < first.len() {
                bytes::Buf::advance(first, count);
                return;
            }
            count -= first.len();
            self.unsent.pop_front();
        }
        self.unsent = VecDeque::new();
    }

    /// Whether somebody must start a catch-up task; who is told so starts it.
    fn needs_catch_up(&mut self) -> bool {
        let needs = !self.is_closed && !self.is_lagging;
        self.is_lagging |= needs;
        needs
    }
}

impl crate::hub::Hub {
    /// Writes bytes meant for one connection alone, between two events of its groups.
    pub fn put(self: &Arc<Self>, outlet: &Arc<Outlet>, bytes: Bytes) {
        if outlet.put(bytes) {
            crate::catch_up::start(self, outlet);
        }
    }
}
