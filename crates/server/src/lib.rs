//! Where everything meets: configuration, listeners, detection, the driver of doors, limits.
//!
//! The only crate that knows the hub, the doors and a concrete log together. Does not read the
//! clock or the command line: the binary hands both in.

pub mod admin;
mod alarm;
pub mod config;
mod connection;
mod detect;
mod drive;
mod gate;
mod ghosts;
mod irc;
mod listen;
mod pace;
mod refuse;
mod server;
mod stage;
mod streams;
mod tcp;
mod waiting;
mod web;
mod wires;

pub use config::{Config, ConfigError, Serve};
pub use connection::Listens;
pub use server::{Server, StartError};
pub use streams::Streams;

pub use conclave_core::Timestamp;
pub use conclave_log::Clock;
