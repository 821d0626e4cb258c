//! Signal: what the one who runs a connection is told, beside what its peer is written.
//!
//! Data only. Does not know how it is kept or told.

use conclave_core::{Door, GroupId, Name, Reason, Refusal, Timestamp};

use crate::live_group::Serial;

/// What an outlet tells the one who runs its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Something that was said or done in a group was not taken into the log.
    NotTaken {
        /// The group.
        group: GroupId,
        /// Why not.
        refusal: Refusal,
    },
    /// A session is shown out of its group.
    GroupEnded {
        /// The group.
        group: GroupId,
        /// Which session: there may be a newer one in the same group by now.
        session: Serial,
        /// Why.
        why: Ended,
    },
    /// The account of this connection has joined a group by another.
    AccountJoined {
        /// The group.
        group: GroupId,
    },
    /// The account of this connection has read a group by another, up to that time.
    Read {
        /// The group or direct conversation.
        group: GroupId,
        /// Up to when.
        at: Timestamp,
    },
    /// The account of this connection goes by another name, which another of its connections took.
    NameChanged,
    /// The account of this connection has too many, and this was the oldest: it is told no more of
    /// what concerns the account.
    SignedOut,
    /// The peer is gone, or took nothing for [`STALL_MAX`](conclave_core::limits::STALL_MAX).
    Closed,
}

/// Why a session is shown out of its group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The member left, by another of its sessions.
    Left,
    /// The member was removed.
    Removed {
        /// Name of who removed it.
        by: Name,
        /// The door of who did.
        door: Option<Door>,
        /// Why; empty where that was not said.
        reason: Reason,
    },
    /// The group was closed.
    Closed,
    /// The group was deleted.
    Deleted,
    /// The member has too many sessions, and this was the oldest.
    Replaced,
}

/// Why a connection is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Going {
    /// The server stops.
    Stopping,
    /// Others wait to sign in, and it has not.
    MakeRoom,
}
