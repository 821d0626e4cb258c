//! Member: the proof that a connection is in a group, and what its lines mean there.
//!
//! Made only of [`Reply::Joined`](crate::Reply::Joined). Everything that can be asked of a group
//! is asked through it, so one who is not signed in has nothing to ask with.

use conclave_core::{GroupId, Refusal, TextProblem};

use super::commands::{self, COMMAND_SIGN, Done};
use super::lines::Line;
use super::words;

/// What alone on a line leaves, from of old (B6).
const EXIT: &str = "Exit";

/// A connection that is in a group.
#[derive(Debug)]
pub(super) struct Member {
    group: GroupId,
}

impl Member {
    pub(super) const fn of(group: GroupId) -> Self {
        Self { group }
    }

    pub(super) const fn group(&self) -> GroupId {
        self.group
    }

    /// What a line of the member's asks for.
    pub(super) fn handle_line(&self, line: &Line) -> Done {
        let Line::Whole(bytes) = line else {
            return Done::Tell(words::refused(Refusal::Text(TextProblem::TooLong)));
        };
        let Ok(typed) = str::from_utf8(bytes) else {
            return Done::Tell(words::NOT_UTF8.into());
        };
        if typed.trim() == EXIT {
            return commands::exit("");
        }
        match typed.strip_prefix(COMMAND_SIGN) {
            None => commands::say(typed),
            Some(said) if said.starts_with(COMMAND_SIGN) => commands::say(said),
            Some(command) => commands::run(self, command),
        }
    }
}
