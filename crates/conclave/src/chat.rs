//! `conclave chat`: the terminal client.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use conclave_client::plain::{self, Typist};

/// Options of `conclave chat`.
#[derive(Args, Debug)]
pub(crate) struct Chat {
    /// Where the server is
    #[arg(default_value = "127.0.0.1:5555", env = "CONCLAVE_ADDRESS")]
    address: String,
    /// A line client: what is typed is sent, what arrives is printed
    #[arg(long)]
    plain: bool,
}

/// Chats until the server or the user ends it.
pub(crate) fn run(chat: &Chat) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the async runtime could not be started")?;
    let typist = if std::io::stdin().is_terminal() { Typist::Person } else { Typist::Pipe };
    let ended = runtime.block_on(async {
        let interrupt = async {
            // Where the signal cannot be heard it ends the program anyway.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let (input, output) = (tokio::io::stdin(), tokio::io::stdout());
        plain::run(&chat.address, typist, input, output, tokio::io::stderr(), interrupt).await
    });
    // Standard input may be in a read that never ends; it must not keep the process.
    runtime.shutdown_background();
    let ended = ended?;
    Ok(if ended.is_unwanted() { ExitCode::from(1) } else { ExitCode::SUCCESS })
}
