//! `NICK`: goes by another name, in every group the client is in, or in none.

use conclave_core::{Name, Refusal};
use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::{ERR_ERRONEUSNICKNAME, ERR_NICKNAMEINUSE};
use conclave_doors::irc::registration::parse_nick;
use conclave_doors::irc::replies::Replies;

use super::{monitor, words};
use crate::irc::client::Client;

pub(super) async fn run(client: &mut Client, message: &Message<'_>, replies: &mut Replies) {
    let Some(nick) = parse_nick(message, replies) else { return };
    if nick == client.nick {
        return;
    }
    // Before anybody is told of it: one group is not to see a nick that another refuses.
    let is_taken = client.channels.iter().any(|channel| {
        let membership = channel.session.membership();
        membership.find(&nick).is_some_and(|bearer| bearer != membership.member())
    });
    if is_taken {
        replies.numeric(ERR_NICKNAMEINUSE, &[nick.as_str()]);
        return;
    }
    let before = client.nick.clone();
    // Claimed first, so that nobody takes it while the groups decide.
    let claimed = client.context.irc.registry().rename(client.id, &nick, client.now());
    if claimed.is_err() {
        replies.numeric(ERR_NICKNAMEINUSE, &[nick.as_str()]);
        return;
    }
    let line = client.line("NICK").param(nick.as_str());
    if let Err((refusal, count)) = rename_everywhere(client, &nick).await {
        for channel in client.channels.iter().take(count) {
            // It was its own a moment ago; where somebody took it since, it keeps the new one.
            let _taken = channel.session.rename(before.clone()).await;
        }
        let now = client.now();
        let _free = client.context.irc.registry().rename(client.id, &before, now);
        match refusal {
            Refusal::NameTaken => replies.numeric(ERR_NICKNAMEINUSE, &[nick.as_str()]),
            refusal => {
                let sentence = words::refused(refusal);
                replies.numeric_with(ERR_ERRONEUSNICKNAME, &[nick.as_str()], &sentence);
            }
        }
        return;
    }
    replies.line(line);
    client.nick = nick;
    take_along(client);
    client.is_unsettled = true;
    if !before.is_same_as(&client.nick) {
        monitor::tell_offline(client, &before);
        monitor::tell_online(client);
    }
}

/// Gives the nick to the account's other connections as well: they go by one.
fn take_along(client: &Client) {
    let Some(signed_in) = client.ident.account() else { return };
    let account = Some(signed_in.account().name());
    let now = client.now();
    {
        let mut registry = client.context.irc.registry();
        let users = registry.users();
        let siblings =
            users.filter(|(id, user)| *id != client.id && user.account.as_ref() == account);
        let siblings: Vec<_> = siblings.map(|(id, _)| id).collect();
        for id in siblings {
            // Free for whoever is of the account.
            let _free = registry.rename(id, &client.nick, now);
        }
    }
    signed_in.note_name_changed(&client.outlet);
}

/// Goes by the nick that another connection of the account took, and says so.
pub(in crate::irc) fn follow(client: &mut Client, replies: &mut Replies) {
    let nick = {
        let registry = client.context.irc.registry();
        registry.user(client.id).map(|user| user.nick.clone())
    };
    let Some(nick) = nick.filter(|nick| *nick != client.nick) else { return };
    replies.line(client.line("NICK").param(nick.as_str()));
    client.nick = nick;
}

/// Changes the name in each group. Where one refuses, why, and how many did not.
async fn rename_everywhere(client: &Client, nick: &Name) -> Result<(), (Refusal, usize)> {
    for (count, channel) in client.channels.iter().enumerate() {
        if let Err(refusal) = channel.session.rename(nick.clone()).await {
            return Err((refusal, count));
        }
    }
    Ok(())
}
