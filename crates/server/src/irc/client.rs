//! Client: a connection that has registered on IRC: its nick, and the groups it is in as channels.
//!
//! The only thing that commands which touch a group are given, so one who has not registered has
//! nothing to touch one with. Does not know commands.

use std::net::IpAddr;
use std::sync::Arc;

use conclave_core::{GroupId, Name, Timestamp};
use conclave_doors::irc::encode::{Addressed, Style, channel_of, source_of};
use conclave_doors::irc::registration::Negotiation;
use conclave_doors::irc::registry::UserId;
use conclave_doors::irc::written::{Framing, Written};
use conclave_hub::{Outlet, Session};

use super::peer::Peer;
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
    pub(crate) channels: Vec<Channel>,
    /// Something was said that may not have come to everyone yet.
    pub(crate) is_unsettled: bool,
}

/// A group that the client is in.
pub(crate) struct Channel {
    pub(crate) session: Session,
    /// By which of its names the client knows it.
    pub(crate) addressed: Addressed,
    /// Its events wait until the joining has been answered.
    pub(crate) is_held: bool,
}

impl Channel {
    /// The channel's name as this client knows it.
    pub(crate) fn name(&self) -> String {
        channel_of(&self.session.group_name(), self.addressed)
    }
}

impl Client {
    /// Whom its lines come from.
    pub(crate) fn source(&self) -> String {
        source_of(&self.nick)
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
        self.channels.iter().position(|channel| {
            let name = channel.session.group_name();
            let is_called = |addressed| channel_of(&name, addressed).eq_ignore_ascii_case(typed);
            is_called(Addressed::ByNumber) || is_called(Addressed::ByAlias)
        })
    }

    /// Takes a channel off its channels.
    pub(crate) fn take_channel(&mut self, group: GroupId) -> Option<Channel> {
        let place = self.channels.iter().position(|channel| channel.session.group() == group)?;
        let channel = self.channels.remove(place);
        self.context.irc.registry().leave(self.id, group);
        Some(channel)
    }

    /// Lets the events of groups flow whose joining has been answered.
    pub(crate) fn release(&mut self) {
        for channel in &mut self.channels {
            if std::mem::take(&mut channel.is_held) {
                channel.session.release();
            }
        }
    }

    /// Ends when all that it has said has come to everyone who is not behind.
    pub(crate) async fn settle(&mut self) {
        if std::mem::take(&mut self.is_unsettled) {
            for channel in &self.channels {
                channel.session.delivered().await;
            }
        }
    }
}

/// A user as the registry has it.
pub(crate) type UserOfPeer = conclave_doors::irc::registry::User<Peer>;
