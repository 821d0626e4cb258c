//! `SETNAME`: changes one's real name (`IRCv3` setname).

use conclave_core::limits;
use conclave_doors::irc::caps::Cap;
use conclave_doors::irc::message::Message;
use conclave_doors::irc::registration::clean_realname;
use conclave_doors::irc::registry::Called;
use conclave_doors::irc::replies::Replies;

use super::away::tell_everyone;
use crate::irc::client::Client;

pub(super) fn run(client: &mut Client, message: &Message<'_>, replies: &mut Replies) {
    let given = message.param(0).unwrap_or_default();
    if given.is_empty() || given.len() > limits::IRC_REALNAME_BYTES_MAX {
        let words = format!("A real name has 1 to {} bytes", limits::IRC_REALNAME_BYTES_MAX);
        replies.fail("SETNAME", "INVALID_REALNAME", &[], &words);
        return;
    }
    let realname = clean_realname(given);
    if let Some(user) = client.context.irc.registry().user_mut(client.id) {
        user.called = Called::new(user.called.username(), &realname);
    }
    let line = client.line("SETNAME").last(&realname);
    if client.negotiation.caps.has(Cap::Setname) {
        replies.line(line.clone());
    }
    tell_everyone(client, Cap::Setname, &line);
}
