//! The hub on the memory log, in virtual time: what members see, through sinks that can be slow.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod delivery;
mod pipe;
mod stage;
