//! The files of the checkout that are checked, read once.
//!
//! Does not ask git, which a release's archive does not have: what is built or fetched is passed
//! over by the name of its folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;

use super::bare::bare;

/// Folders that hold what is built, fetched or somebody's own.
const PASSED_OVER: &[&str] = &["target", "node_modules", "dist", "conclave-data", "corpus"];
/// Hidden folders that are ours all the same.
const LOOKED_INTO: &[&str] = &[".ci", ".cargo"];
/// Files whose text is checked; of others only that they exist.
const READ: &[&str] = &["rs", "md", "toml", "ts", "svelte", "css"];

/// A file whose text is checked.
#[derive(Debug)]
pub(super) struct SourceFile {
    /// From the root, with slashes.
    pub(super) path: String,
    /// Its text.
    pub(super) text: String,
    /// For Rust: the text without comments and literals, each line where it was.
    pub(super) bare: String,
}

impl SourceFile {
    pub(super) fn new(path: &str, text: &str) -> Self {
        let bare = if extension(path) == "rs" { bare(text) } else { String::new() };
        Self { path: path.to_owned(), text: text.to_owned(), bare }
    }

    /// The part of the path after the last dot.
    pub(super) fn extension(&self) -> &str {
        extension(&self.path)
    }

    /// The name of the file without folders and extension.
    pub(super) fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or("");
        name.split_once('.').map_or(name, |(stem, _)| stem)
    }

    /// The lines without comments and literals, counted from 1, each with whether it is test code.
    pub(super) fn bare_lines(&self) -> impl Iterator<Item = (usize, &str, bool)> {
        let mut is_test = self.path.contains("/tests/") || self.path.ends_with("/tests.rs");
        self.bare.lines().enumerate().map(move |(index, line)| {
            // Tests stand at the bottom of a file.
            is_test |= line.trim_start().starts_with("#[cfg(test)]");
            (index + 1, line, is_test)
        })
    }
}

/// The part of a path after the last dot.
pub(super) fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// The files of a checkout.
#[derive(Debug, Default)]
pub(super) struct Tree {
    files: BTreeMap<String, SourceFile>,
    /// Every path there is, folders too.
    paths: BTreeSet<String>,
}

impl Tree {
    /// Reads the checkout.
    pub(super) fn read(root: &Path) -> anyhow::Result<Self> {
        let mut tree = Self::default();
        tree.read_folder(root, "")?;
        Ok(tree)
    }

    /// A checkout of these files.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            let folders = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
            tree.paths.extend(folders.map(str::to_owned));
            tree.paths.insert((*path).to_owned());
            tree.files.insert((*path).to_owned(), SourceFile::new(path, text));
        }
        tree
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> anyhow::Result<()> {
        let entries = std::fs::read_dir(folder)
            .with_context(|| format!("{} could not be read", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("{} could not be read", folder.display()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                let is_hidden = name.starts_with('.') && !LOOKED_INTO.contains(&name.as_str());
                self.paths.insert(path.clone());
                if !is_hidden && !PASSED_OVER.contains(&name.as_str()) {
                    self.read_folder(&entry.path(), &format!("{path}/"))?;
                }
                continue;
            }
            self.paths.insert(path.clone());
            if READ.contains(&extension(&name)) {
                let text = std::fs::read_to_string(entry.path())
                    .with_context(|| format!("{path} could not be read"))?;
                self.files.insert(path.clone(), SourceFile::new(&path, &text));
            }
        }
        Ok(())
    }

    /// The files, by path.
    pub(super) fn files(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.values()
    }

    /// How many files there are.
    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// The text of a file.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(|file| file.text.as_str())
    }

    /// A file.
    pub(super) fn file(&self, path: &str) -> Option<&SourceFile> {
        self.files.get(path)
    }

    /// Whether there is a file or folder of that path.
    pub(super) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        path.is_empty() || self.paths.contains(path)
    }
}
