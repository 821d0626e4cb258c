//! The commands of a member: one table, from which `/help` is made.
//!
//! Does not know how what they ask for is answered. A name that is not in the table is never sent
//! to the group.

mod change;
mod leaving;
mod look;
mod talk;

use super::member::Member;
use super::words::{self, Sentence};
use crate::Request;

pub(super) use leaving::exit;
pub(super) use talk::say;

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

struct Command {
    name: &'static str,
    aliases: &'static [&'static str],
    /// What is written after the name.
    arguments: &'static str,
    does: &'static str,
    run: fn(&str) -> Done,
}

#[rustfmt::skip]
const COMMANDS: &[Command] = &[
    Command { name: "help", aliases: &["?", "commands"], arguments: "", does: "shows these commands", run: help },
    Command { name: "who", aliases: &["names", "users"], arguments: "", does: "shows who is in the group", run: look::who },
    Command { name: "history", aliases: &[], arguments: "[N]", does: "shows the last N messages, 20 without a number", run: look::history },
    Command { name: "me", aliases: &[], arguments: "ACTION", does: "tells the group what you do", run: talk::act },
    Command { name: "msg", aliases: &["query", "w", "tell"], arguments: "NAME TEXT", does: "tells one member something, and nobody else", run: talk::tell },
    Command { name: "nick", aliases: &[], arguments: "NAME", does: "gives you another name", run: change::nick },
    Command { name: "topic", aliases: &[], arguments: "[TEXT]", does: "shows the topic or sets it; - takes it away", run: change::topic },
    Command { name: "echo", aliases: &[], arguments: "on|off", does: "shows you your own messages, or not", run: change::echo },
    Command { name: "delete-when-empty", aliases: &[], arguments: "on|off", does: "deletes the group when its last member has left, or not", run: change::delete_when_empty },
    Command { name: "leave", aliases: &["part", "close"], arguments: "", does: "leaves the group, back to the menu", run: leaving::leave },
    Command { name: "exit", aliases: &["quit"], arguments: "", does: "leaves the group and the server", run: exit },
];

impl Command {
    fn is_called(&self, name: &str) -> bool {
        let mut names = std::iter::once(&self.name).chain(self.aliases);
        names.any(|own| own.eq_ignore_ascii_case(name))
    }

    fn usage(&self) -> String {
        format!("/{} {}", self.name, self.arguments).trim_end().to_owned()
    }
}

/// Runs a command, written without its sign. That there is a member proves that it may.
pub(super) fn run(_member: &Member, written: &str) -> Done {
    let (name, argument) = written.split_once(char::is_whitespace).unwrap_or((written, ""));
    let Some(command) = COMMANDS.iter().find(|command| command.is_called(name)) else {
        return Done::Tell(words::NO_SUCH_COMMAND.into());
    };
    match (command.run)(argument.trim()) {
        Done::Misused => Done::Tell(words::usage(&command.usage())),
        done => done,
    }
}

fn help(_argument: &str) -> Done {
    let width = COMMANDS.iter().map(|command| command.usage().len()).max().unwrap_or_default();
    let mut lines: Vec<String> = COMMANDS
        .iter()
        .map(|command| {
            let also = match command.aliases {
                [] => String::new(),
                aliases => format!(" (also /{})", aliases.join(", /")),
            };
            format!("{:width$}  {}{also}", command.usage(), command.does)
        })
        .collect();
    lines.push(format!("{:width$}  sends a line that begins with /", "//TEXT"));
    Done::Tell(lines.join("\n").into())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_commands_have_a_name_in_common() {
        let mut seen = HashSet::new();
        for command in COMMANDS {
            for name in std::iter::once(&command.name).chain(command.aliases) {
                assert!(seen.insert(name), "{name}");
                assert_eq!(*name, name.to_lowercase());
            }
        }
    }
}
