//! Writer: the one thread that writes the database, and tells of what became durable.
//!
//! It takes what has gathered, writes it in one transaction, and only after COMMIT has returned
//! tells of it. Does not know who reads. It has the only connection that writes, and does every
//! checkpoint.
//!
//! Invariants: the starts of two commits are [`limits::COMMIT_INTERVAL`] apart, or the second
//! brings what [`limits::COMMIT_GROUPS`] groups have said, or more; after a COMMIT
//! that may or may not have landed nothing more is written (the process that opens the log next
//! finds out).

mod groups;
mod placing;
mod sorting;
mod upkeep;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use conclave_core::{Event, GroupId, limits};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tokio::sync::mpsc;

use super::folder::Folder;
use super::fresh::Fresh;
use super::queue::{Change, Life, Queue, Reply, Request, Work, WrittenSnapshot};
use super::row::{self, Chain};
use super::transaction::{Break, Failure, transact};
use super::walk::At;
use super::{directs, problem};
use crate::telling::Telling;
use crate::{Append, AppendFailure, Batch, Clock, Fault, Faults, LogError, Ticket};
use groups::Place;
use placing::Placing;
use upkeep::Upkeep;

/// Groups whose place is kept; past it all are looked up anew.
const PLACES_MAX: usize = 65_536;

/// What the writer works with.
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) folder: Arc<Folder>,
    pub(super) queue: Arc<Queue>,
    pub(super) commits: mpsc::Sender<Batch>,
    pub(super) clock: Clock,
    pub(super) faults: Faults,
    pub(super) group_count: Arc<AtomicU64>,
    pub(super) fresh: Arc<Fresh>,
}

/// An event with its place in the database, to be written.
struct Staged {
    group: GroupId,
    place: Place,
    event: Event,
    chain: Chain,
    /// Where it will lie if it goes among the fresh.
    row: i64,
    ticket: Ticket,
}

/// Nothing more may be written.
#[derive(Debug)]
pub(super) struct Doubt;

/// Ends the queue however the writer ends, so that nobody waits for it in vain.
struct EndOfQueue(Arc<Queue>);

impl Drop for EndOfQueue {
    fn drop(&mut self) {
        let _unfinished = self.0.end();
    }
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(self) -> Result<(), LogError> {
        let upkeep = Upkeep::new(self.stored())?;
        let next_row = self
            .connection
            .query_row("SELECT ifnull(max(id), 0) + 1 FROM fresh", [], |row| row.get(0))
            .map_err(problem::sqlite("finding the newest events"))?;
        std::thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || {
                let _end = EndOfQueue(Arc::clone(&self.queue));
                let (places, next_start) = (HashMap::new(), now());
                Rounds { writer: self, places, next_row, upkeep, next_start }.run();
            })
            .map(|_detached| ())
            .map_err(|source| LogError::Io { doing: "starting the writer".to_owned(), source })
    }

    fn stored(&self) -> At<'_> {
        At { connection: &self.connection, fresh: &self.fresh }
    }
}

/// Deletes the direct conversations of visitors, who were those of a former process.
pub(super) fn forget_visitors(connection: &Connection) -> Result<(), LogError> {
    let doing = problem::sqlite("finding what visitors left");
    for direct in directs::of_visitors(connection).map_err(&doing)? {
        match groups::delete(connection, direct) {
            Ok(_) => {}
            Err(Failure::Refused(error) | Failure::Doubtful(error)) => return Err(error),
        }
    }
    Ok(())
}

/// The writer at work.
struct Rounds {
    writer: Writer,
    /// Where groups stand that were written to.
    places: HashMap<GroupId, Place>,
    /// Where the next event will lie among the fresh. Never comes again in this process: readers
    /// may still look for a row that was taken away.
    next_row: i64,
    upkeep: Upkeep,
    next_start: Instant,
}

impl Rounds {
    fn run(mut self) {
        loop {
            if !self.upkeep.is_under_way() {
                self.writer.queue.wait();
            }
            self.writer.queue.gather(self.next_start.saturating_duration_since(now()));
            let work = self.writer.queue.take(limits::COMMIT_EVENTS_MAX);
            let (life, has_more) = (work.life, work.has_more);
            if life == Life::Abandoned {
                return self.end(Telling::default(), false);
            }
            let mut telling = Telling::of(work.appends.len());
            let outcome = self.round(work, &mut telling);
            if outcome.is_err() {
                return self.end(telling, false);
            }
            if life == Life::Stopping && !has_more {
                return self.end(telling, true);
            }
            self.tell(telling);
            if self.upkeep.keep_up(self.writer.stored(), has_more).is_err() {
                return self.end(Telling::default(), false);
            }
            if self.upkeep.is_under_way() {
                self.next_start = self.next_start.max(now() + limits::COMMIT_INTERVAL);
            }
        }
    }

    fn tell(&self, telling: Telling) {
        let batch = telling.into_batch();
        if !batch.groups.is_empty() {
            // Without a reader there is nobody to tell; what was handed in is kept all the same.
            let _unread = self.writer.commits.blocking_send(batch);
        }
    }

    /// Lets go of the database, tells the rest, and then whoever waits for the end.
    fn end(mut self, mut telling: Telling, is_clean: bool) {
        let (appends, stoppers) = self.writer.queue.end();
        telling.fail_all(appends, AppendFailure::Stopped);
        let Writer { connection, folder, commits, fresh, .. } = self.writer;
        if is_clean {
            self.upkeep.sort_all(At { connection: &connection, fresh: &fresh });
            upkeep::empty_wal(&connection);
        } else {
            // The next to open the log recovers it from what is on disk.
            let _as_it_was =
                connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        }
        drop(connection);
        drop(folder);
        let batch = telling.into_batch();
        if !batch.groups.is_empty() {
            let _unread = commits.blocking_send(batch);
        }
        drop(commits);
        if is_clean {
            for stopper in stoppers {
                let _gone = stopper.send(());
            }
        }
    }

    /// Does what was taken. What it has to tell is to be told also where it failed.
    fn round(&mut self, work: Work, telling: &mut Telling) -> Result<(), Doubt> {
        telling.fail_all(work.late, AppendFailure::Stopped);
        let mut appends = work.appends;
        let mut snapshots = work.snapshots;
        if !work.requests.is_empty() {
            self.next_start = now() + limits::COMMIT_INTERVAL;
        }
        for request in work.requests {
            if let Err(doubt) = self.answer(request, &mut appends, &mut snapshots, telling) {
                telling.fail_all(appends, AppendFailure::Stopped);
                return Err(doubt);
            }
        }
        if appends.is_empty() && snapshots.is_empty() {
            return Ok(());
        }
        if let Some(time) =
            (!appends.is_empty()).then(|| self.writer.faults.take_slowness()).flatten()
        {
            std::thread::sleep(time);
        }
        self.next_start = now() + limits::COMMIT_INTERVAL;
        let staged = self.stage(appends, telling);
        self.commit(staged, &snapshots, telling)
    }

    fn answer(
        &mut self,
        request: Request,
        appends: &mut Vec<Append>,
        snapshots: &mut Vec<(GroupId, WrittenSnapshot)>,
        telling: &mut Telling,
    ) -> Result<(), Doubt> {
        let connection = &self.writer.connection;
        match request {
            Request::Forget(group) => {
                self.places.remove(&group);
                Ok(())
            }
            Request::Create(group, reply) => {
                let made = groups::create(connection, &group, (self.writer.clock)());
                if matches!(made, Ok(true)) {
                    self.writer.group_count.fetch_add(1, Ordering::Relaxed);
                }
                give(reply, made)
            }
            Request::Change(Change(work)) => work(connection, (self.writer.clock)()),
            Request::SetOptions(group, options, reply) => {
                give(reply, groups::set_options(connection, group, options))
            }
            Request::Delete(group, reply) => {
                let deleted = match groups::delete(connection, group) {
                    Ok(gone) => {
                        for (id, group) in &gone {
                            self.upkeep.purge(self.writer.stored(), *id);
                            let count = u64::from(!group.is_direct());
                            self.writer.group_count.fetch_sub(count, Ordering::Relaxed);
                            self.places.remove(group);
                            // They must not land in the next group of that number.
                            let refused: Vec<_> =
                                appends.extract_if(.., |append| append.group == *group).collect();
                            telling.fail_all(refused, AppendFailure::NoSuchGroup);
                            let waiting = self.writer.queue.take_all_of(*group);
                            telling.fail_all(waiting, AppendFailure::NoSuchGroup);
                            snapshots.retain(|(of, _)| of != group);
                        }
                        Ok(!gone.is_empty())
                    }
                    Err(failure) => Err(failure),
                };
                give(reply, deleted)
            }
        }
    }

    /// Numbers appends. Those to groups that are gone or damaged are told as refused.
    fn stage(&mut self, appends: Vec<Append>, telling: &mut Telling) -> Vec<Staged> {
        let now = (self.writer.clock)();
        if self.places.len() >= PLACES_MAX {
            self.places.clear();
        }
        let mut staged: Vec<Staged> = Vec::with_capacity(appends.len());
        // Where each group stands after what is staged, or why it takes nothing.
        let mut places: HashMap<GroupId, Result<Place, AppendFailure>> =
            HashMap::with_capacity(appends.len());
        for Append { group, entry, ticket } in appends {
            let place = places.entry(group).or_insert_with(|| self.place(group));
            let place = match place {
                Ok(place) => place,
                Err(failure) => {
                    telling.fail(group, ticket, *failure);
                    continue;
                }
            };
            let event = Event { seq: place.head.next(), at: now.after(place.last_at), entry };
            let chain = row::chain(&place.chain, &event);
            *place = Place { head: event.seq, last_at: event.at, chain, ..*place };
            let row = self.next_row;
            self.next_row += 1;
            staged.push(Staged { group, place: *place, event, chain, row, ticket });
        }
        staged
    }

    fn place(&self, group: GroupId) -> Result<Place, AppendFailure> {
        if let Some(place) = self.places.get(&group) {
            return Ok(*place);
        }
        match groups::find(self.writer.stored(), group) {
            Ok(Some(place)) => Ok(place),
            Ok(None) => Err(AppendFailure::NoSuchGroup),
            Err(error) => {
                tracing::error!(%group, %error, "the group takes no events");
                Err(AppendFailure::NotSaved)
            }
        }
    }

    /// Writes what is staged, and tells what became of it.
    fn commit(
        &mut self,
        mut staged: Vec<Staged>,
        snapshots: &[(GroupId, WrittenSnapshot)],
        telling: &mut Telling,
    ) -> Result<(), Doubt> {
        let breaks = if staged.is_empty() { None } else { self.writer.faults.take() };
        let breaks = breaks.and_then(|fault| match fault {
            Fault::Full => Some(Break::Full),
            Fault::CrashBefore => Some(Break::BeforeCommit),
            Fault::CrashAfter => Some(Break::AfterCommit),
            Fault::Slow(_) => None,
        });
        loop {
            let mut at_fault = None;
            let fresh = &self.writer.fresh;
            let placing = Placing::of(&staged, fresh);
            let written = transact(&self.writer.connection, breaks, |connection| {
                placing.write(connection, &staged, &mut at_fault)?;
                groups::write_snapshots(At { connection, fresh }, snapshots)
            });
            match (written, at_fault) {
                (Ok(()), _) => {
                    self.upkeep.note_written(staged.len() + snapshots.len());
                    placing.note(&staged, fresh);
                    for Staged { group, place, event, ticket, .. } in staged {
                        self.places.insert(group, place);
                        telling.commit(group, event, Some(ticket));
                    }
                    return Ok(());
                }
                (Err(Failure::Doubtful(error)), _) => {
                    tracing::error!(%error, "a commit may have landed or not: the log ends");
                    tell_failed(staged, AppendFailure::Unknown, telling);
                    return Err(Doubt);
                }
                // One group that cannot be written to must not keep the others from it.
                (Err(Failure::Refused(error)), Some(group)) => {
                    tracing::error!(%group, %error, "the group takes no events");
                    self.places.remove(&group);
                    let failed = staged.extract_if(.., |staged| staged.group == group).collect();
                    tell_failed(failed, AppendFailure::NotSaved, telling);
                    if staged.is_empty() {
                        return Ok(());
                    }
                }
                (Err(Failure::Refused(error)), None) => {
                    tracing::error!(%error, count = staged.len(), "events could not be saved");
                    tell_failed(staged, AppendFailure::NotSaved, telling);
                    return Ok(());
                }
            }
        }
    }
}

fn tell_failed(staged: Vec<Staged>, failure: AppendFailure, telling: &mut Telling) {
    for Staged { group, ticket, .. } in staged {
        telling.fail(group, ticket, failure);
    }
}

/// Gives an answer, and stops where it is not known whether it is true.
pub(super) fn give<T>(reply: Reply<T>, outcome: Result<T, Failure>) -> Result<(), Doubt> {
    let (answer, doubt) = match outcome {
        Ok(answer) => (Ok(answer), Ok(())),
        Err(Failure::Refused(error)) => (Err(error), Ok(())),
        Err(Failure::Doubtful(error)) => (Err(error), Err(Doubt)),
    };
    // Whoever asked may have gone.
    let _gone = reply.send(answer);
    doubt
}

#[expect(
    clippy::disallowed_methods,
    reason = "the interval between commits is real time; events are stamped by the log's clock"
)]
fn now() -> Instant {
    Instant::now()
}
