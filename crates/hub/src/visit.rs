//! Visit: somebody who is here without account or group, and can be written to.
//!
//! Who has one is that visitor. What it wrote and was written goes with it. Does not know protocols.

use std::fmt;
use std::sync::Arc;

use conclave_core::{Name, Origin, Party, VisitorId};

use crate::direct::{Contact, close_directs_of};
use crate::hub::Hub;
use crate::outlet::{Outlet, Own};
use crate::present::Shown;
use crate::wire::Wire;

/// Somebody who is here, until it is dropped.
pub struct Visit {
    hub: Arc<Hub>,
    visitor: Visitor,
}

/// By what a visitor is found. No proof of anything: it is an address.
#[derive(Clone)]
pub struct Visitor {
    id: VisitorId,
    outlet: Arc<Outlet>,
}

impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Visit").field(&self.visitor.id).finish()
    }
}

impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Visitor").field(&self.id).finish()
    }
}

impl Hub {
    /// Lets somebody be here whom others can write to: direct messages are written to that outlet.
    /// Nothing is held for it until somebody does. Who has visited once does not visit again on the
    /// same outlet.
    pub fn visit(self: &Arc<Self>, outlet: &Arc<Outlet>) -> Visit {
        debug_assert!(!outlet.has_visit_ended(), "a connection is a visitor's once");
        let mut entropy = [0; 8];
        self.fill(&mut entropy);
        // As many as a store can count; that one comes twice will not happen.
        let id = VisitorId(u64::from_le_bytes(entropy) >> 1);
        Visit { hub: Arc::clone(self), visitor: Visitor { id, outlet: Arc::clone(outlet) } }
    }
}

impl Visit {
    pub(crate) const fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    pub(crate) const fn party(&self) -> Party {
        Party::Visitor(self.visitor.id)
    }

    /// By what others find it.
    pub const fn visitor(&self) -> &Visitor {
        &self.visitor
    }

    /// Has direct messages written on another wire from here on, its own as that says.
    pub fn set_shown(&self, wire: &'static dyn Wire, own: Own) {
        self.hub.present().show_visitor(self.visitor.id, self.visitor.shown(wire, own));
    }
}

impl Visitor {
    fn shown(&self, wire: &'static dyn Wire, own: Own) -> Shown {
        Shown { outlet: Arc::clone(&self.outlet), wire, own }
    }

    /// By what others write to it, which is called by that name just now and comes from there:
    /// direct messages are written to it on that wire, its own as `own` says.
    pub fn contact(
        &self,
        name: Name,
        origin: Origin,
        wire: &'static dyn Wire,
        own: Own,
    ) -> Contact {
        Contact::visitor(self.id, name, origin, self.shown(wire, own))
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        // Said first, so that nobody notes it as there once it has been forgotten.
        self.visitor.outlet.end_visit();
        let had_directs = self.hub.present().forget(self.visitor.id);
        // What is there when the server stops goes when it is back.
        if had_directs && !self.hub.is_stopping() {
            close_directs_of(&self.hub, vec![self.party()]);
        }
    }
}
