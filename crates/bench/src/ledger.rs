//! Ledger: what was sent, what each member of each group has heard of it, and what is wrong.
//!
//! Every message is checked at every reader: lost, doubled, out of order, in the wrong group, not
//! as it was sent, or come back to its sender. Does not know sockets, time or protocols.
//!
//! Invariant: of one sender's messages a reader awaits number `next`; those below it have come, or
//! lie in a gap.

use std::collections::HashMap;
use std::ops::Range;

use serde::Serialize;

use crate::limits;
use crate::payload::Stamp;

/// What was wrong, in deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Faults {
    /// Never came.
    pub lost: u64,
    /// Came again.
    pub doubled: u64,
    /// Came after a later one of the same sender.
    pub reordered: u64,
    /// Came to a member of another group.
    pub wrong_group: u64,
    /// Came otherwise than it was sent, or was never sent.
    pub garbled: u64,
    /// Came back to its sender.
    pub returned: u64,
}

impl Faults {
    /// Whether nothing was wrong.
    pub fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Members and senders of each group: all groups are alike.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) groups: u32,
    pub(crate) members: u32,
    /// The first so many members of a group send.
    pub(crate) senders: u32,
}

impl Shape {
    pub(crate) const fn connections(self) -> usize {
        self.groups as usize * self.members as usize
    }

    /// The group of a connection and its place there.
    #[expect(clippy::cast_possible_truncation, reason = "there are fewer connections than 2^32")]
    pub(crate) const fn place(self, connection: usize) -> (u32, u32) {
        (connection as u32 / self.members, connection as u32 % self.members)
    }

    /// The connection of a sender.
    pub(crate) const fn connection(self, group: u32, place: u32) -> usize {
        group as usize * self.members as usize + place as usize
    }

    const fn row(self, group: u32, sender: u32) -> usize {
        group as usize * self.senders as usize + sender as usize
    }
}

/// What came of something that was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// A message, for the first time: when it was due, and whose it is.
    First { due: u64, sender: usize },
    /// Something wrong.
    Fault,
}

/// What was sent and what was heard.
#[derive(Debug)]
pub(crate) struct Ledger {
    shape: Shape,
    payload_length: usize,
    /// By row of the sender: how many it has sent.
    sent: Vec<u32>,
    /// By reader and sender of its group: the number that comes next.
    next: Vec<u32>,
    /// By the same place: what was passed over.
    gaps: HashMap<usize, Vec<Range<u32>>>,
    gap_count: usize,
    /// By row of the sender: readers that each of its newest messages still awaits, and the number
    /// of the first of them.
    awaited: Option<Vec<Awaited>>,
    faults: Faults,
    delivered: u64,
}

#[derive(Clone, Debug, Default)]
struct Awaited {
    first: u32,
    readers: std::collections::VecDeque<u32>,
}

impl Ledger {
    /// An empty ledger; `is_windowed` where [`Ledger::ahead`] will be asked for.
    pub(crate) fn new(shape: Shape, payload_length: usize, is_windowed: bool) -> Self {
        let rows = shape.groups as usize * shape.senders as usize;
        Self {
            shape,
            payload_length,
            sent: vec![0; rows],
            next: vec![0; shape.connections() * shape.senders as usize],
            gaps: HashMap::new(),
            gap_count: 0,
            awaited: is_windowed.then(|| vec![Awaited::default(); rows]),
            faults: Faults::default(),
            delivered: 0,
        }
    }

    /// Notes that a sender sends; gives the payload's stamp.
    pub(crate) fn send(&mut self, group: u32, sender: u32, due: u64) -> Stamp {
        let row = self.shape.row(group, sender);
        let number = self.sent.get(row).copied().unwrap_or_default();
        if let Some(sent) = self.sent.get_mut(row) {
            *sent += 1;
        }
        if let Some(awaited) = self.awaited.as_mut().and_then(|awaited| awaited.get_mut(row)) {
            awaited.readers.push_back(self.shape.members - 1);
        }
        let group = u16::try_from(group).unwrap_or(u16::MAX);
        Stamp { group, sender: u8::try_from(sender).unwrap_or(u8::MAX), number, due }
    }

    /// How many messages a sender is ahead of its slowest reader.
    pub(crate) fn ahead(&self, group: u32, sender: u32) -> usize {
        let row = self.shape.row(group, sender);
        let awaited = self.awaited.as_ref().and_then(|awaited| awaited.get(row));
        awaited.map_or(0, |awaited| awaited.readers.len())
    }

    /// Notes what a connection heard somebody say.
    pub(crate) fn hear(&mut self, connection: usize, payload: &[u8]) -> Delivery {
        let heard = Stamp::parse(payload, self.payload_length);
        let Some(stamp) = heard.filter(|stamp| self.was_sent(stamp)) else {
            self.faults.garbled += 1;
            return Delivery::Fault;
        };
        let (group, place) = self.shape.place(connection);
        let sender = u32::from(stamp.sender);
        if u32::from(stamp.group) != group {
            self.faults.wrong_group += 1;
            return Delivery::Fault;
        }
        if sender == place {
            self.faults.returned += 1;
            return Delivery::Fault;
        }
        if !self.take(connection, sender, stamp.number) {
            return Delivery::Fault;
        }
        self.delivered += 1;
        self.note_delivery(group, sender, stamp.number);
        Delivery::First { due: stamp.due, sender: self.shape.connection(group, sender) }
    }

    fn was_sent(&self, stamp: &Stamp) -> bool {
        let (group, sender) = (u32::from(stamp.group), u32::from(stamp.sender));
        let is_one = group < self.shape.groups && sender < self.shape.senders;
        let sent = self.sent.get(self.shape.row(group, sender));
        is_one && sent.is_some_and(|sent| stamp.number < *sent)
    }

    /// Notes that a number came. `false` where it had come before.
    fn take(&mut self, connection: usize, sender: u32, number: u32) -> bool {
        let at = connection * self.shape.senders as usize + sender as usize;
        let Some(next) = self.next.get_mut(at) else { return false };
        if number >= *next {
            let gap = *next..number;
            *next = number + 1;
            if !gap.is_empty() && self.gap_count < limits::GAPS_MAX {
                self.gap_count += 1;
                self.gaps.entry(at).or_default().push(gap);
            }
            return true;
        }
        let gaps = self.gaps.get_mut(&at);
        let Some(gaps) = gaps else {
            self.faults.doubled += 1;
            return false;
        };
        let Some(found) = gaps.iter().position(|gap| gap.contains(&number)) else {
            self.faults.doubled += 1;
            return false;
        };
        let gap = gaps.swap_remove(found);
        let around = [gap.start..number, number + 1..gap.end];
        gaps.extend(around.into_iter().filter(|gap| !gap.is_empty()));
        self.faults.reordered += 1;
        true
    }

    fn note_delivery(&mut self, group: u32, sender: u32, number: u32) {
        let row = self.shape.row(group, sender);
        let awaited = self.awaited.as_mut().and_then(|awaited| awaited.get_mut(row));
        let Some(awaited) = awaited else { return };
        let at = number.checked_sub(awaited.first).map(|at| at as usize);
        if let Some(readers) = at.and_then(|at| awaited.readers.get_mut(at)) {
            *readers = readers.saturating_sub(1);
        }
        while awaited.readers.front() == Some(&0) {
            awaited.readers.pop_front();
            awaited.first += 1;
        }
    }

    /// Notes that a connection heard what nobody says.
    pub(crate) const fn hear_strange(&mut self) {
        self.faults.garbled += 1;
    }

    /// Messages that were sent.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.iter().copied().map(u64::from).sum()
    }

    /// Messages that came, each counted once at each reader.
    pub(crate) const fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Whether every message has come to every reader.
    pub(crate) fn is_complete(&self) -> bool {
        self.delivered == self.sent() * u64::from(self.shape.members - 1)
    }

    /// What is wrong, if nothing more comes.
    pub(crate) fn faults(&self) -> Faults {
        let expected = self.sent() * u64::from(self.shape.members - 1);
        Faults { lost: expected.saturating_sub(self.delivered), ..self.faults }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { groups: 2, members: 3, senders: 2 };
    const LENGTH: usize = 64;

    /// Has the first sender of the first group send so many, and its neighbour hear these.
    fn heard(sent: u32, numbers: &[u32]) -> Faults {
        let mut ledger = Ledger::new(SHAPE, LENGTH, true);
        let stamps: Vec<Stamp> = (0..sent).map(|_| ledger.send(0, 0, 5)).collect();
        for number in numbers {
            ledger.hear(1, &payload(stamps[*number as usize]));
        }
        for number in 0..sent {
            ledger.hear(2, &payload(stamps[number as usize]));
        }
        ledger.faults()
    }

    fn payload(stamp: Stamp) -> Vec<u8> {
        let mut payload = Vec::new();
        stamp.render(LENGTH, &mut payload);
        payload
    }

    #[test]
    fn each_fault_is_told_from_the_others() {
        let none = Faults::default();
        for (numbers, expected) in [
            (&[0, 1, 2, 3][..], none),
            (&[0, 1, 3], Faults { lost: 1, ..none }),
            (&[0, 1, 2], Faults { lost: 1, ..none }),
            (&[], Faults { lost: 4, ..none }),
            (&[0, 1, 1, 2, 3], Faults { doubled: 1, ..none }),
            (&[0, 2, 1, 3], Faults { reordered: 1, ..none }),
            (&[3, 2, 1, 0], Faults { reordered: 3, ..none }),
            (&[3, 1, 1, 0, 2], Faults { reordered: 3, doubled: 1, ..none }),
            (&[2, 0, 2], Faults { lost: 2, reordered: 1, doubled: 1, ..none }),
        ] {
            assert_eq!(heard(4, numbers), expected, "{numbers:?}");
        }
    }

    #[test]
    fn what_is_not_for_a_reader_is_a_fault() {
        let mut ledger = Ledger::new(SHAPE, LENGTH, false);
        let stamp = ledger.send(1, 1, 5);
        ledger.hear(0, &payload(stamp));
        assert_eq!(ledger.faults().wrong_group, 1);
        ledger.hear(SHAPE.connection(1, 1), &payload(stamp));
        assert_eq!(ledger.faults().returned, 1);
        ledger.hear(0, &payload(Stamp { number: 1, ..stamp }));
        ledger.hear(0, &payload(Stamp { group: 2, ..stamp }));
        ledger.hear(0, b"hello");
        assert_eq!(ledger.faults().garbled, 3);
        assert_eq!(ledger.delivered(), 0);
    }

    #[test]
    fn a_sender_is_ahead_until_its_slowest_reader_has_heard() {
        let mut ledger = Ledger::new(SHAPE, LENGTH, true);
        let stamps = [ledger.send(0, 0, 5), ledger.send(0, 0, 6)];
        assert_eq!(ledger.ahead(0, 0), 2);
        let first = ledger.hear(1, &payload(stamps[0]));
        assert_eq!(first, Delivery::First { due: 5, sender: 0 });
        ledger.hear(2, &payload(stamps[1]));
        assert_eq!(ledger.ahead(0, 0), 2);
        ledger.hear(2, &payload(stamps[0]));
        assert_eq!(ledger.ahead(0, 0), 1);
        assert!(!ledger.is_complete());
        ledger.hear(1, &payload(stamps[1]));
        assert!(ledger.is_complete());
    }
}
