//! History: where the last so many messages of a group begin, and the events beside a number.
//!
//! Pages through the log, in bounded pages, taking its turn beside other readers. Does not know
//! how it is shown.

use std::collections::VecDeque;

use conclave_core::{Event, GroupId, GroupName, Seq, limits};
use conclave_log::{Log, LogError};

use crate::wire::Wire;

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// How many messages at the most.
    pub(crate) count: u32,
    /// How many bytes at the most, as the wire writes them.
    pub(crate) bytes_max: Option<usize>,
    /// The wire they will be written in.
    pub(crate) wire: &'static dyn Wire,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The first message to show.
    pub(crate) from: Seq,
    /// How many there are from there on.
    pub(crate) count: u32,
}

/// Finds the last messages below `before`.
pub(crate) async fn seek(
    log: &dyn Log,
    group: &GroupName,
    before: Seq,
    wanted: Wanted,
) -> Result<Found, LogError> {
    let mut found = Found { from: before, count: 0 };
    let mut bytes = 0_usize;
    let mut end = before;
    while end > Seq(1) && found.count < wanted.count {
        let start = end.minus(limits::PAGE_EVENTS_MAX as u64).max(Seq(1));
        // A stretch of long messages comes in more than one page.
        let mut stretch = Vec::new();
        let mut next = start;
        while next < end {
            let page = log.read(group.id, next).await?;
            let Some(last) = page.last().map(|event| event.seq) else { return Ok(found) };
            stretch.extend(
                page.into_iter().filter(|event| event.seq < end && event.entry.is_message()),
            );
            next = last.next();
        }
        for event in stretch.iter().rev() {
            if found.count >= wanted.count {
                break;
            }
            if let Some(bytes_max) = wanted.bytes_max {
                let mut encoded = Vec::new();
                wanted.wire.encode(group, event, &mut encoded);
                bytes += encoded.len();
                if bytes > bytes_max {
                    return Ok(found);
                }
            }
            found = Found { from: event.seq, count: found.count + 1 };
        }
        end = start;
    }
    Ok(found)
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
