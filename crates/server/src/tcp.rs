//! TCP: a socket's options, and how it is read and written to.
//!
//! Does not know doors. `TCP_NODELAY` always: without it a reply waits 40 ms for an acknowledgement.

use std::hint::black_box;
use std::io::{self, IoSlice, Read as _};
use std::net::SocketAddr;
use std::os::fd::AsRawFd as _;
use std::task::{Context, Poll, ready};

use conclave_core::limits;
use conclave_hub::Sink;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{Interest, ReadBuf};
use tokio::net::TcpStream;

/// Sets the options of an accepted socket.
pub(crate) fn set_options(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(limits::KEEPALIVE_AFTER)
        .with_interval(limits::KEEPALIVE_INTERVAL)
        .with_retries(limits::KEEPALIVE_TRIES);
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

/// The socket of a TCP connection, which whoever reads and whoever writes have in common: each finds
/// it where it is, and not behind a half of it.
#[derive(Debug)]
pub(crate) struct Socket(pub(crate) TcpStream);

impl Socket {
    /// Reads once what has come.
    pub(crate) fn poll_read(
        &self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(context))?;
            let mut count = 0;
            let read = self.0.try_io(Interest::READABLE, || {
                let free = buffer.initialize_unfilled();
                count = (&*SockRef::from(&self.0)).read(free)?;
                // There is no more for now, which need not be found out by reading again.
                let is_drained = (1..free.len()).contains(&count);
                if is_drained { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
            });
            match read {
                Err(error) if count == 0 && error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if count == 0 => return Poll::Ready(Err(error)),
                _ => {
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}

impl Sink for Socket {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match slices {
            [one] => self.0.try_write(one),
            _ => self.0.try_write_vectored(slices),
        }
    }

    fn approach(&self) {
        black_box(self.0.as_raw_fd());
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_write_ready(context)
    }

    fn ends(&self) -> Option<(SocketAddr, SocketAddr)> {
        Some((self.0.local_addr().ok()?, self.0.peer_addr().ok()?))
    }

    fn shut(&self) {
        // A connection that is already gone cannot be shut, and need not be.
        drop(SockRef::from(&self.0).shutdown(std::net::Shutdown::Write));
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
