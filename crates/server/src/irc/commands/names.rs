//! `NAMES`: who is in a group, from whichever door.

use conclave_core::{Flag, Standing};
use conclave_doors::irc::caps::{Cap, Caps, lines_of};
use conclave_doors::irc::encode::{nick_of, source_of};
use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::{RPL_ENDOFNAMES, RPL_NAMREPLY};
use conclave_doors::irc::replies::Replies;
use conclave_hub::MemberHere;

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
pub(super) fn ranks(member: &MemberHere) -> &'static str {
    let is_operator = matches!(member.standing, Standing::Owner | Standing::Moderator);
    match (is_operator, member.is_voiced) {
        (true, true) => "@+",
        (true, false) => "@",
        (false, true) => "+",
        (false, false) => "",
    }
}

/// The same as a client is shown it, who may know of one sign only.
pub(super) fn shown_ranks(member: &MemberHere, caps: Caps) -> &'static str {
    let ranks = ranks(member);
    if caps.has(Cap::MultiPrefix) { ranks } else { ranks.get(..1).unwrap_or(ranks) }
}

/// Tells who is in a channel.
pub(super) fn tell(client: &Client, channel: &Channel, replies: &mut Replies) {
    let caps = client.negotiation.caps;
    let shown = |member: &MemberHere| {
        let name = &member.name;
        let called = if caps.has(Cap::UserhostInNames) {
            source_of(name, member.origin.door())
        } else {
            nick_of(name)
        };
        format!("{}{called}", shown_ranks(member, caps))
    };
    let members = channel.session.members();
    let names = members.iter().map(shown);
    let called = channel.name();
    let sign = if channel.session.settings().has(Flag::Secret) { "@" } else { "=" };
    for line in lines_of(names, LINE_BYTES_MAX) {
        replies.numeric_with(RPL_NAMREPLY, &[sign, &called], &line);
    }
    replies.numeric(RPL_ENDOFNAMES, &[&called]);
}
