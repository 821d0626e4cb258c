//! Seat: a secret that stands for one member of one group.
//!
//! It reclaims the name and resumes at a sequence number without the password. Does not know who
//! draws the secret: entropy is a parameter. The log keeps the hash only.

use std::fmt;

use zeroize::Zeroizing;

/// A seat's secret: 256 bits, written as 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct SeatSecret(Zeroizing<[u8; 32]>);

impl SeatSecret {
    /// Makes a secret of `entropy`, which must come from a cryptographic source.
    pub fn draw(entropy: [u8; 32]) -> Self {
        Self(Zeroizing::new(entropy))
    }

    /// Reads what [`SeatSecret::render`] wrote; nothing for anything else.
    pub fn parse(written: &str) -> Option<Self> {
        if written.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(written.as_bytes().chunks_exact(2)) {
            let digits = std::str::from_utf8(digits).ok()?;
            if digits.starts_with('+') {
                return None;
            }
            *byte = u8::from_str_radix(digits, 16).ok()?;
        }
        Some(Self::draw(bytes))
    }

    /// The secret as 64 hexadecimal digits: for its holder only.
    pub fn render(&self) -> String {
        use fmt::Write as _;
        self.0.iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a string cannot fail.
            let _written = write!(text, "{byte:02x}");
            text
        })
    }

    /// What the log keeps of it. A plain hash suffices: the secret has 256 bits of its own.
    pub fn hash(&self) -> SeatHash {
        SeatHash(*blake3::hash(self.0.as_slice()).as_bytes())
    }
}

impl fmt::Debug for SeatSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeatSecret(…)")
    }
}

/// Hash of a [`SeatSecret`] (BLAKE3): what the log keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SeatHash(pub [u8; 32]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_secret_reads_back_what_it_wrote_and_nothing_else() {
        let secret = SeatSecret::draw([0xa5; 32]);
        assert_eq!(SeatSecret::parse(&secret.render()), Some(secret.clone()));
        assert!(!format!("{secret:?}").contains("a5"));
        for wrong in ["", "a5", &"g5".repeat(32), &"+5".repeat(32), &"א".repeat(32)] {
            assert_eq!(SeatSecret::parse(wrong), None, "{wrong:?}");
        }
    }
}
