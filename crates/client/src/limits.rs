//! Every limit of the client: unit, and what happens at the bound.
//!
//! Does not hold limits of the product as others see it; those stand in the core.

use std::time::Duration;

/// Port where an address names none: the server's default for terminals.
pub(crate) const PORT: u16 = 5555;
/// Longest wait for one address of a host to answer. Past it the next one is tried.
pub(crate) const CONNECT_MAX: Duration = Duration::from_secs(10);
/// After the end of the input, longest time in which nothing arrives; then the client leaves. A
/// sign-in that waits its turn at the server may take a minute.
pub(crate) const QUIET_MAX: Duration = Duration::from_secs(75);
/// After Ctrl-C, longest time for the server's last words.
pub(crate) const LAST_WORDS_MAX: Duration = Duration::from_secs(2);
/// After the server has gone, longest wait for a person at a terminal who was typing; a line that
/// comes in time is answered instead of ending up in the shell.
pub(crate) const TYPING_MAX: Duration = Duration::from_secs(10);
/// Bytes of input without a line end that are held; at the bound they are sent as they are. The
/// server's limit is far below and gives the clear answer.
pub(crate) const LINE_BYTES_MAX: usize = 64 * 1024;
/// Bytes taken in one read, of the input or of the connection.
pub(crate) const READ_BYTES: usize = 8 * 1024;
/// Silence on the connection after which the other end is asked whether it is there.
pub(crate) const KEEPALIVE_AFTER: Duration = Duration::from_secs(30);
/// Time between such questions.
pub(crate) const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
/// Longest time in which what was sent is not acknowledged; then the connection is lost. Without
/// it someone who types to a machine that is gone would be left hanging for a quarter of an hour.
pub(crate) const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(45);
