//! Reader: pages, loads and lists, beside the writer.
//!
//! Does not know what is under way. Those who ask are served in turn, a few at once, away from
//! the async threads; loads have a reader of their own, so that nobody who joins waits behind
//! those who scroll back.

use std::sync::{Arc, Mutex, PoisonError};

use conclave_core::{Alias, Event, GroupId, Pair, Seq, Snapshot, Timestamp, limits};
use rusqlite::{Connection, OptionalExtension as _, Row};
use tokio::sync::Semaphore;

use super::folder::Folder;
use super::fresh::{Fresh, FreshRow};
use super::row::{self, Chain, signed};
use super::walk::{At, GroupRow, Step, Walk};
use super::{directs, problem, schema, snapshot_row};
use crate::page::Page;
use crate::{GroupOptions, Listed, LogError, Stored};

/// Events that a load or a check reads in one transaction.
pub(super) const EVENTS_AT_ONCE: usize = 1_024;

/// Readers that are taken in turn.
#[derive(Debug)]
pub(super) struct Readers {
    idle: Mutex<Vec<Connection>>,
    turns: Arc<Semaphore>,
    folder: Arc<Folder>,
    fresh: Arc<Fresh>,
}

impl Readers {
    /// Opens `count` readers.
    pub(super) fn open(
        folder: &Arc<Folder>,
        fresh: &Arc<Fresh>,
        count: usize,
    ) -> Result<Arc<Self>, LogError> {
        let idle = (0..count)
            .map(|_| schema::open_reader(folder.database()))
            .collect::<Result<Vec<_>, _>>()?;
        let turns = Arc::new(Semaphore::new(count));
        let (folder, fresh) = (Arc::clone(folder), Arc::clone(fresh));
        Ok(Arc::new(Self { idle: Mutex::new(idle), turns, folder, fresh }))
    }

    /// Has a reader do some work when it is its turn. The work is finished where the future is
    /// dropped meanwhile.
    pub(super) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(At<'_>) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, LogError> {
        let turn =
            Arc::clone(&self.turns).acquire_owned().await.map_err(|_closed| LogError::Stopped)?;
        let readers = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || {
            let connection = readers.take()?;
            let outcome = work(At { connection: &connection, fresh: &readers.fresh });
            readers.give_back(connection);
            drop(turn);
            outcome
        });
        done.await.map_err(|_cancelled| LogError::Stopped)?
    }

    /// Lets nobody read any more. Who is reading finishes.
    pub(super) fn close(&self) {
        self.turns.close();
        self.lock().clear();
    }

    fn take(&self) -> Result<Connection, LogError> {
        let idle = self.lock().pop();
        // One is missing only where the work it did has panicked.
        idle.map_or_else(|| schema::open_reader(self.folder.database()), Ok)
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = self.lock();
        if !self.turns.is_closed() {
            idle.push(connection);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a page.
pub(super) fn page(stored: At<'_>, group: GroupId, from: Seq) -> Result<Vec<Event>, LogError> {
    let group = GroupRow::find(stored.connection, group)?.ok_or(LogError::NoSuchGroup)?;
    let from = from.max(Seq(1));
    // The event before the page tells whether the page follows it.
    let mut walk = match from.minus(1) {
        Seq::ZERO => Walk::from_start(&group),
        before => Walk::from_event(&group, before),
    };
    let mut page = Page::default();
    let step = walk.step(stored, limits::PAGE_EVENTS_MAX + 1, |event, _| {
        if event.seq >= from && page.has_room() {
            page.push(event);
        }
        page.has_room()
    })?;
    if step == Step::Gone { Err(LogError::NoSuchGroup) } else { Ok(page.into_events()) }
}

/// A snapshot as it lies in the table.
struct SnapshotRow {
    head: Seq,
    state: String,
    sum: Chain,
}

/// Loads a group.
pub(super) fn load(stored: At<'_>, number: GroupId) -> Result<Option<Stored>, LogError> {
    let Some(group) = GroupRow::find(stored.connection, number)? else { return Ok(None) };
    let (mut walk, snapshot) = match find_snapshot(stored, &group)? {
        Some((walk, snapshot)) => (walk, snapshot),
        None => (Walk::from_start(&group), Snapshot::default()),
    };
    let mut events = Vec::new();
    loop {
        let step = walk.step(stored, EVENTS_AT_ONCE, |event, _| {
            events.push(event);
            true
        })?;
        match step {
            Step::More => {}
            Step::Gone => return Ok(None),
            Step::End => {
                let (direct, has_directs) = directs_at(stored.connection, &group)?;
                let GroupRow { founding, options, .. } = group;
                return Ok(Some(Stored {
                    founding,
                    options,
                    snapshot,
                    events,
                    direct,
                    has_directs,
                }));
            }
        }
    }
}

/// Whose conversation a group is, and whether its members have conversations.
fn directs_at(connection: &Connection, group: &GroupRow) -> Result<(Option<Pair>, bool), LogError> {
    let found = if group.number.is_direct() {
        directs::pair_of(connection, group.id).map(|pair| (pair, false))
    } else {
        directs::has_any(connection, group.id).map(|has_any| (None, has_any))
    };
    found.map_err(problem::sqlite("finding direct conversations"))
}

/// The snapshot of a group, and the walk of the events after it. Nothing where there is none that
/// can be trusted: the events say the same.
fn find_snapshot(stored: At<'_>, group: &GroupRow) -> Result<Option<(Walk, Snapshot)>, LogError> {
    let found = snapshot_of(stored.connection, group.id)?;
    let Some(SnapshotRow { head, state, sum }) = found else { return Ok(None) };
    let mut walk = Walk::from_event(group, head);
    let mut chain = None;
    let step = walk.step(stored, 1, |_, found| {
        chain = Some(*found);
        true
    })?;
    if step == Step::Gone {
        return Ok(None);
    }
    let Some(chain) = chain else {
        let number = group.number;
        let problem = format!("group {number}, event {head}: is missing, and all after it");
        return Err(LogError::Damaged(problem));
    };
    let snapshot = snapshot_row::parse(&state)
        .filter(|snapshot| snapshot.head == head && row::snapshot_sum(&chain, &state) == sum);
    if snapshot.is_none() {
        tracing::warn!(group = %group.number, "a snapshot is damaged: all events are read");
    }
    Ok(snapshot.map(|snapshot| (walk, snapshot)))
}

fn snapshot_of(connection: &Connection, group: i64) -> Result<Option<SnapshotRow>, LogError> {
    let doing = problem::sqlite("reading a snapshot");
    let mut statement = connection
        .prepare_cached("SELECT head, state, sum FROM snapshots WHERE group_id = ?1")
        .map_err(&doing)?;
    let mut rows = statement.query([group]).map_err(&doing)?;
    let Some(row) = rows.next().map_err(&doing)? else { return Ok(None) };
    let read = || {
        let head = Seq(u64::try_from(row.get::<_, i64>(0)?).unwrap_or(u64::MAX));
        Ok(SnapshotRow { head, state: row.get(1)?, sum: row.get(2)? })
    };
    // A row that cannot be read is as good as none.
    Ok(read().inspect_err(|error: &rusqlite::Error| tracing::warn!(%error, "a snapshot")).ok())
}

/// Finds the group of an alias.
pub(super) fn find(stored: At<'_>, alias: &Alias) -> Result<Option<GroupId>, LogError> {
    let found = stored
        .connection
        .prepare_cached("SELECT number FROM groups WHERE alias = ?1")
        .and_then(|mut statement| {
            statement.query_row([alias.as_str()], |row| row.get::<_, i64>(0)).optional()
        })
        .map_err(problem::sqlite("finding a group"))?;
    Ok(found.and_then(|number| u64::try_from(number).ok()).and_then(GroupId::new))
}

/// Lists groups, without direct conversations.
pub(super) fn list(
    stored: At<'_>,
    after: Option<GroupId>,
    limit: usize,
) -> Result<Vec<Listed>, LogError> {
    let mut listed = list_all(stored, after, limit)?;
    // They are above all groups.
    listed.retain(|listed| !listed.id.is_direct());
    Ok(listed)
}

/// Lists groups and direct conversations.
pub(super) fn list_all(
    stored: At<'_>,
    after: Option<GroupId>,
    limit: usize,
) -> Result<Vec<Listed>, LogError> {
    let doing = problem::sqlite("listing groups");
    let mut statement = stored
        .connection
        .prepare_cached(
            "SELECT number, created_at, is_closed, is_deleted_when_empty, id, alias
             FROM groups WHERE number > ?1 ORDER BY number",
        )
        .map_err(&doing)?;
    let after = after.map_or(0, |group| signed(group.get()));
    let mut rows = statement.query([after]).map_err(&doing)?;
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(row) = rows.next().map_err(&doing)?
    {
        let number: i64 = row.get(0).map_err(&doing)?;
        let Some(id) = u64::try_from(number).ok().and_then(GroupId::from_log) else {
            return Err(LogError::Damaged(format!("there is a group of the number {number}")));
        };
        let read = || {
            let created_at = Timestamp::from_ms(row.get(1)?);
            let options =
                GroupOptions { is_closed: row.get(2)?, is_deleted_when_empty: row.get(3)? };
            let alias = row.get_ref(5)?.as_str_or_null()?.and_then(Alias::parse);
            let (head, last_at) = (Seq::ZERO, created_at);
            let listed = Listed { id, alias, created_at, head, last_at, options };
            Ok((row.get::<_, i64>(4)?, listed))
        };
        found.push(read().map_err(&doing)?);
    }
    let listed = found.into_iter().map(|(id, listed)| match newest(stored, id)? {
        Some((head, last_at)) => Ok(Listed { head, last_at, ..listed }),
        None => Ok(listed),
    });
    listed.collect()
}

/// Number and time of a group's newest event.
pub(super) fn newest(stored: At<'_>, id: i64) -> Result<Option<(Seq, Timestamp)>, LogError> {
    let doing = problem::sqlite("listing groups");
    let read = |row: &Row<'_>| {
        let seq = u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default();
        Ok((Seq(seq), Timestamp::from_ms(row.get(1)?)))
    };
    // Before reading: where it is sorted in meanwhile, it is found among the sorted.
    if let [FreshRow { row, .. }] = *stored.fresh.newest(id, 1) {
        let found = stored
            .connection
            .prepare_cached("SELECT seq, at FROM fresh WHERE id = ?1 AND group_id = ?2")
            .and_then(|mut statement| statement.query_row((row, id), read).optional())
            .map_err(&doing)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    stored
        .connection
        .prepare_cached("SELECT seq, at FROM events WHERE group_id = ?1 ORDER BY seq DESC LIMIT 1")
        .and_then(|mut statement| statement.query_row([id], read).optional())
        .map_err(&doing)
}
