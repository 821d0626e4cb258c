//! The table of commands: what each is called and does, and who carries it out.
//!
//! Does not carry anything out. What `does` says fits beside the command on a terminal of 40
//! columns; what `more` says is shown by `/help COMMAND`.

use super::{Done, change, help, leaving, look, moderate, talk};

/// A command of a member.
pub(super) struct Command {
    pub(super) group: Group,
    pub(super) name: &'static str,
    pub(super) aliases: &'static [&'static str],
    /// What is written after the name.
    pub(super) arguments: &'static str,
    pub(super) does: &'static str,
    pub(super) more: &'static str,
    pub(super) run: fn(&str) -> Done,
}

/// Commands that go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Everyone,
    Moderators,
}

impl Group {
    pub(super) const ALL: [Self; 2] = [Self::Everyone, Self::Moderators];

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Everyone => "For everyone:",
            Self::Moderators => "For moderators:",
        }
    }
}

use Group::{Everyone, Moderators};

#[rustfmt::skip]
pub(super) const COMMANDS: &[Command] = &[
    Command { group: Everyone, name: "help", aliases: &["?", "commands"], arguments: "[COMMAND]", does: "explains commands", more: "Shows all commands, or explains one.", run: help::help },
    Command { group: Everyone, name: "who", aliases: &["names", "users"], arguments: "", does: "shows who is here", more: "Shows who is in the group, and what each may do.", run: look::who },
    Command { group: Everyone, name: "history", aliases: &[], arguments: "[N]", does: "shows what was said", more: "Shows the last N messages, 20 without a number.", run: look::history },
    Command { group: Everyone, name: "me", aliases: &[], arguments: "ACTION", does: "tells what you do", more: "Tells the group what you do.", run: talk::act },
    Command { group: Everyone, name: "msg", aliases: &["query", "w", "tell"], arguments: "NAME TEXT", does: "tells one alone", more: "Tells one member something, and nobody else.", run: talk::tell },
    Command { group: Everyone, name: "nick", aliases: &[], arguments: "NAME", does: "changes your name", more: "Gives you another name, free in the group.", run: change::nick },
    Command { group: Everyone, name: "topic", aliases: &[], arguments: "[TEXT]", does: "shows or sets the topic", more: "Shows the topic, or sets it; - takes it away.", run: change::topic },
    Command { group: Everyone, name: "echo", aliases: &[], arguments: "on|off", does: "shows your messages", more: "Shows you your own messages too, or not.", run: change::echo },
    Command { group: Everyone, name: "banlist", aliases: &["bans"], arguments: "", does: "shows bans and mutes", more: "Shows who is banned or muted, by whom and since when.", run: look::bans },
    Command { group: Everyone, name: "leave", aliases: &["part"], arguments: "", does: "goes back to the menu", more: "Leaves the group, back to the menu.", run: leaving::leave },
    Command { group: Everyone, name: "exit", aliases: &["quit"], arguments: "", does: "leaves the server", more: "Leaves the group and the server.", run: leaving::exit },
    Command { group: Moderators, name: "kick", aliases: &["remove"], arguments: "NAME [WHY]", does: "removes a member", more: "Removes a member from the group. They may join again: /ban keeps them out.", run: moderate::kick },
    Command { group: Moderators, name: "ban", aliases: &[], arguments: "NAME [WHY]", does: "removes and keeps out", more: "Removes a member and keeps that name out; or keeps out a pattern such as *!*@irc.", run: moderate::ban },
    Command { group: Moderators, name: "unban", aliases: &[], arguments: "NAME", does: "takes a ban back", more: "Takes a ban back: of a name, or of a pattern as /banlist shows it.", run: moderate::unban },
    Command { group: Moderators, name: "mute", aliases: &[], arguments: "NAME", does: "lets them only read", more: "Lets a name only read, now and when it comes back; or a pattern such as *!*@irc.", run: moderate::mute },
    Command { group: Moderators, name: "unmute", aliases: &[], arguments: "NAME", does: "lets them speak again", more: "Takes a mute back: of a name, or of a pattern as /banlist shows it.", run: moderate::unmute },
    Command { group: Moderators, name: "voice", aliases: &[], arguments: "NAME", does: "gives a voice", more: "Gives a member a voice: they speak also where /moderate is on.", run: moderate::voice },
    Command { group: Moderators, name: "devoice", aliases: &[], arguments: "NAME", does: "takes the voice away", more: "Takes a member's voice away.", run: moderate::devoice },
    Command { group: Moderators, name: "op", aliases: &[], arguments: "NAME", does: "makes a moderator", more: "Makes a member a moderator, who may do all that stands here.", run: moderate::op },
    Command { group: Moderators, name: "deop", aliases: &[], arguments: "NAME", does: "a moderator no more", more: "Makes a moderator an ordinary member again.", run: moderate::deop },
    Command { group: Moderators, name: "invite", aliases: &[], arguments: "NAME", does: "lets a name in once", more: "Lets a name join once, whatever ban or limit there is. They need the password all the same.", run: moderate::invite },
    Command { group: Moderators, name: "password", aliases: &[], arguments: "NEW", does: "changes the password", more: "Changes the password for those who join from now on. Who is here stays.", run: moderate::password },
    Command { group: Moderators, name: "close", aliases: &[], arguments: "", does: "lets nobody new in", more: "Closes the group: nobody new can join, who is here stays.", run: moderate::close },
    Command { group: Moderators, name: "open", aliases: &[], arguments: "", does: "lets people in again", more: "Opens a group that was closed by /close.", run: moderate::open },
    Command { group: Moderators, name: "limit", aliases: &[], arguments: "N|off", does: "limits the members", more: "Lets nobody in while there are N members.", run: moderate::limit },
    Command { group: Moderators, name: "moderate", aliases: &[], arguments: "on|off", does: "only voices speak", more: "Lets only those speak who were given a voice, and moderators; or everyone.", run: moderate::moderate },
    Command { group: Moderators, name: "lock-topic", aliases: &[], arguments: "", does: "only you set the topic", more: "Lets only moderators set the topic.", run: moderate::lock_topic },
    Command { group: Moderators, name: "unlock-topic", aliases: &[], arguments: "", does: "all set the topic", more: "Lets everyone set the topic.", run: moderate::unlock_topic },
    Command { group: Moderators, name: "invite-only", aliases: &[], arguments: "on|off", does: "only invited join", more: "Lets only those join who were invited by /invite; or all who have the password.", run: moderate::invite_only },
    Command { group: Moderators, name: "delete-when-empty", aliases: &[], arguments: "on|off", does: "deletes at the end", more: "Deletes the group when its last member has left, or not. Only for the one who made it.", run: change::delete_when_empty },
];

impl Command {
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        COMMANDS.iter().find(|command| command.is_called(name))
    }

    fn is_called(&self, name: &str) -> bool {
        let mut names = std::iter::once(&self.name).chain(self.aliases);
        names.any(|own| own.eq_ignore_ascii_case(name))
    }

    pub(super) fn usage(&self) -> String {
        format!("/{} {}", self.name, self.arguments).trim_end().to_owned()
    }
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
