//! Simulation: from a seed, clients that talk, stall, vanish and come back, on a log that is slow to
//! write or to answer, full or crashes, in virtual time; afterwards everything they saw and were told
//! is held against what the log has.
//!
//! The ordinary run tries as many seeds as fit in a few seconds. `CONCLAVE_SIM_SEEDS` names others:
//! one, or a range like `0..100000`.

mod check;
mod client;
mod dice;
mod world;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::stage::in_virtual_time;
use client::Client;
use dice::Dice;
use world::World;

/// Seeds that an ordinary run tries.
const SEEDS: Range<u64> = 0..20;
/// Virtual time after which a run that has not come to its end never will.
const RUN_MAX: Duration = Duration::from_hours(1);
/// Virtual time in which all is well again once nothing goes wrong any more (I7).
const HEALED_WITHIN: Duration = Duration::from_secs(10);

#[test]
fn whatever_happens_nothing_is_lost_doubled_reordered_or_leaked() {
    seeds().unwrap_or(SEEDS).for_each(try_seed);
}

#[expect(clippy::disallowed_methods, reason = "which seeds are tried")]
fn seeds() -> Option<Range<u64>> {
    let asked = std::env::var("CONCLAVE_SIM_SEEDS").ok()?;
    let (from, to) = asked.split_once("..").unwrap_or((&asked, ""));
    let from = from.parse().unwrap();
    Some(from..if to.is_empty() { from + 1 } else { to.parse().unwrap() })
}

fn try_seed(seed: u64) {
    let tried = catch_unwind(AssertUnwindSafe(|| {
        in_virtual_time(async {
            let run = tokio::time::timeout(RUN_MAX, run(seed)).await;
            run.unwrap_or_else(|_elapsed| panic!("somebody waits for ever"));
        });
    }));
    if let Err(panic) = tried {
        tell(seed);
        resume_unwind(panic);
    }
}

#[expect(clippy::print_stderr, reason = "a test's report")]
fn tell(seed: u64) {
    eprintln!(
        "seed {seed} fails; to repeat it:\n\
         CONCLAVE_SIM_SEEDS={seed} cargo test -p conclave-hub --test it sim::"
    );
}

async fn run(seed: u64) {
    let mut dice = Dice::new(seed);
    let world = World::open(&mut dice).await;
    let mut clients = JoinSet::new();
    for index in 0..dice.between(2, 7) {
        let mut client = Client::new(Arc::clone(&world), index, dice.fork());
        clients.spawn(async move {
            client.live().await;
            client
        });
    }
    let trouble = world.make_trouble(dice.fork());
    let clients = async {
        let clients = clients.join_all().await;
        world.heal();
        clients
    };
    let (mut clients, ()) = tokio::join!(clients, trouble);
    world.calm().await;
    assert!(world.open_groups().await);
    if tokio::time::timeout(HEALED_WITHIN, catch_up(&mut clients)).await.is_err() {
        let behind: Vec<String> =
            clients.iter_mut().filter_map(Client::what_it_waits_for).collect();
        panic!("not well after {HEALED_WITHIN:?}: {behind:#?}");
    }
    // Time for a leaving that met a full disk to be tried again.
    tokio::time::sleep(HEALED_WITHIN).await;
    world.check_members().await;
    for client in clients {
        client.end();
    }
    check::check(&world);
}

async fn catch_up(clients: &mut [Client]) {
    // One may have to come in again after another has caught up.
    while !clients.iter_mut().all(Client::has_caught_up) {
        for client in &mut *clients {
            client.catch_up().await;
        }
    }
}
