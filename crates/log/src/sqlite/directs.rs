//! Direct conversations as they lie in the tables, and the requests for them.
//!
//! Invariant: a party is written by what is never used again (the id of a group's row, and not its
//! number), so that nobody finds what was between others.

use conclave_core::{
    Account, AccountId, Event, GroupId, MemberId, Name, Pair, Party, Seq, Timestamp, VisitorId,
    limits,
};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::row::{self, signed};
use super::transaction::{Failure, transact};
use super::walk::At;
use super::{SqliteLog, problem, reader};
use crate::{Answer, Directs, ListedDirect, LogError, NewDirect, OpenedDirect};

impl Directs for SqliteLog {
    fn open_direct(&self, direct: NewDirect) -> Answer<'_, OpenedDirect> {
        self.change(move |connection, now| open(connection, &direct, now))
    }

    fn find_direct(&self, pair: Pair) -> Answer<'_, Option<GroupId>> {
        self.by_reader(&self.loads, move |stored| {
            let connection = stored.connection;
            let find = || {
                let Some(written) = WrittenPair::of(connection, pair)? else { return Ok(None) };
                find(connection, &written)
            };
            find().map_err(problem::sqlite("finding a direct conversation"))
        })
    }

    fn directs_of(&self, party: Party, limit: usize) -> Answer<'_, Vec<ListedDirect>> {
        self.by_reader(&self.loads, move |stored| directs_of(stored, party, limit))
    }
}

/// A pair as it is written down.
struct WrittenPair {
    low: String,
    high: String,
    /// Row of the group in which the two met.
    home: Option<i64>,
}

impl WrittenPair {
    /// Nothing where it is of members of a group that is not there.
    fn of(connection: &Connection, pair: Pair) -> rusqlite::Result<Option<Self>> {
        let home = match pair.home() {
            None => None,
            Some(group) => match row_of(connection, group)? {
                Some(row) => Some(row),
                None => return Ok(None),
            },
        };
        let low = write(connection, pair.low())?;
        let high = write(connection, pair.high())?;
        Ok(low.zip(high).map(|(low, high)| Self { low, high, home }))
    }
}

fn row_of(connection: &Connection, group: GroupId) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM groups WHERE number = ?1")?
        .query_row([signed(group.get())], |row| row.get(0))
        .optional()
}

/// Nothing for a member of a group that is not there.
fn write(connection: &Connection, party: Party) -> rusqlite::Result<Option<String>> {
    Ok(match party {
        Party::Account(account) => Some(format!("account {account}")),
        Party::Member(group, member) => {
            row_of(connection, group)?.map(|row| format!("member {row} {}", member.0))
        }
        Party::Visitor(visitor) => Some(format!("visitor {}", visitor.0)),
    })
}

/// Nothing for what was not written by [`write()`], or is of a group that is not there.
fn read(connection: &Connection, written: &str) -> rusqlite::Result<Option<Party>> {
    let mut words = written.split(' ');
    let kind = words.next();
    let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
    Ok(match (kind, number(), number()) {
        (Some("account"), Some(account), None) => Some(Party::Account(AccountId(account))),
        (Some("visitor"), Some(visitor), None) => Some(Party::Visitor(VisitorId(visitor))),
        (Some("member"), Some(group), Some(member)) => {
            let number: Option<i64> = connection
                .prepare_cached("SELECT number FROM groups WHERE id = ?1")?
                .query_row([signed(group)], |row| row.get(0))
                .optional()?;
            let group = number.and_then(|number| GroupId::new(number.unsigned_abs()));
            group.map(|group| Party::Member(group, MemberId(member)))
        }
        _ => None,
    })
}

fn find(connection: &Connection, pair: &WrittenPair) -> rusqlite::Result<Option<GroupId>> {
    let number: Option<i64> = connection
        .prepare_cached(
            "SELECT number FROM directs JOIN groups ON id = group_id WHERE low = ?1 AND high = ?2",
        )?
        .query_row((&pair.low, &pair.high), |row| row.get(0))
        .optional()?;
    Ok(number.and_then(|number| GroupId::from_log(number.unsigned_abs())))
}

fn open(
    connection: &Connection,
    direct: &NewDirect,
    now: Timestamp,
) -> Result<OpenedDirect, Failure> {
    transact(connection, None, |connection| {
        make(connection, direct, now).map_err(problem::sqlite("opening a direct conversation"))
    })
}

fn make(
    connection: &Connection,
    direct: &NewDirect,
    now: Timestamp,
) -> rusqlite::Result<OpenedDirect> {
    let Some(pair) = WrittenPair::of(connection, direct.pair)? else {
        return Ok(OpenedDirect::NoSuchGroup);
    };
    if let Some(found) = find(connection, &pair)? {
        return Ok(OpenedDirect::At(found));
    }
    let opened_by = if direct.opened_by == direct.pair.low() { &pair.low } else { &pair.high };
    let begun: i64 = connection
        .prepare_cached("SELECT count(*) FROM directs WHERE opened_by = ?1")?
        .query_row([opened_by], |row| row.get(0))?;
    if begun >= signed(limits::DIRECTS_MAX as u64) {
        return Ok(OpenedDirect::TooMany);
    }
    let made = connection
        .prepare_cached(
            "INSERT INTO groups (number, password_hash, created_at) VALUES (?1, '', ?2)
             ON CONFLICT (number) DO NOTHING",
        )?
        .execute((signed(direct.id.get()), now.ms()))?;
    if made == 0 {
        return Ok(OpenedDirect::NumberTaken);
    }
    let id = connection.last_insert_rowid();
    connection
        .prepare_cached("INSERT INTO directs VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute((id, &pair.low, &pair.high, opened_by, pair.home))?;
    let mut chain = row::first_chain(direct.id, now);
    let (mut seq, mut at) = (Seq::ZERO, Timestamp::default());
    for entry in &direct.joined {
        (seq, at) = (seq.next(), now.after(at));
        let event = Event { seq, at, entry: entry.clone() };
        chain = row::chain(&chain, &event);
        let mut statement = connection.prepare_cached(row::INSERT_SORTED)?;
        row::insert(&mut statement, 0, id, &event, &chain)?;
    }
    Ok(OpenedDirect::At(direct.id))
}

/// Whose conversation the group of that row is.
pub(super) fn pair_of(connection: &Connection, group: i64) -> rusqlite::Result<Option<Pair>> {
    let written: Option<(String, String)> = connection
        .prepare_cached("SELECT low, high FROM directs WHERE group_id = ?1")?
        .query_row([group], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((low, high)) = written else { return Ok(None) };
    let parties = read(connection, &low)?.zip(read(connection, &high)?);
    Ok(parties.map(|(low, high)| Pair::new(low, high)))
}

/// Whether members of the group of that row have conversations.
pub(super) fn has_any(connection: &Connection, home: i64) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM directs WHERE home = ?1")?.exists([home])
}

fn directs_of(stored: At<'_>, party: Party, limit: usize) -> Result<Vec<ListedDirect>, LogError> {
    let doing = problem::sqlite("listing direct conversations");
    let connection = stored.connection;
    let Some(written) = write(connection, party).map_err(&doing)? else { return Ok(Vec::new()) };
    let mut statement = connection
        .prepare_cached(
            "SELECT groups.id, number, other, accounts.id, accounts.name FROM (
                 SELECT group_id, high AS other FROM directs WHERE low = ?1
                 UNION ALL
                 SELECT group_id, low FROM directs WHERE high = ?1 AND low <> ?1
             )
             JOIN groups ON groups.id = group_id
             LEFT JOIN accounts ON accounts.id = CAST(substr(other, 9) AS INTEGER)
                 AND other LIKE 'account %'",
        )
        .map_err(&doing)?;
    let mut rows = statement.query([written]).map_err(&doing)?;
    let mut listed = Vec::new();
    while let Some(row) = rows.next().map_err(&doing)? {
        let row_id = row.get(0).map_err(&doing)?;
        let Some(direct) = listed_of(connection, row).map_err(&doing)? else { continue };
        // In two steps, so that the newest event is found wherever it lies.
        let Some((head, last_at)) = reader::newest(stored, row_id)? else { continue };
        listed.push(ListedDirect { head, last_at, ..direct });
    }
    listed.sort_by_key(|direct| (std::cmp::Reverse(direct.last_at), direct.id));
    listed.truncate(limit);
    Ok(listed)
}

fn listed_of(connection: &Connection, row: &Row<'_>) -> rusqlite::Result<Option<ListedDirect>> {
    let id = GroupId::from_log(row.get::<_, i64>(1)?.unsigned_abs());
    let with = read(connection, &row.get::<_, String>(2)?)?;
    let Some((id, with)) = id.zip(with) else { return Ok(None) };
    let account = row.get::<_, Option<i64>>(3)?.zip(row.get::<_, Option<String>>(4)?);
    let account =
        account.map(|(id, name)| Account::new(AccountId(id.unsigned_abs()), Name::from_log(&name)));
    let (head, last_at) = (Seq::ZERO, Timestamp::default());
    Ok(Some(ListedDirect { id, with, account, head, last_at }))
}

/// The numbers of the conversations of visitors, who are all gone when a log is opened.
pub(super) fn of_visitors(connection: &Connection) -> rusqlite::Result<Vec<GroupId>> {
    // A visitor is the higher of any two.
    numbers(connection, "high >= 'visitor ' AND high < 'visitor!' AND ?1 = 0", 0)
}

/// The numbers of the conversations that live in the group of that row.
pub(super) fn of_home(connection: &Connection, home: i64) -> rusqlite::Result<Vec<GroupId>> {
    numbers(connection, "home = ?1", home)
}

fn numbers(connection: &Connection, where_: &str, key: i64) -> rusqlite::Result<Vec<GroupId>> {
    let sql = format!("SELECT number FROM directs JOIN groups ON id = group_id WHERE {where_}");
    let mut statement = connection.prepare_cached(&sql)?;
    let numbers = statement.query_map([key], |row| row.get::<_, i64>(0))?;
    let numbers: Vec<i64> = numbers.collect::<rusqlite::Result<_>>()?;
    Ok(numbers.into_iter().filter_map(|n| GroupId::from_log(n.unsigned_abs())).collect())
}
