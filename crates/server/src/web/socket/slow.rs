//! Slow: what takes long, so that it goes on beside what comes after it: passwords, pages of the log,
//! and what waits for it.
//!
//! Does not know when it is begun, nor what becomes of its end.

use std::future::pending;
use std::panic::resume_unwind;
use std::sync::Arc;

use conclave_core::{Epoch, Event, GroupId, Name, Refusal, Seq};
use conclave_doors::api::{self, Nothing, Op, Problem, Reference, Side};
use conclave_hub::{Keep, Position, Source};
use tokio::task::JoinError;
use tokio_util::task::AbortOnDropHandle;

use super::direct::{direct_history, list_directs};
use super::done::{Done, Entering};
use super::{Socket, UnderWay, answer};
use crate::web::{entered, moderate};
use crate::wires::WEB;

impl Socket {
    /// Begins what takes long.
    pub(super) fn begin_slow(
        &mut self,
        reference: Option<Reference>,
        group: Option<GroupId>,
        op: Op,
    ) -> Result<(), Problem> {
        let under_way: UnderWay = match op {
            op @ (Op::Create(_) | Op::Join { .. } | Op::Resume { .. }) => {
                self.begin_entering(reference, group, op)?
            }
            Op::History { page, .. } => {
                let (side, count) = page.parse()?;
                let membership = self.session(group)?.membership().clone();
                slow(reference, async move {
                    let events = match side {
                        Side::Before(before) => membership.events_before(before, count).await?,
                        Side::After(after) => membership.events_after(after, count).await?,
                    };
                    Ok(events)
                })
            }
            Op::DirectHistory { with, page, .. } => {
                direct_history(reference, self.session(group)?.membership(), &with, page)?
            }
            Op::Directs { .. } => {
                list_directs(reference, self.session(group)?.membership().clone())
            }
            Op::Rename { name, .. } => {
                let name = Name::parse(&name)?;
                let membership = self.session(group)?.membership().clone();
                slow_nothing(reference, async move { membership.rename(name).await })
            }
            Op::Topic { text, .. } => {
                let topic = api::parse_topic(&text)?;
                let membership = self.session(group)?.membership().clone();
                slow_nothing(reference, async move { membership.set_topic(topic).await })
            }
            Op::Moderate { r#do, name, text, .. } => {
                let doing = moderate::parse(r#do, name.as_deref(), text.as_deref())?;
                let membership = self.session(group)?.membership().clone();
                slow_nothing(
                    reference,
                    async move { moderate::carry_out(&membership, doing).await },
                )
            }
            // Not slow.
            Op::Send { .. }
            | Op::Direct { .. }
            | Op::Typing { .. }
            | Op::Members { .. }
            | Op::Bans { .. }
            | Op::Invite { .. }
            | Op::Leave { .. } => return Ok(()),
        };
        self.slow_count += 1;
        self.under_way.push(apart(under_way));
        Ok(())
    }

    /// Begins entering a group.
    fn begin_entering(
        &mut self,
        reference: Option<Reference>,
        group: Option<GroupId>,
        op: Op,
    ) -> Result<UnderWay, Problem> {
        Ok(match op {
            Op::Create(create) => {
                let (name, password) = create.parse()?;
                let entering = self.entering(None, reference);
                Box::pin(entering.run(async move |hub, outlet| {
                    let admission = hub.create(&password).await?.coming_from(entered::origin());
                    Ok(admission.join(name, Keep::Seat, outlet, &WEB).await?.into())
                }))
            }
            Op::Join { group: given, join } => {
                let name = Name::parse(&join.name)?;
                let source = Source::new(self.place.address());
                let entering = self.entering(group, reference);
                Box::pin(entering.run(async move |hub, outlet| {
                    let admission = entered::admit(hub, &given, &join, source).await?;
                    Ok(admission.join(name, Keep::Seat, outlet, &WEB).await?.into())
                }))
            }
            Op::Resume { group: given, seat, after, epoch } => {
                let (group, seat) = api::parse_seat(&given, &seat)?;
                let epoch = epoch.as_deref().map(api::parse_epoch);
                let position = Position {
                    after: Seq(after),
                    // What is no epoch fits none.
                    epoch: epoch
                        .map(|epoch| epoch.unwrap_or_else(|| not(self.context.hub.epoch()))),
                };
                let entering = self.entering(Some(group), reference);
                Box::pin(entering.run(async move |hub, outlet| {
                    Ok(hub.resume(group, &seat, position, outlet, &WEB).await?.into())
                }))
            }
            // What enters nothing.
            _ => Box::pin(std::future::ready(Done::Slow(None))),
        })
    }

    /// What is needed to enter a group beside everything else.
    fn entering(&mut self, group: Option<GroupId>, reference: Option<Reference>) -> Entering {
        self.in_between.extend(group);
        let (hub, outlet) = (Arc::clone(&self.context.hub), Arc::clone(&self.outlet));
        Entering { hub, outlet, group, reference }
    }
}

/// Whether something takes long: passwords, pages of events, and what waits for the log.
pub(super) const fn is_slow(op: &Op) -> bool {
    !matches!(
        op,
        Op::Send { .. }
            | Op::Direct { .. }
            | Op::Typing { .. }
            | Op::Members { .. }
            | Op::Bans { .. }
            | Op::Invite { .. }
            | Op::Leave { .. }
    )
}

/// Has something go on in a task of its own, which ends where it is let go. While a socket takes in
/// what came it drives nothing else, and what waits in the hub may have a turn there that others wait
/// for: what is taken in, too, and then neither would go on.
pub(super) fn apart(work: impl Future<Output = Done> + Send + 'static) -> UnderWay {
    #[expect(clippy::disallowed_methods, reason = "let go with the socket, which is waited for")]
    let task = AbortOnDropHandle::new(tokio::spawn(work));
    Box::pin(async move {
        match task.await.map_err(JoinError::try_into_panic) {
            Ok(done) => done,
            Err(Ok(panic)) => resume_unwind(panic),
            // The runtime ends, and this with it.
            Err(Err(_cancelled)) => pending().await,
        }
    })
}

/// Something slow that gives a page of events.
pub(super) fn slow(
    reference: Option<Reference>,
    work: impl Future<Output = Result<Vec<Event>, Refusal>> + Send + 'static,
) -> UnderWay {
    Box::pin(async move {
        let came = work.await;
        let shown = came.as_deref().map(api::Events::new);
        let shown = shown.map_err(|refusal| Problem::Refused(*refusal).shown());
        Done::Slow(answer(reference, shown))
    })
}

/// Something slow of which there is nothing to tell but that it was done.
fn slow_nothing(
    reference: Option<Reference>,
    work: impl Future<Output = Result<(), Refusal>> + Send + 'static,
) -> UnderWay {
    Box::pin(async move {
        let came = work.await;
        let shown = came.map(|()| Nothing {}).map_err(|refusal| Problem::from(refusal).shown());
        Done::Slow(answer(reference, shown))
    })
}

/// An epoch that is not that one.
const fn not(epoch: Epoch) -> Epoch {
    Epoch(!epoch.0)
}
