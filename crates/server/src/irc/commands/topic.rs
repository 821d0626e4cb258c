//! `TOPIC`: shows the topic of a group or sets it.

use conclave_core::Topic;
use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::{
    ERR_CHANOPRIVSNEEDED, ERR_NOSUCHCHANNEL, ERR_NOTONCHANNEL, RPL_NOTOPIC, RPL_TOPIC,
};
use conclave_doors::irc::replies::Replies;

use super::words;
use crate::irc::client::{Channel, Client};

pub(super) async fn run(client: &mut Client, message: &Message<'_>, replies: &mut Replies) {
    let target = message.param(0).unwrap_or_default();
    let Some(channel) = client.channel(target) else {
        let numeric = if target.starts_with('#') { ERR_NOTONCHANNEL } else { ERR_NOSUCHCHANNEL };
        replies.numeric(numeric, &[target]);
        return;
    };
    let Some(written) = message.param(1) else {
        if channel.session.topic().is_empty() {
            replies.numeric(RPL_NOTOPIC, &[&channel.name()]);
        } else {
            tell(channel, replies);
        }
        return;
    };
    let set = match Topic::parse(written) {
        Ok(topic) => channel.session.set_topic(topic).await,
        Err(problem) => Err(problem.into()),
    };
    match set {
        // What is shown of it comes as to everyone.
        Ok(()) => client.is_unsettled = true,
        Err(refusal) => {
            let sentence = words::refused(refusal);
            replies.numeric_with(ERR_CHANOPRIVSNEEDED, &[target], &sentence);
        }
    }
}

/// Tells the topic of a group, where it has one.
pub(super) fn tell(channel: &Channel, replies: &mut Replies) {
    let topic = channel.session.topic();
    if !topic.is_empty() {
        replies.numeric_with(RPL_TOPIC, &[&channel.name()], topic.as_str());
    }
}
