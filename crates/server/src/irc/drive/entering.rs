//! Entering: how a connection signs in to an account and becomes a client.
//!
//! Does not know what a client may do.

use std::sync::Arc;

use conclave_doors::irc::commands::Command;
use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::ERR_SASLABORTED;
use conclave_doors::irc::replies::Replies;
use conclave_doors::irc::sasl::Sasl;
use smallvec::SmallVec;

use super::{IrcDriver, New, Phase};
use crate::irc::client::Client;
use crate::irc::commands;
use crate::irc::commands::account::{self, Asking};
use crate::irc::welcome;

impl IrcDriver {
    /// Goes on with signing in to an account, or makes one.
    pub(super) async fn sign_in(
        &mut self,
        command: Command,
        message: &Message<'_>,
        replies: &mut Replies,
    ) {
        let (nick, is_client, is_signed_in) = match &self.phase {
            Phase::New(new) => (new.registration.nick().cloned(), false, new.signed_in.is_some()),
            Phase::Client(client) => {
                (Some(client.nick.clone()), true, client.ident.account().is_some())
            }
            Phase::Over(_) => return,
        };
        let asking = Asking {
            context: &self.context,
            address: self.place.address(),
            caps: self.caps(),
            is_signed_in,
            nick,
            is_nick_taken: matches!(&self.phase, Phase::New(new) if new.registration.is_nick_taken),
            is_client,
        };
        let signed_in = if command == Command::Register {
            account::register(&asking, message, replies).await
        } else {
            account::authenticate(&asking, &mut self.sasl, message, replies).await
        };
        let Some(signed_in) = signed_in else { return };
        match &mut self.phase {
            Phase::Client(client) => account::take(client, signed_in, replies).await,
            Phase::New(new) => new.signed_in = Some(signed_in),
            Phase::Over(_) => {}
        }
    }

    /// Makes a client of who has given all that it takes.
    pub(super) async fn try_register(&mut self, replies: &mut Replies) {
        let Phase::New(new) = &mut self.phase else { return };
        let New { registration, signed_in, .. } = &mut **new;
        if self.sasl.is_under_way() && registration.wanted().is_some() {
            self.sasl = Sasl::default();
            replies.numeric(ERR_SASLABORTED, &[]);
        }
        let registered = welcome::register(
            &self.context,
            &self.outlet,
            self.framing,
            registration,
            signed_in.as_ref(),
            replies,
        );
        match registered {
            welcome::Outcome::NotYet => {}
            welcome::Outcome::Refused(reason) => self.close(reason),
            welcome::Outcome::Registered(registered) => {
                let mut client = Client {
                    context: Arc::clone(&self.context),
                    address: self.place.address(),
                    outlet: Arc::clone(&self.outlet),
                    framing: self.framing,
                    id: registered.id,
                    nick: registered.nick,
                    negotiation: registered.negotiation,
                    channels: SmallVec::new(),
                    is_unsettled: false,
                    is_unheard: false,
                    ident: registered.ident,
                    asides: Some(Box::default()),
                    seldom: None,
                };
                welcome::greet(&client, replies);
                commands::join::take_up(&mut client, replies).await;
                self.phase = Phase::Client(client);
            }
        }
    }
}
