//! Readers that are slow, stuck or gone: they harm nobody and miss nothing.

use std::sync::Arc;
use std::time::Duration;

use conclave_core::limits;
use conclave_hub::{Keep, Signal};
use proptest::prelude::*;
use tokio::task::JoinSet;

use crate::stage::{Client, Stage, in_virtual_time, settle, words};

/// Reads a slow pipe, so many bytes a millisecond, until nothing more comes.
async fn read_slowly(client: &Client, count: usize) -> String {
    let mut seen = Vec::new();
    let mut quiet = 0;
    while quiet < 20 {
        let read = client.pipe.read(count);
        quiet = if read.is_empty() { quiet + 1 } else { 0 };
        seen.extend(read);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    String::from_utf8(seen).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stops_misses_nothing_and_holds_up_nobody() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let slow = stage.join(&admission, "Slow", Keep::Connection, 100).await;
    let quick = stage.enter(&admission, "Quick").await;
    for n in 0..2_000 {
        noya.say(&format!("{n} {}", "x".repeat(n % 200))).await;
    }
    settle().await;
    assert_eq!(quick.read(), stage.lines(group, |event| event.seq > quick.head));
    let seen = read_slowly(&slow, 97).await;
    assert_eq!(seen, stage.lines(group, |event| event.seq > slow.head));
}

#[tokio::test(start_paused = true)]
async fn what_is_published_while_an_event_is_half_taken_does_not_come_in_between() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let slow = stage.join(&admission, "Slow", Keep::Connection, 20).await;
    let say = async |text: &str| {
        noya.say(&text.repeat(20)).await;
        settle().await;
    };
    say("a").await;
    say("b").await;
    // The rest of one, and the beginning of the last one there is.
    let mut seen = slow.read();
    settle().await;
    // Room that a write finds before who waits for it hears of it.
    seen.push_str(&String::from_utf8(slow.pipe.read_unnoticed(20)).unwrap());
    say("c").await;
    slow.pipe.notice();
    seen.push_str(&read_slowly(&slow, usize::MAX).await);
    assert_eq!(seen, stage.lines(group, |event| event.seq > slow.head));
}

/// The one test in real time: what virtual time runs on one thread may cross on several. Nothing
/// in it sleeps.
#[test]
fn on_several_threads_everybody_sees_everything_once_and_in_order() {
    let threads =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    threads.block_on(everybody_sees_everything());
}

async fn everybody_sees_everything() {
    const MEMBERS: usize = 8;
    const MESSAGES: usize = 200;
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let mut clients = Vec::new();
    for n in 0..MEMBERS {
        let room = [20, 60, 500, 5_000][n % 4];
        let client = stage.join(&admission, &format!("m{n}"), Keep::Connection, room).await;
        clients.push(Arc::new(client));
    }
    let mut members = JoinSet::new();
    for (n, client) in clients.into_iter().enumerate() {
        let talker = Arc::clone(&client);
        members.spawn(async move {
            for n in 0..MESSAGES {
                talker.say(&format!("{n}")).await;
                tokio::task::yield_now().await;
            }
            None
        });
        members.spawn(async move {
            let (mut seen, mut lines) = (String::new(), 0);
            // The others' messages, and those who came after it.
            while lines < (MEMBERS - 1) * MESSAGES + MEMBERS - 1 - n {
                let read = String::from_utf8(client.pipe.read(33)).unwrap();
                lines += read.matches('\n').count();
                seen.push_str(&read);
                tokio::task::yield_now().await;
            }
            Some((client, seen))
        });
    }
    let all = tokio::time::timeout(Duration::from_mins(1), members.join_all()).await;
    for (client, seen) in all.unwrap().into_iter().flatten() {
        let member = client.session.member();
        let is_shown = |event: &conclave_core::Event| {
            event.seq > client.head
                && event.entry.member != member
                && !matches!(event.entry.kind, conclave_core::Kind::Left(_))
        };
        assert_eq!(seen, stage.lines(group, is_shown), "{member:?}");
    }
}

#[test]
fn a_pipe_of_any_room_brings_the_same_as_a_wide_one() {
    for room in 1..60 {
        in_virtual_time(async {
            let stage = Stage::open().await;
            let (group, admission) = stage.create().await;
            let noya = stage.enter(&admission, "Noya").await;
            let slow = stage.join(&admission, "Slow", Keep::Connection, room).await;
            for n in 0..6 {
                noya.say(&"n".repeat(n * 3 + 1)).await;
                slow.say(&"s".repeat(7 - n)).await;
                noya.say("again").await;
                if n % 2 == 0 {
                    settle().await;
                }
            }
            let member = slow.session.member();
            let seen = read_slowly(&slow, usize::MAX).await;
            let expected =
                stage.lines(group, |event| event.seq > slow.head && event.entry.member != member);
            assert_eq!(seen, expected, "a room of {room} bytes");
        });
    }
}

#[derive(Clone, Debug)]
enum Step {
    Say(usize),
    SayMyself(usize),
    Echo(bool),
    Read(usize),
    ReadUnnoticed(usize),
    Room(usize),
    Answer,
    Pause(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_usize..300).prop_map(Step::Say),
        3 => (0_usize..60).prop_map(Step::SayMyself),
        4 => (1_usize..400).prop_map(Step::Read),
        2 => (1_usize..400).prop_map(Step::ReadUnnoticed),
        2 => (1_usize..500).prop_map(Step::Room),
        1 => Just(Step::Answer),
        1 => any::<bool>().prop_map(Step::Echo),
        3 => (0_u64..4_000).prop_map(Step::Pause),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Echo is changed only while everything has been read, so that what is shown can be foretold.
    #[test]
    fn whatever_a_reader_does_it_sees_every_event_once_and_answers_between_events(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        in_virtual_time(async {
            let stage = Stage::open().await;
            let (group, admission) = stage.create().await;
            let noya = stage.enter(&admission, "Noya").await;
            let slow = stage.join(&admission, "Slow", Keep::Connection, 64).await;
            let (mut seen, mut answers, mut is_echoed) = (String::new(), 0, false);
            let mut echoed_from: Vec<(u64, bool)> = vec![(0, false)];
            for step in steps {
                match step {
                    Step::Say(length) => noya.say(&format!("n{}", "x".repeat(length))).await,
                    Step::SayMyself(length) => slow.say(&format!("s{}", "y".repeat(length))).await,
                    Step::Read(count) => {
                        seen.push_str(&String::from_utf8(slow.pipe.read(count)).unwrap());
                    }
                    Step::ReadUnnoticed(count) => {
                        let read = slow.pipe.read_unnoticed(count);
                        seen.push_str(&String::from_utf8(read).unwrap());
                    }
                    Step::Room(room) => slow.pipe.set_room(room),
                    Step::Answer => {
                        stage.hub.put(&slow.outlet, "answer\n".into());
                        answers += 1;
                    }
                    Step::Pause(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
                    Step::Echo(is_on) if is_on != is_echoed => {
                        seen.push_str(&read_slowly(&slow, usize::MAX).await);
                        slow.session.set_echo(is_on);
                        is_echoed = is_on;
                        let head = stage.disk.events(group).len() as u64;
                        echoed_from.push((head, is_on));
                    }
                    Step::Echo(_) => {}
                }
            }
            seen.push_str(&read_slowly(&slow, usize::MAX).await);
            let member = slow.session.member();
            let is_echoed_at = |seq: u64| {
                echoed_from.iter().rev().find(|(from, _)| *from < seq).is_some_and(|(_, on)| *on)
            };
            let expected = stage.lines(group, |event| {
                event.seq > slow.head && (event.entry.member != member || is_echoed_at(event.seq.0))
            });
            let (answered, events): (Vec<&str>, Vec<&str>) =
                seen.lines().partition(|line| *line == "answer");
            assert_eq!(events, expected.lines().collect::<Vec<_>>());
            assert_eq!(answered.len(), answers);
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_stuck_readers_delay_nobody_and_find_everything_later() {
    let stage = Stage::open().await;
    let (group, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let mut stuck = Vec::new();
    for n in 0..1_000 {
        stuck.push(stage.join(&admission, &format!("stuck {n}"), Keep::Connection, 10).await);
    }
    let quick = stage.enter(&admission, "Quick").await;
    let started = tokio::time::Instant::now();
    for n in 0..500 {
        noya.session.send(words(&format!("{n} {}", "x".repeat(500))), None).await.unwrap();
    }
    assert!(started.elapsed() <= limits::COMMIT_INTERVAL * 501, "{:?}", started.elapsed());
    settle().await;
    assert_eq!(quick.read(), stage.lines(group, |event| event.seq > quick.head));
    // What they have not read is told to nobody twice: the rest comes when they read.
    for client in [&stuck[0], &stuck[500], &stuck[999]] {
        client.pipe.set_room(1 << 24);
        settle().await;
        assert_eq!(client.read(), stage.lines(group, |event| event.seq > client.head));
    }
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_for_a_quarter_of_an_hour_is_gone_and_who_takes_a_byte_is_not() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    let stuck = stage.join(&admission, "Stuck", Keep::Connection, 10).await;
    let slow = stage.join(&admission, "Slow", Keep::Connection, 10).await;
    for _ in 0..20 {
        noya.say("hello there").await;
    }
    settle().await;
    for _ in 0..2 {
        tokio::time::sleep(limits::STALL_MAX * 9 / 10).await;
        slow.pipe.read(1);
        settle().await;
    }
    assert_eq!(stuck.outlet.take_signals(), [Signal::Closed]);
    assert!(stuck.pipe.is_shut());
    assert!(!slow.outlet.is_closed());
}

#[tokio::test(start_paused = true)]
async fn answers_past_their_bound_leave_no_room_until_the_peer_takes_them() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let client = stage.join(&admission, "Noya", Keep::Connection, 10).await;
    let mut put = 0;
    while client.outlet.has_room() {
        stage.hub.put(&client.outlet, vec![b'x'; 1_000].into());
        put += 1_000;
    }
    assert!(put <= limits::ANSWERS_BYTES_MAX + 2_000, "{put}");
    let mut got = 0;
    while got < put {
        assert!(!client.outlet.is_drained() || got + 10 >= put);
        got += client.pipe.read(usize::MAX).len();
        settle().await;
    }
    client.outlet.stirred().await;
    assert!(client.outlet.has_room() && client.outlet.is_drained());
}

#[tokio::test(start_paused = true)]
async fn one_who_shows_history_has_no_room_until_it_is_shown() {
    let stage = Stage::open().await;
    let (_, admission) = stage.create().await;
    let noya = stage.enter(&admission, "Noya").await;
    for n in 0..50 {
        noya.say(&format!("{n}")).await;
    }
    settle().await;
    let slow = stage.join(&admission, "Slow", Keep::Connection, 10).await;
    assert_eq!(slow.session.show_history(50, None, &super::stage::WIRE).await, Ok(50));
    assert!(!slow.outlet.has_room());
    let seen = read_slowly(&slow, usize::MAX).await;
    assert_eq!(seen.lines().count(), 50);
    assert!(slow.outlet.has_room());
}
