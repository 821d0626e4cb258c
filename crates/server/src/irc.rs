//! IRC: the loop that runs the IRC door on a connection, and what all its connections share.
//!
//! Takes lines off the stream one by one, answers each to its end before the next is looked at, so
//! that replies come in the order of commands. Does not know what a command does: that is in a
//! file each. Back-pressure as in `drive.rs`: nothing is read while answers wait for the peer,
//! while the hub has too much under way, or while the client is above its rate.

mod client;
mod commands;
mod drive;
mod peer;
mod replay;
mod shared;
mod welcome;

pub(crate) use drive::IrcDriver;
pub(crate) use shared::Shared;
