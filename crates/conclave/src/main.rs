//! The binary: a match on what is to be run, a file each.
//!
//! The only place that reads the clock and the command line, writes to standard output and chooses
//! the exit code: 0 a clean end, 2 bad usage or configuration, 1 anything else with one sentence.

mod admin;
mod bench;
mod chat;
mod clock;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Group chat for people who need to talk now: one binary, no accounts.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(Box<conclave_server::Serve>),
    /// Chat in a terminal
    Chat(chat::Chat),
    /// Look after the groups and data of a server, running or not
    Admin(admin::Admin),
    /// Put a measured load on a server
    Bench(Box<conclave_bench::Bench>),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let ended = match cli.command {
        Command::Serve(told) => serve::run(*told),
        Command::Chat(chat) => chat::run(&chat),
        Command::Admin(admin) => admin::run(admin),
        Command::Bench(asked) => bench::run(&asked),
    };
    match ended {
        Ok(code) => code,
        Err(problem) => {
            complain(&problem);
            ExitCode::from(1)
        }
    }
}

/// Says on standard error, in one sentence, what went wrong.
#[expect(clippy::print_stderr, reason = "the one place where the program complains")]
fn complain(problem: &anyhow::Error) {
    eprintln!("conclave: {}", sentence(problem));
}

/// What went wrong and why; a cause that is named already is not named again.
fn sentence(problem: &anyhow::Error) -> String {
    let mut sentence = String::new();
    for cause in problem.chain() {
        let cause = cause.to_string();
        if sentence.is_empty() {
            sentence = cause;
        } else if !sentence.contains(&cause) {
            sentence.push_str(": ");
            sentence.push_str(&cause);
        }
    }
    sentence
}
