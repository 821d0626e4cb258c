//! Listen: binds addresses and accepts connections.
//!
//! Does not know what is served. Running out of file descriptors pauses accepting and ends
//! nothing: those who are in go on.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

/// Connections that wait to be accepted; a class that comes at once is not turned away.
const BACKLOG: i32 = 4096;
/// Pause after the first failure to accept, doubled up to the longest.
const PAUSE_MIN: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Binds an address. Must be called in a tokio runtime.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Restarting at once after a stop works (B11); two servers on one port still do not.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Accepts connections until it is dropped.
pub(crate) async fn accept_each(listener: TcpListener, serve: impl Fn(TcpStream, SocketAddr)) {
    let mut pause = PAUSE_MIN;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                pause = PAUSE_MIN;
                serve(stream, peer);
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::warn!(%error, ?pause, "no connection can be accepted just now");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}
