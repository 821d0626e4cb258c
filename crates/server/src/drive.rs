//! Drive: the loop that runs a sans-IO door on a connection.
//!
//! Takes bytes to the door, the door's requests to the hub, the hub's answers back, and the door's
//! output to the outlet. What a connection may touch is held here: outside a group nothing, with
//! an admission the joining, inside a session. Does not know a protocol's words.
//!
//! Back-pressure: nothing is read while answers wait for the peer, while the hub has too much
//! under way, or while the member is above its message rate.

mod moderate;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use conclave_core::{Name, Refusal, Text, limits};
use conclave_doors::console::ConsoleDoor;
use conclave_doors::{Echo, MemberShown, Notice, Reply, Request};
use conclave_hub::{Admission, Ended, Going, Keep, Outlet, Said, Session, Signal, Source};
use tokio::time::Instant;

use crate::connection::{Reader, linger};
use crate::gate::Place;
use crate::pace::Pace;
use crate::refuse::Turned;
use crate::server::Context;
use crate::stage::Stage;
use crate::waiting::{Came, poll_read};
use crate::wires::ConsoleWire;

/// Runs the console on one connection.
pub(crate) struct Driver {
    context: Arc<Context>,
    place: Place,
    reader: Reader,
    outlet: Arc<Outlet>,
    door: ConsoleDoor,
    standing: Standing,
    pace: Pace,
    /// The peer will send no more.
    has_ended: bool,
    /// The door was told that the server stops.
    is_told_of_stop: bool,
}

/// What the connection may touch.
enum Standing {
    /// Nothing.
    Outside,
    /// A group whose password it gave, as soon as it has a name there.
    Admitted(Box<Admission>),
    /// A group, as a member.
    Inside {
        session: Session,
        /// Its events wait until the door has said what comes first.
        is_held: bool,
    },
}

impl Driver {
    pub(crate) fn new(
        context: Arc<Context>,
        place: Place,
        (reader, outlet): (Reader, Arc<Outlet>),
        door: ConsoleDoor,
    ) -> Self {
        Self {
            pace: Pace::new(Instant::now()),
            context,
            place,
            reader,
            outlet,
            door,
            standing: Standing::Outside,
            has_ended: false,
            is_told_of_stop: false,
        }
    }

    /// Runs until the door has finished or the peer is gone.
    pub(crate) fn run(mut self, first: &[u8]) -> Stage {
        tracing::info!(peer = %self.place.address(), "client connected");
        if !first.is_empty() {
            self.door.handle_bytes(now(), first);
        }
        Stage::new(async move {
            while self.serve_requests().await {
                match poll_fn(|context| self.poll_came(context)).await {
                    Came::Stir => {}
                    Came::Bytes(0) => {
                        self.has_ended = true;
                        self.door.handle_end(now());
                    }
                    Came::Bytes(_) => {}
                    Came::Late => self.door.handle_timeout(now()),
                }
            }
            Box::pin(self.end()).await;
            None
        })
    }

    /// Leaves the group, and gives the last words time to reach the peer.
    async fn end(mut self) {
        if let Standing::Inside { session, .. } =
            std::mem::replace(&mut self.standing, Standing::Outside)
        {
            session.leave().await;
        }
        let longest = limits::FAREWELL_MAX;
        linger(&self.context.stopping, &self.outlet, &mut self.reader, longest).await;
        tracing::info!(peer = %self.place.address(), "client disconnected");
    }

    /// Does all that the door wants just now. `false` where the connection is to end.
    async fn serve_requests(&mut self) -> bool {
        loop {
            self.handle_signals();
            if !self.go_if_asked() {
                return false;
            }
            while let Some(bytes) = self.door.poll_output() {
                self.context.hub.put(&self.outlet, bytes);
            }
            if self.outlet.is_closed() {
                return false;
            }
            // A goodbye ends the connection although its peer has not read it yet.
            if self.door.is_finished() {
                return false;
            }
            if !self.outlet.has_room() {
                return true;
            }
            let Some(request) = self.door.poll_request() else { break };
            // Boxed, so that an idle connection does not hold room for the state of an answer.
            if let Some(reply) = Box::pin(self.answer(request)).await {
                self.door.handle_reply(now(), reply);
            }
        }
        if let Standing::Inside { session, is_held } = &mut self.standing
            && std::mem::take(is_held)
        {
            session.release();
        }
        true
    }

    /// Is ready when something comes: bytes, a timeout, a signal.
    fn poll_came(&mut self, context: &mut TaskContext<'_>) -> Poll<Came> {
        let Self { outlet, door, place, reader, has_ended, .. } = self;
        if outlet.poll_stirred(context).is_ready() {
            return Poll::Ready(Came::Stir);
        }
        let timeout_at = door.poll_timeout().map(Instant::from_std);
        if place.is_late(timeout_at) {
            return Poll::Ready(Came::Late);
        }
        if *has_ended || !outlet.has_room() {
            return Poll::Pending;
        }
        poll_read(reader, context, |bytes| door.handle_bytes(now(), bytes)).map(Came::Bytes)
    }

    /// Sees to it that it ends where that is asked. `false` where it is to end at once.
    fn go_if_asked(&mut self) -> bool {
        match self.outlet.is_asked_to_go() {
            Some(Going::Stopping) if !self.is_told_of_stop => {
                self.is_told_of_stop = true;
                self.door.handle_notice(now(), Notice::Stopping);
                true
            }
            Some(Going::MakeRoom) => {
                self.context.hub.put(&self.outlet, Turned::MadeRoom.words().into());
                false
            }
            Some(Going::Stopping) | None => true,
        }
    }

    fn handle_signals(&mut self) {
        for signal in self.outlet.take_signals() {
            match signal {
                Signal::NotTaken { refusal, .. } => {
                    self.door.handle_notice(now(), Notice::NotTaken(refusal));
                }
                Signal::GroupEnded { session: ended, why, .. } => {
                    // It may be in another group by now, or in the same one again.
                    if !self.session().is_ok_and(|session| session.serial() == ended) {
                        continue;
                    }
                    self.set_standing(Standing::Outside);
                    self.door.handle_notice(
                        now(),
                        match why {
                            Ended::Removed { by, reason, .. } => Notice::Removed { by, reason },
                            _ => Notice::GroupEnded,
                        },
                    );
                }
                // This door signs nobody in to an account.
                Signal::AccountJoined { .. }
                | Signal::Read { .. }
                | Signal::NameChanged
                | Signal::SignedOut => {}
                // Seen by the outlet being closed.
                Signal::Closed => {}
            }
        }
    }

    fn set_standing(&mut self, standing: Standing) {
        self.place.set_signed_in(matches!(standing, Standing::Inside { .. }));
        self.standing = standing;
    }

    /// Does what the door asks. Nothing where there is nothing to tell.
    async fn answer(&mut self, request: Request) -> Option<Reply> {
        match request {
            Request::Say { text } => self.say(Said::Words(text)).await,
            Request::Act { text } => self.say(Said::Action(text)).await,
            // Boxed, so that who speaks does not need room for the state of a sign-in.
            request => {
                Some(Box::pin(self.answer_seldom(request)).await.unwrap_or_else(Reply::Refused))
            }
        }
    }

    async fn say(&mut self, said: Said) -> Option<Reply> {
        let pause = self.pace.note(Instant::now(), self.context.message_rate);
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        match self.session() {
            Ok(session) => session.say(said).await.err().map(Reply::Refused),
            Err(refusal) => Some(Reply::Refused(refusal)),
        }
    }

    /// Tells one member something, and waits until it is durable.
    async fn tell(&mut self, readings: Vec<(Name, Text)>) -> Result<Reply, Refusal> {
        let pause = self.pace.note(Instant::now(), self.context.message_rate);
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        let session = self.session()?;
        let mut found = readings
            .into_iter()
            .filter_map(|(name, text)| session.find(&name).map(|member| (member, text)));
        let (with, text) = found.next().ok_or(Refusal::NobodyOfThatName)?;
        session.direct(with).await?.send(Said::Words(text), None).await?;
        Ok(Reply::Told)
    }

    fn session(&self) -> Result<&Session, Refusal> {
        match &self.standing {
            Standing::Inside { session, .. } => Ok(session),
            Standing::Outside | Standing::Admitted(_) => Err(Refusal::NotAMember),
        }
    }

    async fn answer_seldom(&mut self, request: Request) -> Result<Reply, Refusal> {
        match request {
            Request::Say { .. } | Request::Act { .. } => Err(Refusal::NotAMember),
            Request::Create { name, password } => {
                let admission = self.context.hub.create(&password).await?;
                self.join(admission, name).await
            }
            Request::Join { name, group, password } => {
                let source = Source::new(self.place.address());
                let hub = Arc::clone(&self.context.hub);
                let admission = tokio::select! {
                    admission = hub.admit(group, &password, source) => admission?,
                    () = self.context.stopping.cancelled() => return Err(Refusal::Stopping),
                };
                self.join(admission, name).await
            }
            Request::JoinAs { name } => {
                match std::mem::replace(&mut self.standing, Standing::Outside) {
                    Standing::Admitted(admission) => self.join(*admission, name).await,
                    standing => {
                        self.standing = standing;
                        Err(Refusal::WrongIdOrPassword)
                    }
                }
            }
            Request::Tell { readings } => self.tell(readings).await,
            Request::Rename { to } => {
                self.session()?.rename(to.clone()).await?;
                Ok(Reply::Renamed { to })
            }
            Request::ShowTopic => Ok(Reply::Topic { text: self.session()?.topic() }),
            Request::SetTopic { text } => {
                self.session()?.set_topic(text.clone()).await?;
                Ok(Reply::Topic { text })
            }
            Request::ShowMembers => {
                let session = self.session()?;
                let shown = session.members().into_iter().map(|here| MemberShown {
                    is_you: here.member == session.member(),
                    name: here.name,
                    is_here: here.is_here,
                    standing: here.standing,
                    is_muted: here.is_muted,
                });
                Ok(Reply::Members(shown.collect()))
            }
            Request::ShowHistory { count, bytes_max } => {
                let wire = ConsoleWire::earlier(self.door.line_end());
                let count = self.session()?.show_history(count, bytes_max, wire).await?;
                Ok(Reply::History { count })
            }
            Request::SetEcho { echo } => {
                self.session()?.set_echo(echo == Echo::On);
                Ok(Reply::Echo(echo))
            }
            Request::SetDeletedWhenEmpty { is_on } => {
                self.session()?.set_deleted_when_empty(is_on).await?;
                Ok(Reply::DeletedWhenEmpty { is_on })
            }
            Request::Leave => {
                let standing = std::mem::replace(&mut self.standing, Standing::Outside);
                if let Standing::Inside { session, .. } = standing {
                    session.leave().await;
                }
                self.set_standing(Standing::Outside);
                Ok(Reply::Left)
            }
            request => moderate::answer(self.session()?, request).await,
        }
    }

    async fn join(&mut self, admission: Admission, name: Name) -> Result<Reply, Refusal> {
        let wire = ConsoleWire::live(self.door.line_end());
        match admission.join(name.clone(), Keep::Connection, &self.outlet, wire).await {
            Ok(joined) => {
                let session = joined.session;
                let reply = Reply::Joined { group: session.group(), name, topic: session.topic() };
                self.set_standing(Standing::Inside { session, is_held: true });
                Ok(reply)
            }
            Err(refusal) => {
                // The number and password that were right are not asked again.
                self.standing = Standing::Admitted(Box::new(admission));
                Err(refusal)
            }
        }
    }
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_console_is_small() {
        assert!(size_of::<Driver>() <= 360, "{}", size_of::<Driver>());
    }
}
