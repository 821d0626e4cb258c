//! Every sentence of the console door, to be read in one sitting.
//!
//! One voice: what happened, then what to do; no blame; nothing glued to what is to be copied.
//! Does not know when a sentence is said. What people chose (names, topics) is cleaned before it
//! becomes part of one, so that it can begin no line of its own.

use std::borrow::Cow;

use conclave_core::{
    Change, Flag, GroupId, Listing, Mask, Name, NameProblem, Noted, PasswordProblem, Power, Reason,
    Refusal, Standing, TextProblem, Topic, limits,
};

use super::encode::clean;
use crate::{Echo, MemberShown};

/// A sentence, put together where it names something.
pub(super) type Sentence = Cow<'static, str>;

// The menu and its prompts: to the letter of the interface.
pub(super) const MENU: &str = "\
Hello client, please choose an option:
1. Connect to a group chat.
2. Create a group chat.
3. Exit the server.";
pub(super) const INVALID_OPTION: &str = "Invalid option.";
pub(super) const ENTER_NAME: &str = "Enter your name:";
pub(super) const ENTER_GROUP: &str = "Enter group ID:";
pub(super) const ENTER_PASSWORD: &str = "Enter password:";
pub(super) const ENTER_NEW_PASSWORD: &str = "Enter password for the group:";
pub(super) const YOU_CAN_TALK: &str = "You can start to talk!";
pub(super) const GOODBYE: &str = "Goodbye.";
pub(super) const DISCONNECTING: &str = "Disconnecting you from the server.";
pub(super) const YOU_CHOSE_EXIT: &str = "You chose exit so you left the group.";

pub(super) fn group_is(group: GroupId) -> Sentence {
    format!("The id of the group is: {group}").into()
}

pub(super) fn connected(group: GroupId) -> Sentence {
    format!("You're connected to group chat #{group}").into()
}

pub(super) fn you_left(group: GroupId) -> Sentence {
    format!("You left group chat #{group}.").into()
}

// Events of a group. A notice begins with one star, an action with two.
pub(super) const SAID: &str = ": ";
pub(super) const ACTION: &str = "** ";
pub(super) const NOTICE: &str = "* ";
pub(super) const TO_YOU: &str = " (to you)";
pub(super) const TO: &str = "to ";
pub(super) const HAS_CONNECTED: &str = " has connected to the chat room";
pub(super) const TOOK_BACK: &str = " took a message back";
pub(super) const HAS_LEFT: &str = " has left the group";
pub(super) const IS_NOW_KNOWN_AS: &str = " is now known as ";
pub(super) const SET_TOPIC: &str = " set the topic: ";
pub(super) const TOOK_TOPIC_AWAY: &str = " took the topic away";
pub(super) const WAS_REMOVED_BY: &str = " was removed from the group by ";

/// What a member did about another's power, behind its name.
pub(super) fn granted(power: Power, is_given: bool, of: &Name) -> Sentence {
    match (power, is_given) {
        (Power::Moderator, true) => format!("made {of} a moderator"),
        (Power::Moderator, false) => format!("made {of} an ordinary member"),
        (Power::Voice, true) => format!("gave {of} a voice"),
        (Power::Voice, false) => format!("took the voice away from {of}"),
    }
    .into()
}

/// What a member changed, behind its name.
pub(super) fn changed(change: &Change) -> Sentence {
    match change {
        Change::Flag { flag, is_on } => changed_flag(*flag, *is_on).into(),
        Change::MembersMax(None) => "took away the limit of members".into(),
        Change::MembersMax(Some(count)) => format!("set the limit of members to {count}").into(),
        Change::Password(None) => "took away the password: anyone can join".into(),
        Change::Password(Some(_)) => "changed the password".into(),
        Change::Listed(listing, mask) => {
            let who = who(mask);
            match listing {
                Listing::Bans => format!("banned {who}"),
                Listing::BanExceptions => format!("excepted {who} from bans"),
                Listing::Mutes => format!("muted {who}"),
                Listing::InviteExceptions => format!("let {who} join without an invitation"),
            }
            .into()
        }
        Change::Unlisted(listing, mask) => {
            let who = who(mask);
            match listing {
                Listing::Bans => format!("unbanned {who}"),
                Listing::BanExceptions => format!("ended the exception of {who} from bans"),
                Listing::Mutes => format!("unmuted {who}"),
                Listing::InviteExceptions => {
                    format!("ended that {who} joins without an invitation")
                }
            }
            .into()
        }
        Change::Invited(name) => format!("invited {name}").into(),
    }
}

const fn changed_flag(flag: Flag, is_on: bool) -> &'static str {
    match (flag, is_on) {
        (Flag::Moderated, true) => "moderated the group: only who has a voice can speak",
        (Flag::Moderated, false) => "let everyone speak again",
        (Flag::TopicLocked, true) => "locked the topic: only moderators can set it",
        (Flag::TopicLocked, false) => "unlocked the topic",
        (Flag::InviteOnly, true) => "made the group invite-only",
        (Flag::InviteOnly, false) => "let people join without an invitation again",
        (Flag::Secret, true) => "made the group secret: it is in no list",
        (Flag::Secret, false) => "took the secrecy of the group away",
        (Flag::NoExternal, true) => "let only members speak",
        (Flag::NoExternal, false) => "let people speak who are not in the group",
        (Flag::Closed, true) => "closed the group: nobody new can join",
        (Flag::Closed, false) => "opened the group: people can join again",
    }
}

/// Whom a mask holds for: a name where it is no more than that.
fn who(mask: &Mask) -> &str {
    mask.name().unwrap_or_else(|| mask.as_str())
}

// What ends a connection or a stay.
/// The member was removed, and is back at the menu.
pub(super) fn you_were_removed(by: &Name, reason: &Reason) -> Sentence {
    let by = clean(by.as_str());
    if reason.is_empty() {
        format!("* You were removed from the group by {by}.").into()
    } else {
        let reason = clean(reason.as_str());
        format!("* You were removed from the group by {by}: {reason}.").into()
    }
}

pub(super) const TOO_SLOW: &str =
    "Signing in took too long, so you are being disconnected. Connect again to start over.";
pub(super) const NOT_HTTP: &str =
    "This is a chat for terminals, which does not speak HTTP: open the server's web address.";
pub(super) const TELNET_OVERRUN: &str =
    "Your telnet program sent an option without an end, so you are being disconnected.";
pub(super) const STOPPING: &str = "* The server is stopping. Connect again in a moment.";
pub(super) const GROUP_ENDED: &str = "* The group was closed, so you are back at the menu.";

// What could not be taken.
pub(super) const NOT_UTF8: &str =
    "That line is not UTF-8 text, so it was not taken. Set your terminal to UTF-8 and try again.";
pub(super) const NO_SUCH_COMMAND: &str = "There is no such command, so nothing was sent. \
     Type /help for the commands, or // to send a line that begins with /";
pub(super) const AT_THE_MENU: &str = "Nothing was done: a terminal is in one group at a time. \
     Type /leave for the menu, and join or create a group there.";
pub(super) const NO_EARLIER_MESSAGES: &str = "There are no earlier messages.";
pub(super) const MORE_HELP: &str = "/help COMMAND tells more of one.";
pub(super) const STILL_HERE: &str = "[Yes]";

pub(super) fn usage(usage: &str) -> Sentence {
    format!("That command is typed like this: {usage}").into()
}

/// Why something was not done, and what to do.
pub(crate) fn refused(refusal: Refusal) -> Sentence {
    match refusal {
        Refusal::WrongIdOrPassword => "Sorry, no group has that ID and password. Try again.".into(),
        Refusal::NameTaken => "That name is in use in this group. Choose another.".into(),
        Refusal::Name(problem) => refused_name(problem),
        Refusal::Text(problem) => refused_text(problem),
        Refusal::Password(problem) => refused_password(problem),
        Refusal::GroupFull => {
            format!("The group is full: it has {} members. Try again later.", limits::MEMBERS_MAX)
                .into()
        }
        Refusal::NotAMember => "You are not in the group any more.".into(),
        Refusal::SeatUnknown => "That seat is not one of this group. Join it again.".into(),
        Refusal::Busy => "Too many people are signing in just now. Try again in a moment.".into(),
        Refusal::TooManyGuesses => {
            "There were too many failed sign-ins. Try again in a minute.".into()
        }
        Refusal::NotSaved => "The server could not save it. Try again later.".into(),
        Refusal::Unknown => {
            "It is not known whether the server saved it. Look before you try again.".into()
        }
        Refusal::GroupClosed => "The group is closed. Choose another.".into(),
        Refusal::Stopping => "The server is stopping. Connect again in a moment.".into(),
        Refusal::NobodyOfThatName => {
            "Nobody of that name is in the group. Type /who to see who is.".into()
        }
        Refusal::TooManyDirects => format!(
            "You have written to {} people, which is the most. Write to one of them, or in the group.",
            limits::DIRECTS_MAX
        )
        .into(),
        Refusal::NotTheCreator => "Only the one who made the group may do that.".into(),
        refusal => refused_by_powers(refusal),
    }
}

/// Why a member may not, or somebody may not come in.
fn refused_by_powers(refusal: Refusal) -> Sentence {
    match refusal {
        Refusal::NotAModerator => "Only a moderator of the group may do that. Ask one.".into(),
        Refusal::TheOwner => "That cannot be done to the one who made the group.".into(),
        Refusal::NoSuchMember => "Nobody in the group has that name. See /who for who is.".into(),
        Refusal::NameOfAMember => "Somebody in the group has that name already.".into(),
        Refusal::Mask(_) => format!(
            "That is neither a name nor a pattern such as *!*@irc of at most {} bytes. Try again.",
            limits::MASK_BYTES_MAX
        )
        .into(),
        Refusal::Banned => {
            "You are banned from the group. Ask a moderator to take that back.".into()
        }
        Refusal::Muted => "You are muted in the group. Ask a moderator to take that back.".into(),
        Refusal::NoVoice => {
            "Only who was given a voice can speak just now. Ask a moderator for one.".into()
        }
        Refusal::TopicLocked => "Only a moderator can set the topic. Ask one.".into(),
        Refusal::InviteOnly => {
            "Only who was invited can join the group. Ask a moderator to invite that name.".into()
        }
        Refusal::ClosedToNew => {
            "Nobody new can join the group at present. Ask a moderator to open it.".into()
        }
        Refusal::LimitReached => {
            "The group has as many members as its moderators let in. Try again later.".into()
        }
        Refusal::ListFull => {
            format!("The list is full: it has {} entries. Take one off first.", limits::MASKS_MAX)
                .into()
        }
        Refusal::NeedsAlias => {
            "A group that goes by a number keeps its password and hears its members only.".into()
        }
        Refusal::MembersOnly => "Only members can speak in the group. Join it first.".into(),
        _ => "The server did not allow it. Try something else.".into(),
    }
}

fn refused_name(problem: NameProblem) -> Sentence {
    match problem {
        NameProblem::Empty => "A name has at least one character. Choose one.".into(),
        NameProblem::TooLong => format!(
            "That name is too long: a name has at most {} characters. Choose a shorter one.",
            limits::NAME_CHARS_MAX
        )
        .into(),
        NameProblem::Invisible => {
            "That name is not allowed: it has a character that cannot be seen. Choose another."
                .into()
        }
        NameProblem::NotAllowed => "That name is not allowed: a name has letters, digits, single \
             emoji, common signs and spaces between them only. Choose another."
            .into(),
        NameProblem::TooManyMarks => format!(
            "That name is not allowed: a letter of a name has at most {} combining marks. \
             Choose another.",
            limits::NAME_MARKS_MAX
        )
        .into(),
        NameProblem::Sign => "That name is not allowed: a name has none of the signs : , ! ? @ * \
             and nothing that looks like : or *. Choose another."
            .into(),
        NameProblem::Beginning => {
            "That name is not allowed: a name begins with a letter, a digit, \
             an emoji or _. Choose another."
                .into()
        }
        NameProblem::MixedScripts => "That name is not allowed: a name keeps to one alphabet, or \
             has whole words of Latin letters beside it. Choose another."
            .into(),
        NameProblem::Reserved => {
            "That name is not allowed: it is kept for the server. Choose another.".into()
        }
        _ => "That name is not allowed. Choose another.".into(),
    }
}

fn refused_text(problem: TextProblem) -> Sentence {
    match problem {
        TextProblem::Empty => "A message has at least one character. Nothing was sent.".into(),
        TextProblem::TooLong => format!(
            "That message is too long: a message has at most {} bytes. Send it in parts.",
            limits::TEXT_BYTES_MAX
        )
        .into(),
        TextProblem::TooManyLines => format!(
            "That message is too long: a message has at most {} lines. Send it in parts.",
            limits::TEXT_LINES_MAX
        )
        .into(),
        TextProblem::TooManyMarks => format!(
            "That text has more than {} combining marks in a row. Send it with fewer.",
            limits::TEXT_MARKS_MAX
        )
        .into(),
        TextProblem::TopicTooLong => format!(
            "That topic is too long: a topic has at most {} bytes. Choose a shorter one.",
            limits::TOPIC_BYTES_MAX
        )
        .into(),
        TextProblem::ReasonTooLong => format!(
            "That reason is too long: a reason has at most {} bytes. Choose a shorter one.",
            limits::REASON_BYTES_MAX
        )
        .into(),
    }
}

fn refused_password(problem: PasswordProblem) -> Sentence {
    match problem {
        PasswordProblem::Empty => "A password has at least one character. Choose one.".into(),
        PasswordProblem::TooLong => format!(
            "That password is too long: a password has at most {} bytes. Choose a shorter one.",
            limits::PASSWORD_BYTES_MAX
        )
        .into(),
        PasswordProblem::TooLongForAccount => format!(
            "That password is too long: the password of an account has at most {} bytes. \
             Choose a shorter one.",
            limits::ACCOUNT_PASSWORD_BYTES_MAX
        )
        .into(),
        PasswordProblem::Control => {
            "That password has a control character. Choose one that can be typed.".into()
        }
    }
}

/// Something said or done was not taken into the log.
pub(super) fn not_taken(refusal: Refusal) -> Sentence {
    match refusal {
        Refusal::Unknown => "It is not known whether your message was saved. \
             Look with /history before you send it again."
            .into(),
        other => format!("Your message was not sent. {}", refused(other)).into(),
    }
}

// Answers to commands.

pub(super) fn topic(topic: &Topic) -> Sentence {
    if topic.is_empty() {
        "* There is no topic.".into()
    } else {
        format!("* Topic: {}", clean(topic.as_str())).into()
    }
}

pub(super) fn renamed(to: &Name) -> Sentence {
    format!("* You are now known as {}", clean(to.as_str())).into()
}

pub(super) fn members(group: GroupId, members: &[MemberShown]) -> Sentence {
    let noun = if members.len() == 1 { "member" } else { "members" };
    let mut text = format!("* Group chat #{group} has {} {noun}:", members.len());
    for MemberShown { name, is_you, is_here, standing, is_muted } in members {
        // The dash keeps a name from looking like a line of another kind.
        text.push_str("\n- ");
        text.push_str(&clean(name.as_str()));
        let standing = match standing {
            Standing::Owner => Some("owner"),
            Standing::Moderator => Some("moderator"),
            Standing::Voiced => Some("voiced"),
            Standing::Member => None,
        };
        let marks = [
            is_you.then_some("you"),
            standing,
            is_muted.then_some("muted"),
            (!is_here).then_some("away"),
        ];
        let marks: Vec<_> = marks.into_iter().flatten().collect();
        if !marks.is_empty() {
            text.push_str(" (");
            text.push_str(&marks.join(", "));
            text.push(')');
        }
    }
    text.into()
}

pub(super) const UNCHANGED: &str = "* That is so already.";
pub(super) const PASSWORD_CHANGED: &str =
    "* You changed the password. Tell it to those who are to join from now on.";

pub(super) fn you_changed(change: &Change) -> Sentence {
    format!("* You {}", clean(&changed(change))).into()
}

pub(super) fn you_granted(power: Power, is_given: bool, whom: &Name) -> Sentence {
    format!("* You {}", clean(&granted(power, is_given, whom))).into()
}

/// Who is banned or muted, by whom and since when.
pub(super) fn bans(bans: &[Noted], mutes: &[Noted]) -> Sentence {
    if bans.is_empty() && mutes.is_empty() {
        return "* Nobody is banned or muted.".into();
    }
    let mut lines = Vec::new();
    for (title, noted) in [("* Banned:", bans), ("* Muted:", mutes)] {
        if noted.is_empty() {
            continue;
        }
        lines.push(title.to_owned());
        for Noted { mask, by, at } in noted {
            let (who, by) = (clean(who(mask)), clean(by.as_str()));
            lines.push(format!("- {who} (by {by}, {})", at.render_minute()));
        }
    }
    lines.join("\n").into()
}

pub(super) const fn echo(echo: Echo) -> &'static str {
    match echo {
        Echo::On => "* Your own messages are shown to you from now on.",
        Echo::Off => "* Your own messages are not shown to you from now on.",
    }
}

pub(super) const fn deleted_when_empty(is_on: bool) -> &'static str {
    if is_on {
        "* The group will be deleted when its last member has left."
    } else {
        "* The group will be kept when its last member has left."
    }
}
