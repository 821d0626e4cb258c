//! Server: binds, opens the log, starts the hub, serves, and stops in order.
//!
//! Does not read the clock, the environment or the command line. Standard output is the caller's.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use conclave_core::limits;
use conclave_hub::{HashCost, Hub, HubConfig, HubEnd, Outlet};
use conclave_log::sqlite::{SqliteLog, SqliteOptions};
use conclave_log::{Clock, LogError};
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admin::{Admin, Counter};
use crate::config::Config;
use crate::connection::{Listens, Reader, serve};
use crate::gate::Gate;
use crate::ghosts::Ghosts;
use crate::irc::Shared;
use crate::listen::{accept_each, bind};
use crate::stage::Stages;
use crate::tcp::{Socket, set_options};
use crate::web::Site;

/// A server that listens.
pub struct Server {
    context: Arc<Context>,
    admin: Admin,
    /// Open before anything is announced: who reads an announcement may ask at once.
    counter: Option<Counter>,
    listeners: Vec<(TcpListener, Listens)>,
    tasks: TaskTracker,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("listeners", &self.listeners).finish_non_exhaustive()
    }
}

/// What every connection is served with.
pub(crate) struct Context {
    pub(crate) hub: Arc<Hub>,
    pub(crate) gate: Arc<Gate>,
    /// Places for connections that are told why they are turned away.
    pub(crate) turning_away: Arc<Semaphore>,
    pub(crate) stopping: CancellationToken,
    pub(crate) greeting_delay: Duration,
    pub(crate) message_rate: Option<u32>,
    pub(crate) site: Site,
    pub(crate) irc: Shared,
}

impl Context {
    pub(crate) fn new(hub: Arc<Hub>, config: &Config, connections_max: usize) -> Arc<Self> {
        let gate = Gate::new(connections_max, config.connections_per_ip);
        Arc::new(Self {
            site: Site::new(&hub, &gate, &config.server_name, &config.listen),
            gate,
            turning_away: Arc::new(Semaphore::new(limits::TURNED_AWAY_AT_ONCE)),
            stopping: CancellationToken::new(),
            greeting_delay: config.greeting_delay,
            message_rate: config.message_rate,
            irc: Shared::new(config, hub.now()),
            hub,
        })
    }
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another program has the port.
    #[error(
        "the address {0} is already in use. Another server may be running there: stop it, or choose \
         another port with --listen or --web"
    )]
    AddressInUse(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}. Choose another address with --listen or --web")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// Another process has the data folder.
    #[error(
        "the data folder {} is in use. Another server may be running on it: stop it, or choose \
         another folder with --data",
        .0.display()
    )]
    DataInUse(PathBuf),
    /// The log cannot be opened.
    #[error(transparent)]
    Log(LogError),
    /// The log broke while the server ran; what was acknowledged is safe.
    #[error(
        "the log could not be written, and the server has stopped so that nothing that was shown is \
         lost. Look at the disk, then start it again"
    )]
    LogFailed,
}

impl Server {
    /// Binds every listener, opens the log and starts the hub. Nothing is accepted yet.
    ///
    /// # Errors
    /// Where an address or the data folder is not to be had.
    ///
    /// # Cancel safety
    /// What was bound and opened is let go.
    pub async fn start(config: &Config, clock: Clock) -> Result<Self, StartError> {
        let mut listeners = Vec::new();
        let addresses = config
            .listen
            .iter()
            .map(|address| (address, Listens::Greeting))
            .chain(config.web.iter().map(|address| (address, Listens::Silent)));
        for (address, listens) in addresses {
            let listener = bind(*address).map_err(|source| match source.kind() {
                io::ErrorKind::AddrInUse => StartError::AddressInUse(*address),
                _ => StartError::Bind { address: *address, source },
            })?;
            listeners.push((listener, listens));
        }
        let (log, commits) =
            SqliteLog::open(&config.data, Arc::clone(&clock), SqliteOptions::default()).map_err(
                |error| match error {
                    LogError::InUse(_) => StartError::DataInUse(config.data.clone()),
                    error => StartError::Log(error),
                },
            )?;
        let log = Arc::new(log);
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let hub_config = HubConfig {
            clock,
            entropy: Arc::new(crate::config::fill_from_system),
            hash_cost: HashCost::on_cores(cores),
            empty_groups_kept_for: config.empty_groups_kept_for,
        };
        let hub =
            Hub::start(Arc::clone(&log) as Arc<dyn conclave_log::Log>, commits, hub_config).await;
        let greeting = listeners.iter().filter(|(_, listens)| *listens == Listens::Greeting);
        let listen = greeting.filter_map(|(listener, _)| listener.local_addr().ok()).collect();
        // As they are, where a port was left to the system.
        let bound = Config { listen, ..config.clone() };
        let context = Context::new(hub, &bound, connections_max());
        let admin = Admin::new(Arc::clone(&context.hub), log);
        tracing::info!(
            data = %config.data.display(), server_name = %config.server_name, "server starting"
        );
        let counter = Counter::open(&config.data);
        Ok(Self { context, admin, counter, listeners, tasks: TaskTracker::new() })
    }

    /// One line a listener, as they go to standard output once all are bound.
    pub fn announcements(&self) -> Vec<String> {
        self.listeners
            .iter()
            .filter_map(|(listener, listens)| {
                let doors = match listens {
                    Listens::Greeting => "console irc http",
                    Listens::Silent => "http irc",
                };
                Some(format!("listening on {} ({doors})", listener.local_addr().ok()?))
            })
            .collect()
    }

    /// Serves until `stop` ends or the log fails, then stops: no new connections, members told,
    /// what was accepted committed.
    ///
    /// # Errors
    /// [`StartError::LogFailed`] where the log failed while the server ran.
    ///
    /// # Cancel safety
    /// Dropped, it ends without order; nothing that was acknowledged is lost.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), StartError> {
        let Self { context, admin, counter, listeners, tasks } = self;
        let connections = TaskTracker::new();
        let closing = CancellationToken::new();
        for (listener, listens) in listeners {
            if let Ok(address) = listener.local_addr() {
                tracing::info!(%address, "listening");
            }
            let (context, connections) = (Arc::clone(&context), connections.clone());
            let accepting = accept_each(listener, move |stream, peer| {
                let context = Arc::clone(&context);
                connections.spawn(serve_tcp(context, listens, stream, peer));
            });
            let closing = closing.clone();
            tasks.spawn(async move {
                tokio::select! {
                    () = accepting => {}
                    () = closing.cancelled() => {}
                }
            });
        }
        if let Some(counter) = counter {
            tasks.spawn(admin.serve(counter, closing.clone()));
        }
        tasks.spawn(Arc::clone(&context.gate).ring(closing.clone()));
        tasks.spawn(Ghosts::new(Arc::clone(&context.gate)).run(closing.clone()));
        let has_failed = tokio::select! {
            () = stop => false,
            end = context.hub.ended() => end == HubEnd::LogFailed,
        };
        closing.cancel();
        tasks.close();
        drain(&context, &connections).await;
        if has_failed { Err(StartError::LogFailed) } else { Ok(()) }
    }
}

/// Stops what is served: members told, what was accepted committed.
pub(crate) async fn drain(context: &Context, connections: &TaskTracker) {
    tracing::info!(connections = context.gate.len(), "server stopping");
    context.hub.keep_members();
    context.stopping.cancel();
    context.gate.stop();
    connections.close();
    // Whoever has not read its goodbye by then is cut off.
    let goodbyes = tokio::time::timeout(limits::STOP_GOODBYES_MAX, connections.wait()).await;
    if goodbyes.is_err() {
        tracing::info!(connections = connections.len(), "connections cut off");
    }
    if tokio::time::timeout(limits::STOP_LOG_MAX, context.hub.stop()).await.is_err() {
        tracing::warn!("the log did not stop in time; it recovers when it is opened again");
    }
    tracing::info!("server stopped");
}

/// Serves a connection that was accepted.
fn serve_tcp(
    context: Arc<Context>,
    listens: Listens,
    stream: TcpStream,
    peer: SocketAddr,
) -> Stages {
    if let Err(error) = set_options(&stream) {
        tracing::debug!(%peer, %error, "a connection ended as it began");
    }
    let socket = Arc::new(Socket(stream));
    let outlet = Outlet::new(Arc::<Socket>::clone(&socket));
    serve(context, listens, peer.ip(), Reader::Tcp(socket), outlet)
}

/// As many connections as the file limit allows, which is raised as far as it may be.
fn connections_max() -> usize {
    let wanted = (limits::CONNECTIONS_MAX + limits::DESCRIPTORS_RESERVED) as u64;
    let descriptors = rlimit::increase_nofile_limit(wanted).unwrap_or(1024);
    let descriptors = usize::try_from(descriptors).unwrap_or(usize::MAX);
    descriptors.saturating_sub(limits::DESCRIPTORS_RESERVED).clamp(8, limits::CONNECTIONS_MAX)
}
