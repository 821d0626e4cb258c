//! Memory log: the reference that other logs are held to, and the log of tests.
//!
//! One task commits what has gathered, at least [`limits::COMMIT_INTERVAL`] apart, onto a
//! [`MemoryDisk`], which outlives the log. It knows time only from tokio, so it runs in a test's
//! virtual time. Does not survive the process.
//!
//! Invariant: what is not on the disk is told to nobody.

mod accounts;
mod directs;
mod disk;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conclave_core::{Alias, Epoch, Event, GroupId, Seq, Snapshot, Timestamp, limits};
use disk::{Disk, Kept};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::telling::Telling;
use crate::{
    Answer, Append, AppendFailure, Batch, Clock, Commits, Fault, GroupOptions, Listed, Log,
    LogError, NewGroup, Stored,
};

pub use disk::MemoryDisk;

/// A log on a [`MemoryDisk`]. Dropping it is the crash of its process: what it was handed and has
/// not told is lost.
#[derive(Debug)]
pub struct MemoryLog {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    disk: MemoryDisk,
    clock: Clock,
    epoch: Epoch,
    state: Mutex<State>,
    /// There is something to do.
    work: Notify,
}

#[derive(Debug, Default)]
struct State {
    life: Life,
    waiting: VecDeque<Append>,
    /// Refused, and not told yet.
    refused: Vec<(Append, AppendFailure)>,
    /// Loaded groups, and up to where they were told.
    told: BTreeMap<GroupId, Seq>,
    /// Who waits for the end.
    stoppers: Vec<oneshot::Sender<()>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Life {
    #[default]
    Running,
    /// Commits what it has, takes no more.
    Stopping,
    Ended,
}

impl MemoryLog {
    /// Opens the log that is on a disk. Several may be open on one disk, as processes that share
    /// a store are.
    ///
    /// # Panics
    /// Outside of a tokio runtime: it commits from a task.
    pub fn open(disk: &MemoryDisk, clock: Clock) -> (Self, Commits) {
        disk.lock().forget_visitors();
        let (sender, commits) = Commits::channel();
        let shared = Arc::new(Shared {
            epoch: disk.lock().epoch,
            disk: disk.clone(),
            clock,
            state: Mutex::default(),
            work: Notify::new(),
        });
        let task = tokio::runtime::Handle::current().spawn(run(Arc::clone(&shared), sender));
        (Self { shared, task }, commits)
    }

    /// Answers what needs the running log and no commit.
    fn answer<'log, T: Send + 'log>(
        &'log self,
        work: impl FnOnce(&Shared, &mut State) -> Result<T, LogError> + Send + 'log,
    ) -> Answer<'log, T> {
        Box::pin(async move {
            let time = self.shared.disk.answer_time();
            if !time.is_zero() {
                tokio::time::sleep(time).await;
            }
            let mut state = self.shared.lock();
            if state.life != Life::Running {
                return Err(LogError::Stopped);
            }
            work(&self.shared, &mut state)
        })
    }
}

impl Drop for MemoryLog {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Log for MemoryLog {
    fn epoch(&self) -> Epoch {
        self.shared.epoch
    }

    fn create(&self, group: NewGroup) -> Answer<'_, bool> {
        self.answer(move |shared, _| Ok(shared.disk.lock().create(group, (shared.clock)())))
    }

    fn append(&self, append: Append) {
        let mut state = self.shared.lock();
        match state.life {
            Life::Running => state.waiting.push_back(append),
            Life::Stopping => state.refused.push((append, AppendFailure::Stopped)),
            Life::Ended => return,
        }
        drop(state);
        self.shared.work.notify_one();
    }

    fn load(&self, group: GroupId) -> Answer<'_, Option<Stored>> {
        self.answer(move |shared, state| {
            let disk = shared.disk.lock();
            let Some(kept) = disk.groups.get(&group) else { return Ok(None) };
            state.told.insert(group, kept.head());
            let mut stored = kept.stored();
            stored.direct = disk.directs.get(&group).map(|direct| direct.pair);
            stored.has_directs =
                disk.directs.values().any(|direct| direct.pair.home() == Some(group));
            Ok(Some(stored))
        })
    }

    fn forget(&self, group: GroupId) {
        self.shared.lock().told.remove(&group);
    }

    fn read(&self, group: GroupId, from: Seq) -> Answer<'_, Vec<Event>> {
        self.answer(move |shared, _| {
            let disk = shared.disk.lock();
            disk.groups.get(&group).map(|kept| kept.page(from)).ok_or(LogError::NoSuchGroup)
        })
    }

    fn keep_snapshot(&self, group: GroupId, snapshot: Snapshot) {
        let state = self.shared.lock();
        if state.life == Life::Running
            && let Some(kept) = self.shared.disk.lock().groups.get_mut(&group)
        {
            kept.keep_snapshot(snapshot);
        }
    }

    fn count(&self) -> Answer<'_, u64> {
        self.answer(|shared, _| Ok(shared.disk.lock().count()))
    }

    fn find(&self, alias: Alias) -> Answer<'_, Option<GroupId>> {
        self.answer(move |shared, _| Ok(shared.disk.lock().find(&alias)))
    }

    fn list(&self, after: Option<GroupId>, limit: usize) -> Answer<'_, Vec<Listed>> {
        self.answer(move |shared, _| Ok(shared.disk.lock().list(after, limit)))
    }

    fn set_options(&self, group: GroupId, options: GroupOptions) -> Answer<'_, bool> {
        self.answer(move |shared, _| {
            let mut disk = shared.disk.lock();
            let Some(kept) = disk.groups.get_mut(&group) else { return Ok(false) };
            kept.options = options;
            Ok(true)
        })
    }

    fn delete(&self, group: GroupId) -> Answer<'_, bool> {
        self.answer(move |shared, state| {
            let gone = shared.disk.lock().delete(group);
            for group in &gone {
                state.refuse_all_of(*group);
            }
            shared.work.notify_one();
            Ok(!gone.is_empty())
        })
    }

    fn stop(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            let (stopped, answer) = oneshot::channel();
            {
                let mut state = self.shared.lock();
                if state.life == Life::Ended {
                    return Err(LogError::Stopped);
                }
                state.life = Life::Stopping;
                state.stoppers.push(stopped);
            }
            self.shared.work.notify_one();
            answer.await.map_err(|_dropped| LogError::Stopped)
        })
    }
}

/// Commits what has gathered, until the log ends.
async fn run(shared: Arc<Shared>, sender: mpsc::Sender<Batch>) {
    let mut next_start = Instant::now();
    loop {
        shared.wait_for_work().await;
        tokio::time::sleep_until(next_start).await;
        if let Some(time) = shared.slowness() {
            tokio::time::sleep(time).await;
        }
        next_start = Instant::now() + limits::COMMIT_INTERVAL;
        let (batch, life) = shared.commit();
        if !batch.groups.is_empty() {
            // Without a reader there is nobody to tell; what was handed in is kept all the same.
            let _unread = sender.send(batch).await;
        }
        if life == Life::Ended {
            // The stream ends before anybody is told that the log has stopped.
            drop(sender);
            let stoppers = std::mem::take(&mut shared.lock().stoppers);
            for stopper in stoppers {
                let _gone = stopper.send(());
            }
            return;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn wait_for_work(&self) {
        loop {
            if self.has_work() {
                return;
            }
            let mut changed = std::pin::pin!(self.disk.changed().notified());
            // Counts from here on, so that what changes after the check is not missed.
            changed.as_mut().enable();
            if self.has_work() {
                return;
            }
            tokio::select! {
                () = self.work.notified() => {}
                () = changed => {}
            }
        }
    }

    fn has_work(&self) -> bool {
        let state = self.lock();
        !state.waiting.is_empty()
            || !state.refused.is_empty()
            || state.life == Life::Stopping
            || self.has_news(&state)
    }

    /// Whether somebody else wrote to a group that is loaded.
    fn has_news(&self, state: &State) -> bool {
        let disk = self.disk.lock();
        let is_behind = |(group, told): (&GroupId, &Seq)| {
            disk.groups.get(group).is_some_and(|kept| kept.head() > *told)
        };
        state.told.iter().any(is_behind)
    }

    fn slowness(&self) -> Option<std::time::Duration> {
        let has_appends = !self.lock().waiting.is_empty();
        has_appends.then(|| self.disk.faults().take_slowness()).flatten()
    }

    /// One commit: what it has to tell, and how the log is after it.
    fn commit(&self) -> (Batch, Life) {
        let mut state = self.lock();
        let mut telling = Telling::default();
        for (append, failure) in state.refused.drain(..) {
            telling.fail(append.group, append.ticket, failure);
        }
        let count = state.waiting.len().min(limits::COMMIT_EVENTS_MAX);
        let appends: Vec<Append> = state.waiting.drain(..count).collect();
        let fault = if appends.is_empty() { None } else { self.disk.faults().take() };
        match fault {
            Some(Fault::Full) => telling.fail_all(appends, AppendFailure::NotSaved),
            Some(Fault::CrashBefore) => state.crash(appends, &mut telling),
            Some(Fault::CrashAfter) => {
                let mut untold = Telling::default();
                write(&mut self.disk.lock(), appends.clone(), (self.clock)(), &mut untold);
                state.crash(appends, &mut telling);
            }
            Some(Fault::Slow(_)) | None => {
                // One lock over both, so that nobody else writes in between.
                let mut disk = self.disk.lock();
                tell_news(&disk, &mut state.told, &mut telling);
                write(&mut disk, appends, (self.clock)(), &mut telling);
                for (group, told) in &mut state.told {
                    *told = disk.groups.get(group).map_or(*told, Kept::head);
                }
            }
        }
        if state.life == Life::Stopping && state.waiting.is_empty() {
            state.life = Life::Ended;
        }
        (telling.into_batch(), state.life)
    }
}

/// Tells what others wrote to the groups that are loaded.
fn tell_news(disk: &Disk, told: &mut BTreeMap<GroupId, Seq>, telling: &mut Telling) {
    for (group, told) in told {
        let Some(kept) = disk.groups.get(group) else { continue };
        for event in kept.above(*told) {
            telling.commit(*group, event.clone(), None);
        }
    }
}

/// Writes appends to the disk.
fn write(disk: &mut Disk, appends: Vec<Append>, now: Timestamp, telling: &mut Telling) {
    for append in appends {
        match disk.groups.get_mut(&append.group) {
            Some(kept) => {
                let event = kept.write(append.entry, now);
                telling.commit(append.group, event, Some(append.ticket));
            }
            None => telling.fail(append.group, append.ticket, AppendFailure::NoSuchGroup),
        }
    }
}

impl State {
    /// Refuses what waits for a group that is deleted, so that it does not land in the next one
    /// of that number.
    fn refuse_all_of(&mut self, group: GroupId) {
        self.told.remove(&group);
        let (gone, stays): (VecDeque<_>, VecDeque<_>) =
            self.waiting.drain(..).partition(|append| append.group == group);
        self.waiting = stays;
        self.refused.extend(gone.into_iter().map(|append| (append, AppendFailure::NoSuchGroup)));
    }

    /// Ends the log in the middle of a commit.
    fn crash(&mut self, appends: Vec<Append>, telling: &mut Telling) {
        telling.fail_all(appends, AppendFailure::Unknown);
        telling.fail_all(self.waiting.drain(..), AppendFailure::Stopped);
        self.stoppers.clear();
        self.life = Life::Ended;
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use conclave_core::{Entry, Founding, Kind, MemberId, Name, Text};

    use super::*;
    use crate::{GroupCommit, Ticket};

    fn entry(text: &str) -> Entry {
        let text = Text::from_log(text.to_owned());
        Entry::by(MemberId(1), Name::from_log("Noya"), Kind::Said { text, client_id: None })
    }

    async fn log_with_group(disk: &MemoryDisk) -> (MemoryLog, Commits, GroupId) {
        let clock: Clock = Arc::new(|| Timestamp::from_ms(1_000));
        let (log, commits) = MemoryLog::open(disk, clock);
        let id = GroupId::new(8888).unwrap();
        assert!(log.create(NewGroup { id, founding: Founding::default() }).await.unwrap());
        log.load(id).await.unwrap().unwrap();
        (log, commits, id)
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_append_after_a_pause_commits_at_once_and_the_next_an_interval_later() {
        let (log, mut commits, group) = log_with_group(&MemoryDisk::default()).await;
        let started = Instant::now();
        log.append(Append { group, entry: entry("a"), ticket: Ticket(1) });
        commits.next().await.unwrap();
        assert_eq!(started.elapsed(), std::time::Duration::ZERO);
        log.append(Append { group, entry: entry("b"), ticket: Ticket(2) });
        commits.next().await.unwrap();
        assert!(started.elapsed() >= limits::COMMIT_INTERVAL);
    }

    #[tokio::test(start_paused = true)]
    async fn what_another_process_wrote_is_told_without_a_ticket() {
        let disk = MemoryDisk::default();
        let (log, mut commits, group) = log_with_group(&disk).await;
        disk.write_elsewhere(group, entry("theirs"), Timestamp::from_ms(5)).unwrap();
        let batch = commits.next().await.unwrap();
        let [GroupCommit::Committed { tickets, events, .. }] = &batch.groups[..] else {
            panic!("{batch:?}")
        };
        assert_eq!((tickets.as_slice(), events.len()), (&[None][..], 1));
        drop(log);
        assert!(commits.next().await.is_none());
    }
}
