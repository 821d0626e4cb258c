//! Intake: masked frames, in whatever pieces they come, made messages (RFC 6455, section 5).
//!
//! Holds of a connection that is between two messages some bytes and no buffer. Does not answer by
//! itself: what a ping or a close asks for is handed out. After a failure nothing more is taken.

use conclave_core::limits;

use super::{CONTROL_BYTES_MAX, CloseCode, Opcode};

/// What a client sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
    /// It asks whether we are there: to be answered with a pong that carries the same.
    Ping(Vec<u8>),
    /// It is there.
    Pong,
    /// It closes the connection: to be answered alike. Nothing more is taken.
    Close(CloseCode),
    /// It broke the protocol or a bound: to be told so and cut off. Nothing more is taken.
    Failed(CloseCode),
}

/// Takes frames in.
#[derive(Debug, Default)]
pub struct Intake {
    /// Bytes of the next frame's head that have come.
    head: [u8; HEAD_BYTES_MAX],
    head_count: usize,
    /// The frame whose payload is coming.
    frame: Option<Frame>,
    /// Payload of a frame about the connection, which may come within a message.
    control: Vec<u8>,
    /// The message under way: text or bytes.
    message: Option<Opcode>,
    payload: Vec<u8>,
    has_ended: bool,
}

/// Two bytes, eight of a length, four of a mask.
const HEAD_BYTES_MAX: usize = 14;

#[derive(Clone, Copy, Debug)]
struct Frame {
    opcode: Opcode,
    is_last: bool,
    remaining: usize,
    mask: u32,
}

impl Intake {
    /// Takes bytes from the front of `input` up to the end of what it hands out; nothing where all
    /// of them were taken and more are needed.
    pub fn next(&mut self, input: &mut &[u8]) -> Option<Incoming> {
        while !self.has_ended {
            let taken = match self.frame {
                Some(frame) => self.take_payload(frame, input),
                None => self.take_head(input),
            };
            match taken {
                Ok(Some(incoming)) => {
                    self.has_ended = matches!(incoming, Incoming::Close(_));
                    return Some(incoming);
                }
                Ok(None) if input.is_empty() && !self.is_at_frame_end() => return None,
                Ok(None) => {}
                Err(code) => {
                    self.has_ended = true;
                    self.payload = Vec::new();
                    return Some(Incoming::Failed(code));
                }
            }
        }
        // What comes after the end is nothing.
        *input = &[];
        None
    }

    /// Whether a frame has come whose payload needs no further byte.
    fn is_at_frame_end(&self) -> bool {
        self.frame.is_some_and(|frame| frame.remaining == 0)
    }

    /// Takes what has come of a frame's head, byte by byte: it is short.
    fn take_head(&mut self, input: &mut &[u8]) -> Result<Option<Incoming>, CloseCode> {
        while let Some((byte, rest)) = input.split_first() {
            *input = rest;
            if let Some(place) = self.head.get_mut(self.head_count) {
                *place = *byte;
            }
            self.head_count += 1;
            let head = self.head.get(..self.head_count).unwrap_or_default();
            if let Some(frame) = parse_head(head)? {
                self.head_count = 0;
                self.begin(frame)?;
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// Begins a frame, where it may begin here.
    fn begin(&mut self, frame: Frame) -> Result<(), CloseCode> {
        if !frame.opcode.is_control() {
            match (frame.opcode, self.message) {
                (Opcode::Continuation, None) => return Err(CloseCode::Protocol),
                (Opcode::Continuation, Some(_)) => {}
                (_, Some(_)) => return Err(CloseCode::Protocol),
                (kind, None) => self.message = Some(kind),
            }
            // Before any of it is taken: what is announced is not waited for.
            let room = limits::WEBSOCKET_MESSAGE_BYTES_MAX - self.payload.len();
            if frame.remaining > room {
                return Err(CloseCode::TooBig);
            }
        }
        self.frame = Some(frame);
        Ok(())
    }

    fn take_payload(
        &mut self,
        mut frame: Frame,
        input: &mut &[u8],
    ) -> Result<Option<Incoming>, CloseCode> {
        let (piece, rest) = input.split_at(frame.remaining.min(input.len()));
        *input = rest;
        let into = if frame.opcode.is_control() { &mut self.control } else { &mut self.payload };
        let mut mask = frame.mask;
        into.extend(piece.iter().map(|byte| {
            let [first, ..] = mask.to_be_bytes();
            mask = mask.rotate_left(8);
            byte ^ first
        }));
        frame.mask = mask;
        frame.remaining -= piece.len();
        if frame.remaining > 0 {
            self.frame = Some(frame);
            return Ok(None);
        }
        self.frame = None;
        self.end(frame)
    }

    /// Hands out what a frame brought whose payload is whole.
    fn end(&mut self, frame: Frame) -> Result<Option<Incoming>, CloseCode> {
        if frame.opcode.is_control() {
            let control = std::mem::take(&mut self.control);
            return match frame.opcode {
                Opcode::Close => closing(&control).map(Some),
                Opcode::Ping => Ok(Some(Incoming::Ping(control))),
                _ => Ok(Some(Incoming::Pong)),
            };
        }
        if !frame.is_last {
            return Ok(None);
        }
        let payload = std::mem::take(&mut self.payload);
        if self.message.take() == Some(Opcode::Binary) {
            return Ok(Some(Incoming::Binary(payload)));
        }
        let text = String::from_utf8(payload).map_err(|_not_utf8| CloseCode::NotUtf8)?;
        Ok(Some(Incoming::Text(text)))
    }
}

/// Reads a frame's head; nothing where more of it is needed.
fn parse_head(head: &[u8]) -> Result<Option<Frame>, CloseCode> {
    const FIN: u8 = 0x80;
    const RESERVED: u8 = 0x70;
    const MASKED: u8 = 0x80;
    let Some((first, rest)) = head.split_first() else { return Ok(None) };
    // No extension was agreed on, so no reserved bit means anything.
    if first & RESERVED != 0 {
        return Err(CloseCode::Protocol);
    }
    let opcode = Opcode::of(first & 0x0f).ok_or(CloseCode::Protocol)?;
    let is_last = first & FIN != 0;
    let Some((second, rest)) = rest.split_first() else { return Ok(None) };
    // Section 5.1: a server closes the connection where a frame is not masked.
    if second & MASKED == 0 {
        return Err(CloseCode::Protocol);
    }
    let short = second & !MASKED;
    if opcode.is_control() && (!is_last || usize::from(short) > CONTROL_BYTES_MAX) {
        return Err(CloseCode::Protocol);
    }
    let (length, rest) = match short {
        126 => {
            let Some((length, rest)) = rest.split_first_chunk::<2>() else { return Ok(None) };
            (u64::from(u16::from_be_bytes(*length)), rest)
        }
        127 => {
            let Some((length, rest)) = rest.split_first_chunk::<8>() else { return Ok(None) };
            (u64::from_be_bytes(*length), rest)
        }
        short => (u64::from(short), rest),
    };
    let is_shortest = match short {
        126 => length > 125,
        127 => length > u64::from(u16::MAX) && length >> 63 == 0,
        _ => true,
    };
    if !is_shortest {
        return Err(CloseCode::Protocol);
    }
    let remaining = usize::try_from(length).map_err(|_too_long| CloseCode::TooBig)?;
    let Some((mask, _)) = rest.split_first_chunk::<4>() else { return Ok(None) };
    Ok(Some(Frame { opcode, is_last, remaining, mask: u32::from_be_bytes(*mask) }))
}

/// Reads what a close frame carries (section 5.5.1).
fn closing(payload: &[u8]) -> Result<Incoming, CloseCode> {
    let Some((number, why)) = payload.split_first_chunk::<2>() else {
        let code =
            if payload.is_empty() { Ok(CloseCode::Normal) } else { Err(CloseCode::Protocol) };
        return code.map(Incoming::Close);
    };
    std::str::from_utf8(why).map_err(|_not_utf8| CloseCode::NotUtf8)?;
    let code = CloseCode::of(u16::from_be_bytes(*number)).ok_or(CloseCode::Protocol)?;
    Ok(Incoming::Close(code))
}
