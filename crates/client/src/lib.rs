//! The terminal client: connects to a server's console door and lets a person chat there.
//!
//! Does not know what is said over the connection beyond lines of text: the server asks, shows
//! and refuses. Does not end the process, read the command line or install signal handlers; the
//! binary does, and [`plain::run`] is told.
//!
//! Invariant: nothing the server sends can drive the terminal, and nothing hangs when it is gone.

mod address;
mod connect;
mod limits;
pub mod plain;
mod screen;
mod typed;
mod words;

pub use connect::ClientError;
