//! Password of a group or of an account, as it was typed, and its hash.
//!
//! Does not know how it is hashed. Neither is ever printed; what was typed is wiped from memory
//! when it goes.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::limits;

/// A password: of a group 1 to [`limits::PASSWORD_BYTES_MAX`] bytes of UTF-8, of an account 1 to
/// [`limits::ACCOUNT_PASSWORD_BYTES_MAX`], without control characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes `typed` as the password of a group, exactly as it is: spaces count.
    ///
    /// # Errors
    /// Where it is empty, too long, or holds control characters, which not every door can type.
    pub fn parse(typed: &str) -> Result<Self, PasswordProblem> {
        if typed.len() > limits::PASSWORD_BYTES_MAX {
            return Err(PasswordProblem::TooLong);
        }
        Self::parse_of_account(typed)
    }

    /// Takes `typed` as the password of an account, exactly as it is: spaces count. It may be
    /// longer, as programs draw them (SASL PLAIN, RFC 4616).
    ///
    /// # Errors
    /// Where it is empty, too long, or holds control characters, which not every door can type.
    pub fn parse_of_account(typed: &str) -> Result<Self, PasswordProblem> {
        if typed.is_empty() {
            Err(PasswordProblem::Empty)
        } else if typed.len() > limits::ACCOUNT_PASSWORD_BYTES_MAX {
            Err(PasswordProblem::TooLongForAccount)
        } else if typed.chars().any(char::is_control) {
            Err(PasswordProblem::Control)
        } else {
            Ok(Self(Zeroizing::new(typed.to_owned())))
        }
    }

    /// The bytes that are hashed.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Hash of a group's password, as a PHC string. Cheap to clone; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Arc<str>);

impl PasswordHash {
    /// Takes what a hasher made, or a log wrote down.
    pub fn from_phc(phc: &str) -> Self {
        Self(phc.into())
    }

    /// The PHC string.
    pub fn as_phc(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Why something typed cannot be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordProblem {
    /// Nothing was typed.
    #[error("a password has at least one character")]
    Empty,
    /// More than [`limits::PASSWORD_BYTES_MAX`] bytes.
    #[error("a password has at most {} bytes", limits::PASSWORD_BYTES_MAX)]
    TooLong,
    /// More than [`limits::ACCOUNT_PASSWORD_BYTES_MAX`] bytes.
    #[error("the password of an account has at most {} bytes", limits::ACCOUNT_PASSWORD_BYTES_MAX)]
    TooLongForAccount,
    /// A control character, which not every door can type.
    #[error("a password has no control characters")]
    Control,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_printed() {
        let password = Password::parse("open sesame").unwrap();
        assert!(!format!("{password:?}").contains("sesame"));
        let hash = PasswordHash::from_phc("$argon2id$sesame");
        assert!(!format!("{hash:?}").contains("sesame"));
    }

    #[test]
    fn a_password_has_1_to_256_bytes() {
        assert_eq!(Password::parse(""), Err(PasswordProblem::Empty));
        assert_eq!(Password::parse(&"x".repeat(257)), Err(PasswordProblem::TooLong));
        assert_eq!(Password::parse("a\nb"), Err(PasswordProblem::Control));
        for typed in ["1", "סיסמה", " ", &"x".repeat(256)] {
            assert_eq!(Password::parse(typed).unwrap().as_bytes(), typed.as_bytes());
        }
    }

    #[test]
    fn a_password_of_an_account_has_as_many_bytes_as_sasl_clients_send() {
        let parse = Password::parse_of_account;
        assert_eq!(parse(""), Err(PasswordProblem::Empty));
        assert_eq!(parse("a\0b"), Err(PasswordProblem::Control));
        assert_eq!(parse(&"x".repeat(300)).unwrap().as_bytes().len(), 300);
        let longest = limits::ACCOUNT_PASSWORD_BYTES_MAX;
        assert_eq!(parse(&"x".repeat(longest)).unwrap().as_bytes().len(), longest);
        assert_eq!(parse(&"x".repeat(longest + 1)), Err(PasswordProblem::TooLongForAccount));
    }
}
