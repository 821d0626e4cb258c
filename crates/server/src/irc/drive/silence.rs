//! Silence: what is done for a connection from which nothing comes: it is told what waited for it to
//! be quiet, asked for a sign of life, and closed for want of one.
//!
//! Does not wait itself.

use conclave_core::limits;
use conclave_doors::irc::replies::Replies;
use conclave_doors::irc::written::Written;
use tokio::time::Instant;

use super::{IrcDriver, Phase};
use crate::irc::client::Channel;
use crate::irc::commands;

impl IrcDriver {
    /// When something is to be done although nothing comes.
    pub(super) fn timeout_at(&self) -> Option<Instant> {
        match &self.phase {
            Phase::New(new) => Some(new.began_at + limits::IRC_REGISTRATION_MAX),
            Phase::Client(client) => {
                let numbers = client.channels.iter().filter_map(|channel| self.number_at(channel));
                // While it is not read, it is not the one who is silent.
                let silent_at = self.outlet.has_room().then(|| self.silent_at());
                numbers.chain(silent_at).min()
            }
            Phase::Over(_) => None,
        }
    }

    /// When the client is told the number of a channel that it joined: when it is quiet, so that it
    /// does not come between an answer and what was asked.
    fn number_at(&self, channel: &Channel) -> Option<Instant> {
        Some(channel.tell_number_at()?.max(self.heard_at + limits::IRC_NUMBER_AFTER))
    }

    /// When the client is asked for a sign of life, or closed for want of one.
    fn silent_at(&self) -> Instant {
        match self.asked_at {
            Some(asked_at) => asked_at + limits::IRC_PONG_MAX,
            None => self.heard_at + limits::IRC_PING_AFTER,
        }
    }

    pub(super) fn handle_timeout(&mut self) {
        let now = Instant::now();
        if let Phase::Client(client) = &mut self.phase {
            let quiet_at = self.heard_at + limits::IRC_NUMBER_AFTER;
            let due = |channel: &&mut Channel| {
                channel.tell_number_at().is_some_and(|at| at.max(quiet_at) <= now)
            };
            let nick = client.nick.as_str();
            let mut replies = Replies::new(&self.context.irc.server, nick, None, 0);
            let mut channels = std::mem::take(&mut client.channels);
            for channel in channels.iter_mut().filter(due) {
                channel.note_number_told();
                commands::join::tell_number(client, channel, &mut replies);
            }
            client.channels = channels;
            self.put(replies);
        }
        match &self.phase {
            Phase::Client(_) if self.silent_at() > now => {}
            Phase::New(_) => self.close("You did not register in time"),
            Phase::Client(_) if self.asked_at.is_some() && self.outlet.is_behind() => {
                // It takes its time to read, and what it was asked by may still be waiting here. One
                // that takes nothing at all is found out by the outlet.
                self.asked_at = Some(now);
            }
            Phase::Client(_) if self.asked_at.is_some() => self.close("Ping timeout"),
            Phase::Client(_) => {
                self.asked_at = Some(now);
                let mut bytes = Vec::new();
                let line = Written::new("", "PING").last(&self.context.irc.server);
                line.render(self.framing, &mut bytes);
                self.context.hub.put(&self.outlet, bytes.into());
            }
            Phase::Over(_) => {}
        }
    }
}
