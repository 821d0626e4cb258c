//! Clock: the one place where the time of day is read.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use conclave_server::{Clock, Timestamp};

/// The system's clock. A clock before 1970 reads as 1970.
pub(crate) fn system() -> Clock {
    Arc::new(|| {
        #[expect(clippy::disallowed_methods, reason = "the clock of the whole program")]
        let now = SystemTime::now();
        let elapsed = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_ms(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
    })
}
