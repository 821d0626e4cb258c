//! Ghosts: connections whose peer vanished without a word while something was on its way to it.
//!
//! The kernel gives such a connection up after a quarter of an hour, and its member would hold its
//! name as long. `TCP_USER_TIMEOUT` would be quicker, but since Linux 5.11 it also ends a peer that
//! is alive and merely not reading (decision 0004). So this looks at what the kernel knows: how
//! often it has asked without an answer. A peer that is stopped answers each time, one that is gone
//! never does. Where `/proc` does not tell (not Linux), the kernel's own time holds.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use conclave_core::limits;
use conclave_hub::Outlet;
use tokio_util::sync::CancellationToken;

use crate::gate::Gate;

/// Looks for connections whose peer has vanished.
#[derive(Debug)]
pub(crate) struct Ghosts {
    gate: Arc<Gate>,
    /// Connections whose peer did not answer at the last look, and at how many in a row.
    silent: HashMap<Ends, u32>,
}

/// Both ends of a connection: ours, then the peer's.
type Ends = (SocketAddr, SocketAddr);

impl Ghosts {
    /// Looks after the connections that a gate has let in.
    pub(crate) fn new(gate: Arc<Gate>) -> Self {
        Self { gate, silent: HashMap::new() }
    }

    /// Looks now and then until told to end.
    pub(crate) async fn run(mut self, closing: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(limits::GHOSTS_LOOK_INTERVAL) => {}
                () = closing.cancelled() => return,
            }
            if self.gate.len() == 0 {
                continue;
            }
            // With thousands of connections the kernel takes some milliseconds to write its table.
            let looked = tokio::task::spawn_blocking(move || {
                self.look();
                self
            });
            match looked.await {
                Ok(ghosts) => self = ghosts,
                Err(error) => {
                    tracing::error!(%error, "dead connections are looked for no more");
                    return;
                }
            }
        }
    }

    fn look(&mut self) {
        let mut silent = Vec::new();
        for table in ["/proc/self/net/tcp", "/proc/self/net/tcp6"] {
            let table = std::fs::read_to_string(table).unwrap_or_default();
            silent.extend(table.lines().filter_map(silent_in).map(canonical));
        }
        for (ends, outlet) in self.note(silent) {
            tracing::info!(peer = %ends.1, "client vanished without a word");
            outlet.abandon();
        }
    }

    /// Counts the looks at which a connection was silent, and tells which are dead by now. One
    /// look is not enough: where our own link is down, the kernel counts up in seconds.
    fn note(&mut self, silent: impl IntoIterator<Item = Ends>) -> Vec<(Ends, Arc<Outlet>)> {
        let before = std::mem::take(&mut self.silent);
        let looks_of = |ends| before.get(&ends).copied().unwrap_or_default() + 1;
        self.silent = silent.into_iter().map(|ends| (ends, looks_of(ends))).collect();
        if self.silent.values().all(|looks| *looks < limits::LOOKS_OF_THE_DEAD) {
            return Vec::new();
        }
        // Asked of the sockets only now that it is needed: no connection has to keep its ends.
        let outlets = self.gate.outlets().into_iter();
        let with_ends = outlets.filter_map(|outlet| Some((canonical(outlet.ends()?), outlet)));
        let is_dead =
            |ends: &Ends| self.silent.get(ends).copied() >= Some(limits::LOOKS_OF_THE_DEAD);
        with_ends.filter(|(ends, _)| is_dead(ends)).collect()
    }
}

/// One form for an IPv4 address however it is written.
fn canonical((ours, peer): Ends) -> Ends {
    let canonical = |end: SocketAddr| SocketAddr::new(end.ip().to_canonical(), end.port());
    (canonical(ours), canonical(peer))
}

/// Both ends of a connection in a line of the kernel's table, if its peer does not answer. The
/// columns are those of `Documentation/networking/proc_net_tcp.rst`.
fn silent_in(line: &str) -> Option<Ends> {
    const ESTABLISHED: &str = "01";
    let mut columns = line.split_ascii_whitespace();
    let ours = columns.nth(1)?;
    let peer = columns.next()?;
    if columns.next()? != ESTABLISHED {
        return None;
    }
    let retransmissions = u32::from_str_radix(columns.nth(2)?, 16).ok()?;
    let probes: u32 = columns.nth(1)?.parse().ok()?;
    let is_silent = retransmissions >= limits::RETRANSMISSIONS_UNANSWERED
        || probes >= limits::PROBES_UNANSWERED;
    is_silent.then_some(())?;
    Some((address(ours)?, address(peer)?))
}

/// An address as the kernel writes it: words of 32 bits in the machine's order, a colon, the port.
fn address(written: &str) -> Option<SocketAddr> {
    let (digits, port) = written.split_once(':')?;
    let mut bytes = Vec::with_capacity(16);
    for word in digits.as_bytes().chunks(8) {
        let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        bytes.extend_from_slice(&word.to_ne_bytes());
    }
    let address: IpAddr = match bytes.as_slice() {
        bytes @ [_, _, _, _] => Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?).into(),
        bytes => Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).into(),
    };
    Some(SocketAddr::new(address, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<(&str, &str)>) {
        let expected = expected.map(|(ours, peer)| (ours.parse().unwrap(), peer.parse().unwrap()));
        assert_eq!(silent_in(line), expected, "{line}");
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn only_a_peer_that_does_not_answer_is_silent() {
        let alive = "   4: 0100007F:15B3 0100007F:A3F2 01 00000000:00000000 02:000000A0 00000000     \
                     0        0 12345 2 0000000000000000 20 4 30 10 -1";
        check(alive, None);
        // A stopped reader: its window is closed, and it answers each probe.
        check(&alive.replace("00000000:00000000 02", "002AD7E0:00000000 04"), None);
        let silent = alive.replace(" 00000000     0", " 00000008     0");
        check(&silent, Some(("127.0.0.1:5555", "127.0.0.1:41970")));
        let unanswered = alive.replace(" 0 12345", " 4 12345");
        check(&unanswered, Some(("127.0.0.1:5555", "127.0.0.1:41970")));
        check(&silent.replace(" 01 ", " 06 "), None);
        let sixes = silent
            .replace("0100007F:15B3", "00000000000000000000000001000000:15B3")
            .replace("0100007F:A3F2", "00000000000000000000000001000000:A3F2");
        check(&sixes, Some(("[::1]:5555", "[::1]:41970")));
    }

    #[test]
    fn a_peer_is_dead_when_it_was_silent_for_three_looks_in_a_row() {
        let gate = Gate::new(8, None);
        let outlet = Outlet::new(Arc::new(Between(ends())));
        let place = gate.enter(ends().1.ip(), &outlet).unwrap();
        let mut ghosts = Ghosts::new(gate);
        let looks = [true, true, false, true, true, true];
        let found: Vec<usize> =
            looks.iter().map(|is_silent| ghosts.note(is_silent.then(ends)).len()).collect();
        assert_eq!(found, [0, 0, 0, 0, 0, 1]);
        drop(place);
        assert!(ghosts.note([ends()]).is_empty());
    }

    fn ends() -> Ends {
        ("127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap())
    }

    /// A socket with these ends.
    #[derive(Debug)]
    struct Between(Ends);

    impl conclave_hub::Sink for Between {
        fn try_write(&self, slices: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
            crate::tcp::Nowhere.try_write(slices)
        }

        fn poll_writable(
            &self,
            context: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            crate::tcp::Nowhere.poll_writable(context)
        }

        fn shut(&self) {}

        fn ends(&self) -> Option<Ends> {
            Some(self.0)
        }
    }

    #[test]
    fn a_line_that_is_not_understood_is_passed_over() {
        for line in ["", "  sl  local_address rem_address   st tx_queue", "0: x:y z:w 01 a b 8 0 9"]
        {
            check(line, None);
        }
    }
}
