//! Identity: what somebody is recognised by, apart from the name: where they came from.
//!
//! Does not know addresses of machines: what a door gives is shown to everybody in the group.

use std::fmt;
use std::sync::{Arc, LazyLock};

use crate::{Name, limits};

/// A protocol that somebody came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Door {
    /// Lines of a terminal.
    Console,
    /// HTTP, and a WebSocket that JSON goes over.
    Web,
    /// IRC, over whatever.
    Irc,
}

impl Door {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Console, Self::Web, Self::Irc];

    /// What it is called, and what masks know it by.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Web => "web",
            Self::Irc => "irc",
        }
    }

    /// The door of that name.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|door| door.word() == word)
    }
}

/// Whom a mask is held against, as IRC writes it: `name!user@host`.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'member> {
    /// The name.
    pub name: &'member Name,
    /// The user's name on its own machine, as it says; the name where it says nothing.
    pub user: &'member str,
    /// The door it came by, or what that gave instead.
    pub host: &'member str,
}

/// By which door a member came, and what it called itself there. Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Origin(
    /// Nothing for the console and what is said of nothing: each member and event has one of these.
    Option<Arc<Told>>,
);

#[derive(PartialEq, Eq)]
struct Told {
    user: Option<Box<str>>,
    host: Box<str>,
    in_full: Option<Box<str>>,
    /// The door whose name the host is.
    door: Option<Door>,
}

impl Told {
    fn new(user: Option<Box<str>>, host: Box<str>, in_full: Option<Box<str>>) -> Arc<Self> {
        let door = Door::of_word(&host);
        Arc::new(Self { user, host, in_full, door })
    }

    fn of_door(door: Door) -> Arc<Self> {
        Self::new(None, door.word().into(), None)
    }
}

/// Held in common by all who came by the web and say nothing of themselves.
static WEB: LazyLock<Arc<Told>> = LazyLock::new(|| Told::of_door(Door::Web));
/// The same for IRC.
static IRC: LazyLock<Arc<Told>> = LazyLock::new(|| Told::of_door(Door::Irc));

impl Origin {
    /// The console.
    pub const CONSOLE: Self = Self(None);

    /// One who came by that door.
    pub fn of_door(door: Door) -> Self {
        match door {
            Door::Console => Self::CONSOLE,
            Door::Web => Self(Some(Arc::clone(&WEB))),
            Door::Irc => Self(Some(Arc::clone(&IRC))),
        }
    }

    /// One who came by that door, or from that host, and calls itself `user` there. Signs that
    /// masks are made of, spaces, controls and what is too long are left out.
    pub fn new(user: Option<&str>, host: &str) -> Self {
        let user = user.map(clean).filter(|user| !user.is_empty());
        let mut host = clean(host);
        if host.is_empty() {
            Door::Console.word().clone_into(&mut host);
        }
        match (user, Door::of_word(&host)) {
            (None, Some(door)) => Self::of_door(door),
            (user, _) => Self(Some(Told::new(user.map(Into::into), host.into(), None))),
        }
    }

    /// The same, as far as masks can tell: what a group keeps of its members.
    #[must_use]
    pub fn recognised(&self) -> Self {
        if self.in_full().is_some() { Self::new(self.user(), self.host()) } else { self.clone() }
    }

    /// The same, which calls itself so in full: on one line, shortened to what fits.
    #[must_use]
    pub fn called(self, in_full: &str) -> Self {
        let kept: String = in_full.chars().filter(|c| !c.is_control()).collect();
        let end = kept.floor_char_boundary(limits::IRC_REALNAME_BYTES_MAX);
        let kept = kept.get(..end).unwrap_or_default();
        let (user, host) = (self.user().map(Into::into), self.host().into());
        let in_full = (!kept.is_empty()).then(|| kept.into());
        Self(Some(Told::new(user, host, in_full)))
    }

    /// What it calls itself in full, where it said so.
    pub fn in_full(&self) -> Option<&str> {
        self.0.as_ref()?.in_full.as_deref()
    }

    /// What it calls itself, where it said so.
    pub fn user(&self) -> Option<&str> {
        self.0.as_ref()?.user.as_deref()
    }

    /// Where it came from.
    pub fn host(&self) -> &str {
        self.0.as_ref().map_or(Door::Console.word(), |told| &told.host)
    }

    /// The door it came by, where that is what is told of it.
    pub fn door(&self) -> Option<Door> {
        self.0.as_ref().map_or(Some(Door::Console), |told| told.door)
    }

    /// What a member of that name is recognised by.
    pub fn identity<'member>(&'member self, name: &'member Name) -> Identity<'member> {
        Identity { name, user: self.user().unwrap_or(name.as_str()), host: self.host() }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({}@{})", self.user().unwrap_or("*"), self.host())
    }
}

fn clean(given: &str) -> String {
    let mut kept = String::new();
    for c in given.chars() {
        let is_sign = matches!(c, '!' | '@' | '*' | '?' | ',' | ':');
        if is_sign || c.is_control() || c.is_whitespace() {
            continue;
        }
        if kept.len() + c.len_utf8() > limits::ORIGIN_BYTES_MAX {
            break;
        }
        kept.push(c);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_no_signs_of_masks_and_reads_back_as_it_was() {
        for (user, host, expected) in [
            (Some("~dan"), "irc", ("~dan", "irc")),
            (Some("d@n!\r\n *"), "a b", ("dn", "ab")),
            (Some(" "), "", ("Noya", "console")),
            (None, "console", ("Noya", "console")),
            (Some(&"x".repeat(100)), "web", (&"x".repeat(limits::ORIGIN_BYTES_MAX), "web")),
        ] {
            let origin = Origin::new(user, host);
            let name = Name::from_log("Noya");
            let identity = origin.identity(&name);
            assert_eq!((identity.user, identity.host), expected, "{user:?} {host}");
            assert_eq!(Origin::new(origin.user(), origin.host()), origin);
        }
        for door in Door::ALL {
            let origin = Origin::of_door(door);
            assert_eq!((origin.door(), origin.host()), (Some(door), door.word()));
            assert_eq!(origin, Origin::new(None, door.word()));
            assert_eq!(origin.called("Noya Cohen").recognised(), Origin::of_door(door));
            assert_eq!(Origin::new(Some("d"), door.word()).door(), Some(door));
        }
        assert_eq!(Origin::new(None, "elsewhere").door(), None);
    }
}
