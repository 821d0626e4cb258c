//! `conclave admin`: looks after the groups and data of a server, running or not.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use conclave_server::admin::{GroupLine, Line, Task, ask};

use crate::clock;

/// Options of `conclave admin`.
#[derive(Args, Debug)]
pub(crate) struct Admin {
    /// The server's data folder
    #[arg(long, value_name = "DIR", env = "CONCLAVE_DATA", default_value = "conclave-data")]
    #[arg(global = true)]
    data: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Look after groups
    #[command(subcommand)]
    Groups(Groups),
    /// Copy all data into a new file, also while the server runs
    Backup {
        /// The file; it must not exist yet
        file: PathBuf,
    },
    /// Check that all that is stored fits together
    Check,
}

#[derive(Debug, Subcommand)]
enum Groups {
    /// List all groups
    List,
    /// Show a group and its members
    Show {
        /// The group's ID
        group: u64,
    },
    /// Close a group: everybody is shown out, nobody can join, what was said stays
    Close {
        /// The group's ID
        group: u64,
    },
    /// Open a group that was closed
    Open {
        /// The group's ID
        group: u64,
    },
    /// Delete a group and all that was said in it
    Delete {
        /// The group's ID
        group: u64,
    },
    /// Write down all events of a group, a JSON object a line
    Export {
        /// The group's ID
        group: u64,
    },
}

/// Does what is asked.
pub(crate) fn run(admin: Admin) -> anyhow::Result<ExitCode> {
    let task = match admin.what {
        What::Groups(Groups::List) => Task::List,
        What::Groups(Groups::Show { group }) => Task::Show { group },
        What::Groups(Groups::Close { group }) => Task::Close { group },
        What::Groups(Groups::Open { group }) => Task::Open { group },
        What::Groups(Groups::Delete { group }) => Task::Delete { group },
        What::Groups(Groups::Export { group }) => Task::Export { group },
        // The server has another working folder.
        What::Backup { file } => Task::Backup {
            file: std::path::absolute(&file)
                .with_context(|| format!("{} is no place for a file", file.display()))?,
        },
        What::Check => Task::Check,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("the async runtime could not be started")?;
    let mut written = Ok(());
    let is_done = runtime.block_on(ask(&admin.data, task, clock::system(), |line| {
        if written.is_ok() {
            written = print(line);
        }
    }))?;
    match written {
        // Whoever read the output had enough (`| head`).
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error).context("the answer could not be written"),
        Ok(()) => Ok(if is_done { ExitCode::SUCCESS } else { ExitCode::from(1) }),
    }
}

/// Answers go to standard output; what is said of them to standard error, so that an export can be
/// piped.
fn print(line: &Line) -> io::Result<()> {
    let (mut out, mut aside) = (io::stdout().lock(), io::stderr().lock());
    match line {
        Line::Group(group) => writeln!(out, "{}", described(group)),
        Line::Member { name, is_here: true } => writeln!(out, "  {name}"),
        Line::Member { name, is_here: false } => writeln!(out, "  {name} (away)"),
        Line::Topic(topic) => writeln!(out, "  topic: {topic}"),
        Line::Event(event) => writeln!(out, "{event}"),
        Line::Problem(problem) => writeln!(out, "{problem}"),
        Line::Done(said) => writeln!(aside, "{said}."),
        Line::Failed(why) => writeln!(aside, "conclave: {why}"),
    }
}

fn described(group: &GroupLine) -> String {
    let GroupLine { group, created_at, events, last_at, is_closed, is_deleted_when_empty } = group;
    let closed = if *is_closed { "  closed" } else { "" };
    let passing = if *is_deleted_when_empty { "  deleted when empty" } else { "" };
    format!("{group}  created {created_at}  last event {last_at}  {events} events{closed}{passing}")
}
