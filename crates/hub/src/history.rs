//! History: where the last so many messages of a group begin, and the events beside a number.
//!
//! Pages through the log, in bounded pages, taking its turn beside other readers. Does not know
//! how it is shown.

use std::collections::VecDeque;

use conclave_core::{Event, GroupId, Seq, limits};
use conclave_log::{Log, LogError};

use crate::live_group::LiveGroup;
use crate::messages::Below;
use crate::wire::Wire;

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// How many messages at the most.
    pub(crate) count: u32,
    /// How many bytes at the most, written in that wire.
    pub(crate) bytes_max: Option<(usize, &'static dyn Wire)>,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The first message to show.
    pub(crate) from: Seq,
    /// The number after the last one's.
    pub(crate) end: Seq,
    /// How many there are in between.
    pub(crate) count: u32,
}

/// Finds the last messages below `before`.
pub(crate) async fn seek(
    log: &dyn Log,
    live: &LiveGroup,
    before: Seq,
    wanted: Wanted,
) -> Result<Found, LogError> {
    let mut found = Found { from: before, end: before, count: 0 };
    let mut bytes = 0_usize;
    while found.count < wanted.count {
        let Some(seq) = last_message(log, live, found.from).await? else { break };
        if let Some((bytes_max, wire)) = wanted.bytes_max {
            let Some(page) = live.pages().read(log, live.id, seq, |page| live.redact(page)).await?
            else {
                break;
            };
            let mut encoded = Vec::new();
            for event in page.events().iter().filter(|event| event.seq == seq) {
                wire.encode(&live.name(), event, &mut encoded);
            }
            bytes += encoded.len();
            if bytes > bytes_max {
                break;
            }
        }
        let end = if found.count == 0 { seq.next() } else { found.end };
        found = Found { from: seq, end, count: found.count + 1 };
    }
    Ok(found)
}

/// The last message below `end`.
async fn last_message(
    log: &dyn Log,
    live: &LiveGroup,
    mut end: Seq,
) -> Result<Option<Seq>, LogError> {
    loop {
        let below = live.model().messages.below(end);
        match below {
            Below::At(seq) => return Ok(Some(seq)),
            Below::NoneFrom(from) => end = from,
        }
        if end <= Seq(1) {
            return Ok(None);
        }
        let Some(page) =
            live.pages().read(log, live.id, end.minus(1), |page| live.redact(page)).await?
        else {
            return Ok(None);
        };
        let events = page.events().iter().filter(|event| event.seq < end);
        let messages: Vec<Seq> =
            events.filter(|event| event.entry.is_message()).map(|event| event.seq).collect();
        live.model().messages.learn(page.first(), end, &messages);
        if let Some(last) = messages.last() {
            return Ok(Some(*last));
        }
        end = page.first();
    }
}

/// Which side of a number a page lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Below it.
    Before(Seq),
    /// Above it.
    After(Seq),
}

/// The `count` events nearest to a number, on one side of it, in order: fewer where they would be
/// more than [`limits::HISTORY_BYTES_MAX`] of text.
pub(crate) async fn page(
    log: &dyn Log,
    group: GroupId,
    side: Side,
    count: usize,
) -> Result<Vec<Event>, LogError> {
    let (mut next, end) = match side {
        Side::Before(before) => (before.minus(count as u64).max(Seq(1)), before),
        Side::After(after) => (after.next(), after.next().plus(count as u64)),
    };
    let mut events = VecDeque::new();
    let mut bytes = 0;
    while next < end {
        let page = log.read(group, next).await?;
        let Some(last) = page.last().map(|event| event.seq) else { break };
        next = last.next();
        for event in page.into_iter().take_while(|event| event.seq < end) {
            bytes += event.entry.weight();
            events.push_back(event);
            // At least one event, so that whoever pages gets on.
            while bytes > limits::HISTORY_BYTES_MAX && events.len() > 1 {
                match side {
                    Side::Before(_) => {
                        bytes -= events.pop_front().map_or(0, |event| event.entry.weight());
                    }
                    Side::After(_) => {
                        events.pop_back();
                        return Ok(events.into());
                    }
                }
            }
        }
    }
    Ok(events.into())
}
