//! Done: how something ended that a socket had under way; and entering a group, which is one.
//!
//! Does not know frames: answers are made by whoever runs the socket.

use std::sync::Arc;

use bytes::Bytes;
use conclave_core::{Epoch, GroupId, MemberId, Refusal, SeatSecret, Seq};
use conclave_doors::api::{self, MemberShown, Reference, RoleShown};
use conclave_hub::{Hub, Joined, Membership, Outlet, Resumed, Session};

/// How something ended.
pub(super) enum Done {
    /// A message landed or not.
    Said(Option<Bytes>),
    /// Something slow.
    Slow(Option<Bytes>),
    /// A group was left.
    Left {
        /// Which.
        group: GroupId,
        /// The answer.
        answer: Option<Bytes>,
    },
    /// A group was entered or not.
    Entered {
        /// Which, where it was known before.
        group: Option<GroupId>,
        /// The mark of what was asked.
        reference: Option<Reference>,
        /// The session, held until its answer was put.
        entered: Result<Entered, Refusal>,
    },
}

/// A group that was entered.
pub(super) struct Entered {
    pub(super) session: Session,
    seat: Option<SeatSecret>,
    head: Seq,
    is_reset: bool,
}

impl From<Joined> for Entered {
    fn from(joined: Joined) -> Self {
        let Joined { session, seat, head } = joined;
        Self { session, seat, head, is_reset: false }
    }
}

impl From<Resumed> for Entered {
    fn from(resumed: Resumed) -> Self {
        let Resumed { session, is_reset, head } = resumed;
        Self { session, seat: None, head, is_reset }
    }
}

impl Entered {
    /// As the one who entered is told.
    pub(super) fn shown(&self, epoch: Epoch) -> api::Entered {
        let (session, name) = (&self.session, self.session.group_name());
        api::Entered {
            group: name.id.to_string(),
            name: session.name().map(|name| name.to_string()).unwrap_or_default(),
            seat: self.seat.as_ref().map(SeatSecret::render),
            head: self.head.0,
            epoch: epoch.to_string(),
            topic: session.topic().as_str().to_owned(),
            alias: name.alias.map(|alias| alias.to_string()),
            role: role_of(session.member()),
            members: members_shown(session.membership()),
            reset: self.is_reset,
        }
    }
}

/// What is needed to enter a group.
pub(super) struct Entering {
    pub(super) hub: Arc<Hub>,
    pub(super) outlet: Arc<Outlet>,
    pub(super) group: Option<GroupId>,
    pub(super) reference: Option<Reference>,
}

impl Entering {
    /// Enters by those steps, or ends with the refusal that they met.
    pub(super) async fn run<S>(self, steps: S) -> Done
    where
        S: AsyncFnOnce(&Arc<Hub>, &Arc<Outlet>) -> Result<Entered, Refusal>,
    {
        let entered = steps(&self.hub, &self.outlet).await;
        Done::Entered { group: self.group, reference: self.reference, entered }
    }
}

/// The members of a group as one of them is told.
pub(super) fn members_shown(membership: &Membership) -> Vec<MemberShown> {
    let you = membership.member();
    let members = membership.members().into_iter();
    members
        .map(|here| MemberShown {
            name: here.name.to_string(),
            here: here.is_here,
            you: here.member == you,
            role: role_of(here.member),
        })
        .collect()
}

/// What a member may do beyond what all may.
const fn role_of(member: MemberId) -> RoleShown {
    // Member 1 made the group.
    if member.0 == 1 { RoleShown::Owner } else { RoleShown::Member }
}
