//! Bench: what was asked for on the command line, done: the floor, or a load as often as asked.
//!
//! Does not know how a load is put on a server.

use std::io::{BufRead as _, BufReader, Write};
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail};

use crate::floor::Floor;
use crate::load::Load;
use crate::options::{Bench, FloorOptions, LoadOptions, What};
use crate::process::Process;
use crate::report::Report;
use crate::run::put;
use crate::source;

/// Does what is asked, and writes what came of it. `program` is started with `bench floor` where
/// the floor is to be loaded too. `false` where a message was not delivered as it should be.
///
/// # Errors
/// Where the load could not be put on the server: a sentence that says why.
pub fn run(bench: &Bench, program: &Path, out: &mut dyn Write) -> anyhow::Result<bool> {
    let (kind, options) = match (&bench.what, bench.what.load()) {
        (What::Floor(options), _) => return serve_floor(options, out).map(|()| true),
        (_, Some(load)) => load,
        (_, None) => bail!("there is no such load"),
    };
    let load = Load::new(kind, options)?;
    let server = resolve(&options.address)?;
    source::check_own(server, options.i_own_this_server)?;
    let process = options.pid.map(Process::new).or_else(|| Process::listening_at(server));
    let mut rounds = Vec::new();
    for _ in 0..options.runs {
        let floor = if options.floor { Some(load_floor(&load, program)?) } else { None };
        let server = put(&load, server, options.door, process)?;
        let round = Round { floor, server };
        write_round(&round, options, out)?;
        rounds.push(round);
    }
    let is_clean = rounds.iter().all(|round| round.server.is_clean());
    if rounds.len() > 1 && !options.json {
        write_median(rounds, out)?;
    }
    Ok(is_clean)
}

/// CPU of the floor below which a multiple of it says nothing.
const CPU_SECONDS_MIN: f64 = 0.1;

/// A load on the server, and the same on the floor just before.
struct Round {
    floor: Option<Report>,
    server: Report,
}

impl Round {
    /// How many times the floor's CPU a delivery takes.
    fn multiple(&self) -> Option<f64> {
        let floor = self.floor.as_ref()?;
        // Of a few of the kernel's ticks no multiple can be told.
        floor.cpu_s.filter(|cpu| *cpu >= CPU_SECONDS_MIN)?;
        Some(self.server.cpu_us_per_delivery? / floor.cpu_us_per_delivery?)
    }
}

fn resolve(address: &str) -> anyhow::Result<SocketAddr> {
    let mut found = address
        .to_socket_addrs()
        .with_context(|| format!("{address} is no address: give one such as 127.0.0.1:5555"))?;
    found.next().with_context(|| format!("{address} leads nowhere"))
}

fn serve_floor(options: &FloorOptions, out: &mut dyn Write) -> anyhow::Result<()> {
    let address = resolve(&options.listen)?;
    source::check_own(address, false)?;
    // As many as there may be; fewer are enough for most loads.
    let _limit = rlimit::increase_nofile_limit(u64::MAX);
    let floor = Floor::bind(address).with_context(|| format!("cannot listen on {address}"))?;
    writeln!(out, "listening on {} (floor)", floor.local_address()?)?;
    out.flush()?;
    floor.run().context("the floor ended")
}

/// Starts the floor as a process of its own, so that its CPU is its own, and loads it.
fn load_floor(load: &Load, program: &Path) -> anyhow::Result<Report> {
    let mut command = Command::new(program);
    command.args(["bench", "floor", "--listen", "127.0.0.1:0"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = Started(command.spawn().context("the floor could not be started")?);
    let told = child.0.stdout.take().context("the floor does not speak")?;
    let mut line = String::new();
    BufReader::new(told).read_line(&mut line).context("the floor does not speak")?;
    let address = line.strip_prefix("listening on ").and_then(|rest| rest.split_once(' '));
    let (address, _) = address.context("the floor does not say where it listens")?;
    let process = Process::new(child.0.id());
    put(load, resolve(address)?, crate::speaker::Protocol::Console, Some(process))
        .context("on the floor")
}

/// A process that ends with the load.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn write_round(round: &Round, options: &LoadOptions, out: &mut dyn Write) -> anyhow::Result<()> {
    if options.json {
        let address = &options.address;
        let floor = &round.floor;
        let shown = serde_json::json!({
            "address": address, "server": round.server, "floor": floor, "multiple": round.multiple(),
        });
        writeln!(out, "{shown}")?;
    } else {
        if let Some(floor) = &round.floor {
            write!(out, "floor\n{floor}")?;
        }
        write!(out, "{}\n{}", options.address, round.server)?;
        if let Some(multiple) = round.multiple() {
            writeln!(out, "  {:<12} {multiple:.2}", "x floor")?;
        }
    }
    out.flush()?;
    Ok(())
}

fn write_median(mut rounds: Vec<Round>, out: &mut dyn Write) -> anyhow::Result<()> {
    let count = rounds.len();
    let key = |round: &Round| {
        round.multiple().or(round.server.cpu_us_per_delivery).unwrap_or(f64::INFINITY)
    };
    rounds.sort_by(|one, other| key(one).total_cmp(&key(other)));
    let [Some(least), Some(most)] = [rounds.first().map(key), rounds.last().map(key)] else {
        return Ok(());
    };
    let Some(median) = rounds.get(count / 2) else { return Ok(()) };
    let what = if median.multiple().is_some() { "times the floor" } else { "µs a delivery" };
    let (middle, server) = (key(median), &median.server);
    writeln!(
        out,
        "median of {count}: {middle:.3} {what} (from {least:.3} to {most:.3})\n{server}"
    )?;
    Ok(())
}
