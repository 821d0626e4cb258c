//! Check: whether all that is stored fits together, in bounded memory.
//!
//! Reads the log beside a running server or of a folder at rest, and changes nothing. Does not
//! mend: what is damaged is restored from a backup.

use std::path::Path;

use conclave_core::{GroupId, Seq, Timestamp, limits};
use rusqlite::Connection;

use super::folder::Folder;
use super::fresh::Fresh;
use super::reader::{self, EVENTS_AT_ONCE};
use super::row::signed;
use super::walk::{At, GroupRow, Step, Walk};
use super::{problem, schema};
use crate::LogError;

/// Groups that are listed at once.
const GROUPS_AT_ONCE: usize = 256;

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Groups that were read.
    pub groups: u64,
    /// Events that were read.
    pub events: u64,
    /// What does not fit, at most [`limits::CHECK_PROBLEMS_MAX`]; empty where all is well.
    pub problems: Vec<String>,
}

impl Checked {
    fn note(&mut self, problem: String) {
        if self.problems.len() < limits::CHECK_PROBLEMS_MAX {
            self.problems.push(problem);
        }
    }
}

/// Checks the log in a folder that no process has.
///
/// # Errors
/// Where the folder is in use, or there is no log of a version that this program knows.
pub fn check(folder: &Path) -> Result<Checked, LogError> {
    let folder = Folder::take_existing(folder)?;
    let connection = schema::open_reader(folder.database())?;
    schema::check_version(&connection)?;
    let fresh = Fresh::find(&connection)?;
    check_with(At { connection: &connection, fresh: &fresh })
}

/// Checks all by a connection.
pub(super) fn check_with(stored: At<'_>) -> Result<Checked, LogError> {
    let mut checked = Checked::default();
    check_pages(stored.connection, &mut checked);
    let mut after = None;
    loop {
        let groups = match reader::list_all(stored, after, GROUPS_AT_ONCE) {
            Ok(groups) => groups,
            Err(LogError::Damaged(problem)) => {
                checked.note(problem);
                return Ok(checked);
            }
            Err(error) => return Err(error),
        };
        let Some(last) = groups.last() else { break };
        after = Some(last.id);
        for group in &groups {
            check_group(stored, group.id, &mut checked)?;
        }
    }
    check_strays(stored.connection, &mut checked)?;
    check_fresh_strays(stored, &mut checked)?;
    Ok(checked)
}

/// Has SQLite check its own structures.
fn check_pages(connection: &Connection, checked: &mut Checked) {
    let found: rusqlite::Result<Vec<String>> = connection
        .prepare("PRAGMA quick_check")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect());
    match found {
        Ok(lines) => {
            for line in lines.into_iter().filter(|line| line != "ok") {
                checked.note(line);
            }
        }
        Err(error) => checked.note(format!("the database cannot be read: {error}")),
    }
}

fn check_group(stored: At<'_>, number: GroupId, checked: &mut Checked) -> Result<(), LogError> {
    match check_events(stored, number, checked) {
        Err(LogError::Damaged(problem)) => checked.note(problem),
        Err(error) => return Err(error),
        Ok(()) => {}
    }
    Ok(())
}

fn check_events(stored: At<'_>, number: GroupId, checked: &mut Checked) -> Result<(), LogError> {
    let Some(group) = GroupRow::find(stored.connection, number)? else { return Ok(()) };
    checked.groups += 1;
    let mut walk = Walk::from_start(&group);
    let mut last = (Seq::ZERO, Timestamp::default());
    loop {
        let mut late = None;
        let step = walk.step(stored, EVENTS_AT_ONCE, |event, _| {
            if event.at <= last.1 {
                late = Some(event.seq);
            }
            last = (event.seq, event.at);
            checked.events += 1;
            true
        })?;
        if let Some(seq) = late {
            checked.note(format!("group {number}, event {seq}: is not later than the one before"));
        }
        match step {
            Step::More => {}
            Step::Gone => return Ok(()),
            Step::End => break,
        }
    }
    let doing = problem::sqlite("reading a snapshot");
    let snapshot: Option<i64> = stored
        .connection
        .query_row("SELECT max(head) FROM snapshots WHERE group_id = ?1", [group.id], |row| {
            row.get(0)
        })
        .map_err(&doing)?;
    if snapshot.is_some_and(|head| head > signed(last.0.0)) && !is_behind(stored, &group, last.0)? {
        checked.note(format!("group {number}: events after {} are missing", last.0));
    }
    Ok(())
}

/// Whether the group has grown since it was read.
fn is_behind(stored: At<'_>, group: &GroupRow, seq: Seq) -> Result<bool, LogError> {
    if !stored.fresh.from(group.id, seq.next(), 1).is_empty() {
        return Ok(true);
    }
    stored
        .connection
        .prepare_cached("SELECT 1 FROM events WHERE group_id = ?1 AND seq = ?2")
        .and_then(|mut statement| statement.exists((group.id, signed(seq.next().0))))
        .map_err(problem::sqlite("reading events"))
}

/// Looks for events of no group, other than those that are being taken away.
fn check_strays(connection: &Connection, checked: &mut Checked) -> Result<(), LogError> {
    let doing = problem::sqlite("looking for events of no group");
    let mut after = i64::MIN;
    loop {
        let found: (Option<i64>, bool) = connection
            .prepare_cached(
                "SELECT id, id IN (SELECT id FROM groups) OR id IN (SELECT group_id FROM purges)
                 FROM (SELECT min(group_id) AS id FROM events WHERE group_id > ?1)",
            )
            .and_then(|mut statement| {
                statement.query_row([after], |row| {
                    Ok((row.get(0)?, row.get::<_, Option<bool>>(1)?.unwrap_or(true)))
                })
            })
            .map_err(&doing)?;
        let (Some(id), is_known) = found else { return Ok(()) };
        if !is_known {
            checked.note(format!("there are events of a group that is not there (id {id})"));
        }
        after = id;
    }
}

/// Looks for fresh events of no group.
fn check_fresh_strays(stored: At<'_>, checked: &mut Checked) -> Result<(), LogError> {
    for id in stored.fresh.groups() {
        let is_known = stored
            .connection
            .prepare_cached(
                "SELECT 1 FROM groups WHERE id = ?1 UNION SELECT 1 FROM purges WHERE group_id = ?1",
            )
            .and_then(|mut statement| statement.exists([id]))
            .map_err(problem::sqlite("looking for events of no group"))?;
        // A group that was deleted meanwhile has no rows any more.
        if !is_known && !stored.fresh.newest(id, 1).is_empty() {
            checked.note(format!("there are events of a group that is not there (id {id})"));
        }
    }
    Ok(())
}
