//! Backup: a consistent copy of a log that runs, in one file.
//!
//! To restore it, put it as `conclave.db` into an empty data folder and start. Does not know
//! groups or events. Invariants: under the name that was asked for there is never half a copy;
//! nothing is overwritten; opened, a copy has another epoch.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::{folder, problem, schema};
use crate::LogError;

/// Copies the database into `file`.
pub(super) fn write(database: &Path, file: &Path) -> Result<(), LogError> {
    let reader = schema::open_reader(database)?;
    // Taken before anything is done, so that of two who ask for the same name one is refused.
    make(file)?;
    let part = part_of(file);
    let written = make(&part).and_then(|()| {
        write_part(&reader, &part)
            .and_then(|()| std::fs::rename(&part, file).map_err(problem::io("naming", file)))
            .inspect_err(|_| take_away(&part))
    });
    if let Err(error) = written {
        take_away(file);
        return Err(error);
    }
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => folder::sync(parent),
        _ => folder::sync(Path::new(".")),
    }
}

fn write_part(reader: &Connection, part: &Path) -> Result<(), LogError> {
    let doing = problem::sqlite("writing a backup");
    let name = part.to_str().ok_or_else(|| LogError::Io {
        doing: format!("writing {}", part.display()),
        source: std::io::Error::from(std::io::ErrorKind::InvalidFilename),
    })?;
    reader.execute("VACUUM INTO ?1", [name]).map_err(&doing)?;
    let copy = Connection::open(part).map_err(&doing)?;
    // It is synced below, and thrown away where anything fails before.
    copy.pragma_update(None, "journal_mode", "off").map_err(&doing)?;
    copy.pragma_update(None, "synchronous", "off").map_err(&doing)?;
    schema::mark_as_copy(&copy).map_err(&doing)?;
    copy.close().map_err(|(_copy, error)| doing(error))?;
    File::open(part).and_then(|part| part.sync_all()).map_err(problem::io("syncing", part))
}

/// Takes away what was made here.
fn take_away(file: &Path) {
    if let Err(error) = std::fs::remove_file(file) {
        tracing::warn!(file = %file.display(), %error, "part of a backup is left behind");
    }
}

/// Makes an empty file for its owner only, where there is none.
fn make(file: &Path) -> Result<(), LogError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .map(|_empty| ())
        .map_err(problem::io("making", file))
}

fn part_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    name.into()
}
