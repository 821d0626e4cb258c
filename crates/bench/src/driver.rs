//! Driver: all connections of a load on one thread, and what is heard on them.
//!
//! One thread, since the measured server needs the other cores. Does not know when what is sent:
//! that is the [`mod@crate::run`]'s. Each turn waits, reads all that is there, and writes once to each
//! connection that has something to say.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use hdrhistogram::Histogram;
use mio::{Events, Interest, Poll, Token};

use crate::alarm::Alarm;
use crate::clock::Clock;
use crate::ledger::{Delivery, Ledger};
use crate::limits;
use crate::link::{Link, Standing};
use crate::load::{Load, Pace};
use crate::source;
use crate::speaker::{Entrance, Heard, Protocol};

const ALARM: Token = Token(usize::MAX);
/// Longest turn, so that whoever waits for silence hears it.
const TURN: Duration = Duration::from_millis(50);
const EVENTS_A_TURN: usize = 1_024;
/// Latencies are kept in microseconds with this many digits, up to an hour.
const LATENCY_DIGITS: u8 = 3;
const LATENCY_MICROS_MAX: u64 = 3_600_000_000;

/// What has been heard.
pub(crate) struct Hearing {
    pub(crate) ledger: Ledger,
    /// Microseconds from when a message was due until a reader had it.
    pub(crate) latency: Histogram<u64>,
    /// Messages due before are not measured.
    pub(crate) measured_from: u64,
    pub(crate) notices: u64,
    /// When a byte, and when a message, was heard last.
    pub(crate) heard_at: u64,
    pub(crate) delivered_at: u64,
    /// Connections that are members since the last look, with their groups.
    pub(crate) entered: Vec<(usize, String)>,
    pub(crate) turned_away: Vec<usize>,
    /// What the kernel said last of a connection that ended.
    pub(crate) problem: Option<io::Error>,
    /// Senders who may have room for a message more.
    pub(crate) relieved: Vec<usize>,
    is_windowed: bool,
    /// Its latencies are its own doing.
    staller: Option<usize>,
}

/// All connections.
pub(crate) struct Driver {
    pub(crate) clock: Clock,
    pub(crate) links: Vec<Link>,
    pub(crate) hearing: Hearing,
    /// The server's ID of each group.
    pub(crate) groups: Vec<String>,
    load: Load,
    server: SocketAddr,
    protocol: Protocol,
    poll: Poll,
    events: Events,
    alarm: Alarm,
    buffer: Vec<u8>,
    dirty: Vec<usize>,
    payload: Vec<u8>,
}

impl Driver {
    /// A driver without connections.
    pub(crate) fn new(load: Load, server: SocketAddr, protocol: Protocol) -> anyhow::Result<Self> {
        let poll = Poll::new().context("the kernel gives no epoll")?;
        let alarm = Alarm::register(poll.registry(), ALARM).context("the kernel gives no timer")?;
        let latency = Histogram::new_with_bounds(1, LATENCY_MICROS_MAX, LATENCY_DIGITS)?;
        let is_windowed = matches!(load.pace, Pace::Window(_));
        let hearing = Hearing {
            ledger: Ledger::new(load.shape, load.payload_length, is_windowed),
            latency,
            measured_from: u64::MAX,
            notices: 0,
            heard_at: 0,
            delivered_at: 0,
            entered: Vec::new(),
            turned_away: Vec::new(),
            problem: None,
            relieved: Vec::new(),
            is_windowed,
            staller: load.staller(),
        };
        Ok(Self {
            clock: Clock::start(),
            links: (0..load.shape.connections()).map(|_| Link::default()).collect(),
            hearing,
            groups: vec![String::new(); load.shape.groups as usize],
            load,
            server,
            protocol,
            poll,
            events: Events::with_capacity(EVENTS_A_TURN),
            alarm,
            buffer: vec![0; limits::READ_BYTES],
            dirty: Vec::new(),
            payload: Vec::new(),
        })
    }

    /// Has a connection try to come into its group.
    pub(crate) fn open(&mut self, connection: usize) -> io::Result<()> {
        let (group, _) = self.load.shape.place(connection);
        // On IRC a name is borne once on the whole server.
        let name = format!("m{connection}");
        let known = self.groups.get(group as usize).map_or("", String::as_str);
        let entrance = if known.is_empty() {
            Entrance::Create { name: &name }
        } else {
            Entrance::Join { name: &name, group: known }
        };
        let is_slow = self.load.staller() == Some(connection);
        let mut socket = source::connect(self.server, connection, is_slow)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut socket, Token(connection), interest)?;
        if let Some(link) = self.links.get_mut(connection) {
            link.open(socket, self.protocol, entrance);
        }
        Ok(())
    }

    /// Has a sender say its next message.
    pub(crate) fn say(&mut self, group: u32, sender: u32, due: u64) {
        let stamp = self.hearing.ledger.send(group, sender, due);
        self.payload.clear();
        stamp.render(self.load.payload_length, &mut self.payload);
        let connection = self.load.shape.connection(group, sender);
        let Some(link) = self.links.get_mut(connection) else { return };
        link.say(&self.payload);
        if !std::mem::replace(&mut link.is_dirty, true) {
            self.dirty.push(connection);
        }
    }

    /// Writes what is to be said, waits until something happens or it is so late, and reads.
    pub(crate) fn turn(&mut self, until: Option<u64>) -> anyhow::Result<()> {
        self.flush();
        let now = self.clock.now();
        let mut wait = TURN;
        if let Some(until) = until {
            if until <= now {
                wait = Duration::ZERO;
            } else {
                self.alarm.set(now, until).context("the timer cannot be set")?;
            }
        }
        match self.poll.poll(&mut self.events, Some(wait)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error).context("the connections cannot be waited for"),
        }
        let Self { links, hearing, clock, events, buffer, dirty, .. } = self;
        for event in events.iter().filter(|event| event.token() != ALARM) {
            let Token(connection) = event.token();
            let Some(link) = links.get_mut(connection) else { continue };
            let written = if event.is_writable() { link.flush() } else { Ok(()) };
            let is_read = event.is_readable() || event.is_read_closed() || event.is_error();
            let mut heard = written.map(|()| true);
            if heard.is_ok() && is_read && !link.is_stalled {
                heard = hear(link, connection, event.is_read_closed(), hearing, *clock, buffer);
                // The protocol may have had an answer.
                if link.has_output() && !std::mem::replace(&mut link.is_dirty, true) {
                    dirty.push(connection);
                }
            }
            lose_unless(heard, link, connection, hearing);
        }
        Ok(())
    }

    /// Reads what a connection that was stalled has let lie.
    pub(crate) fn wake(&mut self, connection: usize) {
        let Self { links, hearing, clock, buffer, .. } = self;
        let Some(link) = links.get_mut(connection) else { return };
        link.is_stalled = false;
        let heard = hear(link, connection, true, hearing, *clock, buffer);
        lose_unless(heard, link, connection, hearing);
    }

    fn flush(&mut self) {
        for connection in std::mem::take(&mut self.dirty) {
            let Some(link) = self.links.get_mut(connection) else { continue };
            link.is_dirty = false;
            let written = link.flush().map(|()| true);
            lose_unless(written, link, connection, &mut self.hearing);
        }
    }

    /// Members that the server has disconnected.
    pub(crate) fn lost_count(&self) -> usize {
        self.links.iter().filter(|link| link.standing == Standing::Lost).count()
    }
}

/// Ends a connection that its server, or the kernel, has ended.
fn lose_unless(
    is_alive: io::Result<bool>,
    link: &mut Link,
    connection: usize,
    hearing: &mut Hearing,
) {
    match is_alive {
        Ok(true) => return,
        Ok(false) => {}
        Err(problem) => hearing.problem = Some(problem),
    }
    if link.standing == Standing::Entering {
        hearing.turned_away.push(connection);
    }
    link.close();
}

/// Reads a connection. `false` where it has ended.
fn hear(
    link: &mut Link,
    connection: usize,
    is_ended: bool,
    hearing: &mut Hearing,
    clock: Clock,
    buffer: &mut [u8],
) -> io::Result<bool> {
    let now = clock.now();
    link.read(buffer, is_ended, &mut |heard| hearing.hear(connection, now, heard))
}

impl Hearing {
    fn hear(&mut self, connection: usize, now: u64, heard: Heard<'_>) {
        self.heard_at = now;
        match heard {
            Heard::Said(payload) => self.hear_said(connection, now, payload),
            Heard::Notice => self.notices += 1,
            Heard::Strange => self.ledger.hear_strange(),
            Heard::Entered(group) => self.entered.push((connection, group.to_owned())),
            Heard::TurnedAway => self.turned_away.push(connection),
        }
    }

    fn hear_said(&mut self, connection: usize, now: u64, payload: &[u8]) {
        let Delivery::First { due, sender } = self.ledger.hear(connection, payload) else { return };
        self.delivered_at = now;
        if due >= self.measured_from && self.staller != Some(connection) {
            self.latency.saturating_record(now.saturating_sub(due) / 1_000);
        }
        if self.is_windowed && self.relieved.last() != Some(&sender) {
            self.relieved.push(sender);
        }
    }
}
