//! What can be asked for on the command line.
//!
//! Does not know what is done about it; what each load takes where nothing is asked stands in
//! [`crate::load`].

use clap::{Args, Subcommand};

use crate::load::Kind;
use crate::speaker::Protocol;

/// Options of `conclave bench`.
#[derive(Args, Clone, Debug)]
pub struct Bench {
    #[command(subcommand)]
    pub(crate) what: What,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum What {
    /// Run the floor: the smallest server that can bear the loads, to compare others with
    Floor(FloorOptions),
    /// 1 group of 2, 20 messages a second: what one message takes
    Single(LoadOptions),
    /// 1 group of 1,000, 50 messages a second
    #[command(name = "bigroom")]
    BigGroup(LoadOptions),
    /// 500 groups of 4, 10,000 messages a second in all
    #[command(name = "rooms")]
    ManyGroups(LoadOptions),
    /// 1 group of 100, 10 senders, each up to 64 messages ahead of its slowest reader
    Flood(LoadOptions),
    /// 2,000 connect and join one group at once
    Joinstorm(LoadOptions),
    /// 1,000 groups of 10 that say nothing: memory a connection
    Idle(LoadOptions),
    /// 1 group of 100, 2,000 messages a second, one member that does not read for 10 seconds
    Slow(LoadOptions),
    /// 64 groups of a writer and a reader, each message sent when the one before has come
    Durable(LoadOptions),
}

impl What {
    /// The load and its options; nothing for the floor.
    pub(crate) const fn load(&self) -> Option<(Kind, &LoadOptions)> {
        Some(match self {
            Self::Floor(_) => return None,
            Self::Single(options) => (Kind::Single, options),
            Self::BigGroup(options) => (Kind::BigGroup, options),
            Self::ManyGroups(options) => (Kind::ManyGroups, options),
            Self::Flood(options) => (Kind::Flood, options),
            Self::Joinstorm(options) => (Kind::JoinStorm, options),
            Self::Idle(options) => (Kind::Idle, options),
            Self::Slow(options) => (Kind::Slow, options),
            Self::Durable(options) => (Kind::Durable, options),
        })
    }
}

/// Options of the floor.
#[derive(Args, Clone, Debug)]
pub(crate) struct FloorOptions {
    /// Where it listens; port 0 is any free one
    #[arg(long, default_value = "127.0.0.1:5556", value_name = "ADDR:PORT")]
    pub(crate) listen: String,
}

/// Options of every load.
#[derive(Args, Clone, Debug)]
pub(crate) struct LoadOptions {
    /// The server
    #[arg(default_value = "127.0.0.1:5555")]
    pub(crate) address: String,
    /// The server's process, whose CPU and memory are told; found by itself where it may be
    #[arg(long)]
    pub(crate) pid: Option<u32>,
    /// How long, in seconds
    #[arg(long)]
    pub(crate) seconds: Option<f64>,
    /// Seconds of the same before anything is measured
    #[arg(long, default_value_t = 1.0, value_name = "SECONDS")]
    pub(crate) warm_up: f64,
    /// Groups
    #[arg(long)]
    pub(crate) groups: Option<u32>,
    /// Members of each group
    #[arg(long)]
    pub(crate) members: Option<u32>,
    /// Members of each group who send
    #[arg(long)]
    pub(crate) senders: Option<u32>,
    /// Messages a second, all senders together
    #[arg(long, conflicts_with = "window")]
    pub(crate) rate: Option<f64>,
    /// Messages a sender may be ahead of its slowest reader
    #[arg(long)]
    pub(crate) window: Option<u32>,
    /// Bytes of a message
    #[arg(long, default_value_t = 100, value_name = "BYTES")]
    pub(crate) payload: usize,
    /// Seconds that the slow member does not read
    #[arg(long, default_value_t = 10.0, value_name = "SECONDS")]
    pub(crate) stall: f64,
    /// Seconds without any delivery after which what has not come is lost
    #[arg(long, default_value_t = 5.0, value_name = "SECONDS")]
    pub(crate) patience: f64,
    /// Seconds of silence that are waited for before and after, so that nothing else is measured
    #[arg(long, default_value_t = 0.3, value_name = "SECONDS")]
    pub(crate) settle: f64,
    /// The protocol that is spoken
    #[arg(long, value_enum, default_value_t)]
    pub(crate) door: Protocol,
    /// Put the same load on the floor as well, by turns, and tell multiples of it
    #[arg(long)]
    pub(crate) floor: bool,
    /// So many times; the median by CPU a delivery is told last
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) runs: u32,
    /// A JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// The server is on another machine, and yours
    #[arg(long)]
    pub(crate) i_own_this_server: bool,
}
