//! Opening: how one of two comes to have their conversation, and how it goes with one of them.
//!
//! Invariant: whoever is given a [`Direct`] is the party that it says; the callers have proof of
//! it. A conversation of members or visitors is deleted when one of the two goes, and one that is
//! opened just then is found out by whoever opens it.

use std::sync::Arc;

use conclave_core::{
    Account, Entry, GroupId, Kind, MemberId, Name, Origin, Pair, Party, Refusal, Role, limits,
};
use conclave_log::{ListedDirect, NewDirect, OpenedDirect};

use super::{Contact, Direct, DirectListed};
use crate::accounts::SignedIn;
use crate::hub::{Hub, refusal_of};
use crate::live_group::LiveGroup;
use crate::membership::Membership;
use crate::outlet::Own;
use crate::present::Shown;
use crate::visit::Visit;
use crate::wire::Wire;

/// One of the two of a conversation that is opened.
#[derive(Clone, Debug)]
struct Side {
    party: Party,
    name: Name,
    account: Option<Account>,
    origin: Origin,
    /// How a visitor is written to.
    shown: Option<Shown>,
}

impl Side {
    /// Notes at a visitor that somebody opens a direct conversation with it; whether it is there, as
    /// all others are for this.
    fn note_direct(&self, hub: &Hub) -> bool {
        match (self.party, &self.shown) {
            (Party::Visitor(visitor), Some(shown)) => hub.present().note_direct(visitor, shown),
            _ => true,
        }
    }
}

impl From<&Contact> for Side {
    fn from(contact: &Contact) -> Self {
        let Contact { party, name, account, origin, shown } = contact.clone();
        Self { party, name, account, origin, shown }
    }
}

impl Membership {
    /// The direct conversation with another member of the group, or with oneself: that of the two
    /// accounts where both have one, else one that lives as long as both are members.
    ///
    /// # Errors
    /// [`Refusal::NotAMember`]; [`Refusal::NobodyOfThatName`] where the other is none;
    /// [`Refusal::TooManyDirects`] past [`limits::DIRECTS_MAX`]; or where the log cannot take it.
    ///
    /// # Cancel safety
    /// Safe: an empty conversation may be left.
    pub async fn direct(&self, with: MemberId) -> Result<Direct, Refusal> {
        let (me, other) = {
            let model = self.live.model();
            if self.live.has_ended() {
                return Err(Refusal::GroupClosed);
            }
            let side = |id, refusal| {
                let member = model.group.member(id).ok_or(refusal)?;
                let (party, name) = (Party::Member(self.live.id, id), member.name.clone());
                let (account, origin) = (member.account.clone(), member.origin.clone());
                Ok::<_, Refusal>(Side { party, name, account, origin, shown: None })
            };
            (side(self.member, Refusal::NotAMember)?, side(with, Refusal::NobodyOfThatName)?)
        };
        if let (Some(mine), Some(theirs)) = (&me.account, &other.account) {
            let me = Side { party: Party::Account(mine.id()), ..me.clone() };
            let other = Side { party: Party::Account(theirs.id()), ..other.clone() };
            return open(&self.hub, me, other).await;
        }
        // Before it is opened: who leaves from here on looks for it.
        self.live.note_directs();
        let direct = open(&self.hub, me, other).await?;
        let are_members = {
            let model = self.live.model();
            !self.live.has_ended()
                && [self.member, with].iter().all(|id| model.group.member(*id).is_some())
        };
        if are_members {
            return Ok(direct);
        }
        self.hub.delete(direct.id()).await?;
        Err(Refusal::NotAMember)
    }

    /// How another member's account is written to, where it has one: also by who is somebody by
    /// itself, so that the two have one conversation, wherever they meet.
    pub fn contact(&self, with: MemberId) -> Option<Contact> {
        let model = self.live.model();
        let member = model.group.member(with)?;
        let account = member.account.clone()?;
        Some(Contact::account(account, member.name.clone(), member.origin.clone()))
    }

    /// The member of that name, or of one that looks like it.
    pub fn find(&self, name: &Name) -> Option<MemberId> {
        self.live.model().group.bearer(name)
    }

    /// The conversations that live in this group and that the member has, those of the newest
    /// messages first, at most [`limits::DIRECTS_LISTED_MAX`]. Those of its account are told by
    /// [`SignedIn::directs`].
    ///
    /// # Errors
    /// Where the log cannot be read.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn directs(&self) -> Result<Vec<DirectListed>, Refusal> {
        list(&self.hub, Party::Member(self.live.id, self.member)).await
    }

    /// A conversation that was listed.
    ///
    /// # Errors
    /// [`Refusal::NobodyOfThatName`] where the member has no such conversation.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn listed_direct(&self, id: GroupId) -> Result<Direct, Refusal> {
        find(&self.hub, Party::Member(self.live.id, self.member), id).await
    }
}

impl SignedIn {
    /// The direct conversation of the account, which goes by `name` just now and comes from there,
    /// with somebody.
    ///
    /// # Errors
    /// [`Refusal::NobodyOfThatName`] for a visitor who has gone; [`Refusal::TooManyDirects`] past
    /// [`limits::DIRECTS_MAX`]; or where the log cannot take it.
    ///
    /// # Cancel safety
    /// Safe: an empty conversation may be left.
    pub async fn direct(
        &self,
        name: Name,
        origin: Origin,
        with: &Contact,
    ) -> Result<Direct, Refusal> {
        let me = Contact::account(self.account().clone(), name, origin);
        open(self.hub(), Side::from(&me), with.into()).await
    }

    /// The conversations that the account has by itself, those of the newest messages first, at
    /// most [`limits::DIRECTS_LISTED_MAX`].
    ///
    /// # Errors
    /// Where the log cannot be read.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn directs(&self) -> Result<Vec<DirectListed>, Refusal> {
        list(self.hub(), Party::Account(self.account().id())).await
    }

    /// A conversation that was listed.
    ///
    /// # Errors
    /// [`Refusal::NobodyOfThatName`] where the account has no such conversation.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn listed_direct(&self, id: GroupId) -> Result<Direct, Refusal> {
        find(self.hub(), Party::Account(self.account().id()), id).await
    }
}

impl Visit {
    /// The direct conversation of the visitor, who goes by `name` just now and comes from there,
    /// with somebody. It goes with the visitor, and is written on that wire.
    ///
    /// # Errors
    /// As [`SignedIn::direct`].
    ///
    /// # Cancel safety
    /// Safe: an empty conversation may be left.
    pub async fn direct(
        &self,
        name: Name,
        origin: Origin,
        (wire, own): (&'static dyn Wire, Own),
        with: &Contact,
    ) -> Result<Direct, Refusal> {
        let me = self.visitor().contact(name, origin, wire, own);
        open(self.hub(), Side::from(&me), with.into()).await
    }

    /// The conversations that the visitor has, those of the newest messages first, at most
    /// [`limits::DIRECTS_LISTED_MAX`].
    ///
    /// # Errors
    /// Where the log cannot be read.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn directs(&self) -> Result<Vec<DirectListed>, Refusal> {
        list(self.hub(), self.party()).await
    }

    /// A conversation that was listed.
    ///
    /// # Errors
    /// [`Refusal::NobodyOfThatName`] where the visitor has no such conversation.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn listed_direct(&self, id: GroupId) -> Result<Direct, Refusal> {
        find(self.hub(), self.party(), id).await
    }
}

/// Opens the conversation of two, and sees to it that they go by these names in it.
async fn open(hub: &Arc<Hub>, me: Side, other: Side) -> Result<Direct, Refusal> {
    let are_there = || me.note_direct(hub) && other.note_direct(hub);
    if !are_there() {
        return Err(Refusal::NobodyOfThatName);
    }
    let live = live_of(hub, &me, &other).await?;
    // One may have gone meanwhile, and looked for its conversations before there was this one.
    if !are_there() {
        hub.delete(live.id).await?;
        return Err(Refusal::NobodyOfThatName);
    }
    let pair = Pair::new(me.party, other.party);
    for side in [&other, &me] {
        let member = pair.member_of(side.party).ok_or(Refusal::NotAMember)?;
        let membership = Membership { hub: Arc::clone(hub), live: Arc::clone(&live), member };
        if membership.name().as_ref() != Some(&side.name) {
            membership.rename(side.name.clone()).await?;
        }
    }
    let member = pair.member_of(me.party).ok_or(Refusal::NotAMember)?;
    Ok(Direct(Membership { hub: Arc::clone(hub), live, member }))
}

/// Brings the conversation of two to life, and makes it where there is none.
async fn live_of(hub: &Arc<Hub>, me: &Side, other: &Side) -> Result<Arc<LiveGroup>, Refusal> {
    let pair = Pair::new(me.party, other.party);
    loop {
        if let Some(live) = hub.directory().find_direct(pair) {
            return Ok(live);
        }
        let found = hub.log().find_direct(pair).await.map_err(|error| refusal_of(&error))?;
        let id = match found {
            Some(id) => id,
            None => match make(hub, pair, me, other).await? {
                Some(id) => id,
                None => continue,
            },
        };
        if let Some(live) = hub.load(id).await?
            && !live.has_ended()
            && live.two.as_ref().is_some_and(|two| two.pair == pair)
        {
            hub.directory().note_direct(pair, &live);
            return Ok(live);
        }
        // It was deleted meanwhile.
        if hub.is_stopping() {
            return Err(Refusal::Stopping);
        }
        tokio::task::yield_now().await;
    }
}

/// Makes a conversation; nothing where it is to be tried again.
async fn make(
    hub: &Arc<Hub>,
    pair: Pair,
    me: &Side,
    other: &Side,
) -> Result<Option<GroupId>, Refusal> {
    let sides = if pair.is_of_one() { &[me][..] } else { &[me, other][..] };
    let mut joined: Vec<Entry> = sides
        .iter()
        .filter_map(|side| {
            let (name, account) = (side.name.clone(), side.account.clone());
            let member = pair.member_of(side.party)?;
            // Neither is above the other.
            let (door, origin) = (side.origin.door(), side.origin.recognised());
            let kind = Kind::Joined { seat: None, origin, role: Role::Member };
            Some(Entry { member, name, account, door, kind })
        })
        .collect();
    joined.sort_unstable_by_key(|entry| entry.member);
    let mut entropy = [0; 8];
    hub.fill(&mut entropy);
    let id = GroupId::draw_direct(u64::from_le_bytes(entropy));
    let direct = NewDirect { id, pair, opened_by: me.party, joined };
    let opened = hub.log().open_direct(direct).await.map_err(|error| refusal_of(&error))?;
    match opened {
        OpenedDirect::At(id) => Ok(Some(id)),
        OpenedDirect::NumberTaken => Ok(None),
        OpenedDirect::TooMany => Err(Refusal::TooManyDirects),
        OpenedDirect::NoSuchGroup => Err(Refusal::GroupClosed),
    }
}

/// A conversation by its number, where it is the party's.
async fn find(hub: &Arc<Hub>, party: Party, id: GroupId) -> Result<Direct, Refusal> {
    let live = if id.is_direct() { hub.load(id).await? } else { None };
    let live = live.filter(|live| !live.has_ended()).ok_or(Refusal::NobodyOfThatName)?;
    let member = live.two.as_ref().and_then(|two| two.pair.member_of(party));
    let member = member.ok_or(Refusal::NobodyOfThatName)?;
    Ok(Direct(Membership { hub: Arc::clone(hub), live, member }))
}

async fn list(hub: &Arc<Hub>, party: Party) -> Result<Vec<DirectListed>, Refusal> {
    let directs = hub.log().directs_of(party, limits::DIRECTS_LISTED_MAX).await;
    let mut listed = Vec::new();
    for direct in directs.map_err(|error| refusal_of(&error))? {
        let ListedDirect { id, with, account, head, last_at } = direct;
        // Nobody has said anything yet.
        if head.0 <= 2 {
            continue;
        }
        let (name, met_in) = match with {
            Party::Account(_) => (account.as_ref().map(|account| account.name().clone()), None),
            Party::Member(group, member) => {
                let home = hub.load(group).await?;
                let name = home.and_then(|home| {
                    home.model().group.member(member).map(|member| member.name.clone())
                });
                (name, Some((group, member)))
            }
            Party::Visitor(_) => {
                let direct = find(hub, party, id).await.ok();
                (direct.and_then(|direct| Some(direct.view()?.with)), None)
            }
        };
        // Without a name it is of one who has gone, and about to be deleted.
        if let Some(with) = name {
            listed.push(DirectListed { id, with, account, met_in, head, last_at });
        }
    }
    Ok(listed)
}

/// Sets going that the conversations of parties are deleted who are not there any more.
pub(crate) fn close_directs_of(hub: &Arc<Hub>, parties: Vec<Party>) {
    let hub_of_task = Arc::clone(hub);
    hub.tasks().spawn(async move {
        let hub = hub_of_task;
        for party in parties {
            let directs = hub.log().directs_of(party, usize::MAX).await;
            for direct in directs.unwrap_or_default() {
                if let Err(refusal) = hub.delete(direct.id).await {
                    // Nobody can reach it; it goes with the group, or at the next start.
                    tracing::warn!(%refusal, "a direct conversation of one who has gone is left");
                }
            }
        }
    });
}
