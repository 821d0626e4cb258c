//! Directory: which groups are alive.
//!
//! A group comes to life when somebody asks for it, and goes when nobody holds it. The directory
//! holds each once; whoever uses a group holds it as well. Does not know what a group is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conclave_core::{GroupId, Pair};
use conclave_log::{Log, LogError};
use tokio::sync::OnceCell;

use crate::live_group::LiveGroup;

/// The groups that are alive.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    places: Mutex<HashMap<GroupId, Arc<Place>>>,
    /// The numbers of the direct conversations that are alive, by whose they are, so that the log is
    /// not asked for each message.
    directs: Mutex<HashMap<Pair, GroupId>>,
}

/// A group that is alive, or is being loaded by whoever came first.
type Place = OnceCell<Arc<LiveGroup>>;

impl Directory {
    fn lock(&self) -> MutexGuard<'_, HashMap<GroupId, Arc<Place>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The group, if it is alive.
    pub(crate) fn find(&self, id: GroupId) -> Option<Arc<LiveGroup>> {
        self.lock().get(&id)?.get().cloned()
    }

    /// The group, brought to life where it was not; nothing where there is none.
    pub(crate) async fn load(
        &self,
        log: &dyn Log,
        id: GroupId,
    ) -> Result<Option<Arc<LiveGroup>>, LogError> {
        let attempt = Attempt::new(self, id);
        let loaded: Result<_, Option<LogError>> = attempt
            .place
            .get_or_try_init(|| async {
                let stored = log.load(id).await.map_err(Some)?.ok_or(None)?;
                Ok(Arc::new(LiveGroup::new(id, stored)))
            })
            .await;
        match loaded {
            Ok(live) => Ok(Some(Arc::clone(live))),
            Err(error) => error.map_or(Ok(None), Err),
        }
    }

    /// The direct conversation of a pair, if it is alive.
    pub(crate) fn find_direct(&self, pair: Pair) -> Option<Arc<LiveGroup>> {
        let id = *self.lock_directs().get(&pair)?;
        self.find(id).filter(|live| !live.has_ended())
    }

    /// Notes whose conversation a live group is.
    pub(crate) fn note_direct(&self, pair: Pair, live: &LiveGroup) {
        self.lock_directs().insert(pair, live.id);
    }

    /// Lets go of what was noted of a group that is alive no more.
    fn forget_direct(&self, live: &LiveGroup) {
        if let Some(two) = &live.two {
            self.lock_directs().remove(&two.pair);
        }
    }

    fn lock_directs(&self) -> MutexGuard<'_, HashMap<Pair, GroupId>> {
        self.directs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All groups that are alive.
    pub(crate) fn all(&self) -> Vec<Arc<LiveGroup>> {
        self.lock().values().filter_map(|place| place.get().cloned()).collect()
    }

    /// How many groups are alive.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Takes a group out that has ended; `let_go` is run before anyone can load it again.
    pub(crate) fn remove(&self, live: &LiveGroup, let_go: impl FnOnce()) {
        let mut places = self.lock();
        if places.get(&live.id).is_some_and(|place| holds(place, live)) {
            let_go();
            places.remove(&live.id);
            self.forget_direct(live);
        }
    }

    /// Takes out a group that nobody but the caller and the directory holds, and of which nothing
    /// is under way; `let_go` is run before anyone can load it again.
    pub(crate) fn retire(&self, live: &Arc<LiveGroup>, let_go: impl FnOnce()) {
        let mut places = self.lock();
        let Some(place) = places.get(&live.id) else { return };
        // Nobody comes to hold it while this lock is held: it is found here or from a holder.
        let is_held = Arc::strong_count(place) > 1 || Arc::strong_count(live) > 2;
        if !is_held && holds(place, live) && live.model().in_flight.is_empty() {
            let_go();
            places.remove(&live.id);
            self.forget_direct(live);
        }
    }
}

fn holds(place: &Place, live: &LiveGroup) -> bool {
    place.get().is_some_and(|other| std::ptr::eq(&raw const **other, live))
}

/// An attempt to bring a group to life. However it ends, also where its caller goes, no empty place
/// is left behind.
struct Attempt<'directory> {
    directory: &'directory Directory,
    id: GroupId,
    place: Arc<Place>,
}

impl<'directory> Attempt<'directory> {
    fn new(directory: &'directory Directory, id: GroupId) -> Self {
        let place = Arc::clone(directory.lock().entry(id).or_default());
        Self { directory, id, place }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut places = self.directory.lock();
        let ours = std::mem::take(&mut self.place);
        let is_in_place = places.get(&self.id).is_some_and(|place| Arc::ptr_eq(place, &ours));
        if is_in_place && !ours.initialized() && Arc::strong_count(&ours) == 2 {
            places.remove(&self.id);
        }
        // Under the lock, so that of two attempts the last sees that it is.
        drop(ours);
    }
}
