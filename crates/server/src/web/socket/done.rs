//! Done: how something ended that a socket had under way; and entering a group, which is one.
//!
//! Does not know frames: answers are made by whoever runs the socket.

use std::sync::Arc;

use bytes::Bytes;
use conclave_core::{GroupId, Refusal};
use conclave_doors::api::Reference;
use conclave_hub::{Hub, Outlet};

use crate::web::entered::Entered;

/// How something ended.
pub(super) enum Done {
    /// A message landed or not.
    Said(Option<Bytes>),
    /// Something slow.
    Slow(Option<Bytes>),
    /// A group was left.
    Left {
        /// Which.
        group: GroupId,
        /// The answer.
        answer: Option<Bytes>,
    },
    /// A group was entered or not.
    Entered {
        /// Which, where it was known before.
        group: Option<GroupId>,
        /// The mark of what was asked.
        reference: Option<Reference>,
        /// The session, held until its answer was put.
        entered: Result<Entered, Refusal>,
    },
}

/// What is needed to enter a group.
pub(super) struct Entering {
    pub(super) hub: Arc<Hub>,
    pub(super) outlet: Arc<Outlet>,
    pub(super) group: Option<GroupId>,
    pub(super) reference: Option<Reference>,
}

impl Entering {
    /// Enters by those steps, or ends with the refusal that they met.
    pub(super) async fn run<S>(self, steps: S) -> Done
    where
        S: AsyncFnOnce(&Arc<Hub>, &Arc<Outlet>) -> Result<Entered, Refusal>,
    {
        let entered = steps(&self.hub, &self.outlet).await;
        Done::Entered { group: self.group, reference: self.reference, entered }
    }
}
