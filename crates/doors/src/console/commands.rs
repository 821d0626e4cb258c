//! The commands of a member: a table, from which `/help` is made, and a file for each few.
//!
//! Does not know how what they ask for is answered. A name that is not in the table is never sent
//! to the group.

mod change;
mod help;
mod leaving;
mod look;
mod moderate;
mod table;
mod talk;

use super::member::Member;
use super::words::{self, Sentence};
use crate::Request;

use table::Command;

pub(super) use leaving::exit;
pub(super) use talk::say;

/// Begins a command; twice, a line that begins with it.
pub(super) const COMMAND_SIGN: char = '/';

/// Commands of other doors for what is done at the menu here.
const AT_THE_MENU: [&str; 4] = ["join", "j", "create", "list"];

/// What a line of a member's comes to.
#[derive(Debug)]
pub(super) enum Done {
    /// Nothing.
    Nothing,
    /// The hub is to be asked.
    Ask(Request),
    /// The member is told something.
    Tell(Sentence),
    /// It was not written as it must be.
    Misused,
    /// The group is to be left.
    Leave(Leaving),
}

/// What comes after a group was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaving {
    /// The menu again.
    ToMenu,
    /// A goodbye, and the end of the connection.
    ByExit,
    /// The end of a connection whose client will say no more.
    AtEnd,
}

/// Runs a command, written without its sign. That there is a member proves that it may.
pub(super) fn run(_member: &Member, written: &str) -> Done {
    let (name, argument) = written.split_once(char::is_whitespace).unwrap_or((written, ""));
    let Some(command) = Command::find(name) else {
        let is_at_menu = AT_THE_MENU.iter().any(|other| other.eq_ignore_ascii_case(name));
        let told = if is_at_menu { words::AT_THE_MENU } else { words::NO_SUCH_COMMAND };
        return Done::Tell(told.into());
    };
    match (command.run)(argument.trim()) {
        Done::Misused => Done::Tell(words::usage(&command.usage())),
        done => done,
    }
}
