//! What an append to each log costs, from handing it in to being told that it is durable.
//!
//! `cargo bench -p conclave-log`; `cargo test` runs each once, to see that it still works. The
//! example `log_append` measures for longer, with CPU and latencies.

#![expect(clippy::unwrap_used, reason = "a measurement ends where it cannot go on")]

use std::sync::Arc;

use conclave_core::{Entry, Founding, GroupId, Kind, MemberId, Name, Text, Timestamp};
use conclave_log::memory::{MemoryDisk, MemoryLog};
use conclave_log::{
    Append, Clock, Commits, GroupCommit, Log, NewGroup, SqliteLog, SqliteOptions, Ticket,
};
use divan::Bencher;
use divan::counter::ItemsCount;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Appends that are handed in together.
const AT_ONCE: u64 = 256;

fn main() {
    divan::main();
}

fn clock() -> Clock {
    Arc::new(|| Timestamp::from_ms(1_700_000_000_000))
}

/// Appends over so many groups.
#[divan::bench(args = [1, 64])]
fn memory(bencher: Bencher<'_, '_>, groups: u64) {
    let runtime = runtime();
    let _inside = runtime.enter();
    let (log, commits) = MemoryLog::open(&MemoryDisk::default(), clock());
    measure(bencher, &runtime, &log, commits, groups);
}

/// Appends over so many groups, durable.
#[divan::bench(args = [1, 64])]
fn sqlite(bencher: Bencher<'_, '_>, groups: u64) {
    let runtime = runtime();
    let _inside = runtime.enter();
    let folder = TempDir::new().unwrap();
    let (log, commits) = SqliteLog::open(folder.path(), clock(), SqliteOptions::default()).unwrap();
    measure(bencher, &runtime, &log, commits, groups);
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn measure(
    bencher: Bencher<'_, '_>,
    runtime: &Runtime,
    log: &dyn Log,
    mut commits: Commits,
    groups: u64,
) {
    let group = |n: u64| GroupId::new(1_000 + n % groups).unwrap();
    for n in 0..groups {
        let new = NewGroup { id: group(n), founding: Founding::default() };
        assert!(runtime.block_on(log.create(new)).unwrap());
    }
    let kind = Kind::Said { text: Text::from_log("x".repeat(100)), client_id: None };
    let entry = Entry::by(MemberId(1), Name::from_log("Noya"), kind);
    bencher.counter(ItemsCount::new(AT_ONCE)).bench_local(|| {
        for n in 0..AT_ONCE {
            log.append(Append { group: group(n), entry: entry.clone(), ticket: Ticket(n) });
        }
        runtime.block_on(told(&mut commits, AT_ONCE));
    });
}

/// Ends when so many appends have been told as committed.
async fn told(commits: &mut Commits, count: u64) {
    let mut told = 0;
    while told < count {
        for part in commits.next().await.unwrap().groups {
            if let GroupCommit::Committed { tickets, .. } = part {
                told += tickets.into_iter().flatten().count() as u64;
            }
        }
    }
}
