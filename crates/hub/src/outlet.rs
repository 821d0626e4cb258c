//! Outlet: the writing half of one connection, with its place in each group it reads.
//!
//! Whoever holds the lock of the feed may write and move the cursors, nobody else, and one
//! function does it. An outlet holds numbers, not a queue: of what its peer has not taken it keeps
//! the rest of one event, and the answers meant for it alone. Does not know protocols or sockets.
//!
//! Invariant: while `is_lagging` a catch-up task serves it and the publisher passes it by; the
//! head of a group moves before the publisher takes the feed's lock, and `is_lagging` ends under
//! that lock after the head was read. So there is neither a gap nor a double.

mod direct;
mod feed;
mod pieces;
mod signal;
mod turn;

use std::fmt;
use std::hint::black_box;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes};
use conclave_core::{GroupId, Seq, limits};
use smallvec::SmallVec;

use crate::catch_up;
use crate::hub::Hub;
use crate::live_group::Serial;
use crate::tail::{Chunk, Encoded};
use crate::wire::Wire;

pub(crate) use feed::{Cursor, Labelled, Mark, Run};
use feed::{Directs, Feed};
pub use feed::{Echo, Own};
use pieces::Pieces;
pub use signal::{Ended, Going, Signal};
pub(crate) use turn::{Turn, Wanted};

/// Where bytes go: a socket, or something that stands for one.
pub trait Sink: Send + Sync + fmt::Debug {
    /// Writes what can be written at once.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] where that is nothing; anything else ends the connection, as
    /// does having written nothing.
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Looks at what a write needs first, so that it is near in memory by then. Nothing else comes
    /// of it.
    fn approach(&self) {}

    /// Is ready when writing may work again. Polled by one task at a time.
    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Tells the peer that nothing more will be written.
    fn shut(&self);

    /// Both ends, where it is a socket: ours, then the peer's.
    fn ends(&self) -> Option<(SocketAddr, SocketAddr)> {
        None
    }
}

/// The writing half of one connection.
#[derive(Debug)]
pub struct Outlet {
    sink: Arc<dyn Sink>,
    feed: Mutex<Feed>,
}

/// How a write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrote {
    All,
    Blocked,
    Gone,
}

/// Pieces that are written by one system call.
const SLICES_MAX: usize = 32;

impl Outlet {
    /// An outlet that stands in no group.
    pub fn new(sink: Arc<dyn Sink>) -> Arc<Self> {
        Arc::new(Self { sink, feed: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Feed> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether answers may be put in without passing their bound.
    pub fn has_room(&self) -> bool {
        let feed = self.lock();
        feed.is_closed || (feed.unsent_bytes() < limits::ANSWERS_BYTES_MAX && !feed.has_history())
    }

    /// Whether everything that was put in has gone to the peer's side, or never will.
    pub fn is_drained(&self) -> bool {
        let feed = self.lock();
        feed.is_closed || (!feed.has_unsent() && !feed.has_history())
    }

    /// Whether something waits for the peer to take what came before it.
    pub fn is_behind(&self) -> bool {
        let is_lagging = self.lock().is_lagging;
        is_lagging || !self.is_drained()
    }

    /// Whether it has gone out of use.
    pub fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Ends when there may be a signal, room or an end to see. Waited for by one task at a time:
    /// the one that runs the connection.
    ///
    /// # Cancel safety
    /// Safe: what stirs while nobody waits is seen by the next who waits.
    pub async fn stirred(&self) {
        std::future::poll_fn(|context| self.poll_stirred(context)).await;
    }

    /// The same, to be polled.
    pub fn poll_stirred(&self, context: &mut Context<'_>) -> Poll<()> {
        self.lock().poll_stirred(context)
    }

    /// Has the one who runs the connection look at it.
    pub fn stir(&self) {
        self.lock().stir();
    }

    /// Notes that the visitor whose it was is one no more.
    pub(crate) fn end_visit(&self) {
        self.lock().has_visit_ended = true;
    }

    /// Whether it was a visitor's who is one no more.
    pub(crate) fn has_visit_ended(&self) -> bool {
        self.lock().has_visit_ended
    }

    /// Asks the one who runs the connection to end it. What was asked first stands.
    pub fn ask_to_go(&self, why: Going) {
        let mut feed = self.lock();
        feed.going.get_or_insert(why);
        feed.stir();
    }

    /// Why the connection is to end, where it is.
    pub fn is_asked_to_go(&self) -> Option<Going> {
        self.lock().going
    }

    /// Ends when it is asked to go.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn asked_to_go(&self) -> Going {
        loop {
            if let Some(why) = self.is_asked_to_go() {
                return why;
            }
            self.stirred().await;
        }
    }

    /// Both ends, where that is a socket: ours, then the peer's.
    pub fn ends(&self) -> Option<(SocketAddr, SocketAddr)> {
        self.sink.ends()
    }

    /// Takes the signals that have gathered.
    pub fn take_signals(&self) -> Vec<Signal> {
        self.lock().take_signals()
    }

    /// Tells the one who runs the connection; the same thing twice is told once.
    pub(crate) fn signal(&self, signal: Signal) {
        let mut feed = self.lock();
        feed.note(signal);
        feed.stir();
    }

    /// Puts the outlet out of use: nothing is written any more, and the peer is told so.
    pub fn close(&self) {
        let mut feed = self.lock();
        feed.close();
        feed.stir();
        drop(feed);
        self.sink.shut();
    }

    /// Notes that the peer is gone: what waits for it is given up.
    pub fn abandon(&self) {
        self.signal(Signal::Closed);
        self.close();
    }

    /// Gives it a place in a group.
    pub(crate) fn attach(&self, mut cursor: Cursor) {
        let mut feed = self.lock();
        if !feed.is_closed {
            cursor.is_held |= feed.directs == Directs::Wait && cursor.group.id.is_direct();
            feed.cursors.push(cursor);
        }
    }

    /// Has nothing of direct conversations written until [`Hub::release_directs`]: who runs the
    /// connection has something to say first. What is said in them meanwhile is not lost.
    pub fn hold_directs(&self) {
        self.lock().directs = Directs::Wait;
    }

    /// `true` where a catch-up task is to be started.
    #[must_use]
    fn release_directs(&self) -> bool {
        let mut feed = self.lock();
        feed.directs = Directs::Flow;
        let mut waits = false;
        for cursor in feed.cursors.iter_mut().filter(|cursor| cursor.group.id.is_direct()) {
            waits |= std::mem::replace(&mut cursor.is_held, false);
        }
        waits && feed.needs_catch_up()
    }

    /// The direct conversations of which it has not been given everything, or had not when it was
    /// put out of use, and the next event of each that it is to be given.
    pub fn places_in_directs(&self) -> Vec<(GroupId, Seq)> {
        self.lock().places_in_directs()
    }

    /// Takes a session's place away: nothing of the group is written for it from here on, but the
    /// rest of an event that the peer has begun to take.
    pub(crate) fn detach(&self, session: Serial) {
        self.lock().detach(session);
    }

    /// Notes where something has landed that this connection put a label on, before it is given it.
    pub(crate) fn note_label(&self, labelled: Labelled) {
        self.lock().note_label(labelled);
    }

    /// Takes a session's place away where it has been given everything up to `head`; whether it has
    /// none now.
    pub(crate) fn detach_if_past(&self, session: Serial, head: Seq) -> bool {
        let mut feed = self.lock();
        let is_behind = feed.cursor_of(session).is_some_and(|cursor| cursor.next <= head);
        if !is_behind {
            feed.cursors.retain(|cursor| cursor.session != session);
        }
        !is_behind
    }

    /// What a session is written in and what of its own it is shown, where it still reads.
    pub(crate) fn written_in(&self, session: Serial) -> Option<(&'static dyn Wire, Own)> {
        self.lock().cursor_of(session).map(|cursor| (cursor.wire, cursor.own))
    }

    /// Changes a session's place, where it has one. `true` where a catch-up task is to be started.
    #[must_use]
    fn adjust(&self, session: Serial, change: impl FnOnce(&mut Cursor)) -> bool {
        let mut feed = self.lock();
        match feed.cursor_of(session) {
            Some(cursor) => change(cursor),
            None => return false,
        }
        feed.needs_catch_up()
    }

    /// Whether a session is given nothing for now.
    pub(crate) fn is_held(&self, session: Serial) -> bool {
        self.lock().cursor_of(session).is_some_and(|cursor| cursor.is_held)
    }

    /// The next event a session has not been given, where it still reads.
    pub(crate) fn next_of(&self, session: Serial) -> Option<Seq> {
        self.lock().cursor_of(session).map(|cursor| cursor.next)
    }

    /// The same, also where it was put out of use since.
    pub(crate) fn place_of(&self, session: Serial) -> Option<Seq> {
        self.lock().place_of(session)
    }

    /// Shows a stretch of earlier messages before anything later. `true` where a catch-up task is
    /// to be started.
    #[must_use]
    fn show(&self, run: Run) -> bool {
        let mut feed = self.lock();
        // A connection has no place in a direct conversation in which nothing is being said.
        let may_read = run.group.id.is_direct() || feed.cursor_of(run.session).is_some();
        if feed.is_closed || !may_read {
            return false;
        }
        feed.push_history(run);
        feed.needs_catch_up()
    }

    /// Writes bytes meant for this connection alone, between two events. `true` where a catch-up
    /// task is to be started, which takes it from here.
    #[must_use]
    fn put(&self, mut bytes: Bytes) -> bool {
        let mut feed = self.lock();
        if feed.is_closed {
            return false;
        }
        if !feed.is_lagging && !feed.has_unsent() && !bytes.is_empty() {
            // As a rule it goes out at once, and nothing is held for it.
            match self.try_write(&[IoSlice::new(&bytes)]) {
                Ok(count) => bytes.advance(count),
                Err(Wrote::Gone) => {
                    Self::gone(&mut feed);
                    return false;
                }
                Err(_) => {}
            }
        }
        feed.push_unsent(bytes);
        !feed.is_lagging && self.flush(&mut feed) == Wrote::Blocked && feed.needs_catch_up()
    }

    /// Looks at what giving it something needs first: see [`Sink::approach`].
    pub(crate) fn approach(&self) {
        black_box(self.feed.is_poisoned());
        self.sink.approach();
    }

    /// Gives a session a chunk that was just published. `true` where it is behind now and a
    /// catch-up task is to be started.
    #[must_use]
    pub(crate) fn give(&self, session: Serial, chunk: &Chunk) -> bool {
        let mut feed = self.lock();
        if feed.is_lagging {
            return false;
        }
        let Some(cursor) = feed.cursor_of(session) else { return false };
        if cursor.is_held || cursor.next >= chunk.end() {
            return false;
        }
        if cursor.next < chunk.first() {
            return feed.needs_catch_up();
        }
        self.write_chunk(&mut feed, session, chunk) == Wrote::Blocked && feed.needs_catch_up()
    }

    /// Gives a session something of the moment, if it is at the head and its peer takes all it is
    /// given; otherwise it is passed by. `true` where it is behind now and a catch-up task is to be
    /// started.
    #[must_use]
    pub(crate) fn give_passing(
        &self,
        session: Serial,
        encode: impl FnOnce(&dyn Wire) -> Bytes,
    ) -> bool {
        let mut feed = self.lock();
        if feed.is_lagging || feed.is_closed || feed.has_unsent() {
            return false;
        }
        let Some(cursor) = feed.cursor_of(session) else { return false };
        // Held, it is not in the group yet for all that its peer knows.
        if cursor.is_held {
            return false;
        }
        let bytes = encode(cursor.wire);
        feed.push_unsent(bytes);
        self.flush(&mut feed) == Wrote::Blocked && feed.needs_catch_up()
    }

    /// Writes the rest of a chunk for one session and moves it by what the peer's side took.
    fn write_chunk(&self, feed: &mut Feed, session: Serial, chunk: &Chunk) -> Wrote {
        let Some(cursor) = feed.cursor_of(session) else { return Wrote::All };
        let (group, wire, next) = (Arc::clone(&cursor.group), cursor.wire, cursor.next);
        let member = cursor.member;
        let skipped = usize::try_from(next.0 - chunk.first().0).unwrap_or(usize::MAX);
        let has_own = chunk.may_hold(cursor.member);
        let leaves_out = cursor.leaves_out();
        let labels = if has_own { feed.labels_from(session, next) } else { Vec::new() };
        let of_its_own;
        let encoded = if labels.is_empty() {
            chunk.encoded(&group, wire, member)
        } else {
            let events = chunk.events();
            let view = group.view_of(member);
            of_its_own = Encoded::labelled(&view, events, wire, |_| false, &labels);
            &of_its_own
        };
        let pieces = if has_own {
            let is_left_out = |index| chunk.events().get(index).is_some_and(&leaves_out);
            Pieces::new(encoded, skipped, is_left_out)
        } else {
            Pieces::all(encoded, skipped)
        };
        let (wrote, done) = self.write(feed, pieces);
        feed.move_on(session, done);
        wrote
    }

    /// Writes pieces of encoded events, by as few system calls as can be. Tells how it ended and
    /// how many events are done with. Of an event that was taken in part the rest is kept to be
    /// sent; what follows it is read again later.
    fn write(&self, feed: &mut Feed, mut pieces: Pieces<'_>) -> (Wrote, u64) {
        let wrote = loop {
            let slices: SmallVec<[IoSlice<'_>; 4]> =
                pieces.next(SLICES_MAX).map(IoSlice::new).collect();
            let total: usize = slices.iter().map(|slice| slice.len()).sum();
            if total == 0 {
                break Wrote::All;
            }
            match self.try_write(&slices) {
                Ok(count) => {
                    feed.push_unsent(pieces.take(count).unwrap_or_default());
                    if count < total {
                        break Wrote::Blocked;
                    }
                }
                Err(Wrote::Gone) => break Self::gone(feed),
                Err(wrote) => break wrote,
            }
        };
        (wrote, pieces.done() as u64)
    }

    /// Writes what stands before anything else.
    fn flush(&self, feed: &mut Feed) -> Wrote {
        while feed.has_unsent() {
            let written = self.try_write(&feed.unsent_slices());
            match written {
                Ok(count) => feed.drop_unsent(count),
                Err(Wrote::Gone) => return Self::gone(feed),
                Err(wrote) => return wrote,
            }
        }
        Wrote::All
    }

    fn try_write(&self, slices: &[IoSlice<'_>]) -> Result<usize, Wrote> {
        loop {
            match self.sink.try_write(slices) {
                Ok(count) if count > 0 => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Err(Wrote::Blocked);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => return Err(Wrote::Gone),
            }
        }
    }

    fn gone(feed: &mut Feed) -> Wrote {
        feed.close();
        feed.note(Signal::Closed);
        feed.stir();
        Wrote::Gone
    }

    /// Waits until the peer takes more. `false` where it took nothing for too long, or is gone.
    pub(crate) async fn writable(&self) -> bool {
        let writable = std::future::poll_fn(|context| {
            if self.lock().poll_closed(context).is_ready() {
                return Poll::Ready(false);
            }
            self.sink.poll_writable(context).map(|ready| ready.is_ok())
        });
        let is_writable = tokio::select! {
            is_writable = writable => is_writable,
            () = tokio::time::sleep(limits::STALL_MAX) => false,
        };
        self.lock().forget_catcher();
        is_writable
    }
}

impl Hub {
    /// Writes bytes meant for one connection alone, between two events of its groups. Whoever puts
    /// looks at [`Outlet::has_room`] before.
    pub fn put(self: &Arc<Self>, outlet: &Arc<Outlet>, bytes: Bytes) {
        if outlet.put(bytes) {
            catch_up::start(self, outlet);
        }
    }

    /// Changes a session's place in its group.
    pub(crate) fn adjust(
        self: &Arc<Self>,
        outlet: &Arc<Outlet>,
        session: Serial,
        change: impl FnOnce(&mut Cursor),
    ) {
        if outlet.adjust(session, change) {
            catch_up::start(self, outlet);
        }
    }

    /// Lets direct conversations flow to a connection that [`Outlet::hold_directs`] held them for.
    pub fn release_directs(self: &Arc<Self>, outlet: &Arc<Outlet>) {
        if outlet.release_directs() {
            catch_up::start(self, outlet);
        }
    }

    /// Shows a stretch of earlier messages before anything later.
    pub(crate) fn show_run(self: &Arc<Self>, outlet: &Arc<Outlet>, run: Run) {
        if outlet.show(run) {
            catch_up::start(self, outlet);
        }
    }
}

#[cfg(test)]
mod tests;
