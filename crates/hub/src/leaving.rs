//! Leaving: has members leave who have gone, for as long as it takes.
//!
//! A name is not to be held by one who has gone because the disk was full just then, so what the
//! log cannot take is tried again. Does not know why somebody goes.

use std::sync::Arc;

use conclave_core::{Command, Farewell, MemberId, Refusal, limits};
use tokio::sync::oneshot;

use crate::hub::Hub;
use crate::live_group::LiveGroup;
use crate::model::Answer;

/// Sets going that a member leaves. What it gives ends when the member has left, or could not at
/// the first try; it need not be waited for. The group is deleted with its last member, where that
/// was asked for.
pub(crate) fn leave(
    hub: &Arc<Hub>,
    live: &Arc<LiveGroup>,
    member: MemberId,
    farewell: Farewell,
) -> oneshot::Receiver<()> {
    set_going(hub, live, (member, farewell), true)
}

/// Has those members leave whose connections ended with a former life of the server. Whoever comes
/// in waits for it, once a life of the group.
///
/// # Cancel safety
/// They leave; who comes next waits for those who have not.
pub(crate) async fn see_off_the_left_behind(hub: &Arc<Hub>, live: &Arc<LiveGroup>) {
    let seen_off = live.seen_off().get_or_init(|| async {
        let left_behind = live.model().left_behind();
        // Not deleted with the last of them: somebody is coming.
        let all: Vec<_> = left_behind
            .into_iter()
            .map(|member| set_going(hub, live, (member, Farewell::default()), false))
            .collect();
        for left in all {
            let _left = left.await;
        }
    });
    seen_off.await;
}

fn set_going(
    hub: &Arc<Hub>,
    live: &Arc<LiveGroup>,
    (member, farewell): (MemberId, Farewell),
    may_be_last: bool,
) -> oneshot::Receiver<()> {
    let (told, left) = oneshot::channel();
    let (hub_of_task, live) = (Arc::clone(hub), Arc::clone(live));
    hub.tasks().spawn(async move {
        let hub = hub_of_task;
        let mut told = Some(told);
        loop {
            let is_full =
                try_to_leave(&hub, &live, member, farewell.clone()).await == Err(Refusal::NotSaved);
            if !is_full && may_be_last {
                hub.delete_if_empty(&live).await;
            }
            if let Some(told) = told.take() {
                // Whoever waited may have gone.
                let _gone = told.send(());
            }
            if !is_full {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(limits::LEAVE_AGAIN_AFTER) => {}
                () = hub.stopping().cancelled() => return,
            }
        }
    });
    left
}

async fn try_to_leave(
    hub: &Hub,
    live: &LiveGroup,
    member: MemberId,
    farewell: Farewell,
) -> Result<(), Refusal> {
    let (told, outcome) = oneshot::channel();
    hub.submit(live, Command::Leave { member, farewell }, Answer::Told(told)).await?;
    outcome.await.map_err(|_group_gone| Refusal::GroupClosed)?.map(|_place| ())
}
