//! Rules about tests: time is virtual, and what has to wait for another process says so.
//!
//! Does not know whether a test is any good.

use super::Finding;
use super::tree::SourceFile;

/// Calls that make a test wait for the clock on the wall.
const SLEEPS: &[&str] = &["thread::sleep(", "time::sleep(", " sleep("];

/// How the reason begins for which a test looks again after a while.
const REASON: &str = "// Polls";

/// Lines above a sleep in which its reason may stand.
const REASON_LINES: usize = 3;

/// What makes the clock of a test virtual, so that sleeping costs no time.
const VIRTUAL: &[&str] = &["start_paused = true", "time::pause()"];

/// A test sleeps only where the clock is virtual, or in a loop that looks for something another
/// process does and tells of by no other means.
pub(super) fn check(file: &SourceFile) -> Vec<Finding> {
    let is_virtual = VIRTUAL.iter().any(|mark| file.bare.contains(mark));
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

    #[test]
    fn a_test_that_sleeps_is_found() {
        let test = "a/tests/it/b.rs";
        for (path, text, is_found) in [
            (test, "std::thread::sleep(A_WHILE);", true),
            (test, "tokio::time::sleep(A_WHILE).await;", true),
            (test, "    sleep(A_WHILE).await;", true),
            (test, "// Polls until the file is there.\nstd::thread::sleep(A_WHILE);", false),
            (test, "// Polls\n\n\n\nstd::thread::sleep(A_WHILE);", true),
            (test, "#[tokio::test(start_paused = true)]\ntokio::time::sleep(A).await;", false),
            (test, "#[tokio::test(start_paused = true)]\nthread::sleep(A);", true),
            (test, "// thread::sleep(A_WHILE)", false),
            ("a/src/b.rs", "tokio::time::sleep(A_WHILE).await;", false),
            ("a/src/b.rs", "#[cfg(test)]\ntokio::time::sleep(A_WHILE).await;", true),
        ] {
            let findings = check(&SourceFile::new(path, text));
            assert_eq!(!findings.is_empty(), is_found, "{path}: {text}");
        }
    }
}
