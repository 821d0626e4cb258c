//! `PART`: leaves a group.

use conclave_core::{Farewell, limits};
use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::ERR_NEEDMOREPARAMS;
use conclave_doors::irc::replies::Replies;

use super::quit::{leave, reason_of};
use crate::irc::client::Client;

pub(super) async fn run(client: &mut Client, message: &Message<'_>, replies: &mut Replies) {
    let targets = message.param(0).unwrap_or_default();
    if targets.is_empty() {
        replies.numeric(ERR_NEEDMOREPARAMS, &["PART"]);
        return;
    }
    let reason = message.param(1).unwrap_or_default();
    for target in targets.split(',').take(limits::IRC_TARGETS_MAX) {
        let Some(group) = client.channel(target).map(|channel| channel.session.group()) else {
            client.refuse_outside(target, replies).await;
            continue;
        };
        let Some(channel) = client.take_channel(group) else { continue };
        let line = client.line("PART").param(&channel.name());
        let line = if reason.is_empty() { line } else { line.last(reason) };
        let farewell = Farewell { reason: reason_of(reason), is_from_server: false };
        leave(channel, farewell).await;
        replies.line(line);
    }
}
