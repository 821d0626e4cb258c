//! Peer: how a client of IRC is reached from another's command.
//!
//! What goes this way is of the moment (who is away, who invites): a client that is behind is not
//! told, so that nobody can fill another's memory. What must arrive goes through a group's log.

use std::sync::{Arc, Weak};

use conclave_core::Timestamp;
use conclave_doors::irc::caps::{Cap, Caps};
use conclave_doors::irc::registry::User;
use conclave_doors::irc::written::{Framing, Written};
use conclave_hub::{Contact, Hub, Outlet};
use tokio::sync::RwLock;

/// A client as it is reached by others.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) hub: Arc<Hub>,
    pub(crate) outlet: Arc<Outlet>,
    pub(crate) framing: Framing,
    /// As whom it is written to.
    pub(crate) contact: Contact,
    /// Held to be read while a direct message is on its way to it: whoever may write it knows that
    /// all has arrived which was on its way then.
    ///
    /// There while somebody holds it: nothing is on its way to most.
    arriving: Weak<RwLock<()>>,
}

impl Peer {
    pub(crate) const fn new(
        hub: Arc<Hub>,
        outlet: Arc<Outlet>,
        framing: Framing,
        contact: Contact,
    ) -> Self {
        Self { hub, outlet, framing, contact, arriving: Weak::new() }
    }

    /// What is held while something is on its way to it; nothing where nobody holds it.
    pub(crate) fn arriving(&self) -> Option<Arc<RwLock<()>>> {
        self.arriving.upgrade()
    }

    /// The same, to be held from now on.
    pub(crate) fn hold_arriving(&mut self) -> Arc<RwLock<()>> {
        self.arriving.upgrade().unwrap_or_else(|| {
            let arriving = Arc::default();
            self.arriving = Arc::downgrade(&arriving);
            arriving
        })
    }
}

/// Somebody who is to be told something.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) peer: Peer,
    pub(crate) caps: Caps,
}

impl From<&User<Peer>> for Told {
    fn from(user: &User<Peer>) -> Self {
        Self { peer: user.peer.clone(), caps: user.caps }
    }
}

impl Told {
    /// Tells a line.
    pub(crate) fn tell(&self, line: Written, now: Timestamp) {
        if !self.peer.outlet.has_room() {
            return;
        }
        let line = if self.caps.has(Cap::ServerTime) { line.timed(now) } else { line };
        let mut bytes = Vec::new();
        line.render(self.peer.framing, &mut bytes);
        self.peer.hub.put(&self.peer.outlet, bytes.into());
    }
}
