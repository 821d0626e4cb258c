//! `PRIVMSG`, `NOTICE`, `TAGMSG`: says something to a group or to somebody.

use std::borrow::Cow;

use conclave_core::{
    Alias, Cuts, GroupId, Manner, Refusal, Relay, Standing, Tags, Text, TextProblem, limits,
};
use conclave_doors::irc::caps::Cap;
use conclave_doors::irc::commands::Command;
use conclave_doors::irc::encode::{batch_mark, label_mark};
use conclave_doors::irc::message::{Message, escape};
use conclave_doors::irc::numeric::{
    ERR_CANNOTSENDTOCHAN, ERR_INPUTTOOLONG, ERR_NEEDMOREPARAMS, ERR_NORECIPIENT, ERR_NOSUCHCHANNEL,
    ERR_NOSUCHNICK, ERR_NOTEXTTOSEND, RPL_AWAY,
};
use conclave_doors::irc::replies::Replies;
use conclave_doors::irc::written::split_words;
use conclave_hub::{MemberHere, Said};
use tokio::sync::OwnedRwLockReadGuard;

use super::batch;
use super::words;
use crate::irc::client::{Client, contact_of, origin};

/// What is being said.
pub(super) struct Speech<'message> {
    pub(super) command: Command,
    pub(super) text: &'message str,
    /// Where the client cut what is one line.
    pub(super) cuts: &'message [u16],
    /// The client's own tags, as they are written.
    pub(super) tags: Tags,
    /// The batch that answers, where one command has several targets and a label.
    pub(super) batch: Option<String>,
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

    /// Whether it is a question that one client asks another (`/ctcp VERSION`), or the answer to one:
    /// without the signs that mark it, which leave the server for nothing else, it would be read as
    /// words.
    fn is_between_clients(&self) -> bool {
        let is_marked = self.text.starts_with('\u{1}') && self.text != "\u{1}\u{1}";
        is_marked && !self.text.starts_with("\u{1}ACTION ")
    }
}

pub(super) async fn run(
    client: &mut Client,
    command: Command,
    message: &Message<'_>,
    replies: &mut Replies,
) {
    if let Some(name) = message.tag("batch")
        && client.negotiation.caps.has(Cap::Multiline)
    {
        return batch::add(client, command, name, message, replies);
    }
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
    let batch = begin_batch(client, targets, replies);
    let speech = Speech { command, text, cuts: &[], tags: client_tags(message), batch };
    for target in targets.split(',').take(limits::IRC_TARGETS_MAX) {
        // Who reads it gets it with its source before it, whole or not at all.
        if client.line(speech.name()).param(target).room() < text.len() {
            replies.numeric(ERR_INPUTTOOLONG, &[]);
            continue;
        }
        say(client, target, &speech, replies).await;
    }
    if let Some(name) = &speech.batch {
        // Its echoes are in it.
        client.settle().await;
        replies.end_batch(name);
    }
    let now = client.now();
    if let Some(user) = client.context.irc.registry().user_mut(client.id) {
        user.active_at = now;
    }
}

/// Says something to one target.
pub(super) async fn say(
    client: &mut Client,
    target: &str,
    speech: &Speech<'_>,
    replies: &mut Replies,
) {
    if speech.is_between_clients() {
        if speech.is_answered() {
            let words = "Of CTCP only actions (/me) are passed on here; nothing was sent";
            replies.numeric_with(ERR_CANNOTSENDTOCHAN, &[target], words);
        }
    } else if let Some(channel) = target.strip_prefix(['@', '+']) {
        to_ranks(client, target, channel, speech, replies);
    } else if target.starts_with('#') {
        to_group(client, target, speech, replies).await;
    } else {
        to_nick(client, target, speech, replies).await;
    }
}

/// Begins the batch that answers a labelled message to several: each is echoed, and one label may
/// be answered once.
fn begin_batch(client: &Client, targets: &str, replies: &mut Replies) -> Option<String> {
    let caps = client.negotiation.caps;
    if !targets.contains(',') || !caps.has(Cap::EchoMessage) || !caps.has(Cap::Batch) {
        return None;
    }
    let label = replies.take_label_if(caps)?;
    let name = replies.next_batch();
    let begin = replies.from_server("BATCH").tag("label", &label).param(&format!("+{name}"));
    client.tell(begin.param("labeled-response"));
    Some(name)
}

/// The mark that what is said bears for the client that says it.
fn mark(client: &Client, speech: &Speech<'_>, replies: &mut Replies) -> Option<String> {
    let caps = client.negotiation.caps;
    match &speech.batch {
        Some(name) => Some(batch_mark(name)),
        None if caps.has(Cap::EchoMessage) => {
            replies.take_label_if(caps).map(|label| label_mark(&label))
        }
        None => None,
    }
}

/// The client's own tags (`+typing`), which are passed on as they are.
pub(super) fn client_tags(message: &Message<'_>) -> Tags {
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
    Tags::parse(&tags).unwrap_or_default()
}

async fn to_group(client: &mut Client, target: &str, speech: &Speech<'_>, replies: &mut Replies) {
    let Some(channel) = client.channel(target) else {
        return from_outside(client, target, speech, replies).await;
    };
    let said = match speech.parse() {
        Ok(said) => {
            let mark = mark(client, speech, replies);
            channel.session.say_as(said, client.echo(mark.as_deref())).await
        }
        Err(problem) => Err(problem.into()),
    };
    match said {
        Ok(()) => client.is_unsettled = true,
        Err(refusal) => refuse(&channel.name(), refusal, replies),
    }
}

/// Says something to those of a group who may change things, or speak: those of them who are here
/// by IRC. It is of the moment, and kept nowhere.
fn to_ranks(
    client: &Client,
    target: &str,
    channel: &str,
    speech: &Speech<'_>,
    replies: &mut Replies,
) {
    let Some(channel) = client.channel(channel) else {
        return replies.numeric(ERR_NOSUCHCHANNEL, &[target]);
    };
    if let Err(refusal) = channel.session.may_speak() {
        return refuse(&channel.name(), refusal, replies);
    }
    let is_operator = |standing| matches!(standing, Standing::Owner | Standing::Moderator);
    let sign = if target.starts_with('@') { '@' } else { '+' };
    let told = client
        .told_in(channel, |member| is_operator(member.standing) || sign == '+' && member.is_voiced);
    if told.is_empty() && speech.is_answered() {
        let words = "Nobody whom that is meant for is here by IRC; nothing was sent";
        return replies.numeric_with(ERR_CANNOTSENDTOCHAN, &[target], words);
    }
    let begun = client.line(speech.name()).param(&format!("{sign}{}", channel.name()));
    let lines: Vec<_> = if speech.command == Command::Tagmsg {
        vec![begun]
    } else {
        let texts = speech.text.split('\n').filter(|text| !text.is_empty());
        let texts = texts.flat_map(|text| split_words(text, begun.room()));
        texts.map(|text| begun.clone().last(text)).collect()
    };
    for (id, other) in told {
        if id != client.id || client.negotiation.caps.has(Cap::EchoMessage) {
            for line in lines.iter().cloned() {
                let has_tags = other.caps.has(Cap::MessageTags);
                let line = if has_tags { line.raw_tags(speech.tags.as_str()) } else { line };
                other.tell(&client.context.hub, line);
            }
        }
    }
}

/// Says something to a group that the client is not in, where that hears who is outside.
async fn from_outside(client: &Client, target: &str, speech: &Speech<'_>, replies: &mut Replies) {
    let alias = target.strip_prefix('#').and_then(Alias::parse);
    let said = match (alias, Text::parse(&plain(speech.text))) {
        (Some(alias), Ok(text)) if client.context.hub.has_alias(&alias).await => {
            let (nick, origin) = (client.nick.clone(), origin());
            client.context.hub.say_from_outside(&alias, nick, origin, text).await
        }
        _ => {
            if speech.is_answered() {
                replies.numeric(ERR_NOSUCHCHANNEL, &[target]);
            }
            return;
        }
    };
    if let Err(refusal) = said {
        refuse(target, refusal, replies);
    }
}

impl Speech<'_> {
    /// What is to be said: words alone where they say it all, so that every door has them alike.
    fn parse(&self) -> Result<Said, TextProblem> {
        let manner = match self.command {
            Command::Tagmsg => Manner::Tags,
            Command::Notice => Manner::Notice,
            _ => Manner::Words,
        };
        let tags = self.tags.clone();
        if manner == Manner::Tags {
            let (text, cuts) = (None, Cuts::default());
            return Ok(Said::Relay(Relay { manner, text, tags, cuts }));
        }
        let is_plain = manner == Manner::Words && tags.as_str().is_empty();
        match parse(self.text)? {
            Said::Words(text) if !is_plain || !self.cuts.is_empty() => {
                // Of a text that is not as it was written, nobody knows where it was cut.
                let is_as_written = text.as_str() == self.text;
                let cuts = Cuts::new(if is_as_written { self.cuts } else { &[] });
                Ok(Said::Relay(Relay { manner, text: Some(text), tags, cuts }))
            }
            said => Ok(said),
        }
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
fn plain(written: &str) -> Cow<'_, str> {
    if !written.bytes().any(|byte| byte < 0x20) {
        return written.into();
    }
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
    kept.into()
}

/// Says something to one person: in the direct conversation of the two, so that it is kept, and
/// reaches every connection of both.
async fn to_nick(client: &mut Client, target: &str, speech: &Speech<'_>, replies: &mut Replies) {
    let found = client.user_called(target);
    let on_its_way = on_its_way_to(client, target).await;
    let direct = match &found {
        Some(user) => client.direct(&contact_of(user)).await,
        None => match client.member_called(target) {
            Some((channel, MemberHere { member, .. })) => {
                let membership = channel.session.membership();
                match membership.contact(member) {
                    // Who is away is answered in the conversation that goes on when it is back.
                    Some(contact) => client.direct(&contact).await,
                    None => membership.direct(member).await,
                }
            }
            // One with whom it has talked need not be here: what is said is kept until it is back.
            None => match client.direct_with(target).await {
                Some(found) => client.open_listed(&found).await,
                None => Err(Refusal::NobodyOfThatName),
            },
        },
    };
    let direct = match direct {
        Ok(direct) => direct,
        Err(Refusal::NobodyOfThatName) => {
            if speech.is_answered() {
                replies.numeric(ERR_NOSUCHNICK, &[target]);
            }
            return;
        }
        Err(refusal) => return refuse(target, refusal, replies),
    };
    let said = match speech.parse() {
        Ok(said) => {
            let mark = mark(client, speech, replies);
            direct.say(said, &client.outlet, client.echo(mark.as_deref())).await
        }
        Err(problem) => Err(problem.into()),
    };
    match said {
        Ok(()) => {
            direct.hold_until_delivered(on_its_way);
            client.seldom().directs.push(direct);
            client.is_unsettled = true;
        }
        Err(refusal) => return refuse(target, refusal, replies),
    }
    if let Some(user) = found
        && let Some(reason) = user.away().filter(|_| speech.command == Command::Privmsg)
    {
        replies.numeric_with(RPL_AWAY, &[user.nick.as_str()], reason);
    }
}

/// Notes at all who bear a nick that something is on its way to them, until what is given is
/// dropped.
async fn on_its_way_to(client: &Client, nick: &str) -> Vec<OwnedRwLockReadGuard<()>> {
    let arriving: Vec<_> = {
        let mut registry = client.context.irc.registry();
        let bearers = registry.bearers(nick).into_iter();
        bearers.filter_map(|id| Some(registry.user_mut(id)?.peer.hold_arriving())).collect()
    };
    let mut noted = Vec::with_capacity(arriving.len());
    for one in arriving {
        noted.push(one.read_owned().await);
    }
    noted
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
