//! `LIST`: channels that are open to all.

use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::{RPL_LISTEND, RPL_LISTSTART};
use conclave_doors::irc::replies::Replies;

use crate::irc::client::Client;

pub(super) fn run(_client: &Client, _message: &Message<'_>, replies: &mut Replies) {
    replies.numeric_with(RPL_LISTSTART, &["Channel"], RPL_LISTSTART.words);
    replies.numeric(RPL_LISTEND, &[]);
}
