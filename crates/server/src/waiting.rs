//! Waiting: what a connection that has nothing to do waits with: a buffer to read into that it shares
//! with its thread.
//!
//! Does not know protocols.

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use conclave_core::limits;
use tokio::io::{AsyncRead as _, ReadBuf};

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
