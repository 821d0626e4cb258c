//! `WHOIS`, `WHOWAS`, `ISON`, `USERHOST`: who somebody is, or was.

use conclave_core::Door;
use conclave_doors::irc::encode::{host_of, nick_of};
use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::{
    ERR_NONICKNAMEGIVEN, ERR_NOSUCHNICK, ERR_WASNOSUCHNICK, RPL_AWAY, RPL_ENDOFWHOIS,
    RPL_ENDOFWHOWAS, RPL_ISON, RPL_USERHOST, RPL_WHOISACCOUNT, RPL_WHOISCHANNELS, RPL_WHOISIDLE,
    RPL_WHOISSERVER, RPL_WHOISUSER, RPL_WHOWASUSER,
};
use conclave_doors::irc::replies::Replies;

use conclave_hub::MemberHere;

use super::names::shown_ranks;
use crate::irc::client::{Client, user_of};

pub(super) fn run(client: &Client, message: &Message<'_>, replies: &mut Replies) {
    // `WHOIS server nick` asks a server, of which there is one.
    let target = message.param(1).or_else(|| message.param(0)).unwrap_or_default();
    let target = target.split(',').next().unwrap_or_default();
    if target.is_empty() {
        replies.numeric(ERR_NONICKNAMEGIVEN, &[]);
        return;
    }
    let server = &client.context.irc.server;
    if let Some(user) = client.user_called(target) {
        let nick = user.nick.as_str();
        replies.numeric_with(
            RPL_WHOISUSER,
            &[nick, &user_of(user.called.username()), host_of(Some(Door::Irc)), "*"],
            user.called.realname(),
        );
        let channels = shared_channels(client, nick, Some(Door::Irc));
        if !channels.is_empty() {
            replies.numeric_with(RPL_WHOISCHANNELS, &[nick], &channels.join(" "));
        }
        replies.numeric_with(RPL_WHOISSERVER, &[nick, server], "Conclave");
        if let Some(reason) = user.away() {
            replies.numeric_with(RPL_AWAY, &[nick], reason);
        }
        if let Some(account) = &user.account {
            replies.numeric(RPL_WHOISACCOUNT, &[nick, account.as_str()]);
        }
        let seconds = (client.now().ms() - user.active_at.ms()).max(0) / 1_000;
        let signon = user.signon_at.ms() / 1_000;
        replies.numeric(RPL_WHOISIDLE, &[nick, &seconds.to_string(), &signon.to_string()]);
    } else if let Some((_, member)) = client.member_called(target) {
        // Somebody who is here by another door.
        let (nick, host) = (nick_of(&member.name), host_of(member.origin.door()));
        let words = [&*nick, &*nick, host, "*"];
        replies.numeric_with(RPL_WHOISUSER, &words, member.name.as_str());
        let channels = shared_channels(client, &nick, member.origin.door());
        replies.numeric_with(RPL_WHOISCHANNELS, &[&nick], &channels.join(" "));
        replies.numeric_with(RPL_WHOISSERVER, &[&nick, server], "Conclave");
    } else {
        replies.numeric(ERR_NOSUCHNICK, &[target]);
    }
    replies.numeric(RPL_ENDOFWHOIS, &[target]);
}

/// The channels that the one who asks may know somebody to be in: those it is in itself.
fn shared_channels(client: &Client, nick: &str, door: Option<Door>) -> Vec<String> {
    let is_meant =
        |member: &&MemberHere| nick_of(&member.name) == nick && member.origin.door() == door;
    let mut channels = Vec::new();
    for channel in &client.channels {
        let members = channel.session.members();
        if let Some(member) = members.iter().find(is_meant) {
            let ranks = shown_ranks(member.standing, member.is_voiced, client.negotiation.caps);
            channels.push(format!("{ranks}{}", channel.name()));
        }
    }
    channels
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
        let words = [nick, &user_of(was.called.username()), host_of(Some(Door::Irc)), "*"];
        replies.numeric_with(RPL_WHOWASUSER, &words, was.called.realname());
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
            let sign = if user.away().is_some() { '-' } else { '+' };
            let host = host_of(Some(Door::Irc));
            Some(format!("{}={sign}{}@{host}", user.nick, user_of(user.called.username())))
        })
        .collect();
    drop(registry);
    replies.numeric_with(RPL_USERHOST, &[], &here.join(" "));
}
