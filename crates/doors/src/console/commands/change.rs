//! Changing: one's name, the topic, and what holds for the group or for what one is shown.
//!
//! Does not know who may: the hub decides.

use conclave_core::{Name, Refusal, Topic};

use super::Done;
use crate::console::words;
use crate::{Echo, Request};

/// What takes the topic away.
const NO_TOPIC: &str = "-";

pub(super) fn nick(name: &str) -> Done {
    match Name::parse(name) {
        _ if name.is_empty() => Done::Misused,
        Ok(to) => Done::Ask(Request::Rename { to }),
        Err(problem) => Done::Tell(words::refused(Refusal::Name(problem))),
    }
}

pub(super) fn topic(written: &str) -> Done {
    match written {
        "" => Done::Ask(Request::ShowTopic),
        NO_TOPIC => Done::Ask(Request::SetTopic { text: Topic::default() }),
        _ => match Topic::parse(written) {
            // Nothing of it was text: to take the topic away has its own sign.
            Ok(text) if text.is_empty() => Done::Misused,
            Ok(text) => Done::Ask(Request::SetTopic { text }),
            Err(problem) => Done::Tell(words::refused(Refusal::Text(problem))),
        },
    }
}

pub(super) fn echo(written: &str) -> Done {
    on_or_off(written, |is_on| Request::SetEcho { echo: if is_on { Echo::On } else { Echo::Off } })
}

pub(super) fn delete_when_empty(written: &str) -> Done {
    on_or_off(written, |is_on| Request::SetDeletedWhenEmpty { is_on })
}

pub(super) fn on_or_off(written: &str, request: impl FnOnce(bool) -> Request) -> Done {
    match written.to_ascii_lowercase().as_str() {
        "on" => Done::Ask(request(true)),
        "off" => Done::Ask(request(false)),
        _ => Done::Misused,
    }
}
