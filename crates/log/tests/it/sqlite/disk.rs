//! What becomes of room on the disk: when there is none, under constant load, and after deleting.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use conclave_core::{Founding, PasswordHash, Seq};
use conclave_log::conformance::{Outcome, Session, group, said, standing_clock};
use conclave_log::{
    Append, AppendFailure, GroupCommit, Log as _, LogError, NewGroup, SqliteLog, SqliteOptions,
    Ticket, sqlite,
};

use rusqlite::Connection;
use tokio::sync::watch;

use super::{OnSqlite, stay_fresh};

fn founding(hash: &str) -> Founding {
    Founding { alias: None, password: Some(PasswordHash::from_phc(hash)) }
}

#[tokio::test]
async fn when_the_disk_is_full_reading_works_and_deleting_makes_room() {
    let mut subject = OnSqlite::new();
    subject.options.pages_max = Some(200);
    let mut session = Session::open(&mut subject).await;
    session.create(group(1000)).await;
    session.create(group(2000)).await;
    session.append_many(group(2000), 100).await;
    let text = "x".repeat(2_000);
    let mut saved = 0;
    loop {
        match session.append_one(group(1000), said(&text)).await {
            Outcome::Landed(event) => saved = event.seq.0,
            Outcome::Failed(failure) => {
                assert_eq!(failure, AppendFailure::NotSaved);
                break;
            }
        }
        assert!(saved < 2_000, "the disk is never full");
    }
    assert_eq!(session.read_all(group(1000)).await.unwrap().len() as u64, saved);
    session.load(group(1000)).await.unwrap();
    let new = NewGroup { id: group(3000), founding: founding(&"x".repeat(100_000)) };
    assert!(matches!(session.log.create(new).await, Err(LogError::DiskFull)));

    assert!(session.log.delete(group(1000)).await.unwrap());
    session.start_over(group(1000));
    // Room is made in steps, as time goes by.
    let mut tries = 0;
    while !matches!(session.append_one(group(2000), said(&text)).await, Outcome::Landed(_)) {
        tries += 1;
        assert!(tries < 10_000, "no room is made");
    }
    session.log.stop().await.unwrap();
    session.kill().await;
    assert_eq!(sqlite::check(subject.path()).unwrap().problems, [""; 0]);
}

#[tokio::test]
async fn nothing_of_a_deleted_group_is_left_in_the_file() {
    const CANARY: &str = "yellow submarine";
    let mut subject = OnSqlite::new();
    let mut session = Session::open(&mut subject).await;
    session.create(group(1000)).await;
    session.create(group(2000)).await;
    session.append_many(group(2000), 500).await;
    // Half of it is sorted before the group goes, half is fresh.
    for half in 0..2 {
        if half == 1 {
            session.log.stop().await.unwrap();
            session.kill().await;
            session = Session::open(&mut subject).await;
            stay_fresh(&mut session, &[group(1000)]).await;
        }
        for _ in 0..1_000 {
            session.append(group(1000), said(&CANARY.repeat(9)));
        }
        session.finish().await;
    }
    assert!(session.log.delete(group(1000)).await.unwrap());
    // The steps that are left are done after opening again.
    session.kill().await;
    let events_left = |subject: &OnSqlite| -> i64 {
        let sql = "SELECT (SELECT count(*) FROM events WHERE group_id = 1)
                 + (SELECT count(*) FROM fresh WHERE group_id = 1)";
        subject.by_hand().query_row(sql, [], |row| row.get(0)).unwrap()
    };
    assert!(events_left(&subject) > 0, "they are not taken away at once");
    let mut rounds = 0;
    while events_left(&subject) > 0 {
        let mut session = Session::open(&mut subject).await;
        session.append_many(group(2000), 1).await;
        session.append_many(group(2000), 1).await;
        session.log.stop().await.unwrap();
        session.kill().await;
        rounds += 1;
        assert!(rounds < 100, "they are never taken away");
    }
    let mut session = Session::open(&mut subject).await;
    session.append_many(group(2000), 1).await;
    session.log.stop().await.unwrap();
    session.kill().await;
    let bytes = std::fs::read(subject.database()).unwrap();
    assert!(!bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()));
    assert_eq!(sqlite::check(subject.path()).unwrap().problems, [""; 0]);
}

#[tokio::test]
async fn the_write_ahead_log_stays_small_under_constant_writing_and_reading() {
    // A fifth more lands in the write-ahead log.
    const WRITTEN_BYTES: u64 = 72 * 1024 * 1024;
    const WAL_BYTES_MAX: u64 = 64 * 1024 * 1024;
    let subject = OnSqlite::new();
    let (log, mut commits) =
        SqliteLog::open(subject.path(), standing_clock(), SqliteOptions::default()).unwrap();
    let new = NewGroup { id: group(1000), founding: founding("$") };
    assert!(log.create(new).await.unwrap());
    let wal = subject.path().join("conclave.db-wal");
    let text = "x".repeat(4_000);
    let (tell, told) = watch::channel(0_u64);
    let read = async |mut told: watch::Receiver<u64>| {
        let mut page_count = 0_u64;
        // What has been told, page by page, until nothing is told any more.
        while told.has_changed().is_ok() {
            let event_count = *told.borrow_and_update();
            if page_count * 16 < event_count {
                log.read(group(1000), Seq(page_count * 16 + 1)).await.unwrap();
                page_count += 1;
            } else if told.changed().await.is_err() {
                break;
            }
        }
        page_count
    };
    let write = async {
        let mut largest = 0;
        let mut told_bytes = 0;
        let mut handed_in_bytes = 0;
        while told_bytes < WRITTEN_BYTES {
            // So much under way that the writer never pauses.
            while handed_in_bytes < told_bytes + 2_000 * 4_000 {
                let ticket = Ticket(handed_in_bytes);
                log.append(Append { group: group(1000), entry: said(&text), ticket });
                handed_in_bytes += text.len() as u64;
            }
            for part in commits.next().await.unwrap().groups {
                let GroupCommit::Committed { events, .. } = part else { panic!("{part:?}") };
                told_bytes += (events.len() * text.len()) as u64;
            }
            tell.send_replace(told_bytes / text.len() as u64);
            largest = largest.max(wal.metadata().unwrap().len());
        }
        drop(tell);
        largest
    };
    let is_read = Arc::new(AtomicBool::new(true));
    let overlapping = tokio::task::spawn_blocking({
        let (is_read, readers) = (Arc::clone(&is_read), [subject.by_hand(), subject.by_hand()]);
        move || read_without_pause(&readers, &is_read)
    });
    let (largest, first, second) = tokio::join!(write, read(told.clone()), read(told));
    is_read.store(false, Ordering::Relaxed);
    overlapping.await.unwrap();
    assert!(first.min(second) > 10, "readers have their turn");
    assert!(largest < WAL_BYTES_MAX, "{largest} bytes");
    assert!(largest > 1024 * 1024, "{largest} bytes: the test shows nothing");
}

/// Has one read transaction or another open at every moment: under these the write-ahead log does
/// not start anew by itself.
fn read_without_pause(readers: &[Connection; 2], is_read: &AtomicBool) {
    const READ: &str = "BEGIN; SELECT sum(length(text)) FROM events WHERE seq < 500";
    let begin = |reader: &Connection| reader.execute_batch(READ).unwrap();
    begin(&readers[0]);
    while is_read.load(Ordering::Relaxed) {
        begin(&readers[1]);
        readers[0].execute_batch("COMMIT").unwrap();
        begin(&readers[0]);
        readers[1].execute_batch("COMMIT").unwrap();
    }
}
