//! Tests of programs as their users run them: processes, sockets, keyboards.
//!
//! One binary, so that it is linked once. Does not know what is inside the programs.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on says where"
)]

mod administration;
mod chat_program;
mod classroom;
mod debian_clients;
mod descriptors;
mod direct_killed;
mod flood;
mod killed;
mod labelled_killed;
mod peer;
mod program;
mod starting;
mod stopped_reader;
mod stopping;
mod strangers;
mod transcripts;
mod unframed;
