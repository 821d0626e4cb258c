//! The way into a log and the news that come out: appends, and what became of them.
//!
//! Does not know how a log commits. The stream of commits is the only way by which anybody learns
//! of an event, so nothing is shown before it is durable (P1).

use conclave_core::{Entry, Event, GroupId};
use tokio::sync::mpsc;

/// Names one append for the one who handed it in; the log only hands it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// An entry on its way into the log.
#[derive(Clone, Debug)]
pub struct Append {
    /// The group.
    pub group: GroupId,
    /// What to number and keep.
    pub entry: Entry,
    /// Handed back with how it ended.
    pub ticket: Ticket,
}

/// What one commit brought, a part for each group, and in each group in the order of its log.
#[derive(Debug, Default)]
pub struct Batch {
    /// The parts.
    pub groups: Vec<GroupCommit>,
}

/// What became of appends to one group.
#[derive(Debug)]
pub enum GroupCommit {
    /// These events are durable.
    Committed {
        /// The group.
        group: GroupId,
        /// The events, dense and in order.
        events: Vec<Event>,
        /// Whose append each event was; `None` for those that another process wrote.
        tickets: Vec<Option<Ticket>>,
    },
    /// These appends did not land.
    Failed {
        /// The group.
        group: GroupId,
        /// The appends, in order.
        tickets: Vec<Ticket>,
        /// Why, and whether it may have been written all the same.
        failure: AppendFailure,
    },
}

/// Why an append did not land.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AppendFailure {
    /// Refused: the log could not take it (a full disk). Definitely not written.
    NotSaved,
    /// Refused: there is no such group any more. Definitely not written.
    NoSuchGroup,
    /// Refused: the log had stopped before it came to it. Definitely not written.
    Stopped,
    /// Unknown: the log ended before it said. It may be in the log when it is opened again.
    Unknown,
}

/// The stream of commits of one log. It has one reader, and is bounded: a reader that does not
/// keep up holds up the writer, and by it those who append.
#[derive(Debug)]
pub struct Commits(mpsc::Receiver<Batch>);

/// Batches that wait for the reader of the stream before the writer waits.
const BATCHES_WAITING_MAX: usize = 4;

impl Commits {
    /// A stream, and the end by which a log feeds it.
    pub fn channel() -> (mpsc::Sender<Batch>, Self) {
        let (sender, receiver) = mpsc::channel(BATCHES_WAITING_MAX);
        (sender, Self(receiver))
    }

    /// The next batch; `None` once the log has stopped.
    ///
    /// # Cancel safety
    /// Safe: a batch is given or stays.
    pub async fn next(&mut self) -> Option<Batch> {
        self.0.recv().await
    }
}
