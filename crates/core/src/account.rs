//! Account: a name with a password of its own, which holds memberships across connections.
//!
//! Optional everywhere: nobody needs one to chat. Does not know passwords or where accounts are
//! kept. Invariant: an account's name never changes, so it tells the account for ever; no two
//! accounts have names that look alike (the log holds that, by [`Name::keys`]).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::Name;

/// Number of an account: counted from 1, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub u64);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Which account: its number and its name. No proof that anybody has it. Cheap to clone, and as
/// small as a pointer, since every member has room for one.
#[derive(Clone)]
pub struct Account(Arc<Written>);

struct Written {
    id: AccountId,
    name: Name,
}

impl Account {
    /// The account of that number and name.
    pub fn new(id: AccountId, name: Name) -> Self {
        Self(Arc::new(Written { id, name }))
    }

    /// Its number.
    pub fn id(&self) -> AccountId {
        self.0.id
    }

    /// Its name.
    pub fn name(&self) -> &Name {
        &self.0.name
    }
}

impl PartialEq for Account {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Account {}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({self})")
    }
}

impl fmt::Display for Account {
    /// `17 Noya`: how a log writes it down.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id(), self.name())
    }
}

/// What was read is no account that a log wrote down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an account is written as its number and its name")]
pub struct NotAnAccount;

impl FromStr for Account {
    type Err = NotAnAccount;

    /// Reads what `Display` wrote.
    fn from_str(written: &str) -> Result<Self, NotAnAccount> {
        let (id, name) = written.split_once(' ').ok_or(NotAnAccount)?;
        let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        let id = id.parse().ok().filter(|_| is_number).ok_or(NotAnAccount)?;
        Ok(Self::new(AccountId(id), Name::from_log(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_reads_back_as_it_was_written() {
        let account = Account::new(AccountId(17), Name::parse("נויה Cohen").unwrap());
        let read: Account = account.to_string().parse().unwrap();
        assert_eq!((read.id(), read.name()), (account.id(), account.name()));
        for wrong in ["", "17", "Noya", "+1 Noya", "-1 Noya", " Noya", "99999999999999999999 N"] {
            assert_eq!(wrong.parse::<Account>(), Err(NotAnAccount), "{wrong:?}");
        }
    }

    #[test]
    fn room_for_an_account_is_a_pointer() {
        assert_eq!(size_of::<Option<Account>>(), size_of::<usize>());
    }
}
