//! The commands of IRC: a file each, or a few that belong together; here is which is which.
//!
//! A command is a conversation with the hub: it waits for each answer before it goes on, and all it
//! says is gathered in its replies.

pub(super) mod about;
pub(super) mod account;
pub(super) mod away;
mod batch;
pub(super) mod chathistory;
pub(super) mod invite;
pub(super) mod join;
pub(super) mod kick;
pub(super) mod list;
pub(super) mod markread;
pub(super) mod mode;
pub(super) mod monitor;
pub(super) mod names;
pub(super) mod nick;
pub(super) mod part;
pub(super) mod quit;
pub(super) mod redact;
pub(super) mod setname;
pub(super) mod talk;
pub(super) mod topic;
pub(super) mod who;
pub(super) mod whois;
pub(super) mod words;

use std::sync::Arc;

use conclave_core::Name;
use conclave_doors::irc::commands::Command;
use conclave_doors::irc::encode::Addressed;
use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::{
    ERR_ALREADYREGISTERED, ERR_NEEDMOREPARAMS, ERR_NICKNAMEINUSE, ERR_NOORIGIN,
};
use conclave_doors::irc::registration::Registration;
use conclave_doors::irc::replies::Replies;
use conclave_doors::irc::written::truncate;

use super::client::Client;
use crate::server::Context;

/// What comes after a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// The next.
    Stay,
    /// The end of the connection, for that reason.
    Quit(String),
}

/// Runs a command of somebody who has not registered, but may have signed in to that account:
/// then the nick of the account's other connections is its own.
pub(super) fn run_before(
    context: &Arc<Context>,
    registration: &mut Registration,
    account: Option<&Name>,
    command: Command,
    message: &Message<'_>,
    replies: &mut Replies,
) -> After {
    match command {
        Command::Cap => registration.negotiation.handle(message, false, replies),
        Command::Nick => {
            if let Some(nick) = registration.handle_nick(message, replies)
                && !context.irc.registry().is_free(&nick, None, account)
            {
                registration.forget_nick(replies);
                replies.numeric(ERR_NICKNAMEINUSE, &[nick.as_str()]);
            }
        }
        Command::User if message.params.iter().any(|param| param.is_empty()) => {
            replies.numeric(ERR_NEEDMOREPARAMS, &["USER"]);
        }
        Command::User => registration.handle_user(message),
        Command::Pass => registration.password = message.param(0).map(str::to_owned),
        Command::Away => registration.away = away::reason(message),
        Command::Ping => ping(message, replies),
        Command::Quit => return After::Quit(quit_reason(message)),
        _ => {}
    }
    After::Stay
}

/// Runs a command of a client's.
pub(super) async fn run(
    client: &mut Client,
    command: Command,
    message: &Message<'_>,
    replies: &mut Replies,
) -> After {
    match command {
        Command::Admin => about::admin(client, replies),
        Command::Authenticate | Command::Register => {}
        Command::Away => away::run(client, message, replies),
        Command::Batch => batch::run(client, message, replies).await,
        Command::Cap => cap(client, message, replies),
        Command::Chathistory => chathistory::run(client, message, replies).await,
        Command::Help => about::help(message, replies),
        Command::Info => about::info(replies),
        Command::Invite => invite::run(client, message, replies).await,
        Command::Kick => kick::run(client, message, replies).await,
        Command::Mode => mode::run(client, message, replies).await,
        Command::Ison => whois::ison(client, message, replies),
        Command::Join => join::run(client, message, replies).await,
        Command::Links => about::links(client, replies),
        Command::List => list::run(client, message, replies),
        Command::Lusers => about::lusers(client, replies),
        Command::Markread => markread::run(client, message, replies).await,
        Command::Monitor => monitor::run(client, message, replies),
        Command::Motd => about::motd(client, replies),
        Command::Names => names::run(client, message, replies),
        Command::Nick => nick::run(client, message, replies).await,
        Command::Notice | Command::Privmsg | Command::Tagmsg => {
            talk::run(client, command, message, replies).await;
        }
        Command::Part => part::run(client, message, replies).await,
        Command::Pass | Command::User => replies.numeric(ERR_ALREADYREGISTERED, &[]),
        Command::Ping => {
            client.arrived().await;
            ping(message, replies);
        }
        Command::Pong => {}
        Command::Quit => return After::Quit(quit_reason(message)),
        Command::Redact => redact::run(client, message, replies).await,
        Command::Setname => setname::run(client, message, replies),
        Command::Time => about::time(client, replies),
        Command::Topic => topic::run(client, message, replies).await,
        Command::Userhost => whois::userhost(client, message, replies),
        Command::Version => about::version(client, replies),
        Command::Who => who::run(client, message, replies),
        Command::Whois => whois::run(client, message, replies),
        Command::Whowas => whois::whowas(client, message, replies),
    }
    After::Stay
}

fn ping(message: &Message<'_>, replies: &mut Replies) {
    let token = message.param(0).unwrap_or_default();
    if token.is_empty() {
        replies.numeric(ERR_NOORIGIN, &[]);
        return;
    }
    let pong = replies.from_server("PONG").param(replies.server()).last(token);
    replies.line(pong);
}

fn quit_reason(message: &Message<'_>) -> String {
    let given = message.param(0).unwrap_or_default();
    if given.is_empty() { "Quit".to_owned() } else { truncate(given, 300).to_owned() }
}

/// Changes what a client that has registered has of capabilities.
fn cap(client: &mut Client, message: &Message<'_>, replies: &mut Replies) {
    let before = client.negotiation.caps;
    client.negotiation.handle(message, true, replies);
    let caps = client.negotiation.caps;
    if caps == before {
        return;
    }
    if let Some(user) = client.context.irc.registry().user_mut(client.id) {
        user.caps = caps;
    }
    client.ident.set_shown(client.wire(Addressed::ByAlias), client.own());
    for channel in &client.channels {
        join::adapt(client, channel);
    }
}
