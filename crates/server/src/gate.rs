//! Gate: how many connections there may be, all together and from one address, and how many of
//! them may be without having signed in.
//!
//! Does not know sockets. A newcomer is not turned away because others idle at the menu: the
//! oldest of the address that holds most of them makes room.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conclave_core::limits;
use tokio_util::sync::CancellationToken;

use crate::refuse::Turned;

/// Counts connections.
#[derive(Debug)]
pub(crate) struct Gate {
    total_max: usize,
    from_one_max: Option<usize>,
    unsigned_max: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    total: usize,
    from: HashMap<IpAddr, usize>,
    next: u64,
    /// Who has not signed in, oldest first.
    unsigned: BTreeMap<u64, (IpAddr, CancellationToken)>,
}

/// A connection's place. It is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    gate: Arc<Gate>,
    address: IpAddr,
    number: u64,
    /// Cancelled when it has to make room.
    make_room: CancellationToken,
}

impl Gate {
    pub(crate) fn new(total_max: usize, from_one_max: Option<usize>) -> Arc<Self> {
        // A quarter may be at the menu: a class that comes at once fits, a crowd that idles there
        // leaves room for those who are in groups.
        let unsigned_max = (total_max / limits::UNSIGNED_SHARE).max(1);
        Arc::new(Self { total_max, from_one_max, unsigned_max, state: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a connection in, or tells why not.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Place, Turned> {
        let address = address.to_canonical();
        let mut state = self.lock();
        if state.total >= self.total_max {
            return Err(Turned::TooMany);
        }
        let from_there = state.from.get(&address).copied().unwrap_or_default();
        if self.from_one_max.is_some_and(|max| from_there >= max) {
            return Err(Turned::TooManyFromThere);
        }
        if state.unsigned.len() >= self.unsigned_max {
            state.make_room();
        }
        state.total += 1;
        state.from.insert(address, from_there + 1);
        let number = state.next;
        state.next += 1;
        let make_room = CancellationToken::new();
        state.unsigned.insert(number, (address, make_room.clone()));
        drop(state);
        Ok(Place { gate: Arc::clone(self), address, number, make_room })
    }

    /// How many of them have not signed in.
    pub(crate) fn unsigned_len(&self) -> usize {
        self.lock().unsigned.len()
    }

    /// How many connections there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().total
    }
}

impl State {
    /// Has the oldest of the address that holds most of the unsigned make room.
    fn make_room(&mut self) {
        let mut counts: HashMap<IpAddr, usize> = HashMap::new();
        for (address, _) in self.unsigned.values() {
            *counts.entry(*address).or_default() += 1;
        }
        let fullest = counts.into_iter().max_by_key(|(_, count)| *count);
        let oldest = fullest.and_then(|(fullest, _)| {
            self.unsigned.iter().find(|(_, (address, _))| *address == fullest).map(|(n, _)| *n)
        });
        if let Some((_, make_room)) = oldest.and_then(|number| self.unsigned.remove(&number)) {
            make_room.cancel();
        }
    }
}

impl Place {
    /// Ends when the connection has to make room.
    pub(crate) fn make_room(&self) -> &CancellationToken {
        &self.make_room
    }

    /// Notes that it has signed in, or is back at the menu.
    pub(crate) fn set_signed_in(&self, is_signed_in: bool) {
        let mut state = self.gate.lock();
        if is_signed_in {
            state.unsigned.remove(&self.number);
        } else {
            state.unsigned.insert(self.number, (self.address, self.make_room.clone()));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.gate.lock();
        state.total -= 1;
        state.unsigned.remove(&self.number);
        if let Some(count) = state.from.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                state.from.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [127, 0, 0, last].into()
    }

    #[test]
    fn one_address_holds_so_many_connections_and_gets_its_places_back() {
        let gate = Gate::new(100, Some(2));
        let first = gate.enter(address(1)).unwrap();
        let _second = gate.enter(address(1)).unwrap();
        assert_eq!(gate.enter(address(1)).unwrap_err(), Turned::TooManyFromThere);
        let _other = gate.enter(address(2)).unwrap();
        drop(first);
        let _third = gate.enter(address(1)).unwrap();
        assert_eq!(gate.len(), 3);
    }

    #[test]
    fn all_together_are_bounded() {
        let gate = Gate::new(2, None);
        let _places = [gate.enter(address(1)).unwrap(), gate.enter(address(2)).unwrap()];
        assert_eq!(gate.enter(address(3)).unwrap_err(), Turned::TooMany);
    }

    #[test]
    fn who_idles_at_the_menu_makes_room_for_a_newcomer() {
        let gate = Gate::new(16, None);
        let crowd: Vec<_> = (0..3).map(|_| gate.enter(address(1)).unwrap()).collect();
        let other = gate.enter(address(2)).unwrap();
        let newcomer = gate.enter(address(3)).unwrap();
        assert!(crowd[0].make_room().is_cancelled(), "the oldest of the fullest address");
        for place in crowd[1..].iter().chain([&other, &newcomer]) {
            assert!(!place.make_room().is_cancelled());
        }
        crowd[1].set_signed_in(true);
        let _another = gate.enter(address(4)).unwrap();
        assert!(!crowd[1].make_room().is_cancelled(), "whoever signed in stays");
    }
}
