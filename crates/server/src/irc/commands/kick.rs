//! `KICK`: removes members from a group; and what one sees who was shown out of it.

use conclave_core::{GroupId, Refusal, limits};
use conclave_doors::irc::encode::{nick_of, source_of};
use conclave_doors::irc::message::Message;
use conclave_doors::irc::replies::Replies;
use conclave_doors::irc::written::Written;
use conclave_hub::{Ended, Serial};

use super::mode::{member_called, no_such_member, refuse};
use super::quit::reason_of;
use crate::irc::client::Client;

pub(super) async fn run(client: &mut Client, message: &Message<'_>, replies: &mut Replies) {
    let targets = message.param(0).unwrap_or_default();
    let reason = reason_of(message.param(2).unwrap_or_default());
    let nicks = message.param(1).unwrap_or_default().split(',');
    // Several of one channel, or each of its own.
    let is_of_one = !targets.contains(',');
    let mut channels = targets.split(',');
    for nick in nicks.take(limits::IRC_TARGETS_MAX) {
        let Some(target) = (if is_of_one { Some(targets) } else { channels.next() }) else { break };
        let Some(channel) = client.channel(target) else {
            client.refuse_outside(target, replies).await;
            if is_of_one {
                break;
            }
            continue;
        };
        match member_called(channel.session.membership(), nick) {
            Some(member) => {
                let removed = channel.session.remove(member.member, reason.clone()).await;
                match removed {
                    Ok(()) => {}
                    Err(Refusal::NoSuchMember) => no_such_member(client, channel, nick, replies),
                    Err(refusal) => refuse(&channel.name(), refusal, replies),
                }
            }
            None => no_such_member(client, channel, nick, replies),
        }
    }
    client.is_unsettled = true;
}

/// Notes that a session of the client's was shown out of its group; what it is told of that.
pub(in crate::irc) fn shown_out(
    client: &mut Client,
    group: GroupId,
    session: Serial,
    why: &Ended,
) -> Option<Written> {
    let place = client.channels.iter().position(|channel| channel.session.serial() == session)?;
    let name = client.channels.get(place)?.name();
    drop(client.take_channel(group));
    let nick = client.nick.as_str();
    let words = match why {
        Ended::Left => return Some(client.line("PART").param(&name)),
        Ended::Removed { by, door, reason } => {
            let line = Written::new(&source_of(by, *door), "KICK").param(&name).param(nick);
            // Without a reason it is the name of whoever did it, as of old.
            let words = if reason.is_empty() { nick_of(by) } else { reason.as_str().to_owned() };
            return Some(line.last(&words));
        }
        Ended::Closed => "The group was closed",
        Ended::Deleted => "The group was deleted",
        Ended::Replaced => "Too many connections of yours are in this group",
    };
    Some(Written::new(&client.context.irc.server, "KICK").param(&name).param(nick).last(words))
}
