//! Who may open a folder, and how it lies on the disk.

use std::os::unix::fs::PermissionsExt as _;

use conclave_log::conformance::{Session, group, standing_clock};
use conclave_log::{Log as _, LogError, SqliteLog, SqliteOptions};
use tempfile::TempDir;

use super::OnSqlite;

fn refusal(subject: &OnSqlite) -> LogError {
    SqliteLog::open(subject.path(), standing_clock(), SqliteOptions::default()).unwrap_err()
}

#[tokio::test]
async fn a_second_process_is_told_that_the_folder_is_in_use() {
    let mut subject = OnSqlite::new();
    let session = Session::open(&mut subject).await;
    assert!(matches!(refusal(&subject), LogError::InUse(_)));
    assert!(matches!(conclave_log::sqlite::check(subject.path()), Err(LogError::InUse(_))));
    session.kill().await;
    Session::open(&mut subject).await;
}

#[tokio::test]
async fn the_folder_is_made_for_its_owner_only() {
    let parent = TempDir::new().unwrap();
    let folder = parent.path().join("to/be/made");
    let (log, _commits) =
        SqliteLog::open(&folder, standing_clock(), SqliteOptions::default()).unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for file in ["conclave.db", "conclave.db-wal", "LOCK"] {
        assert_eq!(mode(&folder.join(file)), 0o600, "{file}");
    }
    drop(log);
}

#[tokio::test]
async fn data_of_a_newer_program_is_refused() {
    let mut subject = OnSqlite::new();
    Session::open(&mut subject).await.kill().await;
    subject.by_hand().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(refusal(&subject), LogError::Newer { found: 99, .. }));
    assert!(matches!(
        conclave_log::sqlite::check(subject.path()),
        Err(LogError::Newer { found: 99, .. })
    ));
}

#[tokio::test]
async fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    let subject = OnSqlite::new();
    subject
        .by_hand()
        .execute_batch("CREATE TABLE notes (a); INSERT INTO notes VALUES (1)")
        .unwrap();
    assert!(matches!(refusal(&subject), LogError::Damaged(_)));
    let tables: i64 = subject
        .by_hand()
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .unwrap();
    assert_eq!(tables, 1);
}

#[tokio::test]
async fn a_folder_without_a_log_is_not_checked_and_not_made_into_one() {
    let folder = TempDir::new().unwrap();
    assert!(matches!(conclave_log::sqlite::check(folder.path()), Err(LogError::Io { .. })));
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[tokio::test]
async fn a_person_can_read_the_log_with_sqlite3() {
    let mut subject = OnSqlite::new();
    let mut session = Session::open(&mut subject).await;
    session.create(group(8888)).await;
    session.append_many(group(8888), 1).await;
    session.log.stop().await.unwrap();
    session.kill().await;
    let line: String = subject
        .by_hand()
        .query_row(
            "SELECT number || ' ' || seq || ' ' || name || ' ' || kind || ' ' || text
             FROM events JOIN groups ON group_id = id",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(line, "8888 1 Noya said message 0");
}
