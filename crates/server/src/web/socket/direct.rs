//! Direct: what one member tells another over a WebSocket, and reads of it.
//!
//! Does not know how it reaches the other: that is the hub's.

use conclave_core::{Name, Refusal};
use conclave_doors::api::{self, Problem, Reference, Side};
use conclave_hub::{Direct, DirectListed, Membership};

use super::done::Done;
use super::slow::slow;
use super::{UnderWay, answer};

/// The direct conversation with the member of that name.
pub(super) fn direct_with(
    membership: &Membership,
    name: &str,
) -> Result<impl Future<Output = Result<Direct, Refusal>> + Send + use<>, Problem> {
    let name = Name::parse(name)?;
    let with = membership.find(&name).ok_or(Refusal::NobodyOfThatName)?;
    let membership = membership.clone();
    Ok(async move { membership.direct(with).await })
}

/// Gives a page of the direct conversation with the member of that name.
pub(super) fn direct_history(
    reference: Option<Reference>,
    membership: &Membership,
    with: &str,
    page: api::Page,
) -> Result<UnderWay, Problem> {
    let (side, count) = page.parse()?;
    let direct = direct_with(membership, with)?;
    Ok(slow(reference, async move {
        let direct = direct.await?;
        match side {
            Side::Before(before) => direct.events_before(before, count).await,
            Side::After(after) => direct.events_after(after, count).await,
        }
    }))
}

/// Tells with whom a member has direct conversations.
pub(super) fn list_directs(reference: Option<Reference>, membership: Membership) -> UnderWay {
    Box::pin(async move {
        let listed = membership.directs().await;
        let shown = listed.map(|listed| directs_shown(&listed));
        let shown = shown.map_err(|refusal| Problem::Refused(refusal).shown());
        Done::Slow(answer(reference, shown))
    })
}

fn directs_shown(listed: &[DirectListed]) -> api::Directs {
    let shown = listed.iter().map(|direct| api::DirectListed {
        with: direct.with.to_string(),
        head: direct.head.0,
        at: direct.last_at.render_rfc3339(),
    });
    api::Directs { directs: shown.collect() }
}
