//! Queue: what waits for the writer.
//!
//! Does not use SQLite. Putting something in never waits; the hub bounds how many appends are
//! under way. Invariant: once the writer has ended nothing waits here, so that whoever asks learns
//! it at once.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use conclave_core::{GroupId, Seq, Timestamp, limits};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::writer::Doubt;
use crate::{Append, GroupOptions, LogError, NewGroup};

/// Where an answer goes.
pub(super) type Reply<T> = oneshot::Sender<Result<T, LogError>>;

/// What the writer is asked for beside appends.
#[derive(Debug)]
pub(super) enum Request {
    /// Make a group.
    Create(NewGroup, Reply<bool>),
    /// Let go of what is kept for a group.
    Forget(GroupId),
    /// Change what holds for a group.
    SetOptions(GroupId, GroupOptions, Reply<bool>),
    /// Delete a group.
    Delete(GroupId, Reply<bool>),
    /// Do something that concerns no group's events.
    Change(Change),
}

/// Work for the writer's connection, in a transaction of its own, which answers whoever asked.
pub(super) struct Change(pub(super) Box<ChangeWork>);

type ChangeWork = dyn FnOnce(&Connection, Timestamp) -> Result<(), Doubt> + Send;

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Change(…)")
    }
}

/// A snapshot as it is to be written.
#[derive(Debug)]
pub(super) struct WrittenSnapshot {
    pub(super) head: Seq,
    pub(super) state: String,
}

/// What waits for the writer.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    /// Stirs the writer, where it sleeps.
    work: Condvar,
}

/// What the writer sleeps for. To stir it costs a system call, so it is not stirred for less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sleep {
    #[default]
    Awake,
    /// Anything to do.
    Idle,
    /// So much to do that it is better done now than with what comes until its time.
    Gathering,
}

#[derive(Debug, Default)]
struct Waiting {
    life: Life,
    sleep: Sleep,
    appends: VecDeque<Append>,
    /// The groups of these.
    groups: HashSet<GroupId>,
    /// Handed in after [`Queue::stop`]: to be told as such.
    late: Vec<Append>,
    requests: VecDeque<Request>,
    snapshots: HashMap<GroupId, WrittenSnapshot>,
    /// Deletes that were asked for: a snapshot that was asked for before one may be of the group
    /// that had the number then.
    delete_count: u64,
    stoppers: Vec<oneshot::Sender<()>>,
}

/// How the writer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Life {
    #[default]
    Running,
    /// Does what it has, takes no more.
    Stopping,
    /// The log was dropped: ends without finishing.
    Abandoned,
    Ended,
}

/// What the writer takes to do at once.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub(super) requests: Vec<Request>,
    pub(super) appends: Vec<Append>,
    /// Came too late.
    pub(super) late: Vec<Append>,
    pub(super) snapshots: Vec<(GroupId, WrittenSnapshot)>,
    pub(super) life: Life,
    /// More waits already.
    pub(super) has_more: bool,
}

/// What is taken at once beside appends, so that appends do not wait for long.
const REQUESTS_AT_ONCE: usize = 64;
/// Bytes of snapshots that are written in one commit (one more may cross it).
const SNAPSHOT_BYTES_AT_ONCE: usize = 1024 * 1024;

impl Queue {
    pub(super) fn append(&self, append: Append) {
        let mut waiting = self.lock();
        match waiting.life {
            Life::Running => {
                waiting.groups.insert(append.group);
                waiting.appends.push_back(append);
            }
            Life::Stopping => waiting.late.push(append),
            Life::Abandoned | Life::Ended => return,
        }
        self.stir(waiting);
    }

    /// Stirs the writer where it sleeps for what has come.
    fn stir(&self, mut waiting: MutexGuard<'_, Waiting>) {
        let is_due = match waiting.sleep {
            Sleep::Awake => false,
            Sleep::Idle => true,
            Sleep::Gathering => waiting.is_enough(),
        };
        if is_due {
            waiting.sleep = Sleep::Awake;
            drop(waiting);
            self.work.notify_one();
        }
    }

    /// Asks the writer. Where it has stopped the request is dropped, and by that its reply.
    pub(super) fn ask(&self, request: Request) {
        let mut waiting = self.lock();
        if waiting.life != Life::Running {
            return;
        }
        if matches!(request, Request::Delete(..)) {
            waiting.delete_count += 1;
        }
        waiting.requests.push_back(request);
        self.stir(waiting);
    }

    /// What [`Queue::keep_snapshot`] wants to be told.
    pub(super) fn delete_count(&self) -> u64 {
        self.lock().delete_count
    }

    /// Has a snapshot written along with the next commit, where no group was deleted meanwhile.
    pub(super) fn keep_snapshot(&self, group: GroupId, snapshot: WrittenSnapshot, deletes: u64) {
        let mut waiting = self.lock();
        let is_newest =
            waiting.snapshots.get(&group).is_none_or(|before| before.head < snapshot.head);
        if waiting.life == Life::Running && waiting.delete_count == deletes && is_newest {
            waiting.snapshots.insert(group, snapshot);
            self.stir(waiting);
        }
    }

    /// Has the writer do what it has, and end. `None` where it has ended.
    pub(super) fn stop(&self) -> Option<oneshot::Receiver<()>> {
        let mut waiting = self.lock();
        if !matches!(waiting.life, Life::Running | Life::Stopping) {
            return None;
        }
        waiting.life = Life::Stopping;
        let (stopped, answer) = oneshot::channel();
        waiting.stoppers.push(stopped);
        self.stir(waiting);
        Some(answer)
    }

    /// Has the writer end where it is.
    pub(super) fn abandon(&self) {
        let mut waiting = self.lock();
        if waiting.life != Life::Ended {
            waiting.life = Life::Abandoned;
        }
        self.stir(waiting);
    }

    pub(super) fn is_running(&self) -> bool {
        self.lock().life == Life::Running
    }

    /// Waits for something to do. Snapshots alone wait for a while, since the next commit can take
    /// them along.
    pub(super) fn wait(&self) {
        let mut waiting = self.lock();
        while waiting.is_idle() {
            waiting.sleep = Sleep::Idle;
            if waiting.snapshots.is_empty() {
                waiting = self.work.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (after, outcome) = self
                .work
                .wait_timeout(waiting, limits::SNAPSHOT_WAIT_MAX)
                .unwrap_or_else(PoisonError::into_inner);
            waiting = after;
            if outcome.timed_out() {
                break;
            }
        }
        waiting.sleep = Sleep::Awake;
    }

    /// Waits for so long, or until more is not better done together: what many groups have said
    /// is written no cheaper with what others say, and waits no longer for it.
    pub(super) fn gather(&self, time: Duration) {
        let mut waiting = self.lock();
        if time.is_zero() || waiting.is_enough() {
            return;
        }
        waiting.sleep = Sleep::Gathering;
        let (mut waiting, _timed_out) = self
            .work
            .wait_timeout_while(waiting, time, |waiting| !waiting.is_enough())
            .unwrap_or_else(PoisonError::into_inner);
        waiting.sleep = Sleep::Awake;
    }

    /// Takes what is to be done at once: at most `appends_max` appends.
    pub(super) fn take(&self, appends_max: usize) -> Work {
        let mut waiting = self.lock();
        let request_count = waiting.requests.len().min(REQUESTS_AT_ONCE);
        let append_count = waiting.appends.len().min(appends_max);
        let requests = waiting.requests.drain(..request_count).collect();
        let appends = waiting.appends.drain(..append_count).collect();
        let Waiting { appends: left, groups, .. } = &mut *waiting;
        // Cleared and not made anew: it grows from nothing by four allocations each commit.
        groups.clear();
        groups.extend(left.iter().map(|append| append.group));
        let late = std::mem::take(&mut waiting.late);
        let mut snapshots = Vec::new();
        let mut bytes = 0;
        while bytes < SNAPSHOT_BYTES_AT_ONCE {
            let Some(group) = waiting.snapshots.keys().next().copied() else { break };
            let Some(snapshot) = waiting.snapshots.remove(&group) else { break };
            bytes += snapshot.state.len();
            snapshots.push((group, snapshot));
        }
        let has_more = !waiting.requests.is_empty()
            || !waiting.appends.is_empty()
            || !waiting.snapshots.is_empty();
        Work { requests, appends, late, snapshots, life: waiting.life, has_more }
    }

    /// Takes the appends and the snapshot that wait for a group that is deleted.
    pub(super) fn take_all_of(&self, group: GroupId) -> Vec<Append> {
        let mut waiting = self.lock();
        waiting.snapshots.remove(&group);
        let (gone, stays): (VecDeque<_>, VecDeque<_>) =
            waiting.appends.drain(..).partition(|append| append.group == group);
        waiting.appends = stays;
        waiting.groups.remove(&group);
        gone.into()
    }

    /// Ends the queue, and gives the appends that are still in it and who waits for the end.
    /// Requests are dropped, and by that answered.
    pub(super) fn end(&self) -> (Vec<Append>, Vec<oneshot::Sender<()>>) {
        let mut waiting = self.lock();
        let ended =
            std::mem::replace(&mut *waiting, Waiting { life: Life::Ended, ..Waiting::default() });
        drop(waiting);
        let mut appends: Vec<Append> = ended.appends.into();
        appends.extend(ended.late);
        (appends, ended.stoppers)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Whether it is better done now than together with more.
    fn is_enough(&self) -> bool {
        self.life != Life::Running || self.groups.len() >= limits::COMMIT_GROUPS
    }

    fn is_idle(&self) -> bool {
        self.life == Life::Running && self.appends.is_empty() && self.requests.is_empty()
    }
}
