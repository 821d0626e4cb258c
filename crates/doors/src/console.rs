//! The console door: a menu, prompts and lines, for people with a terminal and for the clients of
//! old that know nothing but lines.
//!
//! Does not know sockets, clocks, tasks, the hub or the log. The live events of a group do not
//! pass through a door: they are written by [`encode_event`], once for all who read alike.

mod browser;
mod commands;
mod door;
mod encode;
mod lines;
mod member;
mod sign_in;
mod telnet;
mod words;

pub use door::ConsoleDoor;
pub use encode::{LineEnd, encode_earlier, encode_event, encode_told};
pub(crate) use words::refused;
