//! Direct conversations of a memory log: looked through from the first to the last each time.

use conclave_core::{Founding, GroupId, Pair, Party, Timestamp, limits};

use super::MemoryLog;
use super::disk::Disk;
use crate::{Answer, Directs, ListedDirect, NewDirect, NewGroup, OpenedDirect};

impl Directs for MemoryLog {
    fn open_direct(&self, direct: NewDirect) -> Answer<'_, OpenedDirect> {
        self.answer(move |shared, _| Ok(shared.disk.lock().open_direct(direct, (shared.clock)())))
    }

    fn find_direct(&self, pair: Pair) -> Answer<'_, Option<GroupId>> {
        self.answer(move |shared, _| Ok(shared.disk.lock().find_direct(pair)))
    }

    fn directs_of(&self, party: Party, limit: usize) -> Answer<'_, Vec<ListedDirect>> {
        self.answer(move |shared, _| Ok(shared.disk.lock().directs_of(party, limit)))
    }
}

/// A direct conversation on a disk, beside what it has as a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeptDirect {
    pub(super) pair: Pair,
    opened_by: Party,
}

impl Disk {
    fn open_direct(&mut self, direct: NewDirect, now: Timestamp) -> OpenedDirect {
        let NewDirect { id, pair, opened_by, joined } = direct;
        if pair.home().is_some_and(|home| !self.groups.contains_key(&home)) {
            return OpenedDirect::NoSuchGroup;
        }
        if let Some(found) = self.find_direct(pair) {
            return OpenedDirect::At(found);
        }
        let begun = self.directs.values().filter(|direct| direct.opened_by == opened_by);
        if begun.count() >= limits::DIRECTS_MAX {
            return OpenedDirect::TooMany;
        }
        if !self.create(NewGroup { id, founding: Founding::default() }, now) {
            return OpenedDirect::NumberTaken;
        }
        self.directs.insert(id, KeptDirect { pair, opened_by });
        if let Some(kept) = self.groups.get_mut(&id) {
            for entry in joined {
                kept.write(entry, now);
            }
        }
        OpenedDirect::At(id)
    }

    fn find_direct(&self, pair: Pair) -> Option<GroupId> {
        self.directs.iter().find(|(_, direct)| direct.pair == pair).map(|(id, _)| *id)
    }

    fn directs_of(&self, party: Party, limit: usize) -> Vec<ListedDirect> {
        let mut listed: Vec<_> = self
            .directs
            .iter()
            .filter(|(_, direct)| direct.pair.member_of(party).is_some())
            .filter_map(|(id, direct)| {
                let newest = self.groups.get(id)?.events().last()?;
                let with = direct.pair.other_than(party);
                let mut accounts = self.accounts.iter().map(|stored| &stored.account);
                let account = accounts.find(|account| with == Party::Account(account.id()));
                let account = account.cloned();
                let (head, last_at) = (newest.seq, newest.at);
                Some(ListedDirect { id: *id, with, account, head, last_at })
            })
            .collect();
        listed.sort_by_key(|direct| (std::cmp::Reverse(direct.last_at), direct.id));
        listed.truncate(limit);
        listed
    }

    /// Deletes those of visitors, who were those of a former process.
    pub(super) fn forget_visitors(&mut self) {
        let is_gone = |direct: &KeptDirect| direct.pair.high().is_fleeting();
        let gone: Vec<_> =
            self.directs.iter().filter(|(_, direct)| is_gone(direct)).map(|(id, _)| *id).collect();
        for id in gone {
            self.delete(id);
        }
    }

    /// Deletes a group and the conversations that live in it; those that are gone.
    pub(super) fn delete(&mut self, group: GroupId) -> Vec<GroupId> {
        if !self.groups.contains_key(&group) {
            return Vec::new();
        }
        let in_it = self.directs.iter().filter(|(_, direct)| direct.pair.home() == Some(group));
        let gone: Vec<_> = std::iter::once(group).chain(in_it.map(|(id, _)| *id)).collect();
        for id in &gone {
            self.groups.remove(id);
            self.directs.remove(id);
            self.markers.retain(|(_, of), _| of != id);
        }
        gone
    }
}
