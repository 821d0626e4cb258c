//! Signing in: wrong numbers and passwords alike, one hash for many, and guessing made slow.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use conclave_core::{GroupId, Password, Refusal, SeatSecret, limits};
use conclave_hub::{HashCost, Source};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::stage::{Setting, Stage, password, source};

fn wrong() -> Password {
    Password::parse("open barley").unwrap()
}

fn free_number(taken: GroupId) -> GroupId {
    (1_000..2_000).filter_map(GroupId::new).find(|id| *id != taken).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_wrong_number_and_a_wrong_password_are_answered_alike() {
    let stage = Stage::open().await;
    let (group, _) = stage.create().await;
    for (id, password) in [
        (Some(group), wrong()),
        (Some(free_number(group)), password()),
        (Some(free_number(group)), wrong()),
        (None, password()),
    ] {
        let refused = stage.hub.admit(id, &password, source()).await;
        assert_eq!(refused.unwrap_err(), Refusal::WrongIdOrPassword, "{id:?}");
    }
    stage.hub.admit(Some(group), &password(), source()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_wrong_number_and_a_wrong_password_are_braked_alike() {
    let stage = Stage::open().await;
    let (group, _) = stage.create().await;
    let mut times = Vec::new();
    for id in [Some(group), Some(free_number(group)), None] {
        let started = Instant::now();
        for n in 0..limits::GUESSES_PER_GROUP + 5 {
            let source = Source::new(
                [10, 0, u8::try_from(times.len()).unwrap(), u8::try_from(n).unwrap()].into(),
            );
            let refused = stage.hub.admit(id, &wrong(), source).await;
            assert_eq!(refused.unwrap_err(), Refusal::WrongIdOrPassword, "{id:?}");
        }
        times.push(started.elapsed());
    }
    assert!(times.iter().all(|time| *time == times[0]), "{times:?}");
    assert!(times[0] >= limits::GUESS_INTERVAL * 4, "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn after_thirty_failures_sign_ins_go_single_file_and_are_forgiven_with_time() {
    let stage = Stage::open().await;
    let (group, _) = stage.create().await;
    let guess = async || stage.hub.admit(Some(group), &wrong(), source()).await.unwrap_err();
    let started = Instant::now();
    for _ in 0..30 {
        assert_eq!(guess().await, Refusal::WrongIdOrPassword);
    }
    let unbraked = |count| limits::REFUSAL_STEP * count;
    assert_eq!(started.elapsed(), unbraked(30), "thirty are free");
    let started = Instant::now();
    for _ in 0..10 {
        assert_eq!(guess().await, Refusal::WrongIdOrPassword);
    }
    let elapsed = started.elapsed();
    assert!((18..=25).contains(&elapsed.as_secs()), "one in two seconds: {elapsed:?}");
    // The right password waits its turn as well, and is let in.
    stage.hub.admit(Some(group), &password(), source()).await.unwrap();
    tokio::time::sleep(limits::GUESS_FORGIVEN_SOURCE * 40).await;
    let started = Instant::now();
    for _ in 0..20 {
        assert_eq!(guess().await, Refusal::WrongIdOrPassword);
    }
    assert_eq!(started.elapsed(), unbraked(20), "forgiven");
}

#[tokio::test(start_paused = true)]
async fn how_long_a_refusal_takes_says_nothing_of_what_is_there() {
    let stage = Stage::open().await;
    let (at_rest, _) = stage.create().await;
    let (alive, admission) = stage.create().await;
    let _noya = stage.enter(&admission, "Noya").await;
    let seat = SeatSecret::draw([7; 32]);
    for id in [at_rest, alive, free_number(at_rest)] {
        let started = Instant::now();
        stage.hub.admit(Some(id), &wrong(), source()).await.unwrap_err();
        stage.hub.admit_invited(Some(id), "0123456789", source()).await.unwrap_err();
        stage.hub.seat(id, &seat).await.unwrap_err();
        // To the microsecond: what is waited for is the clock, and not the work.
        assert_eq!(started.elapsed(), limits::REFUSAL_STEP * 3, "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_guesses_from_fifty_places_lock_nobody_out() {
    let stage = Stage::open().await;
    let (group, _) = stage.create().await;
    let hub = Arc::clone(&stage.hub);
    let checked = Arc::new(AtomicU32::new(0));
    let mut guessers = JoinSet::new();
    for n in 0..5_000_u128 {
        // A hundred networks of 64 bits in each of fifty of 48.
        let bits = (0x2001_0db8_u128 << 96) | ((n % 50) << 80) | ((n / 50) << 64) | 1;
        let source = Source::new(IpAddr::V6(Ipv6Addr::from_bits(bits)));
        let (hub, checked) = (Arc::clone(&hub), Arc::clone(&checked));
        guessers.spawn(async move {
            for _ in 0..2 {
                match hub.admit(Some(group), &wrong(), source).await.unwrap_err() {
                    Refusal::WrongIdOrPassword => {
                        checked.fetch_add(1, Ordering::Relaxed);
                    }
                    // Whoever is told to come again in a minute does, at once.
                    refusal => assert!(matches!(refusal, Refusal::TooManyGuesses | Refusal::Busy)),
                }
                tokio::time::sleep(Duration::from_secs(20)).await;
            }
        });
    }
    for n in 0_u8..4 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let started = Instant::now();
        let newcomer = Source::new([192, 0, 2, n].into());
        hub.admit(Some(group), &password(), newcomer).await.unwrap();
        assert!(started.elapsed() <= Duration::from_mins(2), "{:?}", started.elapsed());
    }
    let elapsed = u32::try_from(Instant::now().duration_since(stage.started).as_secs()).unwrap();
    guessers.join_all().await;
    let allowed = limits::GUESSES_PER_GROUP
        + u32::try_from(limits::HASH_QUEUE_MAX).unwrap()
        + elapsed.max(600) / 2;
    assert!(checked.load(Ordering::Relaxed) <= allowed, "{checked:?} of {allowed}");
}

#[tokio::test(start_paused = true)]
async fn a_class_that_joins_at_once_costs_no_hash_each() {
    let stage = Stage::open().await;
    let (group, _) = stage.create().await;
    let mut class = JoinSet::new();
    // Well above what may wait for a hash: whoever made it gave the password and vouches for all.
    for _ in 0..limits::HASH_QUEUE_MAX * 4 {
        let hub = Arc::clone(&stage.hub);
        class.spawn(async move { hub.admit(Some(group), &password(), source()).await.map(drop) });
    }
    let admitted = class.join_all().await;
    assert!(admitted.iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn who_gave_the_password_vouches_for_nobody_with_another_and_in_no_other_group() {
    let stage = Stage::open().await;
    let (tea, _) = stage.create().await;
    let milk = stage.hub.create(&wrong()).await.unwrap().group();
    for (group, password, is_right) in [
        (tea, password(), true),
        (tea, wrong(), false),
        (milk, wrong(), true),
        (milk, password(), false),
    ] {
        let admitted = stage.hub.admit(Some(group), &password, source()).await;
        assert_eq!(admitted.is_ok(), is_right, "{group}");
    }
}

#[tokio::test(start_paused = true)]
async fn more_checks_than_may_wait_are_told_to_come_again() {
    // Dear enough that none is done before all have asked.
    let hash_cost = HashCost { memory_kib: 2_048, passes: 1, at_once: 1 };
    let stage = Setting { hash_cost, ..Setting::new() }.open().await;
    let mut guessers = JoinSet::new();
    for n in 0..u64::try_from(limits::HASH_QUEUE_MAX).unwrap() * 2 {
        let hub = Arc::clone(&stage.hub);
        let id = GroupId::new(1_000 + n);
        let source = Source::new(std::net::Ipv4Addr::from_bits(u32::try_from(n).unwrap()).into());
        guessers.spawn(async move { hub.admit(id, &wrong(), source).await.unwrap_err() });
    }
    let refusals = guessers.join_all().await;
    let busy = refusals.iter().filter(|refusal| **refusal == Refusal::Busy).count();
    let wrong = refusals.iter().filter(|refusal| **refusal == Refusal::WrongIdOrPassword).count();
    assert_eq!(busy + wrong, limits::HASH_QUEUE_MAX * 2);
    assert!(busy > 0 && wrong >= limits::HASH_QUEUE_MAX, "{busy} were told so");
}
