//! The SQLite log.

use conclave_core::{Entry, GroupId};
use conclave_log::conformance::Subject;
use conclave_log::{Clock, Commits, Fault, Faults, SqliteLog, SqliteOptions};
use tempfile::TempDir;

struct OnSqlite {
    folder: TempDir,
    faults: Faults,
}

impl OnSqlite {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), faults: Faults::default() }
    }
}

impl Subject for OnSqlite {
    type Log = SqliteLog;

    async fn open(&mut self, clock: Clock) -> (SqliteLog, Commits) {
        let options = SqliteOptions { faults: self.faults.clone(), ..SqliteOptions::default() };
        SqliteLog::open(self.folder.path(), clock, options).unwrap()
    }

    fn fail_next(&self, fault: Fault) {
        self.faults.fail_next(fault);
    }

    async fn backup(&self, log: &SqliteLog) -> Self {
        let copy = Self::new();
        log.backup(&copy.folder.path().join("conclave.db")).await.unwrap();
        copy
    }

    fn write_elsewhere(&self, _group: GroupId, _entry: Entry) -> bool {
        false
    }
}

mod suite {
    use super::*;

    conclave_log::conformance!(OnSqlite::new());
}
