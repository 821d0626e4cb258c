//! What direct conversations need of a log: to be found by the two who have them.
//!
//! A trait beside [`Log`](crate::Log), which every log gives as well. A direct conversation is a
//! group like any other but for what it is found by: its events are appended, loaded, read and
//! deleted as those of groups are, by a number that cannot be typed. Knows no rule about who may
//! write to whom.

use conclave_core::{Account, Entry, GroupId, Pair, Party, Seq, Timestamp};

use crate::Answer;

/// Direct conversations, kept among the groups and in the same store.
///
/// # Guarantees
/// - **Durable, and whole.** A conversation that was answered survives the end of the process and
///   of the machine's power at any moment, together with the joinings of its two.
/// - **One of a pair.** A pair has one conversation, also where both open it at once, and no
///   conversation is ever another pair's: not when a member's number or a group's is used again,
///   nor after a restart.
/// - **No longer than its two.** Where one of them is a member of a group, the conversation goes
///   with that group; where one is a visitor, it goes at the latest when the log is opened again.
/// - **Not among the groups.** [`Log::list`](crate::Log::list), [`Log::count`](crate::Log::count)
///   and [`Accounts::groups_of`](crate::Accounts::groups_of) do not tell of them.
pub trait Directs {
    /// Finds the conversation of a pair, or makes it.
    fn open_direct(&self, direct: NewDirect) -> Answer<'_, OpenedDirect>;

    /// Finds the conversation of a pair.
    fn find_direct(&self, pair: Pair) -> Answer<'_, Option<GroupId>>;

    /// The conversations of a party, those with the newest events first, at most `limit`.
    fn directs_of(&self, party: Party, limit: usize) -> Answer<'_, Vec<ListedDirect>>;
}

/// A conversation to be made, where there is none.
#[derive(Clone, Debug)]
pub struct NewDirect {
    /// Its number, drawn by the caller.
    pub id: GroupId,
    /// Whose it is.
    pub pair: Pair,
    /// Who of the two begins it.
    pub opened_by: Party,
    /// The joinings of its two, its first events; one where somebody writes to itself.
    pub joined: Vec<Entry>,
}

/// What became of opening a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenedDirect {
    /// This is it, found or made.
    At(GroupId),
    /// The number is another's: to be drawn again.
    NumberTaken,
    /// Who wanted to begin it has begun [`DIRECTS_MAX`](conclave_core::limits::DIRECTS_MAX).
    TooMany,
    /// The group in which the two met is gone.
    NoSuchGroup,
}

/// A conversation in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDirect {
    /// Its number.
    pub id: GroupId,
    /// With whom it is.
    pub with: Party,
    /// That one's account, where it is found by one.
    pub account: Option<Account>,
    /// Its newest event.
    pub head: Seq,
    /// Time of that event.
    pub last_at: Timestamp,
}
