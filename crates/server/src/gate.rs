//! Gate: who is connected: how many there may be, all together and from one address, how many of
//! them may be without having signed in, and how all of them are reached, at a time of their own too.
//!
//! Does not know sockets. A newcomer is not turned away because others idle at the menu: the
//! oldest of the address that holds most of them makes room.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use conclave_core::limits;
use conclave_hub::{Going, Outlet};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::alarm::{Alarm, Alarms};
use crate::refuse::Turned;

/// Counts connections.
#[derive(Debug)]
pub(crate) struct Gate {
    total_max: usize,
    from_one_max: Option<usize>,
    unsigned_max: usize,
    state: Mutex<State>,
    alarms: Mutex<Alarms>,
    /// Stirred where an alarm is to ring before all others.
    sooner: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Everyone, by number.
    connected: HashMap<u64, Weak<Outlet>>,
    from: HashMap<IpAddr, usize>,
    next: u64,
    /// Who has not signed in, oldest first.
    unsigned: BTreeMap<u64, IpAddr>,
    is_stopping: bool,
}

/// A connection's place. It is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    gate: Arc<Gate>,
    address: IpAddr,
    number: u64,
    is_signed_in: bool,
    alarm: Alarm,
}

impl Gate {
    pub(crate) fn new(total_max: usize, from_one_max: Option<usize>) -> Arc<Self> {
        // A quarter may be at the menu: a class that comes at once fits, a crowd that idles there
        // leaves room for those who are in groups.
        let unsigned_max = (total_max / limits::UNSIGNED_SHARE).max(1);
        Arc::new(Self {
            total_max,
            from_one_max,
            unsigned_max,
            state: Mutex::default(),
            alarms: Mutex::new(Alarms::new(Instant::now())),
            sooner: Notify::new(),
        })
    }

    fn lock_alarms(&self) -> MutexGuard<'_, Alarms> {
        self.alarms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stirs each connection when its alarm rings, until told to end. One timer for all of them: each
    /// would have had a hundred bytes of its own.
    pub(crate) async fn ring(self: Arc<Self>, closing: CancellationToken) {
        loop {
            let next_at = self.lock_alarms().next_at();
            let is_due = async {
                match next_at {
                    Some(next_at) => tokio::time::sleep_until(next_at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = is_due => {}
                () = self.sooner.notified() => continue,
                () = closing.cancelled() => return,
            }
            let ringing = self.lock_alarms().take_due(Instant::now());
            let state = self.lock();
            let outlets =
                ringing.iter().filter_map(|number| state.connected.get(number)?.upgrade());
            let outlets: Vec<_> = outlets.collect();
            drop(state);
            for outlet in outlets {
                outlet.stir();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a connection in, or tells why not.
    pub(crate) fn enter(
        self: &Arc<Self>,
        address: IpAddr,
        outlet: &Arc<Outlet>,
    ) -> Result<Place, Turned> {
        let address = address.to_canonical();
        let mut state = self.lock();
        if state.connected.len() >= self.total_max {
            return Err(Turned::TooMany);
        }
        let from_there = state.from.get(&address).copied().unwrap_or_default();
        if self.from_one_max.is_some_and(|max| from_there >= max) {
            return Err(Turned::TooManyFromThere);
        }
        let makes_room = if state.unsigned.len() >= self.unsigned_max {
            state.take_oldest_of_fullest()
        } else {
            None
        };
        state.from.insert(address, from_there + 1);
        let number = state.next;
        state.next += 1;
        state.connected.insert(number, Arc::downgrade(outlet));
        state.unsigned.insert(number, address);
        let is_stopping = state.is_stopping;
        drop(state);
        if let Some(makes_room) = makes_room {
            makes_room.ask_to_go(Going::MakeRoom);
        }
        if is_stopping {
            outlet.ask_to_go(Going::Stopping);
        }
        let (gate, alarm) = (Arc::clone(self), Alarm::default());
        Ok(Place { gate, address, number, is_signed_in: false, alarm })
    }

    /// Asks everyone to go, and who comes from here on as well.
    pub(crate) fn stop(&self) {
        self.lock().is_stopping = true;
        for outlet in self.outlets() {
            outlet.ask_to_go(Going::Stopping);
        }
    }

    /// Everyone's outlet.
    pub(crate) fn outlets(&self) -> Vec<Arc<Outlet>> {
        self.lock().connected.values().filter_map(Weak::upgrade).collect()
    }

    /// How many of them have not signed in.
    pub(crate) fn unsigned_len(&self) -> usize {
        self.lock().unsigned.len()
    }

    /// How many connections there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().connected.len()
    }
}

impl State {
    /// Takes the oldest of the address that holds most of the unsigned off them: it makes room.
    fn take_oldest_of_fullest(&mut self) -> Option<Arc<Outlet>> {
        let mut counts: HashMap<IpAddr, usize> = HashMap::new();
        for address in self.unsigned.values() {
            *counts.entry(*address).or_default() += 1;
        }
        let (fullest, _) = counts.into_iter().max_by_key(|(_, count)| *count)?;
        let mut of_fullest = self.unsigned.iter().filter(|(_, address)| **address == fullest);
        let oldest = *of_fullest.next()?.0;
        self.unsigned.remove(&oldest);
        self.connected.get(&oldest)?.upgrade()
    }
}

impl Place {
    /// Where the connection comes from.
    pub(crate) const fn address(&self) -> IpAddr {
        self.address
    }

    /// Whether it is as late as that; never where there is no such time. Where it is not, the outlet is
    /// stirred by then, and maybe before.
    ///
    /// An alarm that is put off is left as it is until it rings: most are put off with each line that
    /// comes, and setting them takes a lock that all connections share.
    pub(crate) fn is_late(&mut self, at: Option<Instant>) -> bool {
        if at.is_none() && !self.alarm.is_set() {
            return false;
        }
        let now = Instant::now();
        let is_late = at.is_some_and(|at| at <= now);
        let wanted = at.filter(|_| !is_late);
        if self.alarm.is_to_be_set(wanted, now) {
            let is_first = self.gate.lock_alarms().set(self.number, &mut self.alarm, wanted);
            if is_first {
                self.gate.sooner.notify_one();
            }
        }
        is_late
    }

    /// Notes that it has signed in, or is back at the menu.
    pub(crate) fn set_signed_in(&mut self, is_signed_in: bool) {
        // Asked with each line, of what seldom changes and has one lock for all.
        if std::mem::replace(&mut self.is_signed_in, is_signed_in) == is_signed_in {
            return;
        }
        let mut state = self.gate.lock();
        if is_signed_in {
            state.unsigned.remove(&self.number);
        } else {
            state.unsigned.insert(self.number, self.address);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gate.lock_alarms().set(self.number, &mut self.alarm, None);
        let mut state = self.gate.lock();
        state.connected.remove(&self.number);
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
    use std::future::poll_fn;
    use std::task::Poll;
    use std::time::Duration;

    use super::*;
    use crate::tcp::Nowhere;

    fn address(last: u8) -> IpAddr {
        [127, 0, 0, last].into()
    }

    /// A connection that came in.
    struct Came {
        place: Place,
        outlet: Arc<Outlet>,
    }

    fn enter(gate: &Arc<Gate>, last: u8) -> Result<Came, Turned> {
        let outlet = Outlet::new(Arc::new(Nowhere));
        let place = gate.enter(address(last), &outlet)?;
        Ok(Came { place, outlet })
    }

    #[test]
    fn one_address_holds_so_many_connections_and_gets_its_places_back() {
        let gate = Gate::new(100, Some(2));
        let first = enter(&gate, 1).ok().unwrap();
        let _second = enter(&gate, 1).ok().unwrap();
        assert_eq!(enter(&gate, 1).err(), Some(Turned::TooManyFromThere));
        let _other = enter(&gate, 2).ok().unwrap();
        drop(first);
        let _third = enter(&gate, 1).ok().unwrap();
        assert_eq!(gate.len(), 3);
    }

    #[test]
    fn all_together_are_bounded() {
        let gate = Gate::new(2, None);
        let _came = [enter(&gate, 1).ok().unwrap(), enter(&gate, 2).ok().unwrap()];
        assert_eq!(enter(&gate, 3).err(), Some(Turned::TooMany));
    }

    #[test]
    fn who_idles_at_the_menu_makes_room_for_a_newcomer() {
        let gate = Gate::new(16, None);
        let mut crowd: Vec<_> = (0..3).map(|_| enter(&gate, 1).ok().unwrap()).collect();
        let other = enter(&gate, 2).ok().unwrap();
        let newcomer = enter(&gate, 3).ok().unwrap();
        let going = crowd[0].outlet.is_asked_to_go();
        assert_eq!(going, Some(Going::MakeRoom), "the oldest of the fullest address");
        for came in crowd[1..].iter().chain([&other, &newcomer]) {
            assert_eq!(came.outlet.is_asked_to_go(), None);
        }
        crowd[1].place.set_signed_in(true);
        let _another = enter(&gate, 4).ok().unwrap();
        assert_eq!(crowd[1].outlet.is_asked_to_go(), None, "whoever signed in stays");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_time_is_stirred_then_however_often_that_changes() {
        let gate = Gate::new(16, None);
        let closing = CancellationToken::new();
        let ringing =
            tokio_util::task::TaskTracker::new().spawn(Arc::clone(&gate).ring(closing.clone()));
        let start = Instant::now();
        let after = |seconds| Some(start + Duration::from_secs(seconds));
        let Came { mut place, outlet } = enter(&gate, 1).ok().unwrap();
        let other = enter(&gate, 1).ok().unwrap();
        for at in [60, 90, 30] {
            assert!(!place.is_late(after(at)));
            tokio::task::yield_now().await;
        }
        // Put off once more: it is stirred at 30, and is not late.
        assert!(!place.is_late(after(45)));
        outlet.stirred().await;
        assert_eq!(start.elapsed(), Duration::from_secs(30));
        assert!(!place.is_late(after(45)));
        outlet.stirred().await;
        assert_eq!(start.elapsed(), Duration::from_secs(45));
        assert!(place.is_late(after(45)));
        assert!(!place.is_late(after(60)));
        assert!(!place.is_late(None));
        assert!(
            gate.lock_alarms().next_at().is_none(),
            "nothing is held of one that is not needed"
        );
        assert!(!place.is_late(after(60)));
        drop(place);
        assert!(gate.lock_alarms().next_at().is_none(), "nor of a connection that has gone");
        let was_stirred = poll_fn(|context| Poll::Ready(other.outlet.poll_stirred(context))).await;
        assert!(was_stirred.is_pending());
        closing.cancel();
        ringing.await.unwrap();
    }

    #[test]
    fn who_comes_while_the_server_stops_is_asked_to_go_as_well() {
        let gate = Gate::new(16, None);
        let before = enter(&gate, 1).ok().unwrap();
        gate.stop();
        let after = enter(&gate, 1).ok().unwrap();
        for came in [before, after] {
            assert_eq!(came.outlet.is_asked_to_go(), Some(Going::Stopping));
        }
    }
}
