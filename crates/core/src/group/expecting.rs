//! Expecting: what is on its way into the log, and the names that are held for it.
//!
//! Does not decide: what is expected was decided upon. Invariant: what is expected is struck off
//! when it lands or is given up, and leaves nothing behind.

use std::collections::HashMap;
use std::sync::Arc;

use super::Group;
use crate::{Account, Entry, Kind, MemberId, Name};

/// What of one member is on its way into the log, apart from messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected {
    pub(super) is_joining: bool,
    /// The account that is about to hold its seat.
    pub(super) account: Option<Account>,
    /// The names it is about to bear, in order.
    names: Vec<Name>,
    /// Entries by which it leaves or is removed.
    departure_count: usize,
}

impl Expected {
    pub(super) const fn is_departing(&self) -> bool {
        self.departure_count > 0
    }

    /// The name it bears when all has landed.
    pub(super) fn last_name(&self) -> Option<&Name> {
        self.names.last()
    }
}

impl Group {
    /// Notes that an entry that was decided upon is on its way into the log: its name and its
    /// client id are held for it.
    pub fn expect(&mut self, entry: &Entry) {
        let id = entry.member;
        match &entry.kind {
            Kind::Joined { .. } => {
                self.next_member = self.next_member.max(id.0);
                self.claim(id, &entry.name);
                let expected = self.expected.entry(id).or_default();
                expected.is_joining = true;
                expected.account.clone_from(&entry.account);
                expected.names.push(entry.name.clone());
            }
            Kind::Renamed { to } => {
                self.claim(id, to);
                self.expected.entry(id).or_default().names.push(to.clone());
            }
            Kind::Left(_) | Kind::Removed { .. } => {
                self.expected.entry(id).or_default().departure_count += 1;
            }
            Kind::Topic { .. } | Kind::Relayed(_) | Kind::Redacted { .. } => {}
            kind @ (Kind::Granted { .. } | Kind::Changed { .. }) => {
                self.expected_changes.push(kind.clone());
            }
            Kind::Said { client_id, .. } | Kind::Action { client_id, .. } => {
                if let (Some(client_id), Some(member)) = (client_id, self.members.get_mut(&id)) {
                    member.sends.expect(client_id);
                }
            }
        }
    }

    /// Notes that an entry that was expected is definitely not in the log.
    pub fn give_up(&mut self, entry: &Entry) {
        self.expect_no_more(entry);
        match &entry.kind {
            Kind::Joined { .. } => self.release(entry.member, &entry.name),
            Kind::Renamed { to } => self.release(entry.member, to),
            Kind::Left(_)
            | Kind::Relayed(_)
            | Kind::Redacted { .. }
            | Kind::Removed { .. }
            | Kind::Topic { .. }
            | Kind::Granted { .. }
            | Kind::Changed { .. } => {}
            Kind::Said { client_id, .. } | Kind::Action { client_id, .. } => {
                if let (Some(client_id), Some(member)) =
                    (client_id, self.members.get_mut(&entry.member))
                {
                    member.sends.give_up(client_id);
                }
            }
        }
    }

    /// Strikes an entry off what is expected, if it is there: the log may tell of events that
    /// nobody here decided upon.
    pub(super) fn expect_no_more(&mut self, entry: &Entry) {
        if matches!(entry.kind, Kind::Granted { .. } | Kind::Changed { .. }) {
            let place = self.expected_changes.iter().position(|kind| *kind == entry.kind);
            if let Some(place) = place {
                self.expected_changes.swap_remove(place);
            }
            return;
        }
        let Some(expected) = self.expected.get_mut(&entry.member) else { return };
        let name = match &entry.kind {
            Kind::Joined { .. } => {
                expected.is_joining = false;
                expected.account = None;
                &entry.name
            }
            Kind::Renamed { to } => to,
            Kind::Left(_) | Kind::Removed { .. } => {
                expected.departure_count = expected.departure_count.saturating_sub(1);
                return self.forget_fulfilled(entry.member);
            }
            _ => return,
        };
        if let Some(at) = expected.names.iter().position(|awaited| awaited == name) {
            expected.names.remove(at);
        }
        self.forget_fulfilled(entry.member);
    }

    fn forget_fulfilled(&mut self, id: MemberId) {
        let is_fulfilled = |expected: &Expected| {
            !expected.is_joining && expected.names.is_empty() && expected.departure_count == 0
        };
        if self.expected.get(&id).is_some_and(is_fulfilled) {
            self.expected.remove(&id);
        }
        if self.expected.is_empty() {
            // Nothing is expected, so nothing is held.
            self.expected = HashMap::new();
        }
    }

    /// Notes whose name it is. Where two processes wrote at once it stays with the first.
    pub(super) fn claim(&mut self, id: MemberId, name: &Name) {
        for key in name.keys() {
            self.names.entry(Arc::clone(key)).or_insert(id);
        }
    }

    /// Frees a name, as far as the member neither bears it nor is about to.
    pub(super) fn release(&mut self, id: MemberId, name: &Name) {
        for key in name.keys() {
            let borne = self.members.get(&id).map(|member| &member.name);
            let awaited = self.expected.get(&id).into_iter().flat_map(|expected| &expected.names);
            let is_kept =
                borne.into_iter().chain(awaited).any(|kept| kept.keys().any(|k| k == key));
            if !is_kept && self.names.get(key) == Some(&id) {
                self.names.remove(key);
            }
        }
    }
}
