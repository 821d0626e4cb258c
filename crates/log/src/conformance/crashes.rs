//! Cases of ends: crashes, full disks, stopping, opening again.

use std::time::Duration;

use conclave_core::{Founding, Seq, Snapshot};

use super::session::{Outcome, Session, group, said};
use super::{Subject, rounds};
use crate::{AppendFailure, Fault, GroupOptions, Log as _, LogError, NewGroup};

/// After a clean stop and after none.
pub async fn reopening_finds_all_and_the_same_epoch<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    let epoch = session.log.epoch();
    session.create(group(1000)).await;
    for round in 1..=4_u64 {
        session.append_many(group(1000), 25).await;
        if round % 2 == 0 {
            session.log.stop().await.unwrap();
        }
        let mut told = session.kill().await;
        session = Session::open(subject).await;
        assert_eq!(session.log.epoch(), epoch);
        assert_eq!(session.load(group(1000)).await.unwrap().head(), Seq(round * 25));
        let read = session.read_all(group(1000)).await.unwrap();
        let told = told.remove(&group(1000)).unwrap();
        assert_eq!(read[read.len() - 25..], told);
    }
}

/// From the copy on, the two histories differ.
pub async fn a_backup_is_whole_and_has_another_epoch<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    session.create(group(1000)).await;
    session.append_many(group(1000), 200).await;
    let before = session.told(group(1000)).to_vec();
    let mut copies = [subject.backup(&session.log).await, subject.backup(&session.log).await];
    session.append_many(group(1000), 10).await;
    let epoch = session.log.epoch();
    let mut epochs = vec![epoch];
    for copy in &mut copies {
        let mut restored = Session::open(copy).await;
        assert_eq!(restored.read_all(group(1000)).await.unwrap(), before);
        restored.append_many(group(1000), 1).await;
        let drawn = restored.log.epoch();
        assert!(!epochs.contains(&drawn), "{drawn} of {epochs:?}");
        epochs.push(drawn);
        restored.kill().await;
        assert_eq!(Session::open(copy).await.log.epoch(), drawn, "it is drawn once");
    }
    assert_eq!(session.log.epoch(), epoch);
    assert_eq!(session.read_all(group(1000)).await.unwrap().len(), 210);
}

/// Reading goes on, and so does writing when there is room.
pub async fn a_full_disk_is_told_and_got_over<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    session.create(group(1000)).await;
    session.create(group(1001)).await;
    for round in 1..=3_u64 {
        subject.fail_next(Fault::Full);
        let lost =
            [session.append(group(1000), said("lost")), session.append(group(1001), said("lost"))];
        // Both may not have come into the same commit.
        while lost.iter().any(|ticket| !session.has_ended(*ticket)) {
            assert!(session.next_batch().await);
        }
        assert_eq!(session.outcome(lost[0]), Outcome::Failed(AppendFailure::NotSaved));
        session.append_many(group(1000), 2).await;
        let read = session.read_all(group(1000)).await.unwrap();
        assert_eq!(read.last().unwrap().seq, Seq(round * 2), "numbers stay dense");
        assert_eq!(read, session.told(group(1000)));
    }
}

/// They end as unknown, and are not there.
pub async fn a_crash_before_the_commit_loses_what_nobody_was_told<S: Subject>(subject: &mut S) {
    crash(subject, Fault::CrashBefore).await;
}

/// They end as unknown, and are there once.
pub async fn a_crash_after_the_commit_loses_nothing<S: Subject>(subject: &mut S) {
    crash(subject, Fault::CrashAfter).await;
}

async fn crash<S: Subject>(subject: &mut S, fault: Fault) {
    let mut session = Session::open(subject).await;
    session.create(group(1000)).await;
    for _ in 0..3 {
        session.append_many(group(1000), 10).await;
        let before = session.read_all(group(1000)).await.unwrap();
        subject.fail_next(fault);
        let tickets: Vec<_> =
            (0..10).map(|n| session.append(group(1000), said(&format!("doubtful {n}")))).collect();
        session.finish_stream().await;
        let outcomes: Vec<_> = tickets.iter().map(|ticket| session.outcome(*ticket)).collect();
        let unknown = Outcome::Failed(AppendFailure::Unknown);
        assert_eq!(outcomes[0], unknown);
        let unknown_count = outcomes.iter().take_while(|outcome| **outcome == unknown).count();
        for outcome in &outcomes[unknown_count..] {
            assert_eq!(*outcome, Outcome::Failed(AppendFailure::Stopped));
        }
        check_stopped(&session).await;
        session.kill().await;
        session = Session::open(subject).await;
        let after = session.read_all(group(1000)).await.unwrap();
        let landed = if fault == Fault::CrashAfter { unknown_count } else { 0 };
        assert_eq!(after[..before.len()], before, "what was told is there");
        assert_eq!(after.len(), before.len() + landed);
        for (n, event) in after[before.len()..].iter().enumerate() {
            assert_eq!(event.entry, said(&format!("doubtful {n}")));
        }
        session.load(group(1000)).await.unwrap();
    }
}

/// Whatever was under way is there from its start up to somewhere, and once.
pub async fn a_kill_at_any_moment_keeps_what_was_told<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    session.create(group(1000)).await;
    let mut handed_in = 0;
    for round in 0..rounds(4) {
        let count_before = session.read_all(group(1000)).await.unwrap().len();
        let first = handed_in;
        for _ in 0..3_000 {
            session.append(group(1000), said(&handed_in.to_string()));
            handed_in += 1;
        }
        for _ in 0..round % 4 {
            if !session.is_finished() {
                session.next_batch().await;
            }
        }
        let told = session.kill().await.remove(&group(1000)).unwrap_or_default();
        session = Session::open(subject).await;
        let read = session.read_all(group(1000)).await.unwrap();
        let new = &read[count_before..];
        assert!(new.len() >= told.len());
        assert_eq!(new[..told.len()], told, "what was told is there");
        for (place, event) in new.iter().enumerate() {
            assert_eq!(event.entry, said(&(first + place).to_string()));
        }
    }
}

/// Nor does it mix anything up.
pub async fn a_slow_disk_loses_nothing<S: Subject>(subject: &mut S) {
    let mut session = Session::open(subject).await;
    session.create(group(1000)).await;
    subject.fail_next(Fault::Slow(Duration::from_millis(30)));
    let first = session.append(group(1000), said("slow"));
    for n in 0..100 {
        session.append(group(1000), said(&n.to_string()));
    }
    assert_eq!(session.read_all(group(1000)).await.unwrap(), [], "reading does not wait");
    session.finish().await;
    assert!(matches!(session.outcome(first), Outcome::Landed(event) if event.seq == Seq(1)));
    assert_eq!(session.read_all(group(1000)).await.unwrap().len(), 101);
}

/// And the stream ends after it.
pub async fn stopping_commits_what_was_handed_in<S: Subject>(subject: &mut S) {
    const COUNT: usize = 5_000;
    let mut session = Session::open(subject).await;
    session.create(group(1000)).await;
    for n in 0..COUNT {
        session.append(group(1000), said(&n.to_string()));
    }
    session.stop_while_reading().await;
    assert_eq!(session.told(group(1000)).len(), COUNT);
    check_stopped(&session).await;
    let late = session.append(group(1000), said("late"));
    session.finish_stream().await;
    assert_eq!(session.outcome(late), Outcome::Failed(AppendFailure::Stopped));
    session.kill().await;
    let session = Session::open(subject).await;
    assert_eq!(session.read_all(group(1000)).await.unwrap().len(), COUNT);
}

/// Nothing hangs, and nothing is told to have been done.
pub async fn what_is_asked_after_the_end_is_answered<S: Subject>(subject: &mut S) {
    let session = Session::open(subject).await;
    session.create(group(1000)).await;
    session.log.stop().await.unwrap();
    check_stopped(&session).await;
    session.log.forget(group(1000));
    session.log.keep_snapshot(group(1000), Snapshot::default());
}

async fn check_stopped<L: crate::Log>(session: &Session<L>) {
    let Session { log, .. } = session;
    let id = group(1000);
    let new = NewGroup { id: group(7777), founding: Founding::default() };
    assert!(matches!(log.create(new).await, Err(LogError::Stopped)));
    assert!(matches!(log.load(id).await, Err(LogError::Stopped)));
    assert!(matches!(log.read(id, Seq(1)).await, Err(LogError::Stopped)));
    assert!(matches!(log.list(None, 10).await, Err(LogError::Stopped)));
    assert!(matches!(log.count().await, Err(LogError::Stopped)));
    let options = GroupOptions::default();
    assert!(matches!(log.set_options(id, options).await, Err(LogError::Stopped)));
    assert!(matches!(log.delete(id).await, Err(LogError::Stopped)));
    assert!(matches!(log.stop().await, Err(LogError::Stopped)));
}
