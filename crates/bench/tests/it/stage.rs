//! Stage: the floor on a thread of this process, and loads as they are asked for on the command
//! line.
//!
//! Does not know what is expected of a load.

use std::net::SocketAddr;
use std::path::Path;
use std::thread::JoinHandle;

use clap::Parser as _;
use conclave_bench::Bench;
use conclave_bench::floor::{Floor, Stop};

#[derive(Debug, clap::Parser)]
struct Cli {
    #[command(flatten)]
    bench: Bench,
}

/// A floor that serves until it is dropped.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    pub(crate) fn start() -> Self {
        let floor = Floor::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = floor.local_address().unwrap();
        let stop = floor.stop().unwrap();
        let thread = std::thread::spawn(|| floor.run().unwrap());
        Self { address, stop, thread: Some(thread) }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.stop().unwrap();
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || std::thread::panicking());
    }
}

/// Does what one would ask for by `conclave bench …`; gives what is written, and whether all was
/// delivered as it should be.
pub(crate) fn bench(words: &str) -> anyhow::Result<(String, bool)> {
    let words = std::iter::once("bench").chain(words.split_whitespace());
    let cli = Cli::try_parse_from(words)?;
    let mut written = Vec::new();
    let is_clean = conclave_bench::run(&cli.bench, Path::new("/nonexistent"), &mut written)?;
    Ok((String::from_utf8(written)?, is_clean))
}

/// What a load tells, as JSON.
pub(crate) fn measure(load: &str, address: SocketAddr) -> (serde_json::Value, bool) {
    let (written, is_clean) = bench(&format!("{load} {address} --json")).unwrap();
    let told: serde_json::Value = serde_json::from_str(&written).unwrap();
    (told["server"].clone(), is_clean)
}
