//! Replay: what a client that cannot ask for earlier messages is shown of a group as it comes in,
//! and up to where an account has been shown it when its connection ends.
//!
//! Earlier messages are read from the log as the client reads, before the group's events flow: what
//! is shown lies below the place from which they flow, so nothing is lost between the two or comes
//! twice. Does not know how a message is written.

use std::sync::Arc;
use std::time::Duration;

use conclave_core::{Refusal, Timestamp, limits};
use conclave_doors::irc::caps::Cap;
use conclave_doors::irc::encode::earlier_batch;
use conclave_doors::irc::replies::Replies;
use conclave_doors::irc::written::Written;
use conclave_hub::{Outlet, Serial, SignedIn, Stretch};

use super::client::{Channel, Client, Flow, Missed};
use super::commands::chathistory::first_after;
use crate::wires::IrcWire;

/// What a client is to be shown of a group that it comes into, where it does not ask for that
/// itself: all after where its account has read to, or else the newest.
pub(super) fn missed(client: &Client, read_upto: Option<Timestamp>) -> Option<Missed> {
    let asks_itself = client.negotiation.caps.has(Cap::Chathistory);
    (!asks_itself).then(|| read_upto.map_or(Missed::Newest, Missed::After))
}

/// Goes on with the channel at that place, whose joining has been answered: shows earlier messages,
/// or, when they have been shown or there are none, lets its events flow.
pub(super) async fn go_on(client: &mut Client, place: usize) {
    let Some(channel) = client.channels.get(place) else { return };
    let is_begun = match channel.flow {
        Flow::Held(Some(missed)) => begin(client, channel, missed).await,
        Flow::Held(None) | Flow::Live => false,
        Flow::Replaying => {
            if client.negotiation.caps.has(Cap::Batch) {
                client.tell(end_of(client, channel));
            }
            false
        }
    };
    if let Some(channel) = client.channels.get_mut(place) {
        channel.flow = if is_begun { Flow::Replaying } else { Flow::Live };
        if !is_begun {
            channel.session.release();
        }
    }
}

/// Says that no more earlier messages of a group come, which the client is shown out of.
pub(super) fn cut_short(client: &Client, session: Serial, replies: &mut Replies) {
    let mut channels = client.channels.iter();
    if let Some(channel) = channels.find(|channel| channel.session.serial() == session)
        && channel.flow == Flow::Replaying
        && client.negotiation.caps.has(Cap::Batch)
    {
        replies.line(end_of(client, channel));
    }
}

/// The end of the batch of a channel's earlier messages.
fn end_of(client: &Client, channel: &Channel) -> Written {
    let name = earlier_batch(channel.session.group());
    Written::new(&client.context.irc.server, "BATCH").param(&format!("-{name}"))
}

/// Begins to show the earlier messages of a channel. Whether there are any.
async fn begin(client: &Client, channel: &Channel, missed: Missed) -> bool {
    let Ok(Some(stretch)) = find(client, channel, missed).await else { return false };
    let caps = client.negotiation.caps;
    if caps.has(Cap::Batch) {
        let name = earlier_batch(channel.session.group());
        let line = Written::new(&client.context.irc.server, "BATCH").param(&format!("+{name}"));
        client.tell(line.param("chathistory").param(&channel.name()));
    }
    channel.session.show(stretch, IrcWire::of(client.style(channel.addressed).earlier(caps)));
    true
}

async fn find(
    client: &Client,
    channel: &Channel,
    missed: Missed,
) -> Result<Option<Stretch>, Refusal> {
    match missed {
        Missed::Newest => channel.session.last_messages(limits::EARLIER_MESSAGES).await,
        Missed::After(at) => {
            let from = first_after(client, channel, at).await?;
            channel.session.messages_from(from).await
        }
    }
}

/// What a connection of an account leaves behind that never told how far it was read: up to where
/// it was shown each group.
pub(super) struct Shown {
    signed_in: SignedIn,
    outlet: Arc<Outlet>,
    /// When something last came from it: what it was sent since may never have reached it.
    heard_at: Timestamp,
}

impl Shown {
    /// Of a client that was last heard so long ago; nothing where it tells itself how far it was
    /// read, or can ask for what it missed.
    pub(super) fn of(client: &Client, silent_for: Duration) -> Option<Self> {
        let caps = client.negotiation.caps;
        let signed_in = client.ident.account()?.clone();
        let tells_itself = caps.has(Cap::ReadMarker) || caps.has(Cap::Chathistory);
        let outlet = Arc::clone(&client.outlet);
        let silent_ms = i64::try_from(silent_for.as_millis()).unwrap_or(i64::MAX);
        let heard_at = Timestamp::from_ms(client.now().ms().saturating_sub(silent_ms));
        (!tells_itself).then_some(Self { signed_in, outlet, heard_at })
    }

    /// Notes how far a group was shown, so that the account's next connection is shown the rest.
    pub(super) async fn note(&self, channel: &Channel) {
        let Some(place) = channel.session.place() else { return };
        let last = channel.session.membership().events_before(place, 1).await.unwrap_or_default();
        let Some(at) = last.first().map(|event| event.at.min(self.heard_at)) else { return };
        let group = channel.session.group();
        // Where it cannot be noted, the next connection is shown more than it missed.
        let _noted = self.signed_in.mark_read(&self.outlet, group, at).await;
    }
}
