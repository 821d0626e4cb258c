//! `cargo xtask fuzz`: bytes nobody would type, for as long as one likes.
//!
//! Coverage comes from the stable compiler's own passes and the engine from `libfuzzer-sys`, so
//! neither nightly nor cargo-fuzz is needed. A target is a file of `fuzz/fuzz_targets`, and a
//! binary of that name in `fuzz/Cargo.toml`. New inputs go to `fuzz/target/corpus`; those worth
//! keeping are moved by hand to `fuzz/corpus`, which is read and never written.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

use crate::cargo::{cargo, finish, fuzz_manifest, root};

/// Seconds a target runs unless told otherwise.
const SECONDS: u32 = 60;

/// What makes the compiler count which branches were taken.
const COVERAGE: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    --cfg fuzzing -Ccodegen-units=1";

/// `cargo xtask fuzz [TARGET] [--seconds N]`.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let wish = parse(arguments)?;
    fuzz(wish.target.as_deref(), wish.seconds)
}

#[derive(Debug, PartialEq, Eq)]
struct Wish {
    target: Option<String>,
    seconds: u32,
}

fn parse(arguments: &[String]) -> anyhow::Result<Wish> {
    let mut wish = Wish { target: None, seconds: SECONDS };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--seconds" {
            let given = arguments.next().context("--seconds needs a number")?;
            wish.seconds = given.parse().with_context(|| format!("`{given}` is no number"))?;
            // To the engine zero means for ever.
            ensure!(wish.seconds > 0, "--seconds needs a number above zero");
        } else if argument.starts_with('-') || wish.target.is_some() {
            bail!("`{argument}` is not understood: cargo xtask fuzz [TARGET] [--seconds N]");
        } else {
            wish.target = Some(argument.clone());
        }
    }
    Ok(wish)
}

/// Runs one target, or each in turn, for so many seconds.
pub(crate) fn fuzz(target: Option<&str>, seconds: u32) -> anyhow::Result<()> {
    let manifest = fuzz_manifest().context("there is no fuzz/Cargo.toml, so nothing to fuzz")?;
    let targets = targets(&root().join("fuzz/fuzz_targets"))?;
    let chosen: Vec<&String> = match target {
        Some(target) => targets.iter().filter(|name| *name == target).collect(),
        None => targets.iter().collect(),
    };
    if chosen.is_empty() {
        bail!("there is no target `{}`; there are: {}", target.unwrap_or(""), targets.join(" "));
    }
    let host = host()?;
    let build_folder = root().join("fuzz/target");
    // With a target named, build scripts and macros are built without coverage.
    let mut build = cargo(["build", "--locked", "--release", "--bins", "--target", &host]);
    build.arg("--manifest-path").arg(manifest).arg("--target-dir").arg(&build_folder);
    finish(build.env("RUSTFLAGS", COVERAGE).env_remove("CARGO_ENCODED_RUSTFLAGS"))?;
    for name in chosen {
        let program = build_folder.join(&host).join("release").join(name);
        run_target(name, &program, seconds)?;
    }
    Ok(())
}

fn run_target(name: &str, program: &Path, seconds: u32) -> anyhow::Result<()> {
    let scratch = root().join("fuzz/target/corpus").join(name);
    let artifacts = root().join("fuzz/target/artifacts").join(name);
    for folder in [&scratch, &artifacts] {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} could not be made", folder.display()))?;
    }
    let mut command = Command::new(program);
    command
        .arg(format!("-max_total_time={seconds}"))
        .args(["-timeout=10", "-print_final_stats=1", "-verbosity=0"])
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(scratch)
        .current_dir(root());
    let kept = root().join("fuzz/corpus").join(name);
    if kept.is_dir() {
        command.arg(kept);
    }
    finish(&mut command).with_context(|| {
        format!("the input that did it, if one did, is in {}", artifacts.display())
    })
}

/// Names of the targets: the files of the folder.
fn targets(folder: &Path) -> anyhow::Result<Vec<String>> {
    let files = std::fs::read_dir(folder)
        .with_context(|| format!("{} could not be read", folder.display()))?
        .collect::<Result<Vec<_>, _>>()?;
    let mut names: Vec<String> =
        files.iter().filter_map(|file| target_name(&file.path())).collect();
    ensure!(!names.is_empty(), "there is no target in {}", folder.display());
    names.sort();
    Ok(names)
}

fn target_name(file: &Path) -> Option<String> {
    let is_rust = file.extension().is_some_and(|extension| extension == "rs");
    is_rust.then(|| file.file_stem().map(|stem| stem.to_string_lossy().into_owned())).flatten()
}

/// What this machine is called by the compiler.
fn host() -> anyhow::Result<String> {
    let output = Command::new("rustc").arg("-vV").current_dir(root()).output();
    let output = output.context("`rustc -vV` could not be started")?;
    let told = String::from_utf8_lossy(&output.stdout);
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("`rustc -vV` does not tell the host")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_and_the_seconds_are_read() {
        let check = |typed: &str, expected: Option<(Option<&str>, u32)>| {
            let words: Vec<String> = typed.split_whitespace().map(str::to_owned).collect();
            let expected = expected
                .map(|(target, seconds)| Wish { target: target.map(str::to_owned), seconds });
            assert_eq!(parse(&words).ok(), expected, "{typed}");
        };
        check("", Some((None, SECONDS)));
        check("console", Some((Some("console"), SECONDS)));
        check("--seconds 5", Some((None, 5)));
        check("console --seconds 5", Some((Some("console"), 5)));
        check("--seconds", None);
        check("--seconds 0", None);
        check("--seconds soon", None);
        check("console irc", None);
        check("--minutes 5", None);
    }

    #[test]
    fn a_target_is_a_rust_file() {
        assert_eq!(target_name(Path::new("fuzz_targets/console.rs")), Some("console".into()));
        assert_eq!(target_name(Path::new("fuzz_targets/README.md")), None);
    }

    #[test]
    fn a_folder_without_targets_is_an_error() {
        let empty = targets(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/tidy/none")));
        assert!(empty.is_err());
    }
}
