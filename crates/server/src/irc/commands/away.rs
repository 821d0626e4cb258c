//! `AWAY`: says that one is away, and why.

use conclave_core::limits;
use conclave_doors::irc::caps::Cap;
use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::{RPL_NOWAWAY, RPL_UNAWAY};
use conclave_doors::irc::replies::Replies;
use conclave_doors::irc::written::{Written, truncate};

use crate::irc::client::Client;

/// The reason that a message gives; nothing where it says that one is back.
pub(super) fn reason(message: &Message<'_>) -> Option<Box<str>> {
    let given = message.param(0).filter(|given| !given.is_empty())?;
    Some(truncate(given, limits::IRC_AWAY_BYTES_MAX).into())
}

pub(super) fn run(client: &mut Client, message: &Message<'_>, replies: &mut Replies) {
    let away = reason(message);
    let changed = {
        let mut registry = client.context.irc.registry();
        registry.user_mut(client.id).is_some_and(|user| user.set_away(away.clone()))
    };
    replies.numeric(if away.is_some() { RPL_NOWAWAY } else { RPL_UNAWAY }, &[]);
    if changed {
        tell_everyone(client, Cap::AwayNotify, &line(client, away.as_deref()));
    }
}

/// The line by which others learn of it.
pub(super) fn line(client: &Client, away: Option<&str>) -> Written {
    let begun = client.line("AWAY");
    match away {
        Some(reason) => begun.last(reason),
        None => begun,
    }
}

/// Tells those who share a group with a client, and those who watch it, of what has changed about
/// it, as far as they asked to be told.
pub(super) fn tell_everyone(client: &Client, cap: Cap, line: &Written) {
    let registry = client.context.irc.registry();
    let neighbours = registry.neighbours(client.id);
    let watchers = registry.watchers(&client.nick).iter().copied().filter(|id| {
        let watches = |user: &crate::irc::client::UserOfPeer| user.caps.has(Cap::ExtendedMonitor);
        *id != client.id && !neighbours.contains(id) && registry.user(*id).is_some_and(watches)
    });
    let told: Vec<crate::irc::peer::Told> = neighbours
        .iter()
        .copied()
        .chain(watchers)
        .filter_map(|id| registry.user(id))
        .filter(|user| user.caps.has(cap))
        .map(Into::into)
        .collect();
    drop(registry);
    for other in told {
        other.tell(&client.context.hub, line.clone());
    }
}

/// Tells those in one group who want to know it.
pub(super) fn tell_group(client: &Client, group: conclave_core::GroupId, line: &Written) {
    let told: Vec<crate::irc::peer::Told> = {
        let registry = client.context.irc.registry();
        let others = registry.in_group(group).iter().filter(|id| **id != client.id);
        let others = others.filter_map(|id| registry.user(*id));
        others.filter(|user| user.caps.has(Cap::AwayNotify)).map(Into::into).collect()
    };
    for other in told {
        other.tell(&client.context.hub, line.clone());
    }
}
