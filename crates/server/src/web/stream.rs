//! Stream: a connection as hyper wants it: reads the bytes that were looked at and then the reader,
//! writes to the outlet.
//!
//! When it is dropped the reader is handed back, so that what comes after HTTP goes on with it. Does
//! not know HTTP.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::{Buf as _, BytesMut};
use conclave_core::limits;
use conclave_hub::Outlet;
use tokio::io::{AsyncRead as _, ReadBuf};
use tokio::time::Sleep;

use crate::connection::Reader;
use crate::waiting::with_read_buffer;

/// See the module.
pub(super) struct Stream {
    reader: Option<Reader>,
    first: BytesMut,
    outlet: Arc<Outlet>,
    handed: Handed,
    /// Running while the peer takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
}

/// Where the reader is handed back.
#[derive(Clone, Default)]
pub(super) struct Handed(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    reader: Option<Reader>,
    has_written: bool,
}

impl Handed {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reader, once the stream is gone.
    pub(super) fn take(&self) -> Option<Reader> {
        self.lock().reader.take()
    }

    /// Whether anything was answered.
    pub(super) fn has_written(&self) -> bool {
        self.lock().has_written
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}

impl Stream {
    pub(super) fn new(
        reader: Reader,
        first: BytesMut,
        outlet: Arc<Outlet>,
        handed: Handed,
    ) -> Self {
        Self { reader: Some(reader), first, outlet, handed, stalled: None }
    }

    fn poll_write_to_peer(
        &mut self,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(wrote) = self.outlet.poll_write(context, slices) {
            self.stalled = None;
            self.handed.lock().has_written |= wrote.is_ok();
            return Poll::Ready(wrote);
        }
        let stalled =
            self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(limits::STALL_MAX)));
        stalled.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.handed.lock().reader = self.reader.take();
    }
}

impl hyper::rt::Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut into: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.first.is_empty() {
            let count = into.remaining().min(self.first.len());
            into.put_slice(&self.first.split_to(count));
            if self.first.is_empty() {
                self.first = BytesMut::new();
            }
            return Poll::Ready(Ok(()));
        }
        let Some(reader) = &mut self.reader else { return Poll::Ready(Ok(())) };
        with_read_buffer(|buffer| {
            let mut buffer = ReadBuf::new(buffer);
            let mut limited = buffer.take(into.remaining());
            std::task::ready!(Pin::new(reader).poll_read(context, &mut limited))?;
            let mut read = limited.filled();
            while read.has_remaining() {
                let count = read.chunk().len();
                into.put_slice(read.chunk());
                read.advance(count);
            }
            Poll::Ready(Ok(()))
        })
    }
}

impl hyper::rt::Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_to_peer(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_to_peer(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Nothing: whoever is handed the reader closes the connection, once the peer had time to read.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
