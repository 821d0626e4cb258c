//! Lines: where one ends, for clients that end them and for those of old that do not (B13).
//!
//! A line ends with `\n`, `\r\n` or telnet's `\r\0`. A client whose first answer has no line end,
//! nor gets one in [`limits::UNFRAMED_AFTER`] of silence, sends unframed lines: from then on the
//! end of a read ends a line as well. A line end inside a read still ends one, so what is pasted
//! into such a client becomes several lines, as with any other. Does not know what lines say.
//!
//! Invariant: never more than [`limits::CONSOLE_LINE_BYTES_MAX`] bytes are held, and no buffer
//! while no line has begun.

use std::time::Instant;

use conclave_core::limits;

/// A line without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// All of it.
    Whole(Vec<u8>),
    /// It was too long to keep: how it began.
    TooLong(Vec<u8>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// The first answer has not ended yet. Once it has begun: when it is taken as unframed.
    Unknown(Option<Instant>),
    /// Lines have ends.
    Framed,
    /// The end of a read ends a line.
    Unframed,
}

/// Takes bytes, gives lines.
#[derive(Debug)]
pub(super) struct Lines {
    framing: Framing,
    partial: Vec<u8>,
    /// Bytes of the line so far, those thrown away included.
    byte_count: usize,
    /// A `\r` is held back: it is part of a line end, or not.
    is_after_cr: bool,
}

impl Lines {
    pub(super) const fn new() -> Self {
        Self {
            framing: Framing::Unknown(None),
            partial: Vec::new(),
            byte_count: 0,
            is_after_cr: false,
        }
    }

    /// Takes a byte of text; gives the line that it ended.
    pub(super) fn handle_byte(&mut self, byte: u8) -> Option<Line> {
        match byte {
            b'\n' => Some(self.end_line()),
            b'\0' if self.is_after_cr => Some(self.end_line()),
            b'\r' => {
                self.is_after_cr = true;
                None
            }
            _ => {
                if std::mem::take(&mut self.is_after_cr) {
                    self.push(b"\r");
                }
                self.push(&[byte]);
                None
            }
        }
    }

    /// Takes what may be taken at once of the bytes: those before the next that could mean
    /// something. Gives how many.
    pub(super) fn handle_plain(&mut self, bytes: &[u8]) -> usize {
        if self.is_after_cr {
            return 0;
        }
        let is_plain = |byte: &u8| !matches!(byte, b'\0' | b'\x08' | b'\n' | b'\r' | 127 | 255);
        let plain_count = bytes.iter().position(|byte| !is_plain(byte)).unwrap_or(bytes.len());
        self.push(bytes.get(..plain_count).unwrap_or_default());
        plain_count
    }

    fn push(&mut self, bytes: &[u8]) {
        self.byte_count = self.byte_count.saturating_add(bytes.len());
        let room = limits::CONSOLE_LINE_BYTES_MAX.saturating_sub(self.partial.len());
        self.partial.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn end_line(&mut self) -> Line {
        if matches!(self.framing, Framing::Unknown(_)) {
            self.framing = Framing::Framed;
        }
        self.take_line()
    }

    fn take_line(&mut self) -> Line {
        self.is_after_cr = false;
        let bytes = std::mem::take(&mut self.partial);
        if std::mem::take(&mut self.byte_count) > limits::CONSOLE_LINE_BYTES_MAX {
            Line::TooLong(bytes)
        } else {
            Line::Whole(bytes)
        }
    }

    /// Forgets the last character of the line. One that is too long stays so, since the rest of
    /// it is not known.
    pub(super) fn erase_character(&mut self) {
        self.is_after_cr = false;
        if self.byte_count > limits::CONSOLE_LINE_BYTES_MAX {
            return;
        }
        let is_continuation = |byte: u8| byte & 0b1100_0000 == 0b1000_0000;
        while self.partial.pop().is_some_and(is_continuation) {}
        self.byte_count = self.partial.len();
        if self.partial.is_empty() {
            self.partial = Vec::new();
        }
    }

    /// Forgets the line.
    pub(super) fn erase_line(&mut self) {
        drop(self.take_line());
    }

    /// All bytes of a read have been taken: gives the line that ended with it.
    pub(super) fn handle_read_end(&mut self) -> Option<Line> {
        if self.framing != Framing::Unframed {
            return None;
        }
        self.is_after_cr = false;
        (self.byte_count > 0).then(|| self.take_line())
    }

    /// Whether all of a read is the end of a line that was taken as unframed: this client ends
    /// its lines after all, though slowly (each key as it is pressed). From then on it is held
    /// to that.
    pub(super) fn is_late_line_end(&mut self, bytes: &[u8]) -> bool {
        let is_late = self.framing == Framing::Unframed && matches!(bytes, b"\n" | b"\r\n");
        if is_late {
            self.framing = Framing::Framed;
        }
        is_late
    }

    /// No more bytes will come: gives the line that had begun.
    pub(super) fn handle_end(&mut self) -> Option<Line> {
        (self.byte_count > 0).then(|| self.take_line())
    }

    /// Starts to wait for the end of the first answer, where that is what is missing.
    pub(super) fn expect_line_end(&mut self, now: Instant) {
        if let Framing::Unknown(unframed_at) = &mut self.framing {
            *unframed_at = (self.byte_count > 0).then(|| now + limits::UNFRAMED_AFTER);
        }
    }

    /// The client shows by other means that its lines have ends.
    pub(super) const fn set_framed(&mut self) {
        self.framing = Framing::Framed;
    }

    pub(super) fn is_unframed(&self) -> bool {
        self.framing == Framing::Unframed
    }

    pub(super) const fn poll_timeout(&self) -> Option<Instant> {
        match self.framing {
            Framing::Unknown(unframed_at) => unframed_at,
            Framing::Framed | Framing::Unframed => None,
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) -> Option<Line> {
        if self.poll_timeout().is_none_or(|unframed_at| unframed_at > now) {
            return None;
        }
        self.framing = Framing::Unframed;
        Some(self.take_line())
    }
}
