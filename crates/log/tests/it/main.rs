//! Every log through the same suite, and what each promises beside it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod memory;
mod operations;
mod sqlite;
