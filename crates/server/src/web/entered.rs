//! Entered: how a group is entered by the web, and who is in it, as the one who entered is told.
//!
//! Does not know whether it is told over a WebSocket or HTTP.

use std::sync::Arc;

use conclave_core::{
    Alias, Door, Epoch, Flag, Origin, Password, Refusal, SeatSecret, Seq, Standing,
};
use conclave_doors::api::{self, Join, MemberShown};
use conclave_hub::{Admission, Hub, Joined, Membership, Resumed, Session, Source};

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
            flags: flags_of(session.membership()),
            role: session.standing().unwrap_or(Standing::Member).into(),
            members: members_shown(session.membership()),
            reset: self.is_reset,
        }
    }
}

/// What is switched on in how a group works.
fn flags_of(membership: &Membership) -> Vec<&'static str> {
    let settings = membership.settings();
    let on = Flag::ALL.into_iter().filter(|flag| settings.has(*flag));
    on.map(Flag::word).collect()
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
            role: here.standing.into(),
            muted: here.is_muted,
        })
        .collect()
}

/// Where those who come by the web come from.
pub(crate) fn origin() -> Origin {
    Origin::of_door(Door::Web)
}

/// Lets in who joins: by an invitation, or by the password. A group goes by its number, or by its
/// alias, which may need no password.
pub(crate) async fn admit(
    hub: &Arc<Hub>,
    group: &str,
    join: &Join,
    source: Source,
) -> Result<Admission, Refusal> {
    let id = api::parse_group(group);
    let password = join.password.as_deref().and_then(|typed| Password::parse(typed).ok());
    let admission = match (&join.invite, id, Alias::parse(group)) {
        (Some(token), ..) => hub.admit_invited(id, token, source).await?,
        (None, None, Some(alias)) => {
            let admitted = hub.admit_alias(&alias, password.as_ref(), source).await?;
            admitted.ok_or(Refusal::WrongIdOrPassword)?
        }
        (None, id, _) => hub.admit(id, password.as_ref(), source).await?,
    };
    Ok(admission.coming_from(origin()))
}
