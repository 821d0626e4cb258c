//! WebSocket (RFC 6455): its handshake, and its frames as bytes in and messages out.
//!
//! The server's end only: what comes is masked, what goes is not, so that a frame is written once
//! for all who read it. Does not know what messages mean, HTTP, sockets or clocks. No extension is
//! offered: compression of what others say beside one's own secrets tells about them.
//!
//! Invariant: how a stream is cut into reads changes nothing of what is taken in.

mod frames;
mod handshake;
mod intake;

pub use frames::{close_frame, encode_frame, encode_text, ping_frame, pong_frame};
pub use handshake::{Handshake, NotAHandshake, accept_key};
pub use intake::{Incoming, Intake};

/// Why a connection is closed (RFC 6455, section 7.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCode {
    /// It has served its purpose.
    Normal,
    /// The peer goes elsewhere.
    GoingAway,
    /// The peer broke the protocol.
    Protocol,
    /// The peer sent a kind of message that is not taken here.
    Unsupported,
    /// A text that is not UTF-8.
    NotUtf8,
    /// The peer broke a rule of ours.
    Policy,
    /// A message that is too big.
    TooBig,
    /// The server stops, and will be back.
    Restart,
    /// The server has too much to do.
    TryAgainLater,
    /// Another one that a peer may give.
    Other(u16),
}

impl CloseCode {
    /// Its number on the wire.
    pub const fn number(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::GoingAway => 1001,
            Self::Protocol => 1002,
            Self::Unsupported => 1003,
            Self::NotUtf8 => 1007,
            Self::Policy => 1008,
            Self::TooBig => 1009,
            Self::Restart => 1012,
            Self::TryAgainLater => 1013,
            Self::Other(number) => number,
        }
    }

    /// The code of a number, where a peer may send it (sections 7.4.1 and 7.4.2).
    const fn of(number: u16) -> Option<Self> {
        match number {
            1000 => Some(Self::Normal),
            1001 => Some(Self::GoingAway),
            1002 => Some(Self::Protocol),
            1003 => Some(Self::Unsupported),
            1007 => Some(Self::NotUtf8),
            1008 => Some(Self::Policy),
            1009 => Some(Self::TooBig),
            1012 => Some(Self::Restart),
            1013 => Some(Self::TryAgainLater),
            1010 | 1011 | 1014 | 3000..=4999 => Some(Self::Other(number)),
            _ => None,
        }
    }
}

/// What a frame is (section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// More of the message that is under way.
    Continuation,
    /// Text, in UTF-8.
    Text,
    /// Bytes.
    Binary,
    /// The end of the connection.
    Close,
    /// A question whether the peer is there.
    Ping,
    /// The answer to it.
    Pong,
}

impl Opcode {
    const fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xa,
        }
    }

    const fn of(bits: u8) -> Option<Self> {
        match bits {
            0x0 => Some(Self::Continuation),
            0x1 => Some(Self::Text),
            0x2 => Some(Self::Binary),
            0x8 => Some(Self::Close),
            0x9 => Some(Self::Ping),
            0xa => Some(Self::Pong),
            _ => None,
        }
    }

    /// Whether it is about the connection and not part of a message.
    const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// Longest payload of a frame about the connection (section 5.5).
const CONTROL_BYTES_MAX: usize = 125;
