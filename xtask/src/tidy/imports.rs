//! Who may import whom: the walls between the rooms, as a table.
//!
//! Reads what cargo says of the manifests, so a wall cannot be passed by forgetting it. What a
//! crate must do without, and is its point, stands here too.

use anyhow::Context as _;
use cargo_metadata::{DependencyKind, MetadataCommand};

use super::Finding;
use super::tree::{SourceFile, Tree};
use crate::cargo::root;

/// What each crate of ours may import of ours.
const WALLS: &[(&str, &[&str])] = &[
    ("conclave-core", &[]),
    ("conclave-log", &["conclave-core"]),
    ("conclave-doors", &["conclave-core"]),
    ("conclave-hub", &["conclave-log", "conclave-core"]),
    ("conclave-client", &["conclave-doors"]),
    (
        "conclave-server",
        &["conclave-app", "conclave-hub", "conclave-doors", "conclave-log", "conclave-core"],
    ),
    ("conclave-app", &[]),
    ("conclave-bench", &[]),
    ("conclave", &["conclave-server", "conclave-client", "conclave-bench"]),
    ("conclave-transcript", &[]),
    ("xtask", &[]),
];

/// What the tests of a crate may import of ours beside that.
const WALLS_OF_TESTS: &[(&str, &[&str])] = &[
    ("conclave-doors", &["conclave-transcript"]),
    ("conclave-server", &["conclave-transcript"]),
    ("conclave", &["conclave-transcript"]),
];

/// What others made and these crates do without, tests aside.
const WITHOUT: &[(&str, &[&str], &str)] = &[
    (
        "conclave-core",
        &["tokio", "rusqlite", "socket2", "getrandom", "tracing", "serde"],
        "core is pure: I/O, entropy and logging belong to hub, log or server",
    ),
    (
        "conclave-doors",
        &["tokio", "rusqlite", "socket2", "getrandom", "tracing"],
        "a door is bytes in, bytes out: sockets and tasks belong to server",
    ),
    (
        "conclave-hub",
        &["rusqlite", "socket2", "serde_json"],
        "the hub knows no concrete log, listener or protocol",
    ),
];

/// Words of the standard library, or of ours, that the code of a folder does without.
const WORDS_WITHOUT: &[(&str, &[&str], &str)] = &[
    (
        "crates/core/src/",
        &["std::net", "std::fs", "std::thread", "std::process", "std::env", "async fn"],
        "core is pure: what touches the world belongs to hub, log or server",
    ),
    (
        "crates/doors/src/",
        &["std::net", "std::fs", "std::thread", "std::process", "std::env", "async fn"],
        "a door is bytes in, bytes out: what touches the world belongs to server",
    ),
    (
        "crates/hub/src/",
        &["conclave_log::sqlite", "SqliteLog", "MemoryLog"],
        "the hub knows the trait only: a concrete log is chosen in server",
    ),
];

/// What a crate imports, as its manifest says.
#[derive(Debug)]
pub(super) struct Manifest {
    name: String,
    path: String,
    /// Names of crates, each with whether tests alone import it.
    imports: Vec<(String, bool)>,
}

/// Asks cargo for the manifests of the workspace.
pub(super) fn read() -> anyhow::Result<Vec<Manifest>> {
    let metadata = MetadataCommand::new()
        .current_dir(root())
        .no_deps()
        .exec()
        .context("`cargo metadata` does not answer")?;
    let manifests = metadata.packages.iter().map(|package| {
        let path = package.manifest_path.strip_prefix(&metadata.workspace_root);
        Manifest {
            name: package.name.to_string(),
            path: path.unwrap_or(&package.manifest_path).to_string(),
            imports: package
                .dependencies
                .iter()
                .map(|import| (import.name.clone(), import.kind == DependencyKind::Development))
                .collect(),
        }
    });
    Ok(manifests.collect())
}

/// Holds the manifests against the tables.
pub(super) fn check(manifests: &[Manifest]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for manifest in manifests {
        let Manifest { name, path, imports } = manifest;
        let Some(allowed) = row(WALLS, name) else {
            let says = format!(
                "{name} has no row in the table of xtask/src/tidy/imports.rs: say \
                there what it may import"
            );
            findings.push(Finding::in_file(path, says));
            continue;
        };
        let allowed_in_tests = row(WALLS_OF_TESTS, name).unwrap_or(&[]);
        for (import, is_of_tests) in imports {
            let is_ours = row(WALLS, import).is_some();
            // A crate's tests may ask for its own features.
            let is_allowed = (*is_of_tests && import == name)
                || allowed.contains(&import.as_str())
                || (*is_of_tests && allowed_in_tests.contains(&import.as_str()));
            if is_ours && !is_allowed {
                let list = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
                let says = format!(
                    "{name} may not import {import} (of ours: {list}); what needs \
                    both belongs above them, in conclave-server"
                );
                findings.push(Finding::in_file(path, says));
            }
            for (crate_name, without, why) in WITHOUT {
                if crate_name == name && !is_of_tests && without.contains(&import.as_str()) {
                    let says = format!("{name} does without {import}: {why}");
                    findings.push(Finding::in_file(path, says));
                }
            }
        }
    }
    findings
}

fn row<'table>(
    table: &[(&str, &'table [&'table str])],
    name: &str,
) -> Option<&'table [&'table str]> {
    table.iter().find(|(row, _)| *row == name).map(|(_, allowed)| *allowed)
}

/// Every crate of the workspace takes the workspace's lints; the code of some does without words.
pub(super) fn check_manifests(tree: &Tree) -> Vec<Finding> {
    tree.files().flat_map(|file| check_lints(file).into_iter().chain(check_words(file))).collect()
}

fn check_lints(file: &SourceFile) -> Option<Finding> {
    let is_package = file.path.ends_with("/Cargo.toml") && file.text.contains("[package]");
    let is_of_workspace = !file.text.lines().any(|line| line.trim() == "[workspace]");
    let mut lines = file.text.lines().map(str::trim).filter(|line| !line.is_empty());
    let takes_lints =
        lines.any(|line| line == "[lints]") && lines.next() == Some("workspace = true");
    let says = "`[lints]` with `workspace = true` is missing: the lints stand in the workspace's \
        Cargo.toml, for all";
    (is_package && is_of_workspace && !takes_lints).then(|| Finding::in_file(&file.path, says))
}

fn check_words(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (folder, words, why) in WORDS_WITHOUT {
        for (number, line, is_test) in file.bare_lines() {
            let word = words.iter().find(|word| line.contains(**word));
            if let Some(word) = word.filter(|_| !is_test && file.path.starts_with(folder)) {
                findings.push(Finding::at(&file.path, number, format!("`{word}`: {why}")));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said_of(name: &str, import: &str, is_of_tests: bool) -> Vec<String> {
        let manifest = Manifest {
            name: name.to_owned(),
            path: "Cargo.toml".to_owned(),
            imports: vec![(import.to_owned(), is_of_tests)],
        };
        check(&[manifest]).into_iter().map(|finding| finding.says).collect()
    }

    #[test]
    fn an_import_through_a_wall_is_found() {
        let check = |name: &str, import: &str, is_of_tests: bool, expected: usize| {
            let said = said_of(name, import, is_of_tests);
            assert_eq!(said.len(), expected, "{name} imports {import}: {said:?}");
        };
        check("conclave-log", "conclave-core", false, 0);
        check("conclave-core", "conclave-log", false, 1);
        check("conclave-core", "conclave-log", true, 1);
        check("conclave-log", "conclave-log", true, 0);
        check("conclave-doors", "conclave-hub", false, 1);
        check("conclave-client", "conclave-core", false, 1);
        check("conclave-server", "conclave-transcript", true, 0);
        check("conclave-server", "conclave-transcript", false, 1);
        check("conclave-core", "tokio", false, 1);
        check("conclave-doors", "tokio", true, 0);
        check("conclave-hub", "tokio", false, 0);
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        let said = said_of("conclave-new", "anyhow", false);
        assert!(said.iter().any(|said| said.contains("no row")), "{said:?}");
    }

    #[test]
    fn the_message_says_what_is_allowed() {
        let said = said_of("conclave-hub", "conclave-doors", false);
        assert!(said.iter().any(|said| said.contains("conclave-log, conclave-core")), "{said:?}");
    }

    #[test]
    fn a_crate_that_does_not_take_the_lints_is_found() {
        let check = |text: &str, expected: usize| {
            let tree = Tree::of(&[("crates/a/Cargo.toml", text)]);
            assert_eq!(check_manifests(&tree).len(), expected, "{text}");
        };
        check("[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n", 0);
        check("[package]\nname = \"a\"\n", 1);
        check("[package]\nname = \"a\"\n\n[lints.rust]\nunsafe_code = \"allow\"\n", 1);
        check("[package]\nname = \"a\"\n\n[lints]\nworkspace = false\n", 1);
        // A workspace of its own cannot take them.
        check("[package]\nname = \"a\"\n\n[workspace]\n", 0);
    }

    #[test]
    fn a_word_that_a_crate_does_without_is_found_in_its_code_alone() {
        let check = |path: &str, text: &str, expected: usize| {
            assert_eq!(check_manifests(&Tree::of(&[(path, text)])).len(), expected, "{text}");
        };
        check("crates/doors/src/a.rs", "use std::net::TcpStream;", 1);
        check("crates/doors/src/a.rs", "// no std::net here", 0);
        check("crates/doors/src/a.rs", "#[cfg(test)]\nuse std::fs;", 0);
        check("crates/server/src/a.rs", "use std::net::TcpStream;", 0);
        check("crates/hub/src/a.rs", "let log = SqliteLog::open();", 1);
    }
}
