//! Drive: the loop that runs a sans-IO door on a connection.
//!
//! Takes bytes to the door, the door's requests to the hub, the hub's answers back, and the door's
//! output to the outlet. What a connection may touch is held here: outside a group nothing, with
//! an admission the joining, inside a session. Does not know a protocol's words.
//!
//! Back-pressure: nothing is read while answers wait for the peer, while the hub has too much
//! under way, or while the member is above its message rate.

mod moderate;

use std::cell::RefCell;
use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::Poll;

use conclave_core::{Name, Refusal, Text, limits};
use conclave_doors::console::ConsoleDoor;
use conclave_doors::{Echo, MemberShown, Notice, Reply, Request};
use conclave_hub::{Admission, Ended, Keep, Outlet, Said, Session, Signal, Source};
use tokio::io::ReadBuf;
use tokio::time::Instant;

use crate::connection::{Reader, Running, linger};
use crate::gate::Place;
use crate::pace::Pace;
use crate::server::Context;
use crate::wires::ConsoleWire;

/// Bytes that are read at once. One buffer a thread: an idle connection holds none.
const READ_BYTES: usize = 16 * 1024;

thread_local! {
    pub(crate) static READ_BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into_boxed_slice());
}

/// Runs the console on one connection.
pub(crate) struct Driver {
    context: Arc<Context>,
    place: Place,
    address: IpAddr,
    outlet: Arc<Outlet>,
    door: ConsoleDoor,
    standing: Standing,
    pace: Pace,
    /// The door was told that the server stops.
    is_told_of_stop: bool,
}

/// What the connection may touch.
enum Standing {
    /// Nothing.
    Outside,
    /// A group whose password it gave, as soon as it has a name there.
    Admitted(Admission),
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
        address: IpAddr,
        outlet: Arc<Outlet>,
        door: ConsoleDoor,
    ) -> Self {
        let pace = Pace::new(Instant::now(), context.message_rate);
        let standing = Standing::Outside;
        Self { context, place, address, outlet, door, standing, pace, is_told_of_stop: false }
    }

    /// Runs until the door has finished or the peer is gone.
    pub(crate) fn run(mut self, mut reader: Reader, first: &[u8]) -> Running {
        tracing::info!(peer = %self.address, "client connected");
        if !first.is_empty() {
            self.door.handle_bytes(now(), first);
        }
        // Boxed at its own size: this is what an idle connection holds.
        Box::pin(async move {
            let mut has_ended = false;
            while self.serve_requests().await {
                self.wait(&mut reader, &mut has_ended).await;
            }
            Box::pin(self.end(reader)).await;
        })
    }

    /// Leaves the group, and gives the last words time to reach the peer.
    async fn end(mut self, mut reader: Reader) {
        if let Standing::Inside { session, .. } =
            std::mem::replace(&mut self.standing, Standing::Outside)
        {
            session.leave().await;
        }
        linger(&self.context.stopping, &self.outlet, &mut reader, limits::FAREWELL_MAX).await;
        tracing::info!(peer = %self.address, "client disconnected");
    }

    /// Does all that the door wants just now. `false` where the connection is to end.
    async fn serve_requests(&mut self) -> bool {
        loop {
            self.handle_signals();
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
            if let Some(reply) = self.answer(request).await {
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

    /// Waits for whatever comes next: bytes, a timeout, a signal, the end of the server.
    async fn wait(&mut self, reader: &mut Reader, has_ended: &mut bool) {
        let is_reading = self.outlet.has_room() && !*has_ended;
        let timeout_at = self.door.poll_timeout().map(Instant::from_std);
        let is_told_of_stop = self.is_told_of_stop;
        let Self { context, place, outlet, door, .. } = self;
        tokio::select! {
            () = outlet.stirred() => {}
            count = read_some(reader, |bytes| door.handle_bytes(now(), bytes)), if is_reading => {
                if count == 0 {
                    *has_ended = true;
                    door.handle_end(now());
                }
            }
            () = sleep_until(timeout_at) => door.handle_timeout(now()),
            () = context.stopping.cancelled(), if !is_told_of_stop => {
                self.is_told_of_stop = true;
                door.handle_notice(now(), Notice::Stopping);
            }
            () = place.make_room().cancelled() => {
                let words = crate::refuse::Turned::MadeRoom.words();
                context.hub.put(outlet, words.into());
                Box::pin(linger(&context.stopping, outlet, reader, limits::FAREWELL_MAX)).await;
            }
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
                            Ended::Removed { by, reason } => Notice::Removed { by, reason },
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
            // Boxed, so that an idle connection does not hold room for the state of a sign-in.
            request => {
                Some(Box::pin(self.answer_seldom(request)).await.unwrap_or_else(Reply::Refused))
            }
        }
    }

    async fn say(&mut self, said: Said) -> Option<Reply> {
        let pause = self.pace.note(Instant::now());
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
        let pause = self.pace.note(Instant::now());
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
                let source = Source::new(self.address);
                let hub = Arc::clone(&self.context.hub);
                let admission = tokio::select! {
                    admission = hub.admit(group, &password, source) => admission?,
                    () = self.context.stopping.cancelled() => return Err(Refusal::Stopping),
                };
                self.join(admission, name).await
            }
            Request::JoinAs { name } => {
                match std::mem::replace(&mut self.standing, Standing::Outside) {
                    Standing::Admitted(admission) => self.join(admission, name).await,
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
                self.standing = Standing::Admitted(admission);
                Err(refusal)
            }
        }
    }
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}

/// Ends at a time, or never.
pub(crate) async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Lends the thread's buffer to read into.
pub(crate) fn with_read_buffer<T>(read: impl FnOnce(&mut [u8]) -> T) -> T {
    READ_BUFFER.with_borrow_mut(|buffer| read(buffer))
}

/// Reads once and hands on what came. Zero where nothing more will come.
///
/// Cancel safe: what was read has been handed over.
pub(crate) async fn read_some(reader: &mut Reader, mut take: impl FnMut(&[u8])) -> usize {
    poll_fn(|context| {
        with_read_buffer(|buffer| {
            let mut buffer = ReadBuf::new(buffer);
            match reader.as_mut().poll_read(context, &mut buffer) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    take(buffer.filled());
                    Poll::Ready(buffer.filled().len())
                }
                // A connection that was reset has ended as well.
                Poll::Ready(Ok(()) | Err(_)) => Poll::Ready(0),
            }
        })
    })
    .await
}

/// The door takes in no more while so many bytes of answers wait: more than one read.
const _: () = assert!(limits::ANSWERS_BYTES_MAX > READ_BYTES);
