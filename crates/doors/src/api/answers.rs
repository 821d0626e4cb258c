//! Answers: what a program is told, as JSON: of what it asked, and without having asked.
//!
//! Does not know sockets or the hub. What is told to everyone in a group alike is written once by
//! [`encode_event`] and [`encode_passing`], as a text for a WebSocket.

use conclave_core::{
    Event, GroupId, GroupName, Name, NameProblem, Passing, Refusal, Seq, Standing, TextProblem,
    Timestamp,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::EventShown;
use super::ops::{Reference, TypingShown};
use crate::console::refused;

/// The answer to something that was asked over a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer<T> {
    /// It was done.
    Done {
        /// The mark of what was asked.
        re: Reference,
        /// What came of it.
        ok: T,
    },
    /// It was not.
    Failed {
        /// The mark of what was asked, if it bore one.
        #[serde(skip_serializing_if = "Option::is_none")]
        re: Option<Reference>,
        /// Why.
        error: ErrorShown,
    },
}

/// Nothing more than that it was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Nothing {}

/// The answer to making, joining and taking up again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Entered {
    /// The group's number.
    pub group: String,
    /// The name one bears.
    pub name: String,
    /// The seat, where one was made: for its holder only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seat: Option<String>,
    /// Number of the newest event.
    pub head: u64,
    /// The epoch of these numbers.
    pub epoch: String,
    /// The topic; empty where there is none.
    pub topic: String,
    /// The word the group goes by beside its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// What one may do beyond what all may.
    pub role: RoleShown,
    /// What is switched on in how the group works, by the words of `settings` events.
    pub flags: Vec<&'static str>,
    /// Who is in the group.
    pub members: Vec<MemberShown>,
    /// The place did not fit: events come from the newest page.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reset: bool,
}

/// A member, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MemberShown {
    /// Its name.
    pub name: String,
    /// Whether it is connected; a member with a seat may be away.
    pub here: bool,
    /// Whether it is the one who asks.
    pub you: bool,
    /// What it may do beyond what all may.
    pub role: RoleShown,
    /// Whether it was told to be silent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub muted: bool,
}

/// What a member may do beyond what all may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RoleShown {
    /// Made the group.
    Owner,
    /// Does what moderators do.
    Moderator,
    /// Speaks where only some may.
    Voiced,
    /// As all.
    Member,
}

impl From<Standing> for RoleShown {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Owner => Self::Owner,
            Standing::Moderator => Self::Moderator,
            Standing::Voiced => Self::Voiced,
            Standing::Member => Self::Member,
        }
    }
}

/// Who is banned from a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Bans {
    /// Oldest first.
    pub bans: Vec<BanShown>,
}

/// A ban.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BanShown {
    /// A name, or a mask such as `*!*@host`.
    pub mask: String,
    /// Name of who set it.
    pub by: String,
    /// When: RFC 3339, UTC, milliseconds.
    pub at: String,
}

/// An invitation to a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct InviteShown {
    /// What is given in place of the password.
    pub token: String,
    /// When it ends: RFC 3339, UTC, milliseconds.
    pub expires_at: String,
    /// Where the web app takes it, on this server.
    pub link: String,
}

/// The address of a program that speaks in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HookShown {
    /// Where it posts to, on this server. Whoever has it speaks as the program.
    pub url: String,
    /// The name it speaks under.
    pub name: String,
}

/// Who is in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Members {
    /// In the order of joining.
    pub members: Vec<MemberShown>,
}

/// Where a message landed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LandedShown {
    /// Its number.
    pub seq: u64,
    /// RFC 3339, UTC, milliseconds.
    pub at: String,
}

impl LandedShown {
    /// That number and time.
    pub fn new(seq: Seq, at: Timestamp) -> Self {
        Self { seq: seq.0, at: at.render_rfc3339() }
    }
}

/// Why a request over HTTP was not served (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemShown<'problem> {
    /// Tells kinds of problem apart: `/problems/` and the code.
    pub r#type: String,
    /// The status in words.
    pub title: &'problem str,
    /// The status.
    pub status: u16,
    /// What happened, then what to do.
    pub detail: &'problem str,
    /// In one word, for programs.
    pub code: &'problem str,
}

/// A page of events, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Events<'event> {
    /// The events.
    pub events: Vec<EventShown<'event>>,
}

impl<'event> Events<'event> {
    /// These events.
    pub fn new(events: &'event [Event]) -> Self {
        Self { events: events.iter().map(EventShown::from).collect() }
    }
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorShown {
    /// In one word, for programs.
    pub code: &'static str,
    /// In a sentence, for people.
    pub message: String,
}

/// Why something was not done: a rule said no, or what was asked is nothing that can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A rule said no.
    Refused(Refusal),
    /// What was asked is nothing that can be done: why.
    Request(String),
    /// It is longer than it may be: what, and how long it may be.
    TooLong(String),
}

impl<T: Into<Refusal>> From<T> for Problem {
    fn from(refusal: T) -> Self {
        Self::Refused(refusal.into())
    }
}

impl Problem {
    /// What is wrong with something that was to be JSON of a certain form.
    pub fn of_json(error: &serde_json::Error) -> Self {
        let what = match error.classify() {
            serde_json::error::Category::Data => error.to_string(),
            _ => format!("that is not JSON: {error}"),
        };
        Self::Request(what)
    }

    /// In one word, for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Request(_) => "bad-request",
            Self::TooLong(_) => "too-long",
            Self::Refused(refusal) => match refusal {
                Refusal::WrongIdOrPassword => "wrong-id-or-password",
                Refusal::NameTaken => "name-taken",
                Refusal::Name(NameProblem::TooLong) => "too-long",
                Refusal::Name(_) => "name-refused",
                Refusal::Text(TextProblem::TooLong | TextProblem::TopicTooLong) => "too-long",
                Refusal::Text(_) => "text-refused",
                Refusal::Password(_) => "password-refused",
                Refusal::GroupFull => "group-full",
                Refusal::NotAMember => "not-a-member",
                Refusal::NobodyOfThatName => "nobody-of-that-name",
                Refusal::SeatUnknown => "seat-unknown",
                Refusal::Busy => "busy",
                Refusal::TooManyGuesses => "too-many-guesses",
                Refusal::NotSaved => "not-saved",
                Refusal::Unknown => "unknown-outcome",
                Refusal::GroupClosed => "group-closed",
                Refusal::Stopping => "stopping",
                Refusal::NoSuchMember => "no-such-member",
                Refusal::Banned => "banned",
                Refusal::Muted => "muted",
                Refusal::LimitReached => "group-full",
                Refusal::ClosedToNew => "closed-to-new",
                Refusal::InviteOnly => "invite-only",
                Refusal::NoVoice => "no-voice",
                Refusal::TheOwner => "the-owner",
                Refusal::ListFull => "list-full",
                Refusal::TooManyDirects => "too-many-directs",
                _ => "not-allowed",
            },
        }
    }

    /// The HTTP status that says it best.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Refused(Refusal::NoSuchMember) => 404,
            Self::Request(_) => 400,
            Self::TooLong(_) => 413,
            Self::Refused(refusal) => match refusal {
                Refusal::WrongIdOrPassword => 403,
                Refusal::NameTaken => 409,
                Refusal::Name(_) | Refusal::Text(_) | Refusal::Password(_) => 422,
                Refusal::SeatUnknown | Refusal::NotAMember => 401,
                Refusal::TooManyGuesses => 429,
                Refusal::Busy | Refusal::Stopping | Refusal::Unknown => 503,
                Refusal::NotSaved => 507,
                Refusal::NobodyOfThatName => 404,
                Refusal::GroupClosed => 410,
                _ => 403,
            },
        }
    }

    /// What happened, then what to do.
    pub fn message(&self) -> String {
        match self {
            Self::Refused(Refusal::Unknown) => {
                "It is not known whether the server saved it. Try again with the same client_id."
                    .to_owned()
            }
            Self::Refused(refusal) => refused(*refusal).into_owned(),
            Self::Request(what) => format!("This cannot be done: {what}."),
            Self::TooLong(what) => format!("That is too long: {what}."),
        }
    }

    /// As programs read it.
    pub fn shown(&self) -> ErrorShown {
        ErrorShown { code: self.code(), message: self.message() }
    }
}

/// Something of a group that is told to whoever is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Told<'told> {
    /// What.
    #[serde(flatten)]
    pub what: ToldKind<'told>,
    /// The group's number.
    pub group: String,
}

/// What is told of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ToldKind<'told> {
    /// Something happened.
    Event(EventShown<'told>),
    /// A member that stays one while disconnected has come back or gone.
    Presence {
        /// Its name.
        name: &'told str,
        /// Whether it is connected now.
        here: bool,
    },
    /// A member types, or no longer.
    Typing {
        /// Its name.
        name: &'told str,
        /// How far it is.
        state: TypingShown,
    },
    /// This connection is in the group no more.
    Ended {
        /// Why.
        reason: EndedShown,
    },
}

/// Something that one member told another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ToldDirect<'told> {
    /// What, and with whom.
    pub direct: DirectShown<'told>,
    /// Number of the group in which the two met; without it it is a conversation of two accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// An event of a direct conversation, as one of the two reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DirectShown<'told> {
    /// Name of the other.
    pub with: &'told str,
    /// What happened.
    pub event: EventShown<'told>,
}

/// The direct conversations of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Directs {
    /// Those of the newest messages first.
    pub directs: Vec<DirectListed>,
}

/// A direct conversation in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DirectListed {
    /// Name of the other.
    pub with: String,
    /// Number of its newest event.
    pub head: u64,
    /// Time of that event, as RFC 3339.
    pub at: String,
}

/// Why a connection is in a group no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EndedShown {
    /// The member left, by another connection.
    Left,
    /// The member was removed.
    Removed,
    /// The group was closed.
    Closed,
    /// The group was deleted.
    Deleted,
    /// The member has too many connections, and this was the oldest.
    Replaced,
}

/// Appends JSON.
pub fn encode(shown: &impl Serialize, out: &mut Vec<u8>) {
    // Writing to memory cannot fail, and nothing here has keys that are no strings.
    let _written = serde_json::to_writer(out, shown);
}

/// Appends what is told of an event.
pub fn encode_event(group: &GroupName, event: &Event, out: &mut Vec<u8>) {
    let what = ToldKind::Event(EventShown::from(event));
    encode(&Told { what, group: group.id.to_string() }, out);
}

/// Appends what is told of a direct conversation to one of its two.
pub fn encode_direct(met_in: Option<GroupId>, with: &Name, event: &Event, out: &mut Vec<u8>) {
    let direct = DirectShown { with: with.as_str(), event: EventShown::from(event) };
    encode(&ToldDirect { direct, group: met_in.map(|group| group.to_string()) }, out);
}

/// Appends what is told of the moment.
pub fn encode_passing(group: &GroupName, passing: &Passing, out: &mut Vec<u8>) {
    let what = match passing {
        Passing::Typing { name, typing, .. } => {
            ToldKind::Typing { name: name.as_str(), state: (*typing).into() }
        }
        Passing::Presence { name, is_here, .. } => {
            ToldKind::Presence { name: name.as_str(), here: *is_here }
        }
    };
    encode(&Told { what, group: group.id.to_string() }, out);
}

/// Appends that a connection is in a group no more.
pub fn encode_ended(group: &GroupName, reason: EndedShown, out: &mut Vec<u8>) {
    let what = ToldKind::Ended { reason };
    encode(&Told { what, group: group.id.to_string() }, out);
}

#[cfg(test)]
mod tests {
    use conclave_core::{Entry, Kind, MemberId, Text, Typing};

    use super::*;

    fn check(write: impl FnOnce(&mut Vec<u8>), expected: &str) {
        let mut out = Vec::new();
        write(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn what_is_told_is_written_as_the_interface_says() {
        let group = GroupName::from(GroupId::new(8888).unwrap());
        let (member, name) = (MemberId(1), Name::parse("Noya").unwrap());
        let kind = Kind::Said { text: Text::parse("Hi").unwrap(), client_id: None };
        let (account, door) = (None, None);
        let entry = Entry { member, name: name.clone(), account, door, kind };
        let event = Event { seq: Seq(17), at: Timestamp::from_ms(1_795_183_391_042), entry };
        check(
            |out| encode_event(&group, &event, out),
            r#"{"event":{"seq":17,"at":"2026-11-20T14:03:11.042Z","name":"Noya","kind":"said","text":"Hi"},"group":"8888"}"#,
        );
        let with = Name::parse("Dan").unwrap();
        check(
            |out| encode_direct(Some(group.id), &with, &event, out),
            r#"{"direct":{"with":"Dan","event":{"seq":17,"at":"2026-11-20T14:03:11.042Z","name":"Noya","kind":"said","text":"Hi"}},"group":"8888"}"#,
        );
        let typing = Passing::Typing { member, name: name.clone(), typing: Typing::Active };
        check(
            |out| encode_passing(&group, &typing, out),
            r#"{"typing":{"name":"Noya","state":"active"},"group":"8888"}"#,
        );
        let presence = Passing::Presence { member, name, is_here: false };
        check(
            |out| encode_passing(&group, &presence, out),
            r#"{"presence":{"name":"Noya","here":false},"group":"8888"}"#,
        );
        check(
            |out| encode_ended(&group, EndedShown::Replaced, out),
            r#"{"ended":{"reason":"replaced"},"group":"8888"}"#,
        );
    }

    #[test]
    fn answers_bear_the_mark_of_what_was_asked() {
        let re = Reference::Number(1);
        check(|out| encode(&Answer::Done { re, ok: Nothing {} }, out), r#"{"re":1,"ok":{}}"#);
        let failed =
            |re| Answer::<Nothing>::Failed { re, error: Problem::from(Refusal::NameTaken).shown() };
        let sentence = "That name is in use in this group. Choose another.";
        check(
            |out| encode(&failed(Some(Reference::Word("a".to_owned()))), out),
            &format!(r#"{{"re":"a","error":{{"code":"name-taken","message":"{sentence}"}}}}"#),
        );
        check(
            |out| encode(&failed(None), out),
            &format!(r#"{{"error":{{"code":"name-taken","message":"{sentence}"}}}}"#),
        );
    }
}
