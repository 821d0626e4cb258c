//! Operations: what a program asks over a WebSocket, and what it gives over HTTP, as JSON.
//!
//! One table: a variant of [`Op`] an operation, its fields as they stand on the wire. Does not know
//! sockets or the hub. What people chose is parsed here into what the model takes, so that nothing
//! behind this file sees a name or a text that is none.

use conclave_core::{
    ClientId, Epoch, GroupId, Name, Password, Refusal, SeatSecret, Seq, Text, Topic, Typing, limits,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers::{ErrorShown, Problem};

/// What a frame of a WebSocket asks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
pub struct Asked {
    /// By what the answer is told from others. Without it no answer is sent but an error.
    #[serde(rename = "ref", default)]
    pub reference: Option<Reference>,
    /// What is asked.
    #[serde(flatten)]
    pub op: Op,
}

/// A client's own mark on what it asks: a whole number, or a string of at most
/// [`limits::REFERENCE_BYTES_MAX`] bytes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Reference {
    /// A number.
    Number(i64),
    /// A string.
    Word(String),
}

/// The operations of a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub enum Op {
    /// Makes a group and joins it.
    Create(Create),
    /// Joins a group.
    Join {
        /// The group's number.
        group: String,
        /// Who joins, and by what right.
        #[serde(flatten)]
        join: Join,
    },
    /// Takes up a membership again.
    Resume {
        /// The group's number.
        group: String,
        /// The seat, as it was given.
        seat: String,
        /// Number of the newest event that was seen.
        after: u64,
        /// The epoch in which it was seen.
        #[serde(default)]
        epoch: Option<String>,
    },
    /// Says something.
    Send {
        /// The group's number.
        group: String,
        /// What.
        #[serde(flatten)]
        say: Say,
    },
    /// Tells one member something, and nobody else.
    Direct {
        /// The group's number.
        group: String,
        /// The member's name.
        to: String,
        /// What.
        #[serde(flatten)]
        say: Say,
    },
    /// Tells with whom one has direct conversations in the group.
    Directs {
        /// The group's number.
        group: String,
    },
    /// Gives a page of a direct conversation.
    DirectHistory {
        /// The group's number.
        group: String,
        /// Name of the member with whom it is.
        with: String,
        /// Which.
        #[serde(flatten)]
        page: Page,
    },
    /// Gives a page of events.
    History {
        /// The group's number.
        group: String,
        /// Which.
        #[serde(flatten)]
        page: Page,
    },
    /// Tells who is in the group.
    Members {
        /// The group's number.
        group: String,
    },
    /// Goes by another name.
    Rename {
        /// The group's number.
        group: String,
        /// The new name.
        name: String,
    },
    /// Sets the topic; an empty one takes it away.
    Topic {
        /// The group's number.
        group: String,
        /// The new topic.
        text: String,
    },
    /// Tells the others that one types.
    Typing {
        /// The group's number.
        group: String,
        /// How far one is.
        #[serde(default)]
        state: TypingShown,
    },
    /// Does what moderators may.
    Moderate {
        /// The group's number.
        group: String,
        /// What is to be done.
        r#do: Deed,
        /// To whom: a name, or for bans and mutes a mask such as `*!*@host`.
        #[serde(default)]
        name: Option<String>,
        /// Why, or the new password; without text the password is taken away.
        #[serde(default)]
        text: Option<String>,
    },
    /// Tells who is banned.
    Bans {
        /// The group's number.
        group: String,
    },
    /// Gives a link by which somebody comes in without the password.
    Invite {
        /// The group's number.
        group: String,
    },
    /// Leaves the group: the seat is given up.
    Leave {
        /// The group's number.
        group: String,
    },
}

impl Op {
    /// The group it is about, as it was given; nothing where it makes one.
    pub fn group(&self) -> Option<&str> {
        match self {
            Self::Create(_) => None,
            Self::Join { group, .. }
            | Self::Resume { group, .. }
            | Self::Send { group, .. }
            | Self::Direct { group, .. }
            | Self::Directs { group }
            | Self::DirectHistory { group, .. }
            | Self::History { group, .. }
            | Self::Members { group }
            | Self::Rename { group, .. }
            | Self::Topic { group, .. }
            | Self::Typing { group, .. }
            | Self::Moderate { group, .. }
            | Self::Bans { group }
            | Self::Invite { group }
            | Self::Leave { group } => Some(group),
        }
    }
}

/// What moderators do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// Removes a member.
    Kick,
    /// Bans a name or a mask, and removes the members for whom that holds.
    Ban,
    /// Takes a ban off.
    Unban,
    /// Has a member speak no more.
    Mute,
    /// Has it speak again.
    Unmute,
    /// Makes a member a moderator.
    Op,
    /// Makes a moderator an ordinary member.
    Deop,
    /// Gives a member a voice.
    Voice,
    /// Takes the voice away.
    Devoice,
    /// Sets the password that it takes to join.
    Password,
    /// Has nobody new join.
    Close,
    /// Has people join again.
    Open,
    /// Has moderators alone set the topic.
    LockTopic,
    /// Has anyone set the topic.
    UnlockTopic,
}

/// A program that is to speak in a group.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
pub struct Hook {
    /// The name it speaks under.
    pub name: String,
}

/// What makes a group.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
pub struct Create {
    /// Name of the first member, its maker.
    pub name: String,
    /// Password of the group.
    pub password: String,
}

/// What joins a group.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
pub struct Join {
    /// Name of the member.
    pub name: String,
    /// Password of the group.
    #[serde(default)]
    pub password: Option<String>,
    /// An invitation, in place of the password.
    #[serde(default)]
    pub invite: Option<String>,
}

/// Something to say.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
pub struct Say {
    /// What.
    pub text: String,
    /// The client's own name for this send: the same one again lands once.
    #[serde(default)]
    pub client_id: Option<String>,
    /// Whether it is said or done.
    #[serde(default)]
    pub kind: SayKind,
}

/// Whether something is said or done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SayKind {
    /// Said.
    #[default]
    Said,
    /// Done (`/me`).
    Action,
}

/// Which events: those below a number or those above it, the nearest to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
pub struct Page {
    /// Events below this number; without either number, the newest.
    #[serde(default)]
    pub before: Option<u64>,
    /// Events above this number.
    #[serde(default)]
    pub after: Option<u64>,
    /// How many at the most.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// How far somebody is with what it types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TypingShown {
    /// It types.
    #[default]
    Active,
    /// It has typed something and thinks.
    Paused,
    /// It has sent it or given it up.
    Done,
}

impl From<TypingShown> for Typing {
    fn from(shown: TypingShown) -> Self {
        match shown {
            TypingShown::Active => Self::Active,
            TypingShown::Paused => Self::Paused,
            TypingShown::Done => Self::Done,
        }
    }
}

impl From<Typing> for TypingShown {
    fn from(typing: Typing) -> Self {
        match typing {
            Typing::Active => Self::Active,
            Typing::Paused => Self::Paused,
            Typing::Done => Self::Done,
        }
    }
}

/// Reads what a frame asks.
///
/// # Errors
/// Where it asks nothing that can be done: the answer, with the mark it bore if it could be read.
pub fn parse_asked(text: &str) -> Result<Asked, (Option<Reference>, ErrorShown)> {
    let problem = match serde_json::from_str::<Asked>(text) {
        Ok(asked) if asked.reference.as_ref().is_none_or(Reference::is_short) => return Ok(asked),
        Ok(_) => {
            let most = limits::REFERENCE_BYTES_MAX;
            return Err((
                None,
                Problem::Request(format!("ref has more than {most} bytes")).shown(),
            ));
        }
        Err(error) => Problem::of_json(&error),
    };
    let marked = serde_json::from_str::<Marked>(text).ok().map(|marked| marked.reference);
    Err((marked.filter(Reference::is_short), problem.shown()))
}

/// The mark of something that asks nothing that can be done.
#[derive(Deserialize)]
struct Marked {
    #[serde(rename = "ref")]
    reference: Reference,
}

impl Reference {
    fn is_short(&self) -> bool {
        match self {
            Self::Number(_) => true,
            Self::Word(word) => word.len() <= limits::REFERENCE_BYTES_MAX,
        }
    }
}

impl Create {
    /// What the model takes.
    ///
    /// # Errors
    /// The rule that name or password breaks.
    pub fn parse(&self) -> Result<(Name, Password), Refusal> {
        Ok((Name::parse(&self.name)?, Password::parse(&self.password)?))
    }
}

impl Say {
    /// What the model takes.
    ///
    /// # Errors
    /// Where the text or the client id can be none.
    pub fn parse(&self) -> Result<(Text, SayKind, Option<ClientId>), Problem> {
        let text = Text::parse(&self.text)?;
        let client_id = match &self.client_id {
            None => None,
            Some(given) => Some(ClientId::parse(given).ok_or_else(|| {
                let most = limits::CLIENT_ID_BYTES_MAX;
                Problem::Request(format!(
                    "client_id has 1 to {most} bytes and no control characters"
                ))
            })?),
        };
        Ok((text, self.kind, client_id))
    }
}

/// Which page of events is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Below a number.
    Before(Seq),
    /// Above a number.
    After(Seq),
}

impl Page {
    /// Which events, and how many at the most.
    ///
    /// # Errors
    /// Where both sides are asked for.
    pub fn parse(&self) -> Result<(Side, usize), Problem> {
        let side = match (self.before, self.after) {
            (Some(_), Some(_)) => {
                return Err(Problem::Request("give before or after, not both".to_owned()));
            }
            (None, None) => Side::Before(Seq(u64::MAX)),
            (Some(before), None) => Side::Before(Seq(before)),
            (None, Some(after)) => Side::After(Seq(after)),
        };
        let limit = self.limit.map_or(limits::PAGE_EVENTS_MAX, |limit| limit as usize);
        Ok((side, limit.min(limits::HISTORY_EVENTS_MAX)))
    }
}

/// Reads a group's number as programs write it: digits alone.
pub fn parse_group(given: &str) -> Option<GroupId> {
    let is_plain = given.bytes().all(|byte| byte.is_ascii_digit());
    given.parse().ok().filter(|_: &GroupId| is_plain)
}

/// Reads a group and a seat of it.
///
/// # Errors
/// [`Refusal::SeatUnknown`] for what can be none, as for one that is unknown.
pub fn parse_seat(group: &str, seat: &str) -> Result<(GroupId, SeatSecret), Refusal> {
    let found = parse_group(group).zip(SeatSecret::parse(seat));
    found.ok_or(Refusal::SeatUnknown)
}

/// Reads an epoch as it was shown. What is none is of no log: it fits nothing.
pub fn parse_epoch(given: &str) -> Option<Epoch> {
    u64::from_str_radix(given, 16).ok().map(Epoch)
}

/// Reads a topic.
///
/// # Errors
/// The rule that it breaks.
pub fn parse_topic(given: &str) -> Result<Topic, Refusal> {
    Ok(Topic::parse(given)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<Op, &str>) {
        let asked = parse_asked(text);
        match (asked, expected) {
            (Ok(asked), Ok(op)) => assert_eq!(asked.op, op, "{text}"),
            (Err((_, error)), Err(code)) => assert_eq!(error.code, code, "{text}: {error:?}"),
            (asked, expected) => panic!("{text}: {asked:?}, not {expected:?}"),
        }
    }

    #[test]
    fn operations_are_read_as_the_interface_writes_them() {
        let group = || "8888".to_owned();
        let (name, password) = ("Noya".to_owned(), "tea".to_owned());
        let create = Create { name: name.clone(), password: password.clone() };
        check(r#"{"op":"create","ref":1,"name":"Noya","password":"tea"}"#, Ok(Op::Create(create)));
        let join = Join { name, password: Some(password), invite: None };
        check(
            r#"{"op":"join","ref":2,"group":"8888","name":"Noya","password":"tea"}"#,
            Ok(Op::Join { group: group(), join }),
        );
        let resume = |epoch| Op::Resume { group: group(), seat: "ab".to_owned(), after: 17, epoch };
        check(r#"{"op":"resume","ref":3,"group":"8888","seat":"ab","after":17}"#, Ok(resume(None)));
        check(
            r#"{"op":"resume","ref":3,"group":"8888","seat":"ab","after":17,"epoch":"0f"}"#,
            Ok(resume(Some("0f".to_owned()))),
        );
        let say =
            Say { text: "Hi".to_owned(), client_id: Some("c1".to_owned()), kind: SayKind::Said };
        check(
            r#"{"op":"send","ref":4,"group":"8888","text":"Hi","client_id":"c1"}"#,
            Ok(Op::Send { group: group(), say }),
        );
        let page = Page { before: Some(9), after: None, limit: Some(5) };
        check(
            r#"{"op":"history","ref":5,"group":"8888","before":9,"limit":5}"#,
            Ok(Op::History { group: group(), page }),
        );
        let state = TypingShown::Active;
        check(r#"{"op":"typing","group":"8888"}"#, Ok(Op::Typing { group: group(), state }));
        check(r#"{"op":"leave","ref":6,"group":"8888"}"#, Ok(Op::Leave { group: group() }));
        // What is not known is passed over: a newer client may say more.
        check(r#"{"op":"leave","group":"8888","why":[{}]}"#, Ok(Op::Leave { group: group() }));
    }

    #[test]
    fn what_asks_nothing_is_answered_with_its_mark() {
        for text in ["", "x", "[]", "{}", "null", r#"{"op":"fly"}"#, r#"{"op":"leave"}"#] {
            check(text, Err("bad-request"));
        }
        check(r#"{"op":"resume","group":"1","seat":"x","after":-1}"#, Err("bad-request"));
        check(r#"{"op":"leave","group":8888}"#, Err("bad-request"));
        let long = format!(r#"{{"op":"leave","group":"8888","ref":"{}"}}"#, "x".repeat(65));
        check(&long, Err("bad-request"));
        for (text, expected) in [
            (r#"{"op":"fly","ref":7}"#, Some(Reference::Number(7))),
            (r#"{"op":"fly","ref":"a"}"#, Some(Reference::Word("a".to_owned()))),
            (r#"{"op":"fly","ref":[1]}"#, None),
            (r#"{"op":"fly","ref":1.5}"#, None),
            (&long, None),
        ] {
            assert_eq!(parse_asked(text).unwrap_err().0, expected, "{text}");
        }
    }

    #[test]
    fn a_group_is_given_by_digits_alone() {
        for (given, expected) in
            [("8888", Some(8888)), ("#8888", None), (" 8888", None), ("888", None), ("", None)]
        {
            assert_eq!(parse_group(given).map(GroupId::get), expected, "{given:?}");
        }
    }
}
