//! Connects to a server, or says clearly why it cannot be reached and what to do.
//!
//! Does not know what is spoken there.

use std::io;
use std::net::SocketAddr;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::address::Address;
use crate::limits;

/// Why the client could not begin, or not go on. Each says what to do, and holds what the system
/// said where that helps; there is no source behind it to be said twice.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// What was given is no address.
    #[error(
        "{typed:?} is no address: {problem}; write it as 192.168.1.20:5555, chat.example or \
         [::1]:5555"
    )]
    NotAnAddress {
        /// What was given.
        typed: String,
        /// The rule it breaks.
        problem: &'static str,
    },
    /// No host of that name was found.
    #[error(
        "no host called {host} was found; check the spelling and your network, or give the host's \
         number, such as 192.168.1.20:5555"
    )]
    NotFound {
        /// The name.
        host: String,
    },
    /// The host is there, and no server at that port.
    #[error(
        "no server listens on {address}; start one there with `conclave serve`, or give the \
         address of one that runs"
    )]
    Refused {
        /// The address.
        address: String,
    },
    /// Nothing answered in time.
    #[error(
        "{address} does not answer; check the address, and that no firewall stands before that \
         port"
    )]
    NoAnswer {
        /// The address.
        address: String,
    },
    /// The system could not connect for another reason.
    #[error("cannot connect to {address} ({problem}); check the address and your network")]
    Unreachable {
        /// The address.
        address: String,
        /// What the system said.
        problem: io::Error,
    },
    /// What arrived could not be shown.
    #[error("cannot write to the output ({0}); check where it goes and that there is room")]
    Output(io::Error),
}

/// Connects to a server: to the first address of its host that answers.
pub(crate) async fn connect(typed: &str) -> Result<TcpStream, ClientError> {
    let address = Address::parse(typed)
        .map_err(|problem| ClientError::NotAnAddress { typed: typed.to_owned(), problem })?;
    let not_found = || ClientError::NotFound { host: address.host.clone() };
    let lookup = tokio::net::lookup_host((address.host.as_str(), address.port));
    let Ok(Ok(candidates)) = timeout(limits::CONNECT_MAX, lookup).await else {
        return Err(not_found());
    };
    let mut failure = not_found();
    for candidate in candidates {
        match connect_to(candidate, &address).await {
            Ok(stream) => return Ok(stream),
            Err(problem) => failure = problem,
        }
    }
    Err(failure)
}

async fn connect_to(candidate: SocketAddr, address: &Address) -> Result<TcpStream, ClientError> {
    let address = address.to_string();
    let connecting = async {
        let stream = TcpStream::connect(candidate).await?;
        notice_a_dead_peer(&stream)?;
        io::Result::Ok(stream)
    };
    match timeout(limits::CONNECT_MAX, connecting).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(problem)) => Err(match problem.kind() {
            io::ErrorKind::ConnectionRefused => ClientError::Refused { address },
            io::ErrorKind::TimedOut => ClientError::NoAnswer { address },
            _ => ClientError::Unreachable { address, problem },
        }),
        Err(_too_late) => Err(ClientError::NoAnswer { address }),
    }
}

/// A machine that vanished closes no connection: have the system notice it (B5).
fn notice_a_dead_peer(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new()
        .with_time(limits::KEEPALIVE_AFTER)
        .with_interval(limits::KEEPALIVE_INTERVAL);
    socket.set_tcp_keepalive(&keepalive)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(limits::UNACKNOWLEDGED_MAX))?;
    Ok(())
}
