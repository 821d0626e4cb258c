//! `NAMES`: who is in a group, from whichever door.

use conclave_core::{Flag, Member, Standing};
use conclave_doors::irc::caps::{Cap, Caps};
use conclave_doors::irc::encode::source_of;
use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::{RPL_ENDOFNAMES, RPL_NAMREPLY};
use conclave_doors::irc::replies::Replies;
use conclave_doors::irc::written::split_words;

use crate::irc::client::{Channel, Client};

/// Bytes of names on one line.
const LINE_BYTES_MAX: usize = 380;

pub(super) fn run(client: &Client, message: &Message<'_>, replies: &mut Replies) {
    let target = message.param(0).filter(|target| !target.is_empty()).unwrap_or("*");
    // One name is enough; a list of them is what no client sends.
    let target = target.split(',').next().unwrap_or_default();
    match client.channel(target) {
        Some(channel) => tell(client, channel, replies),
        None => replies.numeric(RPL_ENDOFNAMES, &[target]),
    }
}

/// What a member is, by signs: `@` who may change things, `+` who has a voice.
pub(super) fn ranks(standing: Standing, is_voiced: bool) -> &'static str {
    let is_operator = matches!(standing, Standing::Owner | Standing::Moderator);
    match (is_operator, is_voiced) {
        (true, true) => "@+",
        (true, false) => "@",
        (false, true) => "+",
        (false, false) => "",
    }
}

/// The same as a client is shown it, who may know of one sign only.
pub(super) fn shown_ranks(standing: Standing, is_voiced: bool, caps: Caps) -> &'static str {
    let ranks = ranks(standing, is_voiced);
    if caps.has(Cap::MultiPrefix) { ranks } else { ranks.get(..1).unwrap_or(ranks) }
}

/// Tells who is in a channel.
pub(super) fn tell(client: &Client, channel: &Channel, replies: &mut Replies) {
    let caps = client.negotiation.caps;
    let has_hosts = caps.has(Cap::UserhostInNames);
    // All that a name is written by, beside the member.
    let style = u8::from(caps.has(Cap::MultiPrefix)) | u8::from(has_hosts) << 1;
    let write = |member: &Member, words: &mut String| {
        words.push_str(shown_ranks(member.standing(), member.is_voiced, caps));
        if has_hosts {
            words.push_str(&source_of(&member.name, member.origin.door()));
        } else {
            words.push_str(&member.name.as_word());
        }
    };
    let called = channel.name();
    let sign = if channel.session.settings().has(Flag::Secret) { "@" } else { "=" };
    channel.session.roll(style, write, |words| {
        for line in split_words(words, LINE_BYTES_MAX) {
            replies.numeric_with(RPL_NAMREPLY, &[sign, &called], line);
        }
    });
    replies.numeric(RPL_ENDOFNAMES, &[&called]);
}
