//! World: the disk, the hub that runs on it just now, what goes wrong, and what was seen and told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use conclave_core::{GroupId, Kind, MemberId, Name, Seq};
use conclave_hub::{Hub, HubEnd, Keep};
use conclave_log::{Fault, MemoryDisk};

use super::dice::Dice;
use crate::stage::{Setting, WIRE, connection, name_of, password, words};

/// See the module.
pub(super) struct World {
    setting: Setting,
    hub: Mutex<Arc<Hub>>,
    pub(super) groups: Vec<GroupId>,
    history: Mutex<History>,
    is_healing: AtomicBool,
}

/// What clients saw and were told.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) sent: BTreeMap<String, Sent>,
    pub(super) streams: Vec<Stream>,
}

/// A message that somebody tried to send; its text is like no other's.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) group: usize,
    pub(super) outcome: Outcome,
}

/// What the sender knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is in the log, there.
    Ok(Seq),
    /// It is not in the log, and never will be.
    Fail,
    Unknown,
}

/// What one connection to one group was shown, from its first event on.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) client: u64,
    pub(super) group: usize,
    pub(super) member: MemberId,
    /// What came after that one was to be shown.
    pub(super) after: Seq,
    /// What it did itself was not.
    pub(super) is_own_left_out: bool,
    pub(super) lines: Vec<String>,
}

impl World {
    pub(super) async fn open(dice: &mut Dice) -> Arc<Self> {
        let setting = Setting::new();
        let hub = setting.clone().open().await.hub;
        let mut groups = Vec::new();
        for _ in 0..dice.between(1, 4) {
            groups.push(hub.create(&password()).await.unwrap().group());
        }
        Arc::new(Self {
            setting,
            hub: Mutex::new(hub),
            groups,
            history: Mutex::default(),
            is_healing: AtomicBool::new(false),
        })
    }

    pub(super) fn disk(&self) -> &MemoryDisk {
        &self.setting.disk
    }

    /// The hub that runs just now.
    pub(super) fn hub(&self) -> Arc<Hub> {
        Arc::clone(&self.hub.lock().unwrap())
    }

    pub(super) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap()
    }

    /// Notes a try to send that text, and what came of it.
    pub(super) fn note(&self, text: &str, group: usize, outcome: Outcome) {
        let mut history = self.history();
        let first = Sent { group, outcome };
        let sent = history.sent.entry(text.to_owned()).or_insert(first);
        // A later try that failed tells nothing of an earlier one.
        if matches!(outcome, Outcome::Ok(_)) || sent.outcome == Outcome::Fail {
            sent.outcome = outcome;
        }
    }

    /// From here on nothing more goes wrong than what was on its way.
    pub(super) fn heal(&self) {
        self.is_healing.store(true, Ordering::Release);
    }

    /// Has things go wrong until all is to be well again.
    pub(super) async fn make_trouble(&self, mut dice: Dice) {
        let is_calm = dice.percent(10);
        while !self.is_healing.load(Ordering::Acquire) {
            tokio::time::sleep(Duration::from_micros(dice.between(100, 150_000))).await;
            match dice.between(0, 14) {
                _ if is_calm => {}
                0..3 => {
                    let time = Duration::from_micros(dice.between(1, 30_000));
                    self.disk().fail_next(Fault::Slow(time));
                }
                3..5 => self.disk().fail_next(Fault::Full),
                5 => self.disk().fail_next(Fault::CrashBefore),
                6 => self.disk().fail_next(Fault::CrashAfter),
                7 => self.hub().stop().await,
                8 => {
                    let group = self.groups[dice.index(self.groups.len())];
                    // Where the hub is just gone it cannot.
                    let _stopped = self.hub().close(group).await;
                }
                9..11 => self.disk().answer_after(Duration::from_micros(dice.between(0, 20_000))),
                // Where the hub is just gone it cannot.
                _ => drop(self.open_groups().await),
            }
            self.raise(&mut dice).await;
        }
    }

    /// Starts the next hub where the last one has ended; whether it had.
    async fn raise(&self, dice: &mut Dice) -> bool {
        let hub = self.hub();
        let Ok(end) = tokio::time::timeout(Duration::ZERO, hub.ended()).await else {
            return false;
        };
        if end == HubEnd::LogFailed {
            tokio::time::sleep(Duration::from_micros(dice.between(0, 20_000))).await;
        }
        *self.hub.lock().unwrap() = self.setting.clone().open().await.hub;
        true
    }

    /// Uses up what is still to go wrong, in a group of nobody's.
    pub(super) async fn calm(&self) {
        self.disk().answer_after(Duration::ZERO);
        let mut went_well = 0;
        while went_well < 20 {
            self.raise(&mut Dice::new(0)).await;
            let Ok(admission) = self.hub().create(&password()).await else { continue };
            let (_, outlet) = connection(1 << 20);
            let joined = admission.join(name_of("Noya"), Keep::Connection, &outlet, &WIRE);
            went_well = 0;
            if let Ok(joined) = joined.await {
                while went_well < 20 && joined.session.send(words("well"), None).await.is_ok() {
                    went_well += 1;
                }
            }
        }
    }

    /// Opens the groups that were closed; whether all are open.
    pub(super) async fn open_groups(&self) -> bool {
        let mut is_done = true;
        for group in &self.groups {
            is_done &= self.hub().open(*group).await == Ok(true);
        }
        is_done
    }

    /// Checks that the hub knows who is in each group, as the log tells it, and that nobody is in
    /// it who has gone.
    pub(super) async fn check_members(&self) {
        for group in &self.groups {
            let mut expected: BTreeMap<MemberId, (Name, bool)> = BTreeMap::new();
            for event in self.disk().events(*group) {
                let member = event.entry.member;
                match event.entry.kind {
                    Kind::Joined { seat, .. } => {
                        expected.insert(member, (event.entry.name, seat.is_some()));
                    }
                    Kind::Renamed { to } => {
                        expected.entry(member).and_modify(|(name, _)| *name = to);
                    }
                    Kind::Left(_) | Kind::Removed { .. } => drop(expected.remove(&member)),
                    _ => {}
                }
            }
            let shown = self.hub().show(*group).await.unwrap().unwrap();
            let names = shown.members.iter().map(|(name, _)| name);
            assert!(names.eq(expected.values().map(|(name, _)| name)), "{shown:?} {expected:?}");
            for ((name, is_here), (_, has_seat)) in shown.members.iter().zip(expected.values()) {
                assert!(*is_here || *has_seat, "{name} is gone and has not left");
            }
        }
    }
}
