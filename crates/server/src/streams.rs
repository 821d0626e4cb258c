//! Streams: the server without listeners: serves connections that somebody brings, and stops in
//! order.
//!
//! Does not know where streams come from nor which log lies under the hub, so that what is tested
//! in memory with virtual time is what runs behind the listeners.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use conclave_hub::{Hub, HubConfig, HubEnd, Outlet, Sink};
use conclave_log::{Commits, Log};
use tokio::io::AsyncRead;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::connection::{Listens, Reader, serve};
use crate::server::{Context, drain};

/// A server that is brought its connections.
#[derive(Clone)]
pub struct Streams {
    context: Arc<Context>,
    connections: TaskTracker,
}

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams")
            .field("connections", &self.connections.len())
            .finish_non_exhaustive()
    }
}

impl Streams {
    /// Starts a hub on a log, for that many connections at the most. Of the configuration only
    /// what concerns connections is looked at.
    ///
    /// # Cancel safety
    /// The log is let go.
    pub async fn start(
        log: Arc<dyn Log>,
        commits: Commits,
        hub_config: HubConfig,
        config: &Config,
        connections_max: usize,
    ) -> Self {
        let hub = Hub::start(log, commits, hub_config).await;
        let context = Context::new(hub, config, connections_max);
        let connections = TaskTracker::new();
        connections.spawn(Arc::clone(&context.gate).ring(context.stopping.clone()));
        Self { context, connections }
    }

    /// Serves a connection in a task of its own.
    pub fn serve(
        &self,
        listens: Listens,
        address: IpAddr,
        reader: impl AsyncRead + Send + 'static,
        sink: Arc<dyn Sink>,
    ) {
        let context = Arc::clone(&self.context);
        let (reader, outlet) = (Reader::Other(Box::pin(reader)), Outlet::new(sink));
        self.connections.spawn(serve(context, listens, address, reader, outlet));
    }

    /// Ends when the hub has ended, and tells why.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn ended(&self) -> HubEnd {
        self.context.hub.ended().await
    }

    /// Stops: members told, what was accepted committed.
    ///
    /// # Cancel safety
    /// Dropped, it ends without order; nothing that was acknowledged is lost.
    pub async fn stop(self) {
        let Self { context, connections } = self;
        drain(&context, &connections).await;
    }
}
