//! Direct: who has a direct conversation with whom.
//!
//! A direct conversation is a log of two, and these two are what it is found by. Does not know
//! where conversations are kept, nor who is allowed to begin one.
//!
//! Invariant: a pair is the same whoever of its two names it, and each of the two has the same
//! number in the log of the conversation for ever.

use crate::{AccountId, GroupId, MemberId};

/// One of the two of a direct conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// An account, for ever and on all its connections.
    Account(AccountId),
    /// A member of the group in which the two met, for as long as both are members of it.
    Member(GroupId, MemberId),
    /// Somebody who is here without account or group, for as long as it is here.
    Visitor(VisitorId),
}

/// Random number of a visit, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VisitorId(pub u64);

impl Party {
    /// Whether it is no more once the server has been started again.
    pub const fn is_fleeting(self) -> bool {
        matches!(self, Self::Visitor(_))
    }
}

/// The two of a direct conversation. They may be one: who writes to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    low: Party,
    high: Party,
}

impl Pair {
    /// The pair of these two, in whichever order.
    pub fn new(one: Party, other: Party) -> Self {
        Self { low: one.min(other), high: one.max(other) }
    }

    /// The one with number 1.
    pub const fn low(self) -> Party {
        self.low
    }

    /// The one with number 2, or the same again.
    pub const fn high(self) -> Party {
        self.high
    }

    /// The number that a party has in the log of the conversation; nothing for a third.
    pub fn member_of(self, party: Party) -> Option<MemberId> {
        if party == self.low {
            Some(MemberId(1))
        } else if party == self.high {
            Some(MemberId(2))
        } else {
            None
        }
    }

    /// The party that has that number.
    pub const fn party_of(self, member: MemberId) -> Party {
        if member.0 == 1 { self.low } else { self.high }
    }

    /// The other one of the two.
    pub fn other_than(self, party: Party) -> Party {
        if party == self.low { self.high } else { self.low }
    }

    /// Whether somebody writes to itself.
    pub fn is_of_one(self) -> bool {
        self.low == self.high
    }

    /// The group in which the two met, where the conversation lives no longer than their being
    /// members of it.
    pub const fn home(self) -> Option<GroupId> {
        match (self.low, self.high) {
            (Party::Member(group, _), _) | (_, Party::Member(group, _)) => Some(group),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_the_same_whoever_names_it() {
        let group = GroupId::new(8888).unwrap();
        let parties = [
            Party::Account(AccountId(1)),
            Party::Account(AccountId(2)),
            Party::Member(group, MemberId(1)),
            Party::Member(group, MemberId(7)),
            Party::Visitor(VisitorId(5)),
        ];
        for one in parties {
            for other in parties {
                let pair = Pair::new(one, other);
                assert_eq!(pair, Pair::new(other, one));
                let (of_one, of_other) = (pair.member_of(one), pair.member_of(other));
                assert_eq!(of_one == of_other, one == other);
                assert_eq!(pair.party_of(of_one.unwrap()), one);
                assert_eq!(pair.party_of(of_other.unwrap()), other);
                assert_eq!((pair.other_than(one), pair.other_than(other)), (other, one));
            }
        }
        let pair = Pair::new(parties[0], parties[1]);
        assert_eq!(pair.member_of(parties[4]), None, "a third has no number");
        assert_eq!(Pair::new(parties[0], parties[2]).home(), Some(group));
        assert_eq!(pair.home(), None);
    }
}
