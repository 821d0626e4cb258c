//! `REDACT`: takes a message back, its own or as an operator (`IRCv3` draft/message-redaction).

use conclave_core::Refusal;
use conclave_doors::irc::history::parse_msgid;
use conclave_doors::irc::message::Message;
use conclave_doors::irc::replies::Replies;

use super::chathistory::Source;
use super::quit::reason_of;
use super::words;
use crate::irc::client::Client;

pub(super) async fn run(client: &mut Client, message: &Message<'_>, replies: &mut Replies) {
    let (Some(target), Some(msgid)) = (message.param(0), message.param(1)) else {
        replies.fail("REDACT", "NEED_MORE_PARAMS", &[], "REDACT target msgid [reason]");
        return;
    };
    let reason = reason_of(message.param(2).unwrap_or_default());
    let Some(source) = Source::find(client, target).await else {
        let words = "You are in no such channel, and talk to nobody of that name";
        replies.fail("REDACT", "INVALID_TARGET", &[target], words);
        return;
    };
    let redacted = match parse_msgid(msgid).filter(|(group, _)| *group == source.id()) {
        Some((_, seq)) => source.redact(seq, reason).await,
        None => Err(Refusal::Unknown),
    };
    match redacted {
        Ok(true) => {
            client.is_unsettled = true;
            if let Source::Direct(direct, _) = source {
                client.seldom().directs.push(direct);
            }
        }
        Ok(false) | Err(Refusal::Unknown) => {
            let words = "There is no such message, or not any more";
            replies.fail("REDACT", "UNKNOWN_MSGID", &[target, msgid], words);
        }
        Err(refusal) => {
            let words = words::refused(refusal);
            replies.fail("REDACT", "REDACT_FORBIDDEN", &[target, msgid], &words);
        }
    }
}
