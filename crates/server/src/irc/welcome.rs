//! Welcome: how a connection becomes a client, and what it is told first.
//!
//! Claims the nick, server-wide, and checks the server's password where there is one.

use std::sync::Arc;

use conclave_core::Name;
use conclave_doors::irc::isupport;
use conclave_doors::irc::numeric::{
    ERR_NICKNAMEINUSE, ERR_PASSWDMISMATCH, RPL_CREATED, RPL_ISUPPORT, RPL_MYINFO, RPL_WELCOME,
    RPL_YOURHOST,
};
use conclave_doors::irc::registration::{Negotiation, Registration, Wanted};
use conclave_doors::irc::registry::{User, UserId};
use conclave_doors::irc::replies::Replies;
use conclave_doors::irc::written::Framing;
use conclave_hub::Outlet;

use super::client::Client;
use super::commands;
use super::peer::Peer;
use crate::server::Context;

/// What the server is called in `VERSION` and at registration.
pub(crate) const VERSION: &str = concat!("conclave-", env!("CARGO_PKG_VERSION"));

/// What came of trying to register.
pub(crate) enum Outcome {
    /// Something is still missing.
    NotYet,
    /// The connection is to end, for that reason.
    Refused(&'static str),
    Registered(Registered),
}

/// A connection that has registered.
pub(crate) struct Registered {
    pub(crate) id: UserId,
    pub(crate) nick: Name,
    pub(crate) negotiation: Negotiation,
}

/// Registers who has given all that it takes.
pub(crate) fn register(
    context: &Arc<Context>,
    outlet: &Arc<Outlet>,
    framing: Framing,
    registration: &mut Registration,
    replies: &mut Replies,
) -> Outcome {
    let Some(Wanted { nick, username, realname }) = registration.wanted() else {
        return Outcome::NotYet;
    };
    if context.irc.password.is_some() && context.irc.password != registration.password {
        replies.numeric(ERR_PASSWDMISMATCH, &[]);
        return Outcome::Refused("Password incorrect");
    }
    let peer = Peer { hub: Arc::clone(&context.hub), outlet: Arc::clone(outlet), framing };
    let caps = registration.negotiation.caps;
    let mut user = User::new(nick.clone(), (username, realname), caps, context.hub.now(), peer);
    user.away.clone_from(&registration.away);
    let mut registry = context.irc.registry();
    match registry.register(user) {
        Ok(id) => {
            registry.unregistered -= 1;
            Outcome::Registered(Registered { id, nick, negotiation: registration.negotiation })
        }
        Err(_taken) => {
            registration.forget_nick(replies);
            replies.numeric(ERR_NICKNAMEINUSE, &[nick.as_str()]);
            Outcome::NotYet
        }
    }
}

/// Tells a new client where it is.
pub(crate) fn greet(client: &Client, replies: &mut Replies) {
    let server = Arc::clone(&client.context.irc.server);
    let nick = client.nick.as_str();
    nick.clone_into(&mut replies.target);
    replies.numeric_with(RPL_WELCOME, &[], &format!("Welcome to Conclave, {nick}"));
    let host = format!("Your host is {server}, running version {VERSION}");
    replies.numeric_with(RPL_YOURHOST, &[], &host);
    let created = client.context.irc.started_at.render_minute();
    replies.numeric_with(RPL_CREATED, &[], &format!("This server was started {created} UTC"));
    replies.numeric_bare(RPL_MYINFO, &[&server, VERSION, "i", "bklimnostv", "bklov"]);
    for tokens in isupport::lines("Conclave") {
        let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        replies.numeric(RPL_ISUPPORT, &tokens);
    }
    commands::about::lusers(client, replies);
    commands::about::motd(client, replies);
    commands::monitor::tell_online(client);
}
