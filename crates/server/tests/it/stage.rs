//! Stage: a server on a memory log, to which connections are brought in memory. Its day is a fixed
//! one, its passwords are cheap, its entropy comes from a seed.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::Parser;
use conclave_hub::{HashCost, HubConfig};
use conclave_log::memory::{MemoryDisk, MemoryLog};
use conclave_server::{Clock, Config, Listens, Serve, Streams, Timestamp};
use conclave_transcript::{Read, Stage, StageError};

use crate::pipe::{Client, connection};

/// Longer than anything lasts that a transcript waits for.
const WAIT_MAX: Duration = Duration::from_mins(5);
/// Time in which everything under way has arrived, and which no timer of the product notices.
const SETTLED_AFTER: Duration = Duration::from_millis(10);
/// Connections at the most.
const CONNECTIONS_MAX: usize = 1_000;
/// 2026-11-20, 14:03 UTC.
const STARTED_AT_MS: i64 = 1_795_183_380_000;

/// The server of one transcript.
pub(crate) struct MemoryStage {
    config: Config,
    disk: MemoryDisk,
    clock: Clock,
    entropy: Arc<AtomicU64>,
    streams: Streams,
}

/// The command line, as far as a stage needs it.
#[derive(Parser)]
struct Told {
    #[command(flatten)]
    serve: Serve,
}

impl MemoryStage {
    /// A server that was told these options, with nothing in it.
    pub(crate) async fn open(options: &[String]) -> Self {
        let words = std::iter::once("serve").chain(options.iter().map(String::as_str));
        let config = Config::resolve(Told::try_parse_from(words).unwrap().serve).unwrap();
        let started = tokio::time::Instant::now();
        let clock: Clock = Arc::new(move || {
            let elapsed = i64::try_from(started.elapsed().as_millis()).unwrap();
            Timestamp::from_ms(STARTED_AT_MS + elapsed)
        });
        let (disk, entropy) = (MemoryDisk::default(), Arc::new(AtomicU64::new(1)));
        let streams = start(&config, &disk, &clock, &entropy).await;
        Self { config, disk, clock, entropy, streams }
    }

    /// Has each answer of the log take that long from here on.
    pub(crate) fn answer_after(&self, time: Duration) {
        self.disk.answer_after(time);
    }

    /// Opens a connection to a listener of that kind.
    pub(crate) fn connect_to(&self, listens: Listens) -> Client {
        let (client, reader, sink) = connection();
        self.streams.serve(listens, IpAddr::V4(Ipv4Addr::LOCALHOST), reader, Arc::new(sink));
        client
    }
}

async fn start(
    config: &Config,
    disk: &MemoryDisk,
    clock: &Clock,
    entropy: &Arc<AtomicU64>,
) -> Streams {
    let (log, commits) = MemoryLog::open(disk, Arc::clone(clock));
    let entropy = Arc::clone(entropy);
    let hub_config = HubConfig {
        clock: Arc::clone(clock),
        entropy: Arc::new(move |buffer| {
            for byte in buffer {
                *byte = scramble(entropy.fetch_add(1, Ordering::Relaxed));
            }
        }),
        hash_cost: HashCost { memory_kib: 8, passes: 1, at_once: 1 },
        empty_groups_kept_for: config.empty_groups_kept_for,
    };
    Streams::start(Arc::new(log), commits, hub_config, config, CONNECTIONS_MAX).await
}

/// A byte that looks random (the finaliser of `SplitMix64`).
const fn scramble(drawn: u64) -> u8 {
    let mut bits = drawn.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (bits ^ (bits >> 31)).to_le_bytes()[0]
}

impl Stage for MemoryStage {
    type Connection = Client;

    async fn connect(&mut self, door: &str) -> Result<Client, StageError> {
        // Browsers come to a listener that never speaks first.
        Ok(self.connect_to(if door == "http" { Listens::Silent } else { Listens::Greeting }))
    }

    async fn write(&mut self, connection: &mut Client, bytes: &[u8]) -> Result<(), StageError> {
        Ok(connection.write(bytes).await?)
    }

    async fn read(&mut self, connection: &mut Client) -> Result<Read, StageError> {
        Ok(connection.read(WAIT_MAX).await)
    }

    async fn read_now(&mut self, connection: &mut Client) -> Result<Read, StageError> {
        Ok(connection.read_now())
    }

    async fn end_input(&mut self, connection: &mut Client) -> Result<(), StageError> {
        Ok(connection.end_input().await?)
    }

    async fn settle(&mut self) -> Result<(), StageError> {
        tokio::time::sleep(SETTLED_AFTER).await;
        Ok(())
    }

    async fn pass(&mut self, time: Duration) -> Result<(), StageError> {
        tokio::time::sleep(time).await;
        Ok(())
    }

    async fn restart(&mut self) -> Result<(), StageError> {
        self.streams.clone().stop().await;
        self.streams = start(&self.config, &self.disk, &self.clock, &self.entropy).await;
        Ok(())
    }
}
