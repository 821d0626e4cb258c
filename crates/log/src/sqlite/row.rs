//! Row: an event as it lies in the table, and the chain that ties it to the ones before.
//!
//! Does not know connections or transactions. Invariant: what a row was made of is what is read
//! from it, and a row that was changed, lost or moved to another group does not fit its chain.

use std::collections::HashMap;

use conclave_core::{
    Account, ClientId, Entry, Event, GroupId, Kind, MemberId, Name, SeatHash, Seq, Text, Timestamp,
    Topic,
};
use rusqlite::{Row, Statement};

use crate::LogError;

/// Hash that stands for an event and all before it in its group.
pub(super) type Chain = [u8; 16];

/// The columns that [`Names::event`] reads, in order.
pub(super) const COLUMNS: &str =
    "seq, at, kind, member, name, text, client_id, seat, chain, account";

/// Writes an event into `fresh`: `id`, `group_id`, then [`COLUMNS`].
pub(super) const INSERT: &str = "
    INSERT INTO fresh
        (id, group_id, seq, at, kind, member, name, text, client_id, seat, chain, account)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

/// Writes an event into `events`, where nothing of its group is fresh; parameters as of [`INSERT`],
/// of which the first has no meaning here.
pub(super) const INSERT_SORTED: &str = "
    INSERT INTO events
        (group_id, seq, at, kind, member, name, text, client_id, seat, chain, account)
    VALUES (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

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
    let Entry { member, name, account, kind } = &event.entry;
    let parts = Parts::of(kind);
    let mut hasher = blake3::Hasher::new();
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
    cut(&hasher)
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
}

impl<'event> Parts<'event> {
    fn of(kind: &'event Kind) -> Self {
        let client_id = |id: &'event Option<ClientId>| id.as_ref().map(ClientId::as_str);
        match kind {
            Kind::Said { text, client_id: id } => Self {
                kind: "said",
                text: Some(text.as_str()),
                client_id: client_id(id),
                seat: None,
            },
            Kind::Action { text, client_id: id } => Self {
                kind: "action",
                text: Some(text.as_str()),
                client_id: client_id(id),
                seat: None,
            },
            Kind::Joined { seat } => {
                Self { kind: "joined", seat: seat.as_ref(), ..Self::default() }
            }
            Kind::Left => Self { kind: "left", ..Self::default() },
            Kind::Renamed { to } => {
                Self { kind: "renamed", text: Some(to.as_str()), ..Self::default() }
            }
            Kind::Topic { text } => {
                Self { kind: "topic", text: Some(text.as_str()), ..Self::default() }
            }
            Kind::Removed { by } => {
                Self { kind: "removed", text: Some(by.as_str()), ..Self::default() }
            }
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
    let Entry { member, name, account, kind } = &event.entry;
    let parts = Parts::of(kind);
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
    ))?;
    Ok(())
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
        let kind = self.kind(row)?;
        let chain = row.get(8)?;
        let account = match row.get_ref(9)?.as_str_or_null()? {
            Some(written) => Some(self.account(written)?),
            None => None,
        };
        Ok((Event { seq, at, entry: Entry { member, name, account, kind } }, chain))
    }

    fn kind(&mut self, row: &Row<'_>) -> Result<Kind, Unreadable> {
        let text = |index| -> Result<Text, Unreadable> { Ok(Text::from_log(row.get(index)?)) };
        let client_id = || -> Result<Option<ClientId>, Unreadable> {
            let Some(kept) = row.get_ref(6)?.as_str_or_null()? else { return Ok(None) };
            ClientId::parse(kept).map(Some).ok_or(Unreadable::Field("client id"))
        };
        Ok(match row.get_ref(2)?.as_str()? {
            "said" => Kind::Said { text: text(5)?, client_id: client_id()? },
            "action" => Kind::Action { text: text(5)?, client_id: client_id()? },
            "joined" => Kind::Joined { seat: row.get::<_, Option<[u8; 32]>>(7)?.map(SeatHash) },
            "left" => Kind::Left,
            "renamed" => Kind::Renamed { to: self.name(row.get_ref(5)?.as_str()?) },
            "topic" => Kind::Topic { text: Topic::from_log(row.get(5)?) },
            "removed" => Kind::Removed { by: self.name(row.get_ref(5)?.as_str()?) },
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
    use conclave_core::AccountId;
    use rusqlite::Connection;

    use super::*;

    fn event(kind: Kind) -> Event {
        Event {
            seq: Seq(7),
            at: Timestamp::from_ms(1_000),
            entry: Entry {
                member: MemberId(3), name: Name::from_log("נויה"), account: None, kind
            },
        }
    }

    fn kinds() -> Vec<Kind> {
        let text = Text::from_log("שלום\nall".to_owned());
        let client_id = ClientId::parse("c1");
        vec![
            Kind::Said { text: text.clone(), client_id: client_id.clone() },
            Kind::Said { text: text.clone(), client_id: None },
            Kind::Action { text, client_id },
            Kind::Joined { seat: Some(SeatHash([9; 32])) },
            Kind::Joined { seat: None },
            Kind::Left,
            Kind::Renamed { to: Name::from_log("Dana") },
            Kind::Topic { text: Topic::from_log("tea".to_owned()) },
            Kind::Topic { text: Topic::default() },
            Kind::Removed { by: Name::from_log("Noya") },
        ]
    }

    #[test]
    fn every_kind_of_event_reads_back_as_it_was_written() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE fresh (id, group_id, seq, at, kind, member, name, text, client_id,
                 seat, chain, account)",
            )
            .unwrap();
        let group = GroupId::new(8888).unwrap();
        let account = |id| Some(Account::new(AccountId(id), Name::from_log("נויה Cohen")));
        for (n, kind) in kinds().into_iter().enumerate() {
            let mut event = event(kind);
            event.entry.account = if n % 2 == 0 { account(n as u64) } else { None };
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

    #[test]
    fn no_two_events_have_the_same_chain() {
        let mut chains: Vec<Chain> =
            kinds().into_iter().map(|kind| chain(&[1; 16], &event(kind))).collect();
        let moved = Event { seq: Seq(8), ..event(Kind::Left) };
        let later = Event { at: Timestamp::from_ms(1_001), ..event(Kind::Left) };
        let mut other = event(Kind::Left);
        other.entry.member = MemberId(4);
        let mut named = event(Kind::Left);
        named.entry.name = Name::from_log("Noya");
        let mut held = event(Kind::Left);
        held.entry.account = Some(Account::new(AccountId(1), Name::from_log("Noya")));
        let mut held_by_another = event(Kind::Left);
        held_by_another.entry.account = Some(Account::new(AccountId(2), Name::from_log("Noya")));
        for event in [&moved, &later, &other, &named, &held, &held_by_another] {
            chains.push(chain(&[1; 16], event));
        }
        chains.push(chain(&[2; 16], &event(Kind::Left)));
        let count = chains.len();
        chains.sort_unstable();
        chains.dedup();
        assert_eq!(chains.len(), count);
    }
}
