//! Replay: what a client that cannot ask for earlier messages is shown of a group as it comes in,
//! and of the direct conversations of its account; and up to where an account has been shown either
//! when its connection ends.
//!
//! Earlier messages are read from the log as the client reads, before the group's events flow: what
//! is shown lies below the place from which they flow, so nothing is lost between the two or comes
//! twice. What cannot be read is not skipped: the connection is closed, and shown it at its next.
//! Does not know how a message is written.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use conclave_core::{Event, GroupId, MemberId, Refusal, Seq, Timestamp, limits};
use conclave_doors::irc::caps::{Cap, Caps};
use conclave_doors::irc::encode::{Addressed, earlier_batch, nick_of};
use conclave_doors::irc::replies::Replies;
use conclave_doors::irc::written::Written;
use conclave_hub::{Direct, Outlet, Serial, SignedIn};

use super::client::{Channel, Client, Flow, Found, Missed};
use super::commands::chathistory::{Source, first_after};
use super::commands::{markread, words};
use crate::wires::IrcWire;

/// What a client is to be shown of a group that it comes into, where it does not ask for that
/// itself: all after where its account has read to, or else the newest.
pub(super) fn missed(client: &Client, read_upto: Option<Timestamp>) -> Option<Missed> {
    let asks_itself = client.negotiation.caps.has(Cap::Chathistory);
    (!asks_itself).then(|| read_upto.map_or(Missed::Newest, Missed::After))
}

/// Whether a client says itself how far it was read, or can ask for what it missed.
const fn tells_itself(caps: Caps) -> bool {
    caps.has(Cap::ReadMarker) || caps.has(Cap::Chathistory)
}

/// Notes that an account has missed nothing of a group that was said before it joined: what is said
/// from then on is shown to its next connection, also where this one never ends in order.
pub(super) async fn note_joined(client: &Client, group: GroupId, before: Timestamp) {
    if let Some(signed_in) = client.ident.account()
        && !tells_itself(client.negotiation.caps)
        && markread::of_account(signed_in, group).await.is_none()
    {
        // Where it cannot be noted, its next connection is shown the newest messages.
        let _noted = signed_in.mark_read(&client.outlet, group, before).await;
    }
}

/// Goes on with the channel at that place, whose joining has been answered: shows earlier messages,
/// or, when they have been shown or there are none, lets its events flow.
pub(super) async fn go_on(client: &mut Client, place: usize) {
    let Some(channel) = client.channels.get(place) else { return };
    let is_begun = match channel.flow() {
        Flow::Held(Some(missed)) => match begin(client, channel, missed).await {
            Ok(is_begun) => is_begun,
            Err(refusal) => return cannot_show(client, refusal),
        },
        Flow::Held(None) | Flow::Live => false,
        Flow::Replaying => {
            if client.negotiation.caps.has(Cap::Batch) {
                client.tell(end_of(client, channel.session.group()));
            }
            false
        }
    };
    if let Some(channel) = client.channels.get_mut(place) {
        channel.set_flow(if is_begun { Flow::Replaying } else { Flow::Live });
        if !is_begun {
            channel.session.release();
        }
    }
    client.is_unheard |= is_begun;
}

/// Says that no more earlier messages of a group come, which the client is shown out of.
pub(super) fn cut_short(client: &Client, session: Serial, replies: &mut Replies) {
    let mut channels = client.channels.iter();
    if let Some(channel) = channels.find(|channel| channel.session.serial() == session)
        && channel.flow() == Flow::Replaying
        && client.negotiation.caps.has(Cap::Batch)
    {
        replies.line(end_of(client, channel.session.group()));
    }
}

/// The beginning of the batch of earlier messages of a group or conversation of that name.
fn begin_of(client: &Client, group: GroupId, name: &str) -> Written {
    let batch = format!("+{}", earlier_batch(group));
    Written::new(&client.context.irc.server, "BATCH").param(&batch).param("chathistory").param(name)
}

/// The end of it.
fn end_of(client: &Client, group: GroupId) -> Written {
    let batch = format!("-{}", earlier_batch(group));
    Written::new(&client.context.irc.server, "BATCH").param(&batch)
}

/// Ends a connection that is to be shown what cannot be read.
fn cannot_show(client: &Client, refusal: Refusal) {
    tracing::warn!(%refusal, "earlier messages cannot be shown: a client is cut off");
    client.outlet.close();
}

/// Begins to show the earlier messages of a channel. Whether there are any.
async fn begin(client: &Client, channel: &Channel, missed: Missed) -> Result<bool, Refusal> {
    let style = client.style(channel.addressed);
    let found = match missed {
        Missed::Newest => channel.session.last_messages(limits::EARLIER_MESSAGES).await,
        Missed::After(at) => {
            let source = Source::Group(channel.session.membership().clone(), style);
            channel.session.messages_from(first_after(&source, at).await?).await
        }
    };
    let Some(stretch) = found? else { return Ok(false) };
    let caps = client.negotiation.caps;
    if caps.has(Cap::Batch) {
        client.tell(begin_of(client, channel.session.group(), &channel.name()));
    }
    channel.session.show(stretch, IrcWire::of(style.earlier(caps)));
    Ok(true)
}

/// Direct conversations that a client is to be shown what it missed of, one after the other, before
/// any of them flows.
#[derive(Default)]
pub(crate) struct Asides {
    /// Those that are still to be shown, and up to when each has been read; those of the newest
    /// messages first, and shown last.
    waiting: Vec<(Found, Option<Timestamp>)>,
    /// The one that is being shown.
    shown: Option<GroupId>,
}

/// What a client that cannot ask for it is to be shown of the direct conversations of its account:
/// all in which something was said since the account has read them.
pub(super) async fn asides_missed(client: &Client) -> Box<Asides> {
    let mut asides = Box::<Asides>::default();
    let Some(signed_in) = client.ident.account() else { return asides };
    if client.negotiation.caps.has(Cap::Chathistory) {
        return asides;
    }
    let read = read_by(signed_in).await;
    for found in client.directs_everywhere().await {
        let read_upto = read.get(&found.1.id).copied();
        if read_upto.is_none_or(|at| at < found.1.last_at) {
            asides.waiting.push((found, read_upto));
        }
    }
    asides.waiting.sort_by_key(|((_, listed), _)| Reverse(listed.last_at));
    asides
}

/// Up to when an account has read its groups and direct conversations.
async fn read_by(signed_in: &SignedIn) -> HashMap<GroupId, Timestamp> {
    let markers = signed_in.markers().await.unwrap_or_default();
    markers.iter().map(|marker| (marker.group, marker.at)).collect()
}

/// Goes on with direct conversations: shows the next of which something was missed, or, when all
/// have been shown, lets them flow.
pub(super) async fn go_on_aside(client: &mut Client) {
    let Some(mut asides) = client.asides.take() else { return };
    if let Some(id) = asides.shown.take()
        && client.negotiation.caps.has(Cap::Batch)
    {
        client.tell(end_of(client, id));
    }
    while let Some((found, read_upto)) = asides.waiting.pop() {
        match begin_aside(client, &found, read_upto).await {
            Ok(true) => {
                asides.shown = Some(found.1.id);
                client.asides = Some(asides);
                client.is_unheard = true;
                return;
            }
            // Nothing was said since, or it has gone with who said it.
            Ok(false) | Err(Refusal::NobodyOfThatName | Refusal::GroupClosed) => {}
            Err(refusal) => {
                asides.waiting.push((found, read_upto));
                client.asides = Some(asides);
                return cannot_show(client, refusal);
            }
        }
    }
    client.context.hub.release_directs(&client.outlet);
}

/// Begins to show what was missed of a direct conversation. Whether there is anything.
async fn begin_aside(
    client: &Client,
    found: &Found,
    read_upto: Option<Timestamp>,
) -> Result<bool, Refusal> {
    let direct = client.open_listed(found).await?;
    let style = client.style(Addressed::ByAlias);
    let from = match read_upto {
        Some(at) => first_after(&Source::Direct(direct.clone(), style), at).await?,
        // Nobody has read any of it that could tell; what is shown unasked is bounded.
        None => direct.head().next().minus(limits::HISTORY_EVENTS_MAX as u64).max(Seq(1)),
    };
    let Some(stretch) = direct.messages_from(from, &client.outlet).await? else { return Ok(false) };
    let with = direct.view().map_or_else(|| nick_of(&found.1.with), |view| nick_of(&view.with));
    if read_upto.is_none() && from > Seq(1) {
        let notice = Written::new(&client.context.irc.server, "NOTICE").param(client.nick.as_str());
        let first = direct.events_after(from.minus(1), 1).await?.first().map(|event| event.at);
        let before = first.unwrap_or_default();
        client.tell(notice.last(&words::earlier_with(&with, before)));
    }
    let caps = client.negotiation.caps;
    if caps.has(Cap::Batch) {
        client.tell(begin_of(client, direct.id(), &with));
    }
    direct.show(stretch, &client.outlet, IrcWire::of(style.earlier(caps)));
    Ok(true)
}

/// Events that are looked at for what somebody said itself before its connection ended.
const OWN_LOOKED_AT: usize = 20;

/// What a connection of an account leaves behind that never told how far it was read: up to where
/// it was shown each group and direct conversation.
pub(super) struct Shown {
    signed_in: SignedIn,
    outlet: Arc<Outlet>,
    /// When something last came from it: what it was sent since may never have reached it.
    heard_at: Timestamp,
    /// The next event of each direct conversation in which there was more than it had been given.
    behind: HashMap<GroupId, Seq>,
}

impl Shown {
    /// Of a client that was last heard so long ago; nothing where it tells itself how far it was
    /// read, or can ask for what it missed.
    pub(super) fn of(client: &Client, silent_for: Duration) -> Option<Self> {
        let caps = client.negotiation.caps;
        let signed_in = client.ident.account()?.clone();
        // Of what it was being shown nobody knows whether it arrived: it is shown it again.
        let is_being_shown = client.asides.is_some()
            || client.channels.iter().any(|channel| channel.flow() != Flow::Live);
        if tells_itself(caps) || is_being_shown || client.is_unheard {
            return None;
        }
        let outlet = Arc::clone(&client.outlet);
        let silent_ms = i64::try_from(silent_for.as_millis()).unwrap_or(i64::MAX);
        let heard_at = Timestamp::from_ms(client.now().ms().saturating_sub(silent_ms));
        let behind = outlet.places_in_directs().into_iter().collect();
        Some(Self { signed_in, outlet, heard_at, behind })
    }

    /// Notes how far the account was shown all that it is in, so that its next connection is shown
    /// the rest.
    pub(super) async fn note(&self, channels: &[Channel]) {
        for channel in channels {
            self.note_group(channel).await;
        }
        let read = read_by(&self.signed_in).await;
        for listed in self.signed_in.directs().await.unwrap_or_default() {
            let opened = || self.signed_in.listed_direct(listed.id);
            self.note_direct(&read, listed.id, listed.last_at, opened).await;
        }
        for channel in channels {
            let membership = channel.session.membership();
            for listed in membership.directs().await.unwrap_or_default() {
                let opened = || membership.listed_direct(listed.id);
                self.note_direct(&read, listed.id, listed.last_at, opened).await;
            }
        }
    }

    async fn note_group(&self, channel: &Channel) {
        let Some(place) = channel.session.place() else { return };
        let membership = channel.session.membership();
        let last = membership.events_before(place, OWN_LOOKED_AT).await.unwrap_or_default();
        if let Some(at) = self.known_upto(&last, membership.member()) {
            self.mark(membership.group(), at).await;
        }
    }

    async fn note_direct<Opened>(
        &self,
        read: &HashMap<GroupId, Timestamp>,
        id: GroupId,
        last_at: Timestamp,
        open: impl FnOnce() -> Opened,
    ) where
        Opened: Future<Output = Result<Direct, Refusal>>,
    {
        let next = self.behind.get(&id);
        let is_all_known = next.is_none() && last_at <= self.heard_at;
        let at = if is_all_known {
            Some(last_at)
        } else {
            let Ok(direct) = open().await else { return };
            let next = next.copied().unwrap_or_else(|| direct.head().next());
            let last = direct.events_before(next, OWN_LOOKED_AT).await.unwrap_or_default();
            self.known_upto(&last, direct.member())
        };
        let is_new = |at: &Timestamp| read.get(&id).is_none_or(|read_upto| read_upto < at);
        if let Some(at) = at.filter(is_new) {
            self.mark(id, at).await;
        }
    }

    /// Up to when all of these, the last that were given out, is known to the account: they may have
    /// reached it, or it said them itself.
    fn known_upto(&self, last: &[Event], me: MemberId) -> Option<Timestamp> {
        let is_known = |event: &&Event| event.at <= self.heard_at || event.entry.member == me;
        let known = last.iter().take_while(is_known).last().map(|event| event.at);
        (!last.is_empty()).then(|| known.unwrap_or(self.heard_at))
    }

    /// Notes that all up to that time was read.
    async fn mark(&self, group: GroupId, at: Timestamp) {
        // Where it cannot be noted, the next connection is shown more than it missed.
        let _noted = self.signed_in.mark_read(&self.outlet, group, at).await;
    }
}
