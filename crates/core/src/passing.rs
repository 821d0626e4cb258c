//! Passing: what is told to those who are there and kept nowhere: who is typing, who is here.
//!
//! Nothing here has a number or is promised to arrive: who is behind is not told. Does not know
//! who reads or how it is shown.

use crate::{MemberId, Name};

/// Something of the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passing {
    /// A member types, or no longer.
    Typing {
        /// Who.
        member: MemberId,
        /// The name it bears.
        name: Name,
        /// How far it is.
        typing: Typing,
    },
    /// A member that stays one while disconnected has come back or gone.
    Presence {
        /// Who.
        member: MemberId,
        /// The name it bears.
        name: Name,
        /// Whether it is connected now.
        is_here: bool,
    },
}

/// How far somebody is with what it types (as `IRCv3` has it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typing {
    /// It types.
    Active,
    /// It has typed something and thinks.
    Paused,
    /// It has sent it or given it up.
    Done,
}

impl Passing {
    /// The member it is about, who need not be told.
    pub const fn member(&self) -> MemberId {
        match self {
            Self::Typing { member, .. } | Self::Presence { member, .. } => *member,
        }
    }
}
