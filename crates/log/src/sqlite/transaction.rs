//! Transaction: all of some work or nothing of it, and a name for not knowing which.
//!
//! Does not know what the work is. Invariant: what is refused is not in the database, now or ever;
//! a COMMIT that failed is never tried again, since after a failed sync the operating system may
//! call lost pages clean.

use rusqlite::Connection;

use super::problem;
use crate::LogError;

/// Why work did not become durable.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was taken back.
    Refused(LogError),
    /// It may be in the database or not: this connection is not to be trusted any more.
    Doubtful(LogError),
}

/// Where a test has a transaction break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    Full,
    BeforeCommit,
    AfterCommit,
}

/// Does work in a transaction.
pub(super) fn transact<T>(
    connection: &Connection,
    breaks: Option<Break>,
    work: impl FnOnce(&Connection) -> Result<T, LogError>,
) -> Result<T, Failure> {
    execute(connection, "BEGIN IMMEDIATE")
        .map_err(problem::sqlite("beginning a transaction"))
        .map_err(Failure::Refused)?;
    let outcome = work(connection).and_then(|outcome| match breaks {
        Some(Break::Full) => Err(LogError::DiskFull),
        _ => Ok(outcome),
    });
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => return Err(take_back(connection, error)),
    };
    if breaks == Some(Break::BeforeCommit) {
        return Err(Failure::Doubtful(LogError::Stopped));
    }
    match execute(connection, "COMMIT").map_err(problem::sqlite("committing")) {
        Ok(()) if breaks == Some(Break::AfterCommit) => Err(Failure::Doubtful(LogError::Stopped)),
        Ok(()) => Ok(outcome),
        // No room for the pages: the last of them, which makes the commit, was not written.
        Err(LogError::DiskFull) => Err(take_back(connection, LogError::DiskFull)),
        Err(error) => Err(Failure::Doubtful(error)),
    }
}

fn take_back(connection: &Connection, error: LogError) -> Failure {
    // Some errors have rolled back by themselves.
    let rolled_back =
        if connection.is_autocommit() { Ok(()) } else { execute(connection, "ROLLBACK") };
    match rolled_back {
        Ok(()) if connection.is_autocommit() => Failure::Refused(error),
        _ => Failure::Doubtful(error),
    }
}

fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_count| ())
}
