//! Names: who bears one, when it is free again, and who is seen off.

use std::time::Duration;

use conclave_core::{Refusal, Seq, limits};
use conclave_hub::Keep;
use conclave_log::Fault;

use crate::stage::{Stage, WIRE, connection, name_of, settle};

#[tokio::test(start_paused = true)]
async fn a_name_is_free_again_when_its_bearer_has_left() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let (_, outlet) = connection(1 << 20);
    for taken in ["Noya", "noya", "NOYA"] {
        let refused = admission.join(name_of(taken), Keep::Connection, &outlet, &WIRE).await;
        assert_eq!(refused.unwrap_err(), Refusal::NameTaken, "{taken}");
    }
    noya.session.leave().await;
    // At once: leaving ends when the name is free.
    let noya = stage.enter(&admission, "noya").await;
    drop(noya);
    settle().await;
    stage.enter(&admission, "Noya").await;
}

#[tokio::test(start_paused = true)]
async fn a_name_that_was_changed_is_free_and_the_new_one_taken() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    noya.session.rename(name_of("Bar")).await.unwrap();
    let shlomo = stage.enter(&admission, "Noya").await;
    assert_eq!(shlomo.session.rename(name_of("bar")).await, Err(Refusal::NameTaken));
    assert_eq!(shlomo.session.name(), Some(name_of("Noya")));
}

#[tokio::test(start_paused = true)]
async fn a_seat_keeps_its_name_while_nobody_is_there_until_it_is_left() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let seat = stage.join(&admission, "Noya", Keep::Seat, 1 << 20).await.seat.unwrap();
    settle().await;
    let (_, outlet) = connection(1 << 20);
    let refused = admission.join(name_of("Noya"), Keep::Connection, &outlet, &WIRE).await;
    assert_eq!(refused.unwrap_err(), Refusal::NameTaken);
    stage.resume(group, &seat, Seq::ZERO, 1 << 20).await.session.leave().await;
    stage.enter(&admission, "Noya").await;
}

#[tokio::test(start_paused = true)]
async fn a_join_or_leave_whose_caller_goes_at_any_moment_holds_no_name() {
    for keep in [Keep::Connection, Keep::Seat] {
        // The disk is slow, so that there are moments to go at.
        for micros in (0..12_000).step_by(500) {
            let stage = Stage::open().await;
            let (_, admission) = stage.create().await;
            stage.disk.fail_next(Fault::Slow(Duration::from_millis(5)));
            stage.disk.fail_next(Fault::Slow(Duration::from_millis(5)));
            let (_, outlet) = connection(1 << 20);
            let stay = async {
                let joined = admission.join(name_of("Noya"), keep, &outlet, &WIRE).await.unwrap();
                joined.session.leave().await;
            };
            // Whether it came to its end makes no difference.
            let _gone = tokio::time::timeout(Duration::from_micros(micros), stay).await;
            settle().await;
            stage.enter(&admission, "Noya").await;
            stage.hub.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_leaving_that_the_disk_cannot_take_is_made_up_for() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let shlomo = stage.enter(&admission, "Shlomo").await;
    stage.disk.fail_next(Fault::Full);
    shlomo.session.leave().await;
    settle().await;
    assert_eq!(noya.read(), "2 Shlomo joined\n");
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(noya.read(), "3 Shlomo left\n");
    stage.enter(&admission, "Shlomo").await;
}

#[tokio::test(start_paused = true)]
async fn those_whom_a_crash_left_behind_are_seen_off_before_anyone_comes_in() {
    for is_resume in [false, true] {
        let stage = Stage::open().await;
        let (group, admission) = stage.create().await;
        let seated = stage.join(&admission, "Seated", Keep::Seat, 1 << 20).await;
        let _ghosts =
            [stage.enter(&admission, "Noya").await, stage.enter(&admission, "Shlomo").await];
        stage.disk.fail_next(Fault::CrashBefore);
        assert_eq!(
            seated.session.send(super::stage::words("x"), None).await,
            Err(Refusal::Unknown)
        );
        let stage = stage.reopen().await;
        if is_resume {
            let seat = seated.seat.clone().unwrap();
            let resumed = stage.resume(group, &seat, Seq(3), 1 << 20).await;
            assert_eq!(resumed.session.members().len(), 1);
            settle().await;
            assert_eq!(resumed.read(), "4 Noya left\n5 Shlomo left\n");
        }
        let admission = stage.admit(group).await;
        let noya = stage.enter(&admission, "Noya").await;
        let names: Vec<String> =
            noya.session.members().iter().map(|here| here.name.to_string()).collect();
        assert_eq!(names, ["Seated", "Noya"]);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_in_while_the_left_behind_are_seen_off_may_go_again() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let _ghost = stage.enter(&admission, "Noya").await;
    stage.hub.stop().await;
    let stage = stage.reopen().await;
    let admission = stage.admit(group).await;
    stage.disk.fail_next(Fault::Slow(Duration::from_millis(50)));
    let (_, outlet) = connection(1 << 20);
    let first = admission.join(name_of("Shlomo"), Keep::Connection, &outlet, &WIRE);
    assert!(tokio::time::timeout(Duration::from_millis(10), first).await.is_err());
    let second = stage.enter(&admission, "Shoham").await;
    assert_eq!(second.session.name(), Some(name_of("Shoham")));
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_lets_seats_read_although_the_left_behind_cannot_leave() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let seat = stage.join(&admission, "Seated", Keep::Seat, 1 << 20).await.seat.unwrap();
    let _ghost = stage.enter(&admission, "Noya").await;
    stage.hub.stop().await;
    let stage = stage.reopen().await;
    stage.disk.fail_next(Fault::Full);
    let resumed = stage.resume(group, &seat, Seq::ZERO, 1 << 20).await;
    settle().await;
    assert_eq!(resumed.read(), "1 Seated joined\n2 Noya joined\n");
}

#[tokio::test(start_paused = true)]
async fn a_group_is_full_at_its_limit() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let (_, outlet) = connection(1 << 20);
    let mut joins = tokio::task::JoinSet::new();
    let admission = std::sync::Arc::new(admission);
    for n in 0..limits::MEMBERS_MAX {
        let (admission, outlet) =
            (std::sync::Arc::clone(&admission), std::sync::Arc::clone(&outlet));
        joins.spawn(async move {
            admission.join(name_of(&format!("m{n}")), Keep::Seat, &outlet, &WIRE).await.map(drop)
        });
    }
    let joined = joins.join_all().await;
    assert!(joined.iter().all(Result::is_ok));
    let refused = admission.join(name_of("Noya"), Keep::Seat, &outlet, &WIRE).await;
    assert_eq!(refused.unwrap_err(), Refusal::GroupFull);
}
