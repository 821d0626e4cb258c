//! Event: one thing that happened in a group. An entry is an event that has no number yet.
//!
//! Does not know how events are stored or shown. Past tense throughout: what is here, happened.

use crate::{
    Account, Change, ClientId, Door, MemberId, Name, Origin, Power, Reason, Relay, Role, SeatHash,
    Seq, Text, Timestamp, Topic,
};

/// An entry of a group's log with the number and time the log gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Place in the group's log.
    pub seq: Seq,
    /// When the server wrote it; strictly rising within a group.
    pub at: Timestamp,
    /// What happened.
    pub entry: Entry,
}

/// What happened, by whom: what is handed to the log to be numbered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The member who did it, or who was removed; [`MemberId::OUTSIDE`] for who is no member.
    pub member: MemberId,
    /// That member's name when it happened.
    pub name: Name,
    /// The account that holds the member's seat, if one does.
    pub account: Option<Account>,
    /// The door of whoever did it (of who removed the member, and not of the member); nothing where
    /// that is not known, as of what happened before it was kept.
    pub door: Option<Door>,
    /// What happened.
    pub kind: Kind,
}

/// The kinds of event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The member said something.
    Said {
        /// What was said.
        text: Text,
        /// The client's name for this send, if it gave one.
        client_id: Option<ClientId>,
    },
    /// The member did something (`/me waves`).
    Action {
        /// What was done.
        text: Text,
        /// The client's name for this send, if it gave one.
        client_id: Option<ClientId>,
    },
    /// The member joined the group.
    Joined {
        /// With a seat it stays a member while disconnected; without, it leaves when its
        /// connection ends.
        seat: Option<SeatHash>,
        /// Where it came from.
        origin: Origin,
        /// What it may do from the beginning.
        role: Role,
    },
    /// The member said something with what only some doors can show.
    Relayed(Relay),
    /// The member took a message back, its own or as a moderator: it is given out no more.
    Redacted {
        /// Number of the message.
        seq: Seq,
        /// Why; empty where that was not said.
        reason: Reason,
    },
    /// The member left the group.
    Left(Farewell),
    /// The member goes by another name from here on.
    Renamed {
        /// The new name.
        to: Name,
    },
    /// The member set the topic; an empty one takes it away.
    Topic {
        /// The new topic.
        text: Topic,
    },
    /// The member was removed from the group.
    Removed {
        /// Name of who removed it.
        by: Name,
        /// Why; empty where that was not said.
        reason: Reason,
    },
    /// The member gave another a power, or took it away.
    Granted {
        /// Whose power it is.
        of: MemberId,
        /// The name of that member when it happened.
        name: Name,
        /// Which power.
        power: Power,
        /// Given, or taken away.
        is_given: bool,
    },
    /// The member changed the settings of the group.
    Changed {
        /// What it changed, to what.
        change: Change,
    },
}

/// What somebody says who leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Farewell {
    /// Why; empty where that is not said.
    pub reason: Reason,
    /// It leaves the server, and not this group alone.
    pub is_from_server: bool,
}

impl Entry {
    /// What a member did that has no account, by a door that is not told.
    pub const fn by(member: MemberId, name: Name, kind: Kind) -> Self {
        Self { member, name, account: None, door: None, kind }
    }

    /// Whether it is a message, which history shows, and not news of the group.
    pub const fn is_message(&self) -> bool {
        match &self.kind {
            Kind::Said { .. } | Kind::Action { .. } => true,
            Kind::Relayed(relay) => relay.text.is_some(),
            _ => false,
        }
    }

    /// Its text in bytes and a share for what stands around it: what it counts in memory bounds.
    pub fn weight(&self) -> usize {
        let text = match &self.kind {
            Kind::Said { text, .. } | Kind::Action { text, .. } => text.as_str().len(),
            Kind::Topic { text } => text.as_str().len(),
            Kind::Removed { reason, .. }
            | Kind::Redacted { reason, .. }
            | Kind::Left(Farewell { reason, .. }) => reason.as_str().len(),
            Kind::Relayed(Relay { text, tags, .. }) => {
                text.as_ref().map_or(0, |text| text.as_str().len()) + tags.as_str().len()
            }
            Kind::Changed { change } => change.weight(),
            Kind::Joined { .. } | Kind::Renamed { .. } | Kind::Granted { .. } => 0,
        };
        text + size_of::<Event>()
    }

    /// The client's name for this send, if it has one.
    pub const fn client_id(&self) -> Option<&ClientId> {
        match &self.kind {
            Kind::Said { client_id, .. } | Kind::Action { client_id, .. } => client_id.as_ref(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_from_news_and_weigh_their_text() {
        let text = || Text::parse("שלום").unwrap();
        let client_id = ClientId::parse("c");
        let topic = Topic::parse("tea").unwrap();
        let name = Name::from_log("Noya");
        for (kind, is_message, text_len) in [
            (Kind::Said { text: text(), client_id: client_id.clone() }, true, 8),
            (Kind::Action { text: text(), client_id: client_id.clone() }, true, 8),
            (Kind::Topic { text: topic }, false, 3),
            (Kind::Joined { seat: None, origin: Origin::default(), role: Role::Owner }, false, 0),
            (Kind::Left(Farewell::default()), false, 0),
            (Kind::Renamed { to: name.clone() }, false, 0),
            (Kind::Removed { by: name.clone(), reason: Reason::parse("spam").unwrap() }, false, 4),
            (
                Kind::Granted {
                    of: MemberId(2),
                    name: name.clone(),
                    power: Power::Voice,
                    is_given: true,
                },
                false,
                0,
            ),
            (Kind::Changed { change: Change::MembersMax(None) }, false, 0),
        ] {
            let entry = Entry::by(MemberId(1), name.clone(), kind);
            assert_eq!(entry.is_message(), is_message, "{entry:?}");
            assert_eq!(entry.client_id(), client_id.as_ref().filter(|_| is_message), "{entry:?}");
            assert_eq!(entry.weight(), text_len + size_of::<Event>(), "{entry:?}");
        }
    }
}
