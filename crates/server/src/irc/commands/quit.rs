//! `QUIT`, and every other end of a connection: the nick is free, then the groups are left.

use conclave_core::{Farewell, Reason, limits};
use conclave_doors::irc::registry::UserId;
use conclave_doors::irc::written::truncate;

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
    client.channels.into_vec()
}

/// A reason as others are told it.
pub(super) fn reason_of(given: &str) -> Reason {
    Reason::parse(truncate(given, limits::REASON_BYTES_MAX)).unwrap_or_default()
}

/// What is said to the groups of a client that goes for that reason.
pub(in crate::irc) fn farewell_of(reason: &str) -> Farewell {
    Farewell { reason: reason_of(reason), is_from_server: true }
}

/// Leaves a channel, and waits until those who are in it have been told. Who is signed in to an
/// account is only away from it: the membership is there at the next connection.
pub(in crate::irc) async fn leave(channel: Channel, farewell: Farewell) {
    let membership = channel.session.membership().clone();
    channel.session.end_with(farewell).await;
    membership.delivered().await;
}
