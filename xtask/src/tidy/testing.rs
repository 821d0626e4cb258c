//! Rules about tests: time is virtual, and what has to wait for another process says so.
//!
//! Does not know whether a test is any good.

use std::collections::BTreeMap;

use super::Finding;
use super::tree::{SourceFile, Tree};

/// Calls that make a test wait.
const SLEEPS: &[&str] = &["thread::sleep(", "time::sleep(", " sleep("];

/// How the reason begins for which a test looks again after a while.
const REASON: &str = "// Polls";
/// Lines above a sleep in which its reason may stand.
const REASON_LINES: usize = 3;

/// How a test begins that runs by tokio's clock.
const BY_CLOCK: &str = "#[tokio::test";
/// What makes that clock virtual, so that sleeping costs no time.
const VIRTUAL: &str = "start_paused";

/// By which clocks the tests run that may share a function.
#[derive(Clone, Copy, Default)]
struct Clocks {
    has_virtual: bool,
    has_real: bool,
}

/// A test sleeps only where the clock is virtual, or in a loop that looks for something another
/// process does and tells of by no other means.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut clocks: BTreeMap<&str, Clocks> = BTreeMap::new();
    for file in tree.files() {
        let clocks = clocks.entry(binary(file)).or_default();
        clocks.has_virtual |= file.bare.contains(VIRTUAL);
        let mut tests = file.bare.lines().filter(|line| line.contains(BY_CLOCK));
        clocks.has_real |= tests.any(|line| !line.contains(VIRTUAL));
    }
    let is_virtual = |file| {
        let clocks = clocks.get(binary(file)).copied().unwrap_or_default();
        clocks.has_virtual && !clocks.has_real
    };
    tree.files().flat_map(|file| check_file(file, is_virtual(file))).collect()
}

/// What stands for the tests that may call what is in a file: all that are in one binary of
/// integration tests, or those of the file itself.
fn binary(file: &SourceFile) -> &str {
    let folder = file.path.split_once("/tests/").map(|(folder, _)| folder);
    folder.filter(|folder| !folder.contains("/src/")).unwrap_or(&file.path)
}

fn check_file(file: &SourceFile, is_virtual: bool) -> Vec<Finding> {
    let lines: Vec<&str> = file.text.lines().collect();
    let mut findings = Vec::new();
    for (number, line, is_test) in file.bare_lines() {
        let Some(call) = SLEEPS.iter().find(|call| line.contains(**call)) else { continue };
        let is_costless = is_virtual && !call.contains("thread");
        let above = number.saturating_sub(REASON_LINES + 1);
        let has_reason = lines.iter().take(number).skip(above).any(|line| line.contains(REASON));
        if is_test && !is_costless && !has_reason {
            let says = format!(
                "`{}` in a test: wait for what is to happen, or use virtual time; a \
                loop that looks again says why in a comment above, `{REASON} until …`",
                call.trim()
            );
            findings.push(Finding::at(&file.path, number, says));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSED: &str = "#[tokio::test(start_paused = true)]\n";

    fn count(files: &[(&str, &str)]) -> usize {
        check(&Tree::of(files)).len()
    }

    #[test]
    fn a_test_that_sleeps_is_found() {
        let test = "a/tests/it/b.rs";
        for (path, text, is_found) in [
            (test, "std::thread::sleep(A_WHILE);", true),
            (test, "tokio::time::sleep(A_WHILE).await;", true),
            (test, "    sleep(A_WHILE).await;", true),
            (test, "// Polls until the file is there.\nstd::thread::sleep(A_WHILE);", false),
            (test, "// Polls\n\n\n\nstd::thread::sleep(A_WHILE);", true),
            (test, "// thread::sleep(A_WHILE)", false),
            ("a/src/b.rs", "tokio::time::sleep(A_WHILE).await;", false),
            ("a/src/b.rs", "#[cfg(test)]\ntokio::time::sleep(A_WHILE).await;", true),
            ("a/src/b/tests/c.rs", "tokio::time::sleep(A_WHILE).await;", true),
        ] {
            assert_eq!(count(&[(path, text)]) > 0, is_found, "{path}: {text}");
        }
    }

    #[test]
    fn sleeping_costs_nothing_where_every_test_that_may_call_it_has_a_virtual_clock() {
        let sleeping = ("a/tests/it/stage.rs", "tokio::time::sleep(A_WHILE).await;");
        let check = |other: &str, expected: usize| {
            assert_eq!(count(&[sleeping, ("a/tests/it/b.rs", other)]), expected, "{other}");
        };
        check(PAUSED, 0);
        check("", 1);
        check(&format!("{PAUSED}#[tokio::test]\n"), 1);
        // Another crate's tests do not call it.
        assert_eq!(count(&[sleeping, ("b/tests/it/b.rs", PAUSED)]), 1);
        let threads = format!("{PAUSED}std::thread::sleep(A_WHILE);");
        assert_eq!(count(&[("a/tests/it/b.rs", &threads)]), 1);
    }
}
