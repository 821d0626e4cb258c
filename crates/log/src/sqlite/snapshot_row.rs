//! Snapshot row: a group's snapshot as it is written down, in JSON that a person can read.
//!
//! The model cannot be serialised by itself, so that it can change without changing what lies on
//! disks. A snapshot that cannot be read is not missed: the events say the same.

use std::fmt::Write as _;

use conclave_core::group::Member;
use conclave_core::sends::Sends;
use conclave_core::{
    Account, ClientId, MemberId, Name, Origin, Role, SeatHash, Seq, Snapshot, Timestamp, Topic,
    TopicSet,
};
use serde::{Deserialize, Serialize};

use super::settings_row::{self, WrittenSettings};

/// The format that is written, and the only one that is read.
const FORMAT: u32 = 2;

#[derive(Serialize, Deserialize)]
struct WrittenSnapshot {
    format: u32,
    head: u64,
    last_at: i64,
    next_member: u64,
    topic: String,
    /// Who set it, and when.
    topic_set: Option<(String, i64)>,
    settings: WrittenSettings,
    /// Numbers of messages that were taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    redacted: Vec<u64>,
    members: Vec<WrittenMember>,
}

#[derive(Serialize, Deserialize)]
struct WrittenMember {
    id: u64,
    name: String,
    /// Hash of the seat, in hexadecimal digits.
    seat: Option<String>,
    /// The account that holds the membership, as its number and its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    user: Option<String>,
    host: String,
    role: String,
    voiced: bool,
    /// Client id, number and time, oldest first.
    sends: Vec<(String, u64, i64)>,
}

/// Writes a snapshot down; nothing where that cannot be.
pub(super) fn render(snapshot: &Snapshot) -> Option<String> {
    let members = snapshot.members.iter().map(|(id, member)| WrittenMember {
        id: id.0,
        name: member.name.as_str().to_owned(),
        seat: member.seat.as_deref().map(render_hex),
        account: member.account.as_ref().map(Account::to_string),
        user: member.origin.user().map(str::to_owned),
        host: member.origin.host().to_owned(),
        role: member.role.word().to_owned(),
        voiced: member.is_voiced,
        sends: member
            .sends
            .landed()
            .map(|(id, seq, at)| (id.as_str().to_owned(), seq.0, at.ms()))
            .collect(),
    });
    let written = WrittenSnapshot {
        format: FORMAT,
        head: snapshot.head.0,
        last_at: snapshot.last_at.ms(),
        next_member: snapshot.next_member,
        topic: snapshot.topic.as_str().to_owned(),
        topic_set: snapshot.topic_set.as_ref().map(|set| (set.by.as_str().to_owned(), set.at.ms())),
        settings: settings_row::render(&snapshot.settings),
        redacted: snapshot.redacted.iter().map(|seq| seq.0).collect(),
        members: members.collect(),
    };
    serde_json::to_string(&written).ok()
}

/// Reads what [`render`] wrote; nothing for anything else.
pub(super) fn parse(written: &str) -> Option<Snapshot> {
    let written: WrittenSnapshot = serde_json::from_str(written).ok()?;
    if written.format != FORMAT {
        return None;
    }
    let members = written.members.into_iter().map(|member| {
        let seat = match member.seat {
            Some(digits) => Some(Box::new(parse_hex(&digits)?)),
            None => None,
        };
        let account = match member.account {
            Some(written) => Some(written.parse().ok()?),
            None => None,
        };
        let mut sends = Sends::default();
        for (client_id, seq, at) in member.sends {
            sends.land(&ClientId::parse(&client_id)?, Seq(seq), Timestamp::from_ms(at));
        }
        let member_read = Member {
            name: Name::from_log(&member.name),
            seat,
            account,
            origin: Origin::new(member.user.as_deref(), &member.host),
            role: Role::of_word(&member.role)?,
            is_voiced: member.voiced,
            sends,
        };
        Some((MemberId(member.id), member_read))
    });
    Some(Snapshot {
        head: Seq(written.head),
        last_at: Timestamp::from_ms(written.last_at),
        next_member: written.next_member,
        topic: Topic::from_log(written.topic),
        topic_set: written
            .topic_set
            .map(|(by, at)| TopicSet { by: Name::from_log(&by), at: Timestamp::from_ms(at) }),
        settings: settings_row::parse(&written.settings)?,
        redacted: written.redacted.into_iter().map(Seq).collect(),
        members: members.collect::<Option<_>>()?,
    })
}

fn render_hex(hash: &SeatHash) -> String {
    hash.0.iter().fold(String::with_capacity(64), |mut digits, byte| {
        // Writing to a string cannot fail.
        let _written = write!(digits, "{byte:02x}");
        digits
    })
}

fn parse_hex(digits: &str) -> Option<SeatHash> {
    let mut bytes = [0; 32];
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(SeatHash(bytes))
}

#[cfg(test)]
mod tests {
    use conclave_core::{Change, Flag, Kind, Lock, PasswordHash, Settings};

    use super::*;

    fn snapshot() -> Snapshot {
        let mut sends = Sends::default();
        for n in 0..3_u32 {
            let at = Timestamp::from_ms(i64::from(n) + 10);
            sends.land(&ClientId::parse(&format!("c{n}")).unwrap(), Seq(u64::from(n) + 2), at);
        }
        let noya = Member {
            seat: Some(Box::new(SeatHash([0xa5; 32]))),
            origin: Origin::new(Some("noya"), "irc"),
            role: Role::Owner,
            is_voiced: true,
            sends,
            ..Member::new(Name::from_log("נויה"))
        };
        let account = "17 Dana Cohen".parse().ok();
        let dana = Member { account, ..Member::new(Name::from_log("Dana")) };
        let mut settings = Settings::default();
        for kind in super::super::more::tests::kinds() {
            if let Kind::Changed { change } = kind
                && !matches!(change, Change::Unlisted(..))
            {
                settings.apply(&change, &Name::from_log("Noya"), Timestamp::from_ms(5));
            }
        }
        Snapshot {
            head: Seq(9),
            last_at: Timestamp::from_ms(99),
            next_member: 7,
            topic: Topic::from_log("tea".to_owned()),
            topic_set: Some(TopicSet { by: Name::from_log("Dan"), at: Timestamp::from_ms(98) }),
            settings,
            redacted: [Seq(3), Seq(9)].into(),
            members: vec![(MemberId(1), noya), (MemberId(7), dana)],
        }
    }

    #[test]
    fn a_snapshot_reads_back_as_it_was_written() {
        let mut changed = snapshot();
        for flag in Flag::ALL {
            let is_on = !changed.settings.has(flag);
            let change = Change::Flag { flag, is_on };
            changed.settings.apply(&change, &Name::from_log("Noya"), Timestamp::default());
            changed.settings.lock = Lock::Password(PasswordHash::from_phc("$1"));
            assert_eq!(parse(&render(&changed).unwrap()).unwrap(), changed);
        }
        assert_eq!(parse(&render(&snapshot()).unwrap()).unwrap(), snapshot());
        assert_eq!(parse(&render(&Snapshot::default()).unwrap()).unwrap(), Snapshot::default());
    }

    #[test]
    fn what_is_no_snapshot_of_this_format_is_not_read() {
        let written = render(&snapshot()).unwrap();
        for wrong in [
            String::new(),
            "{}".to_owned(),
            written.replace("\"format\":2", "\"format\":1"),
            written.replace("\"owner\"", "\"king\""),
            written.replace("\"mutes\"", "\"geese\""),
            written.replace("\"c0\"", "\"\""),
            written.replace("a5a5", "+5a5"),
            written.replace("a5a5", "a5"),
            written.replace("17 Dana", "Dana"),
        ] {
            assert_eq!(parse(&wrong), None, "{wrong}");
        }
    }
}
