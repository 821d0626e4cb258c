//! What the log may meet: a full disk, a crash, being stopped.

use std::time::Duration;

use conclave_core::{Refusal, Seq};
use conclave_hub::{HubEnd, Keep, Signal};
use conclave_log::Fault;

use crate::stage::{Stage, WIRE, client_id, connection, name_of, password, settle, words};

#[tokio::test(start_paused = true)]
async fn a_full_disk_is_told_and_everything_works_again_when_there_is_room() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let shlomo = stage.enter(&admission, "Shlomo").await;
    stage.disk.fail_next(Fault::Full);
    noya.say("lost").await;
    settle().await;
    let not_taken = Signal::NotTaken { group, refusal: Refusal::NotSaved };
    assert_eq!(noya.outlet.take_signals(), [not_taken]);
    let id = client_id("c");
    for _ in 0..2 {
        stage.disk.fail_next(Fault::Full);
        assert_eq!(noya.session.send(words("x"), id.clone()).await, Err(Refusal::NotSaved));
    }
    stage.disk.fail_next(Fault::Full);
    assert_eq!(noya.session.rename(name_of("Bar")).await, Err(Refusal::NotSaved));
    stage.disk.fail_next(Fault::Full);
    let (_, outlet) = connection(1 << 20);
    let refused = admission.join(name_of("Shoham"), Keep::Seat, &outlet, &WIRE).await;
    assert_eq!(refused.unwrap_err(), Refusal::NotSaved);
    // Names and client ids that were held are free.
    assert_eq!(shlomo.session.rename(name_of("Bar")).await, Ok(()));
    stage.enter(&admission, "Shoham").await;
    noya.session.send(words("x"), id).await.unwrap();
    settle().await;
    let said = stage.lines(group, |event| event.entry.is_message());
    assert_eq!(said, "5 Noya said x\n", "Shoham has come and is about to go");
    assert_eq!(noya.outlet.take_signals(), []);
}

#[tokio::test(start_paused = true)]
async fn what_is_said_while_a_name_changes_is_said_under_the_name_that_came_of_it() {
    for (fault, expected) in [
        (Fault::Slow(Duration::from_millis(1)), "2 Noya renamed Bar\n3 Bar said hello\n"),
        (Fault::Full, "2 Noya said hello\n"),
    ] {
        let stage = Stage::open().await;
        let (group, admission) = stage.create().await;
        let noya = stage.enter(&admission, "Noya").await;
        stage.disk.fail_next(fault);
        let said = async {
            // The commit of the name has begun.
            tokio::time::sleep(Duration::from_micros(500)).await;
            noya.say("hello").await;
        };
        let (_renamed, ()) = tokio::join!(noya.session.rename(name_of("Bar")), said);
        settle().await;
        assert_eq!(stage.lines(group, |event| event.seq > noya.head), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn appends_that_were_given_up_or_refused_hold_no_place() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    for n in 0..conclave_core::limits::APPENDS_IN_FLIGHT_MAX {
        if n % 64 == 0 {
            settle().await;
            stage.disk.fail_next(Fault::Full);
        }
        let send = noya.session.send(words("x"), client_id(n));
        let _given_up = tokio::time::timeout(Duration::ZERO, send).await;
        let refused = noya.session.rename(name_of("Noya"));
        let _given_up = tokio::time::timeout(Duration::ZERO, refused).await;
    }
    settle().await;
    noya.session.send(words("y"), None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_crash_is_unknown_to_who_waited_and_ends_the_hub() {
    for (fault, has_landed) in [(Fault::CrashBefore, false), (Fault::CrashAfter, true)] {
        let stage = Stage::open().await;
        let (group, admission) = stage.create().await;
        let noya = stage.join(&admission, "Noya", Keep::Seat, 1 << 20).await;
        let seat = noya.seat.clone().unwrap();
        let id = client_id("c");
        stage.disk.fail_next(fault);
        let (sent, again) = tokio::join!(
            noya.session.send(words("x"), id.clone()),
            noya.session.send(words("x"), id.clone())
        );
        assert_eq!(sent, Err(Refusal::Unknown));
        assert_eq!(again, Err(Refusal::Unknown), "the same send");
        assert_eq!(stage.hub.ended().await, HubEnd::LogFailed);
        assert_eq!(noya.session.send(words("y"), None).await, Err(Refusal::Stopping));
        assert_eq!(noya.session.say(words("y")).await, Err(Refusal::Stopping));
        let stage = stage.reopen().await;
        let noya = stage.resume(group, &seat, Seq(1), 1 << 20).await;
        settle().await;
        assert_eq!(noya.read().contains(" said x"), has_landed);
        let landed = noya.session.send(words("x"), id).await.unwrap();
        assert_eq!(landed.seq, Seq(2));
        assert_eq!(stage.lines(group, |event| event.entry.is_message()), "2 Noya said x\n");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_behind_a_crash_is_told_that_nothing_was_written() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    stage.disk.fail_next(Fault::Slow(Duration::from_secs(1)));
    stage.disk.fail_next(Fault::CrashBefore);
    let noya = std::sync::Arc::new(noya);
    let mut sends = tokio::task::JoinSet::new();
    for n in 0..3_000 {
        let noya = std::sync::Arc::clone(&noya);
        sends.spawn(
            async move { (n, noya.session.send(words(&format!("{n}")), client_id(n)).await) },
        );
    }
    let outcomes = sends.join_all().await;
    for (n, outcome) in outcomes {
        let in_log = stage.lines(group, |event| event.entry.client_id() == client_id(n).as_ref());
        match outcome {
            Err(Refusal::Unknown) => {}
            Err(Refusal::Stopping) => assert_eq!(in_log, ""),
            outcome => panic!("{n}: {outcome:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn stopping_commits_what_was_taken_and_answers_everyone() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let stuck = stage.join(&admission, "Stuck", Keep::Connection, 5).await;
    stage.disk.fail_next(Fault::Slow(Duration::from_millis(500)));
    for n in 0..100 {
        noya.say(&format!("{n}")).await;
    }
    let started = tokio::time::Instant::now();
    let (sent, ()) = tokio::join!(noya.session.send(words("last"), None), stage.hub.stop());
    assert!(started.elapsed() < Duration::from_secs(2), "a stuck reader is not waited for");
    assert_eq!(sent.unwrap().seq, Seq(103));
    assert_eq!(stage.hub.ended().await, HubEnd::Stopped);
    assert_eq!(stage.disk.events(group).len(), 103);
    assert_eq!(noya.session.say(words("x")).await, Err(Refusal::Stopping));
    assert_eq!(stage.hub.create(&password()).await.unwrap_err(), Refusal::Stopping);
    drop((noya, stuck));
    let reopened = stage.reopen().await;
    assert_eq!(reopened.hub.export(group, Seq(103)).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_disk_holds_back_who_feeds_it_and_loses_nothing() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    stage.disk.fail_next(Fault::Slow(Duration::from_secs(2)));
    let started = tokio::time::Instant::now();
    for n in 0..conclave_core::limits::APPENDS_IN_FLIGHT_MAX {
        noya.say(&format!("{n}")).await;
    }
    assert_eq!(started.elapsed(), Duration::ZERO);
    noya.say("one too many").await;
    assert!(started.elapsed() >= Duration::from_secs(2));
    settle().await;
    let all = conclave_core::limits::APPENDS_IN_FLIGHT_MAX + 2;
    assert_eq!(stage.disk.events(group).len(), all);
}
