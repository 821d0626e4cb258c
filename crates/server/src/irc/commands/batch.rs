//! `BATCH`: says a message of several lines at once (`IRCv3` draft/multiline): one event of the
//! group, whatever it took to send it.

use conclave_core::Tags;
use conclave_doors::irc::caps::Cap;
use conclave_doors::irc::commands::Command;
use conclave_doors::irc::message::Message;
use conclave_doors::irc::multiline::{CONCAT, Gathering, KIND, Line, Problem};
use conclave_doors::irc::replies::Replies;

use super::talk::{self, Speech, client_tags};
use crate::irc::client::Client;

pub(super) async fn run(client: &mut Client, message: &Message<'_>, replies: &mut Replies) {
    let name = message.param(0).unwrap_or_default();
    if let Some(name) = name.strip_prefix('+') {
        begin(client, name, message, replies);
        return;
    }
    let gathering = &mut client.seldom().gathering;
    let ended = gathering.take_if(|open| Some(open.name()) == name.strip_prefix('-'));
    match ended {
        Some(gathering) => end(client, gathering, replies).await,
        None => fail(&Problem::invalid("No batch of that name has begun"), replies),
    }
}

fn begin(client: &mut Client, name: &str, message: &Message<'_>, replies: &mut Replies) {
    let (kind, target) = (message.param(1), message.param(2).unwrap_or_default());
    let problem = if kind != Some(KIND) || !client.negotiation.caps.has(Cap::Multiline) {
        "Only batches of the type draft/multiline may be sent, by who asked for the capability"
    } else if client.seldom().gathering.is_some() {
        "End the batch before, then begin another"
    } else if name.is_empty() || target.is_empty() || target.contains(',') {
        "BATCH +name draft/multiline target"
    } else {
        // It is answered when it has ended.
        let label = replies.take_label();
        let tags = client_tags(message).as_str().to_owned();
        client.seldom().gathering = Some(Gathering::begin(name, target, label, tags));
        return;
    };
    client.seldom().gathering = None;
    fail(&Problem::invalid(problem), replies);
}

/// Takes a line that is told to be in a batch.
pub(super) fn add(
    client: &mut Client,
    command: Command,
    name: &str,
    message: &Message<'_>,
    replies: &mut Replies,
) {
    let line = Line {
        target: message.param(0).unwrap_or_default(),
        text: message.param(1).unwrap_or_default(),
        goes_on: message.tag(CONCAT).is_some(),
        is_notice: command == Command::Notice,
    };
    let added = match &mut client.seldom().gathering {
        Some(open) if open.name() == name && command != Command::Tagmsg => open.add(line),
        Some(open) => {
            open.give_up();
            Err(Problem::invalid("The line is of another batch, or no message"))
        }
        None => Err(Problem::invalid("No batch of that name has begun")),
    };
    if let Err(problem) = added {
        fail(&problem, replies);
    }
}

async fn end(client: &mut Client, gathering: Gathering, replies: &mut Replies) {
    let (target, label) = (gathering.target.clone(), gathering.label.clone());
    let tags = Tags::parse(&gathering.tags).unwrap_or_default();
    replies.bear_label(label);
    match gathering.finish() {
        Ok(Some(gathered)) => {
            let command = if gathered.is_notice { Command::Notice } else { Command::Privmsg };
            let (text, cuts) = (gathered.text.as_str(), gathered.cuts.as_slice());
            let speech = Speech { command, text, cuts, tags, batch: None };
            talk::say(client, &target, &speech, replies).await;
        }
        Ok(None) => {}
        Err(problem) => fail(&problem, replies),
    }
}

fn fail(problem: &Problem, replies: &mut Replies) {
    let context: Vec<&str> = problem.context.iter().map(String::as_str).collect();
    replies.fail("BATCH", problem.code, &context, problem.words);
}
