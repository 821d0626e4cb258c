//! `MONITOR`: being told when somebody comes and goes (`IRCv3` monitor).

use conclave_core::Name;
use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::{
    ERR_MONLISTFULL, Numeric, RPL_ENDOFMONLIST, RPL_MONLIST, RPL_MONOFFLINE, RPL_MONONLINE,
};
use conclave_doors::irc::replies::Replies;
use conclave_doors::irc::written::{Written, lines_of};

use crate::irc::client::{Client, source};

/// Bytes of nicks on one line.
const LINE_BYTES_MAX: usize = 380;

pub(super) fn run(client: &mut Client, message: &Message<'_>, replies: &mut Replies) {
    let nicks = || {
        let given = message.param(1).unwrap_or_default().split(',');
        given.filter(|nick| !nick.is_empty())
    };
    match &*message.param(0).unwrap_or_default().to_ascii_uppercase() {
        "+" => watch(client, nicks(), replies),
        "-" => {
            let mut registry = client.context.irc.registry();
            nicks().for_each(|nick| registry.unwatch(client.id, nick));
        }
        "C" => client.context.irc.registry().unwatch_all(client.id),
        "L" => {
            for line in lists_of(watched(client)) {
                replies.numeric_with(RPL_MONLIST, &[], &line);
            }
            replies.numeric(RPL_ENDOFMONLIST, &[]);
        }
        "S" => tell_status(client, watched(client), replies),
        _ => {}
    }
}

fn watched(client: &Client) -> Vec<String> {
    let registry = client.context.irc.registry();
    registry.user(client.id).map(|user| user.watches().to_vec()).unwrap_or_default()
}

fn watch<'nick>(client: &Client, nicks: impl Iterator<Item = &'nick str>, replies: &mut Replies) {
    let mut taken = Vec::new();
    let mut refused = Vec::new();
    {
        let mut registry = client.context.irc.registry();
        for nick in nicks {
            // A mask is no nick, and nobody is ever called by it.
            if Name::parse(nick).is_err() {
                refused.push((nick.to_owned(), false));
            } else if registry.watch(client.id, nick).is_err() {
                refused.push((nick.to_owned(), true));
            } else {
                taken.push(nick.to_owned());
            }
        }
    }
    tell_status(client, taken, replies);
    for (nick, is_full) in refused {
        if is_full {
            let limit = conclave_core::limits::IRC_WATCHES_MAX.to_string();
            replies.numeric(ERR_MONLISTFULL, &[&limit, &nick]);
        }
    }
}

fn tell_status(client: &Client, nicks: Vec<String>, replies: &mut Replies) {
    let registry = client.context.irc.registry();
    let (mut online, mut offline) = (Vec::new(), Vec::new());
    for nick in nicks {
        match registry.find(&nick) {
            Some((_, user)) => online.push(source(&user.nick)),
            None => offline.push(nick),
        }
    }
    drop(registry);
    for (numeric, found) in [(RPL_MONONLINE, online), (RPL_MONOFFLINE, offline)] {
        for line in lists_of(found) {
            replies.numeric_with(numeric, &[], &line);
        }
    }
}

/// Lists of nicks, each of which fits on a line; none where there is none.
fn lists_of(nicks: Vec<String>) -> Vec<String> {
    if nicks.is_empty() {
        return Vec::new();
    }
    let lines = lines_of(nicks, LINE_BYTES_MAX);
    lines.into_iter().map(|line| line.replace(' ', ",")).collect()
}

/// Tells those who watch a client's nick that it is here.
pub(in crate::irc) fn tell_online(client: &Client) {
    tell_watchers(client, &client.nick, RPL_MONONLINE, &client.source());
}

/// Tells those who watch a nick that nobody bears it any more.
pub(in crate::irc) fn tell_offline(client: &Client, nick: &Name) {
    tell_watchers(client, nick, RPL_MONOFFLINE, nick.as_str());
}

fn tell_watchers(client: &Client, nick: &Name, numeric: Numeric, words: &str) {
    let told: Vec<_> = {
        let registry = client.context.irc.registry();
        let watchers = registry.watchers(nick).iter().filter_map(|id| registry.user(*id));
        watchers.map(|user| (user.nick.clone(), crate::irc::peer::Told::from(user))).collect()
    };
    for (target, watcher) in told {
        let line = Written::new(&client.context.irc.server, numeric.code);
        watcher.tell(&client.context.hub, line.param(target.as_str()).last(words));
    }
}
