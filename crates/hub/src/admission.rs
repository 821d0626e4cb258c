//! Admission: proof that somebody gave a group's password, and what it allows: to become a member.
//!
//! Only this module makes an [`Admission`] of a password, and only an admission, a seat or an
//! account that is a member makes a [`Session`]; so nothing of a group can be reached without (P4). A wrong number and a wrong
//! password do the same work and end in the same words.

use std::fmt;
use std::sync::Arc;

use conclave_core::{
    Account, Alias, Command, Epoch, GroupId, GroupName, MemberId, Name, Origin, Password,
    PasswordHash, Refusal, SeatSecret, Seq, limits,
};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::brake::{Source, Target};
use crate::hub::Hub;
use crate::leaving;
use crate::live_group::LiveGroup;
use crate::model::{Answer, Joining, Model};
use crate::outlet::{Outlet, Own};
use crate::passing;
use crate::session::Session;
use crate::wire::Wire;

/// Proof that a group's password was given. Holds for as many names as it takes.
pub struct Admission {
    hub: Arc<Hub>,
    live: Arc<LiveGroup>,
    /// What it took to come in: where that has changed, it has to be given anew.
    password: Option<PasswordHash>,
    origin: Origin,
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission").field("group", &self.live.id).finish_non_exhaustive()
    }
}

/// How long a membership lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// As long as the connection.
    Connection,
    /// Until it is left: a seat is made for it.
    Seat,
}

/// Where a session that resumes stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The newest event it has seen.
    pub after: Seq,
    /// The epoch it saw it in, if it knows.
    pub epoch: Option<Epoch>,
}

/// A membership that has begun. Its events are held until [`Session::release`].
#[derive(Debug)]
pub struct Joined {
    /// The member's session.
    pub session: Session,
    /// The seat, where one was asked for: for its holder only.
    pub seat: Option<SeatSecret>,
    /// Number of its joining: the head as it sees it.
    pub head: Seq,
}

/// A membership that was taken up again. Its events are held until [`Session::release`].
#[derive(Debug)]
pub struct Resumed {
    /// The member's session.
    pub session: Session,
    /// Its place did not fit this log: events come from the newest page.
    pub is_reset: bool,
    /// Newest event of the group.
    pub head: Seq,
}

impl Hub {
    /// Lets in who gives the number and password of a group. `None` for what can be no number: it
    /// is refused in the same words and the same time.
    ///
    /// # Errors
    /// [`Refusal::WrongIdOrPassword`]; [`Refusal::TooManyGuesses`] and [`Refusal::Busy`] before
    /// anything was checked.
    ///
    /// # Cancel safety
    /// Safe: nothing has happened but a check.
    pub async fn admit<'password>(
        self: &Arc<Self>,
        id: Option<GroupId>,
        password: impl Into<Option<&'password Password>> + Send,
        source: Source,
    ) -> Result<Admission, Refusal> {
        let password = password.into();
        let target = Target::Group(id);
        self.brake().pass(source, target).await?;
        let asked_at = Instant::now();
        let live = match id {
            Some(id) => self.load(id).await?,
            None => None,
        };
        let live = live.filter(|live| live.is_open(&live.model()));
        if self.is_password_of(live.as_ref(), password).await?
            && let Some(live) = live
        {
            return Ok(Admission::new(Arc::clone(self), live));
        } else if live.is_some() {
            tracing::info!(group = %shown(id), ?source, "sign-in refused: the password does not match");
        } else {
            tracing::info!(group = %shown(id), ?source, "sign-in refused: no such ID");
        }
        self.brake().note_failure(source, target);
        Err(hold_back(asked_at, Refusal::WrongIdOrPassword).await)
    }

    /// Lets in who gives the password of the group of that alias, or any where it needs none.
    /// Nothing where there is no such group.
    ///
    /// # Errors
    /// As [`Hub::admit`] has them.
    ///
    /// # Cancel safety
    /// Safe: nothing has happened but a check.
    pub async fn admit_alias(
        self: &Arc<Self>,
        alias: &Alias,
        password: Option<&Password>,
        source: Source,
    ) -> Result<Option<Admission>, Refusal> {
        match self.find(alias).await? {
            Some(id) => self.admit(Some(id), password, source).await.map(Some),
            None => Ok(None),
        }
    }

    /// Checks a password; where there is no group, one that nobody has, with the same work. Where
    /// none is given there is nothing to do for either.
    async fn is_password_of(
        &self,
        live: Option<&Arc<LiveGroup>>,
        password: Option<&Password>,
    ) -> Result<bool, Refusal> {
        let hash = match live.map(|live| live.password()) {
            // Nobody comes by a number alone into what has neither password nor alias.
            Some(None) => return Ok(live.is_some_and(|live| live.name().alias.is_some())),
            Some(hash) => hash,
            None => None,
        };
        let Some(password) = password else { return Ok(false) };
        let (Some(live), Some(hash)) = (live, hash) else {
            self.hasher().verify(self.nobodys_hash(), password.as_bytes(), || false).await?;
            return Ok(false);
        };
        let digest = self.digest(live.id, password);
        if live.is_vouched(&hash, &digest) {
            return Ok(true);
        }
        let known = {
            let (live, hash) = (Arc::clone(live), hash.clone());
            move || live.is_vouched(&hash, &digest)
        };
        let is_right = self.hasher().verify(hash.as_phc(), password.as_bytes(), known).await?;
        if is_right {
            live.vouch(hash, digest);
        }
        Ok(is_right)
    }

    /// Takes up the membership of a seat: the name is its own at once, and events follow from its
    /// place on. Older connections of the same member stay; past
    /// [`limits::SESSIONS_PER_MEMBER_MAX`] the oldest is shown out.
    ///
    /// # Errors
    /// [`Refusal::SeatUnknown`] for a seat that is not one of that group, whether or not there is
    /// such a group.
    ///
    /// # Cancel safety
    /// Safe: nothing has happened, or the session is dropped.
    pub async fn resume(
        self: &Arc<Self>,
        id: GroupId,
        seat: &SeatSecret,
        position: Position,
        outlet: &Arc<Outlet>,
        wire: &'static dyn Wire,
    ) -> Result<Resumed, Refusal> {
        let (live, _) = self.find_seated(id, seat).await?;
        let find = |model: &Model| model.seated(&live, seat).ok_or(Refusal::SeatUnknown);
        self.take_up(&live, find, Some(position), outlet, wire).await
    }

    /// The group and the member that a seat stands for.
    pub(crate) async fn find_seated(
        &self,
        id: GroupId,
        seat: &SeatSecret,
    ) -> Result<(Arc<LiveGroup>, MemberId), Refusal> {
        let asked_at = Instant::now();
        if let Some(live) = self.load(id).await?
            && let Some(member) = live.model().seated(&live, seat)
        {
            return Ok((Arc::clone(&live), member));
        }
        Err(hold_back(asked_at, Refusal::SeatUnknown).await)
    }

    /// Takes up the membership that is found, from that place on or from the head.
    pub(crate) async fn take_up(
        self: &Arc<Self>,
        live: &Arc<LiveGroup>,
        find: impl Fn(&Model) -> Result<MemberId, Refusal> + Send,
        position: Option<Position>,
        outlet: &Arc<Outlet>,
        wire: &'static dyn Wire,
    ) -> Result<Resumed, Refusal> {
        find(&live.model())?;
        leaving::see_off_the_left_behind(self, live).await;
        let (member, is_first) = {
            let mut model = live.model();
            let member = find(&model)?;
            (member, model.arrive(member))
        };
        let session = Session::new(Arc::clone(self), Arc::clone(live), member, outlet, Keep::Seat);
        let head = live.tail().head();
        let Position { after, epoch } = position.unwrap_or(Position { after: head, epoch: None });
        let is_reset = epoch.is_some_and(|epoch| epoch != self.epoch()) || after > head;
        let after = if is_reset { head.minus(limits::PAGE_EVENTS_MAX as u64) } else { after };
        session.attach(after.next(), wire, Own::Everything);
        live.add_reader(session.reader());
        if is_first {
            passing::note_presence(self, live, member, false);
        }
        Ok(Resumed { session, is_reset, head })
    }
}

/// Waits until who is to be refused may be told. A group that is at rest has to be loaded and one
/// that is not there has not, so the time that it took would say which it was (P4).
pub(crate) async fn hold_back(asked_at: Instant, refusal: Refusal) -> Refusal {
    let step = limits::REFUSAL_STEP;
    let steps = asked_at.elapsed().div_duration_f64(step).floor() + 1.0;
    tokio::time::sleep_until(asked_at + step.mul_f64(steps)).await;
    refusal
}

fn shown(id: Option<GroupId>) -> String {
    id.map_or_else(|| "(not a number)".to_owned(), |id| id.to_string())
}

impl Admission {
    pub(crate) fn new(hub: Arc<Hub>, live: Arc<LiveGroup>) -> Self {
        let password = live.password();
        Self { hub, live, password, origin: Origin::default() }
    }

    pub(crate) const fn live(&self) -> &Arc<LiveGroup> {
        &self.live
    }

    /// Says where whoever joins by it comes from; from the console where nothing is said.
    #[must_use]
    pub fn coming_from(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// What the group goes by.
    pub fn group_name(&self) -> GroupName {
        self.live.name()
    }

    /// The group.
    pub fn group(&self) -> GroupId {
        self.live.id
    }

    /// Becomes a member under a name. What the group commits from then on goes to the outlet, once
    /// the session releases it.
    ///
    /// # Errors
    /// [`Refusal::NameTaken`] and the like, and the admission holds for another try;
    /// [`Refusal::WrongIdOrPassword`] where the password has changed meanwhile.
    ///
    /// # Cancel safety
    /// Safe: a membership that nobody took is given up.
    pub async fn join(
        &self,
        name: Name,
        keep: Keep,
        outlet: &Arc<Outlet>,
        wire: &'static dyn Wire,
    ) -> Result<Joined, Refusal> {
        if self.live.password() != self.password {
            return Err(Refusal::WrongIdOrPassword);
        }
        let seat = match keep {
            Keep::Connection => None,
            Keep::Seat => {
                let mut entropy = [0; 32];
                self.hub.fill(&mut entropy);
                Some(SeatSecret::draw(entropy))
            }
        };
        self.enter(Entering { name, seat, account: None }, outlet, wire).await
    }

    /// Becomes a member, for as long as the connection where neither a seat nor an account holds
    /// the membership.
    pub(crate) async fn enter(
        &self,
        entering: Entering,
        outlet: &Arc<Outlet>,
        wire: &'static dyn Wire,
    ) -> Result<Joined, Refusal> {
        let Entering { name, seat, account } = entering;
        leaving::see_off_the_left_behind(&self.hub, &self.live).await;
        let is_kept = seat.is_some() || account.is_some();
        let (told, outcome) = oneshot::channel();
        // Who is kept may be here by several connections, and each is told what the others did.
        let own = if is_kept { Own::Everything } else { Own::LeftOut };
        let joining = Joining { told, outlet: Arc::clone(outlet), wire, own };
        let seat_hash = seat.as_ref().map(SeatSecret::hash);
        let origin = self.origin.clone();
        let command = Command::Join { name, seat: seat_hash, account, origin };
        self.hub.submit(&self.live, command, Answer::Joins(Box::new(joining))).await?;
        // Dropped while it waits, the session that is told of is dropped with it, and leaves.
        let (session, head) = outcome.await.map_err(|_group_gone| Refusal::GroupClosed)??;
        let keep = if is_kept { Keep::Seat } else { Keep::Connection };
        Ok(Joined { session: session.taken(keep), seat, head })
    }
}

/// Who is about to become a member, and what holds its membership.
pub(crate) struct Entering {
    pub(crate) name: Name,
    pub(crate) seat: Option<SeatSecret>,
    pub(crate) account: Option<Account>,
}
