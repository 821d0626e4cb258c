//! What appends to the SQLite log cost: how many a second, how soon told, how much CPU a commit.
//!
//! Run as `cargo run --release -p conclave-log --example log_append -- FOLDER`: the log is made in
//! a new folder in that one, and taken away at the end. Linux only: CPU is read from `/proc`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::get_unwrap,
    reason = "a measurement prints, reads the clock, and ends where it cannot go on"
)]

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use conclave_core::{Entry, Founding, GroupId, Kind, MemberId, Name, Text, Timestamp};
use conclave_log::{
    Append, Batch, Clock, Commits, GroupCommit, Log as _, NewGroup, SqliteLog, SqliteOptions,
    Ticket,
};
use tempfile::TempDir;

const GROUPS: u64 = 64;
const TEXT_BYTES: usize = 200;
const WARM_UP: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(5);
/// Clock ticks a second of `/proc/self/stat`.
const TICKS_PER_SECOND: u64 = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    for (label, groups, in_flight) in [
        ("one sender", 1, 1),
        ("64 groups, 1 in flight each", GROUPS, 64),
        ("64 groups, 512 in flight", GROUPS, 512),
        ("1 group, 512 in flight", 1, 512),
    ] {
        let mut load = Load::open(&folder, groups).await;
        for n in 0..in_flight {
            load.send(n % groups);
        }
        load.run(WARM_UP).await;
        load.measure(label, async |load| load.run(MEASURED).await).await;
    }
    let mut load = Load::open(&folder, 500).await;
    load.run_paced(WARM_UP).await;
    load.measure("500 groups, 10,000 a second", async |load| load.run_paced(MEASURED).await).await;
}

/// A load on a log of its own.
struct Load {
    folder: TempDir,
    log: SqliteLog,
    commits: Commits,
    groups: u64,
    /// When each append was handed in, by ticket.
    sent: Vec<Instant>,
    latencies: Vec<Duration>,
}

impl Load {
    async fn open(folder: &str, groups: u64) -> Self {
        let folder = TempDir::new_in(folder).unwrap();
        let clock: Clock = Arc::new(|| {
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
            Timestamp::from_ms(i64::try_from(since.as_millis()).unwrap())
        });
        let options = SqliteOptions::default();
        let (log, commits) = SqliteLog::open(folder.path(), clock, options).unwrap();
        for n in 0..groups {
            log.create(NewGroup { id: group(n), founding: Founding::default() }).await.unwrap();
        }
        Self { folder, log, commits, groups, sent: Vec::new(), latencies: Vec::new() }
    }

    /// Measures what `run` does, which tells how many commits there were.
    async fn measure(mut self, label: &str, run: impl AsyncFn(&mut Self) -> usize) {
        self.latencies.clear();
        let cpu_before = cpu();
        let started = Instant::now();
        let batch_count = run(&mut self).await;
        let elapsed = started.elapsed().as_secs_f64();
        let cpu_seconds = cpu() - cpu_before;

        let mut latencies = self.latencies;
        latencies.sort_unstable();
        let at = |permille: usize| {
            latencies.get(latencies.len() * permille / 1_000).copied().unwrap_or_default()
        };
        let wal = self.folder.path().join("conclave.db-wal").metadata().unwrap().len();
        println!(
            "{label:28} {:7.0}/s, p50 {:?}, p99 {:?}, p99.9 {:?}; {:.0} commits/s of {:.1} \
             events, {:.0} us CPU a commit, {:.1} us an event; WAL {:.1} MiB",
            latencies.len() as f64 / elapsed,
            at(500),
            at(990),
            at(999),
            batch_count as f64 / elapsed,
            latencies.len() as f64 / batch_count as f64,
            cpu_seconds * 1e6 / batch_count as f64,
            cpu_seconds * 1e6 / latencies.len() as f64,
            wal as f64 / 1024.0 / 1024.0,
        );
    }

    fn send(&mut self, n: u64) {
        let ticket = Ticket(self.sent.len() as u64);
        self.sent.push(Instant::now());
        let text = Text::from_log("x".repeat(TEXT_BYTES));
        let kind = Kind::Said { text, client_id: None };
        let entry = Entry::by(MemberId(1), Name::from_log("Noya"), kind);
        self.log.append(Append { group: group(n % self.groups), entry, ticket });
    }

    /// Takes in what a commit brought, and tells what is to be sent again.
    fn take(&mut self, batch: Batch) -> Vec<GroupId> {
        let mut again = Vec::new();
        for part in batch.groups {
            let GroupCommit::Committed { group, tickets, .. } = part else { continue };
            for ticket in tickets.into_iter().flatten() {
                let sent = self.sent.get(usize::try_from(ticket.0).unwrap()).unwrap();
                self.latencies.push(sent.elapsed());
                again.push(group);
            }
        }
        again
    }

    /// Whoever is told sends again, for that long.
    async fn run(&mut self, time: Duration) -> usize {
        let started = Instant::now();
        let mut batch_count = 0;
        while started.elapsed() < time {
            let batch = self.commits.next().await.unwrap();
            batch_count += 1;
            for group in self.take(batch) {
                self.send(group.get());
            }
        }
        batch_count
    }

    /// Ten messages each millisecond, over all groups, for that long.
    async fn run_paced(&mut self, time: Duration) -> usize {
        let mut due = tokio::time::interval(Duration::from_millis(1));
        let started = Instant::now();
        let mut batch_count = 0;
        while started.elapsed() < time {
            tokio::select! {
                _ = due.tick() => {
                    for _ in 0..10 {
                        // A stride that comes by all of them.
                        self.send(self.sent.len() as u64 * 77);
                    }
                }
                batch = self.commits.next() => {
                    batch_count += 1;
                    self.take(batch.unwrap());
                }
            }
        }
        batch_count
    }
}

fn group(n: u64) -> GroupId {
    // A multiple of the count of groups, so that a group's number tells its place.
    GroupId::new(64_000 + n).unwrap()
}

/// CPU seconds of this process.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit(')').next().unwrap();
    let ticks: u64 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<u64>().unwrap())
        .sum();
    ticks as f64 / TICKS_PER_SECOND as f64
}
