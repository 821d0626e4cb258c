//! Present: the connections on which an account or a visitor is there.
//!
//! Who is a member of a group is found by the group; this is for those who are found without one.
//! An account is noted with each connection; a visitor only when somebody opens a direct
//! conversation with it, since most never have one. Does not know what they are told. Bounded by the
//! number of connections, and for each account by [`limits::SESSIONS_PER_MEMBER_MAX`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conclave_core::{AccountId, Party, VisitorId, limits};

use crate::live_group::Serial;
use crate::outlet::{Outlet, Own};
use crate::wire::Wire;

/// Who is there.
#[derive(Debug, Default)]
pub(crate) struct Present {
    /// In the order in which they came.
    accounts: Mutex<HashMap<AccountId, Vec<Connected>>>,
    visitors: Mutex<HashMap<VisitorId, There>>,
}

/// A connection of an account.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) serial: Serial,
    pub(crate) shown: Shown,
}

/// How a connection is written to.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) outlet: Arc<Outlet>,
    pub(crate) wire: &'static dyn Wire,
    /// What of its own it is shown.
    pub(crate) own: Own,
}

/// A visitor.
#[derive(Debug)]
struct There {
    shown: Shown,
    /// Somebody has opened a direct conversation with it.
    has_directs: bool,
}

impl Present {
    fn accounts(&self) -> MutexGuard<'_, HashMap<AccountId, Vec<Connected>>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn visitors(&self) -> MutexGuard<'_, HashMap<VisitorId, There>> {
        self.visitors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connections of a party that is found without a group.
    pub(crate) fn connections(&self, party: Party) -> Vec<Shown> {
        match party {
            Party::Account(account) => {
                let accounts = self.accounts();
                let connections = accounts.get(&account).into_iter().flatten();
                connections.map(|connected| connected.shown.clone()).collect()
            }
            Party::Visitor(visitor) => {
                let visitors = self.visitors();
                visitors.get(&visitor).map(|there| there.shown.clone()).into_iter().collect()
            }
            Party::Member(..) => Vec::new(),
        }
    }

    /// Adds a connection of an account. Where there are more than there may be, the oldest goes.
    pub(crate) fn connect(&self, account: AccountId, added: Connected) -> Option<Connected> {
        let mut accounts = self.accounts();
        let connections = accounts.entry(account).or_default();
        // Most have one; a vector begins with room for four.
        connections.reserve_exact(1);
        connections.push(added);
        let is_over = connections.len() > limits::SESSIONS_PER_MEMBER_MAX;
        is_over.then(|| connections.remove(0))
    }

    /// Has what is for an account written to one of its connections on another wire.
    pub(crate) fn adjust(
        &self,
        account: AccountId,
        serial: Serial,
        wire: &'static dyn Wire,
        own: Own,
    ) {
        let mut accounts = self.accounts();
        let connections = accounts.get_mut(&account).into_iter().flatten();
        for connection in connections.filter(|one| one.serial == serial) {
            connection.shown.wire = wire;
            connection.shown.own = own;
        }
    }

    /// Takes a connection of an account away.
    pub(crate) fn disconnect(&self, account: AccountId, serial: Serial) {
        let mut accounts = self.accounts();
        let Some(connections) = accounts.get_mut(&account) else { return };
        connections.retain(|other| other.serial != serial);
        if connections.is_empty() {
            accounts.remove(&account);
        }
    }

    /// Has what is for a visitor written in that way from here on.
    ///
    /// It is noted even of one with whom nobody has a conversation: whoever opens one just now may
    /// know only of the way before.
    pub(crate) fn show_visitor(&self, visitor: VisitorId, shown: Shown) {
        let mut visitors = self.visitors();
        match visitors.get_mut(&visitor) {
            Some(there) => there.shown = shown,
            None => drop(visitors.insert(visitor, There { shown, has_directs: false })),
        }
    }

    /// Notes that somebody opens a direct conversation with a visitor, which is written to in that
    /// way where no other is known; whether it is there.
    pub(crate) fn note_direct(&self, visitor: VisitorId, shown: &Shown) -> bool {
        let there = || There { shown: shown.clone(), has_directs: true };
        self.visitors().entry(visitor).or_insert_with(there).has_directs = true;
        // Asked last: who goes says so before it looks for what is noted of it here.
        let is_there = !shown.outlet.has_visit_ended();
        if !is_there {
            self.forget(visitor);
        }
        is_there
    }

    /// Notes that a visitor has gone. `true` where somebody has opened a direct conversation with
    /// it.
    pub(crate) fn forget(&self, visitor: VisitorId) -> bool {
        self.visitors().remove(&visitor).is_some_and(|there| there.has_directs)
    }
}
