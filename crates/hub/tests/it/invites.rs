//! Invitations: who has one comes in, for as long as it and the password hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use conclave_core::{Refusal, Timestamp};
use conclave_hub::Keep;
use conclave_log::Clock;

use crate::stage::{Setting, Stage, WIRE, connection, name_of, source};

#[tokio::test(start_paused = true)]
async fn whoever_has_an_invitation_comes_in_until_it_ends() {
    // A clock of its own: a week of virtual time is many sweeps.
    let day = Arc::new(AtomicI64::new(0));
    let days = Arc::clone(&day);
    let clock: Clock =
        Arc::new(move || Timestamp::from_ms(days.load(Ordering::Relaxed) * 24 * 60 * 60 * 1000));
    let stage = Setting { clock, ..Setting::new() }.open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let invite = noya.session.invite().unwrap();
    day.store(6, Ordering::Relaxed);
    let guest = stage.hub.admit_invited(Some(group), &invite.token, source()).await.unwrap();
    stage.enter(&guest, "Guest").await;
    // Any member may invite.
    assert_ne!(stage.enter(&guest, "Guest 2").await.session.invite().unwrap(), invite);
    day.store(7, Ordering::Relaxed);
    let late = stage.hub.admit_invited(Some(group), &invite.token, source()).await;
    assert_eq!(late.unwrap_err(), Refusal::WrongIdOrPassword);
}

#[tokio::test(start_paused = true)]
async fn an_invitation_is_to_one_group_and_cannot_be_made_up() {
    let stage = Stage::open().await;
    let (tea, admission) = stage.create().await;
    let (milk, _) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let token = noya.session.invite().unwrap().token;
    let mut later = token.clone();
    later.replace_range(0..8, "ffffffff");
    let wrong = [
        &later,
        "",
        "x",
        &"0".repeat(40),
        &"+".repeat(40),
        &"א".repeat(20),
        token.get(1..).unwrap(),
    ];
    for (group, token) in wrong.into_iter().map(|wrong| (Some(tea), wrong)).chain([
        (Some(milk), token.as_str()),
        (conclave_core::GroupId::new(999_999), &token),
        (None, &token),
    ]) {
        let refused = stage.hub.admit_invited(group, token, source()).await;
        assert_eq!(refused.unwrap_err(), Refusal::WrongIdOrPassword, "{group:?} {token}");
    }
    assert!(stage.hub.admit_invited(Some(tea), &token, source()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_new_password_and_a_closing_end_all_invitations() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let before = noya.session.invite().unwrap().token;
    let other = conclave_core::Password::parse("another").unwrap();
    assert_eq!(noya.session.set_password(Some(&other)).await, Ok(true));
    let refused = stage.hub.admit_invited(Some(group), &before, source()).await;
    assert_eq!(refused.unwrap_err(), Refusal::WrongIdOrPassword);
    let after = noya.session.invite().unwrap().token;
    assert!(stage.hub.admit_invited(Some(group), &after, source()).await.is_ok());
    assert_eq!(stage.hub.close(group).await, Ok(true));
    let refused = stage.hub.admit_invited(Some(group), &after, source()).await;
    assert_eq!(refused.unwrap_err(), Refusal::WrongIdOrPassword);
    assert_eq!(noya.session.invite().unwrap_err(), Refusal::GroupClosed);
}

#[tokio::test(start_paused = true)]
async fn only_a_moderator_lets_in_another_beside_itself() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let shlomo = stage.enter(&admission, "Shlomo").await;
    assert_eq!(shlomo.session.admit_another().unwrap_err(), Refusal::NotAModerator);
    let (_, outlet) = connection(1 << 20);
    let another = noya.session.admit_another().unwrap();
    assert!(another.join(name_of("Bot"), Keep::Seat, &outlet, &WIRE).await.is_ok());
}
