//! Publisher: takes what the log committed, and brings it to everyone who reads.
//!
//! The only one who applies events to live groups and moves their heads. Once per commit and group
//! it applies, puts a chunk into the tail, tells those who waited, and writes to every outlet at
//! the head. Does not know how a log commits or how bytes are made.

use std::sync::Arc;

use conclave_core::{Event, Refusal, limits};
use conclave_log::{AppendFailure, Batch, Commits, GroupCommit, Ticket};
use tokio::time::Instant;

use crate::catch_up;
use crate::hub::Hub;
use crate::live_group::{Answer, InFlight, Joining, LiveGroup, Model};
use crate::outlet::Cursor;
use crate::session::Session;
use crate::tail::Chunk;

/// Runs until the log's stream ends. Tells the hub when the log ended by itself.
pub(crate) async fn run(hub: Arc<Hub>, mut commits: Commits) {
    while let Some(batch) = commits.next().await {
        publish(&hub, batch).await;
    }
    hub.log_ended();
}

async fn publish(hub: &Arc<Hub>, batch: Batch) {
    let now = Instant::now();
    let mut written = 0_usize;
    for part in batch.groups {
        match part {
            GroupCommit::Committed { group, events, tickets } => {
                hub.settle_appends(tickets.iter().flatten().count());
                let Some(live) = hub.directory().find(group) else { continue };
                let chunk = settle(hub, &live, now, events, &tickets);
                written = pass(hub, &live, &chunk, written).await;
            }
            GroupCommit::Failed { group, tickets, failure } => {
                hub.settle_appends(tickets.len());
                if let Some(live) = hub.directory().find(group) {
                    fail(&live, &tickets, failure);
                }
            }
        }
    }
}

/// Applies what was committed, puts it into the tail and tells those who waited for it.
fn settle(
    hub: &Arc<Hub>,
    live: &Arc<LiveGroup>,
    now: Instant,
    events: Vec<Event>,
    tickets: &[Option<Ticket>],
) -> Arc<Chunk> {
    let mut told = Vec::new();
    let mut joined = Vec::new();
    let mut model = live.model();
    for (event, ticket) in events.iter().zip(tickets) {
        model.group.apply(event);
        let answer = ticket.and_then(|ticket| take(&mut model, ticket)).map(|append| append.answer);
        match answer {
            None | Some(Answer::OnFailure(_)) => {}
            Some(Answer::Told(teller)) => told.push((teller, (event.seq, event.at))),
            Some(Answer::Joins(joining)) => {
                model.arrive(event.entry.member);
                joined.push((joining, event.entry.member, event.seq));
            }
        }
    }
    keep_snapshot(hub, live, &mut model);
    drop(model);
    for (joining, member, seq) in &joined {
        joining.outlet.attach(Cursor {
            group: Arc::clone(live),
            next: seq.next(),
            member: *member,
            wire: joining.wire,
            is_echoed: false,
            is_held: true,
        });
    }
    if !joined.is_empty() {
        live.add_outlets(joined.iter().map(|(joining, ..)| Arc::clone(&joining.outlet)));
    }
    let chunk = Arc::new(Chunk::new(events));
    live.tail().push(now, Arc::clone(&chunk));
    // Whoever waited may have gone; the session of a join then leaves as it is dropped.
    for (teller, outcome) in told {
        let _gone = teller.send(Ok(outcome));
    }
    for (joining, member, seq) in joined {
        let Joining { told: teller, outlet, keep, .. } = *joining;
        let session = Session::new(Arc::clone(hub), Arc::clone(live), member, outlet, keep);
        drop(teller.send(Ok((session, seq))));
    }
    live.settled().notify_waiters();
    chunk
}

/// Takes the append of that ticket out of those under way; they land in order.
fn take(model: &mut Model, ticket: Ticket) -> Option<InFlight> {
    if model.in_flight.front().is_some_and(|append| append.ticket == ticket) {
        return model.in_flight.pop_front();
    }
    let index = model.in_flight.iter().position(|append| append.ticket == ticket)?;
    model.in_flight.remove(index)
}

/// Has the log keep a snapshot from time to time: the later, the larger the group, so that
/// snapshots cost no more than the events between them.
fn keep_snapshot(hub: &Hub, live: &LiveGroup, model: &mut Model) {
    let events_since = model.group.head().0 - model.snapshot_head.0;
    let due = limits::SNAPSHOT_EVENTS + 4 * model.group.members().len() as u64;
    if events_since >= due {
        model.snapshot_head = model.group.head();
        hub.log().keep_snapshot(live.id, model.group.snapshot());
    }
}

/// Writes a chunk to everyone at the head. `written` counts the outlets since others last ran.
async fn pass(hub: &Arc<Hub>, live: &Arc<LiveGroup>, chunk: &Chunk, mut written: usize) -> usize {
    for outlet in live.outlets().iter() {
        if outlet.give(live, chunk) {
            catch_up::start(hub, outlet);
        }
        written += 1;
        if written.is_multiple_of(limits::PASS_YIELD_MEMBERS) {
            tokio::task::yield_now().await;
        }
    }
    written
}

/// Tells those whose appends did not land, and frees what was held for them.
fn fail(live: &Arc<LiveGroup>, tickets: &[Ticket], failure: AppendFailure) {
    let refusal = match failure {
        AppendFailure::NotSaved => Refusal::NotSaved,
        AppendFailure::NoSuchGroup => Refusal::GroupClosed,
        AppendFailure::Stopped => Refusal::Stopping,
        AppendFailure::Unknown => Refusal::Unknown,
    };
    let mut model = live.model();
    let mut answers = Vec::new();
    for ticket in tickets {
        let Some(append) = take(&mut model, *ticket) else { continue };
        // What may be in the log all the same is not given up: the log tells when it is opened.
        if failure != AppendFailure::Unknown
            && let Some(expected) = &append.expected
        {
            model.group.give_up(expected);
        }
        answers.push(append.answer);
    }
    drop(model);
    for answer in answers {
        answer.fail(refusal);
    }
    live.settled().notify_waiters();
}
