//! Backups.

use conclave_log::conformance::{Session, group, said};
use conclave_log::{Log as _, LogError, sqlite};

use super::OnSqlite;

#[tokio::test]
async fn a_backup_taken_while_appends_go_on_is_sound_and_of_one_moment() {
    let mut subject = OnSqlite::new();
    let mut session = Session::open(&mut subject).await;
    let groups = [group(1000), group(1001)];
    for id in groups {
        session.create(id).await;
    }
    for n in 0..400 {
        for id in groups {
            session.append(id, said(&n.to_string()));
        }
    }
    let mut copy = OnSqlite::new();
    let file = copy.database();
    session.log.backup(&file).await.unwrap();
    session.finish().await;
    let checked = sqlite::check(copy.path()).unwrap();
    assert_eq!(checked.problems, [""; 0]);
    assert_eq!(checked.groups, 2);
    let restored = Session::open(&mut copy).await;
    assert_ne!(restored.log.epoch(), session.log.epoch());
    let first = restored.read_all(groups[0]).await.unwrap().len() as u64;
    let second = restored.read_all(groups[1]).await.unwrap().len() as u64;
    // The appends went by turns, so at any moment the first is at most one ahead.
    assert!(first == second || first == second + 1, "{first} and {second}");
    assert_eq!(checked.events, first + second);
}

#[tokio::test]
async fn a_backup_overwrites_nothing_and_leaves_nothing_behind_where_it_fails() {
    let mut subject = OnSqlite::new();
    let session = Session::open(&mut subject).await;
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("copy.db");
    std::fs::write(&file, "mine").unwrap();
    assert!(matches!(session.log.backup(&file).await, Err(LogError::Io { .. })));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    let nowhere = folder.path().join("no/such/folder/copy.db");
    assert!(session.log.backup(&nowhere).await.is_err());
    std::fs::write(folder.path().join("other.db.part"), "mine").unwrap();
    assert!(session.log.backup(&folder.path().join("other.db")).await.is_err());
    let mut left: Vec<_> =
        folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["copy.db", "other.db.part"]);
    assert_eq!(std::fs::read(folder.path().join("other.db.part")).unwrap(), b"mine");
}

#[tokio::test]
async fn checking_changes_nothing() {
    let mut subject = OnSqlite::new();
    let mut session = Session::open(&mut subject).await;
    session.create(group(1000)).await;
    session.append_many(group(1000), 300).await;
    let epoch = session.log.epoch();
    let copy_folder = OnSqlite::new();
    session.log.backup(&copy_folder.database()).await.unwrap();
    let alive = session.log.check().await.unwrap();
    session.kill().await;
    // As a crash left it: what was committed is in the WAL.
    assert_eq!(sqlite::check(subject.path()).unwrap(), alive);
    assert_eq!((alive.groups, alive.events, alive.problems.len()), (1, 300, 0));
    let before = std::fs::read(copy_folder.database()).unwrap();
    sqlite::check(copy_folder.path()).unwrap();
    assert_eq!(std::fs::read(copy_folder.database()).unwrap(), before);
    assert_eq!(Session::open(&mut subject).await.log.epoch(), epoch);
}
