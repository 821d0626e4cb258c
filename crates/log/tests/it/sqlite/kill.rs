//! A real process, really killed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use conclave_log::conformance::{Outcome, Session, group};
use conclave_log::{Log as _, sqlite};
use tempfile::TempDir;

use super::OnSqlite;

/// Names the folder to the process that is to be killed.
const FOLDER: &str = "CONCLAVE_TEST_KILLED_FOLDER";
const ROUNDS: usize = 8;

/// What the process to be killed does. Without a folder, as among the other tests, nothing.
#[tokio::test]
async fn the_process_that_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let mut session = Session::open(&mut OnSqlite::at(folder.into())).await;
    if session.log.count().await.unwrap() == 0 {
        session.create(group(1000)).await;
    }
    loop {
        let outcomes = session.append_many(group(1000), 16).await;
        let Some(Outcome::Landed(event)) = outcomes.last() else { panic!("{outcomes:?}") };
        let mut out = std::io::stdout().lock();
        writeln!(out, "told {}", event.seq).unwrap();
        out.flush().unwrap();
    }
}

/// Starts it, lets it tell so many times, kills it, and gives the last number it told.
fn run_and_kill(folder: &Path, lines: usize) -> u64 {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sqlite::kill::the_process_that_is_killed", "--nocapture"])
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
        let session = Session::open(&mut OnSqlite::at(folder.path().to_owned())).await;
        let read = session.read_all(group(1000)).await.unwrap();
        assert!(read.len() as u64 >= last, "{} of {last}", read.len());
        assert_eq!(checked.events, read.len() as u64);
        epochs.push(session.log.epoch());
        session.kill().await;
    }
    epochs.dedup();
    assert_eq!(epochs.len(), 1);
}
