//! `NAMES`: who is in a group, from whichever door.

use conclave_core::Name;
use conclave_doors::irc::caps::{Cap, lines_of};
use conclave_doors::irc::encode::{nick_of, source_of};
use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::{RPL_ENDOFNAMES, RPL_NAMREPLY};
use conclave_doors::irc::replies::Replies;

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

/// Tells who is in a channel.
pub(super) fn tell(client: &Client, channel: &Channel, replies: &mut Replies) {
    let caps = client.negotiation.caps;
    let shown = |name: &Name| {
        if caps.has(Cap::UserhostInNames) { source_of(name) } else { nick_of(name) }
    };
    let members = channel.session.members();
    let names = members.iter().map(|member| shown(&member.name));
    let called = channel.name();
    for line in lines_of(names, LINE_BYTES_MAX) {
        replies.numeric_with(RPL_NAMREPLY, &["=", &called], &line);
    }
    replies.numeric(RPL_ENDOFNAMES, &[&called]);
}
