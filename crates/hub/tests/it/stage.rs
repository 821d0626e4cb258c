//! Stage: a hub on a memory log with cheap hashes and entropy from a seed, and members in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use conclave_core::{Event, GroupId, Kind, Name, Password, Timestamp};
use conclave_hub::{Admission, HashCost, Hub, HubConfig, Joined, Keep, Outlet, Source, Wire};
use conclave_log::memory::{MemoryDisk, MemoryLog};

use crate::pipe::Pipe;

/// A wire that tests can read: `3 Noya said hello`, a line an event.
#[derive(Debug)]
pub(crate) struct TestWire;

impl Wire for TestWire {
    fn place(&self) -> usize {
        0
    }

    fn encode(&self, event: &Event, out: &mut Vec<u8>) {
        let what = match &event.entry.kind {
            Kind::Said { text, .. } => format!("said {text}"),
            Kind::Action { text, .. } => format!("did {text}"),
            Kind::Joined { .. } => "joined".to_owned(),
            Kind::Left => "left".to_owned(),
            Kind::Renamed { to } => format!("renamed {to}"),
            Kind::Topic { text } => format!("topic {}", text.as_str()),
            Kind::Removed { by } => format!("removed by {by}"),
        };
        out.extend_from_slice(format!("{} {} {what}\n", event.seq, event.entry.name).as_bytes());
    }
}

/// The wire of all tests.
pub(crate) static WIRE: TestWire = TestWire;

/// A hub that a test acts on.
pub(crate) struct Stage {
    pub(crate) hub: Arc<Hub>,
    pub(crate) disk: MemoryDisk,
}

impl Stage {
    /// A hub on an empty disk.
    pub(crate) async fn open() -> Self {
        Self::open_on(MemoryDisk::default()).await
    }

    /// A hub on what a former one left.
    pub(crate) async fn open_on(disk: MemoryDisk) -> Self {
        let started = tokio::time::Instant::now();
        let clock: conclave_log::Clock = Arc::new(move || {
            let elapsed = i64::try_from(started.elapsed().as_millis()).unwrap();
            Timestamp::from_ms(1_700_000_000_000 + elapsed)
        });
        let (log, commits) = MemoryLog::open(&disk, Arc::clone(&clock));
        let drawn = AtomicU64::new(1);
        let config = HubConfig {
            clock,
            entropy: Arc::new(move |buffer| {
                let block = drawn.fetch_add(1, Ordering::Relaxed);
                blake3::Hasher::new().update(&block.to_le_bytes()).finalize_xof().fill(buffer);
            }),
            hash_cost: HashCost { memory_kib: 8, passes: 1, at_once: 1 },
            empty_groups_kept_for: None,
        };
        Self { hub: Hub::start(Arc::new(log), commits, config).await, disk }
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
    ) -> (Joined, Pipe, Arc<Outlet>) {
        let pipe = Pipe::new(room);
        let outlet = Outlet::new(Box::new(pipe.clone()));
        let joined =
            admission.join(Name::parse(name).unwrap(), keep, &outlet, &WIRE).await.unwrap();
        joined.session.release();
        (joined, pipe, outlet)
    }
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
