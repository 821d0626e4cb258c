//! Starting programs: cargo, at the root of the checkout, and others.
//!
//! Does not know what is built. Every call of cargo that resolves dependencies is `--locked`: what
//! was reviewed is what is built.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

/// The root of the checkout: the folder above this crate.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// A call of cargo with these words.
pub(crate) fn cargo<Word: AsRef<OsStr>>(words: impl IntoIterator<Item = Word>) -> Command {
    // Cargo names itself to what it runs, so that the same toolchain is used all the way.
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.args(words).current_dir(root());
    command
}

/// Runs a command to its end; an error names the command that failed.
pub(crate) fn finish(command: &mut Command) -> anyhow::Result<()> {
    let shown = show(command);
    println!("$ {shown}");
    let status = command.status().with_context(|| format!("`{shown}` could not be started"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Whether a command runs and ends well; what it prints is thrown away.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// A command as one would type it, without the folders of the program.
fn show(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let words = std::iter::once(name).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// Says no to arguments where there are none to give.
pub(crate) fn no_arguments(arguments: &[String]) -> anyhow::Result<()> {
    match arguments.first() {
        Some(argument) => bail!("`{argument}` is not understood: it takes no arguments"),
        None => Ok(()),
    }
}

/// The manifest of the fuzzing workspace, where there is one.
pub(crate) fn fuzz_manifest() -> Option<PathBuf> {
    let manifest = root().join("fuzz/Cargo.toml");
    manifest.exists().then_some(manifest)
}

/// `cargo xtask fmt`.
pub(crate) fn format(arguments: &[String]) -> anyhow::Result<()> {
    no_arguments(arguments)?;
    format_with(&[])
}

/// Formats every workspace, with options for rustfmt such as `--check`.
pub(crate) fn format_with(options: &[&str]) -> anyhow::Result<()> {
    finish(cargo(["fmt", "--all"]).args(options))?;
    if let Some(manifest) = fuzz_manifest() {
        finish(cargo(["fmt", "--manifest-path"]).arg(manifest).args(options))?;
    }
    Ok(())
}
