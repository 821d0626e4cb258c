//! A real process, really killed.
//!
//! By itself, since a process that is being started holds for a moment what the one that starts it
//! has open: other tests would find their folder in use.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "as in any test")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use conclave_core::{Event, Seq};
use conclave_log::conformance::{founding, group, said, standing_clock};
use conclave_log::{
    Append, Commits, GroupCommit, Log as _, NewGroup, SqliteLog, SqliteOptions, Ticket, sqlite,
};
use tempfile::TempDir;

/// Names the folder to the process that is to be killed.
const FOLDER: &str = "CONCLAVE_TEST_KILLED_FOLDER";
const ROUNDS: usize = 8;
/// Messages that are handed in at once.
const AT_ONCE: u64 = 16;

/// What the process to be killed does. Without a folder, as among the other tests, nothing.
#[tokio::test]
async fn the_process_that_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let (log, mut commits) = open(Path::new(&folder));
    if log.count().await.unwrap() == 0 {
        log.create(NewGroup { id: group(1000), founding: founding(group(1000)) }).await.unwrap();
    }
    loop {
        for n in 0..AT_ONCE {
            log.append(Append { group: group(1000), entry: said("on"), ticket: Ticket(n) });
        }
        let mut landed = 0;
        while landed < AT_ONCE {
            for part in commits.next().await.unwrap().groups {
                let GroupCommit::Committed { events, .. } = part else { panic!("{part:?}") };
                landed += events.len() as u64;
                tell(events.last().unwrap());
            }
        }
    }
}

fn open(folder: &Path) -> (SqliteLog, Commits) {
    SqliteLog::open(folder, standing_clock(), SqliteOptions::default()).unwrap()
}

fn tell(event: &Event) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "told {}", event.seq).unwrap();
    out.flush().unwrap();
}

async fn count_of(log: &SqliteLog) -> u64 {
    let mut count = 0;
    loop {
        let page = log.read(group(1000), Seq(count + 1)).await.unwrap();
        if page.is_empty() {
            return count;
        }
        count += page.len() as u64;
    }
}

/// Starts it, lets it tell so many times, kills it, and gives the last number it told.
fn run_and_kill(folder: &Path, lines: usize) -> u64 {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_process_that_is_killed", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(process.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap)
        .filter_map(|line| line.strip_prefix("told ").map(|seq| seq.parse::<u64>().unwrap()));
    let mut last = 0;
    for _ in 0..lines {
        last = told.next().expect("it tells until it is killed");
    }
    process.kill().unwrap();
    // What it had told before it died, in the pipe.
    last = told.last().unwrap_or(last);
    process.wait().unwrap();
    last
}

#[tokio::test]
async fn a_process_that_is_killed_has_lost_nothing_that_it_told() {
    let folder = TempDir::new().unwrap();
    let mut epochs = Vec::new();
    for round in 0..ROUNDS {
        let last = run_and_kill(folder.path(), 1 + round * 3);
        let checked = sqlite::check(folder.path()).unwrap();
        assert_eq!(checked.problems, [""; 0]);
        let (log, mut commits) = open(folder.path());
        let read = count_of(&log).await;
        assert!(read >= last, "{read} of {last}");
        assert_eq!(checked.events, read);
        epochs.push(log.epoch());
        drop(log);
        while commits.next().await.is_some() {}
    }
    epochs.dedup();
    assert_eq!(epochs.len(), 1);
}
