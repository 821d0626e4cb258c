//! Present: the connections on which an account or a visitor is there.
//!
//! Who is a member of a group is found by the group; this is for those who are found without one.
//! Does not know what they are told. Bounded by the number of connections, and for each party by
//! [`limits::SESSIONS_PER_MEMBER_MAX`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conclave_core::{Party, limits};

use crate::live_group::Serial;
use crate::outlet::{Outlet, Own};
use crate::wire::Wire;

/// Who is there.
#[derive(Debug, Default)]
pub(crate) struct Present(Mutex<HashMap<Party, There>>);

/// One who is there.
#[derive(Debug, Default)]
struct There {
    /// In the order in which they came.
    connections: Vec<Connected>,
    /// Somebody has opened a direct conversation with it since it came.
    has_directs: bool,
}

/// A connection of somebody.
#[derive(Clone, Debug)]
pub(crate) struct Connected {
    pub(crate) serial: Serial,
    pub(crate) outlet: Arc<Outlet>,
    pub(crate) wire: &'static dyn Wire,
    /// What of its own it is shown.
    pub(crate) own: Own,
}

impl Present {
    fn lock(&self) -> MutexGuard<'_, HashMap<Party, There>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connections of a party.
    pub(crate) fn connections(&self, party: Party) -> Vec<Connected> {
        self.lock().get(&party).map(|there| there.connections.clone()).unwrap_or_default()
    }

    /// Adds a connection. Where there are more than there may be, the oldest goes.
    pub(crate) fn connect(&self, party: Party, added: Connected) -> Option<Connected> {
        let mut present = self.lock();
        let connections = &mut present.entry(party).or_default().connections;
        // Most have one; a vector begins with room for four.
        connections.reserve_exact(1);
        connections.push(added);
        let is_over = connections.len() > limits::SESSIONS_PER_MEMBER_MAX;
        is_over.then(|| connections.remove(0))
    }

    /// Has what is for a party written to one of its connections on another wire.
    pub(crate) fn adjust(&self, party: Party, serial: Serial, wire: &'static dyn Wire, own: Own) {
        let mut present = self.lock();
        let Some(there) = present.get_mut(&party) else { return };
        for connection in there.connections.iter_mut().filter(|one| one.serial == serial) {
            connection.wire = wire;
            connection.own = own;
        }
    }

    /// Takes a connection away. `true` where it was the last of one with whom somebody has opened a
    /// direct conversation.
    pub(crate) fn disconnect(&self, party: Party, serial: Serial) -> bool {
        let mut present = self.lock();
        let Some(there) = present.get_mut(&party) else { return false };
        there.connections.retain(|other| other.serial != serial);
        if !there.connections.is_empty() {
            return false;
        }
        present.remove(&party).is_some_and(|there| there.has_directs)
    }

    /// Notes that somebody opens a direct conversation with a party; whether that is there.
    pub(crate) fn note_direct(&self, party: Party) -> bool {
        let mut present = self.lock();
        let Some(there) = present.get_mut(&party) else { return false };
        there.has_directs = true;
        true
    }
}
