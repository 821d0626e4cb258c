//! The load tool: puts a measured load on a server, and checks every message at every reader.
//!
//! Drives any server that speaks a protocol it knows, over TCP; knows nothing of ours, so that it
//! can neither share a mistake with the server nor be kind to it. The floor is what figures are
//! compared with: the smallest server that can bear the same loads.

mod alarm;
mod bench;
mod clock;
mod driver;
mod enter;
pub mod floor;
mod ledger;
mod limits;
mod link;
mod load;
mod options;
mod payload;
mod process;
mod report;
mod run;
mod source;
mod speaker;

pub use bench::run;
pub use ledger::Faults;
pub use options::Bench;
pub use report::{Latency, Memory, Report};
