//! Catch-up: serves an outlet that is behind the head, for as long as it is.
//!
//! It waits for the peer, reads pages of the log, and goes when the outlet stands at the head. A
//! slow reader costs this task and nobody else anything. Does not know how bytes are made.

use std::sync::Arc;

use conclave_log::LogError;

use crate::hub::Hub;
use crate::outlet::{Ended, Outlet, Signal, Turn};

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
                let is_writable = tokio::select! {
                    is_writable = outlet.writable() => is_writable,
                    // Nothing more will come, and a peer that takes nothing is not waited for.
                    _end = hub.ended() => return,
                };
                if !is_writable {
                    return cut_off(outlet);
                }
            }
            Turn::Read(wanted) => match hub.log().read(wanted.group.id, wanted.from).await {
                Ok(page) if !page.is_empty() => {
                    turn = outlet.take_page(&wanted, &page);
                    continue;
                }
                // It was deleted: nobody is to sit in it.
                Ok(_) | Err(LogError::NoSuchGroup) => {
                    wanted.group.end(&Ended::Deleted);
                    outlet.detach(wanted.session);
                }
                Err(LogError::Stopped) => return cut_off(outlet),
                Err(error) => {
                    let (group, from) = (wanted.group.id, wanted.from);
                    // What cannot be read must not be skipped: the reader is cut off, and
                    // resumes at its place when the log can be read again.
                    tracing::error!(%group, %from, %error, "a reader is cut off");
                    return cut_off(outlet);
                }
            },
        }
        turn = outlet.turn();
    }
}

fn cut_off(outlet: &Outlet) {
    outlet.signal(Signal::Closed);
    outlet.close();
}
