//! Files: finds and reads the transcripts under a folder.
//!
//! Does not know what is in them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{NotATranscript, Transcript};

/// Reads every `.chat` file under `folder`, by rising path, so that none is forgotten.
///
/// # Errors
/// Where a file cannot be read or is no transcript, or where there is none.
pub fn read_all(folder: &Path) -> Result<Vec<Transcript>, NotATranscript> {
    let mut paths = Vec::new();
    find(folder, &mut paths)?;
    paths.sort();
    if paths.is_empty() {
        return Err(unreadable(folder, &"there is no .chat file under it"));
    }
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).map_err(|problem| unreadable(path, &problem))?;
        Transcript::parse(&path.display().to_string(), &text)
    };
    paths.iter().map(read).collect()
}

fn find(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), NotATranscript> {
    for entry in fs::read_dir(folder).map_err(|problem| unreadable(folder, &problem))? {
        let path = entry.map_err(|problem| unreadable(folder, &problem))?.path();
        if path.is_dir() {
            find(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "chat") {
            paths.push(path);
        }
    }
    Ok(())
}

fn unreadable(path: &Path, problem: &impl ToString) -> NotATranscript {
    NotATranscript { path: path.display().to_string(), line: 0, problem: problem.to_string() }
}
