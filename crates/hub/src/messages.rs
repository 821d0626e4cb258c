//! Messages: which of a live group's newest events are messages, so that whoever joins is shown the
//! last of them without the log being searched for them past all news in between.
//!
//! Numbers only. Known of what was published since the group came to life, and of what somebody
//! has searched. Invariant: from `known_from` on, all messages are known.

use std::collections::VecDeque;

use conclave_core::{Seq, limits};

/// The newest messages of a group.
#[derive(Debug)]
pub(crate) struct Messages {
    known_from: Seq,
    /// Rising.
    newest: VecDeque<Seq>,
}

/// What is known of the events below a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Below {
    /// The newest message among them.
    At(Seq),
    /// There is none from this number on, which may be the one that was asked for; what is below
    /// is not known.
    NoneFrom(Seq),
}

impl Messages {
    /// Nothing is known but that there is nothing after `head`.
    pub(crate) const fn new(head: Seq) -> Self {
        Self { known_from: head.next(), newest: VecDeque::new() }
    }

    /// Notes a message that is newer than all before it.
    pub(crate) fn note(&mut self, seq: Seq) {
        self.newest.push_back(seq);
        self.trim();
    }

    /// Learns which events from `from` on and below `below` are messages: those of `found`, which
    /// rises.
    pub(crate) fn learn(&mut self, from: Seq, below: Seq, found: &[Seq]) {
        if from >= self.known_from || below < self.known_from {
            return;
        }
        for seq in found.iter().rev().filter(|seq| **seq < self.known_from) {
            self.newest.push_front(*seq);
        }
        self.known_from = from;
        self.trim();
    }

    /// What is known of the events below `end`.
    pub(crate) fn below(&self, end: Seq) -> Below {
        let count = self.newest.partition_point(|seq| *seq < end);
        match count.checked_sub(1).and_then(|index| self.newest.get(index)) {
            Some(seq) => Below::At(*seq),
            None => Below::NoneFrom(self.known_from.min(end)),
        }
    }

    fn trim(&mut self) {
        while self.newest.len() > limits::MESSAGES_KNOWN
            && let Some(oldest) = self.newest.pop_front()
        {
            self.known_from = oldest.next();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seq: u64) -> Below {
        Below::At(Seq(seq))
    }

    const fn none_from(seq: u64) -> Below {
        Below::NoneFrom(Seq(seq))
    }

    #[test]
    fn what_was_published_and_what_was_searched_is_known_and_nothing_else() {
        let mut messages = Messages::new(Seq(100));
        assert_eq!(
            (messages.below(Seq(101)), messages.below(Seq(50))),
            (none_from(101), none_from(50))
        );
        messages.note(Seq(103));
        assert_eq!((messages.below(Seq(104)), messages.below(Seq(103))), (at(103), none_from(101)));
        // Not next to what is known.
        messages.learn(Seq(10), Seq(50), &[Seq(20)]);
        assert_eq!(messages.below(Seq(103)), none_from(101));
        messages.learn(Seq(40), Seq(101), &[Seq(41), Seq(60)]);
        assert_eq!((messages.below(Seq(103)), messages.below(Seq(60))), (at(60), at(41)));
        assert_eq!(messages.below(Seq(41)), none_from(40));
        // What is known already is not learned twice.
        messages.learn(Seq(1), Seq(101), &[Seq(5), Seq(41), Seq(60)]);
        assert_eq!((messages.below(Seq(41)), messages.below(Seq(5))), (at(5), none_from(1)));
        assert_eq!(messages.newest.len(), 4);
    }

    #[test]
    fn past_the_bound_the_oldest_are_forgotten() {
        let mut messages = Messages::new(Seq(0));
        let count = limits::MESSAGES_KNOWN as u64;
        for seq in 1..=count + 3 {
            messages.note(Seq(seq * 2));
        }
        assert_eq!(messages.newest.len(), limits::MESSAGES_KNOWN);
        assert_eq!((messages.below(Seq(9)), messages.below(Seq(8))), (at(8), none_from(7)));
        messages.learn(Seq(1), Seq(7), &[Seq(2), Seq(4), Seq(6)]);
        assert_eq!(messages.below(Seq(8)), none_from(7), "there is no room for more");
    }
}
