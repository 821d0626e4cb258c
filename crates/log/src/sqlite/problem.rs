//! Problem: what an error of SQLite or of the operating system means for a log.
//!
//! Does not know what becomes of the work that met it.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::LogError;

/// Turns an error of SQLite into one of the log.
pub(super) fn sqlite(doing: &'static str) -> impl Fn(rusqlite::Error) -> LogError {
    move |source| {
        let is_unreadable = matches!(
            source,
            rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::InvalidColumnType(..)
        );
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => LogError::DiskFull,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                LogError::Damaged(format!("{doing}: {source}"))
            }
            _ if is_unreadable => LogError::Damaged(format!("{doing}: {source}")),
            _ => LogError::Sqlite { doing, source },
        }
    }
}

/// Turns an error of the operating system into one of the log.
pub(super) fn io<'a>(
    doing: &'static str,
    path: &'a Path,
) -> impl Fn(std::io::Error) -> LogError + 'a {
    move |source| LogError::Io { doing: format!("{doing} {}", path.display()), source }
}
