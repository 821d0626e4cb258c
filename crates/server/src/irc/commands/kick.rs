//! `KICK`: removes somebody from a group; and what one sees who was shown out of it.

use conclave_core::GroupId;
use conclave_doors::irc::encode::source_of;
use conclave_doors::irc::written::Written;
use conclave_hub::{Ended, Serial};

use crate::irc::client::Client;

/// Notes that a session of the client's was shown out of its group; what it is told of that.
pub(in crate::irc) fn shown_out(
    client: &mut Client,
    group: GroupId,
    session: Serial,
    why: Ended,
) -> Option<Written> {
    let place = client.channels.iter().position(|channel| channel.session.serial() == session)?;
    let name = client.channels.get(place)?.name();
    drop(client.take_channel(group));
    let server = &client.context.irc.server;
    let words = match why {
        Ended::Left => return Some(client.line("PART").param(&name)),
        Ended::Removed { by, reason } => {
            let kicked = Written::new(&source_of(&by), "KICK").param(&name);
            return Some(kicked.param(client.nick.as_str()).last(reason.as_str()));
        }
        Ended::Closed => "The group was closed",
        Ended::Deleted => "The group was deleted",
        Ended::Replaced => "Too many connections of yours are in this group",
    };
    Some(Written::new(server, "KICK").param(&name).param(client.nick.as_str()).last(words))
}
