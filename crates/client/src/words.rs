//! What the client itself says, so that it can be proof-read in one sitting.
//!
//! Does not hold what the server says, but for its farewells, by which an end that was asked for
//! is told from one that was not.

/// The server ended the connection.
pub(crate) const CLOSED: &str = "The server has closed the connection.";
/// Behind [`CLOSED`] and [`lost`], to a person who may be typing.
pub(crate) const PRESS_ENTER: &str =
    "Press Enter to leave. To come back, run conclave chat with the same address again.";
/// Something was typed that could not be sent.
pub(crate) const NOT_SENT: &str =
    "What you typed was not sent: you are disconnected from the server.";
/// The input had ended, and the server neither said anything more nor closed the connection.
pub(crate) const QUIET: &str = "The server says nothing more and does not hang up, so you left.";

/// The last lines of a server that was asked to end the connection.
pub(crate) const FAREWELLS: [&str; 2] = ["Goodbye.", "You chose exit so you left the group."];

/// The connection broke.
pub(crate) fn lost(why: &std::io::Error) -> String {
    format!("The connection to the server was lost ({why}).")
}
