//! The SQLite log.

mod backup;
mod damage;
mod disk;
mod migration;
mod opening;
mod sorting;

use std::path::{Path, PathBuf};

use conclave_core::{Entry, GroupId, limits};
use conclave_log::conformance::{Session, Subject, said};
use conclave_log::{Clock, Commits, Fault, Faults, SqliteLog, SqliteOptions};
use rusqlite::Connection;
use tempfile::TempDir;

pub(crate) struct OnSqlite {
    folder: PathBuf,
    options: SqliteOptions,
    _temporary: TempDir,
}

impl OnSqlite {
    pub(crate) fn new() -> Self {
        let temporary = TempDir::new().unwrap();
        let folder = temporary.path().to_owned();
        let options = SqliteOptions { pages_max: None, faults: Faults::default() };
        Self { folder, options, _temporary: temporary }
    }

    fn path(&self) -> &Path {
        &self.folder
    }

    fn database(&self) -> PathBuf {
        self.path().join("conclave.db")
    }

    /// A copy of all files, taken while no log is open and nobody has them.
    fn copy_at_rest(&self) -> Self {
        let copy = Self::new();
        for file in std::fs::read_dir(&self.folder).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), copy.folder.join(file.file_name())).unwrap();
        }
        copy
    }

    /// The database as somebody with `sqlite3` has it, while no log is open.
    fn by_hand(&self) -> Connection {
        Connection::open(self.database()).unwrap()
    }
}

impl Subject for OnSqlite {
    type Log = SqliteLog;

    async fn open(&mut self, clock: Clock) -> (SqliteLog, Commits) {
        SqliteLog::open(&self.folder, clock, self.options.clone()).unwrap()
    }

    fn fail_next(&self, fault: Fault) {
        self.options.faults.fail_next(fault);
    }

    async fn backup(&self, log: &SqliteLog) -> Self {
        let copy = Self::new();
        log.backup(&copy.database()).await.unwrap();
        copy
    }

    fn write_elsewhere(&self, _group: GroupId, _entry: Entry) -> bool {
        false
    }
}

/// Writes so much to groups, a little at a time, that what they say from here on lies among the
/// fresh as well, however much they say at once.
async fn stay_fresh(session: &mut Session<SqliteLog>, groups: &[GroupId]) {
    const AT_ONCE: usize = limits::SORTED_AT_ONCE_MIN - 1;
    for _ in 0..=limits::SORTED_BEFORE_MAX / AT_ONCE {
        for id in groups {
            for _ in 0..AT_ONCE {
                session.append(*id, said("a little"));
            }
        }
        session.finish().await;
    }
}

mod suite {
    use super::*;

    conclave_log::conformance!(OnSqlite::new());
}
