//! Pace: how many messages a second one member may send, with a burst.
//!
//! Above it nothing is refused or lost: whoever runs the connection waits, and reads it more
//! slowly meanwhile. Does not know connections.

use std::time::Duration;

use conclave_core::limits;
use tokio::time::Instant;

/// Counts messages against a rate.
#[derive(Debug)]
pub(crate) struct Pace {
    /// When all that was sent is worked off.
    worked_off_at: Instant,
}

impl Pace {
    /// Nothing was sent yet.
    pub(crate) const fn new(now: Instant) -> Self {
        Self { worked_off_at: now }
    }

    /// Notes a message, and tells how long to wait before it may be taken, at so many messages a
    /// second; `None` for as many as come.
    pub(crate) fn note(&mut self, now: Instant, rate: Option<u32>) -> Duration {
        let Some(rate) = rate else { return Duration::ZERO };
        let interval = Duration::from_secs(1) / rate.max(1);
        // A burst of so many seconds' worth is free: that much may be owed.
        let burst = Duration::from_secs(u64::from(limits::MESSAGE_BURST));
        self.worked_off_at = self.worked_off_at.max(now) + interval;
        self.worked_off_at.duration_since(now).saturating_sub(burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_five_seconds_is_free_and_then_one_waits_for_each() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        for _ in 0..100 {
            assert_eq!(pace.note(start, Some(20)), Duration::ZERO);
        }
        assert_eq!(pace.note(start, Some(20)), Duration::from_millis(50));
        assert_eq!(pace.note(start, Some(20)), Duration::from_millis(100));
        let later = start + Duration::from_mins(1);
        assert_eq!(pace.note(later, Some(20)), Duration::ZERO, "a pause is a new burst");
    }

    #[test]
    fn without_a_rate_nobody_waits() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert!((0..10_000).all(|_| pace.note(start, None).is_zero()));
    }
}
