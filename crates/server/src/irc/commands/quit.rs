//! `QUIT`, and every other end of a connection: the nick is free, then the groups are left.

use conclave_doors::irc::registry::UserId;

use super::monitor;
use crate::irc::client::{Channel, Client};

/// Lets go of a client. Its channels are then to be left.
pub(in crate::irc) fn let_go(client: Client) -> Vec<Channel> {
    let (id, now): (UserId, _) = (client.id, client.now());
    let is_last = {
        let mut registry = client.context.irc.registry();
        registry.remove(id, now);
        registry.find(client.nick.as_str()).is_none()
    };
    if is_last {
        monitor::tell_offline(&client, &client.nick);
    }
    client.channels
}

/// Leaves a channel, and waits until those who are in it have been told.
pub(in crate::irc) async fn leave(channel: Channel) {
    let membership = channel.session.membership().clone();
    channel.session.leave().await;
    membership.delivered().await;
}
