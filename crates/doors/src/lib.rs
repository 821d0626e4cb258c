//! Protocols as sans-IO state machines: bytes and replies in, bytes and requests out.
//!
//! A door does not know sockets, clocks, tasks, the hub or the log; time is a parameter. One
//! folder a door. Every byte-stream door has the shape of [`console::ConsoleDoor`].

pub mod api;
pub mod console;
pub mod irc;
pub mod request;
pub mod websocket;

pub use request::{Echo, MemberShown, Notice, Reply, Request};
