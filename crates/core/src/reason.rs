//! Reason: why somebody was removed, as whoever removed them put it.
//!
//! Does not know how any door shows it.

use crate::{TextProblem, Topic};

/// A reason on one line, of up to [`limits::REASON_BYTES_MAX`](crate::limits::REASON_BYTES_MAX)
/// bytes; empty where none was given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reason(Topic);

// Held to what a topic is held to, so that every door that can carry one can carry the other.
const _: () = assert!(crate::limits::REASON_BYTES_MAX == crate::limits::TOPIC_BYTES_MAX);

impl Reason {
    /// Takes what was written as a reason.
    ///
    /// # Errors
    /// Where it is too long or has too many marks in a row.
    pub fn parse(written: &str) -> Result<Self, TextProblem> {
        Topic::parse(written).map(Self).map_err(|problem| match problem {
            TextProblem::TopicTooLong => TextProblem::ReasonTooLong,
            problem => problem,
        })
    }

    /// Takes a reason that a log wrote down.
    pub fn from_log(stored: String) -> Self {
        Self(Topic::from_log(stored))
    }

    /// The reason.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether none was given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_and_may_be_empty() {
        assert_eq!(Reason::parse("spam\nand \u{1b}[1mmore ").unwrap().as_str(), "spam and [1mmore");
        assert!(Reason::parse(" ").unwrap().is_empty());
        assert!(Reason::parse(&"x".repeat(390)).is_ok());
        assert_eq!(Reason::parse(&"x".repeat(391)), Err(TextProblem::ReasonTooLong));
    }
}
