//! Memory disk: what outlives a memory log, as a disk outlives a process.
//!
//! Does not know commits, tickets or streams: it holds groups and their events, and can be written
//! to by somebody else.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use conclave_core::{
    AccountId, Alias, Entry, Epoch, Event, Founding, GroupId, Seq, Snapshot, Timestamp,
};
use tokio::sync::Notify;

use super::directs::KeptDirect;
use crate::page::Page;
use crate::{Fault, Faults, GroupOptions, Listed, NewGroup, Stored, StoredAccount};

/// What a [`MemoryLog`](super::MemoryLog) writes to. Shared when cloned.
#[derive(Clone, Debug)]
pub struct MemoryDisk(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    disk: Mutex<Disk>,
    /// Somebody else wrote.
    changed: Notify,
    faults: Faults,
    /// How long each answer takes.
    answer_time: Mutex<Duration>,
}

/// What is on it.
#[derive(Debug)]
pub(super) struct Disk {
    pub(super) epoch: Epoch,
    pub(super) groups: BTreeMap<GroupId, Kept>,
    /// Those of the groups that are direct conversations.
    pub(super) directs: BTreeMap<GroupId, KeptDirect>,
    /// In the order of their numbers, which begin with 1.
    pub(super) accounts: Vec<StoredAccount>,
    pub(super) markers: BTreeMap<(AccountId, GroupId), Timestamp>,
    /// Backups that were taken of it.
    backups: u64,
}

/// A group on it.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    founding: Founding,
    created_at: Timestamp,
    pub(super) options: GroupOptions,
    snapshot: Snapshot,
    events: Vec<Event>,
}

impl Default for MemoryDisk {
    fn default() -> Self {
        Self::new(Epoch(1))
    }
}

impl MemoryDisk {
    /// An empty disk whose log has that epoch.
    pub fn new(epoch: Epoch) -> Self {
        Self::with(Disk {
            epoch,
            groups: BTreeMap::new(),
            directs: BTreeMap::new(),
            accounts: Vec::new(),
            markers: BTreeMap::new(),
            backups: 0,
        })
    }

    fn with(disk: Disk) -> Self {
        Self(Arc::new(Inner {
            disk: Mutex::new(disk),
            changed: Notify::new(),
            faults: Faults::default(),
            answer_time: Mutex::default(),
        }))
    }

    /// Has the next commit that brings appends meet a fault.
    pub fn fail_next(&self, fault: Fault) {
        self.0.faults.fail_next(fault);
    }

    /// Has each answer of a log take that long from here on, as those of a busy disk do.
    pub fn answer_after(&self, time: Duration) {
        *self.lock_answer_time() = time;
    }

    /// A copy as it is now. A log opened on it has another epoch, since from here on their
    /// histories differ.
    #[must_use]
    pub fn backup(&self) -> Self {
        let mut disk = self.lock();
        disk.backups += 1;
        let seed = [disk.epoch.0.to_le_bytes(), disk.backups.to_le_bytes()].concat();
        let mut epoch = [0; 8];
        blake3::Hasher::new().update(&seed).finalize_xof().fill(&mut epoch);
        Self::with(Disk {
            epoch: Epoch(u64::from_le_bytes(epoch)),
            groups: disk.groups.clone(),
            directs: disk.directs.clone(),
            accounts: disk.accounts.clone(),
            markers: disk.markers.clone(),
            backups: 0,
        })
    }

    /// Writes an entry as another process would: no log open here has appended it. Its event, or
    /// nothing where there is no such group.
    pub fn write_elsewhere(&self, group: GroupId, entry: Entry, now: Timestamp) -> Option<Event> {
        let event = self.lock().groups.get_mut(&group)?.write(entry, now);
        self.0.changed.notify_waiters();
        Some(event)
    }

    /// All events of a group, whatever a log says of them.
    pub fn events(&self, group: GroupId) -> Vec<Event> {
        self.lock().groups.get(&group).map(|kept| kept.events.clone()).unwrap_or_default()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Disk> {
        self.0.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn changed(&self) -> &Notify {
        &self.0.changed
    }

    pub(super) fn answer_time(&self) -> Duration {
        *self.lock_answer_time()
    }

    fn lock_answer_time(&self) -> MutexGuard<'_, Duration> {
        self.0.answer_time.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn faults(&self) -> &Faults {
        &self.0.faults
    }
}

impl Disk {
    pub(super) fn create(&mut self, group: NewGroup, now: Timestamp) -> bool {
        let has_alias = |alias: &Alias| self.find(alias).is_some();
        if self.groups.contains_key(&group.id)
            || group.founding.alias.as_ref().is_some_and(has_alias)
        {
            return false;
        }
        let kept = Kept {
            founding: group.founding,
            created_at: now,
            options: GroupOptions::default(),
            snapshot: Snapshot::default(),
            events: Vec::new(),
        };
        self.groups.insert(group.id, kept);
        true
    }

    pub(super) fn find(&self, alias: &Alias) -> Option<GroupId> {
        let has_it = |kept: &Kept| kept.founding.alias.as_ref() == Some(alias);
        self.groups.iter().find(|(_, kept)| has_it(kept)).map(|(id, _)| *id)
    }

    pub(super) fn list(&self, after: Option<GroupId>, limit: usize) -> Vec<Listed> {
        let above = after.map_or(Bound::Unbounded, Bound::Excluded);
        let listed = |(id, kept): (&GroupId, &Kept)| Listed {
            id: *id,
            alias: kept.founding.alias.clone(),
            created_at: kept.created_at,
            head: kept.head(),
            last_at: kept.events.last().map_or(kept.created_at, |event| event.at),
            options: kept.options,
        };
        let groups = self.groups.range((above, Bound::Unbounded));
        groups.filter(|(id, _)| !id.is_direct()).take(limit).map(listed).collect()
    }

    /// How many groups there are, without direct conversations.
    pub(super) fn count(&self) -> u64 {
        (self.groups.len() - self.directs.len()) as u64
    }
}

impl Kept {
    pub(super) fn events(&self) -> &[Event] {
        &self.events
    }

    pub(super) fn head(&self) -> Seq {
        self.events.last().map_or(Seq::ZERO, |event| event.seq)
    }

    /// The events above `seq`.
    pub(super) fn above(&self, seq: Seq) -> &[Event] {
        let count = usize::try_from(seq.0).unwrap_or(usize::MAX);
        self.events.get(count..).unwrap_or_default()
    }

    pub(super) fn write(&mut self, entry: Entry, now: Timestamp) -> Event {
        let last_at = self.events.last().map_or_else(Timestamp::default, |event| event.at);
        let event = Event { seq: self.head().next(), at: now.after(last_at), entry };
        self.events.push(event.clone());
        event
    }

    pub(super) fn page(&self, from: Seq) -> Vec<Event> {
        let mut page = Page::default();
        for event in self.above(from.minus(1)) {
            if !page.has_room() {
                break;
            }
            page.push(event.clone());
        }
        page.into_events()
    }

    pub(super) fn keep_snapshot(&mut self, snapshot: Snapshot) {
        if (self.snapshot.head..=self.head()).contains(&snapshot.head) {
            self.snapshot = snapshot;
        }
    }

    pub(super) fn stored(&self) -> Stored {
        Stored {
            founding: self.founding.clone(),
            options: self.options,
            snapshot: self.snapshot.clone(),
            events: self.above(self.snapshot.head).to_vec(),
            direct: None,
            has_directs: false,
        }
    }
}
