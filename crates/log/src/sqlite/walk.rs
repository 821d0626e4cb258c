//! Walk: events of one group in order, each held to the chain of the one before.
//!
//! Does not know pages or transactions: the caller holds one over each step in which the group
//! was found. Invariant: an event that does not fit is never given, so wrong text is never served.

use conclave_core::{Event, GroupId, Seq, Timestamp};
use rusqlite::{Connection, OptionalExtension as _};

use super::problem;
use super::row::{self, COLUMNS, Chain, Names, signed};
use crate::{GroupOptions, LogError};

/// A group's row.
#[derive(Debug)]
pub(super) struct GroupRow {
    pub(super) id: i64,
    pub(super) number: GroupId,
    pub(super) created_at: Timestamp,
    pub(super) password_hash: Box<str>,
    pub(super) options: GroupOptions,
}

impl GroupRow {
    /// Finds the group of that number.
    pub(super) fn find(connection: &Connection, number: GroupId) -> Result<Option<Self>, LogError> {
        connection
            .prepare_cached(
                "SELECT id, created_at, password_hash, is_closed, is_deleted_when_empty
                 FROM groups WHERE number = ?1",
            )
            .and_then(|mut statement| {
                statement
                    .query_row([signed(number.get())], |row| {
                        Ok(Self {
                            id: row.get(0)?,
                            number,
                            created_at: Timestamp::from_ms(row.get(1)?),
                            password_hash: row.get(2)?,
                            options: GroupOptions {
                                is_closed: row.get(3)?,
                                is_deleted_when_empty: row.get(4)?,
                            },
                        })
                    })
                    .optional()
            })
            .map_err(problem::sqlite("finding a group"))
    }

    /// Whether it is still there.
    pub(super) fn is_there(&self, connection: &Connection) -> Result<bool, LogError> {
        connection
            .prepare_cached("SELECT 1 FROM groups WHERE id = ?1")
            .and_then(|mut statement| statement.exists([self.id]))
            .map_err(problem::sqlite("finding a group"))
    }
}

/// A place in a group's events.
#[derive(Debug)]
pub(super) struct Walk {
    group: GroupId,
    id: i64,
    next: Seq,
    /// Chain before the next event; unknown where the walk began in the middle.
    before: Option<Chain>,
    names: Names,
}

impl Walk {
    /// A walk from the first event on.
    pub(super) fn from_start(group: &GroupRow) -> Self {
        let before = Some(row::first_chain(group.number, group.created_at));
        Self { group: group.number, id: group.id, next: Seq(1), before, names: Names::default() }
    }

    /// A walk from the event `seq` on, which is taken as it is.
    pub(super) fn from_event(group: &GroupRow, seq: Seq) -> Self {
        let names = Names::default();
        Self { group: group.number, id: group.id, next: seq, before: None, names }
    }

    /// Takes steps, as many as there are events, while `take` says to go on and at most
    /// `events_max`. Says whether there may be more.
    pub(super) fn step(
        &mut self,
        connection: &Connection,
        events_max: usize,
        mut take: impl FnMut(Event, &Chain) -> bool,
    ) -> Result<bool, LogError> {
        let doing = problem::sqlite("reading events");
        let sql = format!(
            "SELECT {COLUMNS} FROM events WHERE group_id = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3"
        );
        let mut statement = connection.prepare_cached(&sql).map_err(&doing)?;
        let limit = signed(events_max as u64);
        let mut rows = statement.query((self.id, signed(self.next.0), limit)).map_err(&doing)?;
        let mut taken = 0;
        while let Some(row) = rows.next().map_err(&doing)? {
            let (event, chain) = self.names.event(self.group, row)?;
            if event.seq != self.next {
                return Err(self.damaged(self.next, "is missing"));
            }
            if self.before.is_some_and(|before| row::chain(&before, &event) != chain) {
                return Err(self.damaged(event.seq, "does not fit the one before"));
            }
            self.before = Some(chain);
            self.next = event.seq.next();
            taken += 1;
            if !take(event, &chain) {
                return Ok(true);
            }
        }
        Ok(taken == events_max)
    }

    fn damaged(&self, seq: Seq, problem: &str) -> LogError {
        LogError::Damaged(format!("group {}, event {seq}: {problem}", self.group))
    }
}
