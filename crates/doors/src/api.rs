//! API: the JSON objects that programs read, the same on every path.
//!
//! The one place where events become JSON (interface: events). Does not know HTTP, sockets or
//! who reads. Domain types are not serialisable; these are.

mod answers;
mod ops;

pub use answers::{
    Answer, EndedShown, Entered, ErrorShown, Events, LandedShown, MemberShown, Members, Nothing,
    Problem, ProblemShown, RoleShown, Told, ToldKind, encode, encode_ended, encode_event,
    encode_passing,
};
pub use ops::{
    Asked, Create, Join, Op, Page, Reference, Say, SayKind, Side, TypingShown, parse_asked,
    parse_epoch, parse_group, parse_seat, parse_topic,
};

use conclave_core::{Event, Kind};
use serde::Serialize;
use utoipa::ToSchema;

/// An event as programs read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EventShown<'event> {
    /// Its number in the group.
    pub seq: u64,
    /// RFC 3339, UTC, milliseconds.
    pub at: String,
    /// Name of the member it is about.
    pub name: &'event str,
    /// What happened.
    #[serde(flatten)]
    pub kind: KindShown<'event>,
}

/// The kinds of event as programs read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum KindShown<'event> {
    /// The member said something.
    Said {
        /// What.
        text: &'event str,
    },
    /// The member did something.
    Action {
        /// What.
        text: &'event str,
    },
    /// The member joined.
    Joined,
    /// The member left.
    Left,
    /// The member goes by another name.
    Renamed {
        /// The new name.
        to: &'event str,
    },
    /// The member set the topic.
    Topic {
        /// The new topic; empty where it was taken away.
        text: &'event str,
    },
    /// The member was removed.
    Removed {
        /// By whom.
        by: &'event str,
    },
}

impl<'event> From<&'event Event> for EventShown<'event> {
    fn from(event: &'event Event) -> Self {
        let kind = match &event.entry.kind {
            Kind::Said { text, .. } => KindShown::Said { text: text.as_str() },
            Kind::Action { text, .. } => KindShown::Action { text: text.as_str() },
            Kind::Joined { .. } => KindShown::Joined,
            Kind::Left => KindShown::Left,
            Kind::Renamed { to } => KindShown::Renamed { to: to.as_str() },
            Kind::Topic { text } => KindShown::Topic { text: text.as_str() },
            Kind::Removed { by } => KindShown::Removed { by: by.as_str() },
        };
        let name = event.entry.name.as_str();
        Self { seq: event.seq.0, at: event.at.render_rfc3339(), name, kind }
    }
}

#[cfg(test)]
mod tests {
    use conclave_core::{Entry, MemberId, Name, Seq, Text, Timestamp};

    use super::*;

    fn check(kind: Kind, expected: &str) {
        let entry =
            Entry { member: MemberId(1), name: Name::parse("Noya").unwrap(), account: None, kind };
        let event = Event { seq: Seq(17), at: Timestamp::from_ms(1_795_183_391_042), entry };
        let written = serde_json::to_string(&EventShown::from(&event)).unwrap();
        assert_eq!(written, expected);
    }

    #[test]
    fn events_are_written_as_the_interface_says() {
        check(
            Kind::Said { text: Text::parse("Hi").unwrap(), client_id: None },
            r#"{"seq":17,"at":"2026-11-20T14:03:11.042Z","name":"Noya","kind":"said","text":"Hi"}"#,
        );
        check(
            Kind::Renamed { to: Name::parse("נויה").unwrap() },
            r#"{"seq":17,"at":"2026-11-20T14:03:11.042Z","name":"Noya","kind":"renamed","to":"נויה"}"#,
        );
        check(
            Kind::Left,
            r#"{"seq":17,"at":"2026-11-20T14:03:11.042Z","name":"Noya","kind":"left"}"#,
        );
    }
}
