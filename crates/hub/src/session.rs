//! Session: one connection's membership of one group: the membership, and the place from which the
//! group's events flow to the connection.
//!
//! A session without a seat leaves the group when it ends, however it ends. A member may have
//! several. Does not know protocols.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use conclave_core::{Change, Command, Farewell, MemberId, Power, Refusal, Seq};
use tokio::sync::oneshot;

use crate::admission::Keep;
use crate::history;
use crate::hub::{Hub, Submitted, refusal_of};
use crate::leaving;
use crate::live_group::{LiveGroup, Reader, Serial};
use crate::membership::{Membership, Said};
use crate::model::Answer;
use crate::outlet::{Cursor, Echo, Mark, Outlet, Own, Run};
use crate::passing;
use crate::wire::Wire;

/// One connection's membership of one group. All that a member may do stands at [`Membership`].
pub struct Session {
    membership: Membership,
    outlet: Arc<Outlet>,
    serial: Serial,
    keep: Keep,
    has_left: bool,
}

/// Messages of a group that may be shown, from one number to below another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub(crate) from: Seq,
    pub(crate) end: Seq,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("membership", &self.membership)
            .field("serial", &self.serial)
            .finish_non_exhaustive()
    }
}

impl Deref for Session {
    type Target = Membership;

    fn deref(&self) -> &Membership {
        &self.membership
    }
}

impl Session {
    /// Begins a session of a member whose arrival was noted.
    pub(crate) fn new(
        hub: Arc<Hub>,
        live: Arc<LiveGroup>,
        member: MemberId,
        outlet: &Arc<Outlet>,
        keep: Keep,
    ) -> Self {
        let (serial, outlet) = (hub.next_serial(), Arc::clone(outlet));
        let membership = Membership { hub, live, member };
        Self { membership, outlet, serial, keep, has_left: false }
    }

    /// Keeps the membership for as long as was asked, now that somebody has the session.
    pub(crate) const fn taken(mut self, keep: Keep) -> Self {
        self.keep = keep;
        self
    }

    /// Gives it a cursor, held until [`Session::release`].
    pub(crate) fn attach(&self, next: Seq, wire: &'static dyn Wire, own: Own) {
        self.outlet.attach(Cursor {
            session: self.serial,
            group: Arc::clone(&self.live),
            next,
            member: self.member,
            wire,
            own,
            is_held: true,
        });
    }

    /// Itself as the group knows it.
    pub(crate) fn reader(&self) -> Reader {
        Reader { session: self.serial, member: self.member, outlet: Arc::clone(&self.outlet) }
    }

    /// What it is a connection's part in.
    pub const fn membership(&self) -> &Membership {
        &self.membership
    }

    /// What tells it from every other session.
    pub const fn serial(&self) -> Serial {
        self.serial
    }

    /// Says or does something, and does not wait until it is durable: where it does not land,
    /// the outlet is signalled. Waits while too much is under way.
    ///
    /// # Errors
    /// The rule that forbids it.
    ///
    /// # Cancel safety
    /// It is said, or nothing has happened.
    pub async fn say(&self, what: Said) -> Result<(), Refusal> {
        let command = what.command(self.member, None);
        let answer = Answer::OnFailure(Arc::clone(&self.outlet));
        self.hub.submit(&self.live, command, answer).await.map(|_submitted| ())
    }

    /// The same, and this connection is shown it as `echo` says, in its place among all events.
    ///
    /// # Errors
    /// The rule that forbids it.
    ///
    /// # Cancel safety
    /// It is said, or nothing has happened.
    pub async fn say_as(&self, what: Said, echo: Echo<'_>) -> Result<(), Refusal> {
        let Some(mark) = echo.mark() else { return self.say(what).await };
        let command = what.command(self.member, None);
        let (outlet, session) = (Arc::clone(&self.outlet), self.serial);
        let answer = Answer::Labelled { outlet, session, mark, told: None };
        self.hub.submit(&self.live, command, answer).await.map(|_submitted| ())
    }

    /// Changes the settings as [`Membership::change`] does, and this connection is not shown it:
    /// whoever runs it says so by itself.
    ///
    /// # Errors
    /// As it has them.
    ///
    /// # Cancel safety
    /// It may happen.
    pub async fn change_unshown(&self, change: Change) -> Result<bool, Refusal> {
        self.do_unshown(Command::Change { member: self.member, change }).await
    }

    /// Gives or takes a power as [`Membership::grant`] does, and this connection is not shown it.
    ///
    /// # Errors
    /// As it has them.
    ///
    /// # Cancel safety
    /// It may happen.
    pub async fn grant_unshown(
        &self,
        target: MemberId,
        power: Power,
        is_given: bool,
    ) -> Result<bool, Refusal> {
        self.do_unshown(Command::Grant { member: self.member, target, power, is_given }).await
    }

    async fn do_unshown(&self, command: Command) -> Result<bool, Refusal> {
        let (told, outcome) = oneshot::channel();
        let (outlet, session) = (Arc::clone(&self.outlet), self.serial);
        let (mark, told) = (Mark::LeftOut, Some(told));
        let answer = Answer::Labelled { outlet, session, mark, told };
        match self.hub.submit(&self.live, command, answer).await? {
            Submitted::Already(..) | Submitted::Unchanged => Ok(false),
            Submitted::UnderWay => {
                outcome.await.map_err(|_group_gone| Refusal::GroupClosed)?.map(|_landed| true)
            }
        }
    }

    /// Ends when all that is under way in the group now has landed or failed, and what landed was
    /// written to this connection, if it reads, and to everyone else who is not behind.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn delivered(&self) {
        self.live.delivered().await;
        let head = self.live.tail().head();
        while self.outlet.next_of(self.serial).is_some_and(|next| next <= head) {
            // A cursor that is held waits for whoever waits here.
            if self.outlet.is_held(self.serial) || self.hub.is_stopping() {
                return;
            }
            self.outlet.stirred().await;
        }
    }

    /// Has the events written on another wire from here on, and shows it of its own what is said.
    pub fn set_shown(&self, wire: &'static dyn Wire, own: Own) {
        self.hub.adjust(&self.outlet, self.serial, |cursor| {
            cursor.wire = wire;
            cursor.own = own;
        });
    }

    /// Writes bytes meant for this connection alone, between two events.
    pub fn put(&self, bytes: bytes::Bytes) {
        self.hub.put(&self.outlet, bytes);
    }

    /// Lets the events of the group flow: whoever runs the connection has said what comes first.
    pub fn release(&self) {
        self.hub.adjust(&self.outlet, self.serial, |cursor| cursor.is_held = false);
    }

    /// Shows the member its own messages as well, or not (B14).
    pub fn set_echo(&self, is_on: bool) {
        let own = if is_on { Own::Messages } else { Own::LeftOut };
        self.hub.adjust(&self.outlet, self.serial, |cursor| cursor.own = own);
    }

    /// Shows the last `count` messages before its place, written on `wire`: at most `bytes_max`
    /// bytes of them. They are read as the reader reads, and come before any later event. Tells how
    /// many there are to show.
    ///
    /// # Errors
    /// Where the log cannot be read.
    ///
    /// # Cancel safety
    /// Safe: they are shown or not.
    pub async fn show_history(
        &self,
        count: u32,
        bytes_max: Option<usize>,
        wire: &'static dyn Wire,
    ) -> Result<u32, Refusal> {
        let Some(before) = self.outlet.next_of(self.serial) else { return Ok(0) };
        let bytes_max = bytes_max.map(|bytes_max| (bytes_max, wire));
        let wanted = history::Wanted { count, bytes_max };
        let found = history::seek(self.hub.log(), &self.live, before, wanted)
            .await
            .map_err(|error| refusal_of(&error))?;
        if found.count > 0 {
            // Below where it stood when it asked: what came since, it has seen.
            self.show(Stretch { from: found.from, end: found.end }, wire);
        }
        Ok(found.count)
    }

    /// The last `count` messages before its place, to be shown; nothing where there are none.
    ///
    /// # Errors
    /// Where the log cannot be read.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn last_messages(&self, count: u32) -> Result<Option<Stretch>, Refusal> {
        let Some(before) = self.outlet.next_of(self.serial) else { return Ok(None) };
        let wanted = history::Wanted { count, bytes_max: None };
        let found = history::seek(self.hub.log(), &self.live, before, wanted)
            .await
            .map_err(|error| refusal_of(&error))?;
        Ok((found.count > 0).then_some(Stretch { from: found.from, end: found.end }))
    }

    /// All messages from that number on and before its place, to be shown; nothing where there are
    /// none.
    ///
    /// # Errors
    /// Where the log cannot be read.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn messages_from(&self, from: Seq) -> Result<Option<Stretch>, Refusal> {
        let newest = self.last_messages(1).await?;
        Ok(newest.filter(|newest| newest.from >= from).map(|newest| Stretch { from, ..newest }))
    }

    /// Shows messages that were found, written on `wire`. They are read as the reader reads, and
    /// come before any later event.
    pub fn show(&self, stretch: Stretch, wire: &'static dyn Wire) {
        let Stretch { from: next, end } = stretch;
        let (session, group, member) = (self.serial, Arc::clone(&self.live), self.member);
        self.hub.show_run(&self.outlet, Run { session, group, next, end, member, wire });
    }

    /// The number after the newest event that it was given, also when its connection has ended.
    pub fn place(&self) -> Option<Seq> {
        self.outlet.place_of(self.serial)
    }

    /// Leaves the group, and waits until that is durable, so that the name is free. Where the log
    /// cannot take it, it is tried again behind the scenes.
    ///
    /// # Cancel safety
    /// It leaves.
    pub async fn leave(self) {
        self.leave_with(Farewell::default()).await;
    }

    /// The same, saying something.
    ///
    /// # Cancel safety
    /// It leaves.
    pub async fn leave_with(mut self, farewell: Farewell) {
        if let Some(left) = self.part(Some(farewell)) {
            // Ends when the member has left, or cannot just now.
            let _left = left.await;
        }
    }

    /// Ends because its connection has ended: a member for as long as the connection lasts leaves,
    /// saying that, and one with a seat or an account stays.
    ///
    /// # Cancel safety
    /// It ends.
    pub async fn end_with(mut self, farewell: Farewell) {
        let is_leaving = self.keep == Keep::Connection;
        if let Some(left) = self.part(is_leaving.then_some(farewell)) {
            // Ends when the member has left, or cannot just now.
            let _left = left.await;
        }
    }

    /// Takes the connection out of the group: it is written nothing of it from here on. Where the
    /// membership ends with it, that is set going.
    fn part(&mut self, leaving: Option<Farewell>) -> Option<oneshot::Receiver<()>> {
        if std::mem::replace(&mut self.has_left, true) {
            return None;
        }
        let Membership { hub, live, member } = &self.membership;
        live.remove_reader(self.serial, &self.outlet);
        let was_last = live.model().depart(*member);
        // Who is in the group when the server stops is seen off when it is back.
        if hub.is_stopping() || (self.keep == Keep::Connection && hub.keeps_members()) {
            return None;
        }
        if let Some(farewell) = leaving {
            return Some(leaving::leave(hub, live, *member, farewell));
        }
        if was_last {
            passing::note_presence(hub, live, *member, true);
        }
        None
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let is_leaving = self.keep == Keep::Connection;
        drop(self.part(is_leaving.then(Farewell::default)));
    }
}
