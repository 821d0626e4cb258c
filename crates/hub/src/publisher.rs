//! Publisher: takes what the log committed, and brings it to everyone who reads.
//!
//! The only one who applies events to live groups and moves their heads. Once per commit and group
//! it applies, puts a chunk into the tail, tells those who waited, and writes to every outlet at
//! the head. Does not know how a log commits or how bytes are made.

use std::sync::{Arc, MutexGuard};

use conclave_core::{Entry, Event, Kind, MemberId, Party, Refusal, Seq, limits};
use conclave_log::{AppendFailure, Batch, Commits, GroupCommit, Ticket};
use tokio::time::Instant;

use crate::admission::Keep;
use crate::catch_up;
use crate::direct::{close_directs_of, flow};
use crate::hub::Hub;
use crate::live_group::{LiveGroup, Reader};
use crate::model::{Answer, InFlight, Joining, Model};
use crate::outlet::{Ended, Labelled};
use crate::session::Session;
use crate::tail::Chunk;

/// Outlets that are looked at before the first of them is written to: where each lies is found out
/// for all of them at once, and not by one after the other waiting for memory.
const APPROACHED: usize = 16;

/// Runs until the log's stream ends, and tells the hub so.
pub(crate) async fn run(hub: Arc<Hub>, mut commits: Commits) {
    let end = End(hub);
    while let Some(mut batch) = commits.next().await {
        // What was committed while the last was brought to all is brought at once: members are
        // written to less often, the more there is to write.
        while let Some(later) = commits.try_next() {
            batch.absorb(later);
        }
        publish(&end.0, batch).await;
    }
}

/// Tells the hub that nothing is published any more, also where publishing came to grief: a hub
/// that is silent must end, not look alive.
struct End(Arc<Hub>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.log_ended();
    }
}

async fn publish(hub: &Arc<Hub>, batch: Batch) {
    let now = Instant::now();
    let mut written = 0_usize;
    for part in batch.groups {
        match part {
            GroupCommit::Committed { group, events, tickets } => {
                hub.settle_appends(tickets.iter().flatten().count());
                let Some(live) = hub.directory().find(group) else { continue };
                if let Some(chunk) = settle(hub, &live, now, events, &tickets) {
                    forget_redacted(&live, chunk.events());
                    written = pass(hub, &live, &chunk, written).await;
                    live.note_delivered(chunk.end().minus(1));
                    hub.touched().note(&live);
                    if live.two.is_some() {
                        flow::let_go(&live);
                    }
                }
            }
            GroupCommit::Failed { group, tickets, failure } => {
                hub.settle_appends(tickets.len());
                if let Some(live) = hub.directory().find(group) {
                    fail(&live, &tickets, failure);
                    if failure == AppendFailure::NoSuchGroup {
                        // Deleted by somebody else: nobody is to sit in it.
                        live.end(&Ended::Deleted);
                    }
                }
            }
        }
    }
}

/// Why the member's sessions end by such an event, where they do.
fn why_ended(entry: &Entry) -> Option<Ended> {
    match &entry.kind {
        Kind::Left(_) => Some(Ended::Left),
        Kind::Removed { by, reason } => {
            let (by, door, reason) = (by.clone(), entry.door, reason.clone());
            Some(Ended::Removed { by, door, reason })
        }
        _ => None,
    }
}

/// Lets go of pages at hand, which have the words of what was taken back.
fn forget_redacted(live: &LiveGroup, events: &[Event]) {
    if events.iter().any(|event| matches!(event.entry.kind, Kind::Redacted { .. })) {
        live.pages().let_go();
    }
}

/// Applies what was committed, puts it into the tail and tells those who waited for it. Nothing
/// where the group knew it all.
fn settle(
    hub: &Arc<Hub>,
    live: &Arc<LiveGroup>,
    now: Instant,
    mut events: Vec<Event>,
    tickets: &[Option<Ticket>],
) -> Option<Arc<Chunk>> {
    let mut told = Vec::new();
    let mut joined = Vec::new();
    let mut labelled = Vec::new();
    let mut departed = Vec::new();
    let mut model = live.model();
    let mut tickets = tickets.iter();
    events.retain(|event| {
        let append = tickets.next().copied().flatten().and_then(|ticket| model.take(ticket));
        // What was on its way here while the group was loaded is in what was loaded.
        let is_new = event.seq > model.group.head();
        if is_new {
            model.apply(event);
        }
        let member = event.entry.member;
        departed.extend(why_ended(&event.entry).map(|why| (member, why)));
        match append.map(|append| append.answer) {
            None | Some(Answer::OnFailure(_)) => {}
            Some(Answer::Labelled { outlet, session, mark, told: teller }) => {
                labelled.push((outlet, Labelled { session, member, seq: event.seq, mark }));
                told.extend(teller.map(|teller| (teller, (event.seq, event.at))));
            }
            Some(Answer::Told(teller)) => told.push((teller, (event.seq, event.at))),
            Some(Answer::Joins(joining)) => {
                model.arrive(member);
                joined.push((joining, member, event.seq));
            }
        }
        is_new
    });
    keep_snapshot(hub, live, &mut model);
    if let Some(two) = &live.two {
        two.note_names(&model.group);
    }
    drop(model);
    let sessions: Vec<_> = joined
        .into_iter()
        .map(|(joining, member, seq)| (begin(hub, live, &joining, member, seq), seq, joining.told))
        .collect();
    if !sessions.is_empty() {
        live.add_readers(sessions.iter().map(|(session, ..)| session.reader()).collect());
    }
    if !departed.is_empty() {
        live.show_out_of(&departed);
        if live.has_directs() {
            let party = |(member, _): &(MemberId, Ended)| Party::Member(live.id, *member);
            close_directs_of(hub, departed.iter().map(party).collect());
        }
    }
    if let Some(first) = events.first() {
        flow::gather(hub, live, first.seq);
    }
    flow::find_sessions(live, &mut labelled);
    // Before the head moves: whoever catches up finds the label.
    for (outlet, label) in labelled {
        outlet.note_label(label);
    }
    let chunk = (!events.is_empty()).then(|| Arc::new(Chunk::new(events)));
    if let Some(chunk) = &chunk {
        live.tail().push(now, Arc::clone(chunk));
    }
    // Whoever waited may have gone; the session of a join then leaves as it is dropped.
    for (teller, outcome) in told {
        let _gone = teller.send(Ok(outcome));
    }
    for (session, seq, teller) in sessions {
        drop(teller.send(Ok((session, seq))));
    }
    live.settled().notify_waiters();
    chunk
}

/// Begins the session of one whose joining is durable. Until somebody takes it, it is to leave when
/// it is dropped, whatever was asked for: nobody has its seat.
fn begin(
    hub: &Arc<Hub>,
    live: &Arc<LiveGroup>,
    joining: &Joining,
    member: MemberId,
    seq: Seq,
) -> Session {
    let session =
        Session::new(Arc::clone(hub), Arc::clone(live), member, &joining.outlet, Keep::Connection);
    session.attach(seq.next(), joining.wire, joining.own);
    session
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
    for near in live.readers().chunks(APPROACHED) {
        for Reader { outlet, .. } in near {
            outlet.approach();
        }
        for Reader { session, outlet, .. } in near {
            if outlet.give(*session, chunk) {
                catch_up::start(hub, outlet);
            }
            written += 1;
            if written.is_multiple_of(limits::PASS_YIELD_MEMBERS) {
                tokio::task::yield_now().await;
            }
        }
    }
    written
}

/// Tells those whose appends did not land, and frees what was held for them.
fn fail(live: &LiveGroup, tickets: &[Ticket], failure: AppendFailure) {
    let mut model = live.model();
    let failed = tickets.iter().filter_map(|ticket| model.take(*ticket)).collect();
    give_up(live, model, failed, failure);
}

/// Ends what is still under way when the log's stream has ended: it was refused.
pub(crate) fn fail_rest(live: &LiveGroup) {
    let mut model = live.model();
    let failed = model.take_all();
    give_up(live, model, failed, AppendFailure::Stopped);
}

fn give_up(
    live: &LiveGroup,
    mut model: MutexGuard<'_, Model>,
    failed: Vec<InFlight>,
    failure: AppendFailure,
) {
    let refusal = match failure {
        AppendFailure::NotSaved => Refusal::NotSaved,
        AppendFailure::NoSuchGroup => Refusal::GroupClosed,
        AppendFailure::Stopped => Refusal::Stopping,
        AppendFailure::Unknown => Refusal::Unknown,
    };
    // What may be in the log all the same is not given up: the log tells when it is opened again.
    if failure != AppendFailure::Unknown {
        for expected in failed.iter().filter_map(|append| append.expected.as_ref()) {
            model.group.give_up(expected);
        }
    }
    drop(model);
    for append in failed {
        append.answer.fail(live.id, refusal);
    }
    live.settled().notify_waiters();
}
