//! Upkeep: what the writer does between commits: checkpoints, sorting fresh events, and taking
//! away those of deleted groups.
//!
//! Does not know appends. Nothing here holds up a commit for longer than one step. What there is
//! no room for is tried again later; an error of the disk ends the log, as it does in a commit.

use std::collections::VecDeque;

use conclave_core::limits;
use rusqlite::{Connection, ErrorCode};

use super::Doubt;
use super::sorting::Sorting;
use crate::LogError;
use crate::sqlite::problem;
use crate::sqlite::row::signed;
use crate::sqlite::transaction::{Failure, transact};
use crate::sqlite::walk::At;

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
    /// Deleted groups whose events are still there.
    purges: VecDeque<Purge>,
    sorting: Sorting,
    /// Fresh events at which sorting is due: more than the limit after it failed.
    sort_at: usize,
    /// Rows written since the last step of sorting.
    rows_unsorted: usize,
    rows_unseen: usize,
    commits_unseen: usize,
    /// Pages at which the WAL is made to start anew: more than the limit after readers did not let
    /// it, so that a long reader (a backup) does not hold up every commit.
    restart_at: i64,
}

/// A deleted group, and which of its events lie among the fresh.
#[derive(Debug)]
struct Purge {
    id: i64,
    fresh_rows: Vec<i64>,
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
    pub(super) fn new(stored: At<'_>) -> Result<Self, LogError> {
        let doing = problem::sqlite("finding deleted groups");
        let mut statement =
            stored.connection.prepare("SELECT group_id FROM purges").map_err(&doing)?;
        let ids: Vec<i64> = statement
            .query_map([], |row| row.get(0))
            .and_then(Iterator::collect)
            .map_err(&doing)?;
        let mut upkeep = Self {
            purges: VecDeque::new(),
            sorting: Sorting::default(),
            sort_at: limits::FRESH_EVENTS,
            rows_unsorted: 0,
            rows_unseen: 0,
            commits_unseen: 0,
            restart_at: limits::WAL_PAGES_MAX,
        };
        for id in ids {
            upkeep.purge(stored, id);
        }
        Ok(upkeep)
    }

    /// Has the events of a deleted group taken away, in steps.
    pub(super) fn purge(&mut self, stored: At<'_>, id: i64) {
        self.purges.push_back(Purge { id, fresh_rows: stored.fresh.take_all(id) });
    }

    /// Whether there is a next step to be done before anything else happens.
    pub(super) fn is_under_way(&self) -> bool {
        !self.purges.is_empty() || self.sorting.is_under_way()
    }

    /// Notes that a commit has written rows.
    pub(super) const fn note_written(&mut self, rows: usize) {
        self.rows_unseen += rows;
        self.rows_unsorted += rows;
        self.commits_unseen += 1;
    }

    /// Does a step of what there is to do.
    pub(super) fn keep_up(&mut self, stored: At<'_>, is_busy: bool) -> Result<(), Doubt> {
        match self.purge_step(stored.connection) {
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
        self.sort_step(stored)?;
        if self.rows_unseen < ROWS_UNSEEN_MAX && self.commits_unseen < COMMITS_UNSEEN_MAX {
            return Ok(());
        }
        match self.checkpoint(stored.connection, is_busy) {
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

    /// Sorts some of the fresh events, where there are many.
    fn sort_step(&mut self, stored: At<'_>) -> Result<(), Doubt> {
        let count = stored.fresh.count();
        // More than come in meanwhile.
        let rows_max = limits::SORT_EVENTS.max(self.rows_unsorted * 2);
        self.rows_unsorted = 0;
        match self.sorting.step(stored, rows_max, count >= self.sort_at) {
            Ok(rows) => {
                self.sort_at = limits::FRESH_EVENTS;
                self.rows_unseen += rows;
                Ok(())
            }
            Err(Failure::Refused(error)) => {
                tracing::warn!(%error, "the newest events are sorted later");
                self.sort_at = count + limits::FRESH_EVENTS;
                Ok(())
            }
            Err(Failure::Doubtful(error)) => {
                tracing::error!(%error, "events could not be sorted: the log ends");
                Err(Doubt)
            }
        }
    }

    /// Sorts all that is fresh, so that whoever looks at a log at rest finds it in order. Where that
    /// cannot be it is left for the next start.
    pub(super) fn sort_all(&mut self, stored: At<'_>) {
        // A round that is under way, and one of what has come in since it began.
        for _round in 0..2 {
            self.sort_at = 0;
            loop {
                let is_done = self.sort_step(stored).is_err() || !self.sorting.is_under_way();
                if is_done {
                    break;
                }
            }
        }
    }

    fn purge_step(&mut self, connection: &Connection) -> Result<(), Failure> {
        let Some(Purge { id, fresh_rows }) = self.purges.front_mut() else { return Ok(()) };
        let step_max = usize::try_from(limits::PURGE_EVENTS).unwrap_or(ROWS_UNSEEN_MAX);
        let kept = fresh_rows.len().saturating_sub(step_max);
        let gone = fresh_rows.split_off(kept);
        let is_done = transact(connection, None, |connection| {
            take_away(connection, *id, &gone)
                .map_err(problem::sqlite("taking away events of a deleted group"))
        })?;
        if is_done {
            self.purges.pop_front();
        }
        self.rows_unseen += step_max;
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

/// Takes away fresh events of a group, or else a step of the sorted ones. Whether that was all.
fn take_away(connection: &Connection, id: i64, fresh_rows: &[i64]) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached("DELETE FROM fresh WHERE id = ?1")?;
    for row in fresh_rows {
        statement.execute([row])?;
    }
    if !fresh_rows.is_empty() {
        return Ok(false);
    }
    let count = connection
        .prepare_cached(
            "DELETE FROM events WHERE group_id = ?1 AND seq <
             (SELECT min(seq) FROM events WHERE group_id = ?1) + ?2",
        )?
        .execute((id, signed(limits::PURGE_EVENTS)))?;
    if count == 0 {
        connection.execute("DELETE FROM purges WHERE group_id = ?1", [id])?;
    }
    Ok(count == 0)
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
