//! `JOIN`: enters groups: `#8888` by number and password, `#tea` by alias.

use conclave_core::{GroupId, Password, Refusal, limits};
use conclave_doors::irc::caps::Cap;
use conclave_doors::irc::encode::{Addressed, channel_of};
use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::{
    ERR_BADCHANMASK, ERR_BADCHANNELKEY, ERR_CHANNELISFULL, ERR_NICKNAMEINUSE, ERR_NOSUCHCHANNEL,
    ERR_TOOMANYCHANNELS, ERR_UNKNOWNERROR,
};
use conclave_doors::irc::replies::Replies;
use conclave_doors::irc::written::Written;
use conclave_hub::{Keep, Own, Session, Source};

use super::{away, names, part, topic, words};
use crate::irc::client::{Channel, Client};

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
        if !target.starts_with('#') {
            replies.numeric(ERR_NOSUCHCHANNEL, &[target]);
            continue;
        }
        match enter(client, target, key).await {
            Ok((session, addressed)) => {
                let channel = Channel { session, addressed, is_held: true };
                arrive(client, channel, replies);
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
    let hub = &client.context.hub;
    let number: Option<GroupId> = target.parse().ok();
    // A key that can be none, or none at all, is a wrong one, and takes as long.
    let password =
        Password::parse(key.unwrap_or("\u{fffd}")).map_err(|_none| Refusal::WrongIdOrPassword)?;
    let source = Source::new(client.address);
    let admission = hub.admit(number, &password, source).await?;
    let addressed = Addressed::ByNumber;
    let wire = client.wire(addressed);
    let joined =
        admission.join(client.nick.clone(), Keep::Connection, &client.outlet, wire).await?;
    Ok((joined.session, addressed))
}

/// Shows a group that was just entered.
fn arrive(client: &mut Client, channel: Channel, replies: &mut Replies) {
    let caps = client.negotiation.caps;
    let name = channel.name();
    let group = channel.session.group_name();
    adapt(client, &channel);
    let (account, realname, away) = {
        let mut registry = client.context.irc.registry();
        registry.enter(client.id, group.id);
        registry.user(client.id).map_or_else(Default::default, |user| {
            (user.account.clone(), user.realname.clone(), user.away.clone())
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
    if !caps.has(Cap::NoImplicitNames) && !caps.has(Cap::DraftNoImplicitNames) {
        names::tell(client, &channel, replies);
    }
    if channel.addressed == Addressed::ByAlias {
        let number = channel_of(&group, Addressed::ByNumber);
        let notice = Written::new(&client.context.irc.server, "NOTICE").param(&name);
        replies.line(notice.last(&words::number_is(&name, &number)));
    }
    client.channels.push(channel);
    client.is_unsettled = true;
    if let Some(reason) = away {
        away::tell_group(client, group.id, &away::line(client, Some(&reason)));
    }
}

/// Has the events of a group written as the client's capabilities are now.
pub(super) fn adapt(client: &Client, channel: &Channel) {
    let own =
        if client.negotiation.caps.has(Cap::EchoMessage) { Own::AllButNames } else { Own::News };
    channel.session.set_shown(client.wire(channel.addressed), own);
}

fn refuse(client: &Client, target: &str, refusal: Refusal, replies: &mut Replies) {
    match refusal {
        Refusal::WrongIdOrPassword => replies.numeric(ERR_BADCHANNELKEY, &[target]),
        Refusal::GroupFull => replies.numeric(ERR_CHANNELISFULL, &[target]),
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
