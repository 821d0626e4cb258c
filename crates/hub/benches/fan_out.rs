//! What one message costs from being said to being handed to every member's socket, without
//! sockets and without a disk: decision, log in memory, publishing, the pass over the members.
//!
//! `cargo bench -p conclave-hub`; `cargo test` runs each once, to see that it still works.

#![expect(clippy::unwrap_used, reason = "a measurement ends where it cannot go on")]

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use conclave_core::{Event, GroupName, Kind, Name, Password, Text, Timestamp};
use conclave_hub::{HashCost, Hub, HubConfig, Keep, Outlet, Said, Session, Sink, Wire};
use conclave_log::memory::{MemoryDisk, MemoryLog};
use divan::Bencher;
use divan::counter::ItemsCount;

/// Members of the group. A build that is not optimised is there to see that it works.
const MEMBERS: &[usize] = if cfg!(debug_assertions) { &[10, 100] } else { &[10, 100, 1_000] };

fn main() {
    divan::main();
}

/// Takes everything, and counts the bytes of all connections.
#[derive(Debug)]
struct Taken(Arc<AtomicU64>);

impl Sink for Taken {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let count = slices.iter().map(|slice| slice.len()).sum();
        self.0.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }

    fn poll_writable(&self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn shut(&self) {}
}

/// The texts of messages, and nothing else.
#[derive(Debug)]
struct Texts;

impl Wire for Texts {
    fn place(&self) -> usize {
        0
    }

    fn encode(&self, _group: &GroupName, event: &Event, out: &mut Vec<u8>) {
        if let Kind::Said { text, .. } = &event.entry.kind {
            out.extend_from_slice(text.as_str().as_bytes());
        }
    }
}

struct Stage {
    taken: Arc<AtomicU64>,
    sessions: Vec<Session>,
    /// Kept alive.
    _hub: Arc<Hub>,
}

impl Stage {
    async fn open(members: usize) -> Self {
        let clock: conclave_log::Clock = Arc::new(|| Timestamp::from_ms(1_700_000_000_000));
        let (log, commits) = MemoryLog::open(&MemoryDisk::default(), Arc::clone(&clock));
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
        let hub = Hub::start(Arc::new(log), commits, config).await;
        let admission = hub.create(&Password::parse("open sesame").unwrap()).await.unwrap();
        let taken = Arc::new(AtomicU64::new(0));
        let mut sessions = Vec::new();
        for member in 0..members {
            let outlet = Outlet::new(Arc::new(Taken(Arc::clone(&taken))));
            let name = Name::parse(&format!("m{member}")).unwrap();
            let joined = admission.join(name, Keep::Connection, &outlet, &Texts).await.unwrap();
            joined.session.release();
            sessions.push(joined.session);
        }
        Self { taken, sessions, _hub: hub }
    }

    /// Has the first member say something so many times, and waits until all have it.
    async fn say(&self, text: &Text, count: u64) {
        let readers = self.sessions.len() as u64 - 1;
        let before = self.taken.load(Ordering::Relaxed);
        let awaited = before + readers * count * text.as_str().len() as u64;
        for _ in 0..count {
            self.sessions.first().unwrap().say(Said::Words(text.clone())).await.unwrap();
        }
        while self.taken.load(Ordering::Relaxed) < awaited {
            tokio::task::yield_now().await;
        }
    }
}

/// Deliveries of one message, and of 64 that were said before any of them was delivered.
#[divan::bench(args = MEMBERS, consts = [1, 64], sample_count = 20)]
fn said<const AHEAD: u64>(bencher: Bencher<'_, '_>, members: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Sessions that end leave their group, by a task.
    let _inside = runtime.enter();
    let stage = runtime.block_on(Stage::open(members));
    let text = Text::from_log("x".repeat(100));
    bencher
        .counter(ItemsCount::new((members as u64 - 1) * AHEAD))
        .bench_local(|| runtime.block_on(stage.say(&text, AHEAD)));
}
