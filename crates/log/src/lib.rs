//! Where events live: the log of every group, what it guarantees, and the logs that hold them.
//!
//! Does not know doors, sessions or rules: it numbers what it is given, keeps it, and gives it
//! back. [`memory`] is the reference, [`sqlite`] the one that serves; both pass the suite in
//! `conformance`.

pub mod accounts;
pub mod commit;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod directs;
pub mod fault;
pub mod memory;
pub mod sqlite;

mod page;
mod telling;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use conclave_core::{Alias, Epoch, Event, Founding, GroupId, Pair, Seq, Snapshot, Timestamp};

pub use accounts::{Accounts, Marker, NewAccount, StoredAccount};
pub use commit::{Append, AppendFailure, Batch, Commits, GroupCommit, Ticket};
pub use directs::{Directs, ListedDirect, NewDirect, OpenedDirect};
pub use fault::{Fault, Faults};
pub use memory::{MemoryDisk, MemoryLog};
pub use sqlite::{SqliteLog, SqliteOptions};

/// What a log answers, later.
pub type Answer<'log, T> = Pin<Box<dyn Future<Output = Result<T, LogError>> + Send + 'log>>;

/// The clock that a log stamps events by.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// An append-only log for each group, all in one store.
///
/// # Guarantees
/// - **Durable.** What is in a [`GroupCommit::Committed`], in an answer or in a page survives the
///   end of the process and of the machine's power at any moment.
/// - **Dense.** The numbers of a group are 1, 2, 3 … without gap, handed out by the log; its times
///   rise strictly.
/// - **Ordered.** Appends of one group that land, land in the order in which
///   [`Log::append`] was called.
/// - **Told once.** Every event above the head that [`Log::load`] gave is told by the stream of
///   commits exactly once, in order, whoever wrote it; and every append ends there as committed,
///   refused (definitely not written, now or ever) or unknown. What has not ended when the stream
///   ends was refused.
/// - **One epoch.** While [`Log::epoch`] is the same, an event once read is never another.
///
/// Futures may be dropped: what was asked is done or not done, and never half.
pub trait Log: Accounts + Directs + Send + Sync + fmt::Debug {
    /// The epoch of this log's history.
    fn epoch(&self) -> Epoch;

    /// Makes an empty group; `false` where the number or the alias is taken.
    fn create(&self, group: NewGroup) -> Answer<'_, bool>;

    /// Hands an entry to the log. Never waits: the caller bounds how many are under way. How it
    /// ended is told by the stream of commits.
    fn append(&self, append: Append);

    /// Loads a group; `None` where there is none of that number. From here on what happens in it
    /// is told by the stream of commits, until [`Log::forget`]. A commit that was on its way to
    /// the reader of the stream may still bring events up to the head given here, where somebody
    /// had appended them: they are in what is given, and are told for their tickets only.
    ///
    /// Not to be waited for by the reader of the stream: the log may be waiting for that one.
    fn load(&self, group: GroupId) -> Answer<'_, Option<Stored>>;

    /// Stops telling of a group that nobody is in any more, and lets go of what was kept for it.
    fn forget(&self, group: GroupId);

    /// Reads a page: events from `from` on, in order, at most
    /// [`PAGE_EVENTS_MAX`](conclave_core::limits::PAGE_EVENTS_MAX) of them and about
    /// [`PAGE_BYTES_MAX`](conclave_core::limits::PAGE_BYTES_MAX) bytes of text. Empty past the
    /// head; [`LogError::NoSuchGroup`] where the group is gone. Served in turn beside others.
    fn read(&self, group: GroupId, from: Seq) -> Answer<'_, Vec<Event>>;

    /// Keeps a snapshot, at some time before long; a newer one takes its place. Nothing is lost
    /// where it is not kept: loading reads more events.
    fn keep_snapshot(&self, group: GroupId, snapshot: Snapshot);

    /// Lists groups by rising number, above `after`, at most `limit`.
    fn list(&self, after: Option<GroupId>, limit: usize) -> Answer<'_, Vec<Listed>>;

    /// The group of that alias, whatever its capitals; `None` where there is none.
    fn find(&self, alias: Alias) -> Answer<'_, Option<GroupId>>;

    /// How many groups there are: what the length of a new group's number goes by.
    fn count(&self) -> Answer<'_, u64>;

    /// Changes what holds for the group as a whole; `false` where there is no such group.
    fn set_options(&self, group: GroupId, options: GroupOptions) -> Answer<'_, bool>;

    /// Deletes a group and all that was said in it; `false` where there is no such group. Appends
    /// that are under way end as refused. Its number may be handed out again.
    fn delete(&self, group: GroupId) -> Answer<'_, bool>;

    /// Commits what was handed in and ends; the stream of commits ends after it. What is asked
    /// afterwards is answered with [`LogError::Stopped`].
    fn stop(&self) -> Answer<'_, ()>;
}

/// A group to be made.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// Its number, drawn by the caller.
    pub id: GroupId,
    /// What it is made with.
    pub founding: Founding,
}

/// What holds for a group as a whole. Kept beside its log, not in it: it is nothing that happened
/// among its members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupOptions {
    /// Nobody can join; what was said stays.
    pub is_closed: bool,
    /// Deleted when the last member has left (B9).
    pub is_deleted_when_empty: bool,
}

/// A group as the log gives it when it is loaded.
#[derive(Clone, Debug)]
pub struct Stored {
    /// What it was made with.
    pub founding: Founding,
    /// What holds for it as a whole.
    pub options: GroupOptions,
    /// The newest snapshot; an empty one where none was kept.
    pub snapshot: Snapshot,
    /// Every event above the snapshot, in order.
    pub events: Vec<Event>,
    /// Whose it is, where it is a direct conversation.
    pub direct: Option<Pair>,
    /// Members of it have direct conversations, which go when one of the two leaves.
    pub has_directs: bool,
}

/// A group in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its number.
    pub id: GroupId,
    /// Its alias, where it has one.
    pub alias: Option<Alias>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its newest event; zero where there is none.
    pub head: Seq,
    /// Time of that event, or of its making.
    pub last_at: Timestamp,
    /// What holds for it as a whole.
    pub options: GroupOptions,
}

/// The world broke. Logged by whoever meets it; what it ends is told to those whom it concerns.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The group was deleted meanwhile.
    #[error("there is no such group")]
    NoSuchGroup,
    /// The log has been stopped, or has ended after a write that may or may not be on disk.
    #[error("the log has stopped")]
    Stopped,
    /// The disk is full. Nothing was written; reading works, and writing will when there is room.
    #[error("the disk is full")]
    DiskFull,
    /// Another process has the data folder.
    #[error("the data folder {0} is in use by another process")]
    InUse(String),
    /// The data was written by a newer version.
    #[error(
        "the data is of version {found}, this program knows up to {known}: use a newer program"
    )]
    Newer {
        /// Version of the data.
        found: i64,
        /// Newest version that this program knows.
        known: i64,
    },
    /// What is stored contradicts itself.
    #[error("the log is damaged: {0}")]
    Damaged(String),
    /// SQLite said no.
    #[error("{doing}: {source}")]
    Sqlite {
        /// What was being done.
        doing: &'static str,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The operating system said no.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// What it said.
        source: std::io::Error,
    },
}
