//! Walk: events of one group in order, each held to the chain of the one before.
//!
//! Does not know pages. Each step reads at one moment of its own. Invariants: an event that does
//! not fit is never given, so wrong text is never served; no read transaction is held for longer
//! than a step, since the write-ahead log cannot start anew under it.

use conclave_core::{Alias, Event, Founding, GroupId, PasswordHash, Seq, Timestamp};
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Row, Transaction};

use super::fresh::{Fresh, FreshRow};
use super::problem;
use super::row::{self, COLUMNS, Chain, Names, signed};
use crate::{GroupOptions, LogError};

/// A group's row.
#[derive(Debug)]
pub(super) struct GroupRow {
    pub(super) id: i64,
    pub(super) number: GroupId,
    pub(super) created_at: Timestamp,
    pub(super) founding: Founding,
    pub(super) options: GroupOptions,
}

impl GroupRow {
    /// Finds the group of that number.
    pub(super) fn find(connection: &Connection, number: GroupId) -> Result<Option<Self>, LogError> {
        connection
            .prepare_cached(
                "SELECT id, created_at, password_hash, is_closed, is_deleted_when_empty, alias
                 FROM groups WHERE number = ?1",
            )
            .and_then(|mut statement| {
                statement
                    .query_row([signed(number.get())], |row| {
                        Ok(Self {
                            id: row.get(0)?,
                            number,
                            created_at: Timestamp::from_ms(row.get(1)?),
                            founding: founding(row)?,
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
}

/// What is read, and where the newest of it lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct At<'log> {
    pub(super) connection: &'log Connection,
    pub(super) fresh: &'log Fresh,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// There may be more.
    More,
    /// There was no more at that moment.
    End,
    /// The group is not there any more, and nothing was taken.
    Gone,
}

/// What is read within it is of one moment. Ends when it is dropped.
fn moment(connection: &Connection) -> Result<Transaction<'_>, LogError> {
    connection.unchecked_transaction().map_err(problem::sqlite("beginning to read"))
}

/// Reads events that lie among the fresh.
pub(super) struct FreshReader<'connection>(CachedStatement<'connection>);

impl<'connection> FreshReader<'connection> {
    pub(super) fn new(connection: &'connection Connection) -> Result<Self, LogError> {
        let sql =
            format!("SELECT {COLUMNS} FROM fresh WHERE id = ?1 AND group_id = ?2 AND seq = ?3");
        connection.prepare_cached(&sql).map(Self).map_err(problem::sqlite(READING_FRESH))
    }

    /// The event of that row; nothing where it is not there.
    pub(super) fn read(
        &mut self,
        names: &mut Names,
        (id, number): (i64, GroupId),
        FreshRow { seq, row }: FreshRow,
    ) -> Result<Option<(Event, Chain)>, LogError> {
        let doing = problem::sqlite(READING_FRESH);
        let mut rows = self.0.query((row, id, signed(seq.0))).map_err(&doing)?;
        let Some(row) = rows.next().map_err(&doing)? else { return Ok(None) };
        names.event(number, row).map(Some)
    }
}

const READING_FRESH: &str = "reading the newest events";

/// What a group was made with: an empty hash is none.
fn founding(row: &Row<'_>) -> rusqlite::Result<Founding> {
    let hash = row.get_ref(2)?.as_str()?;
    let alias = row.get_ref(5)?.as_str_or_null()?;
    Ok(Founding {
        alias: alias.and_then(Alias::parse),
        password: (!hash.is_empty()).then(|| PasswordHash::from_phc(hash)),
    })
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
    /// `events_max`.
    pub(super) fn step(
        &mut self,
        stored: At<'_>,
        events_max: usize,
        mut take: impl FnMut(Event, &Chain) -> bool,
    ) -> Result<Step, LogError> {
        // Before the moment: what is sorted in meanwhile is found among the sorted.
        let fresh = stored.fresh.from(self.id, self.next, events_max);
        let _moment = moment(stored.connection)?;
        if !self.is_there(stored.connection)? {
            return Ok(Step::Gone);
        }
        let mut taken = 0;
        let mut take = |walk: &mut Self, found: (Event, Chain)| {
            let event = walk.hold(found)?;
            taken += 1;
            Ok(take(event.0, &event.1) && taken < events_max)
        };
        let goes_on = self.take_sorted(stored.connection, &mut take)?
            && self.take_fresh(stored.connection, &fresh, &mut take)?;
        Ok(if goes_on { Step::End } else { Step::More })
    }

    /// Takes what is sorted. Whether to go on.
    fn take_sorted(
        &mut self,
        connection: &Connection,
        take: &mut impl FnMut(&mut Self, (Event, Chain)) -> Result<bool, LogError>,
    ) -> Result<bool, LogError> {
        let doing = problem::sqlite("reading events");
        // Without a limit, of which SQLite would make another plan each time.
        let sql =
            format!("SELECT {COLUMNS} FROM events WHERE group_id = ?1 AND seq >= ?2 ORDER BY seq");
        let mut statement = connection.prepare_cached(&sql).map_err(&doing)?;
        let mut rows = statement.query((self.id, signed(self.next.0))).map_err(&doing)?;
        while let Some(row) = rows.next().map_err(&doing)? {
            let found = self.names.event(self.group, row)?;
            if !take(self, found)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes what follows among the fresh. Whether there may be more.
    fn take_fresh(
        &mut self,
        connection: &Connection,
        fresh: &[FreshRow],
        take: &mut impl FnMut(&mut Self, (Event, Chain)) -> Result<bool, LogError>,
    ) -> Result<bool, LogError> {
        let mut reader = None;
        for row in fresh {
            if row.seq < self.next {
                continue;
            }
            let reader = match &mut reader {
                Some(reader) => reader,
                none => none.insert(FreshReader::new(connection)?),
            };
            let found = reader.read(&mut self.names, (self.id, self.group), *row)?;
            let found = found.ok_or_else(|| self.damaged(self.next, "is missing"))?;
            if !take(self, found)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Holds what was found to what comes next.
    fn hold(&mut self, (event, chain): (Event, Chain)) -> Result<(Event, Chain), LogError> {
        if event.seq != self.next {
            return Err(self.damaged(self.next, "is missing"));
        }
        if self.before.is_some_and(|before| row::chain(&before, &event) != chain) {
            return Err(self.damaged(event.seq, "does not fit the one before"));
        }
        self.before = Some(chain);
        self.next = event.seq.next();
        Ok((event, chain))
    }

    /// Whether the group is still there.
    fn is_there(&self, connection: &Connection) -> Result<bool, LogError> {
        connection
            .prepare_cached("SELECT 1 FROM groups WHERE id = ?1")
            .and_then(|mut statement| statement.exists([self.id]))
            .map_err(problem::sqlite("finding a group"))
    }

    fn damaged(&self, seq: Seq, problem: &str) -> LogError {
        LogError::Damaged(format!("group {}, event {seq}: {problem}", self.group))
    }
}
