//! The hub on the memory log, in virtual time: what members see, through sinks that can be slow.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends where something is not as it should be"
)]

mod accounts;
mod delivery;
mod direct;
mod faults;
mod groups;
mod invites;
mod isolation;
mod membership;
mod moderation;
mod paging;
mod passing;
mod pipe;
mod resume;
mod sign_in;
mod sim;
mod slow;
mod stage;
