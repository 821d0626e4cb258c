//! Session: one connection's membership of one group, and all that a member may do.
//!
//! Who has a session is a member: there is no other way to touch a group. A session without a seat
//! leaves the group when it ends, however it ends. Does not know protocols.

use std::fmt;
use std::sync::Arc;

use conclave_core::{
    ClientId, Command, GroupId, MemberId, Name, Refusal, Seq, Text, Timestamp, Topic,
};
use conclave_log::GroupOptions;
use tokio::sync::oneshot;

use crate::admission::Keep;
use crate::history;
use crate::hub::{Hub, Submitted, refusal_of};
use crate::leaving;
use crate::live_group::{Answer, LiveGroup, Reader, Serial};
use crate::outlet::{Cursor, Outlet, Own, Run};
use crate::wire::Wire;

/// One connection's membership of one group.
pub struct Session {
    hub: Arc<Hub>,
    live: Arc<LiveGroup>,
    member: MemberId,
    outlet: Arc<Outlet>,
    serial: Serial,
    keep: Keep,
    has_left: bool,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("group", &self.live.id)
            .field("member", &self.member)
            .finish_non_exhaustive()
    }
}

/// Where a message landed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Landed {
    /// Its number.
    pub seq: Seq,
    /// Its time.
    pub at: Timestamp,
}

/// A member of the group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberHere {
    /// Which.
    pub member: MemberId,
    /// Its name.
    pub name: Name,
    /// Whether it is connected.
    pub is_here: bool,
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
        Self { hub, live, member, outlet, serial, keep, has_left: false }
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

    /// The group.
    pub fn group(&self) -> GroupId {
        self.live.id
    }

    /// Which member it is.
    pub const fn member(&self) -> MemberId {
        self.member
    }

    /// The name it bears.
    pub fn name(&self) -> Option<Name> {
        self.live.model().group.member(self.member).map(|member| member.name.clone())
    }

    /// The topic; empty where there is none.
    pub fn topic(&self) -> Topic {
        self.live.model().group.topic().clone()
    }

    /// The members, in the order of joining: those whose joining is durable.
    pub fn members(&self) -> Vec<MemberHere> {
        let model = self.live.model();
        model
            .group
            .members()
            .map(|(member, state)| MemberHere {
                member,
                name: state.name.clone(),
                is_here: model.sessions.contains_key(&member),
            })
            .collect()
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

    /// Says or does something and waits until it is durable. The same client id again lands once,
    /// and has the same answer.
    ///
    /// # Errors
    /// The rule that forbids it; [`Refusal::Unknown`] where it may have landed all the same.
    ///
    /// # Cancel safety
    /// It may land. The same client id tells.
    pub async fn send(&self, what: Said, client_id: Option<ClientId>) -> Result<Landed, Refusal> {
        self.commit(what.command(self.member, client_id)).await
    }

    /// Goes by another name.
    ///
    /// # Errors
    /// [`Refusal::NameTaken`] and the like.
    ///
    /// # Cancel safety
    /// It may happen.
    pub async fn rename(&self, to: Name) -> Result<(), Refusal> {
        self.commit(Command::Rename { member: self.member, to }).await.map(|_landed| ())
    }

    /// Sets the topic; an empty one takes it away.
    ///
    /// # Errors
    /// Where the member is none any more, or the log cannot take it.
    ///
    /// # Cancel safety
    /// It may happen.
    pub async fn set_topic(&self, text: Topic) -> Result<(), Refusal> {
        self.commit(Command::SetTopic { member: self.member, text }).await.map(|_landed| ())
    }

    async fn commit(&self, command: Command) -> Result<Landed, Refusal> {
        let (told, outcome) = oneshot::channel();
        match self.hub.submit(&self.live, command, Answer::Told(told)).await? {
            Submitted::Already(seq, at) => Ok(Landed { seq, at }),
            Submitted::UnderWay => {
                let (seq, at) = outcome.await.map_err(|_group_gone| Refusal::GroupClosed)??;
                Ok(Landed { seq, at })
            }
        }
    }

    /// Has the group deleted when its last member has left, or not (B9).
    ///
    /// # Errors
    /// [`Refusal::NotTheCreator`] for anyone but the one who made it.
    ///
    /// # Cancel safety
    /// It may happen.
    pub async fn set_deleted_when_empty(&self, is_on: bool) -> Result<(), Refusal> {
        if self.member != MemberId(1) {
            return Err(Refusal::NotTheCreator);
        }
        let change = |options: &mut GroupOptions| options.is_deleted_when_empty = is_on;
        self.hub.change_options(&self.live, change).await
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
        let wanted = history::Wanted { count, bytes_max, wire };
        let found = history::seek(self.hub.log(), self.live.id, before, wanted)
            .await
            .map_err(|error| refusal_of(&error))?;
        if found.count > 0 {
            // Up to where it stood when it asked: what came since, it has seen.
            let (session, group) = (self.serial, Arc::clone(&self.live));
            let run = Run { session, group, next: found.from, end: before, wire };
            self.hub.show_run(&self.outlet, run);
        }
        Ok(found.count)
    }

    /// Leaves the group, and waits until that is durable, so that the name is free. Where the log
    /// cannot take it, it is tried again behind the scenes.
    ///
    /// # Cancel safety
    /// It leaves.
    pub async fn leave(mut self) {
        if let Some(left) = self.part(true) {
            // Ends when the member has left, or cannot just now.
            let _left = left.await;
        }
    }

    /// Takes the connection out of the group: it is written nothing of it from here on. Where the
    /// membership ends with it, that is set going.
    fn part(&mut self, is_leaving: bool) -> Option<oneshot::Receiver<()>> {
        if std::mem::replace(&mut self.has_left, true) {
            return None;
        }
        self.live.remove_reader(self.serial, &self.outlet);
        self.live.model().depart(self.member);
        // Who is in the group when the server stops is seen off when it is back.
        if !is_leaving || self.hub.is_stopping() {
            return None;
        }
        Some(leaving::leave(&self.hub, &self.live, self.member))
    }
}

/// Something said or done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Said.
    Words(Text),
    /// Done (`/me`).
    Action(Text),
}

impl Said {
    fn command(self, member: MemberId, client_id: Option<ClientId>) -> Command {
        match self {
            Self::Words(text) => Command::Say { member, text, client_id },
            Self::Action(text) => Command::Act { member, text, client_id },
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.part(self.keep == Keep::Connection));
    }
}
