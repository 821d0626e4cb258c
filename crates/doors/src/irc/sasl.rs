//! SASL: signing in to an account by `AUTHENTICATE` (`IRCv3` sasl; PLAIN is RFC 4616).
//!
//! Does not know accounts: it gives out the name and the password that a client sent. PLAIN alone:
//! the verifier that SCRAM needs would be weaker than the hash that is kept of a password.
//!
//! Invariant: what a client sends is bounded, and kept no longer than it takes.

use conclave_core::limits;
use zeroize::Zeroizing;

/// Where the exchange stands.
#[derive(Debug, Default)]
pub struct Sasl {
    /// What has come of the answer; nothing while no mechanism was chosen.
    answer: Option<Box<Zeroizing<String>>>,
}

/// What an `AUTHENTICATE` came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// The client is to send its answer.
    Ask,
    /// More of it is to come.
    More,
    /// There is no such mechanism.
    NoSuchMechanism,
    /// The client gave up.
    Aborted,
    /// A part of the answer is longer than it may be.
    TooLong,
    /// The answer is none.
    Malformed,
    /// The answer.
    Plain(Plain),
}

/// What a client signs in by.
#[derive(PartialEq, Eq)]
pub struct Plain {
    /// Whom it wants to act for; empty for itself.
    pub authzid: String,
    /// The name of its account.
    pub authcid: String,
    /// The password.
    pub password: Zeroizing<String>,
}

impl std::fmt::Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plain").field("authcid", &self.authcid).finish_non_exhaustive()
    }
}

/// A part of an answer that is so long has another behind it.
const PART_BYTES: usize = 400;

impl Sasl {
    /// Whether an exchange has begun and not ended.
    pub const fn is_under_way(&self) -> bool {
        self.answer.is_some()
    }

    /// Takes what an `AUTHENTICATE` gave.
    pub fn handle(&mut self, given: &str) -> Step {
        if given == "*" {
            self.answer = None;
            return Step::Aborted;
        }
        let Some(answer) = &mut self.answer else {
            if !given.eq_ignore_ascii_case("PLAIN") {
                return Step::NoSuchMechanism;
            }
            self.answer = Some(Box::default());
            return Step::Ask;
        };
        if given.len() > PART_BYTES {
            self.answer = None;
            return Step::TooLong;
        }
        if answer.len() + given.len() > limits::SASL_BYTES_MAX {
            self.answer = None;
            return Step::Malformed;
        }
        if given != "+" {
            answer.push_str(given);
        }
        if given.len() == PART_BYTES {
            return Step::More;
        }
        let answer = self.answer.take().unwrap_or_default();
        parse(&answer).map_or(Step::Malformed, Step::Plain)
    }
}

fn parse(answer: &str) -> Option<Plain> {
    let bytes = Zeroizing::new(decode_base64(answer)?);
    let text = str::from_utf8(&bytes).ok()?;
    let mut parts = text.splitn(3, '\0');
    let (authzid, authcid, password) = (parts.next()?, parts.next()?, parts.next()?);
    if authcid.is_empty() || password.is_empty() {
        return None;
    }
    Some(Plain {
        authzid: authzid.to_owned(),
        authcid: authcid.to_owned(),
        password: Zeroizing::new(password.to_owned()),
    })
}

/// Decodes base64 (RFC 4648, section 4); nothing for what is none.
fn decode_base64(written: &str) -> Option<Vec<u8>> {
    let digits = written.trim_end_matches('=');
    if !written.len().is_multiple_of(4) || written.len() - digits.len() > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    let (mut bits, mut bit_count) = (0_u32, 0);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        bit_count += 6;
        if bit_count >= 8 {
            bit_count -= 8;
            bytes.push(u8::try_from(bits >> bit_count & 0xff).unwrap_or_default());
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(bytes: &[u8]) -> String {
        const DIGITS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut written = String::new();
        for group in bytes.chunks(3) {
            let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
                << (8 * (3 - group.len()));
            for place in 0..4 {
                let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
                written.push(if place > group.len() { '=' } else { char::from(digit) });
            }
        }
        written
    }

    #[test]
    fn base64_is_read_as_its_rfc_says() {
        for (bytes, written) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(encode(bytes.as_bytes()), written);
            assert_eq!(decode_base64(written).as_deref(), Some(bytes.as_bytes()));
        }
        for wrong in ["Z", "Zg", "Zg=", "Z===", "Zm9*", "====", "Zg==Zg=="] {
            assert_eq!(decode_base64(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_answer_comes_in_parts_of_four_hundred_bytes() {
        for password_len in [1, 285, 291, 294, 300] {
            let password = "x".repeat(password_len);
            let answer = encode(format!("jilles\0jilles\0{password}").as_bytes());
            let mut sasl = Sasl::default();
            assert_eq!(sasl.handle("plain"), Step::Ask);
            let mut rest = answer.as_str();
            let step = loop {
                let (part, after) = rest.split_at(rest.len().min(PART_BYTES));
                rest = after;
                match sasl.handle(if part.is_empty() { "+" } else { part }) {
                    Step::More => {}
                    step => break step,
                }
            };
            let Step::Plain(plain) = step else { panic!("{step:?}") };
            assert_eq!((&*plain.authcid, &**plain.password), ("jilles", &*password));
        }
    }

    #[test]
    fn what_is_no_answer_is_told_and_forgotten() {
        for (given, expected) in [
            ("*", Step::Aborted),
            (&*"A".repeat(401), Step::TooLong),
            ("!!!!", Step::Malformed),
            ("+", Step::Malformed),
            (&*encode(b"a\0b"), Step::Malformed),
            (&*encode(b"a\0\0c"), Step::Malformed),
        ] {
            let mut sasl = Sasl::default();
            assert_eq!(sasl.handle("PLAIN"), Step::Ask);
            assert_eq!(sasl.handle(given), expected, "{given}");
            assert_eq!(sasl.handle("PLAIN"), Step::Ask, "it may begin anew");
        }
        assert_eq!(Sasl::default().handle("SCRAM-SHA-256"), Step::NoSuchMechanism);
        let mut sasl = Sasl::default();
        assert_eq!(sasl.handle("PLAIN"), Step::Ask);
        let part = "A".repeat(400);
        assert!((0..100).any(|_| sasl.handle(&part) == Step::Malformed), "it is bounded");
    }
}
