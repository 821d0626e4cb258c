//! `TOPIC`: shows the topic of a group or sets it.

use conclave_core::Topic;
use conclave_doors::irc::encode::nick_of;
use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::{RPL_NOTOPIC, RPL_TOPIC, RPL_TOPICWHOTIME};
use conclave_doors::irc::replies::Replies;

use super::mode::refuse;
use crate::irc::client::{Channel, Client};

pub(super) async fn run(client: &mut Client, message: &Message<'_>, replies: &mut Replies) {
    let target = message.param(0).unwrap_or_default();
    let Some(channel) = client.channel(target) else {
        return client.refuse_outside(target, replies).await;
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
            refuse(&channel.name(), refusal, replies);
        }
    }
}

/// Tells the topic of a group, where it has one.
pub(super) fn tell(channel: &Channel, replies: &mut Replies) {
    let topic = channel.session.topic();
    if !topic.is_empty() {
        let name = channel.name();
        replies.numeric_with(RPL_TOPIC, &[&name], topic.as_str());
        if let Some(set) = channel.session.topic_set() {
            let at = (set.at.ms() / 1_000).to_string();
            replies.numeric_bare(RPL_TOPICWHOTIME, &[&name, &nick_of(&set.by), &at]);
        }
    }
}
