//! Rules about documents: their links are alive, the files they name exist, and no emoji.
//!
//! Does not judge prose. Links to the world outside are not followed: a test must not fail because
//! somebody else's page is down.

use super::Finding;
use super::tree::{SourceFile, Tree, extension};

/// The document that names files, so that it can be held to them.
const MAP: &str = "ARCHITECTURE.md";

/// Endings by which a word in backticks is known for a file.
const FILE_ENDS: &[&str] = &[".rs", ".md", ".toml", ".chat", ".yml"];

/// Every rule about documents.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files().filter(|file| file.extension() == "md") {
        for (number, line) in prose(&file.text) {
            findings.extend(check_links(tree, file, number, line));
            if file.path == MAP {
                findings.extend(check_paths(tree, number, line));
            }
        }
        findings.extend(check_emoji(file));
    }
    findings
}

/// The lines that are not in a block of code, counted from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_code = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        (!is_code && !is_fence).then_some((index + 1, line))
    })
}

fn check_links(tree: &Tree, file: &SourceFile, number: usize, line: &str) -> Vec<Finding> {
    // What is in backticks is no link: every second part.
    let outside: String = line.split('`').step_by(2).collect::<Vec<_>>().join("_");
    let targets = outside.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let dead = targets.filter_map(|(target, _)| {
        let why = why_dead(tree, &file.path, target)?;
        Some(Finding::at(&file.path, number, format!("the link to `{target}` is dead: {why}")))
    });
    dead.collect()
}

fn why_dead(tree: &Tree, from: &str, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
    let path = if path.is_empty() { from.to_owned() } else { resolve(from, path)? };
    if !tree.has(&path) {
        return Some(format!("there is no {path}"));
    }
    let text = tree.text(&path).filter(|_| extension(&path) == "md" && !heading.is_empty())?;
    let mut headings = prose(text).filter_map(|(_, line)| line.strip_prefix('#'));
    let is_there = headings.any(|line| anchor(line.trim_start_matches('#')) == heading);
    (!is_there).then(|| format!("{path} has no such heading"))
}

/// A relative path as seen from the root; none where it leaves the checkout, which is not checked.
fn resolve(from: &str, path: &str) -> Option<String> {
    let mut folders: Vec<&str> = from.split('/').collect();
    folders.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(folders.pop()?),
            part => folders.push(part),
        }
    }
    Some(folders.join("/"))
}

/// What a heading is called in a link.
fn anchor(heading: &str) -> String {
    let letters = heading.trim().chars().flat_map(char::to_lowercase);
    let kept =
        letters.filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

fn check_paths(tree: &Tree, number: usize, line: &str) -> Vec<Finding> {
    let quoted = line.split('`').skip(1).step_by(2);
    let gone = quoted.filter(|word| is_path(tree, word) && !tree.has(word));
    let says =
        |path: &str| format!("there is no `{path}`: write the path from the root, as it is now");
    gone.map(|path| Finding::at(MAP, number, says(path))).collect()
}

/// Whether a word in backticks is meant as a path: it ends like a file, or begins like a folder.
fn is_path(tree: &Tree, word: &str) -> bool {
    if word.contains([' ', '<', '*', '…', ':', '(']) || word.starts_with(['/', '-', '.']) {
        return false;
    }
    let is_file = FILE_ENDS.iter().any(|end| word.ends_with(end));
    let begins_at_root = word.split_once('/').is_some_and(|(first, _)| tree.has(first));
    is_file || begins_at_root
}

fn check_emoji(file: &SourceFile) -> Option<Finding> {
    let (index, line) = file.text.lines().enumerate().find(|(_, line)| line.contains(is_emoji))?;
    let emoji: String = line.chars().filter(|letter| is_emoji(*letter)).collect();
    Some(Finding::at(&file.path, index + 1, format!("`{emoji}`: say it in words")))
}

fn is_emoji(letter: char) -> bool {
    matches!(letter,
        '\u{2600}'..='\u{27bf}' | '\u{2b50}'..='\u{2b55}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said_of(path: &str, text: &str) -> Vec<String> {
        let others = [("docs/guide.md", "# The guide: first steps\n"), ("crates/core/lib.rs", "")];
        let tree = Tree::of(&[others[0], others[1], (path, text)]);
        check(&tree).into_iter().map(|finding| finding.says).collect()
    }

    #[test]
    fn a_dead_link_is_found() {
        for (path, text, is_found) in [
            ("README.md", "[a](docs/guide.md)", false),
            ("README.md", "[a](docs/) and [b](docs/none.md)", true),
            ("README.md", "[a](docs/guide.md#the-guide-first-steps)", false),
            ("README.md", "[a](docs/guide.md#last-steps)", true),
            ("README.md", "# One\n[a](#one)", false),
            ("README.md", "[a](#two)", true),
            ("README.md", "[a](https://example.org/none)", false),
            ("README.md", "`[a](none.md)`", false),
            ("README.md", "```\n[a](none.md)\n```", false),
            ("docs/a.md", "[a](guide.md) [b](../docs/guide.md)", false),
            ("docs/a.md", "[a](docs/guide.md)", true),
        ] {
            let said = said_of(path, text);
            assert_eq!(!said.is_empty(), is_found, "{path}: {text}: {said:?}");
        }
    }

    #[test]
    fn a_path_that_is_gone_is_found_in_the_map() {
        for (text, is_found) in [
            ("`crates/core/lib.rs`", false),
            ("`crates/core`", false),
            ("`crates/core/gone.rs`", true),
            ("`crates/gone`", true),
            ("`lib.rs`", true),
            ("`Group::decide` and `/help` and `a/b`", false),
        ] {
            let said = said_of(MAP, text);
            assert_eq!(!said.is_empty(), is_found, "{text}: {said:?}");
        }
        assert_eq!(said_of("README.md", "`crates/gone`"), Vec::<String>::new());
    }

    #[test]
    fn an_emoji_in_a_document_is_found() {
        assert_eq!(said_of("README.md", "Fast \u{1f680}").len(), 1);
        assert_eq!(said_of("README.md", "Done \u{2705}").len(), 1);
        assert_eq!(said_of("README.md", "a → b, שלום, P1–P8"), Vec::<String>::new());
    }
}
