//! The memory log.

use conclave_core::{Entry, GroupId, Timestamp};
use conclave_log::conformance::Subject;
use conclave_log::{Clock, Commits, Fault, MemoryDisk, MemoryLog};

pub(crate) struct OnMemory(pub(crate) MemoryDisk);

impl Subject for OnMemory {
    type Log = MemoryLog;

    async fn open(&mut self, clock: Clock) -> (MemoryLog, Commits) {
        MemoryLog::open(&self.0, clock)
    }

    fn fail_next(&self, fault: Fault) {
        self.0.fail_next(fault);
    }

    async fn backup(&self, _log: &MemoryLog) -> Self {
        Self(self.0.backup())
    }

    fn write_elsewhere(&self, group: GroupId, entry: Entry) -> bool {
        self.0.write_elsewhere(group, entry, Timestamp::from_ms(5)).is_some()
    }
}

mod suite {
    use super::*;

    conclave_log::conformance!(OnMemory(MemoryDisk::default()));
}
