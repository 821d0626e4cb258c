//! The golden conversations over TCP, against the program as it is run: a few servers, each of
//! which plays one file after the other, and one for each file that speaks IRC.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use conclave_transcript::{Read, Runs, Stage, StageError, Transcript, play, read_all};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::program::{Server, number_told};

/// Longest wait for what is to be seen.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// Time in which everything under way has arrived on one machine: absence cannot be polled for.
const SETTLED_AFTER: Duration = Duration::from_millis(100);
/// Files played at a time; most of their time they wait.
const AT_A_TIME: usize = 12;

/// A server and what it was told.
struct TcpStage {
    folder: TempDir,
    options: Vec<String>,
    server: Option<Server>,
}

impl TcpStage {
    fn open(options: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Some(start(folder.path(), options));
        Self { folder, options: options.to_vec(), server }
    }

    fn server(&self) -> &Server {
        self.server.as_ref().expect("it is gone only while it restarts")
    }

    /// Plays a transcript; tells what was not held, and the server's log.
    fn play(&mut self, transcript: &Transcript) -> Option<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let failure = runtime.block_on(play(transcript, self)).err()?;
        Some(format!("{failure}\n{}\n", self.server().program.complaints()))
    }
}

fn start(folder: &Path, options: &[String]) -> Server {
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    Server::start(folder, &options)
}

impl Stage for TcpStage {
    type Connection = TcpStream;

    async fn connect(&mut self, door: &str) -> Result<TcpStream, StageError> {
        // Browsers come to the listener that never speaks first.
        let server = self.server();
        let address = if door == "http" { server.web } else { server.terminals };
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn write(&mut self, connection: &mut TcpStream, bytes: &[u8]) -> Result<(), StageError> {
        Ok(connection.write_all(bytes).await?)
    }

    async fn read(&mut self, connection: &mut TcpStream) -> Result<Read, StageError> {
        let mut bytes = vec![0; 64 * 1024];
        match tokio::time::timeout(WAIT_MAX, connection.read(&mut bytes)).await {
            Err(_elapsed) => Ok(Read::Nothing),
            Ok(count) => Ok(read(bytes, count?)),
        }
    }

    async fn read_now(&mut self, connection: &mut TcpStream) -> Result<Read, StageError> {
        let mut bytes = vec![0; 64 * 1024];
        // The runtime learns that something has arrived only when it looks.
        tokio::task::yield_now().await;
        match connection.try_read(&mut bytes) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(Read::Nothing),
            count => Ok(read(bytes, count?)),
        }
    }

    async fn end_input(&mut self, connection: &mut TcpStream) -> Result<(), StageError> {
        Ok(connection.shutdown().await?)
    }

    async fn settle(&mut self) -> Result<(), StageError> {
        // Polls until nothing more comes: that nothing is seen can only be waited for.
        tokio::time::sleep(SETTLED_AFTER).await;
        Ok(())
    }

    async fn pass(&mut self, time: Duration) -> Result<(), StageError> {
        // Polls until the time has passed by which the program runs.
        tokio::time::sleep(time).await;
        Ok(())
    }

    async fn restart(&mut self) -> Result<(), StageError> {
        if let Some(server) = self.server.take() {
            server.stop();
        }
        self.server = Some(start(self.folder.path(), &self.options));
        Ok(())
    }
}

fn read(mut bytes: Vec<u8>, count: usize) -> Read {
    bytes.truncate(count);
    if bytes.is_empty() { Read::Closed } else { Read::Bytes(bytes) }
}

/// Plays what waits to be played; tells what was not held.
fn play_each<'all>(next: impl Fn() -> Option<&'all Transcript>) -> Vec<String> {
    let mut failures = Vec::new();
    let mut plain: Option<TcpStage> = None;
    while let Some(transcript) = next() {
        // On IRC nicks, channels and accounts are the server's, so that one file's would meet
        // another's; at the other doors a file knows only the groups that it made.
        let can_share = transcript.options().is_empty() && !transcript.speaks("irc");
        let failure = if can_share {
            let stage = plain.get_or_insert_with(|| TcpStage::open(&[]));
            stage.play(transcript)
        } else {
            TcpStage::open(transcript.options()).play(transcript)
        };
        if failure.is_some() {
            // What it left behind is not to trouble the next.
            plain = None;
        }
        failures.extend(failure);
    }
    failures
}

/// An ordinary run plays one in so many: in memory all are played.
const STEP: u64 = 6;

#[test]
fn transcripts_play_over_tcp() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/transcripts");
    let transcripts = read_all(&folder).unwrap();
    let over_tcp = transcripts.iter().filter(|transcript| transcript.runs() == Runs::Everywhere);
    let step = usize::try_from(number_told("CONCLAVE_TRANSCRIPTS_STEP", STEP)).unwrap();
    let over_tcp = over_tcp.step_by(step);
    let waiting = Mutex::new(over_tcp);
    let next = || waiting.lock().unwrap().next();
    let mut failures = Vec::new();
    std::thread::scope(|scope| {
        let mut players = Vec::new();
        players.resize_with(AT_A_TIME, || scope.spawn(|| play_each(next)));
        for player in players {
            failures.extend(player.join().unwrap());
        }
    });
    assert!(failures.is_empty(), "{} not held:\n\n{}", failures.len(), failures.join("\n"));
}
