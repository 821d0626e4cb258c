//! Telling: a batch in the making, what became of appends sorted by group.
//!
//! Does not know how a log commits. Keeps the order within each group.

use std::collections::HashMap;

use conclave_core::{Event, GroupId};

use crate::{Append, AppendFailure, Batch, GroupCommit, Ticket};

/// A batch in the making.
#[derive(Debug, Default)]
pub(crate) struct Telling {
    parts: Vec<GroupCommit>,
    committed: HashMap<GroupId, usize>,
    failed: HashMap<(GroupId, AppendFailure), usize>,
}

impl Telling {
    /// A batch of so many appends, none of which has to make room.
    pub(crate) fn of(append_count: usize) -> Self {
        let committed = HashMap::with_capacity(append_count);
        Self { parts: Vec::with_capacity(append_count), committed, failed: HashMap::new() }
    }

    /// Tells of an event that is durable.
    pub(crate) fn commit(&mut self, group: GroupId, event: Event, ticket: Option<Ticket>) {
        let index = *self.committed.entry(group).or_insert(self.parts.len());
        match self.parts.get_mut(index) {
            Some(GroupCommit::Committed { events, tickets, .. }) => {
                events.push(event);
                tickets.push(ticket);
            }
            _ => self.parts.push(GroupCommit::Committed {
                group,
                events: vec![event],
                tickets: vec![ticket],
            }),
        }
    }

    /// Tells of an append that did not land.
    pub(crate) fn fail(&mut self, group: GroupId, ticket: Ticket, failure: AppendFailure) {
        let index = *self.failed.entry((group, failure)).or_insert(self.parts.len());
        match self.parts.get_mut(index) {
            Some(GroupCommit::Failed { tickets, .. }) => tickets.push(ticket),
            _ => self.parts.push(GroupCommit::Failed { group, tickets: vec![ticket], failure }),
        }
    }

    /// Tells of appends that did not land, all for one reason.
    pub(crate) fn fail_all(
        &mut self,
        appends: impl IntoIterator<Item = Append>,
        failure: AppendFailure,
    ) {
        for append in appends {
            self.fail(append.group, append.ticket, failure);
        }
    }

    /// The batch.
    pub(crate) fn into_batch(self) -> Batch {
        Batch { groups: self.parts }
    }
}
