//! Steward: what whoever runs the server does with groups: list, show, close, open, delete, export.
//!
//! Needs no password of a group: who reaches it has the server's own authority. Does not know how
//! it is reached.

use std::sync::Arc;

use conclave_core::{Event, GroupId, Name, Refusal, Seq, Topic};
use conclave_log::{GroupOptions, Listed};

use crate::hub::{Hub, refusal_of};
use crate::live_group::LiveGroup;
use crate::model::Model;
use crate::outlet::Ended;

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
        let live = self.load(id).await?.ok_or(Refusal::GroupClosed)?;
        let mut page = self.log().read(id, from).await.map_err(|error| refusal_of(&error))?;
        live.redact(&mut page);
        Ok(page)
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
        let _turn = self.changing.lock().await;
        let Some(live) = self.load_anew(id).await? else { return Ok(false) };
        self.set_options(&live, |options| options.is_closed = true).await?;
        live.end(&Ended::Closed);
        self.bury(&live).await;
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
        let _turn = self.changing.lock().await;
        let Some(live) = self.load_anew(id).await? else { return Ok(false) };
        self.set_options(&live, |options| options.is_closed = false).await?;
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
        let _turn = self.changing.lock().await;
        match self.load_anew(id).await {
            Ok(Some(live)) => self.delete_live(&live, |_| true).await,
            Ok(None) => Ok(false),
            // What cannot be loaded is damaged, and can be deleted all the same.
            Err(_) => self.log().delete(id).await.map_err(|error| refusal_of(&error)),
        }
    }

    /// Deletes a group where its state says so; whoever calls holds `changing`. The group ends
    /// first, and stands in the way of its number until the log has nothing more of it.
    async fn delete_live(
        &self,
        live: &LiveGroup,
        is_due: impl FnOnce(&Model) -> bool,
    ) -> Result<bool, Refusal> {
        if live.has_ended() || !live.end_if(&Ended::Deleted, is_due) {
            return Ok(false);
        }
        let deleted = self.log().delete(live.id).await;
        self.bury(live).await;
        let is_deleted = deleted.map_err(|error| refusal_of(&error))?;
        if is_deleted && live.two.is_none() {
            tracing::info!(group = %live.id, "group deleted");
        }
        if live.has_directs() {
            self.bury_directs_in(live.id).await;
        }
        Ok(is_deleted)
    }

    /// Takes out the conversations that lived in a group that was deleted: the log has them no more.
    async fn bury_directs_in(&self, home: GroupId) {
        for direct in self.directory().all() {
            if direct.two.as_ref().is_some_and(|two| two.pair.home() == Some(home)) {
                direct.end(&Ended::Deleted);
                self.bury(&direct).await;
            }
        }
    }

    /// Deletes a group where its state says so.
    pub(crate) async fn delete_where(&self, live: &LiveGroup, is_due: fn(&Model) -> bool) {
        if !is_due(&live.model()) {
            return;
        }
        let _turn = self.changing.lock().await;
        if let Err(refusal) = self.delete_live(live, is_due).await {
            tracing::warn!(group = %live.id, %refusal, "an empty group could not be deleted");
        }
    }

    /// Deletes a group that is to be deleted when it is empty, where it is.
    pub(crate) async fn delete_if_empty(&self, live: &LiveGroup) {
        let is_due = |model: &Model| model.options.is_deleted_when_empty && model.is_empty();
        self.delete_where(live, is_due).await;
    }

    /// Changes what holds for a group as a whole.
    pub(crate) async fn change_options(
        &self,
        live: &LiveGroup,
        change: impl FnOnce(&mut GroupOptions) + Send,
    ) -> Result<(), Refusal> {
        let _turn = self.changing.lock().await;
        if live.has_ended() {
            return Err(Refusal::GroupClosed);
        }
        self.set_options(live, change).await
    }

    /// Changes options; whoever calls holds `changing`, so that no change undoes another.
    async fn set_options(
        &self,
        live: &LiveGroup,
        change: impl FnOnce(&mut GroupOptions) + Send,
    ) -> Result<(), Refusal> {
        let mut options = live.model().options;
        change(&mut options);
        let is_set = self.log().set_options(live.id, options).await;
        if is_set.map_err(|error| refusal_of(&error))? {
            live.model().options = options;
            Ok(())
        } else {
            Err(Refusal::GroupClosed)
        }
    }

    /// Brings a group to life, one that has not ended: what is left of a former life of its
    /// number is buried first. Whoever calls holds `changing`.
    pub(crate) async fn load_anew(&self, id: GroupId) -> Result<Option<Arc<LiveGroup>>, Refusal> {
        loop {
            match self.load(id).await? {
                Some(live) if live.has_ended() => self.bury(&live).await,
                found => return Ok(found),
            }
        }
    }

    /// Takes a group out that has ended, once nothing of it is under way any more: until then the
    /// publisher has to find it, so that whoever waits is told.
    async fn bury(&self, live: &LiveGroup) {
        live.quiet().await;
        self.directory().remove(live, || self.log().forget(live.id));
    }
}
