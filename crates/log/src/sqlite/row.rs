//! Row: an event as it lies in the table, and the chain that ties it to the ones before.
//!
//! Does not know connections or transactions. Invariant: what a row was made of is what is read
//! from it, and a row that was changed, lost or moved to another group does not fit its chain.

use std::collections::HashMap;

use conclave_core::{
    Account, ClientId, Door, Entry, Event, GroupId, Kind, MemberId, Name, SeatHash, Seq, Text,
    Timestamp, Topic,
};
use rusqlite::{Row, Statement};

use super::more;
use crate::LogError;

/// Hash that stands for an event and all before it in its group.
pub(super) type Chain = [u8; 16];

/// The columns that [`Names::event`] reads, in order.
pub(super) const COLUMNS: &str =
    "seq, at, kind, member, name, text, client_id, seat, chain, account, more, door";

/// Writes an event into `fresh`: `id`, `group_id`, then [`COLUMNS`].
pub(super) const INSERT: &str = "
    INSERT INTO fresh
        (id, group_id, seq, at, kind, member, name, text, client_id, seat, chain, account, more,
         door)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

/// Writes an event into `events`, where nothing of its group is fresh; parameters as of [`INSERT`],
/// of which the first has no meaning here.
pub(super) const INSERT_SORTED: &str = "
    INSERT INTO events
        (group_id, seq, at, kind, member, name, text, client_id, seat, chain, account, more, door)
    VALUES (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

/// The chain before the first event of a group.
pub(super) fn first_chain(group: GroupId, created_at: Timestamp) -> Chain {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"conclave group");
    hasher.update(&group.get().to_le_bytes());
    hasher.update(&created_at.ms().to_le_bytes());
    cut(&hasher)
}

/// The chain at an event, given the chain before it.
pub(super) fn chain(before: &Chain, event: &Event) -> Chain {
    let Entry { member, name, account, door, .. } = &event.entry;
    let parts = Parts::of(event);
    let mut hasher = Gathered(Vec::with_capacity(256 + parts.text.map_or(0, str::len)));
    hasher.update(before);
    hasher.update(&event.seq.0.to_le_bytes());
    hasher.update(&event.at.ms().to_le_bytes());
    hasher.update(&member.0.to_le_bytes());
    let seat = parts.seat.map(|seat| seat.0);
    let fields = [
        Some(parts.kind.as_bytes()),
        Some(name.as_str().as_bytes()),
        parts.text.map(str::as_bytes),
        parts.client_id.map(str::as_bytes),
        seat.as_ref().map(<[u8; 32]>::as_slice),
    ];
    for field in fields {
        // A length before each, so that no two events are the same bytes.
        let len = field.map_or(u64::MAX, |bytes| bytes.len() as u64);
        hasher.update(&len.to_le_bytes());
        hasher.update(field.unwrap_or_default());
    }
    if let Some(account) = account {
        // Behind all else and only where there is one: so are the events of before there were any.
        hasher.update(account.to_string().as_bytes());
    }
    if let Some(more) = &parts.more {
        // Likewise; the length has bytes that no account has.
        hasher.update(&(more.len() as u64).to_le_bytes());
        hasher.update(more.as_bytes());
    }
    if let Some(door) = door {
        // Likewise; the first is a byte that no text has.
        hasher.update(&[0xff, number_of(*door)]);
    }
    cut(blake3::Hasher::new().update(&hasher.0))
}

/// Pieces to be hashed at once: one by one they take half as long again.
struct Gathered(Vec<u8>);

impl Gathered {
    fn update(&mut self, piece: &[u8]) {
        self.0.extend_from_slice(piece);
    }
}

/// Ties a snapshot to the event that it was taken after.
pub(super) fn snapshot_sum(chain: &Chain, state: &str) -> Chain {
    let mut hasher = blake3::Hasher::new();
    hasher.update(chain);
    hasher.update(state.as_bytes());
    cut(&hasher)
}

fn cut(hasher: &blake3::Hasher) -> Chain {
    let mut chain = Chain::default();
    hasher.finalize_xof().fill(&mut chain);
    chain
}

/// What the kind of an event puts into the columns.
#[derive(Default)]
struct Parts<'event> {
    kind: &'static str,
    text: Option<&'event str>,
    client_id: Option<&'event str>,
    seat: Option<&'event SeatHash>,
    more: Option<String>,
}

impl<'event> Parts<'event> {
    fn of(event: &'event Event) -> Self {
        let client_id = |id: &'event Option<ClientId>| id.as_ref().map(ClientId::as_str);
        let more = more::render(event);
        match &event.entry.kind {
            Kind::Said { text, client_id: id } => Self {
                kind: "said",
                text: Some(text.as_str()),
                client_id: client_id(id),
                ..Self::default()
            },
            Kind::Action { text, client_id: id } => Self {
                kind: "action",
                text: Some(text.as_str()),
                client_id: client_id(id),
                ..Self::default()
            },
            Kind::Joined { seat, .. } => {
                Self { kind: "joined", seat: seat.as_ref(), more, ..Self::default() }
            }
            Kind::Left(_) => Self { kind: "left", more, ..Self::default() },
            Kind::Relayed(relay) => Self {
                kind: "relayed",
                text: relay.text.as_ref().map(Text::as_str),
                more,
                ..Self::default()
            },
            Kind::Redacted { .. } => Self { kind: "redacted", more, ..Self::default() },
            Kind::Renamed { to } => {
                Self { kind: "renamed", text: Some(to.as_str()), ..Self::default() }
            }
            Kind::Topic { text } => {
                Self { kind: "topic", text: Some(text.as_str()), ..Self::default() }
            }
            Kind::Removed { by, .. } => {
                Self { kind: "removed", text: Some(by.as_str()), more, ..Self::default() }
            }
            Kind::Granted { name, .. } => {
                Self { kind: "granted", text: Some(name.as_str()), more, ..Self::default() }
            }
            Kind::Changed { .. } => Self { kind: "changed", more, ..Self::default() },
        }
    }
}

/// Writes an event by a statement prepared of [`INSERT`] or [`INSERT_SORTED`].
pub(super) fn insert(
    statement: &mut Statement<'_>,
    row: i64,
    group: i64,
    event: &Event,
    chain: &Chain,
) -> rusqlite::Result<()> {
    let Entry { member, name, account, door, .. } = &event.entry;
    let parts = Parts::of(event);
    statement.execute((
        row,
        group,
        signed(event.seq.0),
        event.at.ms(),
        parts.kind,
        signed(member.0),
        name.as_str(),
        parts.text,
        parts.client_id,
        parts.seat.map(|seat| seat.0.as_slice()),
        chain.as_slice(),
        account.as_ref().map(Account::to_string),
        parts.more,
        door.map(number_of),
    ))?;
    Ok(())
}

/// The number by which a door is written down, for ever.
const fn number_of(door: Door) -> u8 {
    match door {
        Door::Console => 0,
        Door::Web => 1,
        Door::Irc => 2,
    }
}

/// A number as SQLite takes it. Ours count what happened, and never come near the bound.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Reads rows; names and accounts that come again are not made again, so that a page of what one
/// member said holds one of each.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<Box<str>, Name>, HashMap<Box<str>, Account>);

/// Names that are remembered before all are forgotten.
const NAMES_MAX: usize = 1_024;

impl Names {
    /// Reads an event and its chain, columns as in [`COLUMNS`]. Says what is wrong with a row that
    /// cannot have been written so.
    pub(super) fn event(
        &mut self,
        group: GroupId,
        row: &Row<'_>,
    ) -> Result<(Event, Chain), LogError> {
        self.decode(row).map_err(|problem| {
            let seq = row.get::<_, i64>(0).map_or_else(|_| "?".to_owned(), |seq| seq.to_string());
            LogError::Damaged(format!("group {group}, event {seq}: {problem}"))
        })
    }

    fn decode(&mut self, row: &Row<'_>) -> Result<(Event, Chain), Unreadable> {
        let seq = Seq(unsigned(row.get(0)?)?);
        let at = Timestamp::from_ms(row.get(1)?);
        let member = MemberId(unsigned(row.get(3)?)?);
        let name = self.name(row.get_ref(4)?.as_str()?);
        let kind = self.kind(seq, row)?;
        let chain = row.get(8)?;
        let account = match row.get_ref(9)?.as_str_or_null()? {
            Some(written) => Some(self.account(written)?),
            None => None,
        };
        let door = match row.get::<_, Option<u8>>(11)? {
            Some(number) => Some(door_of(number).ok_or(Unreadable::Field("door"))?),
            None => None,
        };
        Ok((Event { seq, at, entry: Entry { member, name, account, door, kind } }, chain))
    }

    fn kind(&mut self, seq: Seq, row: &Row<'_>) -> Result<Kind, Unreadable> {
        let text = |index| -> Result<Text, Unreadable> { Ok(Text::from_log(row.get(index)?)) };
        let client_id = || -> Result<Option<ClientId>, Unreadable> {
            let Some(kept) = row.get_ref(6)?.as_str_or_null()? else { return Ok(None) };
            ClientId::parse(kept).map(Some).ok_or(Unreadable::Field("client id"))
        };
        let more =
            || -> Result<Option<&str>, Unreadable> { Ok(row.get_ref(10)?.as_str_or_null()?) };
        let unreadable = Unreadable::Field("more");
        Ok(match row.get_ref(2)?.as_str()? {
            "said" => Kind::Said { text: text(5)?, client_id: client_id()? },
            "action" => Kind::Action { text: text(5)?, client_id: client_id()? },
            "joined" => {
                let seat = row.get::<_, Option<[u8; 32]>>(7)?.map(SeatHash);
                let (origin, role) = more::joined(seq, more()?).ok_or(unreadable)?;
                Kind::Joined { seat, origin, role }
            }
            "left" => Kind::Left(more::farewell(more()?).ok_or(unreadable)?),
            "relayed" => {
                let text = row.get::<_, Option<String>>(5)?.map(Text::from_log);
                Kind::Relayed(more::relayed(text, more()?).ok_or(unreadable)?)
            }
            "redacted" => {
                let (seq, reason) = more::redacted(more()?).ok_or(unreadable)?;
                Kind::Redacted { seq, reason }
            }
            "renamed" => Kind::Renamed { to: self.name(row.get_ref(5)?.as_str()?) },
            "topic" => Kind::Topic { text: Topic::from_log(row.get(5)?) },
            "removed" => {
                let by = self.name(row.get_ref(5)?.as_str()?);
                Kind::Removed { by, reason: more::reason(more()?).ok_or(unreadable)? }
            }
            "granted" => {
                let name = self.name(row.get_ref(5)?.as_str()?);
                let (of, power, is_given) = more::granted(more()?).ok_or(unreadable)?;
                Kind::Granted { of, name, power, is_given }
            }
            "changed" => Kind::Changed { change: more::changed(more()?).ok_or(unreadable)? },
            _ => return Err(Unreadable::Field("kind")),
        })
    }

    fn name(&mut self, written: &str) -> Name {
        if let Some(name) = self.0.get(written) {
            return name.clone();
        }
        if self.0.len() >= NAMES_MAX {
            self.0.clear();
        }
        let name = Name::from_log(written);
        self.0.insert(written.into(), name.clone());
        name
    }

    fn account(&mut self, written: &str) -> Result<Account, Unreadable> {
        if let Some(account) = self.1.get(written) {
            return Ok(account.clone());
        }
        let account: Account = written.parse().map_err(|_not_one| Unreadable::Field("account"))?;
        if self.1.len() >= NAMES_MAX {
            self.1.clear();
        }
        self.1.insert(written.into(), account.clone());
        Ok(account)
    }
}

fn door_of(number: u8) -> Option<Door> {
    Door::ALL.into_iter().find(|door| number_of(*door) == number)
}

fn unsigned(number: i64) -> Result<u64, Unreadable> {
    u64::try_from(number).map_err(|_negative| Unreadable::Field("number"))
}

/// Why a row cannot be read.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("{0}")]
    Type(#[from] rusqlite::types::FromSqlError),
    #[error("there is no such {0}")]
    Field(&'static str),
}

#[cfg(test)]
mod tests {
    use conclave_core::{AccountId, Origin, Reason, Role};
    use rusqlite::Connection;

    use super::*;

    fn event(kind: Kind) -> Event {
        Event {
            seq: Seq(7),
            at: Timestamp::from_ms(1_000),
            entry: Entry::by(MemberId(3), Name::from_log("נויה"), kind),
        }
    }

    fn kinds() -> Vec<Kind> {
        let text = Text::from_log("שלום\nall".to_owned());
        let client_id = ClientId::parse("c1");
        vec![
            Kind::Said { text: text.clone(), client_id: client_id.clone() },
            Kind::Said { text: text.clone(), client_id: None },
            Kind::Action { text, client_id },
            Kind::Joined {
                seat: Some(SeatHash([9; 32])),
                origin: Origin::new(Some("noya"), "irc"),
                role: Role::Moderator,
            },
            Kind::Joined { seat: None, origin: Origin::of_door(Door::Web), role: Role::Member },
            Kind::Joined { seat: None, origin: Origin::default(), role: Role::Member },
            Kind::Joined { seat: None, origin: Origin::default(), role: Role::Owner },
            Kind::Left(conclave_core::Farewell::default()),
            Kind::Renamed { to: Name::from_log("Dana") },
            Kind::Topic { text: Topic::from_log("tea".to_owned()) },
            Kind::Topic { text: Topic::default() },
            Kind::Removed { by: Name::from_log("Noya"), reason: Reason::default() },
            Kind::Removed { by: Name::from_log("Noya"), reason: Reason::parse("spam").unwrap() },
        ]
        .into_iter()
        .chain(more::tests::kinds())
        .collect()
    }

    #[test]
    fn every_kind_of_event_reads_back_as_it_was_written() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE fresh (id, group_id, seq, at, kind, member, name, text, client_id,
                 seat, chain, account, more, door)",
            )
            .unwrap();
        let group = GroupId::new(8888).unwrap();
        let account = |id| Some(Account::new(AccountId(id), Name::from_log("נויה Cohen")));
        for (n, kind) in kinds().into_iter().enumerate() {
            let mut event = event(kind);
            event.entry.account = if n % 2 == 0 { account(n as u64) } else { None };
            event.entry.door = Door::ALL.get(n % 4).copied();
            let chain = chain(&[1; 16], &event);
            insert(&mut connection.prepare(INSERT).unwrap(), 1, 1, &event, &chain).unwrap();
            let mut statement =
                connection.prepare(&format!("SELECT {COLUMNS} FROM fresh")).unwrap();
            let mut rows = statement.query([]).unwrap();
            let row = rows.next().unwrap().unwrap();
            assert_eq!(Names::default().event(group, row).unwrap(), (event, chain));
            drop(rows);
            connection.execute("DELETE FROM fresh", []).unwrap();
        }
    }

    /// What the first version wrote, by the bytes it hashed.
    #[test]
    fn what_the_first_version_wrote_has_the_chain_it_had() {
        let mut joined =
            event(Kind::Joined { seat: None, origin: Origin::default(), role: Role::Owner });
        joined.seq = Seq(1);
        let removed =
            event(Kind::Removed { by: Name::from_log("Noya"), reason: Reason::default() });
        let by = Some(&b"Noya"[..]);
        for (event, kind, text) in [(joined, "joined", None), (removed, "removed", by)] {
            let mut hasher = blake3::Hasher::new();
            hasher.update(&[1; 16]);
            hasher.update(&event.seq.0.to_le_bytes());
            hasher.update(&1_000_u64.to_le_bytes());
            hasher.update(&3_u64.to_le_bytes());
            let name = "נויה".as_bytes();
            for field in [Some(kind.as_bytes()), Some(name), text, None, None] {
                let len = field.map_or(u64::MAX, |bytes| bytes.len() as u64);
                hasher.update(&len.to_le_bytes());
                hasher.update(field.unwrap_or_default());
            }
            assert_eq!(chain(&[1; 16], &event), cut(&hasher), "{kind}");
        }
    }

    #[test]
    fn no_two_events_have_the_same_chain() {
        let mut chains: Vec<Chain> =
            kinds().into_iter().map(|kind| chain(&[1; 16], &event(kind))).collect();
        let moved = Event { seq: Seq(8), ..event(Kind::Left(conclave_core::Farewell::default())) };
        let later = Event {
            at: Timestamp::from_ms(1_001),
            ..event(Kind::Left(conclave_core::Farewell::default()))
        };
        let mut other = event(Kind::Left(conclave_core::Farewell::default()));
        other.entry.member = MemberId(4);
        let mut named = event(Kind::Left(conclave_core::Farewell::default()));
        named.entry.name = Name::from_log("Noya");
        let mut held = event(Kind::Left(conclave_core::Farewell::default()));
        held.entry.account = Some(Account::new(AccountId(1), Name::from_log("Noya")));
        let mut held_by_another = event(Kind::Left(conclave_core::Farewell::default()));
        held_by_another.entry.account = Some(Account::new(AccountId(2), Name::from_log("Noya")));
        for event in [&moved, &later, &other, &named, &held, &held_by_another] {
            chains.push(chain(&[1; 16], event));
            for door in Door::ALL {
                let entry = Entry { door: Some(door), ..event.entry.clone() };
                chains.push(chain(&[1; 16], &Event { entry, ..event.clone() }));
            }
        }
        chains.push(chain(&[2; 16], &event(Kind::Left(conclave_core::Farewell::default()))));
        let count = chains.len();
        chains.sort_unstable();
        chains.dedup();
        assert_eq!(chains.len(), count);
    }
}
