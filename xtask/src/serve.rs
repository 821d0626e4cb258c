//! `cargo xtask run`: builds what a server needs and runs it.
//!
//! Does not know the server's options: they are handed on as they are. On Unix the server takes
//! the place of this process, so that a signal to the command is a signal to the server.

use crate::cargo::cargo;

/// Builds the binary and runs `conclave serve` with the arguments.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    crate::web::ensure_if_possible()?;
    let words = ["run", "--locked", "--package", "conclave", "--", "serve"];
    let mut command = cargo(words);
    // Where the caller stands, so that `./conclave-data` is made there and `--config` found.
    command.args(arguments).current_dir(std::env::current_dir()?);
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        Err(anyhow::Error::from(command.exec()).context("cargo could not be started"))
    }
    #[cfg(not(unix))]
    crate::cargo::finish(&mut command)
}
