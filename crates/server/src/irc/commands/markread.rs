//! `MARKREAD`: how far one has read (`IRCv3` draft/read-marker).
//!
//! Of an account it is kept, and told to its other connections; of anybody else for as long as the
//! connection lasts.

use conclave_core::{GroupId, Timestamp};
use conclave_doors::irc::caps::Cap;
use conclave_doors::irc::encode::nick_of;
use conclave_doors::irc::message::Message;
use conclave_doors::irc::replies::Replies;
use conclave_doors::irc::written::Written;
use conclave_hub::SignedIn;

use super::words;
use crate::irc::client::{Channel, Client};

pub(super) async fn run(client: &mut Client, message: &Message<'_>, replies: &mut Replies) {
    let Some(target) = message.param(0).filter(|target| !target.is_empty()) else {
        let words = "MARKREAD target [timestamp=YYYY-MM-DDThh:mm:ss.sssZ]";
        replies.fail("MARKREAD", "NEED_MORE_PARAMS", &[], words);
        return;
    };
    let group = marked(client, target).await;
    let at = match message.param(1) {
        None => read_upto(client, target, group).await,
        Some(written) => {
            let time = written.strip_prefix("timestamp=").and_then(Timestamp::parse_rfc3339);
            let Some(at) = time else {
                let words = "The time is timestamp=YYYY-MM-DDThh:mm:ss.sssZ";
                replies.fail("MARKREAD", "INVALID_PARAMS", &[target], words);
                return;
            };
            match raise(client, target, group, at).await {
                Ok(at) => Some(at),
                Err(refusal) => {
                    let words = words::refused(refusal);
                    replies.fail("MARKREAD", "INTERNAL_ERROR", &[target], &words);
                    return;
                }
            }
        }
    };
    let line = line(replies.server(), target, at);
    replies.line(line);
}

/// The group or direct conversation of that name, where an account keeps how far that was read.
async fn marked(client: &Client, target: &str) -> Option<GroupId> {
    if let Some(channel) = client.channel(target) {
        return Some(channel.session.group());
    }
    client.ident.account()?;
    if target.starts_with('#') {
        return None;
    }
    client.direct_with(target).await.map(|(_, listed)| listed.id)
}

/// Tells how far the client has read a group that it enters, where it wants to know.
pub(super) async fn tell(client: &Client, target: &str, group: GroupId, replies: &mut Replies) {
    if client.negotiation.caps.has(Cap::ReadMarker) {
        let at = read_upto(client, target, Some(group)).await;
        let line = line(replies.server(), target, at);
        replies.line(line);
    }
}

/// Tells how far another connection of the account has read something.
pub(in crate::irc) async fn follow(
    client: &Client,
    group: GroupId,
    at: Timestamp,
    replies: &mut Replies,
) {
    if !client.negotiation.caps.has(Cap::ReadMarker) {
        return;
    }
    let target = if group.is_direct() {
        let directs = client.directs_everywhere().await;
        let found = directs.into_iter().find(|(_, listed)| listed.id == group);
        found.map(|(_, listed)| nick_of(&listed.with))
    } else {
        let channel = client.channels.iter().find(|channel| channel.session.group() == group);
        channel.map(Channel::name)
    };
    if let Some(target) = target {
        let line = line(replies.server(), &target, Some(at));
        replies.line(line);
    }
}

fn line(server: &str, target: &str, at: Option<Timestamp>) -> Written {
    let line = Written::new(server, "MARKREAD").param(target);
    match at {
        Some(at) => line.param(&format!("timestamp={}", at.render_rfc3339())),
        None => line.param("*"),
    }
}

async fn read_upto(client: &Client, target: &str, group: Option<GroupId>) -> Option<Timestamp> {
    if let (Some(signed_in), Some(group)) = (client.ident.account(), group) {
        return of_account(signed_in, group).await;
    }
    client.seldom.as_ref()?.markers.get(&target.to_ascii_lowercase()).copied()
}

/// Up to when an account has read a group.
pub(in crate::irc) async fn of_account(signed_in: &SignedIn, group: GroupId) -> Option<Timestamp> {
    let markers = signed_in.markers().await.unwrap_or_default();
    markers.iter().find(|marker| marker.group == group).map(|marker| marker.at)
}

async fn raise(
    client: &mut Client,
    target: &str,
    group: Option<GroupId>,
    at: Timestamp,
) -> Result<Timestamp, conclave_core::Refusal> {
    if let (Some(signed_in), Some(group)) = (client.ident.account(), group) {
        let raised = signed_in.mark_read(&client.outlet, group, at).await?;
        return Ok(raised.unwrap_or(at));
    }
    let markers = &mut client.seldom().markers;
    let count = markers.len();
    let is_full = count >= conclave_core::limits::IRC_CHANNELS_MAX;
    let key = target.to_ascii_lowercase();
    if is_full && !markers.contains_key(&key) {
        // The one of the earliest time goes.
        let earliest = markers.iter().min_by_key(|(_, at)| **at).map(|(key, _)| key.clone());
        if let Some(earliest) = earliest {
            markers.remove(&earliest);
        }
    }
    let marker = markers.entry(key).or_default();
    *marker = at.max(*marker);
    Ok(*marker)
}
