//! Bounds of the load tool: nothing it does goes on for ever or grows without end.
//!
//! These are not limits of the product, which it does not know.

use std::time::Duration;

/// Most connections of one load.
pub(crate) const CONNECTIONS_MAX: u32 = 30_000;
/// Most seconds that a load is put on a server.
pub(crate) const SECONDS_MAX: f64 = 3_600.0;
/// Shortest payload: what identifies a message fits into it.
pub(crate) const PAYLOAD_BYTES_MIN: usize = crate::payload::STAMP_BYTES;
/// Longest payload.
pub(crate) const PAYLOAD_BYTES_MAX: usize = 4_096;
/// Most messages a second, all together.
pub(crate) const RATE_MAX: f64 = 1_000_000.0;
/// Most messages that one member is ahead of its slowest reader.
pub(crate) const WINDOW_MAX: u32 = 4_096;
/// Members of a group who send, at the most: each of them is followed at each reader.
pub(crate) const SENDERS_MAX: u32 = 64;

/// Connections that come in at once, but for a storm.
pub(crate) const ENTERING_MAX: usize = 64;
/// Time that all connections together have to come in.
pub(crate) const ENTERING_FOR: Duration = Duration::from_mins(10);
/// Tries of one connection to come in.
pub(crate) const ENTERING_TRIES: u32 = 20;
/// Longest wait for silence.
pub(crate) const QUIET_WITHIN: Duration = Duration::from_mins(1);

/// Connections from one source address: below what servers let one address have.
pub(crate) const PER_SOURCE: u32 = 500;
/// Bytes read at once.
pub(crate) const READ_BYTES: usize = 256 * 1024;
/// Receive buffer of a member that does not read, so that its server feels it soon.
pub(crate) const SLOW_BUFFER_BYTES: usize = 4_096;
/// Longest line that is kept while its end has not come.
pub(crate) const LINE_BYTES_MAX: usize = 64 * 1024;
/// Gaps that are remembered in order to tell late messages from doubled ones.
pub(crate) const GAPS_MAX: usize = 100_000;

/// Due times lie on multiples of this, so that a high rate does not wake the tool for each.
pub(crate) const TICK: Duration = Duration::from_millis(1);
/// Between two looks at the server's memory.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(250);
