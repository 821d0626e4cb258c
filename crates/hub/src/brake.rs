//! Brake: makes guessing slow, without ever locking a group or an address out.
//!
//! Failed sign-ins are counted for each address and each group or account, and forgiven with time.
//! Past a number of them the next sign-ins of that address, or to that group, go in single file. The
//! file of a group serves addresses in turn, so a thousand guesses from one place do not keep a newcomer
//! from elsewhere waiting. Does not know passwords, nor whether a group or an
//! account exists: a number that is no group's is braked alike. Accounts made from an address are
//! counted as well; past their number the next is refused.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use conclave_core::{GroupId, Name, Refusal, limits};
use tokio::time::Instant;

/// Where a sign-in comes from: an IPv4 address, or the /64 of an IPv6 one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source(IpAddr);

impl Source {
    /// Source of a connection from that address.
    pub fn new(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => Self(masked(address, 64)),
            address @ IpAddr::V4(_) => Self(address),
        }
    }

    /// Whom it takes turns with: an IPv4 address, or the /48 of an IPv6 one.
    fn place(self) -> IpAddr {
        match self.0 {
            IpAddr::V6(address) => masked(address, 48),
            address @ IpAddr::V4(_) => address,
        }
    }
}

fn masked(address: Ipv6Addr, bits: u32) -> IpAddr {
    IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - bits))))
}

/// Counts failed sign-ins and makes the next ones wait.
#[derive(Debug, Default)]
pub(crate) struct Brake {
    sources: Mutex<HashMap<Source, Lane>>,
    targets: Mutex<HashMap<Target, Lane>>,
    /// Accounts that were made from an address, counted as failures are.
    makings: Mutex<HashMap<Source, Lane>>,
}

/// What somebody signs in to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// A group; nothing for what can be no number.
    Group(Option<GroupId>),
    /// An account, by a digest of its name's key; nothing for what can be no name.
    Account(Option<[u8; 16]>),
}

impl Target {
    /// The account of that name, whether or not there is one.
    pub(crate) fn account(name: Option<&Name>) -> Self {
        Self::Account(name.map(|name| {
            let mut digest = [0; 16];
            blake3::Hasher::new().update(name.key().as_bytes()).finalize_xof().fill(&mut digest);
            digest
        }))
    }
}

/// Failures of one address or group, and who waits for its turn.
#[derive(Debug)]
struct Lane {
    failures: u32,
    /// When the count was last brought up to date.
    counted_at: Instant,
    /// When the next may pass.
    turn_at: Instant,
    next_waiter: u64,
    /// Who waits, in the order in which places have their turn.
    waiting: VecDeque<(IpAddr, VecDeque<u64>)>,
}

/// Waiters a lane holds at the most; past it the fullest place loses its newest.
const WAITERS_MAX: usize = 256;

impl Brake {
    /// Waits until a sign-in from there to that group or account may be checked.
    ///
    /// # Errors
    /// [`Refusal::TooManyGuesses`] where its turn is too far off.
    ///
    /// # Cancel safety
    /// Safe: who does not wait any more is taken out of the file.
    pub(crate) async fn pass(&self, source: Source, target: Target) -> Result<(), Refusal> {
        let rule =
            Rule { free: limits::GUESSES_PER_SOURCE, forgiven: limits::GUESS_FORGIVEN_SOURCE };
        wait(&self.sources, source, source.place(), rule).await?;
        let rule = Rule { free: limits::GUESSES_PER_GROUP, forgiven: limits::GUESS_FORGIVEN_GROUP };
        wait(&self.targets, target, source.place(), rule).await
    }

    /// Notes a failed sign-in.
    pub(crate) fn note_failure(&self, source: Source, target: Target) {
        let now = Instant::now();
        note(&self.sources, source, limits::GUESS_FORGIVEN_SOURCE, now);
        note(&self.targets, target, limits::GUESS_FORGIVEN_GROUP, now);
    }

    /// Whether an account may be made from there.
    ///
    /// # Errors
    /// [`Refusal::TooManyAccounts`].
    pub(crate) fn check_making(&self, source: Source) -> Result<(), Refusal> {
        let mut makings = lock(&self.makings);
        let Some(lane) = makings.get_mut(&source) else { return Ok(()) };
        lane.forgive(Instant::now(), limits::ACCOUNT_FORGIVEN);
        let is_over = lane.failures >= limits::ACCOUNTS_PER_SOURCE;
        if is_over { Err(Refusal::TooManyAccounts) } else { Ok(()) }
    }

    /// Notes that an account is made from there.
    ///
    /// # Errors
    /// As [`Brake::check_making`].
    pub(crate) fn note_making(&self, source: Source) -> Result<(), Refusal> {
        self.check_making(source)?;
        note(&self.makings, source, limits::ACCOUNT_FORGIVEN, Instant::now());
        Ok(())
    }
}

/// How many failures are free, and in which time one is forgiven.
#[derive(Clone, Copy)]
struct Rule {
    free: u32,
    forgiven: Duration,
}

fn lock<K>(lanes: &Mutex<HashMap<K, Lane>>) -> MutexGuard<'_, HashMap<K, Lane>> {
    lanes.lock().unwrap_or_else(PoisonError::into_inner)
}

fn note<K: Eq + Hash + Copy>(
    lanes: &Mutex<HashMap<K, Lane>>,
    key: K,
    forgiven: Duration,
    now: Instant,
) {
    let mut lanes = lock(lanes);
    if lanes.len() >= limits::GUESS_KEYS_MAX && !lanes.contains_key(&key) {
        make_room(&mut lanes, forgiven, now);
    }
    let lane = lanes.entry(key).or_insert_with(|| Lane::new(now));
    lane.forgive(now, forgiven);
    lane.failures = limits::GUESSES_COUNTED_MAX.min(lane.failures + 1);
}

/// Forgets what is forgiven, and where that is too little the stalest eighth: looking at all of
/// them costs a millisecond, so it is not done for each.
fn make_room<K>(lanes: &mut HashMap<K, Lane>, forgiven: Duration, now: Instant) {
    lanes.retain(|_, lane| {
        lane.forgive(now, forgiven);
        lane.failures > 0 || !lane.waiting.is_empty()
    });
    let eighth = limits::GUESS_KEYS_MAX / 8;
    let mut excess = (lanes.len() + eighth).saturating_sub(limits::GUESS_KEYS_MAX);
    let mut ages: Vec<Instant> = lanes.values().map(|lane| lane.counted_at).collect();
    if excess == 0 || excess > ages.len() {
        return;
    }
    let (_, oldest_kept, _) = ages.select_nth_unstable(excess - 1);
    lanes.retain(|_, lane| {
        let goes = excess > 0 && lane.waiting.is_empty() && lane.counted_at <= *oldest_kept;
        excess -= usize::from(goes);
        !goes
    });
}

/// Waits in the lane of `key`, if it has one that is braked.
async fn wait<K: Eq + Hash + Copy>(
    lanes: &Mutex<HashMap<K, Lane>>,
    key: K,
    place: IpAddr,
    rule: Rule,
) -> Result<(), Refusal> {
    let started = Instant::now();
    let waiter = {
        let mut lanes = lock(lanes);
        let Some(lane) = lanes.get_mut(&key) else { return Ok(()) };
        lane.forgive(started, rule.forgiven);
        if lane.failures < rule.free && lane.waiting.is_empty() {
            return Ok(());
        }
        lane.turn_at = lane.turn_at.max(started);
        lane.enter(place)
    };
    let _place_in_file = InFile { lanes, key, place, waiter };
    loop {
        let now = Instant::now();
        let turn_at = {
            let mut lanes = lock(lanes);
            let Some(lane) = lanes.get_mut(&key) else { return Ok(()) };
            if now >= lane.turn_at && lane.is_next(place, waiter) {
                lane.turn_at = now + limits::GUESS_INTERVAL;
                lane.rotate();
                return Ok(());
            }
            if !lane.holds(place, waiter) || now.duration_since(started) >= limits::GUESS_WAIT_MAX {
                return Err(Refusal::TooManyGuesses);
            }
            // Not its turn although it is time: whose turn it is wakes now as well.
            lane.turn_at.max(now + Duration::from_millis(10))
        };
        tokio::time::sleep_until(turn_at).await;
    }
}

/// Takes a waiter out of the file when it goes, however it goes.
struct InFile<'lanes, K: Eq + Hash + Copy> {
    lanes: &'lanes Mutex<HashMap<K, Lane>>,
    key: K,
    place: IpAddr,
    waiter: u64,
}

impl<K: Eq + Hash + Copy> Drop for InFile<'_, K> {
    fn drop(&mut self) {
        if let Some(lane) = lock(self.lanes).get_mut(&self.key) {
            lane.leave(self.place, self.waiter);
        }
    }
}

impl Lane {
    fn new(now: Instant) -> Self {
        Self {
            failures: 0,
            counted_at: now,
            turn_at: now,
            next_waiter: 0,
            waiting: VecDeque::new(),
        }
    }

    fn forgive(&mut self, now: Instant, forgiven: Duration) {
        let elapsed = now.duration_since(self.counted_at).as_nanos() / forgiven.as_nanos().max(1);
        let count = u32::try_from(elapsed).unwrap_or(u32::MAX);
        self.failures = self.failures.saturating_sub(count);
        if self.failures == 0 {
            self.counted_at = now;
        } else {
            self.counted_at += forgiven * count;
        }
    }

    fn enter(&mut self, place: IpAddr) -> u64 {
        let waiter = self.next_waiter;
        self.next_waiter += 1;
        if let Some((_, waiters)) = self.waiting.iter_mut().find(|(other, _)| *other == place) {
            waiters.push_back(waiter);
        } else {
            self.waiting.push_back((place, VecDeque::from([waiter])));
        }
        let count: usize = self.waiting.iter().map(|(_, waiters)| waiters.len()).sum();
        if count > WAITERS_MAX
            && let Some((_, fullest)) =
                self.waiting.iter_mut().max_by_key(|(_, waiters)| waiters.len())
        {
            fullest.pop_back();
        }
        waiter
    }

    fn holds(&self, place: IpAddr, waiter: u64) -> bool {
        self.waiting.iter().any(|(other, waiters)| *other == place && waiters.contains(&waiter))
    }

    fn is_next(&self, place: IpAddr, waiter: u64) -> bool {
        self.waiting
            .front()
            .is_some_and(|(other, waiters)| *other == place && waiters.front() == Some(&waiter))
    }

    /// Lets the place at the front, whose waiter passes, go behind all others.
    fn rotate(&mut self) {
        if let Some((place, mut waiters)) = self.waiting.pop_front() {
            waiters.pop_front();
            if !waiters.is_empty() {
                self.waiting.push_back((place, waiters));
            }
        }
    }

    fn leave(&mut self, place: IpAddr, waiter: u64) {
        for (other, waiters) in &mut self.waiting {
            if *other == place {
                waiters.retain(|id| *id != waiter);
            }
        }
        self.waiting.retain(|(_, waiters)| !waiters.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::JoinSet;

    use super::*;

    fn v4(n: u8) -> Source {
        Source::new([192, 0, 2, n].into())
    }

    fn v6(network: u128) -> Source {
        Source::new(IpAddr::V6(Ipv6Addr::from_bits((0x2001_0db8 << 96) | (network << 64) | 7)))
    }

    fn group() -> Target {
        Target::Group(GroupId::new(8888))
    }

    /// Lets failures come from as many places, so that only the group is braked.
    fn fail(brake: &Brake, count: u32) {
        for n in 0..count {
            brake.note_failure(v6(u128::from(n) << 16), group());
        }
    }

    #[test]
    fn an_address_is_its_network_and_takes_turns_with_the_larger_one() {
        let of = |address: &str| Source::new(address.parse().unwrap());
        for (one, other, is_same, has_same_turn) in [
            ("192.0.2.1", "192.0.2.1", true, true),
            ("192.0.2.1", "192.0.2.2", false, false),
            ("192.0.2.1", "::ffff:192.0.2.1", true, true),
            ("2001:db8::1", "2001:db8::2", true, true),
            ("2001:db8::1", "2001:db8:0:1::1", false, true),
            ("2001:db8::1", "2001:db8:1::1", false, false),
        ] {
            let (one, other) = (of(one), of(other));
            assert_eq!((one == other, one.place() == other.place()), (is_same, has_same_turn));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_not_failed_often_waits_for_nothing() {
        let brake = Brake::default();
        let started = Instant::now();
        fail(&brake, limits::GUESSES_PER_GROUP - 1);
        for n in 0..200 {
            brake.pass(v4(n), group()).await.unwrap();
        }
        fail(&brake, 1);
        brake.pass(v4(1), Target::Group(GroupId::new(9999))).await.unwrap();
        brake.pass(v4(1), group()).await.unwrap();
        assert_eq!(started.elapsed(), Duration::ZERO, "the first in the file too");
        brake.pass(v4(1), group()).await.unwrap();
        assert_eq!(started.elapsed(), limits::GUESS_INTERVAL);
    }

    #[tokio::test(start_paused = true)]
    async fn places_take_turns_however_many_wait_in_one() {
        let brake = Arc::new(Brake::default());
        fail(&brake, limits::GUESSES_PER_GROUP);
        let mut waiting = JoinSet::new();
        let mut enter = |source: Source| {
            let brake = Arc::clone(&brake);
            waiting.spawn(async move {
                let started = Instant::now();
                brake.pass(source, group()).await.map(|()| (source, started.elapsed()))
            });
        };
        (0..40).for_each(|n| enter(v6(n)));
        enter(v4(1));
        enter(v4(2));
        let passed: Vec<_> = waiting.join_all().await.into_iter().map(Result::unwrap).collect();
        let wait_of = |source| passed.iter().find(|(other, _)| *other == source).unwrap().1;
        let turns = |count: u32| limits::GUESS_INTERVAL * count;
        assert!(wait_of(v4(1)) <= turns(2) + Duration::from_millis(50), "{:?}", wait_of(v4(1)));
        assert!(wait_of(v4(2)) <= turns(3) + Duration::from_millis(50), "{:?}", wait_of(v4(2)));
        let longest = passed.iter().map(|(_, wait)| *wait).max().unwrap();
        assert!(longest >= turns(40), "{longest:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn whose_turn_is_too_far_off_is_told_to_come_again_and_the_fullest_place_gives_way() {
        let brake = Arc::new(Brake::default());
        fail(&brake, limits::GUESSES_PER_GROUP);
        let mut waiting = JoinSet::new();
        for n in 0..WAITERS_MAX as u128 * 2 {
            let brake = Arc::clone(&brake);
            waiting.spawn(async move { brake.pass(v6(n), group()).await });
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        // Full, and yet somebody from elsewhere finds a place.
        brake.pass(v4(1), group()).await.unwrap();
        let passed = waiting.join_all().await;
        let count = passed.iter().filter(|passed| passed.is_ok()).count();
        let turns = limits::GUESS_WAIT_MAX.as_secs() / limits::GUESS_INTERVAL.as_secs();
        assert!(count.abs_diff(usize::try_from(turns).unwrap()) <= 1, "{count}");
        assert!(lock(&brake.targets).values().all(|lane| lane.waiting.is_empty()));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_no_more_leaves_the_file() {
        let brake = Brake::default();
        fail(&brake, limits::GUESSES_PER_GROUP);
        brake.pass(v4(1), group()).await.unwrap();
        for n in 0..50 {
            let pass = brake.pass(v4(n), group());
            assert!(tokio::time::timeout(Duration::from_millis(1), pass).await.is_err());
        }
        let started = Instant::now();
        brake.pass(v4(60), group()).await.unwrap();
        assert!(started.elapsed() <= limits::GUESS_INTERVAL);
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_forgiven_with_time_however_many_there_were() {
        let brake = Brake::default();
        fail(&brake, 100_000);
        tokio::time::sleep(limits::GUESS_FORGIVEN_GROUP * limits::GUESSES_COUNTED_MAX).await;
        let started = Instant::now();
        for n in 0..30 {
            brake.pass(v4(n), group()).await.unwrap();
        }
        assert_eq!(started.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_addresses_and_groups_are_remembered_than_the_limit() {
        let brake = Brake::default();
        for n in 0..limits::GUESS_KEYS_MAX as u64 + 100 {
            brake.note_failure(v6(u128::from(n)), Target::Group(GroupId::new(1_000 + n)));
        }
        let remembered = limits::GUESS_KEYS_MAX * 7 / 8..=limits::GUESS_KEYS_MAX;
        assert!(remembered.contains(&lock(&brake.sources).len()));
        assert!(remembered.contains(&lock(&brake.targets).len()));
    }

    #[tokio::test(start_paused = true)]
    async fn names_that_look_alike_are_braked_as_one_account() {
        let name = |typed| Name::parse(typed).unwrap();
        let noya = Target::account(Some(&name("Noya")));
        assert_eq!(Target::account(Some(&name("noya"))), noya);
        assert_ne!(Target::account(Some(&name("Dan"))), noya);
        assert_ne!(Target::account(None), Target::Group(None));
    }

    #[tokio::test(start_paused = true)]
    async fn accounts_from_one_address_are_counted_and_forgiven() {
        let brake = Brake::default();
        for _ in 0..limits::ACCOUNTS_PER_SOURCE {
            brake.note_making(v4(1)).unwrap();
        }
        assert_eq!(brake.note_making(v4(1)), Err(Refusal::TooManyAccounts));
        brake.note_making(v4(2)).unwrap();
        tokio::time::sleep(limits::ACCOUNT_FORGIVEN).await;
        brake.note_making(v4(1)).unwrap();
        assert_eq!(brake.check_making(v4(1)), Err(Refusal::TooManyAccounts));
    }
}
