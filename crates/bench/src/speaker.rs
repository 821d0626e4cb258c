//! Speaker: a protocol from the client's side, as little of it as a load needs.
//!
//! A protocol is a file in the folder and an arm of [`Protocol`]. Does not know sockets or loads:
//! bytes in, bytes out.

mod console;
mod irc;
mod lines;
mod websocket;

use console::ConsoleSpeaker;
use irc::IrcSpeaker;
use websocket::WebSocketSpeaker;

/// The protocols that loads can speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Protocol {
    /// Lines, as a terminal speaks them
    #[default]
    Console,
    /// IRC, which any server of it understands
    Irc,
    /// JSON over a WebSocket, as the web app speaks it
    #[value(name = "websocket")]
    WebSocket,
}

impl Protocol {
    /// A speaker for one connection.
    pub(crate) fn speaker(self) -> Box<dyn Speaker> {
        match self {
            Self::Console => Box::new(ConsoleSpeaker::default()),
            Self::Irc => Box::new(IrcSpeaker::default()),
            Self::WebSocket => Box::new(WebSocketSpeaker::default()),
        }
    }
}

/// How a connection comes into a group.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entrance<'load> {
    /// By making it.
    Create {
        /// Of the member; no other connection of the load has it.
        name: &'load str,
    },
    /// By its number.
    Join {
        /// Of the member.
        name: &'load str,
        /// What [`Heard::Entered`] told its creator.
        group: &'load str,
    },
}

/// What was heard from the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard<'bytes> {
    /// The connection is a member of this group now.
    Entered(&'bytes str),
    /// It could not come in just now.
    TurnedAway,
    /// Somebody said this.
    Said(&'bytes [u8]),
    /// News of the group: who came, who left.
    Notice,
    /// What is no message of the group, though one of its members hears it.
    Strange,
}

/// One connection's side of a protocol.
pub(crate) trait Speaker {
    /// Appends what makes the connection a member.
    fn enter(&mut self, entrance: Entrance<'_>, out: &mut Vec<u8>);

    /// Appends a message.
    fn say(&mut self, payload: &[u8], out: &mut Vec<u8>);

    /// Takes what one read gave, and tells what is heard in it. What is not whole yet is kept.
    /// Appends what the protocol has to answer.
    fn handle_bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>, hear: &mut dyn FnMut(Heard<'_>));
}
