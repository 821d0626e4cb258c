//! What was edited, lost or flipped in the files is found, and never served.

use conclave_core::{Event, GroupId, Seq};
use conclave_log::conformance::{Session, group, replay, rounds, said, standing_clock};
use conclave_log::{
    Append, AppendFailure, Log as _, LogError, SqliteLog, SqliteOptions, Ticket, sqlite,
};

use super::{OnSqlite, stay_fresh};

const EVENTS: usize = 400;

/// Where the events lie that are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    /// Sorted by group, as a clean stop leaves them.
    Sorted,
    /// In the order of commits, as a crash leaves them.
    Fresh,
}

/// A log with two groups of [`EVENTS`] events, at rest, all sorted.
async fn at_rest(subject: &mut OnSqlite) -> Vec<Event> {
    lying(Lie::Sorted, subject).await
}

/// A log with two groups of [`EVENTS`] events, at rest.
async fn lying(lie: Lie, subject: &mut OnSqlite) -> Vec<Event> {
    let mut session = Session::open(subject).await;
    for id in [group(1000), group(2000)] {
        session.create(id).await;
        if lie == Lie::Fresh {
            stay_fresh(&mut session, &[id]).await;
        }
        let told = session.told(id).len();
        session.append_many(id, EVENTS - told).await;
        let snapshot = replay(&session.told(id)[..EVENTS / 2]);
        // Away from the runtime it is handed in before this returns.
        std::thread::scope(|scope| {
            scope.spawn(|| session.log.keep_snapshot(id, snapshot));
        });
    }
    session.append_many(group(2000), 1).await;
    if lie == Lie::Sorted {
        session.log.stop().await.unwrap();
    }
    let mut told = session.kill().await;
    told.remove(&group(1000)).unwrap()
}

async fn read_all(log: &SqliteLog, id: GroupId) -> Result<Vec<Event>, LogError> {
    let mut events = Vec::new();
    loop {
        let page = log.read(id, Seq(events.len() as u64 + 1)).await?;
        if page.is_empty() {
            return Ok(events);
        }
        events.extend(page);
    }
}

fn problem<T: std::fmt::Debug>(answer: Result<T, LogError>) -> String {
    match answer {
        Err(LogError::Damaged(problem)) => problem,
        answer => panic!("{answer:?}"),
    }
}

#[tokio::test]
async fn an_event_that_was_changed_is_named_and_not_served_and_other_groups_work() {
    for lie in [Lie::Sorted, Lie::Fresh] {
        an_event_that_was_changed_is_named_and_not_served(lie).await;
    }
}

async fn an_event_that_was_changed_is_named_and_not_served(lie: Lie) {
    let mut sound = OnSqlite::new();
    let before = lying(lie, &mut sound).await;
    for (change, at_fault) in [
        ("UPDATE events SET text = 'forged' WHERE seq = 300 AND", 300),
        ("UPDATE events SET name = 'Dana' WHERE seq = 399 AND", 399),
        ("UPDATE events SET at = at + 1 WHERE seq = 1 AND", 1),
        ("UPDATE events SET member = -1 WHERE seq = 7 AND", 7),
        ("UPDATE events SET kind = 'sung' WHERE seq = 7 AND", 7),
        ("UPDATE events SET chain = x'00' WHERE seq = 128 AND", 128),
        ("UPDATE events SET chain = zeroblob(16) WHERE seq = 129 AND", 129),
        ("UPDATE events SET client_id = '' WHERE seq = 9 AND", 9),
        ("DELETE FROM events WHERE seq = 200 AND", 200),
        ("DELETE FROM events WHERE seq = 1 AND", 1),
        ("UPDATE groups SET created_at = created_at + 1 WHERE", 1),
    ] {
        let mut subject = sound.copy_at_rest();
        let change = match lie {
            Lie::Sorted => change.to_owned(),
            Lie::Fresh => change.replace(" events ", " fresh "),
        };
        let of = if change.contains("groups") { "number = 1000" } else { "group_id = 1" };
        assert_eq!(subject.by_hand().execute(&format!("{change} {of}"), []).unwrap(), 1);
        let name = format!("group 1000, event {at_fault}: ");
        let checked = sqlite::check(subject.path()).unwrap();
        assert!(checked.problems.iter().any(|line| line.starts_with(&name)), "{checked:?}");

        let session = Session::open(&mut subject).await;
        let found = problem(read_all(&session.log, group(1000)).await);
        assert!(found.starts_with(&name), "{change}: {found}");
        for from in [1, 2, at_fault, at_fault + 1, 250] {
            if let Ok(page) = session.log.read(group(1000), Seq(from)).await {
                assert!(page.iter().all(|event| before.contains(event)), "{change}");
            }
        }
        assert_eq!(read_all(&session.log, group(2000)).await.unwrap().len(), EVENTS + 1);
        session.load(group(2000)).await.unwrap();
    }
}

#[tokio::test]
async fn events_lost_at_the_end_are_found_by_the_snapshot() {
    for (lie, table) in [(Lie::Sorted, "events"), (Lie::Fresh, "fresh")] {
        let mut subject = OnSqlite::new();
        lying(lie, &mut subject).await;
        let lose = format!("DELETE FROM {table} WHERE seq > 150");
        assert!(subject.by_hand().execute(&lose, []).unwrap() > 0);
        let session = Session::open(&mut subject).await;
        let found = problem(session.log.load(group(1000)).await);
        assert_eq!(found, "group 1000, event 200: is missing, and all after it");
        let checked = session.log.check().await.unwrap();
        assert_eq!(checked.problems.len(), 2, "{checked:?}");
    }
}

#[tokio::test]
async fn a_damaged_snapshot_is_not_missed() {
    let mut sound = OnSqlite::new();
    at_rest(&mut sound).await;
    for change in [
        "UPDATE snapshots SET state = replace(state, '\"next_member\":', '\"next_member\":9')",
        "UPDATE snapshots SET state = 'x'",
        "UPDATE snapshots SET head = head - 1",
        "UPDATE snapshots SET sum = x''",
    ] {
        let mut subject = sound.copy_at_rest();
        assert!(subject.by_hand().execute(change, []).unwrap() > 0);
        let session = Session::open(&mut subject).await;
        // Holds what is loaded to all events.
        let loaded = session.load(group(1000)).await.unwrap();
        assert_eq!(loaded.head(), Seq(EVENTS as u64), "{change}");
    }
}

#[tokio::test]
async fn a_group_whose_end_is_damaged_takes_no_events_and_others_do() {
    for (lie, table) in [(Lie::Sorted, "events"), (Lie::Fresh, "fresh")] {
        a_group_whose_end_is_damaged_takes_no_events(lie, table).await;
    }
}

async fn a_group_whose_end_is_damaged_takes_no_events(lie: Lie, table: &str) {
    let mut subject = OnSqlite::new();
    lying(lie, &mut subject).await;
    let change = format!("UPDATE {table} SET text = 'forged' WHERE seq = {EVENTS}");
    subject.by_hand().execute(&change, []).unwrap();
    let (log, mut commits) =
        SqliteLog::open(subject.path(), standing_clock(), SqliteOptions::default()).unwrap();
    for (ticket, id) in [(1, group(1000)), (2, group(2000))] {
        log.append(Append { group: id, entry: said("more"), ticket: Ticket(ticket) });
    }
    let mut ended = Vec::new();
    while ended.len() < 2 {
        for part in commits.next().await.unwrap().groups {
            ended.push(match part {
                conclave_log::GroupCommit::Committed { group, .. } => (group, None),
                conclave_log::GroupCommit::Failed { group, failure, .. } => (group, Some(failure)),
            });
        }
    }
    ended.sort_by_key(|(group, _)| *group);
    assert_eq!(ended, [(group(1000), Some(AppendFailure::NotSaved)), (group(2000), None)]);
}

#[tokio::test]
async fn events_of_no_group_are_found() {
    for lie in [Lie::Sorted, Lie::Fresh] {
        let mut subject = OnSqlite::new();
        lying(lie, &mut subject).await;
        subject.by_hand().execute("DELETE FROM groups WHERE number = 2000", []).unwrap();
        let checked = sqlite::check(subject.path()).unwrap();
        assert_eq!(checked.groups, 1);
        assert_eq!(checked.problems, ["there are events of a group that is not there (id 2)"]);
    }
}

#[tokio::test]
async fn a_flipped_bit_anywhere_never_gives_wrong_text_and_never_panics() {
    for lie in [Lie::Sorted, Lie::Fresh] {
        a_flipped_bit_anywhere_never_gives_wrong_text(lie).await;
    }
}

async fn a_flipped_bit_anywhere_never_gives_wrong_text(lie: Lie) {
    let mut subject = OnSqlite::new();
    let before = lying(lie, &mut subject).await;
    // All of it into the database itself.
    subject.by_hand().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let sound = std::fs::read(subject.database()).unwrap();
    // A fixed sequence that wanders over all of the file.
    let mut place: usize = 12_345;
    let mut found_count = 0;
    for flip in 0..rounds(20) {
        place = (place * 1_103_515_245 + 12_345) % (sound.len() * 8);
        let mut bytes = sound.clone();
        bytes[place / 8] ^= 1 << (place % 8);
        for left in ["conclave.db-wal", "conclave.db-shm"] {
            drop(std::fs::remove_file(subject.path().join(left)));
        }
        std::fs::write(subject.database(), bytes).unwrap();
        let opened = SqliteLog::open(subject.path(), standing_clock(), SqliteOptions::default());
        let Ok((log, mut commits)) = opened else {
            found_count += 1;
            continue;
        };
        for from in (1..=EVENTS as u64).step_by(64) {
            match log.read(group(1000), Seq(from)).await {
                Ok(page) => assert!(
                    page.iter().all(|event| before.contains(event)),
                    "flip {flip} of bit {place}"
                ),
                Err(_) => found_count += 1,
            }
        }
        drop(log.load(group(1000)).await);
        drop(log.list(None, 100).await);
        drop(log);
        while commits.next().await.is_some() {}
    }
    assert!(found_count > 0, "no flip was found: the test shows nothing");
}
