//! The IRC door, as far as it is bytes: lines, messages, numerics, capabilities, registration, and
//! what the events of a group look like.
//!
//! Does not know sockets, clocks, tasks, the hub or the log. What a command makes of it is in
//! server, a file a command: each is a conversation with the hub, and is answered before the next
//! is read, so that replies come in the order of commands.

pub mod caps;
pub mod commands;
pub mod encode;
pub mod history;
pub mod isupport;
pub mod lines;
pub mod message;
pub mod modes;
pub mod multiline;
pub mod numeric;
pub mod registration;
pub mod registry;
pub mod replies;
mod said;
pub mod sasl;
pub mod written;
