//! Registry: who is on IRC just now, under which nick, in which groups, and who wants to know.
//!
//! Server-wide, because a nick is: it is the member's name in each group its client joins. Holds
//! nothing that outlives a connection but the last nicks that were given up. Does not know how
//! anybody is reached: that is the `Peer` that each user comes with.
//!
//! Invariants: no two users have nicks that are the same as names are compared, but those of one
//! account; who watches a nick or is in a group is a user; everything is bounded.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use conclave_core::{GroupId, Name, Timestamp, limits};
use smallvec::SmallVec;

use super::caps::Caps;
use super::written::Framing;

/// A user, told from all others of this server's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(u64);

/// A client that has registered.
#[derive(Clone, Debug)]
pub struct User<Peer> {
    /// What it goes by.
    pub nick: Name,
    /// What it says of itself.
    pub called: Called,
    /// The name of its account, where it has one.
    pub account: Option<Name>,
    /// It is found only by who knows its nick or shares a group with it (mode `i`).
    pub is_invisible: bool,
    /// Capabilities it has.
    pub caps: Caps,
    /// How its lines are told apart.
    pub framing: Framing,
    /// When it registered.
    pub signon_at: Timestamp,
    /// When it said something last.
    pub active_at: Timestamp,
    /// How it is reached.
    pub peer: Peer,
    /// Most are in one or two.
    groups: SmallVec<[GroupId; 2]>,
    /// Nothing for most.
    seldom: Option<Box<Seldom>>,
}

/// What most users never have.
#[derive(Clone, Debug, Default)]
struct Seldom {
    away: Option<Box<str>>,
    watches: Vec<String>,
}

/// A user's user name and its real name, in one piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called(
    /// With a line end between them, which is in neither: they came in a line.
    Box<str>,
);

impl Called {
    /// These.
    pub fn new(username: &str, realname: &str) -> Self {
        Self(format!("{username}\n{realname}").into())
    }

    /// The user name.
    pub fn username(&self) -> &str {
        self.0.split_once('\n').unwrap_or_default().0
    }

    /// The real name.
    pub fn realname(&self) -> &str {
        self.0.split_once('\n').unwrap_or_default().1
    }
}

impl<Peer> User<Peer> {
    /// A user who is in no group yet.
    pub fn new(
        nick: Name,
        called: Called,
        (caps, framing): (Caps, Framing),
        now: Timestamp,
        peer: Peer,
    ) -> Self {
        Self {
            nick,
            called,
            account: None,
            is_invisible: false,
            caps,
            framing,
            signon_at: now,
            active_at: now,
            peer,
            groups: SmallVec::new(),
            seldom: None,
        }
    }

    /// The groups it is in.
    pub fn groups(&self) -> &[GroupId] {
        &self.groups
    }

    /// The nicks it watches, as it wrote them.
    pub fn watches(&self) -> &[String] {
        self.seldom.as_ref().map_or(&[], |seldom| &seldom.watches)
    }

    /// Why it is away, while it is.
    pub fn away(&self) -> Option<&str> {
        self.seldom.as_ref()?.away.as_deref()
    }

    /// Notes that it is away, and why, or that it is back; whether that is new.
    pub fn set_away(&mut self, away: Option<Box<str>>) -> bool {
        let is_new = self.away() != away.as_deref();
        self.change_seldom(|seldom| seldom.away = away);
        is_new
    }

    fn change_seldom(&mut self, change: impl FnOnce(&mut Seldom)) {
        let mut seldom = self.seldom.take().unwrap_or_default();
        change(&mut seldom);
        let is_empty = seldom.away.is_none() && seldom.watches.is_empty();
        self.seldom = (!is_empty).then_some(seldom);
    }
}

/// A nick that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Was {
    /// The nick.
    pub nick: Name,
    /// What its bearer said of itself.
    pub called: Called,
    /// When it was given up.
    pub at: Timestamp,
}

/// Somebody else has that nick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NickTaken;

/// The list of watched nicks has [`limits::IRC_WATCHES_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchesFull;

/// A list of users. Most nicks have one bearer.
type Users = SmallVec<[UserId; 2]>;

/// Who is on IRC.
#[derive(Debug)]
pub struct Registry<Peer> {
    /// Each in a box: a table is half empty as a rule.
    users: HashMap<UserId, Box<User<Peer>>>,
    /// Who bears a nick, by each of its keys.
    nicks: HashMap<Arc<str>, Users>,
    groups: HashMap<GroupId, Users>,
    /// Who watches a nick.
    watched: HashMap<Arc<str>, Users>,
    were: VecDeque<Was>,
    next: u64,
    users_max: usize,
    /// Connections that have not registered.
    pub unregistered: usize,
}

impl<Peer> Default for Registry<Peer> {
    fn default() -> Self {
        Self {
            users: HashMap::new(),
            nicks: HashMap::new(),
            groups: HashMap::new(),
            watched: HashMap::new(),
            were: VecDeque::new(),
            next: 0,
            users_max: 0,
            unregistered: 0,
        }
    }
}

impl<Peer> Registry<Peer> {
    /// Takes in a user.
    ///
    /// # Errors
    /// Where somebody else has its nick.
    pub fn register(&mut self, user: User<Peer>) -> Result<UserId, NickTaken> {
        if !self.is_free(&user.nick, None, user.account.as_ref()) {
            return Err(NickTaken);
        }
        self.next += 1;
        let id = UserId(self.next);
        self.bear(id, &user.nick);
        self.users.insert(id, Box::new(user));
        self.users_max = self.users_max.max(self.users.len());
        Ok(id)
    }

    /// Gives a user another nick, and tells whether its old one was given up by that.
    ///
    /// # Errors
    /// Where somebody else has it.
    pub fn rename(&mut self, id: UserId, nick: &Name, now: Timestamp) -> Result<(), NickTaken> {
        let Some(user) = self.users.get(&id) else { return Ok(()) };
        if !self.is_free(nick, Some(id), user.account.as_ref()) {
            return Err(NickTaken);
        }
        let before = user.nick.clone();
        self.note_was(id, now);
        self.release(id, &before);
        self.bear(id, nick);
        if let Some(user) = self.users.get_mut(&id) {
            user.nick = nick.clone();
        }
        Ok(())
    }

    /// Lets a user go.
    pub fn remove(&mut self, id: UserId, now: Timestamp) -> Option<User<Peer>> {
        self.note_was(id, now);
        let user = *self.users.remove(&id)?;
        self.release(id, &user.nick);
        for group in &user.groups {
            strike(&mut self.groups, group, id);
        }
        for nick in user.watches() {
            strike(&mut self.watched, &*key_of(nick), id);
        }
        Some(user)
    }

    fn note_was(&mut self, id: UserId, at: Timestamp) {
        let Some(user) = self.users.get(&id) else { return };
        let (nick, called) = (user.nick.clone(), user.called.clone());
        self.were.push_front(Was { nick, called, at });
        self.were.truncate(limits::IRC_WHOWAS_MAX);
    }

    /// Whether somebody may bear a nick.
    pub fn is_free(&self, nick: &Name, except: Option<UserId>, account: Option<&Name>) -> bool {
        let mut bearers = nick.keys().filter_map(|key| self.nicks.get(key)).flatten();
        bearers.all(|bearer| {
            let is_same =
                |other: &User<Peer>| account.is_some() && other.account.as_ref() == account;
            Some(*bearer) == except || self.user(*bearer).is_none_or(is_same)
        })
    }

    fn bear(&mut self, id: UserId, nick: &Name) {
        for key in nick.keys() {
            let bearers = self.nicks.entry(Arc::clone(key)).or_default();
            if !bearers.contains(&id) {
                bearers.push(id);
            }
        }
    }

    fn release(&mut self, id: UserId, nick: &Name) {
        for key in nick.keys() {
            strike(&mut self.nicks, &**key, id);
        }
    }

    /// The users who bear a nick: several where they are connections of one account.
    pub fn bearers(&self, nick: &str) -> Vec<UserId> {
        self.nicks.get(&key_of(nick)).map(|bearers| bearers.to_vec()).unwrap_or_default()
    }

    /// The first user who bears a nick.
    pub fn find(&self, nick: &str) -> Option<(UserId, &User<Peer>)> {
        let id = *self.nicks.get(&key_of(nick))?.first()?;
        Some((id, self.user(id)?))
    }

    /// The first user who bears a nick of those who are in a group: who is there by another door may
    /// have the nick of a user who is not.
    pub fn find_in(&self, group: GroupId, nick: &str) -> Option<(UserId, &User<Peer>)> {
        let bearers = self.nicks.get(&key_of(nick))?;
        let users = bearers.iter().filter_map(|id| Some((*id, self.user(*id)?)));
        users.into_iter().find(|(_, user)| user.groups.contains(&group))
    }

    /// The user of that number.
    pub fn user(&self, id: UserId) -> Option<&User<Peer>> {
        self.users.get(&id).map(|user| &**user)
    }

    /// The user of that number, to be changed; not its nick.
    pub fn user_mut(&mut self, id: UserId) -> Option<&mut User<Peer>> {
        self.users.get_mut(&id).map(|user| &mut **user)
    }

    /// All users.
    pub fn users(&self) -> impl ExactSizeIterator<Item = (UserId, &User<Peer>)> {
        self.users.iter().map(|(id, user)| (*id, &**user))
    }

    /// Most users that there were at a time.
    pub const fn users_max(&self) -> usize {
        self.users_max
    }

    /// Notes that a user is in a group.
    pub fn enter(&mut self, id: UserId, group: GroupId) {
        if let Some(user) = self.users.get_mut(&id)
            && !user.groups.contains(&group)
        {
            user.groups.push(group);
            self.groups.entry(group).or_default().push(id);
        }
    }

    /// Notes that a user is not in a group any more.
    pub fn leave(&mut self, id: UserId, group: GroupId) {
        if let Some(user) = self.users.get_mut(&id) {
            user.groups.retain(|other| *other != group);
        }
        strike(&mut self.groups, &group, id);
    }

    /// The users who are in a group.
    pub fn in_group(&self, group: GroupId) -> &[UserId] {
        self.groups.get(&group).map_or(&[], |users| users.as_slice())
    }

    /// Groups that users are in.
    pub fn group_count(&self) -> usize {
        self.groups.len()
    }

    /// Whether two users share a group.
    pub fn are_neighbours(&self, one: UserId, other: UserId) -> bool {
        let groups = |id| self.users.get(&id).map_or(&[][..], |user| &user.groups);
        groups(one).iter().any(|group| groups(other).contains(group))
    }

    /// Everyone else who shares a group with a user, once each.
    pub fn neighbours(&self, id: UserId) -> Vec<UserId> {
        let Some(user) = self.users.get(&id) else { return Vec::new() };
        let mut seen = HashSet::new();
        let all = user.groups.iter().flat_map(|group| self.in_group(*group));
        all.copied().filter(|other| *other != id && seen.insert(*other)).collect()
    }

    /// Has a user told when a nick comes and goes.
    ///
    /// # Errors
    /// Where it watches as many as it may.
    pub fn watch(&mut self, id: UserId, nick: &str) -> Result<(), WatchesFull> {
        let Some(user) = self.users.get_mut(&id) else { return Ok(()) };
        let key = key_of(nick);
        if user.watches().iter().any(|watched| key_of(watched) == key) {
            return Ok(());
        }
        if user.watches().len() >= limits::IRC_WATCHES_MAX {
            return Err(WatchesFull);
        }
        user.change_seldom(|seldom| seldom.watches.push(nick.to_owned()));
        self.watched.entry(key).or_default().push(id);
        Ok(())
    }

    /// Has a user told no more of a nick.
    pub fn unwatch(&mut self, id: UserId, nick: &str) {
        let key = key_of(nick);
        if let Some(user) = self.users.get_mut(&id) {
            user.change_seldom(|seldom| seldom.watches.retain(|watched| key_of(watched) != key));
        }
        strike(&mut self.watched, &*key, id);
    }

    /// Has a user told no more of any.
    pub fn unwatch_all(&mut self, id: UserId) {
        let Some(user) = self.users.get_mut(&id) else { return };
        let mut watches = Vec::new();
        user.change_seldom(|seldom| watches = std::mem::take(&mut seldom.watches));
        for nick in watches {
            strike(&mut self.watched, &*key_of(&nick), id);
        }
    }

    /// Who watches a nick.
    pub fn watchers(&self, nick: &Name) -> &[UserId] {
        self.watched.get(nick.key()).map_or(&[], |users| users.as_slice())
    }

    /// The nicks that were given up and are the same as this one, newest first.
    pub fn were(&self, nick: &str) -> impl Iterator<Item = &Was> {
        let key = key_of(nick);
        self.were.iter().filter(move |was| *was.nick.key() == key)
    }
}

/// What a nick is found by; one that no name can be is found by itself.
fn key_of(nick: &str) -> Arc<str> {
    match Name::parse(nick) {
        Ok(name) => Arc::clone(name.key()),
        Err(_) => nick.into(),
    }
}

/// Takes a user off a list, and the list away where it is empty.
fn strike<Key, Asked>(lists: &mut HashMap<Key, Users>, key: &Asked, id: UserId)
where
    Key: std::hash::Hash + Eq + std::borrow::Borrow<Asked>,
    Asked: std::hash::Hash + Eq + ?Sized,
{
    if let Some(list) = lists.get_mut(key) {
        list.retain(|other| *other != id);
        if list.is_empty() {
            lists.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(nick: &str) -> User<()> {
        let called = Called::new(nick, nick);
        let written = (Caps::default(), Framing::Lines);
        User::new(Name::parse(nick).unwrap(), called, written, Timestamp::default(), ())
    }

    #[test]
    fn a_nick_is_borne_once_and_is_free_again_when_its_bearer_has_gone() {
        let mut registry = Registry::default();
        let noya = registry.register(user("noya")).unwrap();
        assert_eq!(registry.register(user("NOYA")), Err(NickTaken));
        let now = Timestamp::default();
        registry.rename(noya, &Name::parse("Noya").unwrap(), now).unwrap();
        assert_eq!(registry.find("nOyA").map(|(id, _)| id), Some(noya));
        registry.rename(noya, &Name::parse("noa").unwrap(), now).unwrap();
        let other = registry.register(user("noya")).unwrap();
        assert_eq!(registry.rename(noya, &Name::parse("noya").unwrap(), now), Err(NickTaken));
        registry.remove(other, now);
        assert!(registry.find("noya").is_none());
        assert_eq!(registry.were("noya").count(), 3);
    }

    #[test]
    fn connections_of_one_account_bear_one_nick() {
        let mut registry = Registry::default();
        let with_account = || User { account: Name::parse("acc").ok(), ..user("noya") };
        let one = registry.register(with_account()).unwrap();
        let other = registry.register(with_account()).unwrap();
        assert_eq!(registry.bearers("noya"), [one, other]);
        assert_eq!(registry.register(user("noya")), Err(NickTaken));
        registry.remove(one, Timestamp::default());
        assert_eq!(registry.bearers("noya"), [other]);
    }

    #[test]
    fn neighbours_are_those_who_share_a_group_once_each() {
        let mut registry = Registry::default();
        let group = |number| GroupId::new(number).unwrap();
        let ids: Vec<_> = ["a", "b", "c"].map(|nick| registry.register(user(nick)).unwrap()).into();
        for id in &ids[..2] {
            registry.enter(*id, group(1000));
            registry.enter(*id, group(1001));
        }
        assert_eq!(registry.neighbours(ids[0]), [ids[1]]);
        assert!(registry.neighbours(ids[2]).is_empty());
        registry.remove(ids[1], Timestamp::default());
        assert!(registry.neighbours(ids[0]).is_empty());
        registry.leave(ids[0], group(1000));
        registry.leave(ids[0], group(1001));
        assert_eq!(registry.group_count(), 0);
    }

    #[test]
    fn who_watches_is_told_until_it_stops_or_goes() {
        let mut registry = Registry::default();
        let noya = registry.register(user("noya")).unwrap();
        let dan = Name::parse("dan").unwrap();
        registry.watch(noya, "Dan").unwrap();
        registry.watch(noya, "dan").unwrap();
        assert_eq!(registry.watchers(&dan), [noya]);
        registry.unwatch(noya, "DAN");
        assert!(registry.watchers(&dan).is_empty());
        for n in 0..limits::IRC_WATCHES_MAX {
            registry.watch(noya, &format!("n{n}")).unwrap();
        }
        assert_eq!(registry.watch(noya, "dan"), Err(WatchesFull));
        registry.remove(noya, Timestamp::default());
        assert!(registry.watched.is_empty() && registry.nicks.is_empty());
    }
}
