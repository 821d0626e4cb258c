//! Talking: a line that is a message, and `/me`.
//!
//! Does not know how it is shown to the others.

use conclave_core::{Refusal, Text, TextProblem};

use super::Done;
use crate::Request;
use crate::console::words;

/// A line as it is; an empty one is nothing.
pub(in crate::console) fn say(typed: &str) -> Done {
    match Text::parse(typed) {
        Ok(text) => Done::Ask(Request::Say { text }),
        Err(TextProblem::Empty) => Done::Nothing,
        Err(problem) => Done::Tell(words::refused(Refusal::Text(problem))),
    }
}

pub(super) fn act(action: &str) -> Done {
    match Text::parse(action) {
        Ok(text) => Done::Ask(Request::Act { text }),
        Err(TextProblem::Empty) => Done::Misused,
        Err(problem) => Done::Tell(words::refused(Refusal::Text(problem))),
    }
}
