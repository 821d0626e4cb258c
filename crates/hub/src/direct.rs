//! Direct: a conversation of two, as one of them has it.
//!
//! It is a group of two that cannot be joined: what is said in it is decided, committed, numbered
//! and published like everything else, so it is saved before it is seen and in one order for both.
//! Who has a [`Direct`] was one of the two when it was made: a member, an account or a visitor
//! opens it, and there is no other way to it (P4). Does not know protocols.
//!
//! It flows to every connection of both: the publisher gives a connection a place in it when there
//! is something to say and takes it away when that was written ([`flow`]), so a conversation in
//! which nobody speaks costs nothing.

pub(crate) mod flow;
mod opening;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use conclave_core::{
    Account, ClientId, Event, Group, GroupId, MemberId, Name, Origin, Pair, Party, Reason, Refusal,
    Seq, Timestamp, VisitorId,
};

use crate::history;
use crate::hub::refusal_of;
use crate::membership::{Landed, Membership, Said, Sending};
use crate::model::Answer;
use crate::outlet::{Echo, Mark, Outlet, Run};
use crate::present::Shown;
use crate::session::Stretch;
use crate::wire::Wire;

pub(crate) use opening::close_directs_of;

/// A direct conversation, as one of its two has it. Cheap to clone.
#[derive(Clone)]
pub struct Direct(pub(crate) Membership);

impl fmt::Debug for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Direct").field(&self.0).finish()
    }
}

impl Direct {
    /// Its number, which nobody can type.
    pub fn id(&self) -> GroupId {
        self.0.group()
    }

    /// Who of the two has it: the one with this number in its events.
    pub const fn member(&self) -> MemberId {
        self.0.member()
    }

    /// How it is seen by the one who has it.
    pub fn view(&self) -> Option<DirectView> {
        self.0.live.view_of_direct(self.member())
    }

    /// Number of the newest event.
    pub fn head(&self) -> Seq {
        self.0.head()
    }

    /// Says or does something and waits until it is durable. Every connection of both is written
    /// it, this one as well. The same client id again lands once, and has the same answer.
    ///
    /// # Errors
    /// The rule that forbids it; [`Refusal::GroupClosed`] where one of the two is not there any
    /// more; [`Refusal::Unknown`] where it may have landed all the same.
    ///
    /// # Cancel safety
    /// It may land. The same client id tells.
    pub async fn send(&self, what: Said, client_id: Option<ClientId>) -> Result<Landed, Refusal> {
        self.0.send(what, client_id).await
    }

    /// Says or does something as [`Direct::send`] does, but does not wait until it is durable.
    ///
    /// # Errors
    /// The rule that forbids it.
    ///
    /// # Cancel safety
    /// It is begun, or nothing has happened.
    pub async fn begin_send(
        &self,
        what: Said,
        client_id: Option<ClientId>,
    ) -> Result<Sending, Refusal> {
        self.0.begin_send(what, client_id).await
    }

    /// Says or does something for a connection, and does not wait until it is durable: where it does
    /// not land, the outlet is signalled; where it does, the connection is shown it as `echo` says.
    ///
    /// # Errors
    /// The rule that forbids it.
    ///
    /// # Cancel safety
    /// It is said, or nothing has happened.
    pub async fn say(
        &self,
        what: Said,
        outlet: &Arc<Outlet>,
        echo: Echo<'_>,
    ) -> Result<(), Refusal> {
        let Membership { hub, live, member } = &self.0;
        let outlet = Arc::clone(outlet);
        // To who writes to itself all is its own, and it is told all the same.
        let is_of_one = live.two.as_ref().is_some_and(|two| two.pair.is_of_one());
        let mark = echo.mark().filter(|mark| !is_of_one || *mark != Mark::LeftOut);
        let answer = match mark {
            None => Answer::OnFailure(outlet),
            // Its place in the conversation is found when it has one.
            Some(mark) => Answer::Labelled { outlet, session: hub.next_serial(), mark, told: None },
        };
        hub.submit(live, what.command(*member, None), answer).await.map(|_submitted| ())
    }

    /// Takes a message back that one has said oneself, as [`Membership::redact`] does.
    ///
    /// # Errors
    /// As it has them.
    ///
    /// # Cancel safety
    /// It may happen.
    pub async fn redact(&self, seq: Seq, reason: Reason) -> Result<bool, Refusal> {
        self.0.redact(seq, reason).await
    }

    /// Ends when all that is under way in the conversation now has landed or failed, and what
    /// landed was brought to everyone who is not behind.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn delivered(&self) {
        self.0.live.delivered().await;
    }

    /// Drops what is given when all that is under way in the conversation now has landed or failed,
    /// and what landed was brought to everyone who is not behind.
    pub fn hold_until_delivered(&self, held: impl Send + 'static) {
        let live = Arc::clone(&self.0.live);
        self.0.hub.tasks().spawn(async move {
            live.delivered().await;
            drop(held);
        });
    }

    /// All messages from that number on that will not flow to a connection for which direct
    /// conversations are held, to be shown; nothing where there are none.
    ///
    /// # Errors
    /// Where the log cannot be read.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn messages_from(
        &self,
        from: Seq,
        outlet: &Outlet,
    ) -> Result<Option<Stretch>, Refusal> {
        let Membership { hub, live, member: _ } = &self.0;
        // In this order: what is said after the connection was made known has given it a place
        // before it moved the head.
        let end = self.head().next();
        let places = outlet.places_in_directs();
        let of_this = places.iter().filter(|(group, _)| *group == live.id);
        let end = of_this.map(|(_, next)| *next).fold(end, Seq::min);
        let newest = history::Wanted { count: 1, bytes_max: None };
        let newest = history::seek(hub.log(), live, end, newest).await;
        let newest = newest.map_err(|error| refusal_of(&error))?;
        let has_any = newest.count > 0 && newest.from >= from;
        Ok(has_any.then_some(Stretch { from, end: newest.end }))
    }

    /// Shows messages that were found, written on `wire`, as
    /// [`Session::show`](crate::Session::show) does.
    pub fn show(&self, stretch: Stretch, outlet: &Arc<Outlet>, wire: &'static dyn Wire) {
        let Stretch { from: next, end } = stretch;
        let Membership { hub, live, member } = &self.0;
        let (session, group, member) = (hub.next_serial(), Arc::clone(live), *member);
        hub.show_run(outlet, Run { session, group, next, end, member, wire });
    }

    /// Events below `before`, as [`Membership::events_before`] gives them.
    ///
    /// # Errors
    /// Where the log cannot be read, or the conversation is gone.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn events_before(&self, before: Seq, count: usize) -> Result<Vec<Event>, Refusal> {
        self.0.events_before(before, count).await
    }

    /// Events above `after`, as [`Membership::events_after`] gives them.
    ///
    /// # Errors
    /// Where the log cannot be read, or the conversation is gone.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn events_after(&self, after: Seq, count: usize) -> Result<Vec<Event>, Refusal> {
        self.0.events_after(after, count).await
    }
}

/// A direct conversation as one of its two sees it.
#[derive(Clone, Debug)]
pub struct DirectView {
    /// Its number.
    pub id: GroupId,
    /// The number in its events of the one who sees it.
    pub me: MemberId,
    /// The name that one goes by in it.
    pub my_name: Name,
    /// The name that the other goes by in it.
    pub with: Name,
    /// The group in which the two met, where it lives no longer than their being members of it.
    pub met_in: Option<GroupId>,
}

impl DirectView {
    /// Whether an event is what the one who sees it said or did.
    pub fn is_own(&self, event: &Event) -> bool {
        event.entry.member == self.me
    }

    /// The name of the other, as it is to be shown with an event: where the event is the other's,
    /// the name that it bore then.
    pub fn with_at<'view>(&'view self, event: &'view Event) -> &'view Name {
        if self.is_own(event) { &self.with } else { &event.entry.name }
    }
}

/// A direct conversation in a list.
#[derive(Clone, Debug)]
pub struct DirectListed {
    /// Its number.
    pub id: GroupId,
    /// The name of the other.
    pub with: Name,
    /// The other's account, where it is found by one.
    pub account: Option<Account>,
    /// The group in which the two met, and which member of it the other is, where it lives there.
    pub met_in: Option<(GroupId, MemberId)>,
    /// Its newest event.
    pub head: Seq,
    /// Time of that event.
    pub last_at: Timestamp,
}

/// Somebody to write to, who need not be a member of any group. No proof of anything: it is an
/// address.
#[derive(Clone, Debug)]
pub struct Contact {
    pub(crate) party: Party,
    pub(crate) name: Name,
    pub(crate) account: Option<Account>,
    pub(crate) origin: Origin,
    /// How a visitor is written to.
    pub(crate) shown: Option<Shown>,
}

impl Contact {
    /// An account, which is called by that name just now and comes from there; it need not be here.
    pub fn account(account: Account, name: Name, origin: Origin) -> Self {
        let party = Party::Account(account.id());
        Self { party, name, account: Some(account), origin, shown: None }
    }

    /// A visitor, who is called by that name just now and comes from there.
    pub(crate) const fn visitor(
        visitor: VisitorId,
        name: Name,
        origin: Origin,
        shown: Shown,
    ) -> Self {
        Self { party: Party::Visitor(visitor), name, account: None, origin, shown: Some(shown) }
    }
}

/// What a live group has where it is a direct conversation.
#[derive(Debug)]
pub(crate) struct Two {
    pub(crate) pair: Pair,
    /// What its two go by, the one with number 1 first. A lock that is held alone or innermost.
    names: Mutex<(Name, Name)>,
}

impl Two {
    /// Nothing where the two have not joined.
    pub(crate) fn new(pair: Pair, group: &Group) -> Option<Self> {
        Some(Self { pair, names: Mutex::new(names_of(pair, group)?) })
    }

    /// Notes what the two go by now.
    pub(crate) fn note_names(&self, group: &Group) {
        if let Some(names) = names_of(self.pair, group) {
            *self.names.lock().unwrap_or_else(PoisonError::into_inner) = names;
        }
    }

    /// The conversation as one of the two sees it.
    pub(crate) fn view_of(&self, id: GroupId, me: MemberId) -> DirectView {
        let (low, high) = self.names.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (my_name, with) = if me.0 == 1 { (low, high) } else { (high, low) };
        DirectView { id, me, my_name, with, met_in: self.pair.home() }
    }
}

fn names_of(pair: Pair, group: &Group) -> Option<(Name, Name)> {
    let name_of = |party| Some(group.member(pair.member_of(party)?)?.name.clone());
    name_of(pair.low()).zip(name_of(pair.high()))
}
