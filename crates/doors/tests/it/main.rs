//! Doors, driven by virtual time: no sockets, no clocks, no hub.

#![expect(clippy::unwrap_used, reason = "a test may stop where it cannot go on")]

mod clean;
mod console_commands;
mod console_dialogues;
mod console_encode;
mod console_framing;
mod console_hostile;
mod console_telnet;
mod desk;
mod irc_messages;
mod websocket;
