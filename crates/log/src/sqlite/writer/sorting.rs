//! Sorting: takes fresh events to where those of their group lie, some at a time between commits.
//!
//! In rounds: first every group's events that were fresh when the round began are copied, a group
//! after the other, so that a page of the table takes many of them at once; then they are taken
//! away from among the fresh. Does not know who waits for the writer.
//!
//! Nothing here is synced by itself: a commit that is lost with the power leaves the events where
//! they were before, and lost commits are the last ones only.

use conclave_core::Seq;
use rusqlite::{CachedStatement, Connection};

use crate::LogError;
use crate::sqlite::fresh::FreshRow;
use crate::sqlite::problem;
use crate::sqlite::row::{COLUMNS, signed};
use crate::sqlite::transaction::{Failure, transact};
use crate::sqlite::walk::At;

/// What is sorted, and how far it has come.
#[derive(Debug, Default)]
pub(super) struct Sorting {
    round: Option<Round>,
    /// A row is not where it was put, so nothing is taken away any more.
    is_given_up: bool,
}

/// A round. Its groups are done when all their rows up to `last_row` are copied.
#[derive(Debug)]
struct Round {
    groups: Vec<i64>,
    last_row: i64,
}

impl Sorting {
    /// Whether a round is under way.
    pub(super) const fn is_under_way(&self) -> bool {
        self.round.is_some()
    }

    /// Does a step, where there is one to be done: about `rows_max` rows. `is_due` begins a round
    /// where none is under way. Tells how many rows were written.
    pub(super) fn step(
        &mut self,
        stored: At<'_>,
        rows_max: usize,
        is_due: bool,
    ) -> Result<usize, Failure> {
        if self.round.is_none() && is_due && !self.is_given_up && stored.fresh.has_any() {
            self.round = Some(begin(stored).map_err(Failure::Refused)?);
        }
        let Some(round) = &mut self.round else { return Ok(0) };
        let outcome = unsynced(stored.connection, || round.step(stored, rows_max));
        match outcome {
            Ok(Done::Some(count)) => Ok(count),
            Ok(Done::All) => {
                self.round = None;
                stored.fresh.note_copies_gone();
                Ok(0)
            }
            Err(failure) => {
                // Another round begins when it is due again.
                self.round = None;
                self.is_given_up = matches!(failure, Failure::Refused(LogError::Damaged(_)));
                Err(failure)
            }
        }
    }
}

fn begin(stored: At<'_>) -> Result<Round, LogError> {
    let last_row = stored
        .connection
        .prepare_cached("SELECT max(id) FROM fresh")
        .and_then(|mut statement| statement.query_row([], |row| row.get::<_, Option<i64>>(0)))
        .map_err(problem::sqlite("finding the newest events"))?;
    Ok(Round { groups: stored.fresh.groups(), last_row: last_row.unwrap_or_default() })
}

/// How a step ended.
enum Done {
    Some(usize),
    All,
}

impl Round {
    fn step(&mut self, stored: At<'_>, rows_max: usize) -> Result<Done, Failure> {
        if self.groups.is_empty() {
            return self.take_away(stored.connection, rows_max);
        }
        let mut copied: Vec<(i64, Seq)> = Vec::new();
        let mut count = 0;
        transact(stored.connection, None, |connection| {
            let mut copy = Copy::new(connection)?;
            while count < rows_max
                && let Some(group) = self.groups.last()
            {
                let rows = stored.fresh.from(*group, next_of(&copied, *group), rows_max - count);
                let due = rows.partition_point(|row| row.row <= self.last_row);
                let rows = rows.get(..due).unwrap_or_default();
                for run in rows.chunk_by(|row, next| row.row + 1 == next.row) {
                    copy.run(run)?;
                }
                count += rows.len();
                match rows.last() {
                    Some(row) => copied.push((*group, row.seq)),
                    None => drop(self.groups.pop()),
                }
            }
            Ok(())
        })?;
        for (group, seq) in copied {
            stored.fresh.take_out(group, seq);
        }
        Ok(Done::Some(count))
    }

    /// Takes away rows that are copied.
    fn take_away(&self, connection: &Connection, rows_max: usize) -> Result<Done, Failure> {
        let count = transact(connection, None, |connection| {
            let take_away = || {
                let first: Option<i64> = connection
                    .prepare_cached("SELECT min(id) FROM fresh")?
                    .query_row([], |row| row.get(0))?;
                let Some(first) = first else { return Ok(0) };
                let last = first.saturating_add(signed(rows_max as u64)).min(self.last_row);
                connection.prepare_cached("DELETE FROM fresh WHERE id <= ?1")?.execute([last])
            };
            take_away().map_err(problem::sqlite("taking sorted events away"))
        })?;
        Ok(if count == 0 { Done::All } else { Done::Some(count) })
    }
}

/// The first event of a group that a step has not copied yet.
fn next_of(copied: &[(i64, Seq)], group: i64) -> Seq {
    match copied.last() {
        Some((last, seq)) if *last == group => seq.next(),
        _ => Seq::ZERO,
    }
}

/// Copies rows.
pub(super) struct Copy<'connection> {
    connection: &'connection Connection,
    statement: CachedStatement<'connection>,
}

impl<'connection> Copy<'connection> {
    pub(super) fn new(connection: &'connection Connection) -> Result<Self, LogError> {
        // What is there already is ignored, for that costs no journal of the statement's own.
        let sql = format!(
            "INSERT OR IGNORE INTO events (group_id, {COLUMNS})
             SELECT group_id, {COLUMNS} FROM fresh WHERE id BETWEEN ?1 AND ?2"
        );
        let statement = connection.prepare_cached(&sql).map_err(problem::sqlite(SORTING))?;
        Ok(Self { connection, statement })
    }

    /// Copies rows that lie one after the other.
    pub(super) fn run(&mut self, rows: &[FreshRow]) -> Result<(), LogError> {
        let [FreshRow { row: first, .. }, ..] = rows else { return Ok(()) };
        let last = rows.last().map_or(*first, |row| row.row);
        let count = self.statement.execute([*first, last]).map_err(problem::sqlite(SORTING))?;
        if count == rows.len() {
            return Ok(());
        }
        // Copied before a crash, or not what they are taken for.
        let there: i64 = self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM fresh JOIN events USING (group_id, seq, chain)
                 WHERE fresh.id BETWEEN ?1 AND ?2",
            )
            .and_then(|mut statement| statement.query_row([*first, last], |row| row.get(0)))
            .map_err(problem::sqlite(SORTING))?;
        if usize::try_from(there) == Ok(rows.len()) {
            Ok(())
        } else {
            let problem = format!("fresh rows {first} to {last} are not where they were put");
            Err(LogError::Damaged(problem))
        }
    }
}

const SORTING: &str = "sorting events";

/// Does work whose commits are not waited for.
fn unsynced<T>(
    connection: &Connection,
    work: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let doing = problem::sqlite("setting how commits are synced");
    connection
        .pragma_update(None, "synchronous", "normal")
        .map_err(&doing)
        .map_err(Failure::Refused)?;
    let outcome = work();
    // Without it what is told would not be durable.
    connection
        .pragma_update(None, "synchronous", "full")
        .map_err(&doing)
        .map_err(Failure::Doubtful)?;
    outcome
}
