//! Operations: any sequence of what can be asked of a log, run on it and on a simple model.

use std::collections::BTreeMap;

use conclave_core::{Event, GroupId, Seq};

use super::Subject;
use super::session::{Outcome, Session, founding, group, replay, said};
use crate::{AppendFailure, Fault, GroupOptions, Log as _, LogError, NewGroup};

/// Something asked of a log; groups are told by a small number.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Make a group.
    Create(u8),
    /// Append so many messages.
    Append(u8, u8),
    /// Append so many messages to a disk that is full.
    AppendToFull(u8, u8),
    /// Append so many messages, and crash before or after they are written.
    AppendAndCrash(u8, u8, bool),
    /// Read a page from there on.
    Read(u8, u16),
    /// Load a group.
    Load(u8),
    /// Let go of a group.
    Forget(u8),
    /// Keep a snapshot of so many of its events.
    KeepSnapshot(u8, u8),
    /// Change its options.
    SetOptions(u8, bool, bool),
    /// Delete it.
    Delete(u8),
    /// List some groups after one.
    List(u8, u8),
    /// Kill the log and open it again.
    Kill,
    /// Stop the log and open it again.
    Stop,
}

/// A group as it must be.
#[derive(Default)]
struct Model {
    events: Vec<Event>,
    options: GroupOptions,
}

/// Runs operations, and holds each answer to the model.
pub async fn run_operations<S: Subject>(subject: &mut S, operations: &[Operation]) {
    let mut session = Session::open(subject).await;
    let mut models: BTreeMap<GroupId, Model> = BTreeMap::new();
    for operation in operations {
        session = run(subject, session, &mut models, operation).await;
        let count = session.log.count().await.unwrap();
        assert_eq!(count, models.len() as u64, "after {operation:?}");
    }
    for (id, model) in &models {
        assert_eq!(session.read_all(*id).await.unwrap(), model.events);
        let loaded = session.load(*id).await.unwrap();
        assert_eq!(loaded.snapshot(), replay(&model.events));
    }
}

const fn number(small: u8) -> u64 {
    1000 + (small % 4) as u64
}

#[expect(clippy::too_many_lines, reason = "one arm for each operation")]
async fn run<S: Subject>(
    subject: &mut S,
    mut session: Session<S::Log>,
    models: &mut BTreeMap<GroupId, Model>,
    operation: &Operation,
) -> Session<S::Log> {
    match *operation {
        Operation::Create(small) => {
            let id = group(number(small));
            let new = NewGroup { id, founding: founding(id) };
            let made = session.log.create(new).await.unwrap();
            assert_eq!(made, !models.contains_key(&id));
            models.entry(id).or_default();
        }
        Operation::Append(small, count) => {
            let id = group(number(small));
            for outcome in session.append_many(id, usize::from(count)).await {
                match (models.get_mut(&id), outcome) {
                    (Some(model), Outcome::Landed(event)) => model.events.push(event),
                    (None, Outcome::Failed(AppendFailure::NoSuchGroup)) => {}
                    (_, outcome) => panic!("{outcome:?}"),
                }
            }
        }
        Operation::AppendToFull(small, count) => {
            let id = group(number(small));
            if count == 0 || !models.contains_key(&id) {
                return session;
            }
            subject.fail_next(Fault::Full);
            // The fault is one commit's, and they may come into two.
            let mut has_failed = false;
            for outcome in session.append_many(id, usize::from(count)).await {
                match outcome {
                    Outcome::Landed(event) => {
                        models.get_mut(&id).expect("it is there").events.push(event);
                    }
                    Outcome::Failed(failure) => {
                        assert_eq!(failure, AppendFailure::NotSaved);
                        has_failed = true;
                    }
                }
            }
            assert!(has_failed);
        }
        Operation::AppendAndCrash(small, count, is_after) => {
            let id = group(number(small));
            if count == 0 || !models.contains_key(&id) {
                return session;
            }
            subject.fail_next(if is_after { Fault::CrashAfter } else { Fault::CrashBefore });
            for n in 0..count {
                session.append(id, said(&n.to_string()));
            }
            session.finish_stream().await;
            session.kill().await;
            session = Session::open(subject).await;
            let events = session.read_all(id).await.unwrap();
            let model = models.get_mut(&id).expect("it is there");
            let before = model.events.len();
            assert_eq!(events[..before], model.events);
            assert!(if is_after { events.len() > before } else { events.len() == before });
            assert!(events.len() <= before + usize::from(count));
            model.events = events;
        }
        Operation::Read(small, from) => {
            let id = group(number(small));
            match (models.get(&id), session.log.read(id, Seq(u64::from(from))).await) {
                (Some(model), Ok(page)) => {
                    let first = usize::from(from.max(1) - 1).min(model.events.len());
                    let end = (first + 128).min(model.events.len());
                    assert_eq!(page, model.events[first..end]);
                }
                (None, Err(LogError::NoSuchGroup)) => {}
                (_, answer) => panic!("{answer:?}"),
            }
        }
        Operation::Load(small) => {
            let id = group(number(small));
            let loaded = session.load(id).await;
            assert_eq!(loaded.is_some(), models.contains_key(&id));
        }
        Operation::Forget(small) => session.log.forget(group(number(small))),
        Operation::KeepSnapshot(small, count) => {
            let id = group(number(small));
            if let Some(model) = models.get(&id) {
                let count = usize::from(count).min(model.events.len());
                session.log.keep_snapshot(id, replay(&model.events[..count]));
            }
        }
        Operation::SetOptions(small, is_closed, is_deleted_when_empty) => {
            let id = group(number(small));
            let options = GroupOptions { is_closed, is_deleted_when_empty };
            let is_set = session.log.set_options(id, options).await.unwrap();
            assert_eq!(is_set, models.contains_key(&id));
            if let Some(model) = models.get_mut(&id) {
                model.options = options;
            }
        }
        Operation::Delete(small) => {
            let id = group(number(small));
            let is_deleted = session.log.delete(id).await.unwrap();
            assert_eq!(is_deleted, models.remove(&id).is_some());
            session.start_over(id);
        }
        Operation::List(small, limit) => {
            let after = group(number(small));
            let limit = usize::from(limit % 6);
            let listed = session.log.list(Some(after), limit).await.unwrap();
            let found: Vec<_> =
                listed.into_iter().map(|listed| (listed.id, listed.head, listed.options)).collect();
            let expected: Vec<_> = models
                .iter()
                .filter(|(id, _)| **id > after)
                .take(limit)
                .map(|(id, model)| (*id, Seq(model.events.len() as u64), model.options))
                .collect();
            assert_eq!(found, expected);
        }
        Operation::Kill => {
            session.kill().await;
            session = Session::open(subject).await;
        }
        Operation::Stop => {
            session.log.stop().await.unwrap();
            session.kill().await;
            session = Session::open(subject).await;
        }
    }
    session
}
