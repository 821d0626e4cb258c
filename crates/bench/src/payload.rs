//! Payload: what a message of the load says, by which its receivers recognise it.
//!
//! Group, sender, number and due time, each of fixed width, and then letters up to the length
//! asked for. Does not know protocols: every one of them can carry these characters.

/// Bytes of what identifies a message.
pub(crate) const STAMP_BYTES: usize = FIELDS_AT + 8 + 1 + 4 + 1 + 8 + 1 + 16 + 1;
/// Where the first field begins.
const FIELDS_AT: usize = 1;
/// Fills the rest.
const FILLER: u8 = b'x';

/// What identifies a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// The group, counted by the load from 0.
    pub(crate) group: u32,
    /// The sender, counted in its group from 0.
    pub(crate) sender: u16,
    /// Which of this sender's messages, from 0.
    pub(crate) number: u32,
    /// When it was due to be sent, by the load's clock.
    pub(crate) due: u64,
}

impl Stamp {
    /// Appends a payload of `length` bytes.
    pub(crate) fn render(self, length: usize, out: &mut Vec<u8>) {
        let start = out.len();
        out.push(b'=');
        push_hex(u64::from(self.group), 8, out);
        out.push(b'.');
        push_hex(u64::from(self.sender), 4, out);
        out.push(b'.');
        push_hex(u64::from(self.number), 8, out);
        out.push(b'.');
        push_hex(self.due, 16, out);
        out.push(b'=');
        out.resize(start + length.max(STAMP_BYTES), FILLER);
    }

    /// Reads what [`Stamp::render`] wrote; nothing where a byte of it is another.
    pub(crate) fn parse(payload: &[u8], length: usize) -> Option<Self> {
        if payload.len() != length.max(STAMP_BYTES) {
            return None;
        }
        let (stamp, filler) = payload.split_at_checked(STAMP_BYTES)?;
        let rest = stamp.strip_prefix(b"=")?;
        let (group, rest) = parse_hex(rest, 8, b'.')?;
        let (sender, rest) = parse_hex(rest, 4, b'.')?;
        let (number, rest) = parse_hex(rest, 8, b'.')?;
        let (due, _) = parse_hex(rest, 16, b'=')?;
        let is_whole = filler.iter().all(|byte| *byte == FILLER);
        let stamp = Self {
            group: u32::try_from(group).ok()?,
            sender: u16::try_from(sender).ok()?,
            number: u32::try_from(number).ok()?,
            due,
        };
        is_whole.then_some(stamp)
    }
}

fn push_hex(value: u64, digit_count: u32, out: &mut Vec<u8>) {
    for place in (0..digit_count).rev() {
        let digit = (value >> (4 * place) & 0xf) as u8;
        out.push(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 });
    }
}

/// Reads so many digits and the byte that must follow them.
fn parse_hex(bytes: &[u8], digit_count: usize, end: u8) -> Option<(u64, &[u8])> {
    let (digits, rest) = bytes.split_at_checked(digit_count)?;
    let mut value = 0_u64;
    for digit in digits {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        value = value << 4 | u64::from(digit);
    }
    Some((value, rest.strip_prefix(&[end])?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_read_as_it_was_written_and_no_other_is() {
        let stamp = Stamp { group: 7, sender: 63, number: u32::MAX, due: 1_234_567_890_123 };
        for length in [STAMP_BYTES, 100] {
            let mut payload = Vec::new();
            stamp.render(length, &mut payload);
            assert_eq!(payload.len(), length);
            assert_eq!(Stamp::parse(&payload, length), Some(stamp));
            assert_eq!(Stamp::parse(&payload, length + 1), None);
            for at in 0..payload.len() {
                let mut other = payload.clone();
                other[at] ^= 0x40;
                assert_ne!(Stamp::parse(&other, length), Some(stamp), "byte {at}");
                assert_eq!(Stamp::parse(&payload[..at], length), None);
            }
        }
    }
}
