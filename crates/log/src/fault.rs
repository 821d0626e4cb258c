//! Faults: what a test makes a log's next commits meet.
//!
//! Does not know how a log commits. A log asks for a fault once a commit that has appends in it,
//! so a fault that was asked for waits for the next of those.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What one commit meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The disk is full: its appends end as not saved, and the log goes on.
    Full,
    /// The process ends before anything of it is written: its appends end as unknown, the log as
    /// stopped.
    CrashBefore,
    /// The process ends after it was written and before anybody was told: its appends end as
    /// unknown, the log as stopped, and whoever opens it again finds them.
    CrashAfter,
    /// The disk takes this long.
    Slow(Duration),
}

/// The faults that the next commits of a log meet, one each. Shared when cloned; none in service.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<VecDeque<Fault>>>);

impl Faults {
    /// Has a commit meet this fault: the next one, or the one after those that meet one already.
    pub fn fail_next(&self, fault: Fault) {
        self.lock().push_back(fault);
    }

    /// The fault of the commit that starts now, if it is not one of being slow.
    pub(crate) fn take(&self) -> Option<Fault> {
        self.lock().pop_front_if(|fault| !matches!(fault, Fault::Slow(_)))
    }

    /// How long the commit that starts now takes, if it is slow.
    pub(crate) fn take_slowness(&self) -> Option<Duration> {
        let mut faults = self.lock();
        let Some(Fault::Slow(time)) = faults.front().copied() else { return None };
        faults.pop_front();
        Some(time)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
