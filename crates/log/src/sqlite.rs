//! SQLite log: the log that serves, in one file of a data folder.
//!
//! One thread writes ([`writer`]), a few connections read beside it ([`reader`]); this file only
//! passes on what is asked. Does not know doors, sessions or rules. Not for a network file system.
//!
//! Invariants: one process has the folder at a time; after open, only SQLite touches the files of
//! the database.

mod accounts;
mod backup;
mod check;
mod directs;
mod folder;
mod fresh;
mod more;
mod problem;
mod queue;
mod reader;
mod row;
mod schema;
mod settings_row;
mod snapshot_row;
mod transaction;
mod walk;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use conclave_core::{Alias, Epoch, Event, GroupId, Seq, Snapshot, Timestamp, limits};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::{
    Answer, Append, Clock, Commits, Faults, GroupOptions, Listed, Log, LogError, NewGroup, Stored,
};
use folder::Folder;
use fresh::Fresh;
use queue::{Change, Queue, Reply, Request, WrittenSnapshot};
use reader::Readers;
use transaction::Failure;
use walk::At;
use writer::Writer;

pub use check::{Checked, check};

/// What may be chosen when a log is opened.
#[derive(Clone, Debug, Default)]
pub struct SqliteOptions {
    /// Pages of 4 KiB that the database may have; past it the disk counts as full. SQLite's own
    /// bound by default.
    pub pages_max: Option<u32>,
    /// What commits meet, in tests.
    pub faults: Faults,
}

/// A log in a data folder. Dropping it is a crash: what it was handed and has not told is lost.
#[derive(Debug)]
pub struct SqliteLog {
    epoch: Epoch,
    queue: Arc<Queue>,
    pages: Arc<Readers>,
    loads: Arc<Readers>,
    group_count: Arc<AtomicU64>,
    folder: Arc<Folder>,
    fresh: Arc<Fresh>,
}

impl SqliteLog {
    /// Opens the log of a folder, and makes both where they are missing. Blocks for as long as
    /// the disk takes.
    ///
    /// # Errors
    /// Where another process has the folder, the data is of a newer program or damaged, or the
    /// disk says no.
    pub fn open(
        folder: &Path,
        clock: Clock,
        options: SqliteOptions,
    ) -> Result<(Self, Commits), LogError> {
        let folder = Arc::new(Folder::take(folder)?);
        let (connection, epoch) = schema::open_writer(folder.database(), options.pages_max)?;
        writer::forget_visitors(&connection)?;
        let group_count: i64 = connection
            .query_row(
                "SELECT (SELECT count(*) FROM groups) - (SELECT count(*) FROM directs)",
                [],
                |row| row.get(0),
            )
            .map_err(problem::sqlite("counting groups"))?;
        let group_count = Arc::new(AtomicU64::new(group_count.unsigned_abs()));
        let fresh = Arc::new(Fresh::find(&connection)?);
        let pages = Readers::open(&folder, &fresh, limits::LOG_READERS)?;
        let loads = Readers::open(&folder, &fresh, 1)?;
        let queue = Arc::new(Queue::default());
        let (sender, commits) = Commits::channel();
        let writer = Writer {
            connection,
            folder: Arc::clone(&folder),
            queue: Arc::clone(&queue),
            commits: sender,
            clock,
            faults: options.faults,
            group_count: Arc::clone(&group_count),
            fresh: Arc::clone(&fresh),
        };
        writer.start()?;
        Ok((Self { epoch, queue, pages, loads, group_count, folder, fresh }, commits))
    }

    /// Copies the log, as it is at one moment, into a new file, and goes on meanwhile. To restore
    /// it, put the file as `conclave.db` into an empty data folder and start; the epoch is then
    /// another, so that cursors of what came after the copy are reset.
    ///
    /// While it runs the write-ahead log grows by what is written.
    ///
    /// # Errors
    /// Where the file exists, or cannot be written. Nothing is left behind then.
    pub fn backup(&self, file: &Path) -> Answer<'_, ()> {
        let file = file.to_owned();
        self.beside(move |database| backup::write(database, &file))
    }

    /// Checks all that is stored while the log runs.
    pub fn check(&self) -> Answer<'_, Checked> {
        let fresh = Arc::clone(&self.fresh);
        self.beside(move |database| {
            let connection = schema::open_reader(database)?;
            check::check_with(At { connection: &connection, fresh: &fresh })
        })
    }

    /// Does long work away from the async threads and from the readers in turn.
    fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> Result<T, LogError> + Send + 'static,
    ) -> Answer<'_, T> {
        let folder = Arc::clone(&self.folder);
        Box::pin(async move {
            if !self.queue.is_running() {
                return Err(LogError::Stopped);
            }
            let done = tokio::task::spawn_blocking(move || work(folder.database()));
            done.await.map_err(|_cancelled| LogError::Stopped)?
        })
    }

    fn ask<T: Send + 'static>(
        &self,
        request: impl FnOnce(Reply<T>) -> Request + Send + 'static,
    ) -> Answer<'_, T> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.queue.ask(request(reply));
            answer.await.map_err(|_dropped| LogError::Stopped)?
        })
    }

    /// Has the writer do some work, in a transaction of its own.
    fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, Timestamp) -> Result<T, Failure> + Send + 'static,
    ) -> Answer<'_, T> {
        self.ask(|reply| {
            let change =
                move |connection: &Connection, now| writer::give(reply, work(connection, now));
            Request::Change(Change(Box::new(change)))
        })
    }

    fn by_reader<'log, T: Send + 'static>(
        &'log self,
        readers: &'log Arc<Readers>,
        work: impl FnOnce(At<'_>) -> Result<T, LogError> + Send + 'static,
    ) -> Answer<'log, T> {
        Box::pin(async move {
            if !self.queue.is_running() {
                return Err(LogError::Stopped);
            }
            readers.run(work).await
        })
    }
}

impl Drop for SqliteLog {
    fn drop(&mut self) {
        self.queue.abandon();
        self.pages.close();
        self.loads.close();
    }
}

impl Log for SqliteLog {
    fn epoch(&self) -> Epoch {
        self.epoch
    }

    fn create(&self, group: NewGroup) -> Answer<'_, bool> {
        self.ask(|reply| Request::Create(group, reply))
    }

    fn append(&self, append: Append) {
        self.queue.append(append);
    }

    fn load(&self, group: GroupId) -> Answer<'_, Option<Stored>> {
        // Only this process writes, and every event it writes is told: so what lands after the
        // moment of reading is told, and what landed before is in what was read.
        self.by_reader(&self.loads, move |stored| reader::load(stored, group))
    }

    fn forget(&self, group: GroupId) {
        self.queue.ask(Request::Forget(group));
    }

    fn read(&self, group: GroupId, from: Seq) -> Answer<'_, Vec<Event>> {
        self.by_reader(&self.pages, move |stored| reader::page(stored, group, from))
    }

    fn keep_snapshot(&self, group: GroupId, snapshot: Snapshot) {
        let queue = Arc::clone(&self.queue);
        let deletes = queue.delete_count();
        // A large group's takes milliseconds to write down: not the time of who asks, nor the
        // writer's.
        let write = move || {
            let head = snapshot.head;
            if let Some(state) = snapshot_row::render(&snapshot) {
                queue.keep_snapshot(group, WrittenSnapshot { head, state }, deletes);
            }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(write)),
            Err(_none) => write(),
        }
    }

    fn list(&self, after: Option<GroupId>, limit: usize) -> Answer<'_, Vec<Listed>> {
        self.by_reader(&self.loads, move |stored| reader::list(stored, after, limit))
    }

    fn find(&self, alias: Alias) -> Answer<'_, Option<GroupId>> {
        self.by_reader(&self.loads, move |stored| reader::find(stored, &alias))
    }

    fn count(&self) -> Answer<'_, u64> {
        Box::pin(async move {
            if !self.queue.is_running() {
                return Err(LogError::Stopped);
            }
            Ok(self.group_count.load(Ordering::Relaxed))
        })
    }

    fn set_options(&self, group: GroupId, options: GroupOptions) -> Answer<'_, bool> {
        self.ask(move |reply| Request::SetOptions(group, options, reply))
    }

    fn delete(&self, group: GroupId) -> Answer<'_, bool> {
        self.ask(move |reply| Request::Delete(group, reply))
    }

    fn stop(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            let stopped = self.queue.stop().ok_or(LogError::Stopped)?;
            self.pages.close();
            self.loads.close();
            stopped.await.map_err(|_dropped| LogError::Stopped)
        })
    }
}
