//! Accounts: one member by several connections, across connections and restarts.

use std::sync::Arc;

use conclave_core::{GroupId, Password, Refusal, Seq, Timestamp, limits};
use conclave_hub::{Ended, Keep, Own, Position, Signal, SignedIn, Source};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::stage::{Client, Stage, WIRE, connection, name_of, password, settle, source, words};

fn secret() -> Password {
    Password::parse_of_account(&"x".repeat(300)).unwrap()
}

fn elsewhere(n: u8) -> Source {
    Source::new([192, 0, 2, n].into())
}

async fn register(stage: &Stage, name: &str) -> SignedIn {
    stage.hub.register(name_of(name), &secret(), source()).await.unwrap()
}

async fn sign_in(stage: &Stage, name: &str) -> SignedIn {
    stage.hub.verify(Some(name_of(name)), &secret(), source()).await.unwrap()
}

async fn join_as(stage: &Stage, signed_in: &SignedIn, group: GroupId, name: &str) -> Client {
    let admission = stage.admit(group).await;
    let (pipe, outlet) = connection(1 << 20);
    let joined = signed_in.join(&admission, name_of(name), &outlet, &WIRE).await.unwrap();
    joined.session.release();
    Client { session: joined.session, seat: None, head: joined.head, pipe, outlet }
}

async fn resume(signed_in: &SignedIn, group: GroupId, after: Option<Seq>) -> Client {
    let (pipe, outlet) = connection(1 << 20);
    let position = after.map(|after| Position { after, epoch: None });
    let resumed = signed_in.resume(group, position, &outlet, &WIRE).await.unwrap();
    resumed.session.release();
    Client { session: resumed.session, seat: None, head: resumed.head, pipe, outlet }
}

#[tokio::test(start_paused = true)]
async fn an_account_is_signed_in_to_by_its_name_and_password_and_nothing_else() {
    let stage = Stage::open().await;
    let made = register(&stage, "Noya").await;
    for name in ["Noya", "noya", "N0YA"] {
        assert_eq!(sign_in(&stage, name).await.account(), made.account(), "{name}");
    }
    for (name, password) in [
        (Some("Noya"), password()),
        (Some("Dan"), secret()),
        (None, secret()),
        (Some("Noya"), Password::parse_of_account(&"x".repeat(299)).unwrap()),
    ] {
        let refused = stage.hub.verify(name.map(name_of), &password, source()).await.unwrap_err();
        assert_eq!(refused, Refusal::WrongNameOrPassword);
    }
    for name in ["Noya", "N0YA"] {
        let refused = stage.hub.register(name_of(name), &password(), source()).await;
        assert_eq!(refused.unwrap_err(), Refusal::AccountTaken);
    }
    let stage = stage.reopen().await;
    assert_eq!(sign_in(&stage, "Noya").await.account(), made.account());
}

#[test]
fn a_wrong_name_costs_a_hash_as_a_wrong_password_does() {
    // Hashes are made on one thread beside this one, so that they can be held up.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let stage = Stage::open().await;
        register(&stage, "Noya").await;
        for name in [Some("Noya"), Some("Dan"), None] {
            more_than_may_wait_ask_for_a_hash(&stage, name).await;
            // Forgiven, so that the next are not braked.
            tokio::time::sleep(limits::GUESS_FORGIVEN_GROUP * limits::GUESSES_COUNTED_MAX).await;
        }
    });
}

async fn more_than_may_wait_ask_for_a_hash(stage: &Stage, name: Option<&str>) {
    const MORE: usize = 8;
    let (release, released) = std::sync::mpsc::channel::<()>();
    let holding_up = tokio::task::spawn_blocking(move || released.recv());
    let mut guessers = JoinSet::new();
    for n in 0..u8::try_from(limits::HASH_QUEUE_MAX + MORE).unwrap() {
        let hub = Arc::clone(&stage.hub);
        let name = name.map(name_of);
        guessers
            .spawn(async move { hub.verify(name, &password(), elsewhere(n)).await.unwrap_err() });
    }
    // No hash is done before all have asked, so these found the queue full: all wanted one.
    for _ in 0..MORE {
        let refusal = guessers.join_next().await.unwrap().unwrap();
        assert_eq!(refusal, Refusal::Busy, "{name:?}");
    }
    drop(release);
    holding_up.await.unwrap().unwrap_err();
    guessers.join_all().await;
}

#[tokio::test(start_paused = true)]
async fn guesses_at_an_account_are_braked_wherever_they_come_from() {
    let stage = Stage::open().await;
    register(&stage, "Noya").await;
    let wrong = password();
    for n in 0..u8::try_from(limits::GUESSES_PER_GROUP).unwrap() {
        stage.hub.verify(Some(name_of("Noya")), &wrong, elsewhere(n)).await.unwrap_err();
    }
    let started = Instant::now();
    for n in 100..103 {
        stage.hub.verify(Some(name_of("n0ya")), &wrong, elsewhere(n)).await.unwrap_err();
    }
    assert!(started.elapsed() >= limits::GUESS_INTERVAL * 2, "{:?}", started.elapsed());
    let started = Instant::now();
    register(&stage, "Dan").await;
    sign_in(&stage, "Dan").await;
    assert_eq!(started.elapsed().as_secs(), 0, "others are not");
}

#[tokio::test(start_paused = true)]
async fn accounts_of_one_address_are_bounded() {
    let stage = Stage::open().await;
    for n in 0..limits::ACCOUNTS_PER_SOURCE {
        register(&stage, &format!("account {n}")).await;
    }
    let one_more = stage.hub.register(name_of("one more"), &secret(), source()).await;
    assert_eq!(one_more.unwrap_err(), Refusal::TooManyAccounts);
    stage.hub.register(name_of("one more"), &secret(), elsewhere(1)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_membership_of_an_account_outlives_its_connections_and_the_server() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let dan = stage.enter(&admission, "Dan").await;
    let noya = register(&stage, "Noya").await;
    let first = join_as(&stage, &noya, group, "Noya").await;
    first.say("I am off").await;
    settle().await;
    let seen = first.session.head();
    drop(first);
    dan.say("she is away").await;
    settle().await;
    assert_eq!(dan.read().matches("left").count(), 0);
    assert_eq!(noya.groups().await.unwrap(), [group]);

    let stage = stage.reopen().await;
    let noya = sign_in(&stage, "noya").await;
    assert_eq!(noya.groups().await.unwrap(), [group]);
    let again = resume(&noya, group, Some(seen)).await;
    settle().await;
    let expected = stage.lines(group, |event| event.seq > seen);
    assert_eq!(again.read(), expected);
    assert!(expected.contains("she is away"));
    assert_eq!(again.session.name(), Some(name_of("Noya")));
    assert_eq!(again.session.members().len(), 1, "who had no account was seen off");

    again.session.leave().await;
    assert_eq!(noya.groups().await.unwrap(), []);
    let (_pipe, outlet) = connection(1 << 20);
    let refused = noya.resume(group, None, &outlet, &WIRE).await.unwrap_err();
    assert_eq!(refused, Refusal::NotAMember);
}

#[tokio::test(start_paused = true)]
async fn several_connections_of_an_account_are_one_member() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let dan = stage.enter(&admission, "Dan").await;
    let noya = register(&stage, "Noya").await;
    let phone = join_as(&stage, &noya, group, "Noya").await;
    let desk = join_as(&stage, &noya, group, "Noya at the desk").await;
    let tablet = resume(&noya, group, None).await;
    for client in [&desk, &tablet] {
        assert_eq!(client.session.member(), phone.session.member());
        assert_eq!(client.session.name(), Some(name_of("Noya")), "the name it has");
    }
    desk.say("from the desk").await;
    dan.say("from Dan").await;
    settle().await;
    for client in [&phone, &desk, &tablet] {
        let read = client.read();
        assert!(read.contains("Noya said from the desk"), "{read}");
        assert!(read.contains("Dan said from Dan"), "{read}");
    }
    assert_eq!(dan.session.members().len(), 2);
    drop(phone);
    settle().await;
    assert!(!dan.read().contains("left"));
    tablet.session.leave().await;
    settle().await;
    assert!(dan.read().contains("Noya left"));
    let session = desk.session.serial();
    let ended = Signal::GroupEnded { group, session, why: Ended::Left };
    assert_eq!(desk.outlet.take_signals(), [ended]);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_joins_twice_at_once_joins_once() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let dan = stage.enter(&admission, "Dan").await;
    let noya = register(&stage, "Noya").await;
    let (one, other) = tokio::join!(
        join_as(&stage, &noya, group, "Noya"),
        join_as(&stage, &noya, group, "Noya on the road")
    );
    assert_eq!(one.session.member(), other.session.member());
    assert_eq!(dan.session.members().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_account_takes_no_name_from_others_and_opens_no_group() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let _dan = stage.enter(&admission, "Dan").await;
    let account = register(&stage, "Dan").await;
    let (_pipe, outlet) = connection(1 << 20);
    let taken = account.join(&admission, name_of("Dan"), &outlet, &WIRE).await.unwrap_err();
    assert_eq!(taken, Refusal::NameTaken);
    for id in [group, GroupId::new(7777).unwrap()] {
        let refused = account.resume(id, None, &outlet, &WIRE).await.unwrap_err();
        assert_eq!(refused, Refusal::NotAMember);
        assert_eq!(account.membership(id).await.unwrap_err(), Refusal::NotAMember);
        let marked = account.mark_read(&outlet, id, Timestamp::from_ms(5)).await.unwrap();
        assert_eq!(marked, None);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_read_is_told_to_the_other_connections_of_the_account_and_nobody_else() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let dan = stage.enter(&admission, "Dan").await;
    let noya = register(&stage, "Noya").await;
    let phone = join_as(&stage, &noya, group, "Noya").await;
    let desk = resume(&noya, group, None).await;
    let _phone_here = noya.connect(&phone.outlet, &WIRE, Own::Everything);
    let desk_here = noya.connect(&desk.outlet, &WIRE, Own::Everything);
    let at = Timestamp::from_ms;
    for (ms, stands) in [(700, 700), (500, 700), (900, 900)] {
        let raised = noya.mark_read(&phone.outlet, group, at(ms)).await.unwrap();
        assert_eq!(raised, Some(at(stands)));
    }
    assert_eq!(desk.outlet.take_signals(), [Signal::Read { group, at: at(900) }]);
    assert_eq!(phone.outlet.take_signals(), []);
    assert_eq!(dan.outlet.take_signals(), []);
    drop(desk_here);
    noya.mark_read(&phone.outlet, group, at(1_000)).await.unwrap();
    assert_eq!(desk.outlet.take_signals(), [], "it is signed in no more");

    let stage = stage.reopen().await;
    let markers = sign_in(&stage, "Noya").await.markers().await.unwrap();
    assert_eq!(
        markers.iter().map(|marker| (marker.group, marker.at)).collect::<Vec<_>>(),
        [(group, at(1_000))]
    );
}

#[tokio::test(start_paused = true)]
async fn what_an_account_joins_is_told_to_its_other_connections() {
    let stage = Stage::open().await;
    let (group, _admission) = stage.create().await;
    let noya = register(&stage, "Noya").await;
    let (_pipe, desk) = connection(1 << 20);
    let _desk_here = noya.connect(&desk, &WIRE, Own::Everything);
    let phone = join_as(&stage, &noya, group, "Noya").await;
    assert_eq!(desk.take_signals(), [Signal::AccountJoined { group }]);
    let _phone_here = noya.connect(&phone.outlet, &WIRE, Own::Everything);
    join_as(&stage, &noya, group, "Noya").await;
    assert_eq!(desk.take_signals(), [], "it was a member already");
    let _more: Vec<_> = (1..limits::SESSIONS_PER_MEMBER_MAX)
        .map(|_| noya.connect(&connection(1 << 20).1, &WIRE, Own::Everything))
        .collect();
    assert_eq!(desk.take_signals(), [Signal::SignedOut]);
}

#[tokio::test(start_paused = true)]
async fn a_kept_member_does_not_keep_the_group_alive_in_memory() {
    let stage = Stage::open().await;
    let (group, _) = stage.create().await;
    let noya = register(&stage, "Noya").await;
    let client = join_as(&stage, &noya, group, "Noya").await;
    let guest = stage.join(&stage.admit(group).await, "Dan", Keep::Connection, 1 << 20).await;
    guest.session.send(words("hi"), None).await.unwrap();
    drop((client, guest));
    tokio::time::sleep(limits::SWEEP_INTERVAL * 3).await;
    assert!(format!("{:?}", stage.hub).contains("live_groups: 0"), "{:?}", stage.hub);
    let client = resume(&noya, group, Some(Seq::ZERO)).await;
    settle().await;
    assert_eq!(client.read(), stage.lines(group, |_| true));
}
