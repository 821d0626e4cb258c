//! Tests of the server behind its listeners: connections in memory, time that is virtual.
//!
//! One binary, so that it is linked once. Knows no TCP: that is for the tests of the program.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on says where"
)]

mod browser;
mod irc_slow;
mod pipe;
mod stage;
mod transcripts;
mod types;
mod web_direct;
mod web_http;
mod web_moderation;
mod web_overlap;
mod web_socket;
