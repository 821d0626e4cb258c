//! Joining and resuming: no gap, no double, wherever it begins.

use std::time::Duration;

use conclave_core::{Epoch, Refusal, SeatSecret, Seq, limits};
use conclave_hub::{Ended, Keep, Position, Signal};
use proptest::prelude::*;

use crate::stage::{
    Stage, WIRE, client_id, connection, in_virtual_time, name_of, settle, topic_of, words,
};

#[tokio::test(start_paused = true)]
async fn who_joins_while_commits_are_under_way_sees_all_that_comes_after_its_joining() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let talk = async {
        for n in 0..300 {
            noya.say(&format!("{n}")).await;
            if n % 3 == 0 {
                tokio::time::sleep(Duration::from_micros(700)).await;
            }
        }
    };
    let joins = async {
        let mut joined = Vec::new();
        for n in 0..20 {
            tokio::time::sleep(Duration::from_micros(3_100)).await;
            joined.push(stage.enter(&admission, &format!("member {n}")).await);
        }
        joined
    };
    let ((), joined) = tokio::join!(talk, joins);
    settle().await;
    for client in joined {
        let member = client.session.member();
        let expected =
            stage.lines(group, |event| event.seq > client.head && event.entry.member != member);
        assert_eq!(client.read(), expected, "{member:?}");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Say(usize),
    SayBySeat,
    Rename(u8),
    Topic(u8),
    Come(u8),
    Pause(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_usize..2_000).prop_map(Step::Say),
        3 => Just(Step::SayBySeat),
        1 => any::<u8>().prop_map(Step::Rename),
        1 => any::<u8>().prop_map(Step::Topic),
        1 => any::<u8>().prop_map(Step::Come),
        2 => (0_u64..15_000).prop_map(Step::Pause),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_resumed_cursor_sees_exactly_what_an_uninterrupted_one_saw(
        steps in prop::collection::vec(step(), 1..60),
        room in 1_usize..3_000,
    ) {
        in_virtual_time(async {
            let stage = Stage::open().await;
            let (group, admission) = stage.create().await;
            let noya = stage.enter(&admission, "Noya").await;
            let seated = stage.join(&admission, "Seated", Keep::Seat, 1 << 24).await;
            let seat = seated.seat.clone().unwrap();
            drop(seated);
            let whole = stage.resume(group, &seat, Seq::ZERO, 1 << 24).await;
            for (n, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Say(length) => noya.say(&format!("{n}{}", "x".repeat(length))).await,
                    Step::SayBySeat => whole.say(&format!("{n}")).await,
                    Step::Rename(to) => {
                        noya.session.rename(name_of(&format!("Noya {to}"))).await.unwrap();
                    }
                    Step::Topic(to) => {
                        noya.session.set_topic(topic_of(&format!("{to}"))).await.unwrap();
                    }
                    Step::Come(who) => {
                        stage.enter(&admission, &format!("guest {n} {who}")).await.session.leave().await;
                    }
                    Step::Pause(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
                }
            }
            settle().await;
            let head = stage.disk.events(group).len() as u64;
            assert_eq!(whole.read(), stage.lines(group, |_| true));
            // At each place, by a connection that reads at once and by one that is slow.
            for after in 0..=head {
                let room = if after % 4 == 0 { room } else { 1 << 24 };
                let client = stage.resume(group, &seat, Seq(after), room).await;
                assert_eq!(client.head, Seq(head));
                let mut seen = String::new();
                let expected = stage.lines(group, |event| event.seq > Seq(after));
                while seen.len() < expected.len() {
                    seen.push_str(&client.read());
                    tokio::time::sleep(Duration::from_micros(100)).await;
                }
                assert_eq!(seen, expected, "after {after}");
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_place_that_does_not_fit_begins_at_the_newest_page_and_is_told_so() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let seated = stage.join(&admission, "Seated", Keep::Seat, 1 << 20).await;
    let seat = seated.seat.clone().unwrap();
    for n in 0..300 {
        noya.say(&format!("{n}")).await;
    }
    settle().await;
    let (head, epoch) = (Seq(302), stage.hub.epoch());
    let other = Epoch(epoch.0 + 1);
    for (after, epoch, is_reset) in [
        (300, None, false),
        (300, Some(epoch), false),
        (302, Some(epoch), false),
        (0, None, false),
        (303, None, true),
        (303, Some(epoch), true),
        (u64::MAX, None, true),
        (300, Some(other), true),
        (0, Some(other), true),
    ] {
        let (pipe, outlet) = connection(1 << 20);
        let position = Position { after: Seq(after), epoch };
        let resumed = stage.hub.resume(group, &seat, position, &outlet, &WIRE).await.unwrap();
        assert_eq!((resumed.is_reset, resumed.head), (is_reset, head), "{after} {epoch:?}");
        resumed.session.release();
        settle().await;
        let from = if is_reset { head.minus(limits::PAGE_EVENTS_MAX as u64) } else { Seq(after) };
        assert_eq!(pipe.read_text(), stage.lines(group, |event| event.seq > from));
    }
}

#[tokio::test(start_paused = true)]
async fn every_connection_of_a_member_is_told_everything_also_what_the_others_said() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let tab = stage.join(&admission, "Seated", Keep::Seat, 1 << 20).await;
    let seat = tab.seat.clone().unwrap();
    let phone = stage.resume(group, &seat, tab.head, 1 << 20).await;
    noya.say("hello").await;
    tab.say("from the tab").await;
    phone.say("from the phone").await;
    settle().await;
    let expected = stage.lines(group, |event| event.seq > tab.head);
    assert_eq!((tab.read(), phone.read()), (expected.clone(), expected));
    assert_eq!(tab.outlet.take_signals(), []);
    // One going takes nothing from the other.
    drop(tab);
    noya.say("again").await;
    settle().await;
    assert_eq!(phone.read(), "6 Noya said again\n");
    assert!(noya.session.members().iter().all(|here| here.is_here));
    drop(phone);
    settle().await;
    let here: Vec<bool> = noya.session.members().iter().map(|here| here.is_here).collect();
    assert_eq!(here, [true, false], "a seat is kept by nobody's being there");
}

#[tokio::test(start_paused = true)]
async fn the_newest_connection_never_waits_for_the_oldest_which_goes_past_the_bound() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let oldest = stage.join(&admission, "Seated", Keep::Seat, 0).await;
    let seat = oldest.seat.clone().unwrap();
    let mut others = Vec::new();
    for _ in 1..limits::SESSIONS_PER_MEMBER_MAX {
        others.push(stage.resume(group, &seat, oldest.head, 1 << 20).await);
    }
    assert_eq!(oldest.outlet.take_signals(), []);
    others.push(stage.resume(group, &seat, oldest.head, 1 << 20).await);
    let session = oldest.session.serial();
    let replaced = Signal::GroupEnded { group, session, why: Ended::Replaced };
    assert_eq!(oldest.outlet.take_signals(), [replaced]);
    noya.say("hello").await;
    settle().await;
    oldest.pipe.set_room(1 << 20);
    settle().await;
    assert_eq!(oldest.read(), "");
    for other in &others {
        assert_eq!(other.outlet.take_signals(), []);
        assert_eq!(other.read(), "3 Noya said hello\n");
    }
}

#[tokio::test(start_paused = true)]
async fn who_leaves_by_one_connection_is_shown_out_by_all() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let tab = stage.join(&admission, "Seated", Keep::Seat, 1 << 20).await;
    let seat = tab.seat.clone().unwrap();
    let phone = stage.resume(group, &seat, tab.head, 1 << 20).await;
    stage.hub.seat(group, &seat).await.unwrap().leave().await;
    for client in [&tab, &phone] {
        let session = client.session.serial();
        let left = Signal::GroupEnded { group, session, why: Ended::Left };
        assert_eq!(client.outlet.take_signals(), [left]);
        assert_eq!(client.session.say(words("x")).await, Err(Refusal::NotAMember));
    }
    assert_eq!(stage.hub.seat(group, &seat).await.unwrap_err(), Refusal::SeatUnknown);
}

#[tokio::test(start_paused = true)]
async fn a_seat_may_be_taken_up_again_on_the_connection_it_is_on() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let first = stage.join(&admission, "Seated", Keep::Seat, 1 << 20).await;
    let seat = first.seat.clone().unwrap();
    let position = Position { after: first.head, epoch: None };
    let again = stage.hub.resume(group, &seat, position, &first.outlet, &WIRE).await.unwrap();
    again.session.release();
    drop(first.session);
    noya.say("hello").await;
    settle().await;
    assert_eq!(first.pipe.read_text(), "3 Noya said hello\n");
    assert_eq!(first.outlet.take_signals(), []);
}

#[tokio::test(start_paused = true)]
async fn a_seat_of_no_group_or_of_another_is_unknown() {
    let stage = Stage::open().await;
    let (tea, admission) = stage.create().await;
    let (milk, _) = stage.create().await;
    let seat = stage.join(&admission, "Noya", Keep::Seat, 1 << 20).await.seat.unwrap();
    let mut numbers = (1_000..2_000).filter_map(conclave_core::GroupId::new);
    let free = numbers.find(|id| *id != tea && *id != milk);
    let other = SeatSecret::draw([7; 32]);
    for (group, seat) in [(milk, &seat), (free.unwrap(), &seat), (tea, &other)] {
        let (pipe, outlet) = connection(1 << 20);
        let position = Position { after: Seq::ZERO, epoch: None };
        let refused = stage.hub.resume(group, seat, position, &outlet, &WIRE).await;
        assert_eq!(refused.unwrap_err(), Refusal::SeatUnknown);
        settle().await;
        assert_eq!(pipe.read_text(), "");
    }
}

#[tokio::test(start_paused = true)]
async fn a_send_that_is_tried_again_lands_once_also_after_a_restart() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.join(&admission, "Noya", Keep::Seat, 1 << 20).await;
    let seat = noya.seat.clone().unwrap();
    let id = client_id("c1");
    // At once, from two connections.
    let (first, second) = tokio::join!(
        noya.session.send(words("once"), id.clone()),
        noya.session.send(words("once"), id.clone())
    );
    let landed = first.unwrap();
    assert_eq!(second, Ok(landed));
    // After a reconnect, from another connection of the seat.
    let again = stage.resume(group, &seat, Seq::ZERO, 1 << 20).await;
    assert_eq!(again.session.send(words("once"), id.clone()).await, Ok(landed));
    // After a restart.
    stage.hub.stop().await;
    let stage = stage.reopen().await;
    let again = stage.resume(group, &seat, Seq::ZERO, 1 << 20).await;
    assert_eq!(again.session.send(words("once"), id).await, Ok(landed));
    let said = stage.lines(group, |event| event.entry.is_message());
    assert_eq!(said, "2 Noya said once\n");
}
