//! The console door itself: what goes in, what comes out, and in which order.
//!
//! Does not know sockets, clocks, tasks, the hub or the log. The driver sends what
//! [`ConsoleDoor::poll_output`] gives, answers each request of [`ConsoleDoor::poll_request`]
//! before it asks for the next, and reads only when neither gives anything.
//!
//! Invariants: bytes are taken strictly in order, and none while a request is unanswered or
//! [`limits::ANSWERS_BYTES_MAX`] bytes of answers wait, so that how the stream was cut into reads
//! changes nothing (but for clients without line ends). Waiting bytes are bounded by the one read
//! they came with. An idle door holds no buffer.

use std::ops::ControlFlow;
use std::time::Instant;

use bytes::{Buf as _, Bytes};
use conclave_core::{GroupId, Refusal, Topic, limits};

use super::commands::{Done, Leaving};
use super::encode::{Answers, LineEnd};
use super::lines::{Line, Lines};
use super::member::Member;
use super::sign_in::{Next, SignIn};
use super::telnet::{Telnet, Told};
use super::words;
use crate::{Notice, Reply, Request};

/// Where the one at the other end is.
#[derive(Debug)]
enum State {
    /// At the menu or on the way from it. In a box, so that one who is in a group is small.
    SignIn(Box<SignIn>),
    InGroup(Member),
    Finished,
}

/// The reply that is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    Entrance,
    /// Earlier messages that nobody asked for: where there are none, nothing is said.
    EarlierAtJoining,
    Answer,
    Leave(Leaving),
}

/// One connection that reads and writes lines.
#[derive(Debug)]
pub struct ConsoleDoor {
    state: State,
    answers: Answers,
    request: Option<Box<Request>>,
    awaited: Option<Awaited>,
    telnet: Telnet,
    lines: Lines,
    /// Bytes that came behind a request, untouched.
    waiting: Bytes,
    has_ended: bool,
}

impl ConsoleDoor {
    /// A door that has greeted: the menu waits to be sent.
    pub fn new(now: Instant) -> Self {
        let mut answers = Answers::default();
        Self {
            state: State::SignIn(Box::new(SignIn::open(now, &mut answers))),
            answers,
            request: None,
            awaited: None,
            telnet: Telnet::default(),
            lines: Lines::new(),
            waiting: Bytes::new(),
            has_ended: false,
        }
    }

    /// Takes what one read gave.
    pub fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) {
        if self.has_ended || self.is_over() || self.lines.is_late_line_end(bytes) {
            return;
        }
        if self.waiting.is_empty() {
            let taken_count = self.take_in(bytes);
            let rest = bytes.get(taken_count..).unwrap_or_default();
            if !rest.is_empty() {
                self.waiting = Bytes::copy_from_slice(rest);
            }
        } else {
            self.waiting = [&self.waiting, bytes].concat().into();
        }
        self.lines.expect_line_end(now);
        self.advance();
    }

    /// Takes that the peer will send no more. A line that had begun counts.
    pub fn handle_end(&mut self, _now: Instant) {
        self.has_ended = true;
        self.advance();
    }

    /// Takes the answer to the request that was polled last.
    pub fn handle_reply(&mut self, now: Instant, reply: Reply) {
        // While a request has not been polled, no reply can be the one that is waited for.
        let awaited = if self.request.is_some() { None } else { self.awaited.take() };
        match (awaited, reply) {
            (Some(Awaited::Entrance), Reply::Joined { group, topic, .. }) => {
                self.enter(group, &topic);
            }
            (Some(Awaited::Entrance), Reply::Refused(refusal)) => {
                if let State::SignIn(sign_in) = &mut self.state {
                    let next = sign_in.handle_refusal(refusal, &mut self.answers, &mut self.telnet);
                    self.go_on(next);
                }
            }
            (Some(Awaited::Leave(leaving)), reply @ (Reply::Left | Reply::Refused(_))) => {
                self.handle_left(now, leaving, &reply);
            }
            (Some(Awaited::Answer | Awaited::EarlierAtJoining), Reply::Refused(refusal)) => {
                self.answers.line(&words::refused(refusal));
                self.leave_if_out(now, refusal);
            }
            (Some(Awaited::EarlierAtJoining), Reply::History { .. }) => {}
            (Some(Awaited::Answer), reply) => self.answer(&reply),
            // What was said is answered only where it was not taken.
            (None, Reply::Refused(refusal)) => self.handle_not_taken(now, refusal),
            // A reply to something else.
            (awaited, _) => self.awaited = awaited.or(self.awaited),
        }
        self.advance();
    }

    /// Takes what the hub tells without having been asked.
    pub fn handle_notice(&mut self, now: Instant, notice: Notice) {
        match notice {
            Notice::NotTaken(refusal) => self.handle_not_taken(now, refusal),
            Notice::GroupEnded => {
                if matches!(self.state, State::InGroup(_)) {
                    self.answers.line(words::GROUP_ENDED);
                    self.open_menu(now);
                }
            }
            Notice::Removed { by, reason } => {
                if matches!(self.state, State::InGroup(_)) {
                    self.answers.line(&words::you_were_removed(&by, &reason));
                    self.open_menu(now);
                }
            }
            Notice::Stopping => {
                if !self.is_over() {
                    self.telnet.show(&mut self.answers);
                    self.answers.line(words::STOPPING);
                    self.finish();
                }
            }
        }
        self.advance();
    }

    /// Takes that it is as late as [`ConsoleDoor::poll_timeout`] said.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Some(line) = self.lines.handle_timeout(now) {
            self.handle_line(&line);
        }
        if self.sign_in_deadline().is_some_and(|deadline| deadline <= now) {
            self.telnet.show(&mut self.answers);
            self.answers.line(words::TOO_SLOW);
            self.finish();
        }
        self.advance();
    }

    /// Gives what is to be sent.
    pub fn poll_output(&mut self) -> Option<Bytes> {
        if self.answers.len() == 0 {
            self.advance();
        }
        let bytes = self.answers.take();
        (!bytes.is_empty()).then(|| bytes.into())
    }

    /// Gives what is asked of the hub.
    pub fn poll_request(&mut self) -> Option<Request> {
        // Not after it is taken: what was said may be refused before what follows is looked at.
        self.advance();
        self.request.take().map(|request| *request)
    }

    /// When [`ConsoleDoor::handle_timeout`] is to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let unframed_at = self.lines.poll_timeout().filter(|_| !self.is_over());
        self.sign_in_deadline().into_iter().chain(unframed_at).min()
    }

    /// Whether all is said and sent: the connection is to be closed. Who is still in a group then
    /// (the server stops) leaves it by that.
    pub fn is_finished(&self) -> bool {
        self.is_over() && self.answers.len() == 0
    }

    /// How lines end that are written to this client.
    pub fn line_end(&self) -> LineEnd {
        self.answers.line_end()
    }

    const fn is_over(&self) -> bool {
        matches!(self.state, State::Finished)
    }

    fn is_blocked(&self) -> bool {
        let is_asking = self.request.is_some() || self.awaited.is_some();
        is_asking || self.is_over() || self.answers.len() >= limits::ANSWERS_BYTES_MAX
    }

    /// Time that the server takes to answer does not count as the client's.
    fn sign_in_deadline(&self) -> Option<Instant> {
        match &self.state {
            State::SignIn(sign_in) if self.awaited.is_none() => Some(sign_in.deadline()),
            _ => None,
        }
    }

    /// Goes on with what has waited, as far as it goes.
    fn advance(&mut self) {
        while !self.is_blocked() {
            if !self.waiting.is_empty() {
                let mut waiting = std::mem::take(&mut self.waiting);
                let taken_count = self.take_in(&waiting);
                waiting.advance(taken_count);
                if !waiting.is_empty() {
                    self.waiting = waiting;
                }
            } else if !self.has_ended {
                return;
            } else if let Some(line) = self.lines.handle_end() {
                self.handle_line(&line);
            } else {
                self.handle_all_taken();
            }
        }
    }

    /// Takes bytes until all are taken or a request stands in the way. Gives how many it took.
    fn take_in(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while !self.is_blocked() {
            if self.telnet.is_in_text() {
                let plain_count = self.lines.handle_plain(rest);
                rest = rest.get(plain_count..).unwrap_or_default();
            }
            let Some((byte, after)) = rest.split_first() else {
                if let Some(line) = self.lines.handle_read_end() {
                    self.handle_line(&line);
                }
                break;
            };
            rest = after;
            if self.handle_byte(*byte).is_break() {
                return bytes.len();
            }
        }
        bytes.len() - rest.len()
    }

    /// Breaks where the client says that nothing follows.
    fn handle_byte(&mut self, byte: u8) -> ControlFlow<()> {
        let told = self.telnet.handle_byte(byte, &mut self.answers);
        if self.telnet.is_telnet() {
            self.lines.set_framed();
        }
        let line = match told {
            Told::Text(byte) => self.lines.handle_byte(byte),
            Told::NotTelnet(byte) => {
                // 0xFF ends no line.
                let _no_line = self.lines.handle_byte(super::telnet::IAC);
                self.lines.handle_byte(byte)
            }
            Told::EraseCharacter => {
                self.lines.erase_character();
                None
            }
            Told::EraseLine => {
                self.lines.erase_line();
                None
            }
            Told::AreYouThere => {
                self.answers.line(words::STILL_HERE);
                None
            }
            Told::Interrupt => {
                self.lines.erase_line();
                self.handle_interrupt();
                None
            }
            Told::Overrun => {
                self.telnet.show(&mut self.answers);
                self.answers.line(words::TELNET_OVERRUN);
                self.lines.erase_line();
                self.has_ended = true;
                return ControlFlow::Break(());
            }
            Told::End => {
                self.has_ended = true;
                return ControlFlow::Break(());
            }
            Told::Nothing => None,
        };
        if let Some(line) = line {
            self.handle_line(&line);
        }
        ControlFlow::Continue(())
    }

    fn handle_line(&mut self, line: &Line) {
        match &mut self.state {
            State::SignIn(sign_in) => {
                let next = sign_in.handle_line(line, &mut self.answers, &mut self.telnet);
                self.go_on(next);
            }
            State::InGroup(member) => match member.handle_line(line) {
                Done::Nothing | Done::Misused => {}
                Done::Tell(sentence) => self.answers.line(&sentence),
                Done::Ask(request) => {
                    let is_silent = matches!(request, Request::Say { .. } | Request::Act { .. });
                    self.awaited = (!is_silent).then_some(Awaited::Answer);
                    self.request = Some(Box::new(request));
                }
                Done::Leave(leaving) => self.leave(leaving),
            },
            State::Finished => {}
        }
    }

    fn go_on(&mut self, next: Next) {
        match next {
            Next::Wait => {}
            Next::Enter(entrance) => {
                self.awaited = Some(Awaited::Entrance);
                self.request = Some(Box::new(entrance.into()));
            }
            Next::Finish => self.finish(),
        }
    }

    fn enter(&mut self, group: GroupId, topic: &Topic) {
        let State::SignIn(sign_in) = &self.state else { return };
        let is_new = sign_in.is_creating();
        if is_new {
            self.answers.line(&words::group_is(group));
        }
        self.answers.line(&words::connected(group));
        self.state = State::InGroup(Member::of(group));
        if is_new {
            self.answers.line(words::YOU_CAN_TALK);
            return;
        }
        if !topic.is_empty() {
            self.answers.line(&words::topic(topic));
        }
        // Clients that read with `recv(1024)` would tear a letter that lies across its end.
        let bytes_max = self.lines.is_unframed().then_some(limits::EARLIER_BYTES_UNFRAMED);
        self.awaited = Some(Awaited::EarlierAtJoining);
        self.request =
            Some(Box::new(Request::ShowHistory { count: limits::EARLIER_MESSAGES, bytes_max }));
    }

    fn answer(&mut self, reply: &Reply) {
        let State::InGroup(member) = &self.state else { return };
        match reply {
            Reply::Renamed { to } => self.answers.line(&words::renamed(to)),
            Reply::Topic { text } => self.answers.line(&words::topic(text)),
            Reply::Members(members) => {
                self.answers.line(&words::members(member.group(), members));
            }
            Reply::History { count: 0 } => self.answers.line(words::NO_EARLIER_MESSAGES),
            Reply::Echo(echo) => self.answers.line(words::echo(*echo)),
            Reply::DeletedWhenEmpty { is_on } => {
                self.answers.line(words::deleted_when_empty(*is_on));
            }
            // What it told comes back to it among the events, once it is saved.
            Reply::Changed { change } => self.answers.line(&words::you_changed(change)),
            Reply::PasswordChanged => self.answers.line(words::PASSWORD_CHANGED),
            Reply::Granted { whom, power, is_given } => {
                self.answers.line(&words::you_granted(*power, *is_given, whom));
            }
            Reply::Unchanged => self.answers.line(words::UNCHANGED),
            Reply::Bans { bans, mutes } => self.answers.line(&words::bans(bans, mutes)),
            Reply::Told
            | Reply::Removed
            | Reply::History { .. }
            | Reply::Joined { .. }
            | Reply::Refused(_)
            | Reply::Left => {}
        }
    }

    fn handle_not_taken(&mut self, now: Instant, refusal: Refusal) {
        if matches!(self.state, State::InGroup(_)) {
            self.answers.line(&words::not_taken(refusal));
            self.leave_if_out(now, refusal);
        }
    }

    /// One who is told that it is no member has been removed: there is nothing left to leave.
    fn leave_if_out(&mut self, now: Instant, refusal: Refusal) {
        if refusal == Refusal::NotAMember {
            self.open_menu(now);
        }
    }

    fn leave(&mut self, leaving: Leaving) {
        self.awaited = Some(Awaited::Leave(leaving));
        self.request = Some(Box::new(Request::Leave));
    }

    fn handle_left(&mut self, now: Instant, leaving: Leaving, reply: &Reply) {
        let State::InGroup(member) = &self.state else { return };
        match (leaving, reply) {
            (Leaving::ToMenu, Reply::Refused(refusal)) if *refusal != Refusal::NotAMember => {
                self.answers.line(&words::refused(*refusal));
            }
            (Leaving::ToMenu, _) => {
                self.answers.line(&words::you_left(member.group()));
                self.open_menu(now);
            }
            // A refusal keeps nobody: the connection ends, and by that it leaves.
            (Leaving::ByExit, _) => {
                self.answers.line(words::YOU_CHOSE_EXIT);
                self.finish();
            }
            (Leaving::AtEnd, _) => self.finish(),
        }
    }

    fn handle_interrupt(&mut self) {
        match self.state {
            State::SignIn(_) => {
                self.telnet.show(&mut self.answers);
                self.answers.line(words::GOODBYE);
                self.finish();
            }
            State::InGroup(_) => self.leave(Leaving::ByExit),
            State::Finished => {}
        }
    }

    /// The client will say no more, and all that it said has been taken.
    fn handle_all_taken(&mut self) {
        match self.state {
            State::InGroup(_) => self.leave(Leaving::AtEnd),
            State::SignIn(_) | State::Finished => self.finish(),
        }
    }

    fn open_menu(&mut self, now: Instant) {
        self.request = None;
        self.awaited = None;
        self.state = State::SignIn(Box::new(SignIn::open(now, &mut self.answers)));
    }

    fn finish(&mut self) {
        self.telnet.show(&mut self.answers);
        self.request = None;
        self.awaited = None;
        self.waiting = Bytes::new();
        self.state = State::Finished;
    }
}
