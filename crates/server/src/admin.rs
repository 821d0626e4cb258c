//! Admin: what whoever runs the server does with groups and data, on a folder at rest or through
//! a running server's own socket.
//!
//! One request a connection, a JSON line; the answer is JSON lines. The socket stands in the data
//! folder and is open to its owner only: that is the authority, and there is no password. Does not
//! know how answers are printed.

mod socket;

use std::path::PathBuf;
use std::sync::Arc;

use conclave_core::{GroupId, Refusal, Seq, limits};
use conclave_doors::api::EventShown;
use conclave_hub::Hub;
use conclave_log::sqlite::SqliteLog;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

pub(crate) use socket::Counter;
pub use socket::{AskError, ask};

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Task {
    /// List all groups.
    List,
    /// Show a group and its members.
    Show {
        /// Its number.
        group: u64,
    },
    /// Close a group: everybody is shown out, nobody can join, what was said stays.
    Close {
        /// Its number.
        group: u64,
    },
    /// Open a group that was closed.
    Open {
        /// Its number.
        group: u64,
    },
    /// Delete a group and all that was said in it.
    Delete {
        /// Its number.
        group: u64,
    },
    /// Write down all events of a group.
    Export {
        /// Its number.
        group: u64,
    },
    /// Copy all data into a new file.
    Backup {
        /// The file, as an absolute path.
        file: PathBuf,
    },
    /// Check that all that is stored fits together.
    Check,
}

/// A line of an answer. The last one is [`Line::Done`] or [`Line::Failed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// A group in a list.
    Group(GroupLine),
    /// A member of the group that is shown.
    Member {
        /// Its name.
        name: String,
        /// Whether it is connected.
        is_here: bool,
    },
    /// The topic of the group that is shown.
    Topic(String),
    /// An event: the JSON that programs read, as text.
    Event(String),
    /// A problem that a check found.
    Problem(String),
    /// It is done, and what is to be said of it.
    Done(String),
    /// It was not done, and why.
    Failed(String),
}

/// A group in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupLine {
    /// Its number.
    pub group: u64,
    /// When it was made (RFC 3339).
    pub created_at: String,
    /// How many events it has.
    pub events: u64,
    /// When the last of them was (RFC 3339).
    pub last_at: String,
    /// Whether it is closed.
    pub is_closed: bool,
    /// Whether it is deleted when its last member has left.
    pub is_deleted_when_empty: bool,
}

/// Does what is asked of it.
#[derive(Clone, Debug)]
pub(crate) struct Admin {
    hub: Arc<Hub>,
    log: Arc<SqliteLog>,
}

/// Groups that are listed at once.
const GROUPS_A_PAGE: usize = 256;

/// Whoever reads the lines has gone.
struct Gone;

impl Admin {
    pub(crate) const fn new(hub: Arc<Hub>, log: Arc<SqliteLog>) -> Self {
        Self { hub, log }
    }

    /// Does a task; its lines come out of the receiver.
    pub(crate) fn answer(&self, task: Task) -> mpsc::Receiver<Line> {
        let (lines, answer) = mpsc::channel(limits::ADMIN_LINES_WAITING_MAX);
        let admin = self.clone();
        // Ends by itself: with the task, or when whoever reads has gone.
        #[expect(clippy::disallowed_methods, reason = "bounded by its reader")]
        let _task = tokio::spawn(async move {
            let last = match admin.work(task, &lines).await {
                Ok(Ok(said)) => Line::Done(said),
                Ok(Err(refusal)) => Line::Failed(refusal.to_string()),
                Err(Gone) => return,
            };
            // Whoever asked may have gone by now.
            let _gone = lines.send(last).await;
        });
        answer
    }

    async fn work(
        &self,
        task: Task,
        lines: &mpsc::Sender<Line>,
    ) -> Result<Result<String, Problem>, Gone> {
        Ok(match task {
            Task::List => return self.list(lines).await,
            Task::Show { group } => match number(group) {
                Ok(id) => return self.show(id, lines).await,
                Err(problem) => Err(problem),
            },
            Task::Export { group } => match number(group) {
                Ok(id) => return self.export(id, lines).await,
                Err(problem) => Err(problem),
            },
            Task::Check => return self.check(lines).await,
            Task::Close { group } => match number(group) {
                Ok(id) => done(self.hub.close(id).await, id, "is closed"),
                Err(problem) => Err(problem),
            },
            Task::Open { group } => match number(group) {
                Ok(id) => done(self.hub.open(id).await, id, "is open"),
                Err(problem) => Err(problem),
            },
            Task::Delete { group } => match number(group) {
                Ok(id) => done(self.hub.delete(id).await, id, "is deleted"),
                Err(problem) => Err(problem),
            },
            Task::Backup { file } if file.exists() => Err(Problem::Other(format!(
                "{} exists already. Choose another name for the backup",
                file.display()
            ))),
            Task::Backup { file } => match self.log.backup(&file).await {
                Ok(()) => Ok(format!("All groups are saved in {}", file.display())),
                Err(error) => Err(Problem::Other(error.to_string())),
            },
        })
    }

    async fn list(&self, lines: &mpsc::Sender<Line>) -> Result<Result<String, Problem>, Gone> {
        let mut after = None;
        let mut count = 0_usize;
        loop {
            let page = match self.hub.groups(after, GROUPS_A_PAGE).await {
                Ok(page) => page,
                Err(refusal) => return Ok(Err(refusal.into())),
            };
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            count += page.len();
            for listed in page {
                send(lines, Line::Group(GroupLine::from(&listed))).await?;
            }
        }
        Ok(Ok(counted(count as u64, "group")))
    }

    async fn show(
        &self,
        id: GroupId,
        lines: &mpsc::Sender<Line>,
    ) -> Result<Result<String, Problem>, Gone> {
        let shown = match self.hub.show(id).await {
            Ok(Some(shown)) => shown,
            Ok(None) => return Ok(Err(Problem::NoSuchGroup(id.get()))),
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        send(lines, Line::Group(GroupLine::from(&shown.listed))).await?;
        if !shown.topic.is_empty() {
            send(lines, Line::Topic(shown.topic.as_str().to_owned())).await?;
        }
        let count = shown.members.len();
        for (name, is_here) in shown.members {
            send(lines, Line::Member { name: name.as_str().to_owned(), is_here }).await?;
        }
        Ok(Ok(counted(count as u64, "member")))
    }

    async fn export(
        &self,
        id: GroupId,
        lines: &mpsc::Sender<Line>,
    ) -> Result<Result<String, Problem>, Gone> {
        let mut from = Seq(1);
        loop {
            let page = match self.hub.export(id, from).await {
                Ok(page) => page,
                Err(Refusal::GroupClosed) => return Ok(Err(Problem::NoSuchGroup(id.get()))),
                Err(refusal) => return Ok(Err(refusal.into())),
            };
            let Some(last) = page.last() else { break };
            from = last.seq.next();
            for event in &page {
                let written = serde_json::to_string(&EventShown::from(event)).unwrap_or_default();
                send(lines, Line::Event(written)).await?;
            }
        }
        Ok(Ok(counted(from.minus(1).0, "event")))
    }

    async fn check(&self, lines: &mpsc::Sender<Line>) -> Result<Result<String, Problem>, Gone> {
        let checked = match self.log.check().await {
            Ok(checked) => checked,
            Err(error) => return Ok(Err(Problem::Other(error.to_string()))),
        };
        let (groups, events) = (counted(checked.groups, "group"), counted(checked.events, "event"));
        let is_well = checked.problems.is_empty();
        for problem in checked.problems {
            send(lines, Line::Problem(problem)).await?;
        }
        Ok(if is_well {
            Ok(format!("All is well: {groups}, {events}"))
        } else {
            Err(Problem::Other(format!(
                "The data is damaged ({groups} and {events} were read). \
                 Stop the server and restore a backup"
            )))
        })
    }
}

/// So many of something, in words.
fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

async fn send(lines: &mpsc::Sender<Line>, line: Line) -> Result<(), Gone> {
    lines.send(line).await.map_err(|_gone| Gone)
}

/// Why a task was not done.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("there is no group {0}; `conclave admin groups list` shows all")]
    NoSuchGroup(u64),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("{0}")]
    Other(String),
}

fn number(group: u64) -> Result<GroupId, Problem> {
    GroupId::new(group).ok_or(Problem::NoSuchGroup(group))
}

fn done(outcome: Result<bool, Refusal>, id: GroupId, what: &str) -> Result<String, Problem> {
    match outcome {
        Ok(true) => Ok(format!("Group {id} {what}")),
        Ok(false) => Err(Problem::NoSuchGroup(id.get())),
        Err(refusal) => Err(refusal.into()),
    }
}

impl From<&conclave_log::Listed> for GroupLine {
    fn from(listed: &conclave_log::Listed) -> Self {
        Self {
            group: listed.id.get(),
            created_at: listed.created_at.render_rfc3339(),
            events: listed.head.0,
            last_at: listed.last_at.render_rfc3339(),
            is_closed: listed.options.is_closed,
            is_deleted_when_empty: listed.options.is_deleted_when_empty,
        }
    }
}
