//! Report: what came of a load, for people as a table and for programs as JSON.
//!
//! Does not know how anything was measured. What could not be measured is left out.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::driver::Driver;
use crate::ledger::Faults;
use crate::load::{Load, Pace};
use crate::run::{Mark, to_ms};

/// What came of a load.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The load, by name.
    pub load: &'static str,
    /// Groups, members of each, and those of them who sent.
    pub groups: u32,
    /// Members of each group.
    pub members: u32,
    /// Those of each group who sent.
    pub senders: u32,
    /// Messages a second that were asked for.
    pub rate: Option<f64>,
    /// Messages that each sender was ahead.
    pub window: Option<u32>,
    /// Bytes of a message.
    pub payload: usize,
    /// Seconds from the first measured message to the last delivery.
    pub seconds: f64,
    /// Messages sent in that time.
    pub sent: u64,
    /// Messages delivered in that time, counted at each reader.
    pub delivered: u64,
    /// What was wrong, of all that was ever sent.
    pub faults: Faults,
    /// Members that the server disconnected.
    pub disconnected: usize,
    /// Latency from when a message was due.
    pub latency: Option<Latency>,
    /// CPU of the server in the measured time, seconds.
    pub cpu_s: Option<f64>,
    /// The same for each delivery, microseconds.
    pub cpu_us_per_delivery: Option<f64>,
    /// CPU of the load tool in that time, seconds.
    pub own_cpu_s: Option<f64>,
    /// How late the tool was at the worst in sending what was due; latencies contain it.
    pub late_ms: f64,
    /// Seconds in which all but the makers of the groups came in.
    pub entering_s: f64,
    /// Seconds until the last of them had been announced to all.
    pub announced_s: f64,
    /// CPU of the server for that, seconds.
    pub entering_cpu_s: Option<f64>,
    /// Tries to come in that were turned away.
    pub retries: u64,
    /// News of members coming and going that were heard.
    pub notices: u64,
    /// Memory of the server, where it could be seen.
    pub memory: Option<Memory>,
}

/// Milliseconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Latency {
    /// Of the middle one.
    pub p50_ms: f64,
    /// Nine in ten were as fast.
    pub p90_ms: f64,
    /// Ninety-nine in a hundred were as fast.
    pub p99_ms: f64,
    /// Of the slowest in a thousand.
    pub p999_ms: f64,
    /// Of the slowest.
    pub max_ms: f64,
}

/// Bytes of resident memory.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Memory {
    /// Before the first connection.
    pub before: u64,
    /// When all had come in.
    pub inside: u64,
    /// Most that was seen while it was measured.
    pub peak: u64,
    /// When it had been measured.
    pub after: u64,
    /// What each connection took, after the measured time.
    pub per_connection: u64,
}

impl Report {
    pub(crate) fn of(load: &Load) -> Self {
        let (rate, window) = match load.pace {
            Pace::Rate(rate) => (Some(rate), None),
            Pace::Window(window) => (None, Some(window)),
            Pace::Quiet => (None, None),
        };
        Self {
            load: load.kind.name(),
            groups: load.shape.groups,
            members: load.shape.members,
            senders: load.shape.senders,
            rate,
            window,
            payload: load.payload_length,
            ..Self::default()
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a count of deliveries is far below 2^53")]
    pub(crate) fn note_deliveries(&mut self, start: &Mark, end: &Mark, delivered_at: u64) {
        let until = if delivered_at > start.at { delivered_at } else { end.at };
        self.seconds = to_ms(until.saturating_sub(start.at)) / 1_000.0;
        self.sent = end.sent - start.sent;
        self.delivered = end.delivered - start.delivered;
        self.cpu_s = between(start.cpu, end.cpu);
        self.own_cpu_s = between(start.own_cpu, end.own_cpu);
        let delivered = self.delivered as f64;
        self.cpu_us_per_delivery =
            self.cpu_s.filter(|_| self.delivered > 0).map(|cpu| cpu * 1e6 / delivered);
    }

    pub(crate) fn note_entering(&mut self, start: &Mark, end: &Mark, took: u64, announced: u64) {
        self.entering_s = to_ms(took) / 1_000.0;
        self.announced_s = to_ms(announced.max(took)) / 1_000.0;
        self.entering_cpu_s = between(start.cpu, end.cpu);
    }

    pub(crate) fn note_hearing(&mut self, driver: &Driver) {
        let hearing = &driver.hearing;
        self.faults = hearing.ledger.faults();
        self.notices = hearing.notices;
        self.disconnected = driver.lost_count();
        let latency = &hearing.latency;
        let at = |quantile: f64| micros_to_ms(latency.value_at_quantile(quantile));
        self.latency = (!latency.is_empty()).then(|| Latency {
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: micros_to_ms(latency.max()),
        });
    }

    pub(crate) fn note_memory(
        &mut self,
        before: Option<u64>,
        inside: Option<u64>,
        peak: Option<u64>,
        after: Option<u64>,
    ) {
        let (Some(before), Some(inside), Some(after)) = (before, inside, after) else { return };
        let connections = u64::from(self.groups) * u64::from(self.members);
        let peak = peak.unwrap_or_default().max(inside).max(after);
        let per_connection = after.saturating_sub(before) / connections.max(1);
        self.memory = Some(Memory { before, inside, peak, after, per_connection });
    }

    /// Whether every message came to every reader once and in order.
    pub fn is_clean(&self) -> bool {
        self.faults.are_none() && self.disconnected == 0
    }
}

fn between(start: Option<Duration>, end: Option<Duration>) -> Option<f64> {
    Some(end?.saturating_sub(start?).as_secs_f64())
}

fn micros_to_ms(micros: u64) -> f64 {
    to_ms(micros.saturating_mul(1_000))
}

impl fmt::Display for Report {
    /// A table: a line for each thing that was measured.
    #[expect(clippy::cast_precision_loss, reason = "nobody reads so many digits")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |label: &str, value: String| writeln!(f, "  {label:<12} {value}");
        let connections = self.groups * self.members;
        let shape =
            format!("{} groups of {}, {} of whom send", self.groups, self.members, self.senders);
        line("load", format!("{}: {shape}, {} bytes a message", self.load, self.payload))?;
        if let Some(rate) = self.rate {
            line("pace", format!("{rate} messages a second in all"))?;
        }
        if let Some(window) = self.window {
            line("pace", format!("each sender {window} ahead of its slowest reader"))?;
        }
        let cpu = self.entering_cpu_s.map_or(String::new(), |cpu| format!(", {cpu:.2} s CPU"));
        let came = format!(
            "{connections} in {:.2} s, all told of by {:.2} s",
            self.entering_s, self.announced_s
        );
        line(
            "came in",
            format!("{came}{cpu}, {} notices, {} retries", self.notices, self.retries),
        )?;
        if self.sent > 0 {
            let (seconds, sent, delivered) =
                (self.seconds, self.sent as f64, self.delivered as f64);
            line("sent", format!("{} ({:.0}/s)", self.sent, sent / seconds))?;
            line(
                "delivered",
                format!("{} ({:.0}/s) in {seconds:.2} s", self.delivered, delivered / seconds),
            )?;
        }
        if let Some(Latency { p50_ms, p90_ms, p99_ms, p999_ms, max_ms }) = self.latency {
            let parts = [
                ("p50", p50_ms),
                ("p90", p90_ms),
                ("p99", p99_ms),
                ("p99.9", p999_ms),
                ("max", max_ms),
            ];
            let told: Vec<String> = parts.map(|(part, ms)| format!("{part} {ms:.2}")).into();
            line("latency ms", told.join("  "))?;
        }
        if let Some(cpu) = self.cpu_s {
            let each = self.cpu_us_per_delivery;
            let each = each.map_or(String::new(), |each| format!(", {each:.3} µs a delivery"));
            line("server CPU", format!("{cpu:.2} s{each}"))?;
        }
        if let Some(cpu) = self.own_cpu_s {
            line("tool", format!("{cpu:.2} s CPU, {:.2} ms late at the worst", self.late_ms))?;
        }
        if let Some(Memory { before, inside, peak, after, per_connection }) = self.memory {
            let [before, inside, peak, after] = [before, inside, peak, after].map(mib);
            let told = format!("{before} before, {inside} inside, {peak} peak, {after} after");
            line("memory MiB", format!("{told}; {per_connection} bytes a connection"))?;
        }
        let Faults { lost, doubled, reordered, wrong_group, garbled, returned } = self.faults;
        line(
            "faults",
            format!(
                "{lost} lost, {doubled} doubled, {reordered} reordered, {wrong_group} in the wrong group, \
             {garbled} garbled, {returned} returned, {} disconnected",
                self.disconnected
            ),
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "nobody reads so many digits")]
fn mib(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / f64::from(1 << 20))
}
