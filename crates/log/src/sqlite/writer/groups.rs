//! Groups as the writer finds, makes and changes them.
//!
//! Does not know the queue. Each change is a transaction of its own, so that one that fails harms
//! no other.

use conclave_core::{Alias, Event, Founding, GroupId, PasswordHash, Seq, Timestamp};
use rusqlite::{Connection, OptionalExtension as _};

use super::WrittenSnapshot;
use crate::sqlite::fresh::FreshRow;
use crate::sqlite::row::{self, COLUMNS, Chain, Names, signed};
use crate::sqlite::transaction::{Failure, transact};
use crate::sqlite::walk::{At, FreshReader};
use crate::sqlite::{directs, problem};
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
pub(super) fn find(stored: At<'_>, group: GroupId) -> Result<Option<Place>, LogError> {
    let connection = stored.connection;
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
    let mut newest_two = newest_two(stored, (id, group))?.into_iter();
    let newest = newest_two.next();
    let before = newest_two.next().map_or_else(
        || (Seq::ZERO, row::first_chain(group, created_at)),
        |(event, chain)| (event.seq, chain),
    );
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

/// The two newest events of a group, newest first.
fn newest_two(
    stored: At<'_>,
    (id, number): (i64, GroupId),
) -> Result<Vec<(Event, Chain)>, LogError> {
    let doing = problem::sqlite("finding a group");
    let mut names = Names::default();
    let mut found = Vec::new();
    let mut fresh = FreshReader::new(stored.connection)?;
    for row in stored.fresh.newest(id, 2) {
        found.extend(fresh.read(&mut names, (id, number), row)?);
    }
    let oldest: Option<&(Event, Chain)> = found.last();
    let before = oldest.map_or(i64::MAX, |(event, _)| signed(event.seq.0));
    let sql =
        format!("SELECT {COLUMNS} FROM events WHERE group_id = ?1 AND seq < ?2 ORDER BY seq DESC");
    let mut statement = stored.connection.prepare_cached(&sql).map_err(&doing)?;
    let mut rows = statement.query((id, before)).map_err(&doing)?;
    while found.len() < 2
        && let Some(row) = rows.next().map_err(&doing)?
    {
        found.push(names.event(number, row)?);
    }
    Ok(found)
}

/// Makes a group; `false` where the number or the alias is taken.
pub(super) fn create(
    connection: &Connection,
    group: &NewGroup,
    now: Timestamp,
) -> Result<bool, Failure> {
    transact(connection, None, |connection| {
        connection
            .prepare_cached(
                "INSERT INTO groups (number, password_hash, created_at, alias)
                 VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            )
            .and_then(|mut statement| {
                let Founding { alias, password } = &group.founding;
                let hash = password.as_ref().map_or("", PasswordHash::as_phc);
                let alias = alias.as_ref().map(Alias::as_str);
                statement.execute((signed(group.id.get()), hash, now.ms(), alias))
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

/// Deletes a group and the direct conversations that live in it: their numbers are free at once,
/// their events are left for the upkeep to purge by the ids given. None where there is no such
/// group.
pub(super) fn delete(
    connection: &Connection,
    group: GroupId,
) -> Result<Vec<(i64, GroupId)>, Failure> {
    transact(connection, None, |connection| {
        let mut gone = Vec::new();
        let mut delete = || {
            let Some(id) = delete_one(connection, group)? else { return Ok(()) };
            gone.push((id, group));
            for direct in directs::of_home(connection, id)? {
                gone.extend(delete_one(connection, direct)?.map(|id| (id, direct)));
            }
            Ok(())
        };
        delete().map_err(problem::sqlite("deleting a group"))?;
        Ok(gone)
    })
}

fn delete_one(connection: &Connection, group: GroupId) -> rusqlite::Result<Option<i64>> {
    let id = connection
        .prepare_cached("DELETE FROM groups WHERE number = ?1 RETURNING id")?
        .query_row([signed(group.get())], |row| row.get::<_, i64>(0))
        .optional()?;
    if let Some(id) = id {
        connection.execute("DELETE FROM snapshots WHERE group_id = ?1", [id])?;
        connection.execute("INSERT INTO purges VALUES (?1)", [id])?;
        if group.is_direct() {
            connection.execute("DELETE FROM directs WHERE group_id = ?1", [id])?;
        }
    }
    Ok(id)
}

/// Writes snapshots, within the transaction that is open. One of a group that is gone, or of
/// events that are not there, is left out.
pub(super) fn write_snapshots(
    stored: At<'_>,
    snapshots: &[(GroupId, WrittenSnapshot)],
) -> Result<(), LogError> {
    let doing = problem::sqlite("writing a snapshot");
    for (group, WrittenSnapshot { head, state }) in snapshots {
        let Some(id) = id_of(stored.connection, *group).map_err(&doing)? else { continue };
        let Some(chain) = chain_at(stored, id, *head).map_err(&doing)? else { continue };
        stored
            .connection
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

fn id_of(connection: &Connection, group: GroupId) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM groups WHERE number = ?1")?
        .query_row([signed(group.get())], |row| row.get(0))
        .optional()
}

/// The chain at an event; nothing where that is not there.
fn chain_at(stored: At<'_>, id: i64, seq: Seq) -> rusqlite::Result<Option<Chain>> {
    match *stored.fresh.from(id, seq, 1) {
        [FreshRow { seq: found, row }] if found == seq => stored
            .connection
            .prepare_cached("SELECT chain FROM fresh WHERE id = ?1")?
            .query_row([row], |row| row.get(0))
            .optional(),
        _ => stored
            .connection
            .prepare_cached("SELECT chain FROM events WHERE group_id = ?1 AND seq = ?2")?
            .query_row((id, signed(seq.0)), |row| row.get(0))
            .optional(),
    }
}
