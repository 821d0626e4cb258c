//! Connection: one client from its first byte to its last: looks which door it wants, and hands it
//! over.
//!
//! Does not know how a listener accepts, nor what a door says. The bytes that were looked at are
//! handed on with the connection.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use conclave_core::limits;
use conclave_doors::console::ConsoleDoor;
use conclave_doors::irc::written::Framing;
use conclave_hub::{Going, Outlet};
use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::detect::{Detected, detect};
use crate::drive::Driver;
use crate::irc::IrcDriver;
use crate::refuse::Turned;
use crate::server::Context;
use crate::stage::{Stage, Stages};
use crate::tcp::Socket;
use crate::web;

/// What a listener is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listens {
    /// Greets who stays silent with the console's menu.
    Greeting,
    /// Never speaks first.
    Silent,
}

/// The reading half of a connection.
pub(crate) enum Reader {
    /// A TCP connection's socket: it takes no room of its own.
    Tcp(Arc<Socket>),
    /// Whatever stands for one.
    Other(Pin<Box<dyn AsyncRead + Send>>),
}

impl AsyncRead for Reader {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut TaskContext<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(socket) => socket.poll_read(context, buffer),
            Self::Other(reader) => reader.as_mut().poll_read(context, buffer),
        }
    }
}

/// Serves a connection until it ends.
pub(crate) fn serve(
    context: Arc<Context>,
    listens: Listens,
    address: IpAddr,
    reader: Reader,
    outlet: Arc<Outlet>,
) -> Stages {
    Stages(Stage::new(admit(context, listens, address, reader, outlet)))
}

/// Looks which door a connection wants.
async fn admit(
    context: Arc<Context>,
    listens: Listens,
    address: IpAddr,
    mut reader: Reader,
    outlet: Arc<Outlet>,
) -> Option<Stage> {
    let place = match context.gate.enter(address, &outlet) {
        Ok(place) => place,
        Err(turned) => match Arc::clone(&context.turning_away).try_acquire_owned() {
            Ok(turn) => {
                return Some(Stage::new(async move {
                    turn_away(context, reader, outlet, turned).await;
                    drop(turn);
                    None
                }));
            }
            // A crowd that is turned away must not take the descriptors that the log needs.
            Err(_enough) => {
                outlet.close();
                return None;
            }
        },
    };
    let look = Look { context: &context, listens, outlet: &outlet, door: None };
    Some(match look.run(&mut reader).await {
        Ok(Looked::Console(door, first)) => {
            Driver::new(context, place, (reader, outlet), door).run(&first)
        }
        Ok(Looked::Web(first)) => web::serve(context, place, (reader, outlet), first),
        Ok(Looked::Irc(first)) => {
            IrcDriver::new(context, place, (reader, outlet), Framing::Lines).run(&first)
        }
        Ok(Looked::Turn(turned)) => Stage::new(async move {
            turn_away(context, reader, outlet, turned).await;
            drop(place);
            None
        }),
        Ok(Looked::Gone) | Err(_) => {
            outlet.close();
            return None;
        }
    })
}

/// Tells a client why it is not served, and waits a little for it to read that: a connection that
/// is closed with unread input would take the sentence back.
async fn turn_away(context: Arc<Context>, mut reader: Reader, outlet: Arc<Outlet>, turned: Turned) {
    tracing::debug!(?turned, "connection turned away");
    context.hub.put(&outlet, Bytes::from(turned.words()));
    Box::pin(linger(&context.stopping, &outlet, &mut reader, limits::TURNED_AWAY_MAX)).await;
}

/// Closes the writing half once all is written, and reads what still comes until the peer closes.
pub(crate) async fn linger(
    stopping: &CancellationToken,
    outlet: &Outlet,
    reader: &mut Reader,
    longest: Duration,
) {
    let deadline = Instant::now() + longest;
    while !outlet.is_drained() {
        tokio::select! {
            () = outlet.stirred() => {}
            () = tokio::time::sleep_until(deadline) => break,
        }
    }
    outlet.close();
    let mut scratch = [0; 1024];
    let drain =
        async { while matches!(reader.read(&mut scratch).await, Ok(count) if count > 0) {} };
    // Whether the peer closed in time makes no difference.
    let has_waited = async {
        tokio::select! {
            () = tokio::time::sleep(limits::LINGER_MAX) => {}
            () = async {
                stopping.cancelled().await;
                tokio::time::sleep(limits::STOP_LINGER_MAX).await;
            } => {}
        }
    };
    tokio::select! {
        () = drain => {}
        () = has_waited => {}
        () = tokio::time::sleep_until(deadline) => {}
    }
}

/// What the first bytes led to.
enum Looked {
    /// The console, which may have greeted already, and the bytes that were looked at.
    Console(ConsoleDoor, BytesMut),
    /// The web, and the bytes that were looked at.
    Web(BytesMut),
    /// IRC, and the bytes that were looked at.
    Irc(BytesMut),
    /// It is turned away.
    Turn(Turned),
    /// It is gone.
    Gone,
}

/// Looking at the first bytes.
struct Look<'look> {
    context: &'look Context,
    listens: Listens,
    outlet: &'look Arc<Outlet>,
    /// The console, once it has greeted.
    door: Option<ConsoleDoor>,
}

impl Look<'_> {
    async fn run(mut self, reader: &mut Reader) -> io::Result<Looked> {
        let started = Instant::now();
        let greeting_at = started + self.context.greeting_delay;
        let mut first = BytesMut::new();
        let mut first_at = None;
        loop {
            match detect(&first) {
                Detected::NeedMore => {}
                Detected::Console => return Ok(self.console(first)),
                // Who was greeted is in the console, which shows a browser out.
                Detected::Http if self.door.is_none() => return Ok(Looked::Web(first)),
                Detected::Http => return Ok(self.console(first)),
                Detected::Irc => return Ok(Looked::Irc(first)),
                Detected::Tls => return Ok(Looked::Turn(Turned::NotOpen(Detected::Tls))),
            }
            // A few bytes that could still become a method or an IRC command are, after a while,
            // the answer of somebody who sends no line ends (B13).
            let give_up_at = match (first_at, self.listens) {
                (Some(first_at), _) => first_at + limits::UNFRAMED_AFTER,
                (None, Listens::Greeting) if self.door.is_none() => greeting_at,
                (None, Listens::Greeting) => started + limits::SIGN_IN_MAX,
                (None, Listens::Silent) => started + limits::DETECT_MAX,
            };
            tokio::select! {
                why = self.outlet.asked_to_go() => return Ok(match why {
                    Going::MakeRoom => Looked::Turn(Turned::MadeRoom),
                    // Who has seen the menu is told by the console.
                    Going::Stopping if self.door.is_some() => self.console(first),
                    Going::Stopping => Looked::Gone,
                }),
                read = reader.read_buf(&mut first) => {
                    if read? == 0 {
                        // It sent all it had and waits: what it sent is not lost.
                        return Ok(if first.is_empty() { Looked::Gone } else { self.console(first) });
                    }
                    first_at = first_at.or_else(|| Some(Instant::now()));
                }
                () = tokio::time::sleep_until(give_up_at) => {
                    if !first.is_empty() || self.door.is_some() {
                        return Ok(self.console(first));
                    }
                    if self.listens == Listens::Silent {
                        return Ok(Looked::Gone);
                    }
                    self.greet();
                }
            }
        }
    }

    fn greet(&mut self) {
        let mut door = ConsoleDoor::new(Instant::now().into_std());
        while let Some(bytes) = door.poll_output() {
            self.context.hub.put(self.outlet, bytes);
        }
        self.door = Some(door);
    }

    fn console(self, first: BytesMut) -> Looked {
        if self.listens == Listens::Silent {
            return Looked::Turn(Turned::NotForTerminals);
        }
        let door = self.door.unwrap_or_else(|| ConsoleDoor::new(Instant::now().into_std()));
        Looked::Console(door, first)
    }
}
