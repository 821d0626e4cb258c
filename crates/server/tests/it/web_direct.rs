//! Direct messages over the WebSocket, and between it and the console's wire.

use std::time::Duration;

use serde_json::{Value, json};

use crate::browser::Socket;
use crate::stage::MemoryStage;

async fn enter(stage: &MemoryStage, name: &str, group: Option<&str>) -> (Socket, String) {
    let mut socket = Socket::open(stage).await;
    let ok = match group {
        None => socket.done(json!({"op": "create", "name": name, "password": "tea"})).await,
        Some(group) => {
            let join = json!({"op": "join", "group": group, "name": name, "password": "tea"});
            socket.done(join).await
        }
    };
    (socket, ok["group"].as_str().unwrap().to_owned())
}

/// Noya, Dan and Bar in one group, who have seen each other come.
async fn three(stage: &MemoryStage) -> ([Socket; 3], String) {
    let (mut noya, group) = enter(stage, "Noya", None).await;
    let (mut dan, _) = enter(stage, "Dan", Some(&group)).await;
    let (bar, _) = enter(stage, "Bar", Some(&group)).await;
    for (socket, arrivals) in [(&mut noya, 2), (&mut dan, 1)] {
        for _ in 0..arrivals {
            assert_eq!(socket.next().await["event"]["kind"], "joined");
        }
    }
    ([noya, dan, bar], group)
}

/// What comes next, without the time of an event.
async fn next(socket: &mut Socket) -> Value {
    let mut told = socket.next().await;
    if let Some(event) = told["direct"]["event"].as_object_mut() {
        event.remove("at");
    }
    told
}

#[tokio::test(start_paused = true)]
async fn what_one_tells_another_reaches_both_and_nobody_else() {
    let stage = MemoryStage::open(&[]).await;
    let ([mut noya, mut dan, mut bar], group) = three(&stage).await;
    let tell =
        json!({"op": "direct", "group": group, "to": "dan", "text": "psst", "client_id": "c"});
    let re = noya.ask(tell.clone()).await;
    let told = |with: &str, seq: u64, name: &str, text: &str| {
        let event = json!({"seq": seq, "name": name, "kind": "said", "text": text});
        json!({"direct": {"with": with, "event": event}, "group": group})
    };
    assert_eq!(next(&mut noya).await, told("Dan", 3, "Noya", "psst"));
    let landed = noya.next().await;
    assert_eq!((&landed["re"], &landed["ok"]["seq"]), (&json!(re), &json!(3)));
    assert_eq!(next(&mut dan).await, told("Noya", 3, "Noya", "psst"));
    let again = noya.done(tell).await;
    assert_eq!(again["seq"], 3, "the same client_id lands once");
    dan.ask(json!({"op": "direct", "group": group, "to": "Noya", "text": "what?"})).await;
    assert_eq!(next(&mut noya).await, told("Dan", 4, "Dan", "what?"));
    assert_eq!(next(&mut dan).await, told("Noya", 4, "Dan", "what?"));
    dan.next().await;

    let listed = noya.done(json!({"op": "directs", "group": group})).await;
    let at = listed["directs"][0]["at"].clone();
    assert_eq!(listed, json!({"directs": [{"with": "Dan", "head": 4, "at": at}]}));
    let page = json!({"op": "direct-history", "group": group, "with": "Dan", "limit": 2});
    let page = noya.done(page).await;
    let texts: Vec<_> = page["events"].as_array().unwrap().iter().map(|e| &e["text"]).collect();
    assert_eq!(texts, ["psst", "what?"]);
    assert_eq!(bar.done(json!({"op": "directs", "group": group})).await, json!({"directs": []}));

    for to in ["Shlomo", "No one"] {
        let re = bar.ask(json!({"op": "direct", "group": group, "to": to, "text": "hi"})).await;
        let refused = bar.next().await;
        assert_eq!(refused["re"], json!(re));
        assert_eq!(refused["error"]["code"], "nobody-of-that-name");
    }
}

#[tokio::test(start_paused = true)]
async fn who_was_away_reads_what_it_was_told() {
    let stage = MemoryStage::open(&[]).await;
    let (mut noya, group) = enter(&stage, "Noya", None).await;
    let mut dan = Socket::open(&stage).await;
    let join = json!({"op": "join", "group": group, "name": "Dan", "password": "tea"});
    let seat = dan.done(join).await["seat"].as_str().unwrap().to_owned();
    drop(dan);
    let tell = json!({"op": "direct", "group": group, "to": "Dan", "text": "are you there?"});
    noya.ask(tell).await;
    // Shown to who told it, so it is saved.
    while !noya.next().await["direct"].is_object() {}
    let mut dan = Socket::open(&stage).await;
    let resume = json!({"op": "resume", "group": group, "seat": seat, "after": 2});
    dan.done(resume).await;
    let listed = dan.done(json!({"op": "directs", "group": group})).await;
    assert_eq!(listed["directs"][0]["with"], "Noya");
    let page = json!({"op": "direct-history", "group": group, "with": "Noya", "after": 2});
    let page = dan.done(page).await;
    assert_eq!(page["events"][0]["text"], "are you there?");
}

#[tokio::test(start_paused = true)]
async fn what_is_told_while_the_conversation_is_still_being_opened_reaches_the_other() {
    let stage = MemoryStage::open(&[]).await;
    let ([mut noya, mut dan, mut bar], group) = three(&stage).await;
    stage.answer_after(Duration::from_millis(5));
    // As it is looked for, made, and brought to life.
    for (to, wait_ms) in [("Dan", 1), ("Noya", 6), ("Bar", 12)] {
        noya.ask(json!({"op": "direct-history", "group": group, "with": to})).await;
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        noya.ask(json!({"op": "direct", "group": group, "to": to, "text": "psst"})).await;
        let came = [noya.next().await, noya.next().await, noya.next().await];
        assert_eq!(came.iter().filter(|told| told["ok"].is_object()).count(), 2, "{came:?}");
        assert_eq!(came.iter().filter(|told| told["direct"].is_object()).count(), 1, "{came:?}");
    }
    for socket in [&mut dan, &mut bar] {
        assert_eq!(next(socket).await["direct"]["event"]["text"], "psst");
    }
}
