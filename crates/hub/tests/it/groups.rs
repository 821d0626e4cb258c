//! A group as a whole: closed, opened, deleted, deleted when empty or left, let go of and loaded.

use std::time::Duration;

use conclave_core::{Entry, Kind, MemberId, Reason, Refusal, Seq, Timestamp};
use conclave_hub::{Ended, Keep, Position, Signal};
use conclave_log::Fault;

use crate::stage::{
    Client, Setting, Stage, WIRE, client_id, connection, name_of, password, settle, source, words,
};

/// What everybody in a group meets when it ends: a signal, and not a byte more.
async fn check_shown_out(client: &Client, expected: Ended) {
    let (group, session) = (client.session.group(), client.session.serial());
    let ended = Signal::GroupEnded { group, session, why: expected };
    assert_eq!(client.outlet.take_signals(), [ended]);
    assert_eq!(client.session.say(words("x")).await, Err(Refusal::GroupClosed));
    client.pipe.set_room(1 << 24);
    client.session.set_echo(true);
    assert_eq!(client.session.show_history(20, None, &WIRE).await, Ok(0));
    settle().await;
    assert_eq!(client.read(), "");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_closed_shows_everybody_out_and_nobody_in_until_it_is_opened() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let seated = stage.join(&admission, "Seated", Keep::Seat, 1 << 20).await;
    noya.say("hello").await;
    settle().await;
    noya.read();
    seated.read();
    assert_eq!(stage.hub.close(group).await, Ok(true));
    check_shown_out(&noya, Ended::Closed).await;
    check_shown_out(&seated, Ended::Closed).await;
    let (_, outlet) = connection(1 << 20);
    let refused = admission.join(name_of("Bar"), Keep::Connection, &outlet, &WIRE).await;
    assert_eq!(refused.unwrap_err(), Refusal::GroupClosed);
    let refused = stage.hub.admit(Some(group), &password(), source()).await;
    assert_eq!(refused.unwrap_err(), Refusal::WrongIdOrPassword);
    let position = Position { after: Seq::ZERO, epoch: None };
    let seat = seated.seat.clone().unwrap();
    let refused = stage.hub.resume(group, &seat, position, &outlet, &WIRE).await;
    assert_eq!(refused.unwrap_err(), Refusal::SeatUnknown);

    assert_eq!(stage.hub.open(group).await, Ok(true));
    let seated = stage.resume(group, &seat, Seq::ZERO, 1 << 20).await;
    let admission = stage.admit(group).await;
    let bar = stage.enter(&admission, "Bar").await;
    bar.say("hello again").await;
    settle().await;
    assert_eq!(seated.read(), stage.lines(group, |_| true));
    assert!(seated.session.members().iter().any(|here| here.name == name_of("Bar")));
}

#[tokio::test(start_paused = true)]
async fn of_a_group_that_is_closed_or_deleted_a_stuck_reader_gets_no_byte_more() {
    for is_deleted in [false, true] {
        let stage = Stage::open().await;
        let (group, admission) = stage.create().await;
        let noya = stage.enter(&admission, "Noya").await;
        let stuck = stage.join(&admission, "Stuck", Keep::Connection, 17).await;
        for n in 0..500 {
            noya.say(&format!("{n}")).await;
        }
        settle().await;
        let ended =
            if is_deleted { stage.hub.delete(group).await } else { stage.hub.close(group).await };
        assert_eq!(ended, Ok(true));
        stuck.pipe.set_room(1 << 20);
        settle().await;
        // The event that it was in the middle of, and no other.
        assert_eq!(stuck.read(), "3 Noya said 0\n4 Noya said 1\n");
        let why = if is_deleted { Ended::Deleted } else { Ended::Closed };
        check_shown_out(&stuck, why).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_deleted_is_gone_and_its_number_like_any_other() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    assert_eq!(stage.hub.delete(group).await, Ok(true));
    check_shown_out(&noya, Ended::Deleted).await;
    assert_eq!(stage.hub.delete(group).await, Ok(false));
    assert_eq!(stage.hub.close(group).await, Ok(false));
    assert_eq!(stage.hub.show(group).await, Ok(None));
    assert_eq!(stage.hub.export(group, Seq(1)).await, Err(Refusal::GroupClosed));
    let refused = stage.hub.admit(Some(group), &password(), source()).await;
    assert_eq!(refused.unwrap_err(), Refusal::WrongIdOrPassword);
    assert_eq!(stage.hub.groups(None, 10).await, Ok(vec![]));
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_something_is_told_when_its_group_is_closed_or_deleted() {
    for is_deleted in [false, true] {
        let stage = Stage::open().await;
        let (group, admission) = stage.create().await;
        let noya = stage.enter(&admission, "Noya").await;
        stage.disk.fail_next(Fault::Slow(Duration::from_secs(1)));
        let end = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            if is_deleted { stage.hub.delete(group).await } else { stage.hub.close(group).await }
        };
        let (_, outlet) = connection(1 << 20);
        let id = client_id(1);
        let (sent, again, joined, left, ended) = tokio::join!(
            noya.session.send(words("x"), id.clone()),
            noya.session.send(words("x"), id.clone()),
            admission.join(name_of("Bar"), Keep::Seat, &outlet, &WIRE),
            noya.session.rename(name_of("Shoham")),
            end,
        );
        assert_eq!(ended, Ok(true));
        assert_eq!(again.unwrap_err(), Refusal::GroupClosed);
        if is_deleted {
            assert_eq!(sent.unwrap_err(), Refusal::GroupClosed);
            assert_eq!(joined.unwrap_err(), Refusal::GroupClosed);
            assert_eq!(left.unwrap_err(), Refusal::GroupClosed);
        } else {
            // It had been handed over: it is in the log, and said to be.
            assert_eq!(sent.unwrap().seq, Seq(2));
            let joined = joined.unwrap();
            assert_eq!((joined.head, left), (Seq(3), Ok(())));
            let session = joined.session.serial();
            let ended = Signal::GroupEnded { group, session, why: Ended::Closed };
            assert_eq!(outlet.take_signals(), [ended]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn ends_and_beginnings_of_a_group_may_cross() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    stage.disk.fail_next(Fault::Slow(Duration::from_millis(300)));
    noya.say("x").await;
    let (closed, opened, closed_again, deleted, opened_late) = tokio::join!(
        stage.hub.close(group),
        stage.hub.open(group),
        stage.hub.close(group),
        stage.hub.delete(group),
        stage.hub.open(group),
    );
    assert_eq!((closed, opened, closed_again), (Ok(true), Ok(true), Ok(true)));
    assert_eq!((deleted, opened_late), (Ok(true), Ok(false)));
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(format!("{:?}", stage.hub), "Hub { live_groups: 0, .. }");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_another_process_deleted_shows_out_who_finds_it_gone() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let other = stage.reopen().await;
    assert_eq!(other.hub.delete(group).await, Ok(true));
    let refused = noya.session.send(words("x"), None).await;
    assert_eq!(refused.unwrap_err(), Refusal::GroupClosed);
    check_shown_out(&noya, Ended::Deleted).await;
}

#[tokio::test(start_paused = true)]
async fn who_is_removed_elsewhere_reads_no_more() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let shlomo = stage.enter(&admission, "Shlomo").await;
    let reason = Reason::parse("spam").unwrap();
    let kind = Kind::Removed { by: name_of("Noya"), reason: reason.clone() };
    let entry = Entry::by(MemberId(2), name_of("Shlomo"), kind);
    stage.disk.write_elsewhere(group, entry, Timestamp::from_ms(0)).unwrap();
    settle().await;
    let session = shlomo.session.serial();
    let why = Ended::Removed { by: name_of("Noya"), door: None, reason };
    let ended = Signal::GroupEnded { group, session, why };
    assert_eq!(shlomo.outlet.take_signals(), [ended]);
    noya.say("he is gone").await;
    settle().await;
    assert_eq!(shlomo.read(), "");
    assert_eq!(noya.read(), "2 Shlomo joined\n3 Shlomo removed by Noya: spam\n");
}

#[tokio::test(start_paused = true)]
async fn a_group_deleted_when_empty_goes_with_its_last_member_and_not_before() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let shlomo = stage.enter(&admission, "Shlomo").await;
    assert_eq!(shlomo.session.set_deleted_when_empty(true).await, Err(Refusal::NotTheCreator));
    noya.session.set_deleted_when_empty(true).await.unwrap();
    noya.session.leave().await;
    assert_eq!(stage.hub.groups(None, 10).await.unwrap().len(), 1);
    drop(shlomo);
    settle().await;
    assert_eq!(stage.hub.groups(None, 10).await, Ok(vec![]));
    assert_eq!(stage.disk.events(group), []);
}

#[tokio::test(start_paused = true)]
async fn who_joins_as_the_last_member_leaves_is_let_in_or_refused_and_never_thrown_out() {
    for micros in (0..6_000).step_by(250) {
        let stage = Stage::open().await;
        let (_, admission) = stage.create().await;
        let noya = stage.enter(&admission, "Noya").await;
        noya.session.set_deleted_when_empty(true).await.unwrap();
        let (_, outlet) = connection(1 << 20);
        let join = async {
            tokio::time::sleep(Duration::from_micros(micros)).await;
            admission.join(name_of("Shlomo"), Keep::Connection, &outlet, &WIRE).await
        };
        let ((), joined) = tokio::join!(noya.session.leave(), join);
        settle().await;
        match joined {
            Ok(joined) => {
                joined.session.send(words("x"), None).await.unwrap();
                assert_eq!(outlet.take_signals(), []);
            }
            Err(refusal) => assert_eq!(refusal, Refusal::GroupClosed),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn options_that_change_at_once_do_not_undo_each_other() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let (set, closed) =
        tokio::join!(noya.session.set_deleted_when_empty(true), stage.hub.close(group));
    assert_eq!((set, closed), (Ok(()), Ok(true)));
    let options = stage.hub.groups(None, 1).await.unwrap()[0].options;
    assert!(options.is_closed && options.is_deleted_when_empty);
}

#[tokio::test(start_paused = true)]
async fn groups_left_for_longer_than_they_are_kept_are_deleted_and_no_others() {
    let setting = Setting { kept_for: Some(Duration::from_hours(1)), ..Setting::new() };
    let stage = setting.open().await;
    let (left, admission) = stage.create().await;
    stage.enter(&admission, "Noya").await.session.leave().await;
    let (never_entered, _) = stage.create().await;
    let (seated, admission) = stage.create().await;
    drop(stage.join(&admission, "Noya", Keep::Seat, 1 << 20).await);
    let (lived_in, admission) = stage.create().await;
    let _noya = stage.enter(&admission, "Noya").await;
    let listed = async || -> Vec<_> {
        stage.hub.groups(None, 10).await.unwrap().iter().map(|listed| listed.id).collect()
    };
    tokio::time::sleep(Duration::from_mins(50)).await;
    assert_eq!(listed().await.len(), 4);
    let (fresh, admission) = stage.create().await;
    stage.enter(&admission, "Noya").await.session.leave().await;
    tokio::time::sleep(Duration::from_mins(21)).await;
    let mut expected = [seated, lived_in, fresh];
    expected.sort();
    assert_eq!(listed().await, expected, "without {left} and {never_entered}");
}

#[tokio::test(start_paused = true)]
async fn a_group_nobody_is_in_is_let_go_of_and_comes_back_with_everything() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let seated = stage.join(&admission, "Seated", Keep::Seat, 1 << 20).await;
    let seat = seated.seat.clone().unwrap();
    for n in 0..10 {
        seated.session.send(words(&format!("{n}")), client_id(n)).await.unwrap();
    }
    noya.session.set_topic(super::stage::topic_of("tea")).await.unwrap();
    drop((seated, admission));
    let live = || format!("{:?}", stage.hub);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(live(), "Hub { live_groups: 1, .. }", "Noya is there");
    drop(noya);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(live(), "Hub { live_groups: 0, .. }");
    let seated = stage.resume(group, &seat, Seq(5), 1 << 20).await;
    settle().await;
    assert_eq!(seated.read(), stage.lines(group, |event| event.seq > Seq(5)));
    assert_eq!(seated.session.topic(), super::stage::topic_of("tea"));
    let landed = seated.session.send(words("9"), client_id(9)).await.unwrap();
    assert_eq!(landed.seq, Seq(12), "where it landed before");
}

#[tokio::test(start_paused = true)]
async fn a_group_of_which_something_is_under_way_is_not_let_go_of() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let seated = stage.join(&admission, "Seated", Keep::Seat, 1 << 20).await;
    let seat = seated.seat.clone().unwrap();
    stage.disk.fail_next(Fault::Slow(Duration::from_secs(7)));
    seated.say("late").await;
    drop((seated, admission));
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(format!("{:?}", stage.hub), "Hub { live_groups: 1, .. }");
    let seated = stage.resume(group, &seat, Seq(1), 1 << 20).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(seated.read(), "2 Seated said late\n");
    seated.session.send(words("next"), None).await.unwrap();
    assert_eq!(seated.session.members().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_of_numbers_that_are_no_groups_leaves_nothing_behind() {
    let stage = Stage::open().await;
    for n in 1_000..1_020 {
        let id = conclave_core::GroupId::new(n);
        let password = password();
        let admitted = stage.hub.admit(id, &password, source());
        // Some wait, some go.
        let wait = Duration::from_millis(if n % 2 == 0 { 0 } else { 10_000 });
        let _gone = tokio::time::timeout(wait, admitted).await;
    }
    assert_eq!(format!("{:?}", stage.hub), "Hub { live_groups: 0, .. }");
}

#[tokio::test(start_paused = true)]
async fn whoever_runs_the_server_sees_groups_and_reads_their_logs() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    drop(stage.join(&admission, "Seated", Keep::Seat, 1 << 20).await);
    noya.session.set_topic(super::stage::topic_of("tea")).await.unwrap();
    settle().await;
    let shown = stage.hub.show(group).await.unwrap().unwrap();
    assert_eq!((shown.listed.id, shown.listed.head), (group, Seq(3)));
    assert_eq!(shown.topic, super::stage::topic_of("tea"));
    assert_eq!(shown.members, [(name_of("Noya"), true), (name_of("Seated"), false)]);
    assert_eq!(stage.hub.export(group, Seq(1)).await.unwrap(), stage.disk.events(group));
    assert_eq!(stage.hub.export(group, Seq(4)).await, Ok(vec![]));
}
