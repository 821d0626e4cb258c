//! Loads on servers that are known: the floor, which delivers as it should, and the floor behind
//! something that does not.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it cannot go on"
)]

mod faulty;
mod loads;
mod stage;
