//! Run: a load from the first connection to the last message, and what was measured on the way.
//!
//! Latency counts from when a message was due and not from when it could be sent, so that a server
//! that stands still is not measured by the messages it has kept from being sent.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::clock::nanos;
use crate::driver::Driver;
use crate::enter;
use crate::limits;
use crate::load::{Load, Pace};
use crate::process::Process;
use crate::report::Report;
use crate::speaker::Protocol;

/// Files that the tool has open beside its connections.
const OTHER_FILES: u64 = 64;

/// Puts a load on a server.
pub(crate) fn put(
    load: &Load,
    server: SocketAddr,
    protocol: Protocol,
    process: Option<Process>,
) -> anyhow::Result<Report> {
    raise_file_limit(load)?;
    let driver = Driver::new(*load, server, protocol)?;
    let mut run = Run { load, driver, process, peak: None, looked_at: 0, late: 0 };
    let memory_before = process.and_then(Process::memory);
    let created = enter::create(&mut run.driver, load)?;
    run.settle()?;
    let coming = run.mark();
    let joined = enter::join(&mut run.driver, load)?;
    run.settle()?;
    run.hear_announcements()?;
    let came = run.mark();
    let announced = run.driver.hearing.heard_at.saturating_sub(coming.at);
    let memory_inside = process.and_then(Process::memory);
    let measured = match load.pace {
        Pace::Rate(rate) => run.keep_rate(rate),
        Pace::Window(window) => run.keep_window(window),
        Pace::Quiet => run.keep_quiet(),
    }?;
    let memory_after = process.and_then(Process::memory);
    if load.pace == Pace::Quiet {
        run.greet();
    }
    run.drain()?;
    let mut report = Report::of(load);
    let end = if load.pace == Pace::Quiet { measured.end } else { run.mark() };
    report.note_deliveries(&measured.start, &end, run.driver.hearing.delivered_at);
    report.note_entering(&coming, &came, joined.took, announced);
    report.retries = created.retries + joined.retries;
    // What is doubled comes last.
    run.settle()?;
    report.note_hearing(&run.driver);
    report.note_memory(memory_before, memory_inside, run.peak, memory_after);
    report.late_ms = to_ms(run.late);
    Ok(report)
}

/// Has the kernel give this process as many files as the load has connections.
fn raise_file_limit(load: &Load) -> anyhow::Result<()> {
    let needed = load.shape.connections() as u64 + OTHER_FILES;
    let given = rlimit::increase_nofile_limit(needed).context("the file limit cannot be read")?;
    ensure!(
        given >= needed,
        "this process may have {given} files open, and the load needs {needed}: raise the limit \
         (`ulimit -Hn`), or ask for fewer --groups or --members"
    );
    Ok(())
}

pub(crate) fn to_ms(nanos: u64) -> f64 {
    Duration::from_nanos(nanos).as_secs_f64() * 1_000.0
}

/// Where things stood at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) at: u64,
    pub(crate) cpu: Option<Duration>,
    pub(crate) own_cpu: Option<Duration>,
    pub(crate) sent: u64,
    pub(crate) delivered: u64,
}

/// The time in which a load was measured.
struct Measured {
    start: Mark,
    end: Mark,
}

struct Run<'load> {
    load: &'load Load,
    driver: Driver,
    process: Option<Process>,
    /// Most memory that was seen.
    peak: Option<u64>,
    looked_at: u64,
    /// How late the tool itself was at the worst.
    late: u64,
}

impl Run<'_> {
    fn mark(&self) -> Mark {
        Mark {
            at: self.driver.clock.now(),
            cpu: self.process.and_then(Process::cpu),
            own_cpu: Process::own().cpu(),
            sent: self.driver.hearing.ledger.sent(),
            delivered: self.driver.hearing.ledger.delivered(),
        }
    }

    /// Waits until nothing is heard any more.
    fn settle(&mut self) -> anyhow::Result<()> {
        let started = self.driver.clock.now();
        loop {
            let now = self.driver.clock.now();
            let heard_at = self.driver.hearing.heard_at.max(started);
            if now - heard_at >= from_seconds(self.load.settle_seconds)
                || now - started >= nanos(limits::QUIET_WITHIN)
            {
                return Ok(());
            }
            self.driver.turn(Some(heard_at + from_seconds(self.load.settle_seconds)))?;
        }
    }

    /// Waits until all have heard of all who came after them, where the server tells of them at
    /// all: what is still on its way would be measured.
    fn hear_announcements(&mut self) -> anyhow::Result<()> {
        let started = self.driver.clock.now();
        let (groups, members) = (self.load.shape.groups, self.load.shape.members);
        let awaited = u64::from(groups) * u64::from(members) * u64::from(members - 1) / 2;
        while (1..awaited).contains(&self.driver.hearing.notices) {
            let heard_at = self.driver.hearing.heard_at.max(started);
            if self.driver.clock.now() - heard_at >= from_seconds(self.load.patience_seconds) {
                break;
            }
            self.driver.turn(None)?;
        }
        Ok(())
    }

    /// Begins to measure: from here on latencies count, and the slow member does not read.
    fn begin(&mut self) -> Mark {
        let mark = self.mark();
        self.driver.hearing.measured_from = mark.at;
        let staller = self.load.staller().and_then(|staller| self.driver.links.get_mut(staller));
        if let Some(link) = staller {
            link.is_stalled = true;
        }
        mark
    }

    /// What is to be done from time to time while a load is measured.
    fn look(&mut self, start: &Mark) {
        let now = self.driver.clock.now();
        if now - start.at >= from_seconds(self.load.stall_seconds) {
            self.wake_staller();
        }
        if now - self.looked_at >= nanos(limits::LOOK_EVERY) {
            self.looked_at = now;
            self.peak = self.peak.max(self.process.and_then(Process::memory));
        }
    }

    fn wake_staller(&mut self) {
        let Some(staller) = self.load.staller() else { return };
        if self.driver.links.get(staller).is_some_and(|link| link.is_stalled) {
            self.driver.wake(staller);
        }
    }

    /// Sends at a rate, whatever comes of it.
    fn keep_rate(&mut self, rate: f64) -> anyhow::Result<Measured> {
        let started = self.driver.clock.now();
        let warm_at = started + from_seconds(self.load.warm_up_seconds);
        let end_at = warm_at + from_seconds(self.load.seconds);
        let mut schedule = Schedule { started, interval: 1e9 / rate, next: 0 };
        let mut begun = None;
        loop {
            let now = self.driver.clock.now();
            if begun.is_none() && now >= warm_at {
                begun = Some(self.begin());
            }
            if now >= end_at {
                break;
            }
            if let Some(start) = &begun {
                self.look(start);
            }
            while schedule.due() <= now.min(end_at) {
                let due = schedule.due();
                self.late = self.late.max(now - due);
                let (group, sender) = self.turn_of(schedule.next);
                self.driver.say(group, sender, due);
                schedule.next += 1;
            }
            let wake_at =
                if begun.is_none() { warm_at.min(schedule.due()) } else { schedule.due() };
            self.driver.turn(Some(wake_at.min(end_at)))?;
        }
        self.finish(begun)
    }

    /// Whose message is the next: groups take turns, and so do the senders of each.
    #[expect(clippy::cast_possible_truncation, reason = "remainders of numbers that are 32 bits")]
    const fn turn_of(&self, number: u64) -> (u32, u32) {
        let groups = self.load.shape.groups as u64;
        let senders = self.load.shape.senders as u64;
        ((number % groups) as u32, (number / groups % senders) as u32)
    }

    /// Has each sender be as far ahead of its slowest reader as it may.
    fn keep_window(&mut self, window: u32) -> anyhow::Result<Measured> {
        let shape = self.load.shape;
        let warm_at = self.driver.clock.now() + from_seconds(self.load.warm_up_seconds);
        let end_at = warm_at + from_seconds(self.load.seconds);
        let everybody = (0..shape.groups).flat_map(|group| {
            (0..shape.senders).map(move |sender| shape.connection(group, sender))
        });
        self.driver.hearing.relieved = everybody.collect();
        let mut begun = None;
        loop {
            let now = self.driver.clock.now();
            if begun.is_none() && now >= warm_at {
                begun = Some(self.begin());
            }
            if now >= end_at {
                break;
            }
            if let Some(start) = &begun {
                self.look(start);
            }
            for connection in std::mem::take(&mut self.driver.hearing.relieved) {
                let (group, sender) = shape.place(connection);
                while self.driver.hearing.ledger.ahead(group, sender) < window as usize {
                    self.driver.say(group, sender, now);
                }
            }
            self.driver.turn(None)?;
        }
        self.finish(begun)
    }

    /// Says nothing.
    fn keep_quiet(&mut self) -> anyhow::Result<Measured> {
        let start = self.begin();
        let end_at = start.at + from_seconds(self.load.seconds);
        while self.driver.clock.now() < end_at {
            self.look(&start);
            self.driver.turn(Some(end_at))?;
        }
        self.finish(Some(start))
    }

    fn finish(&mut self, begun: Option<Mark>) -> anyhow::Result<Measured> {
        let start = begun.context("the load ended before it was measured")?;
        while self.driver.clock.now() - start.at < from_seconds(self.load.stall_seconds) {
            self.driver.turn(None)?;
            self.look(&start);
        }
        self.wake_staller();
        Ok(Measured { start, end: self.mark() })
    }

    /// One message to each group, to see that all are there.
    fn greet(&mut self) {
        for group in 0..self.load.shape.groups {
            let now = self.driver.clock.now();
            self.driver.say(group, 0, now);
        }
    }

    /// Waits for what has not come, until it is lost.
    fn drain(&mut self) -> anyhow::Result<()> {
        let started = self.driver.clock.now();
        while !self.driver.hearing.ledger.is_complete() {
            let heard_at = self.driver.hearing.delivered_at.max(started);
            if self.driver.clock.now() - heard_at >= from_seconds(self.load.patience_seconds) {
                break;
            }
            self.driver.turn(None)?;
        }
        Ok(())
    }
}

/// When messages are due.
struct Schedule {
    started: u64,
    /// Nanoseconds between two messages.
    interval: f64,
    next: u64,
}

impl Schedule {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "an hour of nanoseconds is far below 2^53"
    )]
    fn due(&self) -> u64 {
        let after = (self.next as f64 * self.interval) as u64;
        let tick = nanos(limits::TICK);
        let is_faster = self.interval < tick as f64;
        self.started + if is_faster { after / tick * tick } else { after }
    }
}

fn from_seconds(seconds: f64) -> u64 {
    nanos(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_due_at_their_rate_and_fast_ones_together() {
        let dues = |rate: f64| -> Vec<u64> {
            let schedule = |next| Schedule { started: 7, interval: 1e9 / rate, next };
            (0..5).map(|next| schedule(next).due() - 7).collect()
        };
        assert_eq!(dues(20.0), [0, 50_000_000, 100_000_000, 150_000_000, 200_000_000]);
        assert_eq!(dues(2_000.0), [0, 0, 1_000_000, 1_000_000, 2_000_000]);
    }
}
