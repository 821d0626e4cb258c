//! Directory: which groups are alive.
//!
//! A group comes to life when somebody asks for it, and goes when nobody holds it. The directory
//! holds each once; whoever uses a group holds it as well. Does not know what a group is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conclave_core::GroupId;
use conclave_log::{Log, LogError};
use tokio::sync::OnceCell;

use crate::live_group::LiveGroup;

/// The groups that are alive.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    places: Mutex<HashMap<GroupId, Arc<Place>>>,
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
        let place = Arc::clone(self.lock().entry(id).or_default());
        let loaded: Result<_, Option<LogError>> = place
            .get_or_try_init(|| async {
                let stored = log.load(id).await.map_err(Some)?.ok_or(None)?;
                Ok(Arc::new(LiveGroup::new(id, stored)))
            })
            .await;
        match loaded {
            Ok(live) => Ok(Some(Arc::clone(live))),
            Err(error) => {
                let mut places = self.lock();
                // Ours and the map's: nobody else waits for it.
                if places
                    .get(&id)
                    .is_some_and(|other| Arc::ptr_eq(other, &place) && !other.initialized())
                    && Arc::strong_count(&place) <= 2
                {
                    places.remove(&id);
                }
                error.map_or(Ok(None), Err)
            }
        }
    }

    /// All groups that are alive.
    pub(crate) fn all(&self) -> Vec<Arc<LiveGroup>> {
        self.lock().values().filter_map(|place| place.get().cloned()).collect()
    }

    /// How many groups are alive.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Takes a group out that has ended.
    pub(crate) fn remove(&self, live: &Arc<LiveGroup>) {
        let mut places = self.lock();
        let is_same = places
            .get(&live.id)
            .and_then(|place| place.get())
            .is_some_and(|other| Arc::ptr_eq(other, live));
        if is_same {
            places.remove(&live.id);
        }
    }

    /// Takes out a group that nobody but the caller and the directory holds; `let_go` is run
    /// before anyone can load it again. `false` where somebody holds it.
    pub(crate) fn retire(&self, live: &Arc<LiveGroup>, let_go: impl FnOnce()) -> bool {
        let mut places = self.lock();
        let Some(place) = places.get(&live.id) else { return false };
        let is_held = Arc::strong_count(place) > 1
            || !place.get().is_some_and(|other| Arc::ptr_eq(other, live))
            || Arc::strong_count(live) > 2;
        if !is_held {
            let_go();
            places.remove(&live.id);
        }
        !is_held
    }
}
