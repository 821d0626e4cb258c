//! What is of the moment: who types, who has come back or gone; told to who is there, kept nowhere.

use std::time::Duration;

use conclave_core::{Refusal, Seq, Typing, limits};
use conclave_hub::Keep;

use crate::stage::{Stage, settle};

/// Longer than comings and goings are gathered.
async fn told() {
    tokio::time::sleep(limits::PRESENCE_GATHERED_FOR * 2).await;
}

#[tokio::test(start_paused = true)]
async fn who_types_is_told_to_the_others_and_not_written_down() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let (other_group, other) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let shlomo = stage.join(&admission, "Shlomo", Keep::Seat, 1 << 20).await;
    let stranger = stage.enter(&other, "Stranger").await;
    settle().await;
    noya.read();
    for typing in [Typing::Active, Typing::Paused, Typing::Done] {
        shlomo.session.type_on(typing).await.unwrap();
    }
    assert_eq!(
        noya.read(),
        "~ Shlomo typing Active\n~ Shlomo typing Paused\n~ Shlomo typing Done\n"
    );
    assert_eq!((shlomo.read(), stranger.read()), (String::new(), String::new()));
    assert_eq!((stage.disk.events(group).len(), stage.disk.events(other_group).len()), (2, 1));
    let membership = shlomo.session.membership().clone();
    shlomo.session.leave().await;
    assert_eq!(membership.type_on(Typing::Active).await, Err(Refusal::NotAMember));
}

#[tokio::test(start_paused = true)]
async fn a_seat_is_told_to_be_here_with_its_first_connection_and_away_with_its_last() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let tab = stage.join(&admission, "Seated", Keep::Seat, 1 << 20).await;
    let seat = tab.seat.clone().unwrap();
    let phone = stage.resume(group, &seat, tab.head, 1 << 20).await;
    told().await;
    assert_eq!(noya.read(), "2 Seated joined\n", "who joins is here");
    drop(tab);
    told().await;
    assert_eq!(noya.read(), "");
    drop(phone);
    told().await;
    assert_eq!(noya.read(), "~ Seated is away\n");
    let back = stage.resume(group, &seat, Seq(2), 1 << 20).await;
    told().await;
    assert_eq!((noya.read().as_str(), back.read().as_str()), ("~ Seated is here\n", ""));
    back.session.leave().await;
    told().await;
    assert_eq!(noya.read(), "3 Seated left\n", "who has left is not away");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_loaded_anew_is_no_news() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let mut tab = stage.join(&admission, "Seated", Keep::Seat, 1 << 20).await;
    let seat = tab.seat.clone().unwrap();
    settle().await;
    noya.read();
    for _ in 0..20 {
        drop(tab);
        tokio::time::sleep(Duration::from_millis(20)).await;
        tab = stage.resume(group, &seat, Seq(2), 1 << 20).await;
    }
    told().await;
    assert_eq!(noya.read(), "");
}

#[tokio::test(start_paused = true)]
async fn who_is_behind_is_passed_by_and_reads_on_whole() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let slow = stage.join(&admission, "Slow", Keep::Connection, 5).await;
    noya.say("more than it takes").await;
    settle().await;
    for n in 0..50 {
        noya.say(&format!("{n}")).await;
        noya.session.type_on(Typing::Active).await.unwrap();
    }
    settle().await;
    slow.pipe.set_room(1 << 20);
    settle().await;
    assert_eq!(slow.read(), stage.lines(group, |event| event.seq > slow.head));
    noya.session.type_on(Typing::Active).await.unwrap();
    assert_eq!(slow.read(), "~ Noya typing Active\n");
}
