//! Command: what someone wants a group to do; and what the group decides about it.
//!
//! Imperative throughout: what is here has not happened yet. Does not know who may be refused
//! before (passwords, limits of a connection): a command comes from a member, or makes one.

use crate::{
    Account, Change, ClientId, Entry, Farewell, MemberId, Name, Origin, Power, Reason, Relay,
    SeatHash, Seq, Text, Timestamp, Topic,
};

/// What someone wants a group to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Become a member under this name.
    Join {
        /// The name, free in the group.
        name: Name,
        /// Hash of the seat to keep the membership by, if it is to outlive the connection.
        seat: Option<SeatHash>,
        /// The account that holds the membership, if one does: it outlives the connection too.
        account: Option<Account>,
        /// Where it comes from.
        origin: Origin,
    },
    /// Say something.
    Say {
        /// Who says it.
        member: MemberId,
        /// What.
        text: Text,
        /// The client's name for this send, if it gave one.
        client_id: Option<ClientId>,
    },
    /// Do something (`/me`).
    Act {
        /// Who does it.
        member: MemberId,
        /// What.
        text: Text,
        /// The client's name for this send, if it gave one.
        client_id: Option<ClientId>,
    },
    /// Go by another name.
    Rename {
        /// Who.
        member: MemberId,
        /// The new name, free in the group.
        to: Name,
    },
    /// Set the topic.
    SetTopic {
        /// Who sets it.
        member: MemberId,
        /// The new topic; an empty one takes it away.
        text: Topic,
    },
    /// Say something with what only some doors can show.
    Relay {
        /// Who says it.
        member: MemberId,
        /// What.
        relay: Relay,
    },
    /// Take a message back.
    Redact {
        /// Who.
        member: MemberId,
        /// Number of the message.
        seq: Seq,
        /// Who said it.
        of: MemberId,
        /// Why; empty where that is not said.
        reason: Reason,
    },
    /// Leave the group.
    Leave {
        /// Who leaves.
        member: MemberId,
        /// What it says.
        farewell: Farewell,
    },
    /// Remove a member from the group.
    Remove {
        /// Who wants it.
        member: MemberId,
        /// Who is to go.
        target: MemberId,
        /// Why; empty where that is not said.
        reason: Reason,
    },
    /// Give a member a power, or take it away.
    Grant {
        /// Who wants it.
        member: MemberId,
        /// Whose power it is.
        target: MemberId,
        /// Which power.
        power: Power,
        /// Given, or taken away.
        is_given: bool,
    },
    /// Change the settings.
    Change {
        /// Who wants it.
        member: MemberId,
        /// What, to what.
        change: Change,
    },
    /// Say something without being a member.
    SayFromOutside {
        /// The name it goes by, borne by no member.
        name: Name,
        /// Where it comes from.
        origin: Origin,
        /// What.
        text: Text,
    },
}

/// What a group decides about a command that it does not refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is to be appended to the log.
    Append(Entry),
    /// This send, told by its client id, is in the log already: nothing is to be done.
    Already {
        /// Its number.
        seq: Seq,
        /// Its time.
        at: Timestamp,
    },
    /// It is so already: nothing is to be done.
    Unchanged,
    /// This send is on its way into the log, or something that it hangs on: ask again when that
    /// has ended.
    InFlight,
}
