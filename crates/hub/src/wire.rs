//! Wire: how events are written as bytes, for all connections who speak alike.
//!
//! The hub does not know what the bytes mean. It encodes a chunk of events once for each wire that
//! somebody reads it on.

use std::fmt;

use conclave_core::{Event, GroupName, Passing};

use crate::direct::DirectView;

/// A way of writing events as bytes. One static value a way; connections that share it share the
/// encoded bytes.
pub trait Wire: Send + Sync + fmt::Debug {
    /// Its number among the wires: no two wires have the same. A wire that nobody reads costs
    /// nothing.
    fn place(&self) -> usize;

    /// Appends an event of that group as bytes; nothing where the wire does not show such an event.
    fn encode(&self, group: &GroupName, event: &Event, out: &mut Vec<u8>);

    /// Appends an event to the one connection that brought it about and put that label on it.
    fn encode_labelled(&self, group: &GroupName, event: &Event, _label: &str, out: &mut Vec<u8>) {
        self.encode(group, event, out);
    }

    /// Appends something of the moment as bytes; nothing where the wire does not show it.
    fn encode_passing(&self, _group: &GroupName, _passing: &Passing, _out: &mut Vec<u8>) {}

    /// Appends an event of a direct conversation as bytes, as one of its two sees it, with the label
    /// that the connection put on it where it brought it about; nothing where the wire does not
    /// show such an event.
    fn encode_direct(
        &self,
        _direct: &DirectView,
        _event: &Event,
        _label: Option<&str>,
        _out: &mut Vec<u8>,
    ) {
    }
}
