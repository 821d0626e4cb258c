//! Socket: a WebSocket that JSON goes over: many groups on one connection.
//!
//! Messages are begun in the order in which they came and answered when they are durable; what
//! takes long (a password's hash, a page of the log) goes on beside them, in a task of its own. What
//! names a group that is just being entered or left waits for that. Does not know HTTP, nor how bytes
//! become frames.
//!
//! Back-pressure: nothing is read while answers wait for the peer, while too much is under way, or
//! while the connection is above its message rate.

mod direct;
mod done;
mod slow;

use std::collections::{HashMap, HashSet};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, ready};

use bytes::Bytes;
use conclave_core::{ClientId, GroupId, Refusal, limits};
use conclave_doors::api::{
    self, Answer, Asked, EndedShown, ErrorShown, Nothing, Op, Problem, Reference, SayKind,
};
use conclave_doors::websocket::{
    CloseCode, Incoming, Intake, close_frame, encode_text, ping_frame, pong_frame,
};
use conclave_hub::{Ended, Going, Membership, Outlet, Said, Sending, Session, Signal};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde::Serialize;
use tokio::time::Instant;

use crate::connection::{Reader, linger};
use crate::gate::Place;
use crate::pace::Pace;
use crate::server::Context;
use crate::stage::Stage;
use crate::waiting::poll_read;
use crate::web::entered::members_shown;
use crate::web::letting_in::invite_shown;
use crate::web::moderate;
use direct::direct_with;
use done::Done;
use slow::{apart, is_slow};

/// Something that is under way and ends by itself.
type UnderWay = Pin<Box<dyn Future<Output = Done> + Send>>;

/// See the module.
pub(super) struct Socket {
    context: Arc<Context>,
    place: Place,
    reader: Reader,
    outlet: Arc<Outlet>,
    intake: Intake,
    /// Bytes that were read and not taken in yet.
    rest: Vec<u8>,
    sessions: HashMap<GroupId, Session>,
    /// Groups that are just being entered or left.
    in_between: HashSet<GroupId>,
    under_way: FuturesUnordered<UnderWay>,
    /// How many of those take long.
    slow_count: usize,
    /// What came and has to wait for something that is under way.
    waiting: Option<Asked>,
    pace: Pace,
    /// Nothing is taken in before.
    paused_until: Option<Instant>,
    ping_at: Instant,
    /// When it is closed if it is in no group.
    enter_by: Option<Instant>,
    /// Why it closes.
    closing: Option<(CloseCode, &'static str)>,
}

impl Socket {
    pub(super) fn new(
        context: Arc<Context>,
        place: Place,
        (reader, outlet): (Reader, Arc<Outlet>),
    ) -> Self {
        let now = Instant::now();
        Self {
            pace: Pace::new(now),
            context,
            place,
            reader,
            outlet,
            intake: Intake::default(),
            rest: Vec::new(),
            sessions: HashMap::new(),
            in_between: HashSet::new(),
            under_way: FuturesUnordered::new(),
            slow_count: 0,
            waiting: None,
            paused_until: None,
            ping_at: now + limits::PING_INTERVAL,
            enter_by: Some(now + limits::SIGN_IN_MAX),
            closing: None,
        }
    }

    /// Runs until either side closes. `first` came behind the handshake.
    pub(super) fn run(mut self, first: &[u8]) -> Stage {
        tracing::info!(peer = %self.place.address(), "WebSocket opened");
        self.rest.extend_from_slice(first);
        Stage::new(async move {
            loop {
                self.handle_signals();
                // Boxed, so that an idle connection does not hold room for what is asked of it.
                if self.waiting.is_some() || !self.rest.is_empty() {
                    Box::pin(self.take_in()).await;
                }
                if self.outlet.is_closed() {
                    break;
                }
                if let Some((code, why)) = self.closing {
                    self.put(close_frame(code, why));
                    break;
                }
                poll_fn(|context| self.poll_came(context)).await;
            }
            Box::pin(self.end()).await;
            None
        })
    }

    /// Gives the last words time to reach the peer. Seats are kept: who comes back goes on.
    async fn end(mut self) {
        self.sessions.clear();
        let longest = limits::FAREWELL_MAX;
        linger(&self.context.stopping, &self.outlet, &mut self.reader, longest).await;
        tracing::info!(peer = %self.place.address(), "WebSocket closed");
    }

    fn put(&self, bytes: impl Into<Bytes>) {
        self.context.hub.put(&self.outlet, bytes.into());
    }

    fn close(&mut self, code: CloseCode, why: &'static str) {
        self.closing.get_or_insert((code, why));
    }

    /// Whether something more may be taken in just now.
    fn may_take_in(&self) -> bool {
        self.closing.is_none()
            && self.paused_until.is_none()
            && self.under_way.len() < limits::SOCKET_UNDER_WAY_MAX
            && self.outlet.has_room()
    }

    /// Takes in what has come, as far as it may be.
    async fn take_in(&mut self) {
        if let Some(asked) = self.waiting.take() {
            self.begin(asked).await;
        }
        let rest = std::mem::take(&mut self.rest);
        let mut input = rest.as_slice();
        while self.may_take_in() && self.waiting.is_none() {
            match self.intake.next(&mut input) {
                None => return,
                Some(Incoming::Text(text)) => self.take_text(&text).await,
                Some(Incoming::Ping(payload)) => self.put(pong_frame(&payload)),
                Some(Incoming::Pong) => {}
                Some(Incoming::Binary(_)) => {
                    self.close(CloseCode::Unsupported, "messages are JSON in text frames");
                }
                Some(Incoming::Close(code)) => self.close(code, ""),
                Some(Incoming::Failed(CloseCode::TooBig)) => {
                    self.close(CloseCode::TooBig, "a message has at most 64 KiB");
                }
                Some(Incoming::Failed(code)) => self.close(code, "that is no frame of a client"),
            }
        }
        self.rest = input.to_vec();
    }

    async fn take_text(&mut self, text: &str) {
        match api::parse_asked(text) {
            Ok(asked) => self.begin(asked).await,
            Err((re, error)) => self.put(framed(&Answer::<Nothing>::Failed { re, error })),
        }
    }

    /// Begins what was asked, or has it wait.
    async fn begin(&mut self, asked: Asked) {
        let group = asked.op.group().and_then(api::parse_group);
        let is_in_between = group.is_some_and(|group| self.in_between.contains(&group));
        let is_slow = is_slow(&asked.op);
        if is_in_between || (is_slow && self.slow_count >= limits::SOCKET_SLOW_MAX) {
            self.waiting = Some(asked);
            return;
        }
        let Asked { reference, op } = asked;
        let begun = match op {
            Op::Send { say, .. } => self.send(reference.clone(), group, &say).await,
            Op::Direct { to, say, .. } => self.tell(reference.clone(), group, &to, &say).await,
            Op::Typing { state, .. } => self.type_on(reference.clone(), group, state).await,
            Op::Members { .. } => self.answer_at_once(reference.clone(), group, |membership| {
                Ok(api::Members { members: members_shown(membership) })
            }),
            Op::Bans { .. } => self.answer_at_once(reference.clone(), group, |membership| {
                Ok(moderate::bans(membership))
            }),
            Op::Invite { .. } => self.answer_at_once(reference.clone(), group, invite_shown),
            Op::Leave { .. } => self.leave(reference.clone(), group),
            op => self.begin_slow(reference.clone(), group, op),
        };
        if let Err(problem) = begun {
            self.answer::<Nothing>(reference, Err(problem));
        }
    }

    /// Puts an answer; nothing where nobody waits for it.
    fn answer<T: Serialize>(&self, re: Option<Reference>, came: Result<T, Problem>) {
        if let Some(bytes) = answer(re, came.map_err(|problem| problem.shown())) {
            self.put(bytes);
        }
    }

    fn session(&self, group: Option<GroupId>) -> Result<&Session, Problem> {
        let session = group.and_then(|group| self.sessions.get(&group));
        session.ok_or(Problem::Refused(Refusal::NotAMember))
    }

    /// Notes a message: above the rate nothing more is taken in for a while.
    fn note_message(&mut self) {
        let now = Instant::now();
        let pause = self.pace.note(now, self.context.message_rate);
        if !pause.is_zero() {
            self.paused_until = Some(now + pause);
        }
    }

    async fn send(
        &mut self,
        reference: Option<Reference>,
        group: Option<GroupId>,
        say: &api::Say,
    ) -> Result<(), Problem> {
        self.note_message();
        let (said, client_id) = said(say)?;
        let sending = self.session(group)?.begin_send(said, client_id).await?;
        self.under_way.push(Box::pin(told_where(reference, sending)));
        Ok(())
    }

    /// Tells one member something.
    async fn tell(
        &mut self,
        reference: Option<Reference>,
        group: Option<GroupId>,
        to: &str,
        say: &api::Say,
    ) -> Result<(), Problem> {
        self.note_message();
        let (said, client_id) = said(say)?;
        let direct = direct_with(self.session(group)?.membership(), to)?.await?;
        let sending = direct.begin_send(said, client_id).await?;
        self.under_way.push(Box::pin(told_where(reference, sending)));
        Ok(())
    }

    async fn type_on(
        &mut self,
        reference: Option<Reference>,
        group: Option<GroupId>,
        state: api::TypingShown,
    ) -> Result<(), Problem> {
        self.note_message();
        self.session(group)?.type_on(state.into()).await?;
        self.answer(reference, Ok(Nothing {}));
        Ok(())
    }

    /// Answers with what can be told at once.
    fn answer_at_once<T: Serialize>(
        &self,
        reference: Option<Reference>,
        group: Option<GroupId>,
        tell: impl FnOnce(&Membership) -> Result<T, Problem>,
    ) -> Result<(), Problem> {
        let told = tell(self.session(group)?.membership())?;
        self.answer(reference, Ok(told));
        Ok(())
    }

    fn leave(
        &mut self,
        reference: Option<Reference>,
        group: Option<GroupId>,
    ) -> Result<(), Problem> {
        self.session(group)?;
        let left = group.and_then(|group| Some((group, self.sessions.remove(&group)?)));
        let Some((group, session)) = left else { return Ok(()) };
        self.note_standing();
        self.in_between.insert(group);
        self.under_way.push(apart(async move {
            session.leave().await;
            Done::Left { group, answer: answer(reference, Ok(Nothing {})) }
        }));
        Ok(())
    }

    /// Takes what has come to its end.
    fn finish(&mut self, done: Done) {
        match done {
            Done::Said(answer) => self.put_answer(answer),
            Done::Slow(answer) => {
                self.slow_count -= 1;
                self.put_answer(answer);
            }
            Done::Left { group, answer } => {
                self.in_between.remove(&group);
                self.put_answer(answer);
            }
            Done::Entered { group, reference, entered } => {
                self.slow_count -= 1;
                if let Some(group) = group {
                    self.in_between.remove(&group);
                }
                match entered {
                    Ok(entered) => {
                        let shown = entered.shown(self.context.hub.epoch());
                        self.answer(reference, Ok(shown));
                        entered.session.release();
                        // One session a group: an older one on this socket goes.
                        self.sessions.insert(entered.session.group(), entered.session);
                        self.note_standing();
                    }
                    Err(refusal) => {
                        self.answer::<Nothing>(reference, Err(refusal.into()));
                    }
                }
            }
        }
    }

    fn put_answer(&self, answer: Option<Bytes>) {
        if let Some(answer) = answer {
            self.put(answer);
        }
    }

    /// Notes whether it is in a group now.
    fn note_standing(&mut self) {
        let is_in = !self.sessions.is_empty();
        if is_in == self.enter_by.is_none() {
            return;
        }
        self.place.set_signed_in(is_in);
        self.enter_by = (!is_in).then(|| Instant::now() + limits::SIGN_IN_MAX);
    }

    /// Is ready when something has come, and was taken: bytes, an end of what is under way, a time,
    /// a signal.
    fn poll_came(&mut self, context: &mut TaskContext<'_>) -> Poll<()> {
        if self.outlet.poll_stirred(context).is_ready() {
            return Poll::Ready(());
        }
        if let Poll::Ready(Some(done)) = self.under_way.poll_next_unpin(context) {
            self.finish(done);
            return Poll::Ready(());
        }
        let next_at = [self.paused_until, self.enter_by, Some(self.ping_at)];
        if self.place.is_late(next_at.into_iter().flatten().min()) {
            self.handle_time();
            return Poll::Ready(());
        }
        if !self.may_take_in() || self.waiting.is_some() || !self.rest.is_empty() {
            return Poll::Pending;
        }
        let Self { reader, rest, .. } = self;
        if ready!(poll_read(reader, context, |bytes| rest.extend_from_slice(bytes))) == 0 {
            // A peer that is gone without a word is not told anything.
            self.outlet.abandon();
        }
        Poll::Ready(())
    }

    fn handle_time(&mut self) {
        let now = Instant::now();
        if self.paused_until.is_some_and(|until| until <= now) {
            self.paused_until = None;
        }
        if self.ping_at <= now {
            self.ping_at = now + limits::PING_INTERVAL;
            // A peer that is behind has enough on its way to it.
            if self.outlet.is_drained() {
                self.put(ping_frame());
            }
        }
        if self.enter_by.is_some_and(|by| by <= now) && self.under_way.is_empty() {
            self.close(CloseCode::Policy, "join or resume a group within two minutes");
        }
    }

    fn handle_signals(&mut self) {
        match self.outlet.is_asked_to_go() {
            None => {}
            Some(Going::Stopping) => {
                self.close(CloseCode::Restart, "the server is stopping; connect again in a moment");
            }
            Some(Going::MakeRoom) => {
                self.close(CloseCode::TryAgainLater, "others wait to sign in; connect again");
            }
        }
        for signal in self.outlet.take_signals() {
            match signal {
                Signal::GroupEnded { group, session, why } => {
                    // There may be a newer session in the same group by now.
                    if self.sessions.get(&group).is_some_and(|held| held.serial() == session)
                        && let Some(session) = self.sessions.remove(&group)
                    {
                        let mut frame = Vec::new();
                        encode_text(&mut frame, |out| {
                            api::encode_ended(&session.group_name(), shown(&why), out);
                        });
                        self.put(frame);
                        self.note_standing();
                    }
                }
                // Whoever sends waits for the answer; the end is seen by the outlet being closed.
                Signal::NotTaken { .. } | Signal::Closed => {}
                // Nobody signs in to an account here.
                Signal::AccountJoined { .. }
                | Signal::Read { .. }
                | Signal::NameChanged
                | Signal::SignedOut => {}
            }
        }
    }
}

/// What is said, and the client's name for it.
fn said(say: &api::Say) -> Result<(Said, Option<ClientId>), Problem> {
    let (text, kind, client_id) = say.parse()?;
    let said = match kind {
        SayKind::Said => Said::Words(text),
        SayKind::Action => Said::Action(text),
    };
    Ok((said, client_id))
}

/// Tells where something has landed, when it has.
async fn told_where(reference: Option<Reference>, sending: Sending) -> Done {
    let landed = sending.landed().await;
    let shown =
        landed.map(|landed| api::LandedShown { seq: landed.seq.0, at: landed.at.render_rfc3339() });
    Done::Said(answer(reference, shown.map_err(|refusal| Problem::from(refusal).shown())))
}

/// An answer as a frame; nothing where nobody waits for it.
fn answer<T: Serialize>(re: Option<Reference>, came: Result<T, ErrorShown>) -> Option<Bytes> {
    match (re, came) {
        (Some(re), Ok(ok)) => Some(framed(&Answer::Done { re, ok })),
        (None, Ok(_)) => None,
        (re, Err(error)) => Some(framed(&Answer::<Nothing>::Failed { re, error })),
    }
}

fn framed(shown: &impl Serialize) -> Bytes {
    let mut frame = Vec::new();
    encode_text(&mut frame, |out| api::encode(shown, out));
    frame.into()
}

const fn shown(why: &Ended) -> EndedShown {
    match why {
        Ended::Left => EndedShown::Left,
        Ended::Removed { .. } => EndedShown::Removed,
        Ended::Closed => EndedShown::Closed,
        Ended::Deleted => EndedShown::Deleted,
        Ended::Replaced => EndedShown::Replaced,
    }
}
