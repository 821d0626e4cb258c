//! Peer: how a client of IRC is reached from another's command.
//!
//! What goes this way is of the moment (who is away, who invites): a client that is behind is not
//! told, so that nobody can fill another's memory. What must arrive goes through a group's log.

use std::sync::{Arc, Weak};

use conclave_core::Account;
use conclave_doors::irc::caps::{Cap, Caps};
use conclave_doors::irc::registry::User;
use conclave_doors::irc::written::{Framing, Written};
use conclave_hub::{Hub, Outlet, Visitor};
use tokio::sync::RwLock;

/// As whom a client is written to.
#[derive(Clone, Debug)]
pub(crate) enum Whose {
    /// As somebody without an account.
    Visitor(Visitor),
    Account(Account),
}

/// A client as it is reached by others.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) outlet: Arc<Outlet>,
    pub(crate) whose: Whose,
    /// Held to be read while a direct message is on its way to it: whoever may write it knows that
    /// all has arrived which was on its way then.
    ///
    /// There while somebody holds it: nothing is on its way to most.
    arriving: Weak<RwLock<()>>,
}

impl Peer {
    pub(crate) const fn new(outlet: Arc<Outlet>, whose: Whose) -> Self {
        Self { outlet, whose, arriving: Weak::new() }
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
    outlet: Arc<Outlet>,
    framing: Framing,
    pub(crate) caps: Caps,
}

impl From<&User<Peer>> for Told {
    fn from(user: &User<Peer>) -> Self {
        let outlet = Arc::clone(&user.peer.outlet);
        Self { outlet, framing: user.framing, caps: user.caps }
    }
}

impl Told {
    /// Tells a line.
    pub(crate) fn tell(&self, hub: &Arc<Hub>, line: Written) {
        if !self.outlet.has_room() {
            return;
        }
        let line = if self.caps.has(Cap::ServerTime) { line.timed(hub.now()) } else { line };
        let mut bytes = Vec::new();
        line.render(self.framing, &mut bytes);
        hub.put(&self.outlet, bytes.into());
    }
}
