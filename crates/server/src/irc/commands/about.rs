//! What the server tells of itself: `MOTD`, `LUSERS`, `TIME`, `VERSION`, `HELP`, `INFO`, `ADMIN`,
//! `LINKS`.

use conclave_doors::irc::commands::{TABLE, find};
use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::{
    ERR_HELPNOTFOUND, RPL_ADMINLOC1, RPL_ADMINME, RPL_ENDOFHELP, RPL_ENDOFINFO, RPL_ENDOFLINKS,
    RPL_ENDOFMOTD, RPL_GLOBALUSERS, RPL_HELPSTART, RPL_HELPTXT, RPL_INFO, RPL_LINKS,
    RPL_LOCALUSERS, RPL_LUSERCHANNELS, RPL_LUSERCLIENT, RPL_LUSERME, RPL_LUSEROP, RPL_LUSERUNKNOWN,
    RPL_MOTD, RPL_MOTDSTART, RPL_TIME, RPL_VERSION,
};
use conclave_doors::irc::replies::Replies;
use conclave_doors::irc::written::lines_of;

use super::words;
use crate::irc::client::Client;
use crate::irc::welcome::VERSION;

pub(in crate::irc) fn motd(client: &Client, replies: &mut Replies) {
    let start = format!("- {} Message of the day -", client.context.irc.server);
    replies.numeric_with(RPL_MOTDSTART, &[], &start);
    for line in words::MOTD {
        replies.numeric_with(RPL_MOTD, &[], &format!("- {line}"));
    }
    replies.numeric(RPL_ENDOFMOTD, &[]);
}

pub(in crate::irc) fn lusers(client: &Client, replies: &mut Replies) {
    let registry = client.context.irc.registry();
    let total = registry.users().len();
    let invisible = registry.users().filter(|(_, user)| user.is_invisible).count();
    let (unregistered, most) = (registry.unregistered, registry.users_max());
    let groups = registry.group_count();
    drop(registry);
    let visible = total - invisible;
    let clients = format!("There are {visible} users and {invisible} invisible on 1 servers");
    replies.numeric_with(RPL_LUSERCLIENT, &[], &clients);
    replies.numeric(RPL_LUSEROP, &["0"]);
    replies.numeric(RPL_LUSERUNKNOWN, &[&unregistered.to_string()]);
    replies.numeric(RPL_LUSERCHANNELS, &[&groups.to_string()]);
    replies.numeric_with(RPL_LUSERME, &[], &format!("I have {total} clients and 1 servers"));
    let (count, max) = (total.to_string(), most.to_string());
    let local = format!("Current local users {count}, max {max}");
    replies.numeric_with(RPL_LOCALUSERS, &[&count, &max], &local);
    let global = format!("Current global users {count}, max {max}");
    replies.numeric_with(RPL_GLOBALUSERS, &[&count, &max], &global);
}

pub(super) fn time(client: &Client, replies: &mut Replies) {
    let now = client.now().render_rfc3339();
    replies.numeric_with(RPL_TIME, &[&client.context.irc.server], &now);
}

pub(super) fn version(client: &Client, replies: &mut Replies) {
    let server = &client.context.irc.server;
    let words = "groups by number and password, for terminals, browsers and IRC alike";
    replies.numeric_with(RPL_VERSION, &[VERSION, server], words);
}

pub(super) fn help(message: &Message<'_>, replies: &mut Replies) {
    let subject = message.param(0).unwrap_or_default();
    if subject.is_empty() {
        replies.numeric_with(RPL_HELPSTART, &["*"], "Conclave on IRC");
        for line in words::HELP {
            replies.numeric_with(RPL_HELPTXT, &["*"], line);
        }
        for line in lines_of(TABLE.iter().map(|row| row.name), 300) {
            replies.numeric_with(RPL_HELPTXT, &["*"], &line);
        }
        replies.numeric_with(RPL_ENDOFHELP, &["*"], "End of /HELP");
    } else if let Some(row) = find(subject) {
        replies.numeric_with(RPL_HELPSTART, &[row.name], row.name);
        replies.numeric_with(RPL_HELPTXT, &[row.name], row.help);
        replies.numeric_with(RPL_ENDOFHELP, &[row.name], "End of /HELP");
    } else {
        replies.numeric(ERR_HELPNOTFOUND, &[subject]);
    }
}

pub(super) fn info(replies: &mut Replies) {
    replies.numeric_with(RPL_INFO, &[], "Conclave: group chat that one program serves");
    replies.numeric(RPL_ENDOFINFO, &[]);
}

pub(super) fn admin(client: &Client, replies: &mut Replies) {
    replies.numeric(RPL_ADMINME, &[&client.context.irc.server]);
    replies.numeric_with(RPL_ADMINLOC1, &[], "Ask whoever gave you this server's address");
}

pub(super) fn links(client: &Client, replies: &mut Replies) {
    let server = &client.context.irc.server;
    replies.numeric_with(RPL_LINKS, &[server, server], "0 Conclave");
    replies.numeric(RPL_ENDOFLINKS, &["*"]);
}
