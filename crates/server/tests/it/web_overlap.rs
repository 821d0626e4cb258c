//! Things asked over WebSockets while others are still under way, on a log that takes its time: each
//! is answered, once.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::browser::Socket;
use crate::stage::MemoryStage;

const NAMES: [&str; 3] = ["Noya", "Dan", "Bar"];

/// What is asked, of which group, by whom and of whom.
#[derive(Clone, Debug)]
struct Ask {
    by: usize,
    what: usize,
    group: usize,
    with: usize,
    /// Before the next one.
    pause_ms: u64,
}

fn ask() -> impl Strategy<Value = Ask> {
    let pause = prop_oneof![Just(0_u64), 1_u64..20];
    (0..NAMES.len(), 0_usize..12, 0_usize..2, 0..NAMES.len(), pause)
        .prop_map(|(by, what, group, with, pause_ms)| Ask { by, what, group, with, pause_ms })
}

/// How somebody comes back into each group.
type Seats = Vec<(String, String)>;

fn op_of(ask: &Ask, seats: &Seats) -> Value {
    let (group, seat) = &seats[ask.group];
    let (own, with) = (NAMES[ask.by], NAMES[ask.with]);
    match ask.what {
        0 => json!({"op": "send", "group": group, "text": "hello"}),
        1 | 2 => json!({"op": "direct", "group": group, "to": with, "text": "psst"}),
        3 | 4 => json!({"op": "direct-history", "group": group, "with": with}),
        5 => json!({"op": "directs", "group": group}),
        6 => json!({"op": "history", "group": group, "limit": 3}),
        7 => json!({"op": "rename", "group": group, "name": own}),
        8 => json!({"op": "topic", "group": group, "text": with}),
        9 => json!({"op": "members", "group": group}),
        10 => json!({"op": "join", "group": group, "name": format!("{own}2"), "password": "tea"}),
        _ => json!({"op": "resume", "group": group, "seat": seat, "after": 1}),
    }
}

/// Everybody in both groups.
async fn enter(stage: &MemoryStage) -> Vec<(Socket, Seats)> {
    let mut all: Vec<(Socket, Seats)> = Vec::new();
    for name in NAMES {
        let mut socket = Socket::open(stage).await;
        let mut seats = Seats::new();
        for index in 0..2 {
            let op = match all.first() {
                None => json!({"op": "create", "name": name, "password": "tea"}),
                Some((_, made)) => {
                    let group = &made[index].0;
                    json!({"op": "join", "group": group, "name": name, "password": "tea"})
                }
            };
            let ok = socket.done(op).await;
            let text = |key: &str| ok[key].as_str().unwrap().to_owned();
            seats.push((text("group"), text("seat")));
        }
        all.push((socket, seats));
    }
    all
}

async fn try_asks(asks: Vec<Ask>, answer_ms: u64) {
    let stage = MemoryStage::open(&[]).await;
    let mut all = enter(&stage).await;
    stage.answer_after(Duration::from_millis(answer_ms));
    let mut awaited = vec![BTreeSet::new(); all.len()];
    for ask in asks {
        let (socket, seats) = &mut all[ask.by];
        let op = op_of(&ask, seats);
        awaited[ask.by].insert(socket.ask(op).await);
        if ask.pause_ms > 0 {
            tokio::time::sleep(Duration::from_millis(ask.pause_ms)).await;
        }
    }
    for ((socket, _), mut awaited) in all.into_iter().zip(awaited) {
        let mut socket = socket;
        while !awaited.is_empty() {
            // Somebody who is never answered waits for too long here.
            if let Some(re) = socket.next().await["re"].as_u64() {
                assert!(awaited.remove(&re), "{re} was answered twice");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whatever_is_asked_is_answered(
        asks in prop::collection::vec(ask(), 1..40),
        answer_ms in 0_u64..8,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(try_asks(asks, answer_ms));
    }
}
