//! Visit: somebody who is here without account or group, and can be written to.
//!
//! Who has one is that visitor. What it wrote and was written goes with it. Does not know protocols.

use std::fmt;
use std::sync::Arc;

use conclave_core::{Name, Origin, Party, VisitorId};

use crate::direct::{Contact, close_directs_of};
use crate::hub::Hub;
use crate::live_group::Serial;
use crate::outlet::{Outlet, Own};
use crate::present::Connected;
use crate::wire::Wire;

/// Somebody who is here, until it is dropped.
pub struct Visit {
    hub: Arc<Hub>,
    id: VisitorId,
    serial: Serial,
}

impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Visit").field(&self.id).finish()
    }
}

impl Hub {
    /// Lets somebody be here whom others can write to: direct messages are written to that outlet
    /// on that wire, its own as `own` says. It costs the log nothing until somebody does.
    pub fn visit(
        self: &Arc<Self>,
        outlet: &Arc<Outlet>,
        wire: &'static dyn Wire,
        own: Own,
    ) -> Visit {
        let mut entropy = [0; 8];
        self.fill(&mut entropy);
        // As many as a store can count; that one comes twice will not happen.
        let id = VisitorId(u64::from_le_bytes(entropy) >> 1);
        let (serial, outlet) = (self.next_serial(), Arc::clone(outlet));
        self.present().connect(Party::Visitor(id), Connected { serial, outlet, wire, own });
        Visit { hub: Arc::clone(self), id, serial }
    }
}

impl Visit {
    pub(crate) const fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    pub(crate) const fn party(&self) -> Party {
        Party::Visitor(self.id)
    }

    /// Has direct messages written on another wire from here on, its own as that says.
    pub fn set_shown(&self, wire: &'static dyn Wire, own: Own) {
        self.hub.present().adjust(self.party(), self.serial, wire, own);
    }

    /// By what others write to it, which is called by that name just now and comes from there.
    pub const fn contact(&self, name: Name, origin: Origin) -> Contact {
        Contact::visitor(self.id, name, origin)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let had_directs = self.hub.present().disconnect(self.party(), self.serial);
        // What is there when the server stops goes when it is back.
        if had_directs && !self.hub.is_stopping() {
            close_directs_of(&self.hub, vec![self.party()]);
        }
    }
}
