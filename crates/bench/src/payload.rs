//! Payload: what a message of the load says, by which its receivers recognise it.
//!
//! Group, sender, number and due time, each of fixed width, and then letters up to the length
//! asked for. Does not know protocols: every one of them can carry these characters. Reading is
//! made fast: the tool runs beside the server that it measures.

use crate::limits;

/// Digits of each field, hexadecimal.
const GROUP_DIGITS: usize = 4;
const SENDER_DIGITS: usize = 2;
const NUMBER_DIGITS: usize = 8;
/// Nanoseconds: three days of them.
const DUE_DIGITS: usize = 12;

/// Bytes of what identifies a message: the digits, and a sign around each field.
pub(crate) const STAMP_BYTES: usize =
    1 + GROUP_DIGITS + 1 + SENDER_DIGITS + 1 + NUMBER_DIGITS + 1 + DUE_DIGITS + 1;
/// Fills the rest.
const FILLER: [u8; limits::PAYLOAD_BYTES_MAX] = [b'x'; limits::PAYLOAD_BYTES_MAX];

/// What identifies a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// The group, counted by the load from 0.
    pub(crate) group: u16,
    /// The sender, counted in its group from 0.
    pub(crate) sender: u8,
    /// Which of this sender's messages, from 0.
    pub(crate) number: u32,
    /// When it was due to be sent, by the load's clock.
    pub(crate) due: u64,
}

impl Stamp {
    /// Appends a payload of `length` bytes, at least [`STAMP_BYTES`].
    pub(crate) fn render(self, length: usize, out: &mut Vec<u8>) {
        out.push(b'=');
        push_hex(u64::from(self.group), GROUP_DIGITS, out);
        out.push(b'.');
        push_hex(u64::from(self.sender), SENDER_DIGITS, out);
        out.push(b'.');
        push_hex(u64::from(self.number), NUMBER_DIGITS, out);
        out.push(b'.');
        push_hex(self.due, DUE_DIGITS, out);
        out.push(b'=');
        out.extend_from_slice(filler(length));
    }

    /// Reads what [`Stamp::render`] wrote; nothing where a byte of it is another.
    pub(crate) fn parse(payload: &[u8], length: usize) -> Option<Self> {
        let (stamp, rest) = payload.split_at_checked(STAMP_BYTES)?;
        if rest != filler(length) {
            return None;
        }
        let rest = stamp.strip_prefix(b"=")?;
        let (group, rest) = parse_hex(rest, GROUP_DIGITS, b'.')?;
        let (sender, rest) = parse_hex(rest, SENDER_DIGITS, b'.')?;
        let (number, rest) = parse_hex(rest, NUMBER_DIGITS, b'.')?;
        let (due, _) = parse_hex(rest, DUE_DIGITS, b'=')?;
        Some(Self {
            group: u16::try_from(group).ok()?,
            sender: u8::try_from(sender).ok()?,
            number: u32::try_from(number).ok()?,
            due,
        })
    }
}

/// What stands behind the stamp in a payload of that length.
fn filler(length: usize) -> &'static [u8] {
    FILLER.get(..length.saturating_sub(STAMP_BYTES)).unwrap_or(&FILLER)
}

fn push_hex(value: u64, digit_count: usize, out: &mut Vec<u8>) {
    for place in (0..digit_count).rev() {
        let digit = (value >> (4 * place) & 0xf) as u8;
        out.push(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 });
    }
}

/// What stands in [`DIGITS`] for what is none.
const NO_DIGIT: u8 = 0x80;

/// The value of each digit.
#[expect(clippy::indexing_slicing, reason = "a byte is below 256, and a constant is checked")]
const DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        let digit = if value < 10 { b'0' + value } else { b'a' + value - 10 };
        digits[digit as usize] = value;
        value += 1;
    }
    digits
};

/// Reads so many digits and the byte that must follow them.
fn parse_hex(bytes: &[u8], digit_count: usize, end: u8) -> Option<(u64, &[u8])> {
    let (digits, rest) = bytes.split_at_checked(digit_count)?;
    let (mut value, mut signs) = (0_u64, 0);
    for digit in digits {
        let digit = DIGITS.get(usize::from(*digit)).copied().unwrap_or(NO_DIGIT);
        signs |= digit;
        value = value << 4 | u64::from(digit);
    }
    let rest = rest.strip_prefix(&[end])?;
    (signs & NO_DIGIT == 0).then_some((value, rest))
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
