//! `JOIN`: enters groups: `#8888` by number and password, `#tea` by alias.

use conclave_core::{Alias, GroupId, Password, Refusal, limits};
use conclave_doors::irc::caps::Cap;
use conclave_doors::irc::encode::{Addressed, channel_of};
use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::{
    ERR_BADCHANMASK, ERR_BADCHANNELKEY, ERR_BANNEDFROMCHAN, ERR_CHANNELISFULL, ERR_INVITEONLYCHAN,
    ERR_NICKNAMEINUSE, ERR_NOSUCHCHANNEL, ERR_TOOMANYCHANNELS, ERR_UNKNOWNERROR,
};
use conclave_doors::irc::replies::Replies;
use conclave_doors::irc::written::Written;
use conclave_hub::{Admission, Keep, Session, SignedIn, Source};

use super::{away, markread, names, part, topic, words};
use crate::irc::client::{Channel, Client, origin_of};
use crate::irc::replay;

pub(super) async fn run(client: &mut Client, message: &Message<'_>, replies: &mut Replies) {
    let targets = message.param(0).unwrap_or_default();
    if targets == "0" {
        let all: Vec<String> = client.channels.iter().map(Channel::name).collect();
        let all = all.join(",");
        let left = Message { params: vec![&all], ..Message::default() };
        return part::run(client, &left, replies).await;
    }
    let mut keys = message.param(1).unwrap_or_default().split(',');
    for target in targets.split(',').take(limits::IRC_TARGETS_MAX) {
        let key = keys.next().filter(|key| !key.is_empty());
        if client.channel(target).is_some() {
            continue;
        }
        if client.channels.len() >= limits::IRC_CHANNELS_MAX {
            replies.numeric(ERR_TOOMANYCHANNELS, &[target]);
            continue;
        }
        let is_channel = target.strip_prefix('#').is_some_and(|word| {
            let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
            is_number || Alias::parse(word).is_some()
        });
        if !is_channel {
            replies.numeric(ERR_NOSUCHCHANNEL, &[target]);
            continue;
        }
        let before = client.now();
        match enter(client, target, key).await {
            Ok((session, addressed)) => {
                replay::note_joined(client, session.group(), before).await;
                let missed = replay::missed(client, None);
                arrive(client, Channel::new(session, addressed, missed), replies).await;
            }
            Err(refusal) => refuse(client, target, refusal, replies),
        }
    }
}

/// Becomes a member of the group that is meant.
async fn enter(
    client: &Client,
    target: &str,
    key: Option<&str>,
) -> Result<(Session, Addressed), Refusal> {
    let (admission, addressed) = admit(client, target, key).await?;
    let origin = {
        let registry = client.context.irc.registry();
        registry.user(client.id).map(origin_of).unwrap_or_default()
    };
    let admission = admission.coming_from(origin);
    let (nick, wire) = (client.nick.clone(), client.wire(addressed));
    let joined = match client.ident.account() {
        Some(signed_in) => signed_in.join(&admission, nick, &client.outlet, wire).await?,
        None => admission.join(nick, Keep::Connection, &client.outlet, wire).await?,
    };
    Ok((joined.session, addressed))
}

/// Takes up the memberships of the client's account.
pub(in crate::irc) async fn take_up(client: &mut Client, replies: &mut Replies) {
    let Some(signed_in) = client.ident.account().cloned() else { return };
    let groups = signed_in.groups().await.unwrap_or_default();
    for group in groups {
        take_up_one(client, &signed_in, group, replies).await;
    }
    client.asides = Some(replay::asides_missed(client).await);
}

/// Takes up one of them.
pub(in crate::irc) async fn take_up_one(
    client: &mut Client,
    signed_in: &SignedIn,
    group: GroupId,
    replies: &mut Replies,
) {
    if client.channels.iter().any(|channel| channel.session.group() == group) {
        return;
    }
    let addressed = Addressed::ByAlias;
    let resumed = signed_in.resume(group, None, &client.outlet, client.wire(addressed)).await;
    let Ok(resumed) = resumed else { return };
    let session = resumed.session;
    if session.name().is_some_and(|name| name != client.nick) {
        // It may be somebody else's there by now; then the older name stays.
        let _taken = session.rename(client.nick.clone()).await;
    }
    let read_upto = markread::of_account(signed_in, group).await;
    let missed = replay::missed(client, read_upto);
    arrive(client, Channel::new(session, addressed, missed), replies).await;
}

/// Gives the password of the group that is meant; makes it where it goes by an alias and is not
/// there yet.
async fn admit(
    client: &Client,
    target: &str,
    key: Option<&str>,
) -> Result<(Admission, Addressed), Refusal> {
    let hub = &client.context.hub;
    let source = Source::new(client.address);
    // A key that can be none is a wrong one.
    let key = key.map(|key| Password::parse(key).map_err(|_none| Refusal::WrongIdOrPassword));
    let key = key.transpose()?;
    let Some(alias) = target.strip_prefix('#').and_then(Alias::parse) else {
        let number: Option<GroupId> = target.parse().ok();
        let admission = hub.admit(number, key.as_ref(), source).await?;
        return Ok((admission, Addressed::ByNumber));
    };
    loop {
        if let Some(admission) = hub.admit_alias(&alias, key.as_ref(), source).await? {
            return Ok((admission, Addressed::ByAlias));
        }
        if let Some(admission) = hub.create_alias(alias.clone()).await? {
            return Ok((admission, Addressed::ByAlias));
        }
        // Somebody else has made it meanwhile.
    }
}

/// Shows a group that was just entered.
async fn arrive(client: &mut Client, channel: Channel, replies: &mut Replies) {
    let caps = client.negotiation.caps;
    let name = channel.name();
    let group = channel.session.group_name();
    adapt(client, &channel);
    let (account, realname, away) = {
        let mut registry = client.context.irc.registry();
        registry.enter(client.id, group.id);
        registry.user(client.id).map_or_else(Default::default, |user| {
            let away = user.away().map(ToOwned::to_owned);
            (user.account.clone(), user.called.realname().to_owned(), away)
        })
    };
    let joined = client.line("JOIN").param(&name);
    let joined = if caps.has(Cap::ExtendedJoin) {
        joined.param(account.as_ref().map_or("*", |account| account.as_str())).last(&realname)
    } else {
        joined
    };
    replies.line(joined);
    topic::tell(&channel, replies);
    markread::tell(client, &name, group.id, replies).await;
    if !caps.has(Cap::NoImplicitNames) && !caps.has(Cap::DraftNoImplicitNames) {
        names::tell(client, &channel, replies);
    }
    client.channels.push(channel);
    client.is_unsettled = true;
    if let Some(reason) = away {
        away::tell_group(client, group.id, &away::line(client, Some(&reason)));
    }
}

/// Tells by which number others join a group that the client knows by its alias. Not with the
/// answer to joining, which clients of old read strictly.
pub(in crate::irc) fn tell_number(client: &Client, channel: &Channel, replies: &mut Replies) {
    let (name, group) = (channel.name(), channel.session.group_name());
    let number = channel_of(&group, Addressed::ByNumber);
    // A group without an alias is known by its number as it is.
    if name != number {
        let notice = Written::new(&client.context.irc.server, "NOTICE").param(&name);
        replies.line(notice.last(&words::number_is(&name, &number)));
    }
}

/// Has the events of a group written as the client's capabilities are now.
pub(super) fn adapt(client: &Client, channel: &Channel) {
    channel.session.set_shown(client.wire(channel.addressed), client.own());
}

fn refuse(client: &Client, target: &str, refusal: Refusal, replies: &mut Replies) {
    match refusal {
        Refusal::WrongIdOrPassword => replies.numeric(ERR_BADCHANNELKEY, &[target]),
        Refusal::Banned => replies.numeric(ERR_BANNEDFROMCHAN, &[target]),
        Refusal::InviteOnly | Refusal::ClosedToNew => {
            replies.numeric(ERR_INVITEONLYCHAN, &[target]);
        }
        Refusal::GroupFull | Refusal::LimitReached => replies.numeric(ERR_CHANNELISFULL, &[target]),
        Refusal::NameTaken => {
            let words = format!("Your nick is in use in {target}; take another and join again");
            replies.numeric_with(ERR_NICKNAMEINUSE, &[client.nick.as_str()], &words);
        }
        Refusal::Name(_) => replies.numeric(ERR_BADCHANMASK, &[target]),
        refusal => {
            let sentence = words::refused(refusal);
            replies.numeric_with(ERR_UNKNOWNERROR, &["JOIN", target], &sentence);
        }
    }
    tracing::debug!(%refusal, nick = client.nick.as_str(), "not let in");
}
