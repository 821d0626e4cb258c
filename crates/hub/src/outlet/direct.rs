//! Direct: writes to a connection whose protocol is driven by somebody else, before it stands in a
//! group: HTTP before a WebSocket.
//!
//! Keeps nothing: what the peer does not take stays with the caller. Does not know HTTP.

use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

use super::{Outlet, Wrote};

impl Outlet {
    /// Writes what the peer takes of these bytes, after all that was put in before. Polled by one
    /// task at a time, and only while the outlet stands in no group.
    ///
    /// # Errors
    /// [`io::ErrorKind::BrokenPipe`] where the peer is gone or the outlet out of use.
    pub fn poll_write(
        &self,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let gone = || Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        if slices.iter().all(|slice| slice.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        loop {
            let wrote = {
                let mut feed = self.lock();
                if feed.is_closed {
                    return gone();
                }
                match self.flush(&mut feed) {
                    Wrote::All => self.try_write(slices),
                    wrote => Err(wrote),
                }
            };
            match wrote {
                Ok(count) => return Poll::Ready(Ok(count)),
                Err(Wrote::Gone) => {
                    self.abandon();
                    return gone();
                }
                Err(_) => ready!(self.sink.poll_writable(context))?,
            }
        }
    }
}
