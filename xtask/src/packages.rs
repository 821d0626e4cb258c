//! What the tests need from the system beside Rust: stock clients to play against, and tools.
//!
//! Installs with apt only what is missing, and only as root; otherwise says what to install. Does
//! not know which test needs what.

use std::path::PathBuf;
use std::process::Command;

use anyhow::bail;

use crate::cargo::{finish, succeeds};

/// A program and the Debian package that brings it.
struct Needed {
    program: &'static str,
    package: &'static str,
}

const NEEDED: &[Needed] = &[
    Needed { program: "nc", package: "netcat-openbsd" },
    Needed { program: "telnet", package: "telnet" },
    Needed { program: "tmux", package: "tmux" },
    Needed { program: "ps", package: "procps" },
    Needed { program: "ip", package: "iproute2" },
    // The fuzzing engine is C++.
    Needed { program: "c++", package: "g++" },
    // What the web app is opened in, and letters for it to draw.
    Needed { program: "chromium", package: "chromium" },
    Needed { program: DEJAVU, package: "fonts-dejavu-core" },
    Needed { program: "irssi", package: "irssi" },
    Needed { program: "weechat-headless", package: "weechat-headless" },
    Needed { program: WEECHAT_PLUGINS, package: "weechat-plugins" },
];

/// A font that has Hebrew; like every path of its own it is looked for just there.
const DEJAVU: &str = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";

/// Every package has this file of its own; its plugins lie where the machine's kind says. One of
/// them takes what is typed where there is no screen.
const WEECHAT_PLUGINS: &str = "/usr/share/doc/weechat-plugins/copyright";

/// Folders that hold programs for root and may be missing from the path of others.
const SYSTEM_FOLDERS: &[&str] = &["/usr/sbin", "/sbin"];

/// Sees to it that every package is there.
pub(crate) fn ensure() -> anyhow::Result<()> {
    let packages = missing(is_installed);
    if packages.is_empty() {
        return Ok(());
    }
    let list = packages.join(" ");
    if !succeeds(Command::new("apt-get").arg("--version")) {
        bail!(
            "these are missing: {list}. Install them with this system's package tool, then again"
        );
    }
    if !is_root() {
        bail!("these are missing: {list}. Run `apt-get install {list}` as root, then again");
    }
    finish(apt_get().arg("update"))?;
    finish(apt_get().args(["install", "--yes", "--no-install-recommends"]).args(packages))
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// The packages whose programs are not there.
fn missing(is_there: impl Fn(&str) -> bool) -> Vec<&'static str> {
    NEEDED.iter().filter(|needed| !is_there(needed.program)).map(|needed| needed.package).collect()
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(SYSTEM_FOLDERS.iter().map(PathBuf::from));
    folders.map(|folder| folder.join(program)).any(|file| file.is_file())
}

fn is_root() -> bool {
    let answer = Command::new("id").arg("-u").output();
    answer.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_installed() {
        assert_eq!(missing(|_| true), Vec::<&str>::new());
        assert_eq!(missing(|program| program != "nc"), ["netcat-openbsd"]);
        assert_eq!(missing(|_| false).len(), NEEDED.len());
    }
}
