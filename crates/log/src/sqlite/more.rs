//! More: what of an event is in no column of its own, in JSON that a person can read.
//!
//! The model cannot be serialised by itself, so that it can change without changing what lies on
//! disks. Does not know rows. Invariant: what is read renders to the same bytes again, since the
//! chain is of them; and what the first version wrote, which knew none of this, has nothing here.

use conclave_core::{
    Change, Cuts, Event, Farewell, Flag, Kind, Listing, Manner, Mask, MemberId, Name, Origin,
    PasswordHash, Power, Reason, Relay, Role, Seq, Tags, Text,
};
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Joined {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    full: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Removed {
    reason: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Granted {
    of: u64,
    power: String,
    given: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Changed {
    Flag(String, bool),
    MembersMax(Option<std::num::NonZeroU32>),
    Password(Option<String>),
    Listed(String, String),
    Unlisted(String, String),
    Invited(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Left {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    server: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Relayed {
    manner: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    tags: String,
    #[serde(default, skip_serializing_if = "<[u16]>::is_empty")]
    cuts: Box<[u16]>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Redacted {
    seq: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    reason: String,
}

/// What who joins is where nothing else is said: the first to join made the group.
const fn role_at(seq: Seq) -> Role {
    if seq.0 == 1 { Role::Owner } else { Role::Member }
}

/// Writes down what is in no column; nothing for most events.
pub(super) fn render(event: &Event) -> Option<String> {
    let written = match &event.entry.kind {
        Kind::Joined { origin, role, .. } => {
            let is_told = *origin != Origin::CONSOLE;
            let role = (*role != role_at(event.seq)).then(|| role.word().to_owned());
            if !is_told && role.is_none() {
                return None;
            }
            let host = is_told.then(|| origin.host().to_owned());
            let user = origin.user().map(str::to_owned);
            let full = origin.in_full().map(str::to_owned);
            serde_json::to_string(&Joined { user, host, full, role })
        }
        Kind::Removed { reason, .. } => {
            if reason.is_empty() {
                return None;
            }
            serde_json::to_string(&Removed { reason: reason.as_str().to_owned() })
        }
        Kind::Granted { of, power, is_given, .. } => {
            let power = power.word().to_owned();
            serde_json::to_string(&Granted { of: of.0, power, given: *is_given })
        }
        Kind::Changed { change } => serde_json::to_string(&written_change(change)),
        Kind::Left(Farewell { reason, is_from_server }) => {
            if reason.is_empty() && !is_from_server {
                return None;
            }
            let reason = reason.as_str().to_owned();
            serde_json::to_string(&Left { reason, server: *is_from_server })
        }
        Kind::Relayed(Relay { manner, tags, cuts, .. }) => {
            let (manner, tags) = (manner.word().to_owned(), tags.as_str().to_owned());
            serde_json::to_string(&Relayed { manner, tags, cuts: cuts.places().into() })
        }
        Kind::Redacted { seq, reason } => {
            let reason = reason.as_str().to_owned();
            serde_json::to_string(&Redacted { seq: seq.0, reason })
        }
        _ => return None,
    };
    // Of strings and numbers: it cannot fail.
    written.ok()
}

fn written_change(change: &Change) -> Changed {
    let listed = |listing: &Listing, mask: &Mask| (listing.word().into(), mask.as_str().into());
    match change {
        Change::Flag { flag, is_on } => Changed::Flag(flag.word().to_owned(), *is_on),
        Change::MembersMax(count) => Changed::MembersMax(*count),
        Change::Password(hash) => {
            Changed::Password(hash.as_ref().map(|hash| hash.as_phc().to_owned()))
        }
        Change::Listed(listing, mask) => {
            let (listing, mask) = listed(listing, mask);
            Changed::Listed(listing, mask)
        }
        Change::Unlisted(listing, mask) => {
            let (listing, mask) = listed(listing, mask);
            Changed::Unlisted(listing, mask)
        }
        Change::Invited(name) => Changed::Invited(name.as_str().to_owned()),
    }
}

/// Where who joined came from, and what it may do; nothing for what cannot be read.
pub(super) fn joined(seq: Seq, more: Option<&str>) -> Option<(Origin, Role)> {
    let Some(more) = more else { return Some((Origin::CONSOLE, role_at(seq))) };
    let Joined { user, host, full, role } = serde_json::from_str(more).ok()?;
    let origin = match host {
        Some(host) => Origin::new(user.as_deref(), &host),
        None => Origin::CONSOLE,
    };
    let origin = match full {
        Some(full) => origin.called(&full),
        None => origin,
    };
    let role = match role {
        Some(word) => Role::of_word(&word)?,
        None => role_at(seq),
    };
    Some((origin, role))
}

/// Why somebody was removed; nothing for what cannot be read.
pub(super) fn reason(more: Option<&str>) -> Option<Reason> {
    let Some(more) = more else { return Some(Reason::default()) };
    let Removed { reason } = serde_json::from_str(more).ok()?;
    Some(Reason::from_log(reason))
}

/// What somebody said who left; nothing for what cannot be read.
pub(super) fn farewell(more: Option<&str>) -> Option<Farewell> {
    let Some(more) = more else { return Some(Farewell::default()) };
    let Left { reason, server } = serde_json::from_str(more).ok()?;
    Some(Farewell { reason: Reason::from_log(reason), is_from_server: server })
}

/// What was said with more than words; nothing for what cannot be read.
pub(super) fn relayed(text: Option<Text>, more: Option<&str>) -> Option<Relay> {
    let Relayed { manner, tags, cuts } = serde_json::from_str(more?).ok()?;
    let (manner, cuts) = (Manner::of_word(&manner)?, Cuts::new(&cuts));
    Some(Relay { manner, text, tags: Tags::parse(&tags)?, cuts })
}

/// Which message was taken back, and why; nothing for what cannot be read.
pub(super) fn redacted(more: Option<&str>) -> Option<(Seq, Reason)> {
    let Redacted { seq, reason } = serde_json::from_str(more?).ok()?;
    Some((Seq(seq), Reason::from_log(reason)))
}

/// Whose power was given or taken away; nothing for what cannot be read.
pub(super) fn granted(more: Option<&str>) -> Option<(MemberId, Power, bool)> {
    let Granted { of, power, given } = serde_json::from_str(more?).ok()?;
    Some((MemberId(of), Power::of_word(&power)?, given))
}

/// What was changed; nothing for what cannot be read.
pub(super) fn changed(more: Option<&str>) -> Option<Change> {
    Some(match serde_json::from_str(more?).ok()? {
        Changed::Flag(word, is_on) => Change::Flag { flag: Flag::of_word(&word)?, is_on },
        Changed::MembersMax(count) => Change::MembersMax(count),
        Changed::Password(hash) => Change::Password(hash.as_deref().map(PasswordHash::from_phc)),
        Changed::Listed(word, mask) => {
            Change::Listed(Listing::of_word(&word)?, Mask::from_log(&mask))
        }
        Changed::Unlisted(word, mask) => {
            Change::Unlisted(Listing::of_word(&word)?, Mask::from_log(&mask))
        }
        Changed::Invited(name) => Change::Invited(Name::from_log(&name)),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A kind of event for each kind of change, which are read and written here.
    pub(in crate::sqlite) fn kinds() -> Vec<Kind> {
        let mask = || Mask::parse("*!*@irc").unwrap();
        let hash = PasswordHash::from_phc("$argon2id$v=19$\"'");
        let mut changes = vec![
            Change::MembersMax(std::num::NonZeroU32::new(7)),
            Change::MembersMax(None),
            Change::Password(Some(hash)),
            Change::Password(None),
            Change::Invited(Name::from_log("דנה \"D\"")),
        ];
        for is_on in [true, false] {
            changes.extend(Flag::ALL.map(|flag| Change::Flag { flag, is_on }));
        }
        for listing in Listing::ALL {
            changes.push(Change::Listed(listing, mask()));
            changes.push(Change::Unlisted(listing, mask()));
        }
        let tagged = |manner, text: Option<&str>| {
            let text = text.map(|text| Text::parse(text).unwrap());
            let (tags, cuts) = (Tags::parse("+a=\"b").unwrap(), Cuts::default());
            Kind::Relayed(Relay { manner, text, tags, cuts })
        };
        let cut = |places: &[u16]| {
            let (tags, text) = (Tags::default(), Text::parse("how is everyone?").ok());
            Kind::Relayed(Relay { manner: Manner::Words, text, tags, cuts: Cuts::new(places) })
        };
        let reason = || Reason::parse("so \"there\"").unwrap();
        let mut others = vec![
            tagged(Manner::Notice, Some("beep")),
            tagged(Manner::Words, Some("words")),
            tagged(Manner::Tags, None),
            cut(&[7, 9]),
            Kind::Redacted { seq: Seq(3), reason: reason() },
            Kind::Redacted { seq: Seq(3), reason: Reason::default() },
        ];
        for is_from_server in [true, false] {
            others.push(Kind::Left(Farewell { reason: reason(), is_from_server }));
        }
        others.push(Kind::Left(Farewell { reason: Reason::default(), is_from_server: true }));
        let mut kinds: Vec<_> =
            changes.into_iter().map(|change| Kind::Changed { change }).collect();
        kinds.extend(others);
        for (power, is_given) in [(Power::Voice, true), (Power::Moderator, false)] {
            kinds.push(Kind::Granted {
                of: MemberId(4),
                name: Name::from_log("Dan"),
                power,
                is_given,
            });
        }
        kinds
    }

    #[test]
    fn what_cannot_have_been_written_is_not_read() {
        for more in [None, Some(""), Some("{}"), Some("{\"flag\":[\"no-such\",true]}"), Some("[]")]
        {
            assert_eq!(changed(more), None, "{more:?}");
            assert_eq!(granted(more), None, "{more:?}");
        }
        assert_eq!(joined(Seq(1), Some("{\"role\":\"king\"}")), None);
        assert_eq!(joined(Seq(2), Some("{\"more\":1}")), None);
        assert_eq!(reason(Some("{}")), None);
        assert_eq!(joined(Seq(2), None), Some((Origin::CONSOLE, Role::Member)));
        assert_eq!(joined(Seq(1), None), Some((Origin::CONSOLE, Role::Owner)));
    }
}
