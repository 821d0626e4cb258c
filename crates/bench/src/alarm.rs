//! Alarm: wakes the loop at a time to the microsecond, where a poll's timeout is rounded to the
//! millisecond.
//!
//! Does not know what is due.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

/// A timer that a poll can wait for.
#[derive(Debug)]
pub(crate) struct Alarm {
    timer: OwnedFd,
    set_for: Option<u64>,
}

impl Alarm {
    /// An alarm that is not set.
    pub(crate) fn register(registry: &Registry, token: Token) -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        registry.register(&mut SourceFd(&timer.as_raw_fd()), token, Interest::READABLE)?;
        Ok(Self { timer, set_for: None })
    }

    /// Sets it for a time; both are nanoseconds of the same clock.
    pub(crate) fn set(&mut self, now: u64, at: u64) -> io::Result<()> {
        if self.set_for == Some(at) {
            return Ok(());
        }
        let wait = Duration::from_nanos(at.saturating_sub(now).max(1));
        let no_interval = Timespec { tv_sec: 0, tv_nsec: 0 };
        let it_value = Timespec {
            tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(wait.subsec_nanos()),
        };
        // Set anew it counts from zero, so what it counted before need not be read.
        let setting = Itimerspec { it_interval: no_interval, it_value };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &setting)?;
        self.set_for = Some(at);
        Ok(())
    }
}
