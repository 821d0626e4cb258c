//! Client: a connection that has registered on IRC: its nick, and the groups it is in as channels.
//!
//! The only thing that commands which touch a group are given, so one who has not registered has
//! nothing to touch one with. Does not know commands.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use conclave_core::{Alias, Door, GroupId, GroupName, Name, Origin, Refusal, Timestamp, limits};
use conclave_doors::irc::caps::{Cap, Caps};
use conclave_doors::irc::encode::{Addressed, Style, channel_of, source_of};
use conclave_doors::irc::multiline::Gathering;
use conclave_doors::irc::numeric::{ERR_NOSUCHCHANNEL, ERR_NOTONCHANNEL};
use conclave_doors::irc::registration::Negotiation;
use conclave_doors::irc::registry::UserId;
use conclave_doors::irc::replies::Replies;
use conclave_doors::irc::written::{Framing, Written};
use conclave_hub::{
    AccountConnection, Contact, Direct, DirectListed, Echo, MemberHere, Membership, Outlet, Own,
    Session, SignedIn, Visit,
};

use smallvec::SmallVec;
use tokio::time::Instant;

use super::commands;
use super::peer::{Peer, Told, Whose};
use super::replay::Asides;
use crate::server::Context;
use crate::wires::IrcWire;

/// See the module.
pub(crate) struct Client {
    pub(crate) context: Arc<Context>,
    pub(crate) address: IpAddr,
    pub(crate) outlet: Arc<Outlet>,
    pub(crate) framing: Framing,
    pub(crate) id: UserId,
    pub(crate) nick: Name,
    pub(crate) negotiation: Negotiation,
    /// Many are in one.
    pub(crate) channels: SmallVec<[Channel; 1]>,
    /// Something was said that may not have come to everyone yet.
    pub(crate) is_unsettled: bool,
    /// It was shown earlier messages, and nothing has come from it since.
    pub(crate) is_unheard: bool,
    /// As whom it is written to.
    pub(crate) ident: Ident,
    /// Direct conversations, which are held until it has been shown what it missed of them.
    pub(crate) asides: Option<Box<Asides>>,
    /// Nothing for most.
    pub(crate) seldom: Option<Box<Seldom>>,
}

/// What most clients never have.
#[derive(Default)]
pub(crate) struct Seldom {
    /// Direct conversations in which something was said that may not have come to both yet.
    pub(crate) directs: Vec<Direct>,
    /// A message of several lines that it is sending.
    pub(crate) gathering: Option<Gathering>,
    /// How far it has read, where no account keeps that.
    pub(crate) markers: BTreeMap<String, Timestamp>,
}

/// As whom a client is here.
pub(crate) enum Ident {
    /// As somebody without an account.
    Visitor(Visit),
    /// As an account, which has direct messages written to this connection.
    Account(Box<AccountConnection>),
}

impl Ident {
    /// As whom others write to it.
    pub(crate) fn whose(&self) -> Whose {
        match self {
            Self::Visitor(visit) => Whose::Visitor(visit.visitor().clone()),
            Self::Account(connection) => Whose::Account(connection.signed_in().account().clone()),
        }
    }

    /// The account.
    pub(crate) const fn account(&self) -> Option<&SignedIn> {
        match self {
            Self::Visitor(_) => None,
            Self::Account(connection) => Some(connection.signed_in()),
        }
    }

    /// The direct conversations that it has.
    pub(crate) async fn directs(&self) -> Result<Vec<DirectListed>, Refusal> {
        match self {
            Self::Visitor(visit) => visit.directs().await,
            Self::Account(connection) => connection.signed_in().directs().await,
        }
    }

    /// One of them.
    pub(crate) async fn listed_direct(&self, id: GroupId) -> Result<Direct, Refusal> {
        match self {
            Self::Visitor(visit) => visit.listed_direct(id).await,
            Self::Account(connection) => connection.signed_in().listed_direct(id).await,
        }
    }

    /// Has direct messages written on another wire, its own as that says.
    pub(crate) fn set_shown(&self, wire: &'static IrcWire, own: Own) {
        match self {
            Self::Visitor(visit) => visit.set_shown(wire, own),
            Self::Account(connection) => connection.set_shown(wire, own),
        }
    }
}

/// A direct conversation that a client has: as a member of which group, and what it is.
pub(crate) type Found = (Option<Membership>, DirectListed);

/// A group that the client is in.
pub(crate) struct Channel {
    pub(crate) session: Session,
    /// By which of its names the client knows it.
    pub(crate) addressed: Addressed,
    /// What is still to be done about the joining; nothing once its events flow and its number was
    /// told.
    arriving: Option<Box<Arriving>>,
}

/// What is still to be done about a joining.
struct Arriving {
    flow: Flow,
    /// When the client is told the channel's number.
    tell_number_at: Option<Instant>,
}

/// What the events of a group wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// The answer to the joining, and then these earlier messages, where the client is shown any.
    Held(Option<Missed>),
    /// The end of the earlier messages.
    Replaying,
    /// Nothing: they flow.
    Live,
}

/// What a client missed of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missed {
    /// Nobody knows how much: it is shown the newest.
    Newest,
    /// All after that time.
    After(Timestamp),
}

impl Channel {
    pub(crate) fn new(session: Session, addressed: Addressed, missed: Option<Missed>) -> Self {
        let tell_number_at = Some(Instant::now() + limits::IRC_NUMBER_AFTER);
        let arriving = Arriving { flow: Flow::Held(missed), tell_number_at };
        Self { session, addressed, arriving: Some(Box::new(arriving)) }
    }

    /// What its events wait for.
    pub(crate) fn flow(&self) -> Flow {
        self.arriving.as_ref().map_or(Flow::Live, |arriving| arriving.flow)
    }

    /// Has its events wait for that from here on.
    pub(crate) fn set_flow(&mut self, flow: Flow) {
        self.change_arriving(|arriving| arriving.flow = flow);
    }

    /// When the client is told its number, where it is still to be.
    pub(crate) fn tell_number_at(&self) -> Option<Instant> {
        self.arriving.as_ref()?.tell_number_at
    }

    /// Notes that the client is told its number.
    pub(crate) fn note_number_told(&mut self) {
        self.change_arriving(|arriving| arriving.tell_number_at = None);
    }

    fn change_arriving(&mut self, change: impl FnOnce(&mut Arriving)) {
        self.arriving = self.arriving.take().and_then(|mut arriving| {
            change(&mut arriving);
            let is_over = arriving.flow == Flow::Live && arriving.tell_number_at.is_none();
            (!is_over).then_some(arriving)
        });
    }

    /// The channel's name as this client knows it.
    pub(crate) fn name(&self) -> String {
        channel_of(&self.session.group_name(), self.addressed)
    }
}

impl Client {
    /// What most clients never have, to be changed.
    pub(crate) fn seldom(&mut self) -> &mut Seldom {
        self.seldom.get_or_insert_default()
    }

    /// Whom its lines come from.
    pub(crate) fn source(&self) -> String {
        source(&self.nick)
    }

    /// Tells it a line at once, before all that is still being gathered.
    pub(crate) fn tell(&self, line: Written) {
        let mut replies = Replies::new(&self.context.irc.server, self.nick.as_str(), None, 0);
        replies.line(line);
        let bytes = replies.finish(self.negotiation.caps, self.now(), self.framing);
        self.context.hub.put(&self.outlet, bytes);
    }

    /// Begins a line that comes from it.
    pub(crate) fn line(&self, command: &str) -> Written {
        Written::new(&self.source(), command)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.context.hub.now()
    }

    /// How the events of a group are written to it.
    pub(crate) fn wire(&self, addressed: Addressed) -> &'static IrcWire {
        IrcWire::of(self.style(addressed))
    }

    /// What of its own it is shown of what is written to it.
    pub(crate) const fn own(&self) -> Own {
        own_of(self.negotiation.caps, self.ident.account().is_some())
    }

    /// How it is shown what it says itself, with that mark where there is one.
    pub(crate) const fn echo<'mark>(&self, mark: Option<&'mark str>) -> Echo<'mark> {
        match mark {
            Some(mark) => Echo::Labelled(mark),
            // What the account's other connections say it is shown.
            None if !self.negotiation.caps.has(Cap::EchoMessage)
                && self.ident.account().is_some() =>
            {
                Echo::LeftOut
            }
            None => Echo::Alike,
        }
    }

    /// The same, as a style.
    pub(crate) const fn style(&self, addressed: Addressed) -> Style {
        Style::of(self.negotiation.caps, addressed, self.framing)
    }

    /// The channel of that name, by number or by alias, where it is in it.
    pub(crate) fn channel(&self, typed: &str) -> Option<&Channel> {
        let place = self.place_of(typed)?;
        self.channels.get(place)
    }

    /// Where the channel of that name stands among its channels.
    pub(crate) fn place_of(&self, typed: &str) -> Option<usize> {
        let typed = typed.strip_prefix('#')?;
        let is_number = typed.starts_with(|first| matches!(first, '1'..='9'));
        let number = typed.parse().ok().filter(|_| is_number).and_then(GroupId::new);
        self.channels.iter().position(|channel| {
            let GroupName { id, alias } = channel.session.group_name();
            let is_alias = |alias: Alias| alias.as_str().eq_ignore_ascii_case(typed);
            number == Some(id) || alias.is_some_and(is_alias)
        })
    }

    /// Says why nothing is done about a channel that the client is not in.
    pub(crate) async fn refuse_outside(&self, target: &str, replies: &mut Replies) {
        let numeric =
            if self.is_channel(target).await { ERR_NOTONCHANNEL } else { ERR_NOSUCHCHANNEL };
        replies.numeric(numeric, &[target]);
    }

    /// Whether there is a channel of that name. Of numbers nothing is told, right or wrong.
    pub(crate) async fn is_channel(&self, target: &str) -> bool {
        match target.strip_prefix('#').and_then(Alias::parse) {
            Some(alias) => self.context.hub.has_alias(&alias).await,
            None => false,
        }
    }

    /// The clients of IRC who are in a channel, of those members that are meant.
    pub(crate) fn told_in(
        &self,
        channel: &Channel,
        is_meant: impl Fn(&MemberHere) -> bool,
    ) -> Vec<(UserId, Told)> {
        let members = channel.session.members();
        let registry = self.context.irc.registry();
        let meant = members.iter().filter(|member| is_meant(member));
        let bearers = meant.flat_map(|member| registry.bearers(member.name.as_str()));
        let users = bearers.filter_map(|id| Some((id, registry.user(id)?)));
        // Who is there by another door may have the nick of a client that is not.
        let users = users.filter(|(_, user)| user.groups().contains(&channel.session.group()));
        users.map(|(id, user)| (id, Told::from(user))).collect()
    }

    /// The client that is meant by a nick. Where one bears it who shares no group with this client,
    /// and somebody in one of its groups bears it who came by another door, that one is meant: what
    /// it sees is whom it writes to.
    pub(crate) fn user_called(&self, nick: &str) -> Option<UserOfPeer> {
        let (user, is_known) = {
            let registry = self.context.irc.registry();
            let (id, user) = registry.find(nick)?;
            // Its own nick is its own, or that of another connection of its account.
            let is_known = user.nick == self.nick || registry.are_neighbours(id, self.id);
            (user.clone(), is_known)
        };
        (is_known || self.member_called(nick).is_none()).then_some(user)
    }

    /// The first of the members of its groups who bears that nick, and where.
    pub(crate) fn member_called(&self, nick: &str) -> Option<(&Channel, MemberHere)> {
        self.channels.iter().find_map(|channel| {
            Some((channel, commands::mode::member_called(channel.session.membership(), nick)?))
        })
    }

    /// Adds whose account a line comes from, where whoever is told it wants to know.
    pub(crate) fn with_account(&self, line: Written, caps: Caps) -> Written {
        match self.ident.account() {
            Some(signed_in) if caps.has(Cap::AccountTag) => {
                line.tag("account", signed_in.account().name().as_str())
            }
            _ => line,
        }
    }

    /// Takes a channel off its channels.
    pub(crate) fn take_channel(&mut self, group: GroupId) -> Option<Channel> {
        let place = self.channels.iter().position(|channel| channel.session.group() == group)?;
        let channel = self.channels.remove(place);
        self.context.irc.registry().leave(self.id, group);
        Some(channel)
    }

    /// Its direct conversation with somebody, as itself.
    pub(crate) async fn direct(&self, with: &Contact) -> Result<Direct, Refusal> {
        let nick = self.nick.clone();
        match &self.ident {
            Ident::Visitor(visit) => {
                let shown = (self.wire(Addressed::ByAlias) as _, self.own());
                visit.direct(nick, origin(), shown, with).await
            }
            Ident::Account(connection) => connection.signed_in().direct(nick, origin(), with).await,
        }
    }

    /// The direct conversations that it has, as itself and as a member of its groups: where each is
    /// found, and what it is.
    pub(crate) async fn directs_everywhere(&self) -> Vec<Found> {
        let own = self.ident.directs().await.unwrap_or_default();
        let mut all: Vec<_> = own.into_iter().map(|listed| (None, listed)).collect();
        for channel in &self.channels {
            let membership = channel.session.membership();
            let met_there = membership.directs().await.unwrap_or_default();
            all.extend(met_there.into_iter().map(|one| (Some(membership.clone()), one)));
        }
        all
    }

    /// One of them.
    pub(crate) async fn open_listed(
        &self,
        (membership, listed): &Found,
    ) -> Result<Direct, Refusal> {
        match membership {
            Some(membership) => membership.listed_direct(listed.id).await,
            None => self.ident.listed_direct(listed.id).await,
        }
    }

    /// The direct conversation with the one who is called that, where there is one.
    pub(crate) async fn direct_with(&self, nick: &str) -> Option<Found> {
        let name = Name::parse(nick).ok()?;
        let mut all = self.directs_everywhere().await;
        let is_called = |(_, listed): &Found| listed.with.is_same_as(&name);
        let is_shown_so =
            |(_, listed): &Found| listed.with.as_word().eq_ignore_ascii_case(name.as_str());
        let place = all.iter().position(is_called).or_else(|| all.iter().position(is_shown_so))?;
        Some(all.swap_remove(place))
    }

    /// Ends when all has come to it that somebody was saying to it or to its groups as it asked: who
    /// is answered a `PING` has what was under way before.
    pub(crate) async fn arrived(&self) {
        // What has come on other connections is looked at first, where their tasks only wait to be
        // run: whoever hears from another that it has said something is not told otherwise here.
        tokio::task::yield_now().await;
        for channel in &self.channels {
            channel.session.delivered().await;
        }
        let arriving = {
            let registry = self.context.irc.registry();
            registry.user(self.id).and_then(|user| user.peer.arriving())
        };
        if let Some(arriving) = arriving {
            drop(arriving.write().await);
        }
    }

    /// Ends when all that it has said has come to everyone who is not behind.
    pub(crate) async fn settle(&mut self) {
        if std::mem::take(&mut self.is_unsettled) {
            for channel in &self.channels {
                channel.session.delivered().await;
            }
            let directs = self.seldom.as_mut().map(|seldom| std::mem::take(&mut seldom.directs));
            for direct in directs.unwrap_or_default() {
                direct.delivered().await;
            }
        }
    }
}

/// What of its own a connection is shown: without echoes, whose only connection it is, no message.
pub(crate) const fn own_of(caps: Caps, is_account: bool) -> Own {
    if caps.has(Cap::EchoMessage) || is_account { Own::AllButNames } else { Own::News }
}

/// Where everyone comes from who is here by IRC.
pub(crate) fn origin() -> Origin {
    Origin::of_door(Door::Irc)
}

/// The same, with what a client says of itself: as what user masks know it beside its nick, and what
/// it calls itself in full.
pub(crate) fn origin_of(user: &UserOfPeer) -> Origin {
    let own =
        (user.called.username() != user.nick.as_str()).then(|| user_of(user.called.username()));
    Origin::new(own.as_deref(), Door::Irc.word()).called(user.called.realname())
}

/// How somebody is written to directly, under the nick and in the way that it has now.
pub(crate) fn contact_of(user: &UserOfPeer) -> Contact {
    let nick = user.nick.clone();
    match &user.peer.whose {
        Whose::Visitor(visitor) => {
            let style = Style::of(user.caps, Addressed::ByAlias, user.framing);
            visitor.contact(nick, origin(), IrcWire::of(style), own_of(user.caps, false))
        }
        Whose::Account(account) => Contact::account(account.clone(), nick, origin()),
    }
}

/// The user that somebody says it is, as it is shown: nobody has checked it.
pub(crate) fn user_of(username: &str) -> String {
    format!("~{username}")
}

/// Whom the lines of a client of that nick come from.
pub(crate) fn source(nick: &Name) -> String {
    source_of(nick, Some(Door::Irc))
}

/// A user as the registry has it.
pub(crate) type UserOfPeer = conclave_doors::irc::registry::User<Peer>;
