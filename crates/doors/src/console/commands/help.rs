//! Help: all commands on a terminal of 40 columns, or one of them in full.
//!
//! Does not know what a command does: the table says it.

use super::table::{COMMANDS, Command, Group};
use super::{COMMAND_SIGN, Done};
use crate::console::words;

/// Column at which it stands what a command does; a longer command has a line of its own.
const COLUMN: usize = 17;

pub(super) fn help(argument: &str) -> Done {
    if argument.is_empty() {
        return Done::Tell(all().into());
    }
    let name = argument.strip_prefix(COMMAND_SIGN).unwrap_or(argument);
    match Command::find(name) {
        Some(command) => Done::Tell(one(command).into()),
        None => Done::Tell(words::NO_SUCH_COMMAND.into()),
    }
}

fn all() -> String {
    let mut lines = Vec::new();
    for group in Group::ALL {
        lines.push(group.title().to_owned());
        for command in COMMANDS.iter().filter(|command| command.group == group) {
            push(&mut lines, &command.usage(), command.does);
        }
        if group == Group::Everyone {
            push(&mut lines, "//TEXT", "says a line with a /");
        }
    }
    lines.push(words::MORE_HELP.to_owned());
    lines.join("\n")
}

fn push(lines: &mut Vec<String>, usage: &str, does: &str) {
    if usage.len() < COLUMN {
        lines.push(format!("{usage:COLUMN$}{does}"));
    } else {
        lines.push(usage.to_owned());
        lines.push(format!("{:COLUMN$}{does}", ""));
    }
}

fn one(command: &Command) -> String {
    let mut told = format!("{}\n{}", command.usage(), command.more);
    if !command.aliases.is_empty() {
        told.push_str("\nAlso: /");
        told.push_str(&command.aliases.join(", /"));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_fits_on_a_terminal_of_40_columns() {
        for line in all().lines() {
            assert!(line.chars().count() <= 40, "{line}");
        }
    }
}
