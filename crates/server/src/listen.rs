//! Listen: binds addresses and accepts connections.
//!
//! Does not know what is served. Running out of file descriptors pauses accepting and ends
//! nothing: those who are in go on.

use std::io;
use std::net::SocketAddr;

use conclave_core::limits;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

/// Binds an address. Must be called in a tokio runtime.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Restarting at once after a stop works (B11); two servers on one port still do not.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(limits::BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Accepts connections until it is dropped.
#[expect(clippy::infinite_loop, reason = "it is dropped to end")]
pub(crate) async fn accept_each(listener: TcpListener, serve: impl Fn(TcpStream, SocketAddr)) {
    let mut pause = limits::ACCEPT_PAUSE_MIN;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                pause = limits::ACCEPT_PAUSE_MIN;
                serve(stream, peer);
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::warn!(%error, ?pause, "no connection can be accepted just now");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(limits::ACCEPT_PAUSE_MAX);
            }
        }
    }
}
