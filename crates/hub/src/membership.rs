//! Membership: what a member of a group may do, with or without a connection that events flow to.
//!
//! Who has one is a member, or was: each thing it does is decided by the group anew, so that who
//! has left or was removed does nothing more. A [`Session`](crate::Session) gives it, and so does a
//! seat. Does not know protocols.

use std::fmt;
use std::sync::Arc;

use conclave_core::{
    ClientId, Command, Event, Farewell, GroupId, GroupName, Kind, Member, MemberId, Name, Origin,
    Passing, Reason, Refusal, Relay, SeatSecret, Seq, Standing, Text, Timestamp, Topic, Typing,
    limits,
};
use conclave_log::GroupOptions;
use tokio::sync::oneshot;

use crate::history::{self, Side};
use crate::hub::{Hub, Submitted, refusal_of};
use crate::leaving;
use crate::live_group::LiveGroup;
use crate::model::{Answer, Model, Outcome};
use crate::passing;

/// A membership of one group. Cheap to clone.
#[derive(Clone)]
pub struct Membership {
    pub(crate) hub: Arc<Hub>,
    pub(crate) live: Arc<LiveGroup>,
    pub(crate) member: MemberId,
}

impl fmt::Debug for Membership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Membership")
            .field("group", &self.live.id)
            .field("member", &self.member)
            .finish_non_exhaustive()
    }
}

/// Where a message landed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Landed {
    /// Its number.
    pub seq: Seq,
    /// Its time.
    pub at: Timestamp,
}

/// Something that is on its way into the log, or was there already.
#[derive(Debug)]
#[must_use = "where it landed, or that it did not, is told to whoever waits"]
pub struct Sending(Result<oneshot::Receiver<Outcome>, Landed>);

impl Sending {
    /// Waits until it is durable.
    ///
    /// # Errors
    /// Why it did not land; [`Refusal::Unknown`] where it may have landed all the same.
    ///
    /// # Cancel safety
    /// It may land all the same.
    pub async fn landed(self) -> Result<Landed, Refusal> {
        match self.0 {
            Err(landed) => Ok(landed),
            Ok(outcome) => {
                let (seq, at) = outcome.await.map_err(|_group_gone| Refusal::GroupClosed)??;
                Ok(Landed { seq, at })
            }
        }
    }
}

/// A member of the group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberHere {
    /// Which.
    pub member: MemberId,
    /// Its name.
    pub name: Name,
    /// Whether it is connected.
    pub is_here: bool,
    /// The most of its powers.
    pub standing: Standing,
    /// Whether it was given a voice, whatever else it is.
    pub is_voiced: bool,
    /// Whether a mute holds for it.
    pub is_muted: bool,
    /// Where it came from.
    pub origin: Origin,
}

impl MemberHere {
    pub(crate) fn of(model: &Model, member: MemberId, state: &Member) -> Self {
        Self {
            member,
            name: state.name.clone(),
            is_here: model.sessions.contains_key(&member),
            standing: state.standing(),
            is_voiced: state.is_voiced,
            is_muted: model.group.is_muted(member),
            origin: state.origin.clone(),
        }
    }
}

/// Something said or done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Said.
    Words(Text),
    /// Done (`/me`).
    Action(Text),
    /// Said with what only some doors can show. No client id is kept with it.
    Relay(Relay),
}

impl Said {
    pub(crate) fn command(self, member: MemberId, client_id: Option<ClientId>) -> Command {
        match self {
            Self::Words(text) => Command::Say { member, text, client_id },
            Self::Action(text) => Command::Act { member, text, client_id },
            Self::Relay(relay) => Command::Relay { member, relay },
        }
    }
}

impl Hub {
    /// The membership that a seat stands for.
    ///
    /// # Errors
    /// [`Refusal::SeatUnknown`] for a seat that is not one of that group, whether or not there is
    /// such a group.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn seat(
        self: &Arc<Self>,
        id: GroupId,
        seat: &SeatSecret,
    ) -> Result<Membership, Refusal> {
        let (live, member) = self.find_seated(id, seat).await?;
        Ok(Membership { hub: Arc::clone(self), live, member })
    }
}

impl Membership {
    /// The group.
    pub fn group(&self) -> GroupId {
        self.live.id
    }

    /// What the group goes by.
    pub fn group_name(&self) -> GroupName {
        self.live.name()
    }

    /// Which member it is.
    pub const fn member(&self) -> MemberId {
        self.member
    }

    /// Number of the newest event.
    pub fn head(&self) -> Seq {
        self.live.tail().head()
    }

    /// The name it bears.
    pub fn name(&self) -> Option<Name> {
        self.live.model().group.member(self.member).map(|member| member.name.clone())
    }

    /// Whether it may speak now.
    ///
    /// # Errors
    /// The rule that forbids it.
    pub fn may_speak(&self) -> Result<(), Refusal> {
        self.live.model().group.may_speak(self.member)
    }

    /// The topic; empty where there is none.
    pub fn topic(&self) -> Topic {
        self.live.model().group.topic().clone()
    }

    /// The members, in the order of joining: those whose joining is durable.
    pub fn members(&self) -> Vec<MemberHere> {
        let model = self.live.model();
        let members = model.group.members();
        members.map(|(member, state)| MemberHere::of(&model, member, state)).collect()
    }

    /// How many members there are.
    pub fn member_count(&self) -> usize {
        self.live.model().group.members().len()
    }

    /// The members in that style, a word each with a space between them, in the order of joining:
    /// those whose joining is durable. What is written is kept for whoever asks next, so one style
    /// has to be written alike. Nothing happens in the group meanwhile.
    pub fn roll<T>(
        &self,
        style: u8,
        write: impl FnMut(&Member, &mut String),
        read: impl FnOnce(&str) -> T,
    ) -> T {
        let mut model = self.live.model();
        let Model { group, rolls, .. } = &mut *model;
        rolls.read(group, style, write, read)
    }

    /// Says or does something and waits until it is durable. The same client id again lands once,
    /// and has the same answer.
    ///
    /// # Errors
    /// The rule that forbids it; [`Refusal::Unknown`] where it may have landed all the same.
    ///
    /// # Cancel safety
    /// It may land. The same client id tells.
    pub async fn send(&self, what: Said, client_id: Option<ClientId>) -> Result<Landed, Refusal> {
        self.begin_send(what, client_id).await?.landed().await
    }

    /// Says or does something as [`Membership::send`] does, but does not wait until it is durable:
    /// what is begun one after the other lands so. Waits while too much is under way.
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
        self.begin(what.command(self.member, client_id)).await
    }

    /// Goes by another name.
    ///
    /// # Errors
    /// [`Refusal::NameTaken`] and the like.
    ///
    /// # Cancel safety
    /// It may happen.
    pub async fn rename(&self, to: Name) -> Result<(), Refusal> {
        self.commit(Command::Rename { member: self.member, to }).await.map(|_landed| ())
    }

    /// Sets the topic; an empty one takes it away.
    ///
    /// # Errors
    /// Where the member is none any more, or the log cannot take it.
    ///
    /// # Cancel safety
    /// It may happen.
    pub async fn set_topic(&self, text: Topic) -> Result<(), Refusal> {
        self.commit(Command::SetTopic { member: self.member, text }).await.map(|_landed| ())
    }

    async fn commit(&self, command: Command) -> Result<Landed, Refusal> {
        self.begin(command).await?.landed().await
    }

    async fn begin(&self, command: Command) -> Result<Sending, Refusal> {
        // Only what changes powers and settings can be so already.
        self.try_to(command).await?.ok_or(Refusal::Unknown)
    }

    /// Has something done; nothing where it is so already.
    pub(crate) async fn try_to(&self, command: Command) -> Result<Option<Sending>, Refusal> {
        let (told, outcome) = oneshot::channel();
        Ok(match self.hub.submit(&self.live, command, Answer::Told(told)).await? {
            Submitted::Already(seq, at) => Some(Sending(Err(Landed { seq, at }))),
            Submitted::UnderWay => Some(Sending(Ok(outcome))),
            Submitted::Unchanged => None,
        })
    }

    /// Takes a message back, its own or, for a moderator, anyone's: it is given out no more. Whether
    /// it was not taken back already.
    ///
    /// # Errors
    /// [`Refusal::NotAModerator`] for what somebody else said; [`Refusal::Unknown`] where there is
    /// no such message; [`Refusal::ListFull`] past [`limits::REDACTIONS_MAX`].
    ///
    /// # Cancel safety
    /// It may happen.
    pub async fn redact(&self, seq: Seq, reason: Reason) -> Result<bool, Refusal> {
        let found = self.events_after(seq.minus(1), 1).await?;
        let said = |event: &&Event| {
            event.seq == seq
                && matches!(
                    event.entry.kind,
                    Kind::Said { .. } | Kind::Action { .. } | Kind::Relayed(_)
                )
        };
        let of = found.first().filter(said).ok_or(Refusal::Unknown)?.entry.member;
        let command = Command::Redact { member: self.member, seq, of, reason };
        self.change_by(command).await
    }

    /// Ends when all that is under way in the group now has landed or failed, and what landed was
    /// brought to everyone who is not behind.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn delivered(&self) {
        self.live.delivered().await;
    }

    /// Has the group deleted when its last member has left, or not (B9).
    ///
    /// # Errors
    /// [`Refusal::NotTheCreator`] for anyone but the one who made it.
    ///
    /// # Cancel safety
    /// It may happen.
    pub async fn set_deleted_when_empty(&self, is_on: bool) -> Result<(), Refusal> {
        if self.member != MemberId(1) {
            return Err(Refusal::NotTheCreator);
        }
        let change = |options: &mut GroupOptions| options.is_deleted_when_empty = is_on;
        self.hub.change_options(&self.live, change).await
    }

    /// Events below `before`, the nearest `count` of them, in order: fewer past
    /// [`limits::HISTORY_EVENTS_MAX`] or [`limits::HISTORY_BYTES_MAX`], none below the first.
    ///
    /// # Errors
    /// [`Refusal::NotAMember`]; or where the log cannot be read.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn events_before(&self, before: Seq, count: usize) -> Result<Vec<Event>, Refusal> {
        self.events(Side::Before(before.min(self.head().next())), count).await
    }

    /// Events above `after`, the nearest `count` of them, in order: fewer past
    /// [`limits::HISTORY_EVENTS_MAX`] or [`limits::HISTORY_BYTES_MAX`], none above the head.
    ///
    /// # Errors
    /// [`Refusal::NotAMember`]; or where the log cannot be read.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn events_after(&self, after: Seq, count: usize) -> Result<Vec<Event>, Refusal> {
        self.events(Side::After(after), count).await
    }

    async fn events(&self, side: Side, count: usize) -> Result<Vec<Event>, Refusal> {
        self.check()?;
        let count = count.min(limits::HISTORY_EVENTS_MAX);
        let page = history::page(self.hub.log(), self.live.id, side, count).await;
        // Who was removed while it was read is given nothing of it.
        self.check()?;
        let mut page = page.map_err(|error| refusal_of(&error))?;
        self.live.redact(&mut page);
        Ok(page)
    }

    /// Whether it still is a member, of a group that has not ended.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let model = self.live.model();
        if self.live.has_ended() {
            return Err(Refusal::GroupClosed);
        }
        model.group.member(self.member).map(|_member| ()).ok_or(Refusal::NotAMember)
    }

    /// Tells those who are there that it types, or no longer. Whoever runs a connection bounds how
    /// often.
    ///
    /// # Errors
    /// [`Refusal::NotAMember`].
    ///
    /// # Cancel safety
    /// Some may have been told.
    pub async fn type_on(&self, typing: Typing) -> Result<(), Refusal> {
        self.check()?;
        let name = self.name().ok_or(Refusal::NotAMember)?;
        let typed = Passing::Typing { member: self.member, name, typing };
        passing::pass(&self.hub, &self.live, &[typed]).await;
        Ok(())
    }

    /// Leaves the group, and waits until that is durable, so that the name is free. Every session
    /// of the member is shown out. Where the log cannot take it, it is tried again behind the
    /// scenes.
    ///
    /// # Cancel safety
    /// It leaves.
    pub async fn leave(&self) {
        // Ends when the member has left, or cannot just now.
        let _left = leaving::leave(&self.hub, &self.live, self.member, Farewell::default()).await;
    }
}
