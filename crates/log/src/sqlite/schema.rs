//! Schema: the tables, the steps that lead to them from every earlier version, and how a
//! connection is set up.
//!
//! Does not know events. Invariants: a step, once released, is never changed; each is one
//! transaction, so a crash leaves the old version or the new and never half of one.

use std::path::Path;

use conclave_core::{Epoch, limits};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};

use super::{accounts, problem};
use crate::LogError;

/// Says that a file is a log of ours: `Cncl`.
const APPLICATION_ID: i64 = 0x436e_636c;
/// The first SQLite without the fault that loses commits when the WAL is reset.
const SQLITE_VERSION_MIN: i32 = 3_051_003;
/// Memory that each connection keeps pages in, KiB: a page of a log is read from one end to the
/// other, events are sorted group by group, and the operating system has all of it as well.
const CACHE_KIB: i64 = 512;
/// Bytes of the WAL file that stay when it starts anew.
const WAL_BYTES_KEPT: i64 = 16 * 1024 * 1024;

/// The steps from each version to the next; the first makes version 1 of an empty file.
const STEPS: &[&str] = &[
    "
    CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- Numbers are handed out again once a group is deleted; ids never are.
    CREATE TABLE groups (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        number INTEGER NOT NULL UNIQUE,
        password_hash TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        is_closed INTEGER NOT NULL DEFAULT 0,
        is_deleted_when_empty INTEGER NOT NULL DEFAULT 0
    ) STRICT;

    -- `text` is what was said or done, the topic, the new name of one renamed, or the name of
    -- who removed the member. `chain` is the hash of the chain before and of this event.
    CREATE TABLE events (
        group_id INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        member INTEGER NOT NULL,
        name TEXT NOT NULL,
        text TEXT,
        client_id TEXT,
        seat BLOB,
        chain BLOB NOT NULL,
        PRIMARY KEY (group_id, seq)
    ) STRICT, WITHOUT ROWID;

    -- A group as it was after the event `head`. `sum` is the hash of that event's chain and of
    -- the state.
    CREATE TABLE snapshots (
        group_id INTEGER PRIMARY KEY,
        head INTEGER NOT NULL,
        state TEXT NOT NULL,
        sum BLOB NOT NULL
    ) STRICT;

    -- Deleted groups whose events are still being taken away.
    CREATE TABLE purges (
        group_id INTEGER PRIMARY KEY
    ) STRICT;
",
    "
    -- The account that holds the member's seat, as its number and its name.
    ALTER TABLE events ADD COLUMN account TEXT;

    -- What says which groups an account is a member of.
    CREATE INDEX memberships ON events (account, group_id, seq, kind)
        WHERE account IS NOT NULL AND kind IN ('joined', 'left', 'removed');

    CREATE TABLE accounts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        password_hash TEXT NOT NULL,
        created_at INTEGER NOT NULL
    ) STRICT;

    -- What names are compared by; of the version that `meta` tells by 'name-keys'.
    CREATE TABLE account_keys (
        key TEXT PRIMARY KEY,
        account_id INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- How far accounts have read. Ids of groups are never used again, so what is left of one that
    -- was deleted means nothing.
    CREATE TABLE markers (
        account_id INTEGER NOT NULL,
        group_id INTEGER NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (account_id, group_id)
    ) STRICT, WITHOUT ROWID;

    -- Groups that are direct conversations, and of whom. Parties are written so that they are
    -- never those of others: a group by its id, which is not used again. `home` is the group in
    -- which the two met, where the conversation goes with it.
    CREATE TABLE directs (
        group_id INTEGER PRIMARY KEY,
        low TEXT NOT NULL,
        high TEXT NOT NULL,
        opened_by TEXT NOT NULL,
        home INTEGER,
        UNIQUE (low, high)
    ) STRICT;
    CREATE INDEX directs_by_high ON directs (high);
    CREATE INDEX directs_by_opener ON directs (opened_by);
    CREATE INDEX directs_by_home ON directs (home) WHERE home IS NOT NULL;
",
    "
    -- The newest events of all groups, in the order of commits; columns as in `events`, where they
    -- are copied to in time, and then taken away here. An event may be in both, and is the same.
    CREATE TABLE fresh (
        id INTEGER PRIMARY KEY,
        group_id INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        member INTEGER NOT NULL,
        name TEXT NOT NULL,
        text TEXT,
        client_id TEXT,
        seat BLOB,
        chain BLOB NOT NULL,
        account TEXT
    ) STRICT;
    CREATE INDEX fresh_memberships ON fresh (account, group_id, seq, kind)
        WHERE account IS NOT NULL AND kind IN ('joined', 'left', 'removed');
",
    "
    -- What of an event is in no column of its own, in JSON: powers, settings, where from.
    ALTER TABLE events ADD COLUMN more TEXT;
    ALTER TABLE fresh ADD COLUMN more TEXT;

    -- An empty password hash stands for none. Aliases are the same in capitals (of ASCII).
    ALTER TABLE groups ADD COLUMN alias TEXT COLLATE NOCASE;
    CREATE UNIQUE INDEX groups_by_alias ON groups (alias);

    -- They know neither roles nor settings; the events say the same and more.
    DELETE FROM snapshots;
",
    "
    -- The door of whoever did it, by its number in the log.
    ALTER TABLE events ADD COLUMN door INTEGER;
    ALTER TABLE fresh ADD COLUMN door INTEGER;
",
    "
    -- No table changes, but what is true of them: events of a group may be newer than what of it
    -- still lies in `fresh` as well, which a program before this takes for its newest.
",
];

/// Opens the connection that writes: brings the schema up to date and finds the epoch.
pub(super) fn open_writer(
    database: &Path,
    pages_max: Option<u32>,
) -> Result<(Connection, Epoch), LogError> {
    if rusqlite::version_number() < SQLITE_VERSION_MIN {
        let found = rusqlite::version();
        return Err(LogError::Damaged(format!("SQLite {found} is too old to be trusted")));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(database, flags)
        .map_err(problem::sqlite("opening the database"))?;
    set_up(&connection).map_err(problem::sqlite("setting up the database"))?;
    set_up_writer(&connection, pages_max).map_err(problem::sqlite("setting up the database"))?;
    migrate(&mut connection, STEPS)?;
    let doing = problem::sqlite("bringing the keys of names up to date");
    let transaction = connection.transaction().map_err(&doing)?;
    accounts::bring_keys_up_to_date(&transaction).map_err(&doing)?;
    transaction.commit().map_err(&doing)?;
    let epoch = find_epoch(&mut connection)?;
    Ok((connection, epoch))
}

/// Opens a connection that reads.
pub(super) fn open_reader(database: &Path) -> Result<Connection, LogError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)
        .map_err(problem::sqlite("opening the database to read"))?;
    set_up(&connection).map_err(problem::sqlite("setting up a reader"))?;
    connection
        .pragma_update(None, "cache_size", -CACHE_KIB)
        .map_err(problem::sqlite("setting up a reader"))?;
    // The first read opens the write-ahead log: now, and not when file descriptors may be short.
    connection
        .query_row("SELECT count(*) FROM sqlite_schema", (), |_| Ok(()))
        .map_err(problem::sqlite("reading for the first time"))?;
    Ok(connection)
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(limits::LOG_BUSY_MAX)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // A statement is not planned anew for what it is given: that would be most of a page's cost.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)
}

fn set_up_writer(connection: &Connection, pages_max: Option<u32>) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    // What the operating system calls synced is not, on some.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
    // What was said in a deleted group is not left lying in the file.
    connection.pragma_update(None, "secure_delete", true)?;
    if let Some(pages_max) = pages_max {
        connection.pragma_update(None, "max_page_count", pages_max)?;
    }
    Ok(())
}

fn migrate(connection: &mut Connection, steps: &[&str]) -> Result<(), LogError> {
    let doing = problem::sqlite("bringing the data up to date");
    let found = version(connection, steps)?;
    let done = usize::try_from(found).unwrap_or_default();
    for (version, step) in steps.iter().enumerate().skip(done) {
        let transaction = connection.transaction().map_err(&doing)?;
        transaction.execute_batch(step).map_err(&doing)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(&doing)?;
        let reached = i64::try_from(version + 1).unwrap_or(i64::MAX);
        transaction.pragma_update(None, "user_version", reached).map_err(&doing)?;
        transaction.commit().map_err(&doing)?;
    }
    Ok(())
}

/// The version of the data, where it is one that those steps lead to.
fn version(connection: &Connection, steps: &[&str]) -> Result<i64, LogError> {
    let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    let (found, application_id, table_count) = connection
        .query_row(
            "SELECT user_version, application_id, (SELECT count(*) FROM sqlite_schema)
             FROM pragma_user_version, pragma_application_id",
            [],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)),
        )
        .map_err(problem::sqlite("reading the version of the data"))?;
    if application_id != APPLICATION_ID && (found, table_count) != (0, 0) {
        return Err(LogError::Damaged("the database is not one of Conclave".to_owned()));
    }
    if found > known {
        return Err(LogError::Newer { found, known });
    }
    Ok(found)
}

/// Says no to data that is not of the newest version, for one who changes nothing.
pub(super) fn check_version(connection: &Connection) -> Result<(), LogError> {
    let found = version(connection, STEPS)?;
    if usize::try_from(found) == Ok(STEPS.len()) {
        return Ok(());
    }
    let problem = format!("the data is of version {found}: open it once to bring it up to date");
    Err(LogError::Damaged(problem))
}

/// Marks the database of that connection as a copy: opened again, it draws another epoch.
pub(super) fn mark_as_copy(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('copy', 'yes')", [])?;
    Ok(())
}

/// The epoch of this history: drawn for a new one, and for a copy, which from here on differs
/// from what it was copied from.
fn find_epoch(connection: &mut Connection) -> Result<Epoch, LogError> {
    let doing = problem::sqlite("reading the epoch");
    let transaction = connection.transaction().map_err(&doing)?;
    let is_copy =
        transaction.execute("DELETE FROM meta WHERE key = 'copy'", []).map_err(&doing)? > 0;
    let kept = transaction
        .query_row("SELECT value FROM meta WHERE key = 'epoch'", [], |row| row.get::<_, String>(0))
        .optional()
        .map_err(&doing)?;
    let epoch = match kept {
        Some(epoch) if !is_copy => u64::from_str_radix(&epoch, 16)
            .map_err(|_not_a_number| LogError::Damaged(format!("the epoch is {epoch:?}")))?,
        _ => {
            let drawn: [u8; 8] = transaction
                .query_row("SELECT randomblob(8)", [], |row| row.get(0))
                .map_err(&doing)?;
            let epoch = u64::from_le_bytes(drawn);
            transaction
                .execute(
                    "INSERT OR REPLACE INTO meta VALUES ('epoch', ?1)",
                    [Epoch(epoch).to_string()],
                )
                .map_err(&doing)?;
            epoch
        }
    };
    transaction.commit().map_err(&doing)?;
    Ok(Epoch(epoch))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version_of(connection: &Connection) -> i64 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    #[test]
    fn an_empty_file_is_brought_to_the_newest_version_and_stays_there() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, STEPS).unwrap();
        assert_eq!(version_of(&connection), i64::try_from(STEPS.len()).unwrap());
        migrate(&mut connection, STEPS).unwrap();
    }

    #[test]
    fn a_step_that_breaks_leaves_the_version_before_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        let broken = [STEPS[0], "CREATE TABLE half (a); CREATE TABLE groups (a);"];
        assert!(migrate(&mut connection, &broken).is_err());
        assert_eq!(version_of(&connection), 1);
        let halves: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'half'", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(halves, 0);
        let whole = [STEPS[0], "CREATE TABLE half (a);"];
        migrate(&mut connection, &whole).unwrap();
        assert_eq!(version_of(&connection), 2);
    }

    #[test]
    fn each_step_follows_the_one_before() {
        let mut step_by_step = Connection::open_in_memory().unwrap();
        for count in 1..=STEPS.len() {
            migrate(&mut step_by_step, &STEPS[..count]).unwrap();
            assert_eq!(version_of(&step_by_step), i64::try_from(count).unwrap());
        }
    }

    #[test]
    fn data_of_a_newer_program_and_of_other_programs_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        let newer: Vec<&str> = STEPS.iter().copied().chain(["CREATE TABLE later (a);"]).collect();
        migrate(&mut connection, &newer).unwrap();
        let known = i64::try_from(STEPS.len()).unwrap();
        let refusal = migrate(&mut connection, STEPS).unwrap_err();
        assert!(
            matches!(refusal, LogError::Newer { found, known: k } if (found, k) == (known + 1, known))
        );
        let mut foreign = Connection::open_in_memory().unwrap();
        foreign.execute_batch("CREATE TABLE notes (a)").unwrap();
        assert!(matches!(migrate(&mut foreign, STEPS), Err(LogError::Damaged(_))));
    }

    #[test]
    fn a_copy_draws_another_epoch_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, STEPS).unwrap();
        let first = find_epoch(&mut connection).unwrap();
        assert_eq!(find_epoch(&mut connection).unwrap(), first);
        mark_as_copy(&connection).unwrap();
        let second = find_epoch(&mut connection).unwrap();
        assert_ne!(second, first);
        assert_eq!(find_epoch(&mut connection).unwrap(), second);
    }
}
