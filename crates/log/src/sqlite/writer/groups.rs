//! Groups as the writer finds, makes and changes them.
//!
//! Does not know the queue. Each change is a transaction of its own, so that one that fails harms
//! no other.

use conclave_core::{GroupId, Seq, Timestamp};
use rusqlite::{Connection, OptionalExtension as _};

use super::WrittenSnapshot;
use crate::sqlite::problem;
use crate::sqlite::row::{self, COLUMNS, Chain, Names, signed};
use crate::sqlite::transaction::{Failure, transact};
use crate::{GroupOptions, LogError, NewGroup};

/// Where a group stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) id: i64,
    pub(super) head: Seq,
    pub(super) last_at: Timestamp,
    pub(super) chain: Chain,
}

/// Finds where a group stands. Its newest event must fit the one before it.
pub(super) fn find(connection: &Connection, group: GroupId) -> Result<Option<Place>, LogError> {
    let doing = problem::sqlite("finding a group");
    let found = connection
        .prepare_cached("SELECT id, created_at FROM groups WHERE number = ?1")
        .and_then(|mut statement| {
            statement
                .query_row([signed(group.get())], |row| {
                    Ok((row.get::<_, i64>(0)?, Timestamp::from_ms(row.get(1)?)))
                })
                .optional()
        })
        .map_err(&doing)?;
    let Some((id, created_at)) = found else { return Ok(None) };
    let sql = format!("SELECT {COLUMNS} FROM events WHERE group_id = ?1 ORDER BY seq DESC LIMIT 2");
    let mut statement = connection.prepare_cached(&sql).map_err(&doing)?;
    let mut rows = statement.query([id]).map_err(&doing)?;
    let mut names = Names::default();
    let mut newest = None;
    let mut before = (Seq::ZERO, row::first_chain(group, created_at));
    while let Some(row) = rows.next().map_err(&doing)? {
        let (event, chain) = names.event(group, row)?;
        if newest.is_none() {
            newest = Some((event, chain));
        } else {
            before = (event.seq, chain);
        }
    }
    let Some((event, chain)) = newest else {
        let (head, chain) = before;
        return Ok(Some(Place { id, head, last_at: Timestamp::default(), chain }));
    };
    if event.seq != before.0.next() || chain != row::chain(&before.1, &event) {
        let problem = format!("group {group}, event {}: does not fit the one before", event.seq);
        return Err(LogError::Damaged(problem));
    }
    Ok(Some(Place { id, head: event.seq, last_at: event.at, chain }))
}

/// Makes a group; `false` where the number is taken.
pub(super) fn create(
    connection: &Connection,
    group: &NewGroup,
    now: Timestamp,
) -> Result<bool, Failure> {
    transact(connection, None, |connection| {
        connection
            .prepare_cached(
                "INSERT INTO groups (number, password_hash, created_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (number) DO NOTHING",
            )
            .and_then(|mut statement| {
                statement.execute((signed(group.id.get()), &*group.password_hash, now.ms()))
            })
            .map(|count| count > 0)
            .map_err(problem::sqlite("making a group"))
    })
}

/// Changes what holds for a group; `false` where there is none of that number.
pub(super) fn set_options(
    connection: &Connection,
    group: GroupId,
    options: GroupOptions,
) -> Result<bool, Failure> {
    transact(connection, None, |connection| {
        let GroupOptions { is_closed, is_deleted_when_empty } = options;
        connection
            .prepare_cached(
                "UPDATE groups SET is_closed = ?2, is_deleted_when_empty = ?3 WHERE number = ?1",
            )
            .and_then(|mut statement| {
                statement.execute((signed(group.get()), is_closed, is_deleted_when_empty))
            })
            .map(|count| count > 0)
            .map_err(problem::sqlite("changing a group"))
    })
}

/// Deletes a group: its number is free at once, its events are left for the upkeep to purge by
/// the id given.
pub(super) fn delete(connection: &Connection, group: GroupId) -> Result<Option<i64>, Failure> {
    transact(connection, None, |connection| {
        let delete = || {
            let id = connection
                .prepare_cached("DELETE FROM groups WHERE number = ?1 RETURNING id")?
                .query_row([signed(group.get())], |row| row.get::<_, i64>(0))
                .optional()?;
            if let Some(id) = id {
                connection.execute("DELETE FROM snapshots WHERE group_id = ?1", [id])?;
                connection.execute("INSERT INTO purges VALUES (?1)", [id])?;
            }
            Ok(id)
        };
        delete().map_err(problem::sqlite("deleting a group"))
    })
}

/// Writes snapshots, within the transaction that is open. One of a group that is gone, or of
/// events that are not there, is left out.
pub(super) fn write_snapshots(
    connection: &Connection,
    snapshots: &[(GroupId, WrittenSnapshot)],
) -> Result<(), LogError> {
    let doing = problem::sqlite("writing a snapshot");
    for (group, WrittenSnapshot { head, state }) in snapshots {
        let found = connection
            .prepare_cached(
                "SELECT id, chain FROM groups JOIN events ON group_id = id AND seq = ?2
                 WHERE number = ?1",
            )
            .and_then(|mut statement| {
                statement
                    .query_row((signed(group.get()), signed(head.0)), |row| {
                        Ok((row.get::<_, i64>(0)?, row.get::<_, Chain>(1)?))
                    })
                    .optional()
            })
            .map_err(&doing)?;
        let Some((id, chain)) = found else { continue };
        connection
            .prepare_cached(
                "INSERT INTO snapshots (group_id, head, state, sum) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (group_id) DO UPDATE
                 SET head = excluded.head, state = excluded.state, sum = excluded.sum
                 WHERE excluded.head > snapshots.head",
            )
            .and_then(|mut statement| {
                let sum = row::snapshot_sum(&chain, state);
                statement.execute((id, signed(head.0), state, sum.as_slice()))
            })
            .map_err(&doing)?;
    }
    Ok(())
}
