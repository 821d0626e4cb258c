//! Sweep: what is done now and then rather than at once: lets go of groups nobody is in, of the
//! tails' old events, and of groups that have been empty for longer than they are kept.
//!
//! One task for all groups, not a timer each.

use std::sync::Arc;
use std::time::Duration;

use conclave_core::{GroupId, Timestamp, limits};
use tokio::time::Instant;

use crate::hub::Hub;

/// Time between two sweeps of the live groups.
const SWEEP_INTERVAL: Duration = Duration::from_secs(2);
/// Time between two looks for groups that have been empty too long.
const RETENTION_INTERVAL: Duration = Duration::from_mins(10);
/// Groups that are looked at in one page.
const GROUPS_A_PAGE: usize = 256;

/// Runs until the hub stops.
pub(crate) async fn run(hub: Arc<Hub>) {
    let mut retention_at = Instant::now() + SWEEP_INTERVAL;
    loop {
        tokio::select! {
            () = tokio::time::sleep(SWEEP_INTERVAL) => {}
            () = hub.stopping().cancelled() => return,
        }
        sweep(&hub);
        if let Some(kept_for) = hub.empty_groups_kept_for()
            && Instant::now() >= retention_at
        {
            retention_at = Instant::now() + RETENTION_INTERVAL;
            delete_long_empty(&hub, kept_for).await;
        }
    }
}

fn sweep(hub: &Hub) {
    let now = Instant::now();
    for live in hub.directory().all() {
        live.tail().trim(now, limits::TAIL_KEPT_FOR);
        hub.directory().retire(&live, || {
            let model = live.model();
            if model.group.head() > model.snapshot_head {
                hub.log().keep_snapshot(live.id, model.group.snapshot());
            }
            hub.log().forget(live.id);
        });
    }
}

/// Deletes groups whose last event is that old and who have no member (B9).
async fn delete_long_empty(hub: &Arc<Hub>, kept_for: Duration) {
    let kept_for_ms = i64::try_from(kept_for.as_millis()).unwrap_or(i64::MAX);
    let old_before = Timestamp::from_ms(hub.now().ms().saturating_sub(kept_for_ms));
    let mut after: Option<GroupId> = None;
    while let Ok(page) = hub.groups(after, GROUPS_A_PAGE).await {
        let Some(last) = page.last() else { return };
        after = Some(last.id);
        for listed in page.iter().filter(|listed| listed.last_at < old_before) {
            let Ok(Some(live)) = hub.load(listed.id).await else { continue };
            let is_empty = {
                let model = live.model();
                let has_member = model.group.members().any(|(_, member)| member.seat.is_some())
                    || !model.sessions.is_empty();
                !has_member && model.in_flight.is_empty()
            };
            if is_empty && hub.delete(listed.id).await.is_err() {
                return;
            }
        }
    }
}
