//! `conclave serve`: runs the server until it is told to stop.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use conclave_server::config::LogFormat;
use conclave_server::{Config, Serve, Server};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::{clock, complain};

/// Threads for what blocks; what is more waits its turn.
const BLOCKING_THREADS_MAX: usize = 16;

/// Runs the server.
pub(crate) fn run(told: Serve) -> anyhow::Result<ExitCode> {
    let config = match Config::resolve(told) {
        Ok(config) => config,
        Err(problem) => {
            complain(&problem.into());
            return Ok(ExitCode::from(2));
        }
    };
    let Ok(filter) = EnvFilter::try_new(&config.log) else {
        complain(&anyhow::anyhow!(
            "--log {}: give error, warn, info, debug or trace, or a filter of them",
            config.log
        ));
        return Ok(ExitCode::from(2));
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Text => log.with_target(false).with_ansi(false).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("conclave")
        // Readers of the log, password checks and little else: each thread that ever allocated
        // keeps memory of its own.
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .build()
        .context("the async runtime could not be started")?;
    let served = runtime.block_on(serve(&config));
    // A thread that is stuck in the file system must not keep the process from ending.
    runtime.shutdown_background();
    served.map(|()| ExitCode::SUCCESS)
}

async fn serve(config: &Config) -> anyhow::Result<()> {
    // Before anything is announced, so that a signal right after it ends in order.
    let mut interrupt = signal(SignalKind::interrupt()).context("signals cannot be heard")?;
    let mut terminate = signal(SignalKind::terminate()).context("signals cannot be heard")?;
    let server = Server::start(config, clock::system()).await?;
    let mut out = std::io::stdout().lock();
    for line in server.announcements() {
        // Whoever started it may not listen to what it says; it serves all the same.
        drop(writeln!(out, "{line}"));
    }
    drop(out.flush());
    drop(out);
    let stop = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    let running = server.run(stop);
    running.await?;
    Ok(())
}
