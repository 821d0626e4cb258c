//! Welcome: how a connection becomes a client, and what it is told first.
//!
//! Claims the nick, server-wide, and checks the server's password where there is one.

use std::sync::Arc;

use conclave_core::Name;
use conclave_doors::irc::encode::{Addressed, Style};
use conclave_doors::irc::isupport;
use conclave_doors::irc::numeric::{
    ERR_NICKNAMEINUSE, ERR_PASSWDMISMATCH, RPL_CREATED, RPL_ISUPPORT, RPL_MYINFO, RPL_WELCOME,
    RPL_YOURHOST,
};
use conclave_doors::irc::registration::{Negotiation, Registration, Wanted};
use conclave_doors::irc::registry::{Called, User, UserId};
use conclave_doors::irc::replies::Replies;
use conclave_doors::irc::written::Framing;
use conclave_hub::{Outlet, Own, SignedIn};

use super::client::{Client, Ident, own_of};
use super::commands;
use super::peer::Peer;
use crate::server::Context;
use crate::wires::IrcWire;

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
    pub(crate) ident: Ident,
    pub(crate) negotiation: Negotiation,
}

/// Registers who has given all that it takes.
pub(crate) fn register(
    context: &Arc<Context>,
    outlet: &Arc<Outlet>,
    framing: Framing,
    registration: &mut Registration,
    signed_in: Option<&SignedIn>,
    replies: &mut Replies,
) -> Outcome {
    let Some(Wanted { mut nick, username, realname }) = registration.wanted() else {
        return Outcome::NotYet;
    };
    if context.irc.password.is_some() && context.irc.password != registration.password {
        replies.numeric(ERR_PASSWDMISMATCH, &[]);
        return Outcome::Refused("Password incorrect");
    }
    let caps = registration.negotiation.caps;
    let style = Style::of(caps, Addressed::ByAlias, framing);
    let own = own_of(caps, signed_in.is_some());
    let ident = identify(context, outlet, signed_in, IrcWire::of(style), own);
    let account = signed_in.map(|signed_in| signed_in.account().name().clone());
    let mut registry = context.irc.registry();
    // All connections of an account go by one nick: that of those who are here already.
    if account.is_some()
        && let Some((_, sibling)) = registry.users().find(|(_, user)| user.account == account)
    {
        nick = sibling.nick.clone();
    }
    let peer = Peer::new(Arc::clone(outlet), ident.whose());
    let called = Called::new(&username, &realname);
    let written = (caps, framing);
    let mut user = User::new(nick.clone(), called, written, context.hub.now(), peer);
    user.set_away(registration.away.clone());
    user.account = account;
    match registry.register(user) {
        Ok(id) => {
            registry.unregistered -= 1;
            let negotiation = registration.negotiation;
            Outcome::Registered(Registered { id, nick, ident, negotiation })
        }
        Err(_taken) => {
            registration.forget_nick(replies);
            replies.numeric(ERR_NICKNAMEINUSE, &[nick.as_str()]);
            Outcome::NotYet
        }
    }
}

/// Has others write to a connection, as whom it has signed in or as a visitor.
pub(crate) fn identify(
    context: &Context,
    outlet: &Arc<Outlet>,
    signed_in: Option<&SignedIn>,
    wire: &'static IrcWire,
    own: Own,
) -> Ident {
    // What is written to it comes after the welcome, and after what it missed.
    outlet.hold_directs();
    match signed_in {
        Some(signed_in) => Ident::Account(Box::new(signed_in.connect(outlet, wire, own))),
        None => Ident::Visitor(context.hub.visit(outlet)),
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
    replies.numeric_bare(RPL_MYINFO, &[&server, VERSION, "i", "Ibeiklmnostv", "Ibeklov"]);
    for tokens in isupport::lines("Conclave") {
        let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        replies.numeric(RPL_ISUPPORT, &tokens);
    }
    commands::about::lusers(client, replies);
    commands::about::motd(client, replies);
    commands::monitor::tell_online(client);
}
