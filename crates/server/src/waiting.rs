//! Waiting: what a connection that has nothing to do waits with: one alarm, made when it is needed,
//! and a buffer to read into that it shares with its thread.
//!
//! Does not know protocols.

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use conclave_core::limits;
use tokio::io::{AsyncRead as _, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::connection::Reader;

/// Bytes that are read at once. One buffer a thread: an idle connection holds none.
const READ_BYTES: usize = 16 * 1024;

/// The door takes in no more while so many bytes of answers wait: more than one read.
const _: () = assert!(limits::ANSWERS_BYTES_MAX > READ_BYTES);

thread_local! {
    static READ_BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into_boxed_slice());
}

/// What came of waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// The outlet has something to see.
    Stir,
    /// So many bytes; none where no more will come.
    Bytes(usize),
    /// It is as late as was said.
    Late,
}

/// Rings at a time. Costs a pointer while there is none.
#[derive(Debug, Default)]
pub(crate) struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Is ready at that time; never where there is none.
    ///
    /// One that is put off is left as it is until it rings: most are put off with each line that
    /// comes, and setting them takes a lock that all connections share.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>, at: Option<Instant>) -> Poll<()> {
        let Some(at) = at else {
            self.0 = None;
            return Poll::Pending;
        };
        let sleep = self.0.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
        if sleep.deadline() > at {
            sleep.as_mut().reset(at);
        }
        loop {
            ready!(sleep.as_mut().poll(context));
            if sleep.deadline() >= at {
                self.0 = None;
                return Poll::Ready(());
            }
            sleep.as_mut().reset(at);
        }
    }
}

/// Lends the thread's buffer to read into.
pub(crate) fn with_read_buffer<T>(read: impl FnOnce(&mut [u8]) -> T) -> T {
    READ_BUFFER.with_borrow_mut(|buffer| read(buffer))
}

/// Reads once and hands on what came. Zero where nothing more will come.
pub(crate) fn poll_read(
    reader: &mut Reader,
    context: &mut Context<'_>,
    take: impl FnOnce(&[u8]),
) -> Poll<usize> {
    with_read_buffer(|buffer| {
        let mut buffer = ReadBuf::new(buffer);
        match ready!(Pin::new(reader).poll_read(context, &mut buffer)) {
            Ok(()) if !buffer.filled().is_empty() => {
                take(buffer.filled());
                Poll::Ready(buffer.filled().len())
            }
            // A connection that was reset has ended as well.
            Ok(()) | Err(_) => Poll::Ready(0),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_alarm_rings_at_its_time_however_often_that_changes() {
        let start = Instant::now();
        let after = |seconds| Some(start + Duration::from_secs(seconds));
        let mut alarm = Alarm::default();
        for at in [60, 90, 30] {
            let polled = poll_fn(|context| Poll::Ready(alarm.poll(context, after(at)))).await;
            assert!(polled.is_pending());
        }
        // Put off once more: it does not ring at 30.
        poll_fn(|context| alarm.poll(context, after(45))).await;
        assert_eq!(start.elapsed(), Duration::from_secs(45));
        assert!(alarm.0.is_none(), "nothing is held of one that has rung");
        let polled = poll_fn(|context| Poll::Ready(alarm.poll(context, after(60)))).await;
        assert!(polled.is_pending());
        let polled = poll_fn(|context| Poll::Ready(alarm.poll(context, None))).await;
        assert!(polled.is_pending() && alarm.0.is_none());
    }
}
