//! `WHOIS`, `WHOWAS`, `ISON`, `USERHOST`: who somebody is, or was.

use conclave_doors::irc::encode::{HOST, nick_of};
use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::{
    ERR_NONICKNAMEGIVEN, ERR_NOSUCHNICK, ERR_WASNOSUCHNICK, RPL_AWAY, RPL_ENDOFWHOIS,
    RPL_ENDOFWHOWAS, RPL_ISON, RPL_USERHOST, RPL_WHOISACCOUNT, RPL_WHOISCHANNELS, RPL_WHOISIDLE,
    RPL_WHOISSERVER, RPL_WHOISUSER, RPL_WHOWASUSER,
};
use conclave_doors::irc::replies::Replies;

use super::names::shown_ranks;
use crate::irc::client::Client;

pub(super) fn run(client: &Client, message: &Message<'_>, replies: &mut Replies) {
    // `WHOIS server nick` asks a server, of which there is one.
    let target = message.param(1).or_else(|| message.param(0)).unwrap_or_default();
    let target = target.split(',').next().unwrap_or_default();
    if target.is_empty() {
        replies.numeric(ERR_NONICKNAMEGIVEN, &[]);
        return;
    }
    let server = &client.context.irc.server;
    let found = client.context.irc.registry().find(target).map(|(_, user)| user.clone());
    if let Some(user) = found {
        let nick = user.nick.as_str();
        replies.numeric_with(
            RPL_WHOISUSER,
            &[nick, &format!("~{}", user.username), HOST, "*"],
            &user.realname,
        );
        let channels = shared_channels(client, nick);
        if !channels.is_empty() {
            replies.numeric_with(RPL_WHOISCHANNELS, &[nick], &channels.join(" "));
        }
        replies.numeric_with(RPL_WHOISSERVER, &[nick, server], "Conclave");
        if let Some(reason) = &user.away {
            replies.numeric_with(RPL_AWAY, &[nick], reason);
        }
        if let Some(account) = &user.account {
            replies.numeric(RPL_WHOISACCOUNT, &[nick, account.as_str()]);
        }
        let seconds = (client.now().ms() - user.active_at.ms()).max(0) / 1_000;
        let signon = user.signon_at.ms() / 1_000;
        replies.numeric(RPL_WHOISIDLE, &[nick, &seconds.to_string(), &signon.to_string()]);
    } else if let Some((name, channel)) = member_elsewhere(client, target) {
        // Somebody who is here by another door.
        replies.numeric_with(RPL_WHOISUSER, &[&name, &format!("~{name}"), HOST, "*"], &name);
        replies.numeric_with(RPL_WHOISCHANNELS, &[&name], &channel);
        replies.numeric_with(RPL_WHOISSERVER, &[&name, server], "Conclave");
    } else {
        replies.numeric(ERR_NOSUCHNICK, &[target]);
    }
    replies.numeric(RPL_ENDOFWHOIS, &[target]);
}

/// The channels that the one who asks may know somebody to be in: those it is in itself.
fn shared_channels(client: &Client, nick: &str) -> Vec<String> {
    let mut channels = Vec::new();
    for channel in &client.channels {
        let members = channel.session.members();
        if let Some(member) = members.iter().find(|member| nick_of(&member.name) == nick) {
            let ranks = shown_ranks(member, client.negotiation.caps);
            channels.push(format!("{ranks}{}", channel.name()));
        }
    }
    channels
}

/// A member of a group that one is in oneself, and that group's channel.
fn member_elsewhere(client: &Client, target: &str) -> Option<(String, String)> {
    client.channels.iter().find_map(|channel| {
        let members = channel.session.members();
        let names = members.iter().map(|member| nick_of(&member.name));
        let name = names.into_iter().find(|name| name.eq_ignore_ascii_case(target))?;
        Some((name, channel.name()))
    })
}

pub(super) fn whowas(client: &Client, message: &Message<'_>, replies: &mut Replies) {
    let Some(target) = message.param(0).filter(|target| !target.is_empty()) else {
        replies.numeric(ERR_NONICKNAMEGIVEN, &[]);
        return;
    };
    let count = message.param(1).and_then(|typed| typed.parse::<i64>().ok()).unwrap_or(0);
    let count = usize::try_from(count).ok().filter(|count| *count > 0).unwrap_or(usize::MAX);
    let were: Vec<_> = client.context.irc.registry().were(target).take(count).cloned().collect();
    if were.is_empty() {
        replies.numeric(ERR_WASNOSUCHNICK, &[target]);
    }
    for was in were {
        let nick = was.nick.as_str();
        let username = format!("~{}", was.username);
        replies.numeric_with(RPL_WHOWASUSER, &[nick, &username, HOST, "*"], &was.realname);
        let server = &client.context.irc.server;
        replies.numeric_with(RPL_WHOISSERVER, &[nick, server], &was.at.render_minute());
    }
    replies.numeric(RPL_ENDOFWHOWAS, &[target]);
}

pub(super) fn ison(client: &Client, message: &Message<'_>, replies: &mut Replies) {
    let registry = client.context.irc.registry();
    let asked = message.params.iter().flat_map(|param| param.split(' '));
    let here: Vec<String> = asked
        .filter_map(|nick| registry.find(nick).map(|(_, user)| user.nick.as_str().to_owned()))
        .collect();
    drop(registry);
    replies.numeric_with(RPL_ISON, &[], &here.join(" "));
}

pub(super) fn userhost(client: &Client, message: &Message<'_>, replies: &mut Replies) {
    let registry = client.context.irc.registry();
    let asked = message.params.iter().flat_map(|param| param.split(' ')).take(10);
    let here: Vec<String> = asked
        .filter_map(|nick| {
            let (_, user) = registry.find(nick)?;
            let sign = if user.away.is_some() { '-' } else { '+' };
            Some(format!("{}={sign}~{}@{HOST}", user.nick, user.username))
        })
        .collect();
    drop(registry);
    replies.numeric_with(RPL_USERHOST, &[], &here.join(" "));
}
