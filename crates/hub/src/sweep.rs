//! Sweep: what is done now and then rather than at once: lets go of groups nobody is in, of the
//! tails' old events, and of groups that have been empty for longer than they are kept.
//!
//! A group in which something has happened is tidied a moment later: by then everyone has it, as a
//! rule, and what was held of it would lie between what stays (a fifth of the memory of those who
//! had come and were idle was such holes). Where somebody is behind, it waits for the sweep.
//!
//! A task for each of the two, not a timer for each group; who tidies sleeps until something happens.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use conclave_core::{GroupId, Timestamp, limits};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::hub::Hub;
use crate::live_group::{LiveGroup, Reader};
use crate::model::Model;

/// Groups that are looked at in one page.
const GROUPS_A_PAGE: usize = 256;

/// Runs until the hub stops.
pub(crate) async fn run(hub: Arc<Hub>) {
    let mut retention_at = Instant::now() + limits::SWEEP_INTERVAL;
    loop {
        tokio::select! {
            () = tokio::time::sleep(limits::SWEEP_INTERVAL) => {}
            () = hub.stopping().cancelled() => return,
        }
        sweep(&hub);
        if let Some(kept_for) = hub.empty_groups_kept_for()
            && Instant::now() >= retention_at
        {
            retention_at = Instant::now() + limits::RETENTION_INTERVAL;
            delete_long_empty(&hub, kept_for).await;
        }
    }
}

/// Groups in which something has happened since they were tidied last.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    groups: Mutex<Vec<GroupId>>,
    stirred: Notify,
}

impl Touched {
    /// Notes that something has happened in a group.
    pub(crate) fn note(&self, live: &LiveGroup) {
        if live.note_touched() {
            return;
        }
        let mut groups = self.lock();
        groups.push(live.id);
        if groups.len() == 1 {
            self.stirred.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<GroupId>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tidies groups until the hub stops.
pub(crate) async fn tidy(hub: Arc<Hub>) {
    let tidied = async {
        loop {
            hub.touched().stirred.notified().await;
            tokio::time::sleep(limits::TIDY_AFTER).await;
            let groups = mem::take(&mut *hub.touched().lock());
            for live in groups.into_iter().filter_map(|id| hub.directory().find(id)) {
                tidy_group(&live);
                tokio::task::consume_budget().await;
            }
        }
    };
    tokio::select! {
        () = hub.stopping().cancelled() => {}
        () = tidied => {}
    }
}

/// Lets go of what was held of a group, as far as nobody is behind.
pub(crate) fn tidy_group(live: &LiveGroup) {
    // First: what happens from here on is for the next time.
    live.forget_touched();
    live.model().let_go_of_room();
    let head = live.tail().head();
    let has_all =
        |reader: &Reader| reader.outlet.next_of(reader.session).is_none_or(|next| next > head);
    if live.readers().iter().all(has_all) {
        live.tail().let_go(head);
        live.pages().let_go();
    }
}

fn sweep(hub: &Hub) {
    let now = Instant::now();
    for live in hub.directory().all() {
        live.tail().trim(now, limits::TAIL_KEPT_FOR);
        live.pages().let_go();
        live.model().let_go_of_room();
        retire(hub, &live);
    }
}

/// Lets go of a group that nobody is in.
fn retire(hub: &Hub, live: &Arc<LiveGroup>) {
    // What has ended while somebody is at it goes by his hand, or in a later sweep.
    let Ok(_turn) = hub.changing.try_lock() else { return };
    let let_go = || {
        if !live.has_ended() {
            hub.keep_snapshot(live);
        }
        hub.log().forget(live.id);
    };
    if live.has_ended() && live.model().in_flight.is_empty() {
        hub.directory().remove(live, let_go);
    } else {
        hub.directory().retire(live, let_go);
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
            if hub.is_stopping() {
                return;
            }
            let Ok(Some(live)) = hub.load(listed.id).await else { continue };
            hub.delete_where(&live, Model::is_left).await;
            // At once, so that no more than one is alive for having been looked at.
            retire(hub, &live);
        }
    }
}

#[cfg(test)]
mod tests {
    use conclave_core::{Entry, Farewell, Kind, MemberId, Name};
    use conclave_log::Ticket;
    use tokio::sync::oneshot;

    use super::*;
    use crate::model::Answer;

    #[test]
    fn a_group_holds_no_room_for_a_rush_that_is_over() {
        let live = LiveGroup::empty();
        let kind = Kind::Left(Farewell::default());
        let name = Name::from_log("Noya");
        let entry = Entry::by(MemberId(1), name, kind);
        let tickets = (0..100).map(Ticket);
        for ticket in tickets.clone() {
            live.model().expect(&entry, ticket, Answer::Told(oneshot::channel().0));
        }
        live.model().let_go_of_room();
        let taken = tickets.filter_map(|ticket| live.model().take(ticket));
        assert_eq!(taken.count(), 100, "what is under way stays");
        live.model().let_go_of_room();
        assert_eq!(live.model().in_flight.capacity(), 0);
    }
}
