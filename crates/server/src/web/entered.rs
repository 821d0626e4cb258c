//! Entered: a group that was entered, and who is in it, as the one who entered is told.
//!
//! Does not know whether it is told over a WebSocket or HTTP.

use conclave_core::{Epoch, MemberId, SeatSecret, Seq};
use conclave_doors::api::{self, MemberShown, RoleShown};
use conclave_hub::{Joined, Membership, Resumed, Session};

/// A group that was entered.
pub(crate) struct Entered {
    pub(crate) session: Session,
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
    pub(crate) fn shown(&self, epoch: Epoch) -> api::Entered {
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

/// The members of a group as one of them is told.
pub(crate) fn members_shown(membership: &Membership) -> Vec<MemberShown> {
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
