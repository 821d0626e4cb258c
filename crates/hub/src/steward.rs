//! Steward: what whoever runs the server does with groups: list, show, close, open, delete, export.
//!
//! Needs no password of a group: who reaches it has the server's own authority. Does not know how
//! it is reached.

use std::sync::Arc;

use conclave_core::{Event, GroupId, Name, Refusal, Seq, Topic};
use conclave_log::{GroupOptions, Listed};

use crate::hub::{Hub, refusal_of};
use crate::live_group::LiveGroup;

/// A group as it is shown to whoever runs the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupShown {
    /// What a list tells of it.
    pub listed: Listed,
    /// Its topic; empty where there is none.
    pub topic: Topic,
    /// Its members, and whether each is connected.
    pub members: Vec<(Name, bool)>,
}

impl Hub {
    /// Lists groups by rising number above `after`, at most `limit`.
    ///
    /// # Errors
    /// Where the log cannot be read.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn groups(
        &self,
        after: Option<GroupId>,
        limit: usize,
    ) -> Result<Vec<Listed>, Refusal> {
        self.log().list(after, limit).await.map_err(|error| refusal_of(&error))
    }

    /// Shows a group; nothing where there is none.
    ///
    /// # Errors
    /// Where the log cannot be read.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn show(&self, id: GroupId) -> Result<Option<GroupShown>, Refusal> {
        let Some(live) = self.load(id).await? else { return Ok(None) };
        let before = GroupId::new(id.get() - 1);
        let listed = self.groups(before, 1).await?.into_iter().find(|listed| listed.id == id);
        let Some(listed) = listed else { return Ok(None) };
        let model = live.model();
        let members = model
            .group
            .members()
            .map(|(member, state)| (state.name.clone(), model.sessions.contains_key(&member)))
            .collect();
        Ok(Some(GroupShown { listed, topic: model.group.topic().clone(), members }))
    }

    /// Reads a page of a group's log from `from` on; empty past its end.
    ///
    /// # Errors
    /// [`Refusal::GroupClosed`] where there is no such group.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn export(&self, id: GroupId, from: Seq) -> Result<Vec<Event>, Refusal> {
        self.log().read(id, from).await.map_err(|error| refusal_of(&error))
    }

    /// Closes a group: everybody in it is shown out and nobody can join; what was said stays.
    /// `false` where there is none.
    ///
    /// # Errors
    /// Where the log cannot take it.
    ///
    /// # Cancel safety
    /// It may happen.
    pub async fn close(&self, id: GroupId) -> Result<bool, Refusal> {
        let Some(live) = self.load(id).await? else { return Ok(false) };
        let options = GroupOptions { is_closed: true, ..live.model().options };
        self.set_options(&live, options).await?;
        live.end();
        self.directory().remove(&live);
        tracing::info!(group = %id, "group closed");
        Ok(true)
    }

    /// Opens a group that was closed. `false` where there is none.
    ///
    /// # Errors
    /// Where the log cannot take it.
    ///
    /// # Cancel safety
    /// It may happen.
    pub async fn open(&self, id: GroupId) -> Result<bool, Refusal> {
        let Some(live) = self.load(id).await? else { return Ok(false) };
        let options = GroupOptions { is_closed: false, ..live.model().options };
        self.set_options(&live, options).await?;
        tracing::info!(group = %id, "group opened");
        Ok(true)
    }

    /// Deletes a group and all that was said in it. `false` where there is none.
    ///
    /// # Errors
    /// Where the log cannot do it.
    ///
    /// # Cancel safety
    /// It may happen.
    pub async fn delete(&self, id: GroupId) -> Result<bool, Refusal> {
        if let Some(live) = self.directory().find(id) {
            live.end();
            self.directory().remove(&live);
        }
        let is_deleted = self.log().delete(id).await.map_err(|error| refusal_of(&error))?;
        if is_deleted {
            tracing::info!(group = %id, "group deleted");
        }
        Ok(is_deleted)
    }

    pub(crate) async fn set_options(
        &self,
        live: &LiveGroup,
        options: GroupOptions,
    ) -> Result<(), Refusal> {
        let is_set = self.log().set_options(live.id, options).await;
        if is_set.map_err(|error| refusal_of(&error))? {
            live.model().options = options;
            Ok(())
        } else {
            Err(Refusal::GroupClosed)
        }
    }

    /// Deletes a group that is to be deleted when it is empty, where it is.
    pub(crate) async fn delete_if_empty(&self, live: &Arc<LiveGroup>) {
        let is_due = {
            let model = live.model();
            model.options.is_deleted_when_empty
                && model.group.members().len() == 0
                && model.in_flight.is_empty()
        };
        if is_due && let Err(refusal) = self.delete(live.id).await {
            tracing::warn!(group = %live.id, %refusal, "an empty group could not be deleted");
        }
    }
}
