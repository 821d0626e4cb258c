//! A desk to try a console door at: it drives the door as a connection would, answers its
//! requests by simple rules, and writes down what came out.
//!
//! Does not know a real hub. In group 8888 (password 1234) there is Noya; 7777 is closed, 6666 is
//! full, 5555 cannot be saved.

use std::time::{Duration, Instant};

use conclave_core::{
    Change, Flag, GroupId, Listing, Mask, Name, Noted, Password, Refusal, Standing, Timestamp,
    Topic,
};
use conclave_doors::console::ConsoleDoor;
use conclave_doors::{MemberShown, Notice, Reply, Request};

/// A door and the one at its other end.
pub(crate) struct Desk {
    pub(crate) door: ConsoleDoor,
    pub(crate) now: Instant,
    pub(crate) topic: Topic,
    /// What the door put out since it was read last.
    seen: Vec<u8>,
    /// Every request, in a few words.
    pub(crate) requests: Vec<String>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let now = start();
        let topic = Topic::default();
        let door = ConsoleDoor::new(now);
        let mut desk = Self { door, now, topic, seen: Vec::new(), requests: Vec::new() };
        desk.run();
        desk
    }

    /// One who is past the menu, in group 8888 as Bar; what that took is forgotten.
    pub(crate) fn in_group() -> Self {
        let mut desk = Self::new();
        desk.types("1\nBar\n8888\n1234\n");
        desk.forget();
        desk
    }

    pub(crate) fn forget(&mut self) {
        self.seen.clear();
        self.requests.clear();
    }

    /// Drives the door until it has nothing more to give.
    fn run(&mut self) {
        loop {
            if let Some(bytes) = self.door.poll_output() {
                self.seen.extend_from_slice(&bytes);
            } else if let Some(request) = self.door.poll_request() {
                self.requests.push(render(&request));
                if let Some(reply) = answer(&request, &mut self.topic) {
                    self.door.handle_reply(self.now, reply);
                }
            } else {
                return;
            }
        }
    }

    /// One read brings these bytes.
    pub(crate) fn reads(&mut self, bytes: &[u8]) {
        self.door.handle_bytes(self.now, bytes);
        self.run();
    }

    /// One read brings this; gives what is answered.
    pub(crate) fn types(&mut self, typed: &str) -> String {
        self.reads(typed.as_bytes());
        self.sees()
    }

    /// The client sends no more.
    pub(crate) fn ends(&mut self) {
        self.door.handle_end(self.now);
        self.run();
    }

    pub(crate) fn is_told(&mut self, notice: Notice) -> String {
        self.door.handle_notice(self.now, notice);
        self.run();
        self.sees()
    }

    /// Time goes by, and the door is woken when it asked to be.
    pub(crate) fn waits(&mut self, wait: Duration) -> String {
        let until = self.now + wait;
        while let Some(at) = self.door.poll_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.door.handle_timeout(self.now);
            self.run();
        }
        self.now = until;
        self.sees()
    }

    /// What has been put out since the last time.
    pub(crate) fn sees(&mut self) -> String {
        String::from_utf8(self.takes()).unwrap()
    }

    pub(crate) fn takes(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.seen)
    }

    /// Holds a dialogue: lines that begin with `> ` are typed, the others must be seen next.
    pub(crate) fn holds(&mut self, dialogue: &str) {
        let mut held = String::new();
        let mut unread = self.sees();
        for line in dialogue.lines() {
            if let Some(typed) = line.strip_prefix("> ") {
                held.push_str(&unread);
                held.push_str(line);
                held.push('\n');
                unread = self.types(&format!("{typed}\n"));
            }
        }
        held.push_str(&unread);
        assert_eq!(held, format!("{dialogue}\n"), "\nheld:\n{held}");
    }
}

/// Where virtual time begins.
#[expect(clippy::disallowed_methods, reason = "an instant cannot be made otherwise")]
pub(crate) fn start() -> Instant {
    Instant::now()
}

pub(crate) fn name(typed: &str) -> Name {
    Name::parse(typed).unwrap()
}

fn render(request: &Request) -> String {
    let words = |password: &Password| String::from_utf8(password.as_bytes().to_vec()).unwrap();
    match request {
        Request::Create { name, password } => format!("create {name} {}", words(password)),
        Request::Join { name, group: Some(group), password } => {
            format!("join {name} {group} {}", words(password))
        }
        Request::Join { name, group: None, password } => {
            format!("join {name} nowhere {}", words(password))
        }
        Request::JoinAs { name } => format!("join as {name}"),
        Request::Say { text } => format!("say {text}"),
        Request::Act { text } => format!("act {text}"),
        Request::Tell { readings } => {
            let readings: Vec<_> =
                readings.iter().map(|(name, text)| format!("{name}: {text}")).collect();
            format!("tell {}", readings.join(" | "))
        }
        Request::Rename { to } => format!("rename {to}"),
        Request::ShowTopic => "topic".to_owned(),
        Request::SetTopic { text } => format!("set topic {}", text.as_str()),
        Request::ShowMembers => "members".to_owned(),
        Request::ShowHistory { count, bytes_max: None } => format!("history {count}"),
        Request::ShowHistory { count, bytes_max: Some(max) } => {
            format!("history {count} in {max} bytes")
        }
        Request::SetEcho { echo } => format!("echo {echo:?}"),
        Request::SetDeletedWhenEmpty { is_on } => format!("delete when empty {is_on}"),
        Request::Remove { written } => format!("remove {written}"),
        Request::Ban { written } => format!("ban {written}"),
        Request::Grant { whom, power, is_given } => {
            format!("{} {} {whom}", if *is_given { "give" } else { "take" }, power.word())
        }
        Request::Change { change } => format!("change {change:?}"),
        Request::SetPassword { password } => format!("password {}", words(password)),
        Request::ShowBans => "bans".to_owned(),
        Request::Leave => "leave".to_owned(),
    }
}

fn shown(typed: &str, standing: Standing) -> MemberShown {
    let name = name(typed);
    MemberShown { name, is_you: false, is_here: true, standing, is_muted: false }
}

/// What a hub of few rules answers.
pub(crate) fn answer(request: &Request, topic: &mut Topic) -> Option<Reply> {
    let group = |number| GroupId::new(number).unwrap();
    let joined = |name: &Name, number| match name.as_str() {
        "Noya" => Reply::Refused(Refusal::NameTaken),
        _ => Reply::Joined { group: group(number), name: name.clone(), topic: topic.clone() },
    };
    Some(match request {
        Request::Create { name, .. } => {
            Reply::Joined { group: group(4711), name: name.clone(), topic: Topic::default() }
        }
        Request::Join { name, group, password } => {
            match (group.map(GroupId::get), password.as_bytes()) {
                (Some(8888), b"1234") => joined(name, 8888),
                (Some(7777), _) => Reply::Refused(Refusal::GroupClosed),
                (Some(6666), _) => Reply::Refused(Refusal::GroupFull),
                (Some(5555), _) => Reply::Refused(Refusal::Busy),
                (Some(4444), _) => Reply::Refused(Refusal::Stopping),
                _ => Reply::Refused(Refusal::WrongIdOrPassword),
            }
        }
        Request::JoinAs { name } => joined(name, 8888),
        Request::Say { text } if text.as_str() == "unsaved" => Reply::Refused(Refusal::NotSaved),
        Request::Say { .. } | Request::Act { .. } => return None,
        Request::Tell { .. } => Reply::Told,
        Request::Rename { to } if to.as_str() == "Noya" => Reply::Refused(Refusal::NameTaken),
        Request::Rename { to } => Reply::Renamed { to: to.clone() },
        Request::ShowTopic => Reply::Topic { text: topic.clone() },
        Request::SetTopic { text } => {
            *topic = text.clone();
            Reply::Topic { text: text.clone() }
        }
        Request::ShowMembers => Reply::Members(vec![
            shown("Noya", Standing::Owner),
            MemberShown { is_you: true, ..shown("Bar", Standing::Member) },
            MemberShown { is_here: false, is_muted: true, ..shown("שלמה", Standing::Voiced) },
        ]),
        Request::ShowHistory { .. } => Reply::History { count: 0 },
        Request::SetEcho { echo } => Reply::Echo(*echo),
        Request::SetDeletedWhenEmpty { .. } => Reply::Refused(Refusal::NotTheCreator),
        Request::Remove { written } if written.starts_with("Noya") => Reply::Removed,
        Request::Remove { .. } => Reply::Refused(Refusal::NoSuchMember),
        Request::Ban { written } => {
            let change = Change::Listed(Listing::Bans, Mask::parse(written).unwrap());
            Reply::Changed { change }
        }
        Request::Grant { whom, power, is_given: true } => {
            Reply::Granted { whom: whom.clone(), power: *power, is_given: true }
        }
        Request::Grant { .. } => Reply::Unchanged,
        Request::Change { change: Change::Flag { flag: Flag::Closed, .. } } => {
            Reply::Refused(Refusal::NotAModerator)
        }
        Request::Change { change } => Reply::Changed { change: change.clone() },
        Request::SetPassword { .. } => Reply::PasswordChanged,
        Request::ShowBans => {
            let noted = |typed| Noted {
                mask: Mask::parse(typed).unwrap(),
                by: name("Noya"),
                at: Timestamp::from_ms(1_795_183_391_042),
            };
            Reply::Bans { bans: vec![noted("Eve"), noted("*!*@irc")], mutes: vec![noted("Gil")] }
        }
        Request::Leave => Reply::Left,
    })
}
