//! Stage: a hub on a memory log with cheap hashes and entropy from a seed, and members in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use conclave_core::{
    ClientId, Event, GroupId, GroupName, Kind, Name, Passing, Password, SeatSecret, Seq, Text,
    Timestamp, Topic,
};
use conclave_hub::{
    Admission, DirectView, HashCost, Hub, HubConfig, Joined, Keep, Outlet, Position, Resumed, Said,
    Session, Source, Wire,
};
use conclave_log::Clock;
use conclave_log::memory::{MemoryDisk, MemoryLog};

use crate::pipe::Pipe;

/// A wire that tests can read: `3 Noya said hello`, a line an event.
#[derive(Debug)]
pub(crate) struct TestWire;

impl Wire for TestWire {
    fn place(&self) -> usize {
        0
    }

    fn encode(&self, _group: &GroupName, event: &Event, out: &mut Vec<u8>) {
        let what = told(event);
        out.extend_from_slice(format!("{} {} {what}\n", event.seq, event.entry.name).as_bytes());
    }

    fn encode_direct(
        &self,
        direct: &DirectView,
        event: &Event,
        label: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        if event.entry.is_message() {
            let label = label.map(|label| format!("[{label}] ")).unwrap_or_default();
            let (with, what) = (direct.with_at(event), told(event));
            let arrow = if direct.is_own(event) { "->" } else { "<-" };
            out.extend_from_slice(
                format!("{label}{} {arrow} {with}: {what}\n", direct.my_name).as_bytes(),
            );
        }
    }

    fn encode_passing(&self, _group: &GroupName, passing: &Passing, out: &mut Vec<u8>) {
        let line = match passing {
            Passing::Typing { name, typing, .. } => format!("~ {name} typing {typing:?}\n"),
            Passing::Presence { name, is_here: true, .. } => format!("~ {name} is here\n"),
            Passing::Presence { name, is_here: false, .. } => format!("~ {name} is away\n"),
        };
        out.extend_from_slice(line.as_bytes());
    }
}

/// What happened, in words.
fn told(event: &Event) -> String {
    match &event.entry.kind {
        Kind::Said { text, .. } => format!("said {text}"),
        Kind::Action { text, .. } => format!("did {text}"),
        Kind::Joined { .. } => "joined".to_owned(),
        Kind::Left(_) => "left".to_owned(),
        Kind::Relayed(_) => "relayed".to_owned(),
        Kind::Redacted { seq, .. } => format!("redacted {seq}"),
        Kind::Renamed { to } => format!("renamed {to}"),
        Kind::Topic { text } => format!("topic {}", text.as_str()),
        Kind::Removed { by, reason } => format!("removed by {by}: {}", reason.as_str()),
        Kind::Granted { name, power, is_given, .. } => {
            format!("{} {} {name}", if *is_given { "gave" } else { "took" }, power.word())
        }
        Kind::Changed { change } => format!("changed {change:?}"),
    }
}

/// The wire of all tests.
pub(crate) static WIRE: TestWire = TestWire;

/// What a test may choose, and what outlives a hub.
#[derive(Clone)]
pub(crate) struct Setting {
    pub(crate) disk: MemoryDisk,
    pub(crate) clock: Clock,
    pub(crate) hash_cost: HashCost,
    pub(crate) kept_for: Option<Duration>,
    /// Blocks of entropy that were drawn.
    pub(crate) drawn: Arc<AtomicU64>,
}

impl Setting {
    /// An empty disk, the cheapest hashes, empty groups kept.
    pub(crate) fn new() -> Self {
        let started = tokio::time::Instant::now();
        Self {
            disk: MemoryDisk::default(),
            clock: Arc::new(move || {
                let elapsed = i64::try_from(started.elapsed().as_millis()).unwrap();
                Timestamp::from_ms(1_700_000_000_000 + elapsed)
            }),
            hash_cost: HashCost { memory_kib: 8, passes: 1, at_once: 1 },
            kept_for: None,
            drawn: Arc::new(AtomicU64::new(1)),
        }
    }

    /// Starts a hub on the disk.
    pub(crate) async fn open(self) -> Stage {
        let (log, commits) = MemoryLog::open(&self.disk, Arc::clone(&self.clock));
        let drawn = Arc::clone(&self.drawn);
        let config = HubConfig {
            clock: Arc::clone(&self.clock),
            entropy: Arc::new(move |buffer| {
                let block = drawn.fetch_add(1, Ordering::Relaxed);
                blake3::Hasher::new().update(&block.to_le_bytes()).finalize_xof().fill(buffer);
            }),
            hash_cost: self.hash_cost,
            empty_groups_kept_for: self.kept_for,
        };
        let hub = Hub::start(Arc::new(log), commits, config).await;
        Stage { hub, disk: self.disk.clone(), setting: self, started: tokio::time::Instant::now() }
    }
}

/// A hub that a test acts on.
pub(crate) struct Stage {
    pub(crate) hub: Arc<Hub>,
    pub(crate) disk: MemoryDisk,
    pub(crate) setting: Setting,
    pub(crate) started: tokio::time::Instant,
}

/// A member, and the other end of its connection.
pub(crate) struct Client {
    pub(crate) session: Session,
    pub(crate) seat: Option<SeatSecret>,
    pub(crate) head: Seq,
    pub(crate) pipe: Pipe,
    pub(crate) outlet: Arc<Outlet>,
}

impl Client {
    /// Says something and does not wait.
    pub(crate) async fn say(&self, text: &str) {
        self.session.say(words(text)).await.unwrap();
    }

    /// What has arrived.
    pub(crate) fn read(&self) -> String {
        self.pipe.read_text()
    }
}

impl Stage {
    /// A hub on an empty disk.
    pub(crate) async fn open() -> Self {
        Setting::new().open().await
    }

    /// A hub on what this one leaves behind.
    pub(crate) async fn reopen(&self) -> Self {
        self.setting.clone().open().await
    }

    /// Makes a group.
    pub(crate) async fn create(&self) -> (GroupId, Admission) {
        let admission = self.hub.create(&password()).await.unwrap();
        (admission.group(), admission)
    }

    /// Lets somebody in.
    pub(crate) async fn admit(&self, group: GroupId) -> Admission {
        self.hub.admit(Some(group), &password(), source()).await.unwrap()
    }

    /// Joins by a pipe of that room, and lets events flow.
    pub(crate) async fn join(
        &self,
        admission: &Admission,
        name: &str,
        keep: Keep,
        room: usize,
    ) -> Client {
        let (pipe, outlet) = connection(room);
        let Joined { session, seat, head } =
            admission.join(name_of(name), keep, &outlet, &WIRE).await.unwrap();
        session.release();
        Client { session, seat, head, pipe, outlet }
    }

    /// Joins for as long as the connection lasts, by a pipe that holds what any test writes.
    pub(crate) async fn enter(&self, admission: &Admission, name: &str) -> Client {
        self.join(admission, name, Keep::Connection, 1 << 24).await
    }

    /// Takes a seat up again, after that number, by a pipe of that room.
    pub(crate) async fn resume(
        &self,
        group: GroupId,
        seat: &SeatSecret,
        after: Seq,
        room: usize,
    ) -> Client {
        let (pipe, outlet) = connection(room);
        let position = Position { after, epoch: None };
        let Resumed { session, head, .. } =
            self.hub.resume(group, seat, position, &outlet, &WIRE).await.unwrap();
        session.release();
        Client { session, seat: Some(seat.clone()), head, pipe, outlet }
    }

    /// The lines that all events of a group make, where `is_shown` says so.
    pub(crate) fn lines(&self, group: GroupId, is_shown: impl Fn(&Event) -> bool) -> String {
        lines_of(&self.disk.events(group), is_shown)
    }
}

/// The lines that events make.
pub(crate) fn lines_of(events: &[Event], is_shown: impl Fn(&Event) -> bool) -> String {
    let mut lines = Vec::new();
    for event in events.iter().filter(|event| is_shown(event)) {
        WIRE.encode(&GroupId::new(1_000).unwrap().into(), event, &mut lines);
    }
    String::from_utf8(lines).unwrap()
}

/// Both ends of a connection.
pub(crate) fn connection(room: usize) -> (Pipe, Arc<Outlet>) {
    let pipe = Pipe::new(room);
    let outlet = Outlet::new(Arc::new(pipe.clone()));
    (pipe, outlet)
}

/// Something to say.
pub(crate) fn words(text: &str) -> Said {
    Said::Words(Text::parse(text).unwrap())
}

pub(crate) fn name_of(name: &str) -> Name {
    Name::parse(name).unwrap()
}

pub(crate) fn topic_of(text: &str) -> Topic {
    Topic::parse(text).unwrap()
}

/// A client id, always: as sends take it.
pub(crate) fn client_id(n: impl std::fmt::Display) -> Option<ClientId> {
    ClientId::parse(&n.to_string())
}

/// The password of all groups.
pub(crate) fn password() -> Password {
    Password::parse("open sesame").unwrap()
}

/// Where all tests come from.
pub(crate) fn source() -> Source {
    Source::new([127, 0, 0, 1].into())
}

/// Lets everything that is under way end.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// Runs something in virtual time of its own.
pub(crate) fn in_virtual_time<T>(scene: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(scene)
}
