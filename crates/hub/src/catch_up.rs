//! Catch-up: serves an outlet that is behind the head, for as long as it is.
//!
//! It waits for the peer, reads pages of the log, and goes when the outlet stands at the head. A
//! slow reader costs this task and nobody else anything. Does not know how bytes are made.

use std::sync::Arc;

use conclave_log::LogError;

use crate::hub::Hub;
use crate::outlet::{Ended, Outlet, Signal, Turn, Wanted};

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
            Turn::Read(wanted) => {
                let group = &wanted.group;
                match group
                    .pages()
                    .read(hub.log(), group.id, wanted.from, |page| group.redact(page))
                    .await
                {
                    Ok(Some(page)) => {
                        turn = outlet.take_page(&wanted, &page);
                        // Where pages are at hand, nothing above has let others run.
                        tokio::task::consume_budget().await;
                        continue;
                    }
                    // It was deleted.
                    Ok(None) => is_gone(outlet, &wanted),
                    Err(error) => cannot_read(outlet, &wanted, &error),
                }
            }
        }
        turn = outlet.turn();
    }
}

/// Nobody is to sit in a group that is gone.
fn is_gone(outlet: &Outlet, wanted: &Wanted) {
    wanted.group.end(&Ended::Deleted);
    outlet.detach(wanted.session);
}

/// What cannot be read must not be skipped: the reader is cut off, and resumes at its place when
/// the log can be read again.
fn cannot_read(outlet: &Outlet, wanted: &Wanted, error: &LogError) {
    match error {
        LogError::NoSuchGroup => return is_gone(outlet, wanted),
        LogError::Stopped => {}
        error => {
            let (group, from) = (wanted.group.id, wanted.from);
            tracing::error!(%group, %from, %error, "a reader is cut off");
        }
    }
    cut_off(outlet);
}

fn cut_off(outlet: &Outlet) {
    outlet.signal(Signal::Closed);
    outlet.close();
}
