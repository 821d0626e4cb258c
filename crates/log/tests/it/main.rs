//! Every log through the same suite, and what each promises beside it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod memory;
mod sqlite;
