//! `PRIVMSG`, `NOTICE`, `TAGMSG`: says something to a group or to somebody.

use conclave_core::{GroupId, Refusal, Text, TextProblem, limits};
use conclave_doors::irc::caps::Cap;
use conclave_doors::irc::commands::Command;
use conclave_doors::irc::message::{Message, escape};
use conclave_doors::irc::numeric::{
    ERR_CANNOTSENDTOCHAN, ERR_NEEDMOREPARAMS, ERR_NORECIPIENT, ERR_NOSUCHCHANNEL, ERR_NOSUCHNICK,
    ERR_NOTEXTTOSEND, RPL_AWAY,
};
use conclave_doors::irc::replies::Replies;
use conclave_doors::irc::written::Written;
use conclave_hub::Said;

use super::words;
use crate::irc::client::Client;
use crate::irc::peer::Told;

/// What is being said.
struct Speech<'message> {
    command: Command,
    text: &'message str,
    /// The client's own tags, as they are written.
    tags: String,
}

impl Speech<'_> {
    const fn name(&self) -> &'static str {
        match self.command {
            Command::Notice => "NOTICE",
            Command::Tagmsg => "TAGMSG",
            _ => "PRIVMSG",
        }
    }

    /// A notice is never answered, so that no two programs talk to each other for ever.
    const fn is_answered(&self) -> bool {
        !matches!(self.command, Command::Notice)
    }
}

pub(super) async fn run(
    client: &mut Client,
    command: Command,
    message: &Message<'_>,
    replies: &mut Replies,
) {
    let targets = message.param(0).unwrap_or_default();
    if targets.is_empty() {
        replies.numeric(ERR_NORECIPIENT, &[]);
        return;
    }
    let text = message.param(1).unwrap_or_default();
    if text.is_empty() && command != Command::Tagmsg {
        replies.numeric(ERR_NOTEXTTOSEND, &[]);
        return;
    }
    if command == Command::Tagmsg && !client.negotiation.caps.has(Cap::MessageTags) {
        replies.numeric(ERR_NEEDMOREPARAMS, &["TAGMSG"]);
        return;
    }
    let speech = Speech { command, text, tags: client_tags(message) };
    for target in targets.split(',').take(limits::IRC_TARGETS_MAX) {
        if target.starts_with('#') {
            to_group(client, target, &speech, replies).await;
        } else {
            to_nick(client, target, &speech, replies);
        }
    }
    let now = client.now();
    if let Some(user) = client.context.irc.registry().user_mut(client.id) {
        user.active_at = now;
    }
}

/// The client's own tags (`+typing`), which are passed on as they are.
fn client_tags(message: &Message<'_>) -> String {
    let mut tags = String::new();
    for tag in message.tags.iter().filter(|tag| tag.key.starts_with('+')) {
        if !tags.is_empty() {
            tags.push(';');
        }
        tags.push_str(tag.key);
        if !tag.value.is_empty() {
            tags.push('=');
            escape(&tag.value, &mut tags);
        }
    }
    tags
}

async fn to_group(client: &mut Client, target: &str, speech: &Speech<'_>, replies: &mut Replies) {
    let Some(channel) = client.channel(target) else {
        if speech.is_answered() {
            replies.numeric(ERR_NOSUCHCHANNEL, &[target]);
        }
        return;
    };
    if speech.command == Command::Tagmsg {
        return;
    }
    let said = match parse(speech.text) {
        Ok(said) => channel.session.say(said).await,
        Err(problem) => Err(problem.into()),
    };
    match said {
        Ok(()) => client.is_unsettled = true,
        Err(refusal) => refuse(&channel.name(), refusal, replies),
    }
}

/// A text, or what one does where it is written as clients write `/me`.
fn parse(written: &str) -> Result<Said, TextProblem> {
    let action = written.strip_prefix("\u{1}ACTION ");
    match action {
        Some(done) => Text::parse(&plain(done.trim_end_matches('\u{1}'))).map(Said::Action),
        None => Text::parse(&plain(written)).map(Said::Words),
    }
}

/// A text without the signs by which IRC colours letters and makes them bold: elsewhere they would
/// leave their numbers behind.
fn plain(written: &str) -> String {
    let mut kept = String::with_capacity(written.len());
    let mut rest = written.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{2}' | '\u{f}' | '\u{11}' | '\u{16}' | '\u{1d}' | '\u{1e}' | '\u{1f}' => {}
            '\u{3}' => {
                let digits = |rest: &mut std::iter::Peekable<std::str::Chars<'_>>| {
                    (0..2).filter(|_| rest.next_if(char::is_ascii_digit).is_some()).count()
                };
                // A comma is part of it only where a second colour follows.
                let mut ahead = rest.clone();
                if digits(&mut rest) > 0 {
                    ahead.clone_from(&rest);
                    if ahead.next_if_eq(&',').is_some() && digits(&mut ahead) > 0 {
                        rest = ahead;
                    }
                }
            }
            c => kept.push(c),
        }
    }
    kept
}

fn to_nick(client: &Client, target: &str, speech: &Speech<'_>, replies: &mut Replies) {
    let (told, away, nick) = {
        let registry = client.context.irc.registry();
        let told: Vec<_> = registry
            .bearers(target)
            .into_iter()
            .filter_map(|id| Some((id, Told::from(registry.user(id)?))))
            .collect();
        let found = registry.find(target).map(|(_, user)| (user.away.clone(), user.nick.clone()));
        let (away, nick) = found.unzip();
        (told, away.flatten(), nick)
    };
    let Some(nick) = nick else {
        if speech.is_answered() {
            replies.numeric(ERR_NOSUCHNICK, &[target]);
        }
        return;
    };
    let line = client.line(speech.name()).param(nick.as_str());
    let line = if speech.command == Command::Tagmsg { line } else { line.last(speech.text) };
    let now = client.now();
    for (_, other) in told {
        let is_shown = speech.command != Command::Tagmsg || other.caps.has(Cap::MessageTags);
        if is_shown {
            other.tell(tagged(&line, &other, &speech.tags), now);
        }
    }
    if client.negotiation.caps.has(Cap::EchoMessage) {
        replies.line(line);
    }
    if let Some(reason) = away.filter(|_| speech.command == Command::Privmsg) {
        replies.numeric_with(RPL_AWAY, &[nick.as_str()], &reason);
    }
}

fn tagged(line: &Written, other: &Told, tags: &str) -> Written {
    if other.caps.has(Cap::MessageTags) { line.clone().raw_tags(tags) } else { line.clone() }
}

fn refuse(name: &str, refusal: Refusal, replies: &mut Replies) {
    match refusal {
        Refusal::Text(TextProblem::Empty) => replies.numeric(ERR_NOTEXTTOSEND, &[]),
        refusal => {
            let words = format!("Cannot send to channel: {}", words::refused(refusal));
            replies.numeric_with(ERR_CANNOTSENDTOCHAN, &[name], &words);
        }
    }
}

/// Tells that something the client said was not taken into the log.
pub(in crate::irc) fn not_taken(
    client: &Client,
    group: GroupId,
    refusal: Refusal,
    replies: &mut Replies,
) {
    let mut channels = client.channels.iter();
    if let Some(channel) = channels.find(|channel| channel.session.group() == group) {
        refuse(&channel.name(), refusal, replies);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_bold_letters_leave_nothing_behind() {
        for (written, expected) in [
            ("plain", "plain"),
            ("\u{2}bold\u{2} \u{1d}slanted\u{f}", "bold slanted"),
            ("\u{3}4red\u{3}", "red"),
            ("\u{3}04,12red on blue", "red on blue"),
            ("\u{3}4,red", ",red"),
            ("\u{3}123", "3"),
            ("\u{3},5", ",5"),
        ] {
            assert_eq!(plain(written), expected, "{written:?}");
        }
    }

    #[test]
    fn what_one_does_is_told_from_what_one_says() {
        assert_eq!(parse("\u{1}ACTION waves\u{1}"), Text::parse("waves").map(Said::Action));
        assert_eq!(parse("waves"), Text::parse("waves").map(Said::Words));
        assert_eq!(parse("\u{1}\u{1}"), Err(TextProblem::Empty));
    }
}
