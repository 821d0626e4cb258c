//! `LIST`: channels that are open to all, and those one is in.

use conclave_doors::irc::encode::{Addressed, channel_of};
use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::{RPL_LIST, RPL_LISTEND, RPL_LISTSTART};
use conclave_doors::irc::replies::Replies;

use super::who::matches;
use crate::irc::client::Client;

/// What is asked for.
enum Wanted<'asked> {
    /// More members than that.
    More(usize),
    /// Fewer.
    Fewer(usize),
    /// A name or a pattern of names.
    Called(&'asked str),
}

pub(super) fn run(client: &Client, message: &Message<'_>, replies: &mut Replies) {
    let asked = message.param(0).unwrap_or_default();
    let wanted: Vec<_> = asked.split(',').filter(|word| !word.is_empty()).map(parse).collect();
    let mut found: Vec<(String, usize, String)> = Vec::new();
    for channel in &client.channels {
        let count = channel.session.member_count();
        found.push((channel.name(), count, channel.session.topic().as_str().to_owned()));
    }
    for group in client.context.hub.open_groups() {
        let name = channel_of(&group.name, Addressed::ByAlias);
        if !found.iter().any(|(known, ..)| known.eq_ignore_ascii_case(&name)) {
            found.push((name, group.member_count, group.topic.as_str().to_owned()));
        }
    }
    found.sort();
    replies.numeric(RPL_LISTSTART, &["Channel"]);
    for (name, count, topic) in found {
        let is_wanted = wanted.iter().all(|wanted| match wanted {
            Wanted::More(bound) => count > *bound,
            Wanted::Fewer(bound) => count < *bound,
            Wanted::Called(_) => true,
        });
        let mut names = wanted.iter().filter_map(|wanted| match wanted {
            Wanted::Called(pattern) => Some(*pattern),
            Wanted::More(_) | Wanted::Fewer(_) => None,
        });
        let is_called =
            names.clone().next().is_none() || names.any(|pattern| matches(pattern, &name));
        if is_wanted && is_called {
            replies.numeric_with(RPL_LIST, &[&name, &count.to_string()], &topic);
        }
    }
    replies.numeric(RPL_LISTEND, &[]);
}

fn parse(word: &str) -> Wanted<'_> {
    let bound = |rest: &str| rest.parse().ok();
    if let Some(count) = word.strip_prefix('>').and_then(bound) {
        Wanted::More(count)
    } else if let Some(count) = word.strip_prefix('<').and_then(bound) {
        Wanted::Fewer(count)
    } else {
        Wanted::Called(word)
    }
}
