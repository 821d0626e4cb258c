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
    /// Time a message stands for; `None` for no rate.
    interval: Option<Duration>,
    /// When all that was sent is worked off.
    worked_off_at: Instant,
}

impl Pace {
    /// A pace of so many messages a second; `None` for as many as come.
    pub(crate) fn new(now: Instant, rate: Option<u32>) -> Self {
        let interval = rate.map(|rate| Duration::from_secs(1) / rate.max(1));
        Self { interval, worked_off_at: now }
    }

    /// Notes a message, and tells how long to wait before it may be taken.
    pub(crate) fn note(&mut self, now: Instant) -> Duration {
        let Some(interval) = self.interval else { return Duration::ZERO };
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
        let mut pace = Pace::new(start, Some(20));
        for _ in 0..100 {
            assert_eq!(pace.note(start), Duration::ZERO);
        }
        assert_eq!(pace.note(start), Duration::from_millis(50));
        assert_eq!(pace.note(start), Duration::from_millis(100));
        let later = start + Duration::from_mins(1);
        assert_eq!(pace.note(later), Duration::ZERO, "a pause is a new burst");
    }

    #[test]
    fn without_a_rate_nobody_waits() {
        let start = Instant::now();
        let mut pace = Pace::new(start, None);
        assert!((0..10_000).all(|_| pace.note(start).is_zero()));
    }
}
