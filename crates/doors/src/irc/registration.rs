//! Registration: a client before it is one: capabilities, nick, user, the server's password.
//!
//! It has no method that touches a group, nor any other client. Does not know which nicks are
//! taken: whoever runs it tries to claim the one it [`Registration::wanted`].

use conclave_core::Name;

use super::caps::{Caps, offered};
use super::message::Message;
use super::numeric::{ERR_ERRONEUSNICKNAME, ERR_INVALIDCAPCMD, ERR_NONICKNAMEGIVEN};
use super::replies::Replies;
use super::written::{lines_of, truncate};
use conclave_core::limits;

/// A client that has not registered.
#[derive(Debug, Default)]
pub struct Registration {
    nick: Option<Name>,
    user: Option<(String, String)>,
    /// The server's password, as it was given.
    pub password: Option<String>,
    /// The nick that it wanted last is somebody else's.
    pub is_nick_taken: bool,
    /// Why it is away already (`draft/pre-away`).
    pub away: Option<Box<str>>,
    /// Capabilities it has.
    pub negotiation: Negotiation,
}

/// Everything a client is registered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What it wants to go by.
    pub nick: Name,
    /// Its user name.
    pub username: String,
    /// Its real name.
    pub realname: String,
}

/// What server and client have agreed upon, and whether they are still at it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Negotiation {
    /// Accounts may be made before registration is complete: what is told of that capability.
    pub registers_early: bool,
    /// What the client has.
    pub caps: Caps,
    /// Registration waits for `CAP END`.
    is_open: bool,
    /// It spoke of version 302 or later: lists may come in several lines, with values.
    is_302: bool,
}

impl Registration {
    /// Takes the nick that `NICK` gave.
    pub fn handle_nick(&mut self, message: &Message<'_>, replies: &mut Replies) -> Option<Name> {
        let nick = parse_nick(message, replies)?;
        nick.as_str().clone_into(&mut replies.target);
        self.nick = Some(nick.clone());
        self.is_nick_taken = false;
        Some(nick)
    }

    /// Forgets the nick: it is taken.
    pub fn forget_nick(&mut self, replies: &mut Replies) {
        self.nick = None;
        self.is_nick_taken = true;
        replies.target.clear();
        replies.target.push('*');
    }

    /// Takes what `USER` gave.
    pub fn handle_user(&mut self, message: &Message<'_>) {
        let username = message.param(0).unwrap_or_default();
        let realname = message.param(3).unwrap_or_default();
        self.user = Some((clean_username(username), clean_realname(realname)));
    }

    /// What it is to be registered by, once all of it is there.
    pub fn wanted(&self) -> Option<Wanted> {
        let (username, realname) = self.user.clone().filter(|_| !self.negotiation.is_open)?;
        let nick = self.nick.clone()?;
        let realname = if realname.is_empty() { nick.as_str().to_owned() } else { realname };
        Some(Wanted { nick, username, realname })
    }

    /// The nick it has given so far.
    pub const fn nick(&self) -> Option<&Name> {
        self.nick.as_ref()
    }
}

/// The nick that a message gives, or why it is none.
pub fn parse_nick(message: &Message<'_>, replies: &mut Replies) -> Option<Name> {
    let typed = message.param(0).unwrap_or_default();
    if typed.is_empty() {
        replies.numeric(ERR_NONICKNAMEGIVEN, &[]);
        return None;
    }
    let parsed = Name::parse(typed);
    match parsed {
        // A nick is one word, and must not read as a channel or a server.
        Ok(name) if !name.as_str().contains([' ', '.', '#', '&', '$', '%', '~']) => Some(name),
        Ok(_) => {
            let words = "Erroneous nickname: a nick has no spaces and no signs of IRC's own";
            replies.numeric_with(ERR_ERRONEUSNICKNAME, &[typed], words);
            None
        }
        Err(problem) => {
            let words = format!("Erroneous nickname: {problem}");
            replies.numeric_with(ERR_ERRONEUSNICKNAME, &[typed], &words);
            None
        }
    }
}

/// A user name as it is shown: without what would end it.
fn clean_username(typed: &str) -> String {
    let kept: String = typed
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '!' | '@' | ' ' | '*' | '?'))
        .collect();
    let kept = truncate(&kept, limits::IRC_USERNAME_BYTES_MAX);
    if kept.is_empty() { "user".to_owned() } else { kept.to_owned() }
}

/// A real name as it is shown.
pub fn clean_realname(typed: &str) -> String {
    let kept: String = typed.chars().filter(|c| !c.is_control()).collect();
    truncate(&kept, limits::IRC_REALNAME_BYTES_MAX).to_owned()
}

impl Negotiation {
    /// Whether registration waits for its end.
    pub const fn is_open(&self) -> bool {
        self.is_open
    }

    /// Answers `CAP`. `is_registered` once it cannot hold up registration any more.
    pub fn handle(&mut self, message: &Message<'_>, is_registered: bool, replies: &mut Replies) {
        let subcommand = message.param(0).unwrap_or_default();
        match &*subcommand.to_ascii_uppercase() {
            "LS" => {
                self.is_open = !is_registered;
                let version: u32 =
                    message.param(1).and_then(|typed| typed.parse().ok()).unwrap_or(0);
                self.is_302 |= version >= 302;
                let bytes_max = if self.is_302 { LIST_BYTES_MAX } else { SINGLE_LIST_BYTES_MAX };
                let mut lines = offered(self.is_302, bytes_max);
                if self.registers_early {
                    for line in &mut lines {
                        *line = line
                            .replace("custom-account-name", "before-connect,custom-account-name");
                    }
                }
                self.tell("LS", &lines, replies);
            }
            "LIST" => {
                self.tell("LIST", &lines_of(self.caps.names(), LIST_BYTES_MAX), replies);
            }
            "REQ" => {
                self.is_open = !is_registered;
                let names = message.param(1).unwrap_or_default();
                let answer = match self.caps.requested(names) {
                    Some(caps) => {
                        self.caps = caps;
                        "ACK"
                    }
                    None => "NAK",
                };
                let line = replies.from_server("CAP").param(&replies.target).param(answer);
                replies.line(line.last(names));
            }
            "END" => self.is_open = false,
            _ => replies.numeric(ERR_INVALIDCAPCMD, &[subcommand]),
        }
    }

    fn tell(self, subcommand: &str, lines: &[String], replies: &mut Replies) {
        let last = lines.len().saturating_sub(1);
        for (index, list) in lines.iter().enumerate() {
            let line = replies.from_server("CAP").param(&replies.target).param(subcommand);
            // Who does not know that a list may go on gets it in one line, which has room for it.
            let goes_on = index < last;
            let line = if goes_on && self.is_302 { line.param("*") } else { line };
            replies.line(line.last(list));
        }
    }
}

/// Bytes of a list of capabilities on one line, beside the server's name and the client's.
const LIST_BYTES_MAX: usize = 300;
/// The same for a list that must be on one line.
const SINGLE_LIST_BYTES_MAX: usize = 480;

#[cfg(test)]
mod tests {
    use conclave_core::Timestamp;

    use super::*;
    use crate::irc::written::Framing;

    /// Plays lines to a registration; gives what it said and whether it is complete.
    fn check(lines: &[&str], expected: &[&str], is_complete: bool) {
        let mut registration = Registration::default();
        let mut told = Vec::new();
        for line in lines {
            let message = Message::parse(line);
            let target = registration.nick().map_or("*", Name::as_str).to_owned();
            let mut replies = Replies::new(&"s".into(), &target, None, 0);
            match message.command {
                "NICK" => drop(registration.handle_nick(&message, &mut replies)),
                "USER" => registration.handle_user(&message),
                _ => registration.negotiation.handle(&message, false, &mut replies),
            }
            let bytes = replies.finish(Caps::default(), Timestamp::default(), Framing::Lines);
            told.extend(String::from_utf8(bytes.to_vec()).unwrap().lines().map(str::to_owned));
        }
        assert_eq!(told, expected, "{lines:?}");
        assert_eq!(registration.wanted().is_some(), is_complete, "{lines:?}");
    }

    #[test]
    fn nick_and_user_make_a_client_and_an_open_negotiation_holds_it_up() {
        check(&["NICK noya", "USER n 0 * :Noya"], &[], true);
        check(&["USER n 0 * :Noya"], &[], false);
        check(&["NICK noya", "USER n 0 * :N", "CAP REQ batch"], &[":s CAP noya ACK :batch"], false);
        check(
            &["CAP REQ batch", "NICK noya", "USER n 0 * :N", "CAP END"],
            &[":s CAP * ACK :batch"],
            true,
        );
    }

    #[test]
    fn what_is_not_offered_is_not_given_and_told_as_it_was_asked() {
        check(&["CAP REQ :batch foo"], &[":s CAP * NAK :batch foo"], false);
        check(&["CAP WHAT"], &[":s 410 * WHAT :Invalid CAP command"], false);
        check(&["CAP LIST"], &[":s CAP * LIST :"], false);
    }

    #[test]
    fn a_nick_is_a_name_of_one_word() {
        for nick in ["*", "#a", "a.b", "a!b", "a@b", ":"] {
            let mut replies = Replies::new(&"s".into(), "*", None, 0);
            let line = format!("NICK {nick}");
            assert_eq!(parse_nick(&Message::parse(&line), &mut replies), None, "{nick}");
            assert!(!replies.is_empty());
        }
        for nick in ["noya", "נויה", "a-b_c", "alys-0123456789abcdef", "漢字"] {
            let mut replies = Replies::new(&"s".into(), "*", None, 0);
            let line = format!("NICK {nick}");
            assert!(parse_nick(&Message::parse(&line), &mut replies).is_some(), "{nick}");
        }
    }
}
