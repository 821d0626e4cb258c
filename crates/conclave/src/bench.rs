//! `conclave bench`: puts a measured load on a server.

use std::process::ExitCode;

use anyhow::Context as _;
use conclave_bench::Bench;

/// Puts the load on the server, or runs the floor. Exit code 1 where a message went astray.
pub(crate) fn run(asked: &Bench) -> anyhow::Result<ExitCode> {
    let program = std::env::current_exe().context("the program does not know where it lies")?;
    let is_clean = conclave_bench::run(asked, &program, &mut std::io::stdout().lock())?;
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
