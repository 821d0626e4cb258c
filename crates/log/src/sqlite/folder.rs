//! Folder: where a log's files lie, and the lock that keeps other processes off them.
//!
//! Does not know what is in the database. The database file is made here, before SQLite opens it,
//! and is touched by nobody but SQLite after that: closing it would drop SQLite's own locks.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::problem;
use crate::LogError;

/// File of the database within the folder.
const DATABASE: &str = "conclave.db";
/// File whose lock says that a process has the folder.
const LOCK: &str = "LOCK";

/// A data folder that this process has. Let go of when dropped.
#[derive(Debug)]
pub(super) struct Folder {
    database: PathBuf,
    _lock: File,
}

impl Folder {
    /// Takes a folder, and makes it where it is missing, for its owner only.
    pub(super) fn take(path: &Path) -> Result<Self, LogError> {
        if !path.is_dir() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(path)
                .map_err(problem::io("making the data folder", path))?;
            if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                sync(parent)?;
            }
        }
        let lock = Self::lock(path)?;
        let database = path.join(DATABASE);
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&database);
        match made {
            Ok(_empty) => sync(path)?,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(problem::io("making", &database)(error)),
        }
        Ok(Self { database, _lock: lock })
    }

    /// Takes a folder that holds a log already.
    pub(super) fn take_existing(path: &Path) -> Result<Self, LogError> {
        let database = path.join(DATABASE);
        if let Err(error) = database.metadata() {
            return Err(problem::io("finding", &database)(error));
        }
        Ok(Self { database, _lock: Self::lock(path)? })
    }

    fn lock(path: &Path) -> Result<File, LogError> {
        let file = path.join(LOCK);
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&file)
            .map_err(problem::io("opening", &file))?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(LogError::InUse(path.display().to_string())),
            Err(TryLockError::Error(error)) => Err(problem::io("locking", &file)(error)),
        }
    }

    /// File of the database.
    pub(super) fn database(&self) -> &Path {
        &self.database
    }
}

/// Makes the names in a folder durable.
pub(super) fn sync(folder: &Path) -> Result<(), LogError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(problem::io("syncing the folder", folder))
}
