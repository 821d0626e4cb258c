//! The line client: what is typed is sent, what arrives is shown.
//!
//! Does not know the console's questions, so it cannot hide a password while it is typed. Does
//! not know what its ends are: a terminal, pipes, or memory in a test.
//!
//! Invariants: it ends within a bound once the server is gone, the input has ended or the person
//! wants to leave; and what was typed and not sent is told (B5).

use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::select;
use tokio::time::{Duration, sleep, timeout};

use crate::connect::{ClientError, connect};
use crate::screen::Screen;
use crate::typed::Typed;
use crate::{limits, words};

/// Who types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typist {
    /// A person at a terminal, who may be in the middle of a line when the server goes: there is
    /// a wait of 10 seconds for it, so that it is answered.
    Person,
    /// A pipe or a file: nobody to wait for.
    Pipe,
}

/// How a conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The server said goodbye, as it was asked to, and closed the connection.
    Goodbye,
    /// The client left: its input ended, its output was closed, or it was interrupted.
    Left,
    /// The server closed the connection without having been asked to.
    Closed,
    /// The connection broke.
    Lost,
}

impl Ended {
    /// Whether it ended otherwise than the one who chats wanted.
    pub const fn is_unwanted(self) -> bool {
        matches!(self, Self::Closed | Self::Lost)
    }
}

/// Connects to `address` (`host`, `host:port`, `[::1]:port`; port 5555 where none is given) and
/// chats until the server or the client ends it.
///
/// What arrives goes to `output`, what the client itself has to say to `notices`. At the end of
/// `input` everything is sent, the client's half of the connection is closed, and what still
/// arrives is shown until the server closes its half. When `interrupt` ends, the client leaves in
/// the same way and waits two seconds for the server's last words.
///
/// A read of `input` may still be under way when this ends. Where that is the process's standard
/// input, a thread stands in it that only the end of the process ends.
///
/// # Errors
/// Where the server cannot be reached, or `output` cannot be written to.
///
/// # Cancel safety
/// Dropped, it hangs up.
pub async fn run(
    address: &str,
    typist: Typist,
    input: impl AsyncRead + Unpin,
    output: impl AsyncWrite + Unpin,
    mut notices: impl AsyncWrite + Unpin,
    interrupt: impl Future<Output = ()>,
) -> Result<Ended, ClientError> {
    let mut interrupt = pin!(interrupt);
    let stream = select! {
        connected = connect(address) => connected?,
        () = &mut interrupt => return Ok(Ended::Left),
    };
    let (mut from, mut to) = stream.into_split();
    let mut screen = Screen::new(output);
    let mut typed = Typed::new(input);

    let hearing = chat(&mut from, &mut to, &mut screen, &mut typed, interrupt.as_mut()).await;
    let finished = screen.finish().await;
    let (ended, told) = match hearing {
        Hearing::OutputFailed(problem) => return output_failed(problem),
        Hearing::Left => (Ended::Left, None),
        Hearing::Quiet => (Ended::Left, Some(words::QUIET.to_owned())),
        Hearing::Closed | Hearing::Lost(_) if words::FAREWELLS.contains(&screen.last_line()) => {
            (Ended::Goodbye, Some(words::CLOSED.to_owned()))
        }
        Hearing::Closed => (Ended::Closed, Some(words::CLOSED.to_owned())),
        Hearing::Lost(why) => (Ended::Lost, Some(words::lost(&why))),
    };
    if let Err(problem) = finished {
        return output_failed(problem);
    }
    if let Some(told) = told {
        tell(&mut notices, &told).await;
    }
    if ended.is_unwanted() && !typed.has_unsent() {
        let typing_max = match typist {
            Typist::Person => {
                tell(&mut notices, words::PRESS_ENTER).await;
                limits::TYPING_MAX
            }
            Typist::Pipe => Duration::ZERO,
        };
        // What is typed stays in `typed`; whether there is any is asked below.
        select! {
            _ = timeout(typing_max, typed.line()) => {}
            () = interrupt => {}
        }
    }
    if ended != Ended::Left && typed.has_text_unsent() {
        tell(&mut notices, words::NOT_SENT).await;
    }
    Ok(ended)
}

/// What became of the listening.
enum Hearing {
    /// The server closed the connection of itself.
    Closed,
    /// It broke.
    Lost(io::Error),
    /// The client left, and the server closed the connection or was given time to.
    Left,
    /// The client's input had ended, and nothing came for long.
    Quiet,
    OutputFailed(io::Error),
}

/// What ended first.
enum First {
    Heard(Hearing),
    /// The input has ended, all of it was sent and the half of the connection closed.
    AllSent,
    /// A line could not be sent.
    NotSent,
    Interrupted,
}

/// Talks and listens until one of both has ended, then listens to the last words.
async fn chat(
    from: &mut OwnedReadHalf,
    to: &mut OwnedWriteHalf,
    screen: &mut Screen<impl AsyncWrite + Unpin>,
    typed: &mut Typed<impl AsyncRead + Unpin>,
    mut interrupt: Pin<&mut impl Future<Output = ()>>,
) -> Hearing {
    let heard = AtomicU64::new(0);
    let mut listening = pin!(listen(from, screen, &heard));
    let first = select! {
        hearing = &mut listening => First::Heard(hearing),
        talk = talk(typed, to) => talk.map_or(First::NotSent, |()| First::AllSent),
        () = &mut interrupt => First::Interrupted,
    };
    match first {
        First::Heard(hearing) => hearing,
        // The reading half tells why, as soon as the system knows.
        First::NotSent => timeout(limits::LAST_WORDS_MAX, listening).await.unwrap_or_else(|_| {
            Hearing::Lost(io::Error::new(io::ErrorKind::BrokenPipe, "it takes nothing more"))
        }),
        First::Interrupted => {
            // Where it fails there is nobody to leave.
            if to.shutdown().await.is_ok() {
                let hearing = timeout(limits::LAST_WORDS_MAX, listening).await;
                return left(hearing.unwrap_or(Hearing::Left));
            }
            Hearing::Left
        }
        First::AllSent => loop {
            let heard_before = heard.load(Ordering::Relaxed);
            select! {
                hearing = &mut listening => return left(hearing),
                () = &mut interrupt => return Hearing::Left,
                () = sleep(limits::QUIET_MAX) => {
                    if heard.load(Ordering::Relaxed) == heard_before {
                        return Hearing::Quiet;
                    }
                }
            }
        },
    }
}

/// An end that follows on the client's own is what the client wanted.
fn left(hearing: Hearing) -> Hearing {
    if matches!(hearing, Hearing::Closed) { Hearing::Left } else { hearing }
}

async fn talk(
    typed: &mut Typed<impl AsyncRead + Unpin>,
    to: &mut OwnedWriteHalf,
) -> io::Result<()> {
    while let Some(line) = typed.line().await {
        to.write_all(line).await?;
        typed.sent();
    }
    to.shutdown().await
}

/// Shows what arrives until nothing more does; counts the reads in `heard`.
async fn listen(
    from: &mut OwnedReadHalf,
    screen: &mut Screen<impl AsyncWrite + Unpin>,
    heard: &AtomicU64,
) -> Hearing {
    let mut bytes = vec![0; limits::READ_BYTES];
    loop {
        let read_len = match from.read(&mut bytes).await {
            Ok(0) => return Hearing::Closed,
            Ok(read_len) => read_len,
            Err(problem) => return Hearing::Lost(problem),
        };
        heard.fetch_add(1, Ordering::Relaxed);
        if let Err(problem) = screen.show(bytes.get(..read_len).unwrap_or_default()).await {
            return Hearing::OutputFailed(problem);
        }
    }
}

/// Whoever read the output has seen enough and closed it, or it is broken.
fn output_failed(problem: io::Error) -> Result<Ended, ClientError> {
    if problem.kind() == io::ErrorKind::BrokenPipe {
        return Ok(Ended::Left);
    }
    Err(ClientError::Output(problem))
}

/// Tells the one who chats something. Where nobody takes notices, nobody misses them.
async fn tell(notices: &mut (impl AsyncWrite + Unpin), told: &str) {
    if notices.write_all(format!("{told}\n").as_bytes()).await.is_ok() {
        notices.flush().await.unwrap_or_default();
    }
}
