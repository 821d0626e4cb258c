//! Talking: a line that is a message, `/me`, and `/msg`.
//!
//! Does not know how it is shown to the others.

use conclave_core::{Name, Refusal, Text, TextProblem};

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

/// A name and a text. Names have spaces, so every beginning that can be a name is one reading of it,
/// the longest first.
pub(super) fn tell(written: &str) -> Done {
    let mut readings = Vec::new();
    let mut problem = None;
    for (space, _) in written.char_indices().filter(|(_, c)| c.is_whitespace()) {
        let (name, text) = written.split_at(space);
        let Ok(name) = Name::parse(name) else { continue };
        match Text::parse(text.trim_start()) {
            // Several spaces in a row end the same name.
            Ok(_) if readings.first().is_some_and(|(known, _)| *known == name) => {}
            Ok(text) => readings.insert(0, (name, text)),
            Err(found) => problem = Some(found),
        }
    }
    match problem {
        _ if !readings.is_empty() => Done::Ask(Request::Tell { readings }),
        Some(problem) if problem != TextProblem::Empty => {
            Done::Tell(words::refused(Refusal::Text(problem)))
        }
        None if written.contains(char::is_whitespace) => {
            Done::Tell(words::refused(Refusal::NobodyOfThatName))
        }
        _ => Done::Misused,
    }
}
