//! What accounts need of a log: themselves, the groups they are members of, and how far they have
//! read.
//!
//! A trait beside [`Log`](crate::Log), which every log gives as well. Knows no rule but that two
//! names are one where a key of theirs is; a password is a hash to it.

use conclave_core::{Account, GroupId, Name, Timestamp};

use crate::Answer;

/// Accounts, kept beside the events of groups and in the same store.
///
/// # Guarantees
/// - **Durable.** What an answer says was done survives the end of the process and of the machine's
///   power at any moment. What was asked and not answered is done or not done, and never half.
/// - **One of a name.** No two accounts have names with a key in common
///   ([`Name::keys`]), also where two are made at once; numbers are never handed out again.
/// - **Memberships follow events.** An account is a member of exactly those groups in whose log it
///   has joined, by [`Entry::account`](conclave_core::Entry::account), and neither left nor was
///   removed since. Nobody keeps them in step: they are read from the events.
/// - **Markers only rise**, whoever raises them and in whichever order.
pub trait Accounts {
    /// Makes an account; `None` where there is one whose name is the same or looks alike.
    fn create_account(&self, account: NewAccount) -> Answer<'_, Option<Account>>;

    /// Finds the account of that name, or of one that looks like it.
    fn find_account(&self, name: Name) -> Answer<'_, Option<StoredAccount>>;

    /// The groups that an account is a member of, by rising number. Direct conversations are none.
    fn groups_of(&self, account: Account) -> Answer<'_, Vec<GroupId>>;

    /// Raises the time up to which an account has read a group or a direct conversation, where it
    /// was lower, and gives how it stands then. `None` where there is no such group. An account has
    /// [`MARKERS_MAX`](conclave_core::limits::MARKERS_MAX) of them; past that the one of the
    /// earliest time goes.
    fn raise_marker(
        &self,
        account: Account,
        group: GroupId,
        at: Timestamp,
    ) -> Answer<'_, Option<Timestamp>>;

    /// How far an account has read, by group. A group that was deleted has no marker, nor has the
    /// next of its number.
    fn markers(&self, account: Account) -> Answer<'_, Vec<Marker>>;
}

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its name.
    pub name: Name,
    /// Hash of its password, as a PHC string.
    pub password_hash: Box<str>,
}

/// An account as the log gives it.
#[derive(Clone, Debug)]
pub struct StoredAccount {
    /// Which.
    pub account: Account,
    /// Hash of its password, as a PHC string.
    pub password_hash: Box<str>,
}

/// How far an account has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marker {
    /// The group or direct conversation.
    pub group: GroupId,
    /// The time up to which all has been read.
    pub at: Timestamp,
}
