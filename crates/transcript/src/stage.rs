//! Stage: where a transcript is played, as the player sees it.
//!
//! Does not know lines or patterns: bytes go in and come out, and time passes.

use std::time::Duration;

/// Why a stage could not do what it was asked: the play ends there.
pub type StageError = Box<dyn std::error::Error + Send + Sync>;

/// What a connection gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// These bytes, at least one.
    Bytes(Vec<u8>),
    /// Nothing within the time the stage waits.
    Nothing,
    /// The server has closed the connection, and everything it sent was read.
    Closed,
}

/// A server and the connections to it.
pub trait Stage {
    /// One client's end of a connection. Dropped, it hangs up.
    type Connection;

    /// Opens a connection. `door` is the second word of the `@` line: which listener is meant, by
    /// what is to be spoken there.
    fn connect(&mut self, door: &str)
    -> impl Future<Output = Result<Self::Connection, StageError>>;

    /// Sends bytes, in one write where it can.
    fn write(
        &mut self,
        connection: &mut Self::Connection,
        bytes: &[u8],
    ) -> impl Future<Output = Result<(), StageError>>;

    /// Reads what is there, and waits for it as long as anything may sensibly take (in virtual
    /// time some minutes; over TCP some seconds).
    fn read(
        &mut self,
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Result<Read, StageError>>;

    /// Reads what is there without waiting.
    fn read_now(
        &mut self,
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Result<Read, StageError>>;

    /// Closes the writing half of a connection.
    fn end_input(
        &mut self,
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Result<(), StageError>>;

    /// Lets everything under way arrive: in memory until all tasks wait, over TCP a moment.
    fn settle(&mut self) -> impl Future<Output = Result<(), StageError>>;

    /// Lets time pass.
    fn pass(&mut self, time: Duration) -> impl Future<Output = Result<(), StageError>>;

    /// Stops the server as an operator would, and starts it again on the same data. Connections
    /// that were open give what they were still sent, and then are closed.
    fn restart(&mut self) -> impl Future<Output = Result<(), StageError>>;
}
