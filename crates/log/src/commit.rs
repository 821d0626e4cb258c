//! The way into a log and the news that come out: appends, and what became of them.
//!
//! Does not know how a log commits. The stream of commits is the only way by which anybody learns
//! of an event, so nothing is shown before it is durable (P1).

use std::collections::HashMap;

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

impl Batch {
    /// Takes in what a later commit brought, so that both are dealt with at once.
    pub fn absorb(&mut self, later: Self) {
        let mut last_of: HashMap<GroupId, usize> = HashMap::new();
        for (index, part) in self.groups.iter().enumerate() {
            last_of.insert(part.group(), index);
        }
        for part in later.groups {
            let last = last_of.get(&part.group()).and_then(|index| self.groups.get_mut(*index));
            let Some(part) = (match last {
                Some(last) => last.absorb(part),
                None => Some(part),
            }) else {
                continue;
            };
            last_of.insert(part.group(), self.groups.len());
            self.groups.push(part);
        }
    }
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

impl GroupCommit {
    /// The group.
    pub const fn group(&self) -> GroupId {
        match self {
            Self::Committed { group, .. } | Self::Failed { group, .. } => *group,
        }
    }

    /// Takes in events that follow its own; gives back anything else, such as the first of another
    /// group that has the number now.
    fn absorb(&mut self, later: Self) -> Option<Self> {
        match (self, later) {
            (
                Self::Committed { events, tickets, .. },
                Self::Committed { group, events: more, tickets: more_tickets },
            ) => {
                let end = events.last().map(|event| event.seq.next());
                if end != more.first().map(|event| event.seq) {
                    return Some(Self::Committed { group, events: more, tickets: more_tickets });
                }
                events.extend(more);
                tickets.extend(more_tickets);
                None
            }
            (_, later) => Some(later),
        }
    }
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

    /// The next batch where one waits already.
    pub fn try_next(&mut self) -> Option<Batch> {
        self.0.try_recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use conclave_core::{Kind, MemberId, Name, Seq, Timestamp};

    use super::*;

    fn group(n: u64) -> GroupId {
        GroupId::new(1000 + n).unwrap()
    }

    fn committed(n: u64, seqs: std::ops::Range<u64>) -> GroupCommit {
        let event = |seq| Event {
            seq: Seq(seq),
            at: Timestamp::default(),
            entry: Entry::by(
                MemberId(1),
                Name::from_log("Noya"),
                Kind::Left(conclave_core::Farewell::default()),
            ),
        };
        let tickets = seqs.clone().map(|seq| Some(Ticket(seq))).collect();
        GroupCommit::Committed { group: group(n), events: seqs.map(event).collect(), tickets }
    }

    fn failed(n: u64) -> GroupCommit {
        let failure = AppendFailure::NoSuchGroup;
        GroupCommit::Failed { group: group(n), tickets: vec![Ticket(99)], failure }
    }

    /// What is told of each group, in order.
    fn told(batch: &Batch) -> Vec<(u64, Vec<u64>)> {
        let seqs = |part: &GroupCommit| match part {
            GroupCommit::Committed { events, tickets, .. } => {
                assert_eq!(events.len(), tickets.len());
                events.iter().map(|event| event.seq.0).collect()
            }
            GroupCommit::Failed { .. } => vec![],
        };
        batch.groups.iter().map(|part| (part.group().get() - 1000, seqs(part))).collect()
    }

    #[test]
    fn what_follows_in_a_group_is_taken_into_one_part() {
        let mut batch = Batch { groups: vec![committed(1, 1..3), committed(2, 7..8)] };
        batch.absorb(Batch { groups: vec![committed(3, 1..2), committed(1, 3..5)] });
        batch.absorb(Batch { groups: vec![committed(2, 8..9), committed(3, 2..3)] });
        assert_eq!(told(&batch), [(1, vec![1, 2, 3, 4]), (2, vec![7, 8]), (3, vec![1, 2])]);
    }

    #[test]
    fn a_group_that_got_the_number_of_another_stays_apart() {
        let mut batch = Batch { groups: vec![committed(1, 5..7)] };
        batch.absorb(Batch { groups: vec![committed(1, 1..2)] });
        batch.absorb(Batch { groups: vec![failed(1), committed(1, 2..3)] });
        assert_eq!(told(&batch), [(1, vec![5, 6]), (1, vec![1]), (1, vec![]), (1, vec![2])]);
    }
}
