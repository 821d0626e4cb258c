//! Rules about source files: their header, length, names, and what must not be left in them.
//!
//! Does not know which crate may do what; that is [`super::imports`]'.

use super::tree::{SourceFile, Tree};
use super::{Finding, Severity};

/// Lines above which a file is to be thought about.
const LINES_WARN: usize = 600;
/// Lines above which it is to be split.
const LINES_MAX: usize = 1_000;

/// Last words of names that say nothing of what the thing is.
const SAY_NOTHING: &[&str] = &[
    "manager",
    "service",
    "helper",
    "helpers",
    "util",
    "utils",
    "common",
    "processor",
    "data",
    "info",
    "handler",
];
/// Words for which the glossary has another.
const NOT_OURS: &[(&str, &str)] = &[("room", "group"), ("rooms", "groups"), ("chatroom", "group")];

/// What may not be left in code, and what to do instead.
const LEFT_OVER: &[(&str, &str)] = &[
    ("todo!", "write it, or leave the feature out until it is there"),
    ("unimplemented!", "write it, or leave the feature out until it is there"),
    ("dbg!", "a line for the log goes by `tracing`"),
    ("#[ignore", "a test runs or is taken out"),
    ("#[should_panic", "what must not be given is refused: assert the refusal"),
];

/// Every rule about one file.
pub(super) fn check(file: &SourceFile) -> Vec<Finding> {
    let mut findings: Vec<Finding> = check_length(file).into_iter().collect();
    if file.extension() == "rs" {
        findings.extend(check_header(file));
        findings.extend(check_file_name(file));
        findings.extend(check_names(file));
        findings.extend(check_left_over(file));
    }
    findings
}

fn check_length(file: &SourceFile) -> Option<Finding> {
    let is_code = matches!(file.extension(), "rs" | "ts" | "svelte" | "css");
    if !is_code || file.stem() == "generated" {
        return None;
    }
    let lines = file.text.lines().count();
    if lines <= LINES_WARN {
        return None;
    }
    let severity = if lines <= LINES_MAX { Severity::Warning } else { Severity::Failure };
    let says = format!("{lines} lines: split it by what its parts do (at most {LINES_MAX})");
    Some(Finding { severity, ..Finding::in_file(&file.path, says) })
}

fn check_header(file: &SourceFile) -> Option<Finding> {
    let says = "must open with `//!`: what it is, what it does not know, what always holds";
    (!file.text.starts_with("//! ")).then(|| Finding::in_file(&file.path, says))
}

fn check_file_name(file: &SourceFile) -> Option<Finding> {
    if file.path.ends_with("/mod.rs") {
        let folder = file.path.trim_end_matches("/mod.rs");
        return Some(Finding::in_file(&file.path, format!("belongs in {folder}.rs")));
    }
    Some(Finding::in_file(&file.path, why_not(file.stem())?))
}

fn check_names(file: &SourceFile) -> Vec<Finding> {
    let named = file.bare_lines().filter_map(|(number, line, _)| Some((number, declared(line)?)));
    named
        .filter_map(|(number, name)| Some(Finding::at(&file.path, number, why_not(name)?)))
        .collect()
}

/// The name of the module or type that a line declares.
fn declared(line: &str) -> Option<&str> {
    let mut words = line.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
    let keyword = words.find(|word| !matches!(*word, "" | "pub" | "crate" | "super" | "in"))?;
    let is_declaration = matches!(keyword, "mod" | "struct" | "enum" | "union" | "trait" | "type");
    words.next().filter(|name| is_declaration && !name.is_empty())
}

/// Why something should not be named so.
fn why_not(name: &str) -> Option<String> {
    let words = words(name);
    let last = words.last()?;
    if SAY_NOTHING.contains(&last.as_str()) {
        return Some(format!("`{name}`: `{last}` says nothing; name it by what it is or does"));
    }
    let (word, ours) = NOT_OURS.iter().find(|(word, _)| words.iter().any(|other| other == word))?;
    Some(format!("`{name}`: the glossary has `{ours}` and no `{word}`"))
}

/// The words of a name, in lower case: `GroupLog` and `group_log` are `group`, `log`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in name.chars() {
        if letter == '_' || letter == '-' || letter.is_uppercase() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn check_left_over(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line, _) in file.bare_lines() {
        for (word, instead) in LEFT_OVER {
            if line.contains(word) {
                findings.push(Finding::at(&file.path, number, format!("`{word}`: {instead}")));
            }
        }
    }
    findings
}

/// Every Rust file under `src` and `tests` is declared by the module above it; otherwise nobody
/// compiles it, and its tests pass by not running.
pub(super) fn check_declared(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files().filter(|file| file.extension() == "rs") {
        let Some((folder, _)) = file.path.rsplit_once('/') else { continue };
        let stem = file.stem();
        let is_root = matches!(stem, "main" | "lib" | "build" | "mod")
            || ["examples", "bin", "benches", "fuzz_targets"]
                .iter()
                .any(|own| folder.ends_with(own));
        if is_root {
            continue;
        }
        if folder.ends_with("/tests") && !folder.contains("/src/") {
            let says = format!("belongs in {folder}/it: a crate has one binary of tests");
            findings.push(Finding::in_file(&file.path, says));
            continue;
        }
        let above =
            [format!("{folder}/main.rs"), format!("{folder}/lib.rs"), format!("{folder}.rs")];
        let is_declared = above.iter().filter_map(|path| tree.file(path)).any(|parent| {
            let mut lines = parent.bare_lines();
            lines.any(|(_, line, _)| line.ends_with(';') && declares_module(line, stem))
        });
        if !is_declared {
            let says = format!("nobody compiles it: `mod {stem};` is missing in the file above");
            findings.push(Finding::in_file(&file.path, says));
        }
    }
    findings
}

fn declares_module(line: &str, stem: &str) -> bool {
    line.split_whitespace().any(|word| word == "mod") && declared(line) == Some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said_of(path: &str, text: &str) -> Vec<String> {
        check(&SourceFile::new(path, text)).into_iter().map(|finding| finding.says).collect()
    }

    fn check_found(path: &str, text: &str, expected: Option<&str>) {
        let said = said_of(path, text);
        match expected {
            Some(words) => assert!(said.iter().any(|said| said.contains(words)), "{said:?}"),
            None => assert_eq!(said, Vec::<String>::new(), "{path}"),
        }
    }

    #[test]
    fn a_file_without_a_header_is_found() {
        check_found("a/src/b.rs", "//! A thing.\n", None);
        check_found("a/src/b.rs", "use std::fmt;\n//! Late.\n", Some("must open with"));
        check_found("a/src/b.rs", "", Some("must open with"));
    }

    #[test]
    fn a_long_file_is_warned_of_and_a_longer_one_fails() {
        let check = |path: &str, lines: usize, expected: Option<Severity>| {
            let text = "//! x\n".repeat(lines);
            let finding = check_length(&SourceFile::new(path, &text));
            assert_eq!(finding.map(|finding| finding.severity), expected, "{path}, {lines}");
        };
        check("a.rs", 600, None);
        check("a.rs", 601, Some(Severity::Warning));
        check("a.rs", 1_000, Some(Severity::Warning));
        check("a.rs", 1_001, Some(Severity::Failure));
        check("a.svelte", 1_001, Some(Severity::Failure));
        check("generated.ts", 5_000, None);
        check("README.md", 5_000, None);
    }

    #[test]
    fn a_file_named_mod_is_found() {
        check_found("a/src/b/mod.rs", "//! x\n", Some("belongs in a/src/b.rs"));
    }

    #[test]
    fn a_name_that_says_nothing_is_found() {
        for (line, is_found) in [
            ("struct GroupManager;", true),
            ("pub(crate) enum CommandHandler {", true),
            ("pub trait DataService {}", true),
            ("type MemberInfo = ();", true),
            ("mod utils;", true),
            ("pub mod common {", true),
            ("struct Room;", true),
            ("pub struct RoomList<'a>;", true),
            ("struct DataFolder;", false),
            ("struct Member;", false),
            ("fn handler() {}", false),
            ("// struct GroupManager", false),
            ("let type_of = \"struct GroupManager\";", false),
            ("struct Bathroom;", false),
        ] {
            let said = said_of("a/src/b.rs", &format!("//! x\n{line}\n"));
            assert_eq!(!said.is_empty(), is_found, "{line}: {said:?}");
        }
        check_found("a/src/utils.rs", "//! x\n", Some("says nothing"));
    }

    #[test]
    fn what_was_left_in_code_is_found() {
        for line in ["todo!()", "dbg!(a);", "#[ignore]", "#[ignore = \"slow\"]", "#[should_panic]"]
        {
            let said = said_of("a/src/b.rs", &format!("//! x\n{line}\n"));
            assert_eq!(said.len(), 1, "{line}: {said:?}");
        }
        check_found("a/src/b.rs", "//! x\n// todo!() and \nlet a = \"dbg!\";\n", None);
    }

    #[test]
    fn a_file_that_nobody_compiles_is_found() {
        let check = |parent: (&str, &str), path: &str, expected: usize| {
            let mut findings = check_declared(&Tree::of(&[parent, (path, "")]));
            findings.retain(|finding| finding.path == path);
            assert_eq!(findings.len(), expected, "{path}: {findings:?}");
        };
        check(("a/src/lib.rs", "pub mod b;"), "a/src/b.rs", 0);
        check(("a/src/lib.rs", "mod c;"), "a/src/b.rs", 1);
        check(("a/src/lib.rs", "// mod b;"), "a/src/b.rs", 1);
        check(("a/src/main.rs", "pub(crate) mod b;"), "a/src/b.rs", 0);
        check(("a/tests/it/main.rs", "mod b;"), "a/tests/it/b.rs", 0);
        check(("a/tests/it/main.rs", ""), "a/tests/it/b.rs", 1);
        check(("a/tests/it/main.rs", ""), "a/tests/b.rs", 1);
        check(("a/src/c/tests.rs", "mod b;"), "a/src/c/tests/b.rs", 0);
        check(("a/src/c/tests.rs", ""), "a/src/c/tests/b.rs", 1);
        check(("a/src/lib.rs", "mod b;"), "examples/b.rs", 0);
    }
}
