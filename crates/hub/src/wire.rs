//! Wire: how events are written as bytes, for all connections who speak alike.
//!
//! The hub does not know what the bytes mean. It encodes a chunk of events once for each wire.

use std::fmt;

use conclave_core::Event;

/// A way of writing events as bytes. One static value a way; connections that share it share the
/// encoded bytes.
pub trait Wire: Send + Sync + fmt::Debug {
    /// Its place among the wires, below [`WIRES_MAX`](conclave_core::limits::WIRES_MAX), its own.
    fn place(&self) -> usize;

    /// Appends the event as bytes; nothing where the wire does not show such an event.
    fn encode(&self, event: &Event, out: &mut Vec<u8>);
}
