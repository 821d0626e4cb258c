//! API: the JSON objects that programs read, the same on every path.
//!
//! The one place where events become JSON (interface: events). Does not know HTTP, sockets or
//! who reads. Domain types are not serialisable; these are.

mod answers;
mod ops;

pub use answers::{
    Answer, BanShown, Bans, DirectListed, DirectShown, Directs, EndedShown, Entered, ErrorShown,
    Events, HookShown, InviteShown, LandedShown, MemberShown, Members, Nothing, Problem,
    ProblemShown, RoleShown, Told, ToldDirect, ToldKind, encode, encode_direct, encode_ended,
    encode_event, encode_passing,
};
pub use ops::{
    Asked, Create, Deed, Hook, Join, Op, Page, Reference, Say, SayKind, Side, TypingShown,
    parse_asked, parse_epoch, parse_group, parse_seat, parse_topic,
};

use conclave_core::{Change, Event, Kind, Power, Relay, Role, Standing};
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
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
    Joined {
        /// What it is from the beginning, where that is not an ordinary member.
        #[serde(skip_serializing_if = "Option::is_none")]
        role: Option<&'static str>,
    },
    /// The member left.
    Left,
    /// The member said something that only programs understand.
    Tagged {},
    /// The member took a message back.
    Redacted {
        /// Number of that message.
        of: u64,
    },
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
        /// Why, where that was said.
        #[serde(skip_serializing_if = "str::is_empty")]
        text: &'event str,
    },
    /// The member gave another a power, or took it away.
    Role {
        /// Whom it gave it to.
        of: &'event str,
        /// What that member is by it: `moderator`, `voiced`, or `member` where it was taken away.
        role: &'static str,
        /// The power: `moderator` or `voice`.
        power: &'static str,
        /// Given, or taken away.
        given: bool,
        /// The member who did it.
        by: &'event str,
    },
    /// The member changed the settings.
    Settings {
        /// What it changed.
        #[serde(flatten)]
        change: ChangeShown<'event>,
        /// The member who did it.
        by: &'event str,
    },
}

/// A change of the settings as programs read it. A password is never told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangeShown<'event> {
    /// What was changed: a flag (`moderated`, `topic-locked`, `invite-only`, `secret`,
    /// `no-external`, `closed`), a list (`bans`, `ban-exceptions`, `mutes`, `invite-exceptions`),
    /// `password`, `members-max` or `invitation`.
    pub change: &'static str,
    /// Whether the flag is on now, the mask on the list, or the password or limit there.
    pub on: bool,
    /// The mask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<&'event str>,
    /// The limit of members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// The name that was invited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<&'event str>,
}

impl<'event> From<&'event Change> for ChangeShown<'event> {
    fn from(change: &'event Change) -> Self {
        let plain = |change, on| Self { change, on, mask: None, count: None, of: None };
        match change {
            Change::Flag { flag, is_on } => plain(flag.word(), *is_on),
            Change::MembersMax(count) => {
                let count = count.map(std::num::NonZeroU32::get);
                Self { count, ..plain("members-max", count.is_some()) }
            }
            Change::Password(hash) => plain("password", hash.is_some()),
            Change::Listed(listing, mask) => {
                Self { mask: Some(mask.as_str()), ..plain(listing.word(), true) }
            }
            Change::Unlisted(listing, mask) => {
                Self { mask: Some(mask.as_str()), ..plain(listing.word(), false) }
            }
            Change::Invited(name) => Self { of: Some(name.as_str()), ..plain("invitation", true) },
        }
    }
}

impl<'event> From<&'event Event> for EventShown<'event> {
    fn from(event: &'event Event) -> Self {
        let name = event.entry.name.as_str();
        let kind = match &event.entry.kind {
            Kind::Said { text, .. } => KindShown::Said { text: text.as_str() },
            Kind::Action { text, .. } => KindShown::Action { text: text.as_str() },
            Kind::Joined { role, .. } => {
                KindShown::Joined { role: (*role > Role::Member).then(|| role.word()) }
            }
            Kind::Left(_) => KindShown::Left,
            Kind::Relayed(Relay { text: Some(text), .. }) => {
                KindShown::Said { text: text.as_str() }
            }
            Kind::Relayed(_) => KindShown::Tagged {},
            Kind::Redacted { seq, .. } => KindShown::Redacted { of: seq.0 },
            Kind::Renamed { to } => KindShown::Renamed { to: to.as_str() },
            Kind::Topic { text } => KindShown::Topic { text: text.as_str() },
            Kind::Removed { by, reason } => {
                KindShown::Removed { by: by.as_str(), text: reason.as_str() }
            }
            Kind::Granted { name: of, power, is_given, .. } => KindShown::Role {
                of: of.as_str(),
                role: match (is_given, power) {
                    (true, Power::Moderator) => Standing::Moderator.word(),
                    (true, Power::Voice) => Standing::Voiced.word(),
                    (false, _) => Standing::Member.word(),
                },
                power: power.word(),
                given: *is_given,
                by: name,
            },
            Kind::Changed { change } => KindShown::Settings { change: change.into(), by: name },
        };
        Self { seq: event.seq.0, at: event.at.render_rfc3339(), name, kind }
    }
}

#[cfg(test)]
mod tests {
    use conclave_core::{
        Entry, Flag, Listing, Mask, MemberId, Name, Origin, PasswordHash, Reason, Seq, Text,
        Timestamp,
    };

    use super::*;

    fn check(kind: Kind, expected: &str) {
        let entry = Entry::by(MemberId(1), Name::parse("Noya").unwrap(), kind);
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
        let head = r#"{"seq":17,"at":"2026-11-20T14:03:11.042Z","name":"Noya","kind":"#;
        let by = || Name::parse("Dan").unwrap();
        let joined = |role| Kind::Joined { seat: None, origin: Origin::default(), role };
        let mask = Mask::parse("*!*@irc").unwrap();
        let granted = |power, is_given| Kind::Granted {
            of: MemberId(2),
            name: Name::parse("Bar").unwrap(),
            power,
            is_given,
        };
        let changed = |change| Kind::Changed { change };
        let hash = PasswordHash::from_phc("$argon2id$secret");
        for (kind, rest) in [
            (joined(Role::Member), r#""joined"}"#),
            (joined(Role::Owner), r#""joined","role":"owner"}"#),
            (Kind::Removed { by: by(), reason: Reason::default() }, r#""removed","by":"Dan"}"#),
            (
                Kind::Removed { by: by(), reason: Reason::parse("spam").unwrap() },
                r#""removed","by":"Dan","text":"spam"}"#,
            ),
            (
                granted(Power::Moderator, true),
                r#""role","of":"Bar","role":"moderator","power":"moderator","given":true,"by":"Noya"}"#,
            ),
            (
                granted(Power::Voice, false),
                r#""role","of":"Bar","role":"member","power":"voice","given":false,"by":"Noya"}"#,
            ),
            (
                changed(Change::Flag { flag: Flag::Closed, is_on: true }),
                r#""settings","change":"closed","on":true,"by":"Noya"}"#,
            ),
            (
                changed(Change::Listed(Listing::Bans, mask)),
                r#""settings","change":"bans","on":true,"mask":"*!*@irc","by":"Noya"}"#,
            ),
            (
                changed(Change::MembersMax(std::num::NonZeroU32::new(9))),
                r#""settings","change":"members-max","on":true,"count":9,"by":"Noya"}"#,
            ),
            (
                changed(Change::Password(Some(hash))),
                r#""settings","change":"password","on":true,"by":"Noya"}"#,
            ),
            (
                changed(Change::Invited(by())),
                r#""settings","change":"invitation","on":true,"of":"Dan","by":"Noya"}"#,
            ),
        ] {
            check(kind, &format!("{head}{rest}"));
        }
        check(
            Kind::Left(conclave_core::Farewell::default()),
            r#"{"seq":17,"at":"2026-11-20T14:03:11.042Z","name":"Noya","kind":"left"}"#,
        );
    }
}
