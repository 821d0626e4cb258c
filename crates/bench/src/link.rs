//! Link: one connection of a load: its socket, what waits to be written, and where it stands.
//!
//! Does not know what is sent or why. Holds no buffer while nothing waits.

use std::io::{self, Read as _, Write as _};

use mio::net::TcpStream;

use crate::speaker::{Entrance, Heard, Protocol, Speaker};

/// How far a connection has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Standing {
    /// There is none yet, or none any more.
    #[default]
    Out,
    /// On its way into its group.
    Entering,
    /// A member.
    In,
    /// The server ended it, though it was a member.
    Lost,
}

/// One connection.
#[derive(Default)]
pub(crate) struct Link {
    socket: Option<TcpStream>,
    speaker: Option<Box<dyn Speaker>>,
    output: Vec<u8>,
    pub(crate) standing: Standing,
    pub(crate) tries: u32,
    /// It does not read, although there may be something.
    pub(crate) is_stalled: bool,
    pub(crate) is_dirty: bool,
}

impl Link {
    /// Takes a socket that is connecting, and what is to be said first.
    pub(crate) fn open(&mut self, socket: TcpStream, protocol: Protocol, entrance: Entrance<'_>) {
        let mut speaker = protocol.speaker();
        self.output = Vec::new();
        speaker.enter(entrance, &mut self.output);
        self.socket = Some(socket);
        self.speaker = Some(speaker);
        self.standing = Standing::Entering;
        self.tries += 1;
    }

    /// Ends the connection.
    pub(crate) fn close(&mut self) {
        self.standing = if self.standing == Standing::In { Standing::Lost } else { Standing::Out };
        self.socket = None;
        self.speaker = None;
        self.output = Vec::new();
    }

    /// Whether there is something to be written.
    pub(crate) const fn has_output(&self) -> bool {
        !self.output.is_empty()
    }

    /// Puts a message behind what waits to be written.
    pub(crate) fn say(&mut self, payload: &[u8]) {
        if let Some(speaker) = &mut self.speaker {
            speaker.say(payload, &mut self.output);
        }
    }

    /// Writes what waits, as far as the kernel takes it.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        let Some(socket) = &mut self.socket else { return Ok(()) };
        let mut written = 0;
        while let Some(rest) = self.output.get(written..).filter(|rest| !rest.is_empty()) {
            match socket.write(rest) {
                Ok(count) => written += count,
                Err(error) if is_later(&error) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if written == self.output.len() {
            self.output = Vec::new();
        } else {
            self.output.drain(..written);
        }
        Ok(())
    }

    /// Reads all that is there. `false` where the server has ended the connection.
    pub(crate) fn read(
        &mut self,
        buffer: &mut [u8],
        is_ended: bool,
        hear: &mut dyn FnMut(Heard<'_>),
    ) -> io::Result<bool> {
        let (Some(socket), Some(speaker)) = (&mut self.socket, &mut self.speaker) else {
            return Ok(true);
        };
        loop {
            match socket.read(buffer) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    let bytes = buffer.get(..count).unwrap_or_default();
                    speaker.handle_bytes(bytes, &mut self.output, hear);
                    // A read that could have given more took all there was; another would cost the
                    // machine a call for nothing.
                    if count < buffer.len() && !is_ended {
                        return Ok(true);
                    }
                }
                Err(error) if is_later(&error) => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn is_later(error: &io::Error) -> bool {
    // A socket that is not connected yet says the latter.
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected)
}
