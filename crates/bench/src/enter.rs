//! Enter: how the connections of a load come into their groups.
//!
//! First those who make the groups, then the others, a few at a time so that a server that hashes
//! passwords has nobody waiting too long; a storm is all at once. Who is turned away tries again.

use std::collections::VecDeque;

use anyhow::{Context as _, bail};

use crate::clock::nanos;
use crate::driver::Driver;
use crate::limits;
use crate::link::Standing;
use crate::load::{Kind, Load};

/// How the connections came in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entered {
    /// Nanoseconds from the first to the last of those who did not make a group.
    pub(crate) took: u64,
    /// Tries that were turned away.
    pub(crate) retries: u64,
}

/// Has those who make the groups come in.
pub(crate) fn create(driver: &mut Driver, load: &Load) -> anyhow::Result<Entered> {
    let shape = load.shape;
    let creators = (0..shape.groups).map(|group| shape.connection(group, 0)).collect();
    come(driver, load, creators, limits::ENTERING_MAX)
}

/// Has all others come in.
pub(crate) fn join(driver: &mut Driver, load: &Load) -> anyhow::Result<Entered> {
    let shape = load.shape;
    let others = (0..shape.connections()).filter(|connection| shape.place(*connection).1 > 0);
    let at_once =
        if load.kind == Kind::JoinStorm { shape.connections() } else { limits::ENTERING_MAX };
    come(driver, load, others.collect(), at_once)
}

fn come(
    driver: &mut Driver,
    load: &Load,
    mut waiting: VecDeque<usize>,
    at_once: usize,
) -> anyhow::Result<Entered> {
    let started = driver.clock.now();
    let awaited_count = waiting.len();
    let (mut entering_count, mut inside_count) = (0, 0);
    let mut retries = 0;
    while inside_count < awaited_count {
        while entering_count < at_once
            && let Some(connection) = waiting.pop_front()
        {
            driver.open(connection).context("a connection could not be begun")?;
            entering_count += 1;
        }
        driver.turn(None)?;
        for (connection, id) in std::mem::take(&mut driver.hearing.entered) {
            let (group, _) = load.shape.place(connection);
            let Some(link) = driver.links.get_mut(connection) else { continue };
            link.standing = Standing::In;
            if let Some(known) = driver.groups.get_mut(group as usize) {
                *known = id;
            }
            entering_count -= 1;
            inside_count += 1;
        }
        let mut turned_away = std::mem::take(&mut driver.hearing.turned_away);
        // Told so and disconnected in one turn counts once.
        turned_away.sort_unstable();
        turned_away.dedup();
        for connection in turned_away {
            let Some(link) = driver.links.get_mut(connection) else { continue };
            if link.tries >= limits::ENTERING_TRIES {
                let problem = driver.hearing.problem.take();
                let problem = problem.map_or(String::new(), |problem| format!(" ({problem})"));
                bail!(
                    "a connection was turned away {} times{problem}: is the server there, and \
                     does it let one address have {} connections (--connections-per-ip none)?",
                    limits::ENTERING_TRIES,
                    limits::PER_SOURCE
                );
            }
            link.close();
            retries += 1;
            entering_count -= 1;
            waiting.push_back(connection);
        }
        let took = driver.clock.now() - started;
        if took > nanos(limits::ENTERING_FOR) {
            bail!("only {inside_count} of {awaited_count} connections came in in time");
        }
    }
    Ok(Entered { took: driver.clock.now() - started, retries })
}
