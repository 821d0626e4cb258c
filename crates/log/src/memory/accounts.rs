//! Accounts of a memory log: looked through from the first to the last each time.

use conclave_core::{Account, AccountId, Event, GroupId, Kind, Name, Timestamp, limits};

use super::MemoryLog;
use super::disk::Disk;
use crate::{Accounts, Answer, Marker, NewAccount, StoredAccount};

impl Accounts for MemoryLog {
    fn create_account(&self, account: NewAccount) -> Answer<'_, Option<Account>> {
        self.answer(move |shared, _| Ok(shared.disk.lock().create_account(account)))
    }

    fn find_account(&self, name: Name) -> Answer<'_, Option<StoredAccount>> {
        self.answer(move |shared, _| Ok(shared.disk.lock().find_account(&name).cloned()))
    }

    fn groups_of(&self, account: Account) -> Answer<'_, Vec<GroupId>> {
        self.answer(move |shared, _| Ok(shared.disk.lock().groups_of(&account)))
    }

    fn raise_marker(
        &self,
        account: Account,
        group: GroupId,
        at: Timestamp,
    ) -> Answer<'_, Option<Timestamp>> {
        self.answer(move |shared, _| Ok(shared.disk.lock().raise_marker(&account, group, at)))
    }

    fn markers(&self, account: Account) -> Answer<'_, Vec<Marker>> {
        self.answer(move |shared, _| Ok(shared.disk.lock().markers_of(&account)))
    }
}

impl Disk {
    fn create_account(&mut self, new: NewAccount) -> Option<Account> {
        if self.find_account(&new.name).is_some() {
            return None;
        }
        let account = Account::new(AccountId(self.accounts.len() as u64 + 1), new.name);
        let stored = StoredAccount { account: account.clone(), password_hash: new.password_hash };
        self.accounts.push(stored);
        Some(account)
    }

    fn find_account(&self, name: &Name) -> Option<&StoredAccount> {
        self.accounts.iter().find(|stored| stored.account.name().is_same_as(name))
    }

    fn groups_of(&self, account: &Account) -> Vec<GroupId> {
        let is_in = |events: &[Event]| {
            let mut of_account =
                events.iter().rev().filter(|event| event.entry.account.as_ref() == Some(account));
            let newest = of_account.find_map(|event| match event.entry.kind {
                Kind::Joined { .. } => Some(true),
                Kind::Left(_) | Kind::Removed { .. } => Some(false),
                _ => None,
            });
            newest == Some(true)
        };
        let groups =
            self.groups.iter().filter(|(id, kept)| !id.is_direct() && is_in(kept.events()));
        groups.map(|(id, _)| *id).collect()
    }

    fn raise_marker(
        &mut self,
        account: &Account,
        group: GroupId,
        at: Timestamp,
    ) -> Option<Timestamp> {
        if !self.groups.contains_key(&group) {
            return None;
        }
        let marker = self.markers.entry((account.id(), group)).or_default();
        *marker = at.max(*marker);
        let raised = *marker;
        let markers = self.markers_of(account);
        if markers.len() > limits::MARKERS_MAX
            && let Some(earliest) = markers.iter().min_by_key(|marker| marker.at)
        {
            self.markers.remove(&(account.id(), earliest.group));
        }
        Some(raised)
    }

    fn markers_of(&self, account: &Account) -> Vec<Marker> {
        let of_account = self.markers.iter().filter(|((id, _), _)| *id == account.id());
        of_account.map(|((_, group), at)| Marker { group: *group, at: *at }).collect()
    }
}
