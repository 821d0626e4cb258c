//! Pipe: a sink with a bounded buffer whose other end a test reads when it likes.

use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use conclave_hub::Sink;

/// Both ends.
#[derive(Clone, Debug)]
pub(crate) struct Pipe(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    bytes: Vec<u8>,
    room: usize,
    is_gone: bool,
    is_shut: bool,
    waker: Option<Waker>,
}

impl Pipe {
    /// A pipe that holds that many bytes.
    pub(crate) fn new(room: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            bytes: Vec::new(),
            room,
            is_gone: false,
            is_shut: false,
            waker: None,
        })))
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes at most `count` of the bytes that have arrived.
    pub(crate) fn read(&self, count: usize) -> Vec<u8> {
        let taken = self.read_unnoticed(count);
        self.notice();
        taken
    }

    /// Takes bytes, of which whoever waits for room hears only later, as with a socket: a write
    /// that comes before that finds the room.
    pub(crate) fn read_unnoticed(&self, count: usize) -> Vec<u8> {
        self.with(|state| state.bytes.drain(..count.min(state.bytes.len())).collect())
    }

    /// Has whoever waits for room hear of it.
    pub(crate) fn notice(&self) {
        self.with(|state| {
            if let Some(waker) = state.waker.take() {
                waker.wake();
            }
        });
    }

    /// Takes what has arrived, as text.
    pub(crate) fn read_text(&self) -> String {
        String::from_utf8(self.read(usize::MAX)).unwrap()
    }

    /// Changes how many bytes it holds.
    pub(crate) fn set_room(&self, room: usize) {
        self.with(|state| state.room = room);
        self.notice();
    }

    /// Whether the writing side has said that nothing more will come.
    pub(crate) fn is_shut(&self) -> bool {
        self.with(|state| state.is_shut)
    }

    /// The peer is gone: writing fails.
    pub(crate) fn hang_up(&self) {
        self.with(|state| state.is_gone = true);
        self.notice();
    }
}

impl Sink for Pipe {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.with(|state| {
            if state.is_gone {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let mut written = 0;
            for slice in slices {
                let count = slice.len().min(state.room.saturating_sub(state.bytes.len()));
                state.bytes.extend_from_slice(&slice[..count]);
                written += count;
            }
            let is_blocked = written == 0 && slices.iter().any(|slice| !slice.is_empty());
            if is_blocked { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(written) }
        })
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|state| {
            if state.is_gone || state.bytes.len() < state.room {
                Poll::Ready(Ok(()))
            } else {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        })
    }

    fn shut(&self) {
        self.with(|state| state.is_shut = true);
    }
}
