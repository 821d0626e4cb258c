//! Drive: the loop that runs one IRC connection, from its first line to its goodbye.
//!
//! Reads, cuts lines, has each answered, asks silent clients for a sign of life, and ends in order:
//! the nick is free and the groups are left before the connection is closed.

mod entering;
mod silence;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use bytes::{Buf as _, BytesMut};
use conclave_core::limits;
use conclave_doors::irc::caps::Caps;
use conclave_doors::irc::commands::{self as table, Command, When};
use conclave_doors::irc::lines::{Line, Lines};
use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::{
    ERR_INPUTTOOLONG, ERR_NEEDMOREPARAMS, ERR_NOTREGISTERED, ERR_UNKNOWNCOMMAND,
};
use conclave_doors::irc::registration::{Negotiation, Registration};
use conclave_doors::irc::replies::Replies;
use conclave_doors::irc::sasl::Sasl;
use conclave_doors::irc::written::{Framing, Written};
use conclave_doors::websocket::{CloseCode, Incoming, Intake, close_frame, pong_frame};
use conclave_hub::{Going, Outlet, Signal, SignedIn};
use tokio::time::Instant;

use super::client::{Channel, Client, Flow};
use super::commands::{self, After};
use super::replay::{self, Shown};
use crate::connection::{Reader, linger};
use crate::gate::Place;
use crate::pace::Pace;
use crate::server::Context;
use crate::stage::Stage;
use crate::waiting::{Came, poll_read};

/// Runs IRC on one connection.
pub(crate) struct IrcDriver {
    context: Arc<Context>,
    place: Place,
    reader: Reader,
    outlet: Arc<Outlet>,
    framing: Framing,
    lines: Lines,
    /// Bytes that came behind a line that is being answered.
    waiting: BytesMut,
    phase: Phase,
    pace: Pace,
    heard_at: Instant,
    /// When it was asked for a sign of life, which it has not given yet.
    asked_at: Option<Instant>,
    /// The peer will send no more.
    has_ended: bool,
    /// Number of the next batch on this connection.
    next_batch: u64,
    /// Signing in, as far as it has come.
    sasl: Sasl,
    /// Frames of a WebSocket, where it is one.
    intake: Option<Box<Intake>>,
    /// Why a WebSocket is closed.
    closing: Option<CloseCode>,
}

/// How far the connection has come. In boxes but for the client, which it is as a rule: what is
/// needed for a while is not held for ever.
enum Phase {
    New(Box<New>),
    Client(Client),
    /// It is to end.
    Over(Box<Over>),
}

/// A connection that has not registered.
struct New {
    registration: Registration,
    began_at: Instant,
    /// The account that it has signed in to.
    signed_in: Option<SignedIn>,
}

/// A connection that is to end.
struct Over {
    reason: String,
    /// The channels of a client that was let go.
    leaving: Vec<Channel>,
    /// What is to be noted of them.
    shown: Option<Shown>,
}

/// What a line from a browser begins with: it is not to be listened to any further.
const HTTP_METHODS: [&str; 9] =
    ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE", "PATCH"];

impl IrcDriver {
    pub(crate) fn new(
        context: Arc<Context>,
        place: Place,
        (reader, outlet): (Reader, Arc<Outlet>),
        framing: Framing,
    ) -> Self {
        let now = Instant::now();
        context.irc.registry().unregistered += 1;
        let mut registration = Registration::default();
        registration.negotiation.registers_early = context.irc.registers_early;
        Self {
            context,
            place,
            reader,
            outlet,
            framing,
            lines: Lines::default(),
            waiting: BytesMut::new(),
            phase: Phase::New(Box::new(New { registration, began_at: now, signed_in: None })),
            pace: Pace::new(now),
            heard_at: now,
            asked_at: None,
            has_ended: false,
            next_batch: 0,
            sasl: Sasl::default(),
            intake: (framing != Framing::Lines).then(Box::default),
            closing: None,
        }
    }

    /// Runs until the client has gone.
    pub(crate) fn run(mut self, first: &[u8]) -> Stage {
        tracing::info!(peer = %self.place.address(), door = "irc", "client connected");
        self.waiting.extend_from_slice(first);
        Stage::new(async move {
            // Boxed, so that an idle connection does not hold room for what answering takes.
            while Box::pin(self.serve_lines()).await {
                match poll_fn(|context| self.poll_came(context)).await {
                    Came::Stir => {}
                    Came::Bytes(count) => self.handle_read(count),
                    Came::Late => self.handle_timeout(),
                }
            }
            Box::pin(self.end()).await;
            None
        })
    }

    /// Notes that so many bytes have come; none where no more will.
    fn handle_read(&mut self, count: usize) {
        self.has_ended |= count == 0;
        if let Phase::Client(client) = &mut self.phase {
            client.is_unheard &= count == 0;
        }
    }

    /// Answers all that has come. `false` where the connection is to end.
    async fn serve_lines(&mut self) -> bool {
        loop {
            let signals = self.outlet.take_signals();
            if !signals.is_empty() {
                self.handle_signals(signals).await;
            }
            self.go_if_asked();
            if self.outlet.is_closed() || matches!(self.phase, Phase::Over(_)) {
                return false;
            }
            if !self.outlet.has_room() {
                return true;
            }
            if self.let_flow().await {
                continue;
            }
            if self.waiting.is_empty() {
                // Nothing waits, so nothing is held.
                self.waiting = BytesMut::new();
                return !self.has_ended;
            }
            let line = if self.intake.is_some() {
                self.next_frame()
            } else {
                let (taken, line) = self.lines.take(&self.waiting);
                self.waiting.advance(taken);
                line
            };
            if let Some(line) = line {
                self.handle_line(line).await;
            }
        }
    }

    /// Lets the events of a group flow whose joining has been answered, earlier messages first; and
    /// direct conversations when all groups flow.
    /// Whether there was one that waited.
    async fn let_flow(&mut self) -> bool {
        let Phase::Client(client) = &mut self.phase else { return false };
        let waiting = client.channels.iter().position(|channel| channel.flow() != Flow::Live);
        match waiting {
            Some(place) => replay::go_on(client, place).await,
            None if client.asides.is_some() => replay::go_on_aside(client).await,
            None => return false,
        }
        true
    }

    /// Takes a frame of a WebSocket off what has come; a line where it holds one.
    fn next_frame(&mut self) -> Option<Line> {
        let mut input: &[u8] = &self.waiting;
        let incoming = self.intake.as_mut()?.next(&mut input);
        let taken = self.waiting.len() - input.len();
        self.waiting.advance(taken);
        match incoming? {
            Incoming::Text(text) => self.lines.take_whole(text.as_bytes()),
            Incoming::Binary(bytes) => self.lines.take_whole(&bytes),
            Incoming::Ping(payload) => {
                self.context.hub.put(&self.outlet, pong_frame(&payload).into());
                None
            }
            Incoming::Pong => None,
            Incoming::Close(code) | Incoming::Failed(code) => {
                self.closing = Some(code);
                self.close("Connection closed");
                None
            }
        }
    }

    async fn handle_line(&mut self, line: Line) {
        self.heard_at = Instant::now();
        self.asked_at = None;
        let pause = self.pace.note(self.heard_at, self.context.message_rate);
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        self.next_batch += 1;
        match line {
            Line::TooLong => {
                let mut replies = self.replies(None);
                replies.numeric(ERR_INPUTTOOLONG, &[]);
                self.put(replies);
            }
            Line::NotUtf8(shown) => {
                let message = Message::parse(&shown);
                let mut replies = self.replies(message.tag("label"));
                let words = "Lines are UTF-8 here; set your client's encoding to UTF-8";
                replies.fail(&message.command.to_uppercase(), "INVALID_UTF8", &[], words);
                self.put(replies);
            }
            Line::Whole(text) => {
                let message = Message::parse(&text);
                if HTTP_METHODS.contains(&message.command) {
                    tracing::info!(peer = %self.place.address(), "a browser was made to speak IRC: closed");
                    self.close("This is no web address");
                } else if !message.command.is_empty() {
                    self.handle_message(&message).await;
                }
            }
        }
    }

    fn replies(&self, label: Option<&str>) -> Replies {
        let target = match &self.phase {
            Phase::New(new) => new.registration.nick().map_or("*", |nick| nick.as_str()),
            Phase::Client(client) => client.nick.as_str(),
            Phase::Over(_) => "*",
        };
        Replies::new(&self.context.irc.server, target, label, self.next_batch)
    }

    async fn handle_message(&mut self, message: &Message<'_>) {
        let mut replies = self.replies(message.tag("label"));
        let is_registered = matches!(self.phase, Phase::Client(_));
        match table::find(message.command) {
            None => replies.numeric(ERR_UNKNOWNCOMMAND, &[message.command]),
            Some(row) if row.when == When::Registered && !is_registered => {
                replies.numeric(ERR_NOTREGISTERED, &[]);
            }
            Some(row) if message.params.len() < row.params_min => {
                replies.numeric(ERR_NEEDMOREPARAMS, &[row.name]);
            }
            Some(row) => self.run_command(row.command, message, &mut replies).await,
        }
        let caps = self.caps();
        self.put_as(replies, caps);
        if let Phase::Client(client) = &self.phase {
            self.place.set_signed_in(!client.channels.is_empty());
        }
    }

    async fn run_command(
        &mut self,
        command: Command,
        message: &Message<'_>,
        replies: &mut Replies,
    ) {
        if matches!(command, Command::Authenticate | Command::Register) {
            return self.sign_in(command, message, replies).await;
        }
        let after = match &mut self.phase {
            Phase::New(new) => {
                let New { registration, signed_in, .. } = &mut **new;
                let account = signed_in.as_ref().map(|signed_in| signed_in.account().name());
                let context = &self.context;
                let after =
                    commands::run_before(context, registration, account, command, message, replies);
                if after == After::Stay {
                    self.try_register(replies).await;
                }
                after
            }
            Phase::Client(client) => {
                // Replies come after those of earlier commands, echoes included.
                if !matches!(
                    command,
                    Command::Privmsg | Command::Notice | Command::Tagmsg | Command::Batch
                ) {
                    client.settle().await;
                }
                commands::run(client, command, message, replies).await
            }
            Phase::Over(_) => After::Stay,
        };
        if let After::Quit(reason) = after {
            self.close(&reason);
        }
    }

    fn caps(&self) -> Caps {
        self.negotiation().map_or_else(Caps::default, |negotiation| negotiation.caps)
    }

    fn negotiation(&self) -> Option<&Negotiation> {
        match &self.phase {
            Phase::New(new) => Some(&new.registration.negotiation),
            Phase::Client(client) => Some(&client.negotiation),
            Phase::Over(_) => None,
        }
    }

    fn put(&self, replies: Replies) {
        self.put_as(replies, self.caps());
    }

    fn put_as(&self, replies: Replies, caps: Caps) {
        if !replies.has_answer() {
            return;
        }
        let bytes = replies.finish(caps, self.context.hub.now(), self.framing);
        if !bytes.is_empty() {
            self.context.hub.put(&self.outlet, bytes);
        }
    }

    /// Notes that the connection is to end, and for which reason: its nick is free at once.
    fn close(&mut self, reason: &str) {
        let mut over = Over { reason: reason.to_owned(), leaving: Vec::new(), shown: None };
        let nothing = Box::new(Over { reason: String::new(), leaving: Vec::new(), shown: None });
        match std::mem::replace(&mut self.phase, Phase::Over(nothing)) {
            Phase::New(_) => self.context.irc.registry().unregistered -= 1,
            Phase::Client(client) => {
                over.shown = Shown::of(&client, self.heard_at.elapsed());
                over.leaving = commands::quit::let_go(client);
            }
            Phase::Over(first) => over = *first,
        }
        self.phase = Phase::Over(Box::new(over));
        self.has_ended = true;
    }

    async fn handle_signals(&mut self, signals: Vec<Signal>) {
        let Phase::Client(client) = &mut self.phase else { return };
        let mut replies = Replies::new(&self.context.irc.server, client.nick.as_str(), None, 0);
        for signal in signals {
            match signal {
                Signal::NotTaken { group, refusal } => {
                    commands::talk::not_taken(client, group, refusal, &mut replies);
                }
                Signal::GroupEnded { group, session, why } => {
                    replay::cut_short(client, session, &mut replies);
                    let line = commands::kick::shown_out(client, group, session, &why);
                    replies.lines(line);
                }
                Signal::AccountJoined { group } => {
                    if let Some(signed_in) = client.ident.account().cloned() {
                        commands::join::take_up_one(client, &signed_in, group, &mut replies).await;
                    }
                }
                Signal::Read { group, at } => {
                    commands::markread::follow(client, group, at, &mut replies).await;
                }
                Signal::NameChanged => commands::nick::follow(client, &mut replies),
                // What concerns the account is told by its other connections.
                Signal::SignedOut => {}
                // Seen by the outlet being closed.
                Signal::Closed => {}
            }
        }
        self.put(replies);
    }

    /// Is ready when something comes: bytes, a timeout, a signal.
    fn poll_came(&mut self, context: &mut TaskContext<'_>) -> Poll<Came> {
        if self.outlet.poll_stirred(context).is_ready() {
            return Poll::Ready(Came::Stir);
        }
        let has_room = self.outlet.has_room();
        if !has_room {
            // Its answer would not be seen; it is asked anew.
            self.asked_at = None;
        }
        let timeout_at = self.timeout_at();
        if self.place.is_late(timeout_at) {
            return Poll::Ready(Came::Late);
        }
        if !has_room || self.has_ended {
            return Poll::Pending;
        }
        let Self { reader, waiting, .. } = self;
        poll_read(reader, context, |bytes| waiting.extend_from_slice(bytes)).map(Came::Bytes)
    }

    /// Has the connection end where that is asked.
    fn go_if_asked(&mut self) {
        let reason = match self.outlet.is_asked_to_go() {
            None => return,
            Some(Going::Stopping) => "The server stops; come back in a moment",
            Some(Going::MakeRoom) => {
                "You joined no group for some time, and others wait to. Connect again"
            }
        };
        self.close(reason);
    }

    /// Gives the last words time to reach the peer.
    async fn end(mut self) {
        if !matches!(self.phase, Phase::Over(_)) {
            self.close("Connection closed");
        }
        if let Phase::Over(over) = &mut self.phase {
            let Over { reason, leaving, shown } = &mut **over;
            let farewell = commands::quit::farewell_of(reason);
            if let Some(shown) = shown {
                shown.note(leaving).await;
            }
            for channel in std::mem::take(leaving) {
                commands::quit::leave(channel, farewell.clone()).await;
            }
            let mut bytes = Vec::new();
            let words = format!("Closing link: {reason}");
            Written::new("", "ERROR").last(&words).render(self.framing, &mut bytes);
            self.context.hub.put(&self.outlet, bytes.into());
        }
        if self.framing != Framing::Lines {
            let code = self.closing.unwrap_or(CloseCode::Normal);
            self.context.hub.put(&self.outlet, close_frame(code, "").into());
        }
        let longest = limits::FAREWELL_MAX;
        linger(&self.context.stopping, &self.outlet, &mut self.reader, longest).await;
        tracing::info!(peer = %self.place.address(), door = "irc", "client disconnected");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_client_is_small() {
        assert!(size_of::<IrcDriver>() <= 384, "{}", size_of::<IrcDriver>());
        assert!(size_of::<Client>() <= 176, "{}", size_of::<Client>());
        assert!(size_of::<Channel>() <= 64, "{}", size_of::<Channel>());
        let user = size_of::<crate::irc::client::UserOfPeer>();
        assert!(user <= 120, "{user}");
    }
}
