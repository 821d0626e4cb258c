//! Placing: where a commit writes its events: among the fresh, or at once among those of their
//! group.
//!
//! What one group says much of at once lies together wherever it is written, and is not to be
//! copied later: it goes where it is to stay, behind what of its group was fresh until then. What
//! many groups say a little of goes among the fresh. Does not know who waits for the writer.
//!
//! Invariant: whatever of a group is fresh comes after all of it that is sorted.

use conclave_core::{GroupId, Seq, limits};
use rusqlite::Connection;

use super::Staged;
use super::sorting::Copy;
use crate::LogError;
use crate::sqlite::fresh::{Fresh, FreshRow};
use crate::sqlite::{problem, row};

/// Where the events of a commit go.
pub(super) struct Placing {
    /// Groups whose events are sorted at once, by rising id.
    sorted: Vec<Sorted>,
}

/// A group whose events are sorted at once.
struct Sorted {
    id: i64,
    /// What of it is fresh, and is to go before them.
    before: Vec<FreshRow>,
}

impl Placing {
    /// Chooses where they go.
    pub(super) fn of(staged: &[Staged], fresh: &Fresh) -> Self {
        let mut ids: Vec<i64> = Vec::new();
        if staged.len() >= limits::SORTED_AT_ONCE_MIN {
            ids.extend(staged.iter().map(|staged| staged.place.id));
            ids.sort_unstable();
        }
        let groups = ids.chunk_by(|one, next| one == next);
        let sorted = groups.filter(|group| group.len() >= limits::SORTED_AT_ONCE_MIN);
        let sorted = sorted.filter_map(|group| {
            let id = *group.first()?;
            let before = fresh.from(id, Seq::ZERO, limits::SORTED_BEFORE_MAX + 1);
            (before.len() <= limits::SORTED_BEFORE_MAX).then_some(Sorted { id, before })
        });
        Self { sorted: sorted.collect() }
    }

    /// Writes them. Names the group at fault where the fault is one group's.
    pub(super) fn write(
        &self,
        connection: &Connection,
        staged: &[Staged],
        at_fault: &mut Option<GroupId>,
    ) -> Result<(), LogError> {
        let doing = problem::sqlite("writing events");
        let mut is_blamed = |staged: &Staged, error: LogError| {
            if is_of_one_group(&error) {
                *at_fault = Some(staged.group);
            }
            error
        };
        for Sorted { id, before } in self.sorted.iter().filter(|sorted| !sorted.before.is_empty()) {
            let Some(of_group) = staged.iter().find(|staged| staged.place.id == *id) else {
                continue;
            };
            take_over(connection, before).map_err(|error| is_blamed(of_group, error))?;
        }
        let mut insert = connection.prepare_cached(row::INSERT).map_err(&doing)?;
        let mut insert_sorted = connection.prepare_cached(row::INSERT_SORTED).map_err(&doing)?;
        for staged in staged {
            let Staged { place, event, chain, row, .. } = staged;
            let insert = if self.sorts(place.id) { &mut insert_sorted } else { &mut insert };
            row::insert(insert, *row, place.id, event, chain)
                .map_err(|error| is_blamed(staged, doing(error)))?;
        }
        Ok(())
    }

    /// Notes where they lie, once they are committed.
    pub(super) fn note(&self, staged: &[Staged], fresh: &Fresh) {
        for Sorted { id, before } in &self.sorted {
            if let Some(last) = before.last() {
                fresh.take_out(*id, last.seq);
            }
        }
        let staged = staged.iter().filter(|staged| !self.sorts(staged.place.id));
        fresh.note(staged.map(|staged| {
            let Staged { place, event, row, .. } = staged;
            (place.id, FreshRow { seq: event.seq, row: *row })
        }));
    }

    fn sorts(&self, id: i64) -> bool {
        self.sorted.binary_search_by_key(&id, |sorted| sorted.id).is_ok()
    }
}

/// Takes fresh events of one group to where they are to stay. Whoever still looks for them among
/// the fresh has found them among the sorted before.
fn take_over(connection: &Connection, rows: &[FreshRow]) -> Result<(), LogError> {
    let mut copy = Copy::new(connection)?;
    for run in rows.chunk_by(|row, next| row.row + 1 == next.row) {
        copy.run(run)?;
    }
    let doing = problem::sqlite("taking sorted events away");
    let mut statement =
        connection.prepare_cached("DELETE FROM fresh WHERE id = ?1").map_err(&doing)?;
    for row in rows {
        statement.execute([row.row]).map_err(&doing)?;
    }
    Ok(())
}

fn is_of_one_group(error: &LogError) -> bool {
    match error {
        LogError::Damaged(_) => true,
        LogError::Sqlite { source, .. } => {
            source.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
        }
        _ => false,
    }
}
