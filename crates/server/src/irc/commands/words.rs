//! Sentences of the IRC door, beside the words of numerics.

use conclave_core::{Refusal, Timestamp};

/// What is told of the number of a group that a client has joined by its alias.
pub(in crate::irc) fn number_is(channel: &str, number: &str) -> String {
    format!("{channel} is group {number} of this server, for those who join from elsewhere")
}

/// What is told of a direct conversation of which only the newest messages are shown unasked.
pub(in crate::irc) fn earlier_with(nick: &str, before: Timestamp) -> String {
    let before = before.render_rfc3339();
    format!(
        "Of what {nick} and you wrote, the newest follows; \
         /quote CHATHISTORY BEFORE {nick} timestamp={before} 100 shows what came before"
    )
}

/// Why something was not done, as a sentence.
pub(in crate::irc) fn refused(refusal: Refusal) -> String {
    let said = refusal.to_string();
    let mut letters = said.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The message of the day.
pub(in crate::irc) const MOTD: &[&str] = &[
    "Welcome to Conclave.",
    "/join #8888 PASSWORD joins the group of that number; /join #name makes a channel of your own.",
    "Browsers, terminals and IRC clients are in the same groups. /quote HELP tells more.",
];

/// What `HELP` tells.
pub(in crate::irc) const HELP: &[&str] = &[
    "A group is a channel: #8888 by its number, and its password is the channel's key.",
    "/join #8888 PASSWORD joins it; /join #name joins or makes a channel of that name.",
    "/mode #name +k PASSWORD sets the password of a group that you are operator of.",
    "What is said is kept: a client that knows CHATHISTORY asks for what it missed.",
    "/quote HELP COMMAND tells about one of these commands:",
];
