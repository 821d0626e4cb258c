//! Fresh: where the newest events lie until they are sorted in among those of their group.
//!
//! A commit writes its events one after the other into the table `fresh`, whatever group they are
//! of: a page or two, and not one for each group. (What one group says much of goes to `events` at
//! once.) Which row is whose is known here only, in memory, and found again at the start; the writer
//! sorts them into `events` later. Does not know who reads or writes.
//!
//! Invariants: a row is noted after it was committed and before it is told, and is taken out after
//! it was committed to `events`. So whoever asks here *before* its moment of reading begins finds
//! every event in `events` or by its row, and each that was told.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use conclave_core::Seq;
use rusqlite::Connection;

use super::problem;
use crate::LogError;

/// Which rows of `fresh` are whose.
#[derive(Debug, Default)]
pub(super) struct Fresh(Mutex<Rows>);

#[derive(Debug, Default)]
struct Rows {
    /// By the group's id; rising in both.
    groups: HashMap<i64, VecDeque<FreshRow>>,
    count: usize,
    /// A former process has left rows that it had copied to `events`.
    has_copies: bool,
}

/// A row of `fresh`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FreshRow {
    /// The event that lies in it.
    pub(super) seq: Seq,
    /// Its number: rises with each commit.
    pub(super) row: i64,
}

impl Fresh {
    /// Finds the rows that a former process left, without those of which there is a copy in
    /// `events`: later events of the group may lie there already.
    pub(super) fn find(connection: &Connection) -> Result<Self, LogError> {
        let fresh = Self::default();
        let doing = problem::sqlite("finding the newest events");
        let sql = "SELECT group_id, seq, id, EXISTS (
                       SELECT 1 FROM events
                       WHERE events.group_id = fresh.group_id AND events.seq = fresh.seq)
                   FROM fresh ORDER BY id";
        let mut statement = connection.prepare(sql).map_err(&doing)?;
        let mut rows = statement.query([]).map_err(&doing)?;
        while let Some(row) = rows.next().map_err(&doing)? {
            let read = || Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get(2)?, row.get(3)?));
            let (group, seq, row, is_copied) = read().map_err(&doing)?;
            if is_copied {
                fresh.lock().has_copies = true;
                continue;
            }
            let seq = Seq(u64::try_from(seq).unwrap_or_default());
            fresh.note([(group, FreshRow { seq, row })]);
        }
        Ok(fresh)
    }

    /// Whether the table has rows that are to be sorted or taken away.
    pub(super) fn has_any(&self) -> bool {
        let fresh = self.lock();
        fresh.count > 0 || fresh.has_copies
    }

    /// Notes that the copies of a former process are gone.
    pub(super) fn note_copies_gone(&self) {
        self.lock().has_copies = false;
    }

    /// Notes rows that were committed.
    pub(super) fn note(&self, rows: impl IntoIterator<Item = (i64, FreshRow)>) {
        let mut fresh = self.lock();
        for (group, row) in rows {
            let of_group = fresh.groups.entry(group).or_default();
            // One that does not rise is not the log's: the walk misses the one that should be.
            if of_group.back().is_none_or(|last| last.seq < row.seq) {
                of_group.push_back(row);
                fresh.count += 1;
            }
        }
    }

    /// The rows of a group from an event on, at most `count`.
    pub(super) fn from(&self, group: i64, seq: Seq, count: usize) -> Vec<FreshRow> {
        let fresh = self.lock();
        let Some(rows) = fresh.groups.get(&group) else { return Vec::new() };
        let first = rows.partition_point(|row| row.seq < seq);
        rows.iter().skip(first).take(count).copied().collect()
    }

    /// The newest rows of a group, newest first, at most `count`.
    pub(super) fn newest(&self, group: i64, count: usize) -> Vec<FreshRow> {
        let fresh = self.lock();
        let rows = fresh.groups.get(&group);
        rows.map(|rows| rows.iter().rev().take(count).copied().collect()).unwrap_or_default()
    }

    /// Takes out the rows of a group up to an event.
    pub(super) fn take_out(&self, group: i64, until: Seq) {
        let mut fresh = self.lock();
        let Some(rows) = fresh.groups.get_mut(&group) else { return };
        let gone = rows.partition_point(|row| row.seq <= until);
        rows.drain(..gone);
        if rows.is_empty() {
            fresh.groups.remove(&group);
        }
        fresh.count -= gone;
    }

    /// Takes out all rows of a group, and gives their numbers.
    pub(super) fn take_all(&self, group: i64) -> Vec<i64> {
        let mut fresh = self.lock();
        let rows = fresh.groups.remove(&group).unwrap_or_default();
        fresh.count -= rows.len();
        rows.into_iter().map(|row| row.row).collect()
    }

    /// The groups that have rows.
    pub(super) fn groups(&self) -> Vec<i64> {
        self.lock().groups.keys().copied().collect()
    }

    /// How many rows there are.
    pub(super) fn count(&self) -> usize {
        self.lock().count
    }

    fn lock(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seq: u64, row: i64) -> FreshRow {
        FreshRow { seq: Seq(seq), row }
    }

    #[test]
    fn rows_are_found_by_group_and_number_and_go_from_the_front() {
        let fresh = Fresh::default();
        fresh.note([(1, row(7, 1)), (2, row(1, 2)), (1, row(8, 3)), (1, row(9, 4))]);
        assert_eq!(fresh.from(1, Seq(1), 2), [row(7, 1), row(8, 3)]);
        assert_eq!(fresh.from(1, Seq(9), 9), [row(9, 4)]);
        assert_eq!(fresh.from(1, Seq(10), 9), []);
        assert_eq!(fresh.newest(1, 2), [row(9, 4), row(8, 3)]);
        assert_eq!(fresh.newest(3, 2), []);
        fresh.take_out(1, Seq(8));
        assert_eq!((fresh.from(1, Seq(1), 9), fresh.count()), (vec![row(9, 4)], 2));
        assert_eq!((fresh.take_all(1), fresh.count(), fresh.groups()), (vec![4], 1, vec![2]));
        fresh.take_out(2, Seq(1));
        assert_eq!((fresh.count(), fresh.groups()), (0, vec![]));
    }
}
