//! Accounts as they lie in the tables, and the requests for them.
//!
//! Keys of names are stored so that they are found without reading all names; they change with
//! Unicode's tables, so they are made anew when the log is opened by a program that makes others.
//! Memberships are not stored: the newest of an account's joinings and leavings in a group says.

use conclave_core::{Account, AccountId, GroupId, Name, Timestamp, limits};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction};

use super::row::signed;
use super::transaction::{Failure, transact};
use super::{SqliteLog, problem};
use crate::{Accounts, Answer, LogError, Marker, NewAccount, StoredAccount};

impl Accounts for SqliteLog {
    fn create_account(&self, account: NewAccount) -> Answer<'_, Option<Account>> {
        self.change(move |connection, now| create(connection, &account, now))
    }

    fn find_account(&self, name: Name) -> Answer<'_, Option<StoredAccount>> {
        self.by_reader(&self.loads, move |stored| {
            find(stored.connection, &name).map_err(problem::sqlite("finding an account"))
        })
    }

    fn groups_of(&self, account: Account) -> Answer<'_, Vec<GroupId>> {
        self.by_reader(&self.loads, move |stored| groups_of(stored.connection, &account))
    }

    fn raise_marker(
        &self,
        account: Account,
        group: GroupId,
        at: Timestamp,
    ) -> Answer<'_, Option<Timestamp>> {
        self.change(move |connection, _| raise_marker(connection, account.id(), group, at))
    }

    fn markers(&self, account: Account) -> Answer<'_, Vec<Marker>> {
        self.by_reader(&self.loads, move |stored| markers(stored.connection, account.id()))
    }
}

fn create(
    connection: &Connection,
    account: &NewAccount,
    now: Timestamp,
) -> Result<Option<Account>, Failure> {
    transact(connection, None, |connection| {
        let create = || {
            if find(connection, &account.name)?.is_some() {
                return Ok(None);
            }
            connection
                .prepare_cached(
                    "INSERT INTO accounts (name, password_hash, created_at) VALUES (?1, ?2, ?3)",
                )?
                .execute((account.name.as_str(), &*account.password_hash, now.ms()))?;
            let id = connection.last_insert_rowid();
            write_keys(connection, id, &account.name)?;
            Ok(Some(Account::new(AccountId(id.unsigned_abs()), account.name.clone())))
        };
        create().map_err(problem::sqlite("making an account"))
    })
}

/// A key that is another's already stays with that one.
fn write_keys(connection: &Connection, account: i64, name: &Name) -> rusqlite::Result<()> {
    let mut statement =
        connection.prepare_cached("INSERT OR IGNORE INTO account_keys VALUES (?1, ?2)")?;
    name.keys().try_for_each(|key| statement.execute((&**key, account)).map(|_count| ()))
}

/// By the very name first, so that an account is found by its own even where another version of
/// Unicode finds it to look like another's.
fn find(connection: &Connection, name: &Name) -> rusqlite::Result<Option<StoredAccount>> {
    let mut by_name = connection
        .prepare_cached("SELECT id, name, password_hash FROM accounts WHERE name = ?1")?;
    let found = by_name.query_row([name.as_str()], read).optional()?;
    if found.is_some() {
        return Ok(found);
    }
    let mut by_key = connection.prepare_cached(
        "SELECT id, name, password_hash FROM account_keys JOIN accounts ON id = account_id
         WHERE key = ?1",
    )?;
    for key in name.keys() {
        let found = by_key.query_row([&**key], read).optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredAccount> {
    let (id, name): (i64, String) = (row.get(0)?, row.get(1)?);
    let account = Account::new(AccountId(id.unsigned_abs()), Name::from_log(&name));
    Ok(StoredAccount { account, password_hash: row.get(2)? })
}

fn groups_of(connection: &Connection, account: &Account) -> Result<Vec<GroupId>, LogError> {
    let doing = problem::sqlite("finding the groups of an account");
    // The row of the highest number in each group: SQLite gives the other columns of that row.
    let mut statement = connection
        .prepare_cached(
            "SELECT number FROM (
                 SELECT group_id, kind, max(seq) FROM (
                     SELECT group_id, kind, seq FROM events
                     WHERE account = ?1 AND kind IN ('joined', 'left', 'removed')
                     UNION ALL
                     SELECT group_id, kind, seq FROM fresh
                     WHERE account = ?1 AND kind IN ('joined', 'left', 'removed')
                 ) GROUP BY group_id
             ) JOIN groups ON id = group_id
             WHERE kind = 'joined' ORDER BY number",
        )
        .map_err(&doing)?;
    let numbers = statement.query_map([account.to_string()], |row| row.get(0)).map_err(&doing)?;
    let numbers: Vec<i64> = numbers.collect::<rusqlite::Result<_>>().map_err(&doing)?;
    // Numbers of direct conversations are not those of groups.
    Ok(numbers.into_iter().filter_map(|number| GroupId::new(number.unsigned_abs())).collect())
}

fn raise_marker(
    connection: &Connection,
    account: AccountId,
    group: GroupId,
    at: Timestamp,
) -> Result<Option<Timestamp>, Failure> {
    transact(connection, None, |connection| {
        let raise = || {
            let raised = connection
                .prepare_cached(
                    "INSERT INTO markers (account_id, group_id, at)
                     SELECT ?1, id, ?3 FROM groups WHERE number = ?2
                     ON CONFLICT DO UPDATE SET at = max(at, excluded.at)
                     RETURNING at",
                )?
                .query_row((signed(account.0), signed(group.get()), at.ms()), |row| row.get(0))
                .optional()?;
            connection
                .prepare_cached(
                    "DELETE FROM markers WHERE account_id = ?1 AND group_id IN (
                         SELECT group_id FROM markers WHERE account_id = ?1
                         ORDER BY at DESC LIMIT -1 OFFSET ?2
                     )",
                )?
                .execute((signed(account.0), signed(limits::MARKERS_MAX as u64)))?;
            Ok(raised.map(Timestamp::from_ms))
        };
        raise().map_err(problem::sqlite("noting what was read"))
    })
}

fn markers(connection: &Connection, account: AccountId) -> Result<Vec<Marker>, LogError> {
    let doing = problem::sqlite("reading what was read");
    let mut statement = connection
        .prepare_cached(
            "SELECT number, at FROM markers JOIN groups ON id = group_id
             WHERE account_id = ?1 ORDER BY number",
        )
        .map_err(&doing)?;
    let rows = statement
        .query_map([signed(account.0)], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))
        .map_err(&doing)?;
    let rows: Vec<(i64, i64)> = rows.collect::<rusqlite::Result<_>>().map_err(&doing)?;
    let marker = |(number, at): (i64, i64)| {
        let group = GroupId::from_log(number.unsigned_abs())?;
        Some(Marker { group, at: Timestamp::from_ms(at) })
    };
    Ok(rows.into_iter().filter_map(marker).collect())
}

/// Makes the keys of all names anew where they were made otherwise than this program makes them.
/// The older account keeps a key that two have now; the other is found by its very name.
pub(super) fn bring_keys_up_to_date(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let version = Name::keys_version();
    let kept: Option<String> = transaction
        .query_row("SELECT value FROM meta WHERE key = 'name-keys'", [], |row| row.get(0))
        .optional()?;
    if kept.as_ref() == Some(&version) {
        return Ok(());
    }
    transaction.execute("DELETE FROM account_keys", [])?;
    let mut statement = transaction.prepare("SELECT id, name FROM accounts ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(1)?;
        write_keys(transaction, row.get(0)?, &Name::from_log(&name))?;
    }
    transaction.execute("INSERT OR REPLACE INTO meta VALUES ('name-keys', ?1)", [version])?;
    Ok(())
}
