//! History: where the last so many messages of a group begin.
//!
//! Pages backwards through the log, in bounded pages, taking its turn beside other readers. What
//! it finds is then read forward like everything else. Does not know how it is shown.

use conclave_core::{GroupId, Seq, limits};
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
    group: GroupId,
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
            let page = log.read(group, next).await?;
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
                wanted.wire.encode(event, &mut encoded);
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
