//! Alarm: when a connection is to look at the time although nothing comes.
//!
//! Times only: does not know who is stirred, nor how. The alarms of all connections are one sorted
//! set, so that an idle one takes 16 bytes and not a timer of its own. Bounded by the number of
//! connections: each has one alarm at the most.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

/// The alarms that are set.
#[derive(Debug)]
pub(crate) struct Alarms {
    began_at: Instant,
    /// When each rings, and whose it is.
    set: BTreeSet<(Tick, u64)>,
}

/// One connection's alarm.
#[derive(Debug, Default)]
pub(crate) struct Alarm(Option<Instant>);

/// A time in thousandths of a second since the alarms began: the exactness of a timer.
type Tick = u64;

impl Alarm {
    /// Whether it is set, or was when it rang.
    pub(crate) const fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// Whether it has to be set anew for the connection to be stirred by the time it wants.
    pub(crate) fn is_to_be_set(&self, wanted: Option<Instant>, now: Instant) -> bool {
        match (self.0, wanted) {
            (None, None) => false,
            // Rung already, or as good as rung.
            (Some(rings_at), Some(_)) if rings_at <= now => true,
            (Some(rings_at), Some(wanted)) => rings_at > wanted,
            (Some(_), None) | (None, Some(_)) => true,
        }
    }
}

impl Alarms {
    /// None are set.
    pub(crate) const fn new(began_at: Instant) -> Self {
        Self { began_at, set: BTreeSet::new() }
    }

    /// Sets a connection's alarm, or takes it away. Whether it rings before all others now.
    pub(crate) fn set(&mut self, number: u64, alarm: &mut Alarm, at: Option<Instant>) -> bool {
        if let Some(rings_at) = alarm.0.take() {
            self.set.remove(&(self.tick_of(rings_at), number));
        }
        let Some(at) = at else { return false };
        alarm.0 = Some(at);
        self.set.insert((self.tick_of(at), number));
        self.set.first().is_some_and(|(_, first)| *first == number)
    }

    /// When the next rings.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        let (tick, _) = self.set.first()?;
        Some(self.began_at + Duration::from_millis(*tick))
    }

    /// Takes away those that ring, and tells whose they are.
    pub(crate) fn take_due(&mut self, now: Instant) -> Vec<u64> {
        let mut due = Vec::new();
        while let Some((tick, number)) = self.set.first().copied()
            && self.began_at + Duration::from_millis(tick) <= now
        {
            self.set.pop_first();
            due.push(number);
        }
        due
    }

    /// Rounded up: who is stirred must find that it is late.
    fn tick_of(&self, at: Instant) -> Tick {
        let since = at.duration_since(self.began_at).as_nanos().div_ceil(1_000_000);
        Tick::try_from(since).unwrap_or(Tick::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_that_is_put_off_stays_and_one_that_is_brought_forward_is_set_anew() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut alarms = Alarms::new(start);
        let mut alarm = Alarm::default();
        assert!(!alarm.is_to_be_set(None, start));
        assert!(alarm.is_to_be_set(Some(after(60)), start));
        alarms.set(1, &mut alarm, Some(after(60)));
        assert!(!alarm.is_to_be_set(Some(after(90)), start), "put off");
        assert!(alarm.is_to_be_set(Some(after(30)), start), "brought forward");
        assert!(alarm.is_to_be_set(Some(after(90)), after(60)), "rung");
        assert!(alarm.is_to_be_set(None, start), "not needed any more");
        alarms.set(1, &mut alarm, None);
        assert!(!alarm.is_set() && alarms.set.is_empty());
    }

    #[test]
    fn alarms_ring_in_their_order_and_once() {
        let start = Instant::now();
        let after = |ms: u64| start + Duration::from_micros(ms * 1_000 - 1);
        let mut alarms = Alarms::new(start);
        let mut all: Vec<_> = (0..4).map(|_| Alarm::default()).collect();
        for (number, (alarm, ms)) in all.iter_mut().zip([30, 10, 20, 40]).enumerate() {
            let is_first = alarms.set(number as u64, alarm, Some(after(ms)));
            assert_eq!(is_first, number < 2, "{number}");
        }
        assert_eq!(alarms.next_at(), Some(start + Duration::from_millis(10)));
        assert!(alarms.take_due(after(10)).is_empty(), "rounded up");
        assert_eq!(alarms.take_due(start + Duration::from_millis(30)), [1, 2, 0]);
        alarms.set(3, &mut all[3], Some(after(90)));
        assert_eq!(alarms.set.len(), 1, "brought to another time, it does not ring at the old one");
    }
}
