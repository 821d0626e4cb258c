//! Pipe: one client's end of a connection in memory, and the ends that the server gets for it.
//!
//! What the server writes waits in a bounded buffer, so that a client that does not read is felt.
//! Does not know what is said.

use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use conclave_hub::Sink;
use conclave_transcript::Read;
use tokio::io::{AsyncWriteExt as _, DuplexStream};
use tokio::sync::Notify;

/// Bytes that are under way in one direction at the most.
const BYTES_UNDER_WAY_MAX: usize = 64 * 1024;

/// A client's end. Dropped, it hangs up.
#[derive(Debug)]
pub(crate) struct Client {
    to_server: DuplexStream,
    from_server: Arc<Way>,
}

/// The end the server writes to.
#[derive(Debug)]
pub(crate) struct ServerSink(Arc<Way>);

/// The way from the server to the client.
#[derive(Debug, Default)]
struct Way {
    state: Mutex<State>,
    /// There is something to read.
    arrived: Notify,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    is_shut: bool,
    is_client_gone: bool,
    writer: Option<Waker>,
}

/// A connection: the client's end, and what the server reads from and writes to.
pub(crate) fn connection() -> (Client, DuplexStream, ServerSink) {
    let (to_server, reader) = tokio::io::duplex(BYTES_UNDER_WAY_MAX);
    let way = Arc::new(Way::default());
    (Client { to_server, from_server: Arc::clone(&way) }, reader, ServerSink(way))
}

impl Way {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Client {
    /// Sends bytes; waits while the server does not read.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to_server.write_all(bytes).await
    }

    /// Closes the half that is written to.
    pub(crate) async fn end_input(&mut self) -> io::Result<()> {
        self.to_server.shutdown().await
    }

    /// Reads what is there.
    pub(crate) fn read_now(&self) -> Read {
        self.from_server.with(|state| {
            if let Some(writer) = state.writer.take() {
                writer.wake();
            }
            match (state.bytes.is_empty(), state.is_shut) {
                (false, _) => Read::Bytes(std::mem::take(&mut state.bytes)),
                (true, true) => Read::Closed,
                (true, false) => Read::Nothing,
            }
        })
    }

    /// Reads what is there, at most so much.
    pub(crate) fn read_at_most(&self, count: usize) -> Vec<u8> {
        self.from_server.with(|state| {
            if let Some(writer) = state.writer.take() {
                writer.wake();
            }
            let count = count.min(state.bytes.len());
            state.bytes.drain(..count).collect()
        })
    }

    /// Reads what is there, and waits for it up to `longest`.
    pub(crate) async fn read(&self, longest: Duration) -> Read {
        let arrival = async {
            loop {
                match self.read_now() {
                    Read::Nothing => self.from_server.arrived.notified().await,
                    read => return read,
                }
            }
        };
        tokio::time::timeout(longest, arrival).await.unwrap_or(Read::Nothing)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.from_server.with(|state| {
            state.is_client_gone = true;
            if let Some(writer) = state.writer.take() {
                writer.wake();
            }
        });
    }
}

impl Sink for ServerSink {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let written = self.0.with(|state| {
            if state.is_client_gone || state.is_shut {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let before = state.bytes.len();
            for slice in slices {
                let room = BYTES_UNDER_WAY_MAX - state.bytes.len();
                state.bytes.extend(slice.iter().take(room));
            }
            match state.bytes.len() - before {
                0 => Err(io::Error::from(io::ErrorKind::WouldBlock)),
                written => Ok(written),
            }
        })?;
        self.0.arrived.notify_one();
        Ok(written)
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.with(|state| {
            let is_full = state.bytes.len() >= BYTES_UNDER_WAY_MAX;
            if is_full && !state.is_client_gone && !state.is_shut {
                state.writer = Some(context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(Ok(()))
        })
    }

    fn shut(&self) {
        self.0.with(|state| state.is_shut = true);
        self.0.arrived.notify_one();
    }
}

impl Drop for ServerSink {
    fn drop(&mut self) {
        self.shut();
    }
}
