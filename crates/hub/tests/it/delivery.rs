//! Who is given what, and in which order.

use conclave_core::Refusal;
use conclave_hub::{Keep, Said, Signal};

use crate::stage::{Stage, connection, name_of, settle, topic_of, words};

#[tokio::test(start_paused = true)]
async fn a_member_sees_what_others_say_and_not_what_it_says() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let shlomo = stage.enter(&admission, "Shlomo").await;
    noya.say("hello").await;
    shlomo.say("good morning").await;
    noya.say("how are you").await;
    settle().await;
    assert_eq!(noya.read(), "2 Shlomo joined\n4 Shlomo said good morning\n");
    assert_eq!(shlomo.read(), "3 Noya said hello\n5 Noya said how are you\n");
}

#[tokio::test(start_paused = true)]
async fn a_member_who_wants_its_echo_sees_its_messages_and_not_its_other_doings() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    noya.say("one").await;
    settle().await;
    noya.session.set_echo(true);
    noya.say("two").await;
    noya.session.set_topic(topic_of("tea")).await.unwrap();
    noya.session.rename(name_of("Bar")).await.unwrap();
    noya.session
        .send(Said::Action(conclave_core::Text::parse("waves").unwrap()), None)
        .await
        .unwrap();
    settle().await;
    noya.session.set_echo(false);
    noya.say("three").await;
    settle().await;
    assert_eq!(noya.read(), "3 Noya said two\n6 Bar did waves\n");
}

#[tokio::test(start_paused = true)]
async fn everybody_sees_names_and_topics_change_in_the_same_order() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let shlomo = stage.enter(&admission, "Shlomo").await;
    let shoham = stage.enter(&admission, "Shoham").await;
    let (one, two, three) = tokio::join!(
        noya.session.rename(name_of("Bar")),
        shlomo.session.set_topic(topic_of("tea")),
        noya.session.send(words("here"), None),
    );
    one.unwrap();
    two.unwrap();
    three.unwrap();
    settle().await;
    assert_eq!(shoham.read(), stage.lines(group, |event| event.seq > shoham.head));
    let of_others = |event: &conclave_core::Event| {
        event.seq > shlomo.head && event.entry.member != shlomo.session.member()
    };
    assert_eq!(shlomo.read(), stage.lines(group, of_others));
    assert_eq!(noya.session.name(), Some(name_of("Bar")));
    assert_eq!(shoham.session.topic(), topic_of("tea"));
}

#[tokio::test(start_paused = true)]
async fn many_who_write_at_once_are_seen_by_all_in_one_order() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let mut clients = Vec::new();
    for n in 0..20 {
        clients.push(stage.enter(&admission, &format!("member {n}")).await);
    }
    for round in 0..30 {
        for client in &clients {
            client.say(&format!("{round}")).await;
        }
        if round % 7 == 0 {
            settle().await;
        }
    }
    settle().await;
    for client in &clients {
        let member = client.session.member();
        let expected =
            stage.lines(group, |event| event.seq > client.head && event.entry.member != member);
        assert_eq!(client.read(), expected, "{member:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_flows_before_the_session_lets_it_and_all_does_after() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let (pipe, outlet) = connection(1 << 20);
    let joined =
        admission.join(name_of("Shlomo"), Keep::Connection, &outlet, &super::stage::WIRE).await;
    let session = joined.unwrap().session;
    noya.say("hello").await;
    settle().await;
    stage.hub.put(&outlet, "You're connected.\n".into());
    assert_eq!(pipe.read_text(), "You're connected.\n");
    session.release();
    assert_eq!(pipe.read_text(), "3 Noya said hello\n");
}

#[tokio::test(start_paused = true)]
async fn history_shows_the_last_messages_once_before_anything_later() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    for n in 0..400 {
        noya.say(&format!("{n}")).await;
        if n % 100 == 50 {
            noya.session.set_topic(topic_of(&format!("topic {n}"))).await.unwrap();
        }
    }
    settle().await;
    let (pipe, outlet) = connection(1 << 20);
    let wire = &super::stage::WIRE;
    let joined = admission.join(name_of("Shlomo"), Keep::Connection, &outlet, wire).await;
    let session = joined.unwrap().session;
    noya.say("live").await;
    settle().await;
    for (count, bytes_max, shown) in
        [(3, None, 3), (0, None, 0), (300, None, 300), (1_000, None, 400), (20, Some(40), 2)]
    {
        let told = session.show_history(count, bytes_max, wire).await.unwrap();
        settle().await;
        let lines: Vec<String> = pipe.read_text().lines().map(str::to_owned).collect();
        assert_eq!((told, lines.len()), (shown, shown as usize), "{count} asked for");
        assert!(lines.iter().all(|line| line.contains(" said ")), "{lines:?}");
        assert!(lines.last().is_none_or(|line| line.ends_with(" 399")), "{lines:?}");
    }
    session.release();
    settle().await;
    assert_eq!(pipe.read_text(), "407 Noya said live\n");
}

#[tokio::test(start_paused = true)]
async fn history_asked_for_in_the_middle_of_talk_doubles_and_loses_nothing() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let reader = stage.join(&admission, "Slow", Keep::Connection, 50).await;
    for n in 0..100 {
        noya.say(&format!("{n}")).await;
    }
    let seen_of = |lines: &str| lines.lines().map(str::to_owned).collect::<Vec<_>>();
    let mut seen = String::new();
    let read = async |seen: &mut String, count: usize| {
        for _ in 0..count {
            seen.push_str(&reader.read());
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    };
    read(&mut seen, 10).await;
    let told = reader.session.show_history(5, None, &super::stage::WIRE).await.unwrap();
    noya.say("later").await;
    read(&mut seen, 200).await;
    let expected = stage.lines(group, |event| event.seq > reader.head);
    let (seen, expected) = (seen_of(&seen), seen_of(&expected));
    assert_eq!(seen.len(), expected.len() + told as usize);
    // Without the five, which stand together, it is what was said.
    let at = (0..seen.len()).find(|at| {
        let mut live = seen.clone();
        live.drain(*at..at + 5);
        live == expected
    });
    let at = at.unwrap_or_else(|| panic!("{seen:#?}"));
    assert_eq!(seen[at..at + 5], seen[at + 5..at + 10], "the last five before its place");
}

#[tokio::test(start_paused = true)]
async fn one_connection_may_read_several_groups_and_leave_one() {
    let stage = Stage::open().await;
    let (_, tea) = stage.create().await;
    let (_, milk) = stage.create().await;
    let (noya, shlomo) = (stage.enter(&tea, "Noya").await, stage.enter(&milk, "Shlomo").await);
    let (pipe, outlet) = connection(1 << 20);
    let mut sessions = Vec::new();
    for admission in [&tea, &milk] {
        let wire = &super::stage::WIRE;
        let joined = admission.join(name_of("Bar"), Keep::Connection, &outlet, wire).await.unwrap();
        joined.session.release();
        sessions.push(joined.session);
    }
    noya.say("in tea").await;
    shlomo.say("in milk").await;
    settle().await;
    let seen = pipe.read_text();
    assert!(seen.contains("in tea") && seen.contains("in milk"), "{seen}");
    sessions.remove(0).leave().await;
    noya.say("in tea").await;
    shlomo.say("in milk").await;
    settle().await;
    assert_eq!(pipe.read_text(), "4 Shlomo said in milk\n");
}

#[tokio::test(start_paused = true)]
async fn one_connection_may_be_two_members_of_a_group() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let (pipe, outlet) = connection(1 << 20);
    let mut sessions = Vec::new();
    for name in ["Bar", "Shoham"] {
        let wire = &super::stage::WIRE;
        let joined = admission.join(name_of(name), Keep::Connection, &outlet, wire).await.unwrap();
        joined.session.release();
        sessions.push(joined.session);
    }
    settle().await;
    assert_eq!(pipe.read_text(), "3 Shoham joined\n");
    noya.say("hello").await;
    settle().await;
    assert_eq!(pipe.read_text(), "4 Noya said hello\n4 Noya said hello\n");
    sessions.remove(0).leave().await;
    noya.say("still there").await;
    settle().await;
    assert_eq!(pipe.read_text(), "5 Bar left\n6 Noya said still there\n");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_hangs_up_is_told_of_and_leaves() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let shlomo = stage.enter(&admission, "Shlomo").await;
    shlomo.pipe.hang_up();
    noya.say("hello").await;
    settle().await;
    assert_eq!(shlomo.outlet.take_signals(), [Signal::Closed]);
    assert!(shlomo.outlet.is_closed());
    drop(shlomo);
    settle().await;
    assert_eq!(noya.read(), "2 Shlomo joined\n4 Shlomo left\n");
}

#[tokio::test(start_paused = true)]
async fn who_has_left_can_do_nothing_more() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.join(&admission, "Noya", Keep::Seat, 1 << 20).await;
    let seat = noya.seat.clone().unwrap();
    let again = stage.resume(admission.group(), &seat, noya.head, 1 << 20).await;
    again.session.leave().await;
    assert_eq!(noya.session.say(words("hello")).await, Err(Refusal::NotAMember));
    assert_eq!(noya.session.name(), None);
}
