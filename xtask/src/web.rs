//! `cargo xtask web`: builds the web app, which the program then holds.
//!
//! Node's packages are installed as the lock file says, and only where they are not. Nothing is
//! built where nothing has changed. Does not know what is in the app, and runs its tests by name.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context as _, bail};

use crate::cargo::{finish, no_arguments, root, succeeds};

/// What the app is made of, in its folder.
const SOURCES: &[&str] =
    &["src", "public", "index.html", "package-lock.json", "vite.config.ts", "svelte.config.js"];

/// `cargo xtask web`.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    no_arguments(arguments)?;
    ensure()
}

/// What can be told of the app without a browser: its types, and the tests of what is pure.
pub(crate) fn test() -> anyhow::Result<()> {
    ensure()?;
    npm_run("check", &[])?;
    npm_run("test", &[])
}

/// The app in a real browser, against the program that was built last.
pub(crate) fn test_in_browser() -> anyhow::Result<()> {
    ensure()?;
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let program = root().join(target).join("debug/conclave");
    if !program.exists() {
        bail!("there is no {}: `cargo xtask test build browser` builds it", program.display());
    }
    npm_run("browser", &[("CONCLAVE_PROGRAM", program)])
}

fn npm_run(script: &str, settings: &[(&str, PathBuf)]) -> anyhow::Result<()> {
    let mut npm = Command::new("npm");
    npm.args(["run", script]).current_dir(root().join("web"));
    npm.envs(settings.iter().map(|(name, value)| (name, value)));
    finish(&mut npm)
}

/// Sees to it that the app is built as its sources are.
pub(crate) fn ensure() -> anyhow::Result<()> {
    let folder = root().join("web");
    let page = folder.join("dist/index.html");
    let built_at = modified(&page);
    let changed_at = SOURCES.iter().filter_map(|source| newest(&folder.join(source))).max();
    if built_at.is_some() && built_at >= changed_at {
        return Ok(());
    }
    install(&folder)?;
    finish(Command::new("npm").args(["run", "build"]).current_dir(&folder))?;
    if modified(&page).is_none() {
        bail!("the web app was built, but there is no {}", page.display());
    }
    if built_at.is_none() {
        // Nobody could watch a folder that was not there.
        let watcher = root().join("crates/app/build.rs");
        let touched = File::options().append(true).open(watcher);
        touched.and_then(|file| file.set_modified(now())).context("crates/app/build.rs")?;
    }
    Ok(())
}

/// Builds the app where Node is at hand; where it is not, says what is missing and goes on.
pub(crate) fn ensure_if_possible() -> anyhow::Result<()> {
    if has_node() {
        return ensure();
    }
    println!("There is no Node here, so the server is built without the web app. {NEEDED}");
    Ok(())
}

const NEEDED: &str = "The web app needs Node 20.19 or newer, with npm: https://nodejs.org";

fn has_node() -> bool {
    succeeds(Command::new("npm").arg("--version"))
}

/// Installs Node's packages, where they are not as the lock file says.
fn install(folder: &Path) -> anyhow::Result<()> {
    if !has_node() {
        bail!("there is no npm. {NEEDED}");
    }
    // npm writes this file last.
    let installed_at = modified(&folder.join("node_modules/.package-lock.json"));
    if installed_at.is_some() && installed_at >= modified(&folder.join("package-lock.json")) {
        return Ok(());
    }
    finish(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder))
}

fn modified(file: &Path) -> Option<SystemTime> {
    file.metadata().and_then(|metadata| metadata.modified()).ok()
}

/// When a file, or the newest below a folder, was changed.
fn newest(path: &Path) -> Option<SystemTime> {
    let below = std::fs::read_dir(path).into_iter().flatten().flatten();
    below.filter_map(|entry| newest(&entry.path())).chain(modified(path)).max()
}

#[expect(clippy::disallowed_methods, reason = "a file is touched")]
fn now() -> SystemTime {
    SystemTime::now()
}
