//! Passing: tells those who are there what is kept nowhere: who types, who has come back or gone.
//!
//! Whoever is behind is passed by: what is of the moment is no use later, and is not to wait. It is
//! encoded once a wire, as events are. Comings and goings of one group are gathered for a moment.

use std::sync::Arc;

use bytes::Bytes;
use conclave_core::{MemberId, Passing, limits};
use smallvec::SmallVec;

use crate::catch_up;
use crate::hub::Hub;
use crate::live_group::LiveGroup;
use crate::wire::Wire;

/// Things of the moment as bytes, for each wire that somebody reads.
struct Encoded<'passing> {
    live: &'passing LiveGroup,
    passing: &'passing [Passing],
    by_wire: SmallVec<[(usize, Bytes); 4]>,
}

impl Encoded<'_> {
    fn on(&mut self, wire: &dyn Wire) -> Bytes {
        let place = wire.place();
        if let Some((_, bytes)) = self.by_wire.iter().find(|(known, _)| *known == place) {
            return bytes.clone();
        }
        let (name, mut out) = (self.live.name(), Vec::new());
        for passing in self.passing {
            wire.encode_passing(&name, passing, &mut out);
        }
        let bytes = Bytes::from(out);
        self.by_wire.push((place, bytes.clone()));
        bytes
    }
}

/// Tells everyone in the group who is at the head, but the one whom all of it is about.
///
/// # Cancel safety
/// Some may have been told.
pub(crate) async fn pass(hub: &Arc<Hub>, live: &Arc<LiveGroup>, passing: &[Passing]) {
    let mut encoded = Encoded { live, passing, by_wire: SmallVec::new() };
    for (index, reader) in live.readers().iter().enumerate() {
        if passing.iter().all(|passing| passing.member() == reader.member) {
            continue;
        }
        if reader.outlet.give_passing(reader.session, |wire| encoded.on(wire)) {
            catch_up::start(hub, &reader.outlet);
        }
        if (index + 1).is_multiple_of(limits::PASS_YIELD_MEMBERS) {
            tokio::task::yield_now().await;
        }
    }
}

/// Notes that a member's first session has come or its last has gone, and has that told before
/// long, where it still holds by then.
pub(crate) fn note_presence(hub: &Arc<Hub>, live: &Arc<LiveGroup>, member: MemberId, was: bool) {
    if !live.model().note_presence(member, was) {
        return;
    }
    let (hub_of_task, live) = (Arc::clone(hub), Arc::clone(live));
    hub.tasks().spawn(async move {
        let hub = hub_of_task;
        tokio::select! {
            () = tokio::time::sleep(limits::PRESENCE_GATHERED_FOR) => {}
            () = hub.stopping().cancelled() => return,
        }
        let changed = live.model().take_presence();
        if !changed.is_empty() {
            pass(&hub, &live, &changed).await;
        }
    });
}
