//! Catch-up: serves an outlet that is behind the head, for as long as it is.
//!
//! It waits for the peer, reads pages of the log, and goes when the outlet stands at the head. A
//! slow reader costs this task and nobody else anything. Does not know how bytes are made.

use std::sync::Arc;

use conclave_log::LogError;

use crate::hub::Hub;
use crate::outlet::{Outlet, Signal, Turn};

/// Serves an outlet that was just marked as behind: at once where that does it, by a task where
/// it has to wait.
pub(crate) fn start(hub: &Arc<Hub>, outlet: &Arc<Outlet>) {
    let turn = outlet.turn();
    if !matches!(turn, Turn::Done) {
        let (hub_of_task, outlet) = (Arc::clone(hub), Arc::clone(outlet));
        hub.tasks().spawn(async move { serve(&hub_of_task, &outlet, turn).await });
    }
}

async fn serve(hub: &Hub, outlet: &Outlet, mut turn: Turn) {
    loop {
        match turn {
            Turn::Done => return,
            Turn::Yield => tokio::task::yield_now().await,
            Turn::Wait => {
                if !outlet.writable().await {
                    outlet.signal(Signal::Closed);
                    outlet.close();
                    return;
                }
            }
            Turn::Read(group, from) => match hub.log().read(group.id, from).await {
                Ok(page) if !page.is_empty() && !group.has_ended() => {
                    turn = outlet.take_page(&group, from, &page);
                    continue;
                }
                Ok(_) | Err(LogError::NoSuchGroup) => {
                    outlet.detach(&group);
                    outlet.signal(Signal::GroupEnded);
                }
                Err(error) => {
                    // What cannot be read must not be skipped: the reader is cut off, and
                    // resumes at its place when the log can be read again.
                    tracing::error!(group = %group.id, %from, %error, "a reader is cut off");
                    outlet.signal(Signal::Closed);
                    outlet.close();
                    return;
                }
            },
        }
        turn = outlet.turn();
    }
}
