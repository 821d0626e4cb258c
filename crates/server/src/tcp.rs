//! TCP: a socket's options, and its writing half as the hub writes to it.
//!
//! Does not know doors. `TCP_NODELAY` always: without it a reply waits 40 ms for an acknowledgement.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::task::{Context, Poll};

use conclave_core::limits;
use conclave_hub::Sink;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;

/// Sets the options of an accepted socket.
pub(crate) fn set_options(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(limits::KEEPALIVE_AFTER)
        .with_interval(limits::KEEPALIVE_INTERVAL)
        .with_retries(limits::KEEPALIVE_TRIES);
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

/// The writing half of a TCP connection.
#[derive(Debug)]
pub(crate) struct TcpSink(pub(crate) OwnedWriteHalf);

impl Sink for TcpSink {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match slices {
            [one] => self.0.try_write(one),
            _ => self.0.try_write_vectored(slices),
        }
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_ref().poll_write_ready(context)
    }

    fn ends(&self) -> Option<(SocketAddr, SocketAddr)> {
        let stream = self.0.as_ref();
        Some((stream.local_addr().ok()?, stream.peer_addr().ok()?))
    }

    fn shut(&self) {
        // A connection that is already gone cannot be shut, and need not be.
        drop(SockRef::from(self.0.as_ref()).shutdown(std::net::Shutdown::Write));
    }
}

/// Where nothing can be written.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct Nowhere;

#[cfg(test)]
impl Sink for Nowhere {
    fn try_write(&self, _slices: &[IoSlice<'_>]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn poll_writable(&self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn shut(&self) {}
}
