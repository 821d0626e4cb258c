//! `INVITE`: lets somebody into a group once, past a ban, a limit, or the need of an invitation.

use conclave_core::{Change, Flag, Refusal};
use conclave_doors::irc::caps::Cap;
use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::{
    ERR_NEEDMOREPARAMS, ERR_NOSUCHNICK, ERR_USERONCHANNEL, RPL_AWAY, RPL_ENDOFINVITELIST,
    RPL_INVITING,
};
use conclave_doors::irc::replies::Replies;

use super::mode::{member_called, refuse};
use crate::irc::client::Client;
use crate::irc::peer::Told;

pub(super) async fn run(client: &mut Client, message: &Message<'_>, replies: &mut Replies) {
    let (Some(nick), Some(target)) = (message.param(0), message.param(1)) else {
        if message.params.is_empty() {
            replies.numeric(RPL_ENDOFINVITELIST, &[]);
        } else {
            replies.numeric(ERR_NEEDMOREPARAMS, &["INVITE"]);
        }
        return;
    };
    let invited = client.context.irc.registry().find(nick).map(|(_, user)| user.clone());
    let Some(invited) = invited else {
        let channel = client.channel(target);
        match channel.filter(|channel| member_called(channel.session.membership(), nick).is_some())
        {
            Some(channel) => replies.numeric(ERR_USERONCHANNEL, &[nick, &channel.name()]),
            None => replies.numeric(ERR_NOSUCHNICK, &[nick]),
        }
        return;
    };
    let Some(channel) = client.channel(target) else {
        return client.refuse_outside(target, replies).await;
    };
    let name = channel.name();
    if member_called(channel.session.membership(), nick).is_some() {
        replies.numeric(ERR_USERONCHANNEL, &[nick, &name]);
        return;
    }
    match channel.session.change(Change::Invited(invited.nick.clone())).await {
        Ok(_is_new) => {}
        // Anyone may tell others of a group that anyone may join.
        Err(Refusal::NotAModerator) if !channel.session.settings().has(Flag::InviteOnly) => {}
        Err(refusal) => return refuse(&name, refusal, replies),
    }
    replies.numeric_bare(RPL_INVITING, &[invited.nick.as_str(), &name]);
    if let Some(reason) = invited.away() {
        replies.numeric_with(RPL_AWAY, &[invited.nick.as_str()], reason);
    }
    let hub = &client.context.hub;
    let line = client.line("INVITE").param(invited.nick.as_str()).param(&name);
    let moderators = client.told_in(channel, |member| {
        matches!(
            member.standing,
            conclave_core::Standing::Owner | conclave_core::Standing::Moderator
        )
    });
    for (id, told) in moderators {
        if id != client.id && told.caps.has(Cap::InviteNotify) {
            told.tell(hub, line.clone());
        }
    }
    Told::from(&invited).tell(hub, client.with_account(line, invited.caps));
    client.is_unsettled = true;
}
