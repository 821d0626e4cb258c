//! Frames as the server writes them: whole, unmasked, a message a frame (RFC 6455, section 5).
//!
//! Does not know who reads them: the same bytes do for everyone.

use super::{CONTROL_BYTES_MAX, CloseCode, Opcode};

/// Appends a frame that holds a whole message, or is about the connection.
pub fn encode_frame(opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
    encode_head(opcode, payload.len(), out);
    out.extend_from_slice(payload);
}

/// Appends a text frame whose text `write` appends; nothing where it appends nothing.
pub fn encode_text(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    write(out);
    let length = out.len() - start;
    if length > 0 {
        let mut head = Vec::with_capacity(10);
        encode_head(Opcode::Text, length, &mut head);
        out.splice(start..start, head);
    }
}

fn encode_head(opcode: Opcode, length: usize, out: &mut Vec<u8>) {
    const FIN: u8 = 0x80;
    out.push(FIN | opcode.bits());
    // The shortest form that holds the length, as section 5.2 wants it.
    if let Ok(short) = u8::try_from(length)
        && length <= CONTROL_BYTES_MAX
    {
        out.push(short);
    } else if let Ok(middle) = u16::try_from(length) {
        out.push(126);
        out.extend_from_slice(&middle.to_be_bytes());
    } else {
        out.push(127);
        out.extend_from_slice(&(length as u64).to_be_bytes());
    }
}

/// A frame that asks the peer whether it is there.
pub fn ping_frame() -> Vec<u8> {
    let mut frame = Vec::new();
    encode_frame(Opcode::Ping, b"", &mut frame);
    frame
}

/// The answer to a ping, with what it carried.
pub fn pong_frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    encode_frame(Opcode::Pong, payload, &mut frame);
    frame
}

/// A frame that closes the connection and says why, as far as that fits.
pub fn close_frame(code: CloseCode, why: &str) -> Vec<u8> {
    let mut payload = code.number().to_be_bytes().to_vec();
    for letter in why.chars() {
        if payload.len() + letter.len_utf8() > CONTROL_BYTES_MAX {
            break;
        }
        payload.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    }
    let mut frame = Vec::new();
    encode_frame(Opcode::Close, &payload, &mut frame);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_in_their_shortest_form() {
        for (length, head) in [
            (0, &[0x81, 0][..]),
            (125, &[0x81, 125]),
            (126, &[0x81, 126, 0, 126]),
            (65_535, &[0x81, 126, 255, 255]),
            (65_536, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let mut frame = Vec::new();
            encode_frame(Opcode::Text, &vec![b'x'; length], &mut frame);
            assert_eq!(frame.len(), head.len() + length);
            assert!(frame.starts_with(head), "{length}");
            let mut text = b"before".to_vec();
            encode_text(&mut text, |out| out.extend(std::iter::repeat_n(b'x', length)));
            let expected = if length == 0 { &[][..] } else { &frame };
            assert_eq!(text.strip_prefix(b"before"), Some(expected));
        }
    }

    #[test]
    fn a_reason_that_is_too_long_ends_between_letters() {
        let frame = close_frame(CloseCode::Policy, &"א".repeat(100));
        assert_eq!(frame.len(), 2 + 2 + 122);
        assert_eq!(&frame[..4], &[0x88, 124, 0x03, 0xf0]);
        assert!(std::str::from_utf8(&frame[4..]).is_ok());
    }
}
