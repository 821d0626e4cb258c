//! Socket: how a task reaches a running server, and a folder that none has.
//!
//! Does not know what tasks do.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use conclave_core::limits;
use conclave_hub::{HashCost, Hub, HubConfig};
use conclave_log::sqlite::{SqliteLog, SqliteOptions};
use conclave_log::{Clock, Log, LogError};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{Admin, Line, Task};

/// Name of the socket in the data folder.
const SOCKET: &str = "admin.sock";
/// Why a task could not be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// There is no data.
    #[error("there is no data in {0}. Give the server's folder with --data")]
    NoData(PathBuf),
    /// The log cannot be opened.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The server does not answer.
    #[error("the server that has {folder} does not answer: {source}")]
    NoAnswer {
        /// The data folder.
        folder: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}

/// Where tasks come in.
#[derive(Debug)]
pub(crate) struct Counter {
    listener: UnixListener,
    socket: PathBuf,
}

impl Counter {
    /// Opens the socket of a data folder whose lock is held; nothing where that fails, which does
    /// not keep a server from serving.
    pub(crate) fn open(folder: &Path) -> Option<Self> {
        let socket = folder.join(SOCKET);
        // What a former server left. The folder's lock is held: no other one answers there.
        drop(std::fs::remove_file(&socket));
        match UnixListener::bind(&socket) {
            Ok(listener) => Some(Self { listener, socket }),
            Err(error) => {
                tracing::warn!(
                    socket = %socket.display(), %error,
                    "conclave admin will not reach this server while it runs"
                );
                None
            }
        }
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.socket));
    }
}

impl Admin {
    /// Answers at the counter until told to end.
    pub(crate) async fn serve(self, counter: Counter, closing: CancellationToken) {
        let permits = Arc::new(Semaphore::new(limits::ADMIN_TASKS_MAX));
        loop {
            let accepted = tokio::select! {
                accepted = counter.listener.accept() => accepted,
                () = closing.cancelled() => break,
            };
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let Ok(permit) = Arc::clone(&permits).try_acquire_owned() else { continue };
            let admin = self.clone();
            let closing = closing.clone();
            #[expect(clippy::disallowed_methods, reason = "bounded by permits, ended by closing")]
            let _task = tokio::spawn(async move {
                let _permit = permit;
                tokio::select! {
                    // A client that has gone needs no answer.
                    _ended = admin.serve_one(stream) => {}
                    () = closing.cancelled() => {}
                }
            });
        }
    }

    async fn serve_one(&self, stream: UnixStream) -> std::io::Result<()> {
        let (reader, mut writer) = stream.into_split();
        let mut written = String::new();
        let mut reader = BufReader::new(reader.take(limits::ADMIN_TASK_BYTES_MAX));
        tokio::time::timeout(limits::ADMIN_TASK_TIME_MAX, reader.read_line(&mut written)).await??;
        let mut lines = match serde_json::from_str::<Task>(&written) {
            Ok(task) => self.answer(task),
            Err(_not_a_task) => return Ok(()),
        };
        while let Some(line) = lines.recv().await {
            let mut written = serde_json::to_vec(&line)?;
            written.push(b'\n');
            writer.write_all(&written).await?;
        }
        writer.shutdown().await
    }
}

/// Has a task done on a data folder: by the server that has it, or here where none has. Each line
/// of the answer is handed to `print`; whether it was done is told at the end.
///
/// # Errors
/// Where there is no such folder, or it cannot be opened, or the server does not answer.
///
/// # Cancel safety
/// It may be done or not.
pub async fn ask(
    folder: &Path,
    task: Task,
    clock: Clock,
    mut print: impl FnMut(&Line),
) -> Result<bool, AskError> {
    if !folder.join("conclave.db").exists() {
        return Err(AskError::NoData(folder.to_owned()));
    }
    match SqliteLog::open(folder, Arc::clone(&clock), SqliteOptions::default()) {
        Ok((log, commits)) => {
            let log = Arc::new(log);
            let config = HubConfig {
                clock,
                entropy: Arc::new(crate::config::fill_from_system),
                // Nobody signs in here.
                hash_cost: HashCost { memory_kib: 8, passes: 1, at_once: 1 },
                empty_groups_kept_for: None,
            };
            let hub = Hub::start(Arc::clone(&log) as Arc<dyn Log>, commits, config).await;
            let mut lines = Admin::new(Arc::clone(&hub), log).answer(task);
            let mut is_done = false;
            while let Some(line) = lines.recv().await {
                is_done = matches!(line, Line::Done(_));
                print(&line);
            }
            hub.stop().await;
            Ok(is_done)
        }
        Err(LogError::InUse(_)) => ask_server(folder, task, print)
            .await
            .map_err(|source| AskError::NoAnswer { folder: folder.to_owned(), source }),
        Err(error) => Err(error.into()),
    }
}

async fn ask_server(
    folder: &Path,
    task: Task,
    mut print: impl FnMut(&Line),
) -> std::io::Result<bool> {
    let mut stream = UnixStream::connect(folder.join(SOCKET)).await?;
    let mut written = serde_json::to_vec(&task)?;
    written.push(b'\n');
    stream.write_all(&written).await?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(written) = lines.next_line().await? {
        let line: Line = serde_json::from_str(&written)?;
        print(&line);
        match line {
            Line::Done(_) => return Ok(true),
            Line::Failed(_) => return Ok(false),
            _ => {}
        }
    }
    Err(std::io::ErrorKind::UnexpectedEof.into())
}
