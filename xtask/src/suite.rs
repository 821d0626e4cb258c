//! `cargo xtask test`: what CI runs, step by step, and nothing else anywhere.
//!
//! Stops at the first step that fails. Warnings are errors here, by arguments and not by
//! `RUSTFLAGS`: those would make cargo build every dependency once more. All steps choose the
//! whole workspace with all targets, so that features are the same and what one step built serves
//! the next; only `alone` differs, and that is its point.

use std::time::Instant;

use anyhow::{Context as _, bail};

use crate::cargo::{cargo, finish, format_with, succeeds};
use crate::{fuzz, packages, tidy, web};

/// Seconds that each target is fuzzed for in the suite.
const FUZZ_SECONDS: u32 = 10;

/// What has some tests do more than an ordinary `cargo test`, which is to be short.
const LONGER: [(&str, &str); 4] = [
    ("CONCLAVE_KILL_ROUNDS", "5"),
    ("CONCLAVE_LOG_ROUNDS", "8"),
    ("CONCLAVE_SIM_SEEDS", "0..100"),
    ("CONCLAVE_TRANSCRIPTS_STEP", "1"),
];

/// A step: its name and what it does.
struct Step {
    name: &'static str,
    run: fn() -> anyhow::Result<()>,
}

const STEPS: &[Step] = &[
    Step { name: "packages", run: packages::ensure },
    Step { name: "fmt", run: || format_with(&["--check"]) },
    Step { name: "tidy", run: || tidy::run(&[]) },
    Step { name: "web", run: web::test },
    Step { name: "clippy", run: clippy },
    Step { name: "build", run: build },
    Step { name: "test", run: test },
    Step { name: "browser", run: web::test_in_browser },
    Step { name: "doc", run: doc },
    Step { name: "alone", run: alone },
    Step { name: "fuzz", run: || fuzz::fuzz(None, FUZZ_SECONDS) },
];

/// What every step that compiles chooses.
const EVERYTHING: &[&str] = &["--locked", "--workspace", "--all-targets"];

/// Runs all steps, or those that are named.
pub(crate) fn run(names: &[String]) -> anyhow::Result<()> {
    for step in choose(names)? {
        println!("\n== {}", step.name);
        #[expect(clippy::disallowed_methods, reason = "the time a step took is what is shown")]
        let started = Instant::now();
        (step.run)().with_context(|| format!("step {}", step.name))?;
        println!("== {}: ok, {:.1} s", step.name, started.elapsed().as_secs_f64());
    }
    println!("\nEverything passed.");
    Ok(())
}

/// The steps of those names in the order of the suite; all where none is named.
fn choose(names: &[String]) -> anyhow::Result<Vec<&'static Step>> {
    for name in names {
        if STEPS.iter().all(|step| step.name != name) {
            let known: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
            bail!("there is no step `{name}`; there are: {}", known.join(" "));
        }
    }
    let is_chosen = |step: &&Step| names.is_empty() || names.iter().any(|name| name == step.name);
    Ok(STEPS.iter().filter(is_chosen).collect())
}

fn clippy() -> anyhow::Result<()> {
    finish(cargo(["clippy"]).args(EVERYTHING).args(["--", "-D", "warnings"]))
}

/// Builds the binary, the examples and the tests: the last step that compiles for long.
fn build() -> anyhow::Result<()> {
    finish(cargo(["build"]).args(EVERYTHING))
}

/// Without a choice of targets, so that examples are built as programs and not as tests.
fn test() -> anyhow::Result<()> {
    if succeeds(&mut cargo(["nextest", "--version"])) {
        let words = ["nextest", "run", "--locked", "--workspace", "--no-fail-fast"];
        finish(cargo(words).envs(LONGER))?;
        return finish(&mut cargo(["test", "--locked", "--workspace", "--doc"]));
    }
    finish(cargo(["test", "--locked", "--workspace", "--no-fail-fast"]).envs(LONGER))
}

fn doc() -> anyhow::Result<()> {
    let words = ["doc", "--locked", "--workspace", "--no-deps", "--document-private-items"];
    finish(cargo(words).env("RUSTDOCFLAGS", "-D warnings"))
}

/// The binary with nothing but its own features: a test's dependency may have lent it one.
fn alone() -> anyhow::Result<()> {
    finish(&mut cargo(["check", "--locked", "--package", "conclave"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_run_in_the_order_of_the_suite_whatever_the_order_of_their_naming() {
        let check = |typed: &str, expected: Option<&[&str]>| {
            let names: Vec<String> = typed.split_whitespace().map(str::to_owned).collect();
            let chosen = choose(&names).ok();
            let chosen = chosen.map(|steps| steps.iter().map(|step| step.name).collect::<Vec<_>>());
            assert_eq!(chosen.as_deref(), expected, "{typed}");
        };
        check("tidy fmt", Some(&["fmt", "tidy"]));
        check("tidy typo", None);
        assert_eq!(choose(&[]).map(|steps| steps.len()).ok(), Some(STEPS.len()));
    }
}
