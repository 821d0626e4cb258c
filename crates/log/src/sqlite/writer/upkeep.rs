//! Upkeep: what the writer does between commits: checkpoints, and taking away the events of
//! deleted groups.
//!
//! Does not know appends. Nothing here holds up a commit for longer than one step. What there is
//! no room for is tried again later; an error of the disk ends the log, as it does in a commit.

use std::collections::VecDeque;

use conclave_core::limits;
use rusqlite::{Connection, ErrorCode};

use super::Doubt;
use crate::LogError;
use crate::sqlite::problem;
use crate::sqlite::row::signed;
use crate::sqlite::transaction::{Failure, transact};

/// Rows written after which the size of the WAL is looked at: together they are some pages more
/// than their number.
const ROWS_UNSEEN_MAX: usize = 256;
/// Commits after which it is looked at whatever was in them.
const COMMITS_UNSEEN_MAX: usize = 64;

/// Pages after which readers that stood in the way are waited for again, at the least: the longer
/// they stand there, the less often.
const RETRY_PAGES_MIN: i64 = 256;

/// What there is to do between commits.
#[derive(Debug)]
pub(super) struct Upkeep {
    /// Ids of deleted groups whose events are still there.
    purges: VecDeque<i64>,
    rows_unseen: usize,
    commits_unseen: usize,
    /// Pages at which the WAL is made to start anew: more than the limit after readers did not let
    /// it, so that a long reader (a backup) does not hold up every commit.
    restart_at: i64,
}

/// Pages in the WAL, and how many of them are in the database as well.
struct Wal {
    /// Readers stood in the way.
    is_busy: bool,
    pages: i64,
    pages_done: i64,
}

impl Upkeep {
    /// Finds what the process before left undone.
    pub(super) fn new(connection: &Connection) -> Result<Self, LogError> {
        let doing = problem::sqlite("finding deleted groups");
        let mut statement = connection.prepare("SELECT group_id FROM purges").map_err(&doing)?;
        let purges = statement
            .query_map([], |row| row.get(0))
            .and_then(Iterator::collect)
            .map_err(&doing)?;
        Ok(Self { purges, rows_unseen: 0, commits_unseen: 0, restart_at: limits::WAL_PAGES_MAX })
    }

    /// Has the events of a deleted group taken away, in steps.
    pub(super) fn purge(&mut self, group: i64) {
        self.purges.push_back(group);
    }

    /// Whether there are events to be taken away.
    pub(super) fn has_purges(&self) -> bool {
        !self.purges.is_empty()
    }

    /// Notes that a commit has written rows.
    pub(super) const fn note_written(&mut self, rows: usize) {
        self.rows_unseen += rows;
        self.commits_unseen += 1;
    }

    /// Does a step of what there is to do.
    pub(super) fn keep_up(&mut self, connection: &Connection, is_busy: bool) -> Result<(), Doubt> {
        match self.purge_step(connection) {
            Ok(()) => {}
            Err(Failure::Refused(error)) => {
                // Left for the next start: it would fail again at once.
                tracing::warn!(%error, "events of deleted groups are left until the next start");
                self.purges.clear();
            }
            Err(Failure::Doubtful(error)) => {
                tracing::error!(%error, "a commit may have landed or not: the log ends");
                return Err(Doubt);
            }
        }
        if self.rows_unseen < ROWS_UNSEEN_MAX && self.commits_unseen < COMMITS_UNSEEN_MAX {
            return Ok(());
        }
        match self.checkpoint(connection, is_busy) {
            Ok(()) => Ok(()),
            Err(error) if is_of_the_disk(&error) => {
                tracing::error!(%error, "the disk failed in a checkpoint: the log ends");
                Err(Doubt)
            }
            Err(error) => {
                tracing::warn!(%error, "a checkpoint was put off");
                Ok(())
            }
        }
    }

    fn purge_step(&mut self, connection: &Connection) -> Result<(), Failure> {
        let Some(group) = self.purges.front().copied() else { return Ok(()) };
        let is_done = transact(connection, None, |connection| {
            let step = || {
                let count = connection
                    .prepare_cached(
                        "DELETE FROM events WHERE group_id = ?1 AND seq <
                         (SELECT min(seq) FROM events WHERE group_id = ?1) + ?2",
                    )?
                    .execute((group, signed(limits::PURGE_EVENTS)))?;
                if count == 0 {
                    connection.execute("DELETE FROM purges WHERE group_id = ?1", [group])?;
                }
                Ok(count == 0)
            };
            step().map_err(problem::sqlite("taking away events of a deleted group"))
        })?;
        if is_done {
            self.purges.pop_front();
        }
        self.note_written(usize::try_from(limits::PURGE_EVENTS).unwrap_or(ROWS_UNSEEN_MAX));
        Ok(())
    }

    fn checkpoint(&mut self, connection: &Connection, is_busy: bool) -> Result<(), LogError> {
        let doing = problem::sqlite("checkpointing");
        let wal = run(connection, "PRAGMA wal_checkpoint(NOOP)").map_err(&doing)?;
        let pages_open = wal.pages - wal.pages_done;
        if is_busy && pages_open < limits::WAL_PAGES_BUSY && wal.pages < self.restart_at {
            // Still to be done at the next pause.
            self.rows_unseen =
                if pages_open < limits::WAL_PAGES_IDLE { 0 } else { ROWS_UNSEEN_MAX };
            self.commits_unseen = 0;
            return Ok(());
        }
        (self.rows_unseen, self.commits_unseen) = (0, 0);
        if pages_open >= limits::WAL_PAGES_IDLE {
            run(connection, "PRAGMA wal_checkpoint(PASSIVE)").map_err(&doing)?;
        }
        if wal.pages >= self.restart_at {
            // Under constant reading the WAL never starts anew unless readers are waited for.
            connection.busy_timeout(limits::LOG_READERS_WAIT_MAX).map_err(&doing)?;
            let outcome = run(connection, "PRAGMA wal_checkpoint(RESTART)");
            connection.busy_timeout(limits::LOG_BUSY_MAX).map_err(&doing)?;
            if outcome.map_err(&doing)?.is_busy {
                tracing::warn!(pages = wal.pages, "a long reader lets the write-ahead log grow");
                let pages_over = (wal.pages - limits::WAL_PAGES_MAX).max(RETRY_PAGES_MIN);
                self.restart_at = wal.pages + pages_over.min(limits::WAL_PAGES_BUSY);
                return Ok(());
            }
        }
        if wal.pages < limits::WAL_PAGES_MAX {
            self.restart_at = limits::WAL_PAGES_MAX;
        }
        Ok(())
    }
}

fn is_of_the_disk(error: &LogError) -> bool {
    let LogError::Sqlite { source, .. } = error else { return false };
    source.sqlite_error_code() == Some(ErrorCode::SystemIoFailure)
}

/// Moves all that is in the WAL into the database, and empties it.
pub(super) fn empty_wal(connection: &Connection) {
    if let Err(error) = run(connection, "PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::warn!(%error, "the last checkpoint is left for the next start");
    }
}

fn run(connection: &Connection, checkpoint: &str) -> rusqlite::Result<Wal> {
    connection.prepare_cached(checkpoint)?.query_row([], |row| {
        Ok(Wal { is_busy: row.get(0)?, pages: row.get(1)?, pages_done: row.get(2)? })
    })
}
