//! Where connections come from: addresses of 127.0.0.0/8, so that neither ports nor what a server
//! lets one address have run out.
//!
//! Does not know what is said on a connection.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::bail;
use mio::net::TcpStream;
use socket2::{Domain, Protocol, Socket, Type};

use crate::limits;

/// Says no to a server that is not on this machine, unless it is told to be the user's own.
pub(crate) fn check_own(address: SocketAddr, is_own: bool) -> anyhow::Result<()> {
    if !is_own && !address.ip().is_loopback() {
        bail!(
            "{address} is another machine, and a load can bring it down. If the server is yours, \
             say so with --i-own-this-server"
        );
    }
    Ok(())
}

/// Begins to connect; that it is done is told by the poll.
pub(crate) fn connect(
    server: SocketAddr,
    connection: usize,
    is_slow: bool,
) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(server), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    if is_slow {
        socket.set_recv_buffer_size(limits::SLOW_BUFFER_BYTES)?;
    }
    if let IpAddr::V4(to) = server.ip()
        && to.is_loopback()
    {
        socket.bind(&SocketAddr::from((address_of(connection), 0)).into())?;
    }
    match socket.connect(&server.into()) {
        Ok(()) => {}
        Err(error) if error.raw_os_error() == Some(IN_PROGRESS) => {}
        Err(error) => return Err(error),
    }
    Ok(TcpStream::from_std(socket.into()))
}

const IN_PROGRESS: i32 = rustix::io::Errno::INPROGRESS.raw_os_error();

fn address_of(connection: usize) -> Ipv4Addr {
    let number = u32::try_from(connection).unwrap_or_default() / limits::PER_SOURCE;
    // From 127.0.0.1 on; the last number of an address is neither 0 nor 255.
    let [_, _, third, _] = ((number / 254) << 8).to_be_bytes();
    let [.., fourth] = (number % 254 + 1).to_be_bytes();
    Ipv4Addr::new(127, 0, third, fourth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_spread_over_addresses() {
        for (connection, expected) in [
            (0, Ipv4Addr::LOCALHOST),
            (499, Ipv4Addr::LOCALHOST),
            (500, Ipv4Addr::new(127, 0, 0, 2)),
            (9_999, Ipv4Addr::new(127, 0, 0, 20)),
            (500 * 254, Ipv4Addr::new(127, 0, 1, 1)),
        ] {
            assert_eq!(address_of(connection), expected, "{connection}");
        }
    }

    #[test]
    fn only_this_machine_is_loaded_unasked() {
        for (address, is_own, is_let) in [
            ("127.0.0.1:5555", false, true),
            ("127.9.9.9:5555", false, true),
            ("[::1]:5555", false, true),
            ("192.0.2.1:5555", false, false),
            ("0.0.0.0:5555", false, false),
            ("192.0.2.1:5555", true, true),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(check_own(address, is_own).is_ok(), is_let, "{address} {is_own}");
        }
    }
}
