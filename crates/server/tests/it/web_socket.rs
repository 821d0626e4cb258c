//! The WebSocket: groups, messages and what passes, as programs see them.

use std::time::Duration;

use conclave_core::limits;
use serde_json::{Value, json};

use crate::browser::{Browser, Came, Socket, frame};
use crate::stage::MemoryStage;

/// Makes a group: its number, and the seat of who made it.
async fn create(socket: &mut Socket, name: &str) -> (String, String) {
    let ok = socket.done(json!({"op": "create", "name": name, "password": "tea"})).await;
    (text(&ok["group"]), text(&ok["seat"]))
}

async fn join(socket: &mut Socket, group: &str, name: &str) -> Value {
    socket.done(json!({"op": "join", "group": group, "name": name, "password": "tea"})).await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

/// The event that comes next, without its time.
async fn event(socket: &mut Socket, group: &str) -> Value {
    let mut told = socket.next().await;
    assert_eq!(told["group"], group, "{told}");
    assert!(told["event"]["at"].take().is_string());
    told["event"].as_object_mut().unwrap().remove("at");
    told["event"].take()
}

#[tokio::test(start_paused = true)]
async fn groups_are_made_joined_and_talked_in() {
    let stage = MemoryStage::open(&[]).await;
    let mut noya = Socket::open(&stage).await;
    let made = noya.done(json!({"op": "create", "name": "Noya", "password": "tea"})).await;
    let group = text(&made["group"]);
    assert_eq!(made["head"], 1);
    assert_eq!(
        made["members"],
        json!([{"name": "Noya", "here": true, "you": true, "role": "owner"}])
    );
    assert_eq!((text(&made["seat"]).len(), text(&made["epoch"]).len()), (64, 16));
    let mut shlomo = Socket::open(&stage).await;
    let joined = join(&mut shlomo, &group, "Shlomo").await;
    assert_eq!((&joined["head"], &joined["name"]), (&json!(2), &json!("Shlomo")));
    assert_eq!(joined["members"].as_array().unwrap().len(), 2);
    let arrival = json!({"seq": 2, "name": "Shlomo", "kind": "joined"});
    assert_eq!(event(&mut noya, &group).await, arrival);
    let re = shlomo.ask(json!({"op": "send", "group": group, "text": "שלום"})).await;
    let said = json!({"seq": 3, "name": "Shlomo", "kind": "said", "text": "שלום"});
    assert_eq!(event(&mut noya, &group).await, said);
    assert_eq!(event(&mut shlomo, &group).await, said, "who said it sees it too, in its place");
    let answer = shlomo.next().await;
    assert_eq!((&answer["re"], &answer["ok"]["seq"]), (&json!(re), &json!(3)));
    shlomo.ask(json!({"op": "send", "group": group, "text": "waves", "kind": "action"})).await;
    let did = json!({"seq": 4, "name": "Shlomo", "kind": "action", "text": "waves"});
    assert_eq!(event(&mut noya, &group).await, did);
    noya.ask(json!({"op": "topic", "group": group, "text": "tea"})).await;
    let set = json!({"seq": 5, "name": "Noya", "kind": "topic", "text": "tea"});
    assert_eq!(event(&mut noya, &group).await, set);
    assert_eq!(noya.next().await["ok"], json!({}));
    noya.ask(json!({"op": "rename", "group": group, "name": "Bar"})).await;
    let renamed = json!({"seq": 6, "name": "Noya", "kind": "renamed", "to": "Bar"});
    assert_eq!(event(&mut noya, &group).await, renamed);
    assert_eq!(noya.next().await["ok"], json!({}));
    assert_eq!(noya.done(json!({"op": "leave", "group": group})).await, json!({}));
    noya.nothing().await;
}

#[tokio::test(start_paused = true)]
async fn what_comes_at_once_is_done_in_order() {
    let stage = MemoryStage::open(&[]).await;
    let mut noya = Socket::open(&stage).await;
    let (group, seat) = create(&mut noya, "Noya").await;
    drop(noya);
    let mut socket = Socket::open(&stage).await;
    // A send behind the resume that makes it possible, and one behind the leaving that does not.
    let resume = json!({"op": "resume", "group": group, "seat": seat, "after": 1});
    let resumed = socket.ask(resume).await;
    let mut sent = Vec::new();
    for n in 0..20 {
        sent.push(socket.ask(json!({"op": "send", "group": group, "text": n.to_string()})).await);
    }
    let left = socket.ask(json!({"op": "leave", "group": group})).await;
    let late = socket.ask(json!({"op": "send", "group": group, "text": "late"})).await;
    let (mut answered, mut texts) = (Vec::new(), Vec::new());
    while answered.len() < 23 {
        let told = socket.next().await;
        match told.get("event") {
            Some(event) => texts.push(text(&event["text"])),
            None => answered.push((told["re"].as_u64().unwrap(), told["ok"].is_object())),
        }
    }
    assert_eq!(answered.first(), Some(&(resumed, true)));
    assert_eq!(answered.last(), Some(&(late, false)));
    assert!(answered.contains(&(left, true)));
    assert!(sent.iter().all(|re| answered.contains(&(*re, true))));
    let expected: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    // Of what was said as it left it need not have been told, but in order and none twice.
    assert_eq!(texts, expected[..texts.len()]);
}

#[tokio::test(start_paused = true)]
async fn one_socket_holds_many_groups_and_tells_them_apart() {
    let stage = MemoryStage::open(&[]).await;
    let mut noya = Socket::open(&stage).await;
    let mut groups = Vec::new();
    for n in 0..10 {
        groups.push(create(&mut noya, &format!("Noya {n}")).await.0);
    }
    for group in &groups {
        let mut other = Socket::open(&stage).await;
        join(&mut other, group, "Shlomo").await;
        assert_eq!(event(&mut noya, group).await["name"], "Shlomo");
        other.ask(json!({"op": "send", "group": group, "text": "hello"})).await;
        assert_eq!(event(&mut noya, group).await["text"], "hello");
        drop(other);
        let away = noya.next().await;
        assert_eq!(away, json!({"presence": {"name": "Shlomo", "here": false}, "group": group}));
    }
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_sees_exactly_what_it_missed() {
    let stage = MemoryStage::open(&[]).await;
    let mut noya = Socket::open(&stage).await;
    let made = noya.done(json!({"op": "create", "name": "Noya", "password": "tea"})).await;
    let (group, seat, epoch) = (text(&made["group"]), text(&made["seat"]), text(&made["epoch"]));
    let mut shlomo = Socket::open(&stage).await;
    join(&mut shlomo, &group, "Shlomo").await;
    drop(noya);
    for n in 3..=200 {
        shlomo.ask(json!({"op": "send", "group": group, "text": n.to_string()})).await;
    }
    tokio::time::sleep(Duration::from_mins(1)).await;
    for (after, epoch, reset) in [
        (1, json!(null), false),
        (2, json!(epoch), false),
        (150, json!(epoch), false),
        (200, json!(null), false),
        (201, json!(epoch), true),
        (u64::MAX, json!(null), true),
        (150, json!("0123456789abcdef"), true),
        (150, json!("what"), true),
    ] {
        let mut noya = Socket::open(&stage).await;
        let mut op = json!({"op": "resume", "group": group, "seat": seat, "after": after});
        if !epoch.is_null() {
            op["epoch"] = epoch.clone();
        }
        let ok = noya.done(op).await;
        let expected = if reset { json!(true) } else { Value::Null };
        assert_eq!((&ok["reset"], &ok["head"]), (&expected, &json!(200)), "{after} {epoch}");
        assert_eq!(ok.get("seat"), None, "it knows its seat");
        let from = if reset { 200 - limits::PAGE_EVENTS_MAX as u64 } else { after };
        for seq in from + 1..=200 {
            assert_eq!(event(&mut noya, &group).await["seq"], seq);
        }
        noya.nothing().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_send_that_is_tried_again_lands_once_wherever_it_comes_from() {
    let stage = MemoryStage::open(&[]).await;
    let mut noya = Socket::open(&stage).await;
    let (group, seat) = create(&mut noya, "Noya").await;
    let op = json!({"op": "send", "group": group, "text": "once", "client_id": "c1"});
    let (first, second) = (noya.ask(op.clone()).await, noya.ask(op.clone()).await);
    assert_eq!(event(&mut noya, &group).await["seq"], 2);
    let (one, two) = (noya.next().await, noya.next().await);
    assert_eq!((&one["re"], &two["re"]), (&json!(first), &json!(second)));
    assert_eq!(one["ok"], two["ok"]);
    let mut tab = Socket::open(&stage).await;
    tab.done(json!({"op": "resume", "group": group, "seat": seat, "after": 2})).await;
    assert_eq!(tab.done(op).await, one["ok"]);
    let bearer = format!("Authorization: Bearer {seat}");
    let path = format!("POST /api/v1/groups/{group}/messages");
    let body = r#"{"text":"once","client_id":"c1"}"#;
    let answer = Browser::connect(&stage).ask(&path, &[&bearer], body).await;
    assert_eq!((answer.status, answer.json()), (201, one["ok"].clone()));
    noya.nothing().await;
}

#[tokio::test(start_paused = true)]
async fn pages_are_given_both_ways() {
    let stage = MemoryStage::open(&["--message-rate".to_owned(), "none".to_owned()]).await;
    let mut noya = Socket::open(&stage).await;
    let (group, _) = create(&mut noya, "Noya").await;
    for n in 2..=300 {
        noya.ask(json!({"op": "send", "group": group, "text": n.to_string()})).await;
    }
    // A message and its answer each.
    for _ in 0..299 * 2 {
        noya.next().await;
    }
    for (asked, from, to) in [
        (json!({"before": 10, "limit": 3}), 7, 9),
        (json!({"after": 10, "limit": 3}), 11, 13),
        (json!({"before": 3, "limit": 500}), 1, 2),
        (json!({"after": 298}), 299, 300),
        (json!({"limit": 5}), 296, 300),
        (json!({"before": 301, "limit": 1_000_000}), 1, 300),
        (json!({"before": 1}), 1, 0),
        (json!({"after": 300}), 1, 0),
        (json!({"before": u64::MAX, "limit": 1}), 300, 300),
        (json!({"after": u64::MAX, "limit": 1}), 1, 0),
    ] {
        let mut op = asked.clone();
        op["op"] = "history".into();
        op["group"] = group.clone().into();
        let ok = noya.done(op).await;
        let seqs: Vec<u64> = ok["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["seq"].as_u64().unwrap())
            .collect();
        assert_eq!(seqs, (from..=to).collect::<Vec<_>>(), "{asked}");
    }
    let both = json!({"op": "history", "group": group, "before": 1, "after": 1});
    assert_eq!(noya.refused(both).await, "bad-request");
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_told_in_one_word_and_a_sentence() {
    let stage = MemoryStage::open(&[]).await;
    let mut noya = Socket::open(&stage).await;
    let (group, seat) = create(&mut noya, "Noya").await;
    let long = "x".repeat(limits::TEXT_BYTES_MAX + 1);
    let other = "9".repeat(17);
    for (op, code) in [
        (json!({"op": "create", "name": "", "password": "tea"}), "name-refused"),
        (json!({"op": "create", "name": "x".repeat(99), "password": "tea"}), "too-long"),
        (json!({"op": "create", "name": "Noya", "password": ""}), "password-refused"),
        (json!({"op": "create", "name": "Noya"}), "bad-request"),
        (
            json!({"op": "join", "group": group, "name": "Bar", "password": "no"}),
            "wrong-id-or-password",
        ),
        (
            json!({"op": "join", "group": group, "name": "Bar", "password": ""}),
            "wrong-id-or-password",
        ),
        (json!({"op": "join", "group": group, "name": "Bar"}), "wrong-id-or-password"),
        (
            json!({"op": "join", "group": "1000", "name": "Bar", "password": "tea"}),
            "wrong-id-or-password",
        ),
        (
            json!({"op": "join", "group": "none", "name": "Bar", "password": "tea"}),
            "wrong-id-or-password",
        ),
        (json!({"op": "join", "group": group, "name": "noya", "password": "tea"}), "name-taken"),
        (
            json!({"op": "resume", "group": group, "seat": "0".repeat(64), "after": 0}),
            "seat-unknown",
        ),
        (json!({"op": "resume", "group": other, "seat": seat, "after": 0}), "seat-unknown"),
        (json!({"op": "resume", "group": "", "seat": "", "after": 0}), "seat-unknown"),
        (json!({"op": "send", "group": group, "text": ""}), "text-refused"),
        (json!({"op": "send", "group": group, "text": long}), "too-long"),
        (
            json!({"op": "send", "group": group, "text": "x", "client_id": "y".repeat(65)}),
            "bad-request",
        ),
        (json!({"op": "send", "group": "1000", "text": "x"}), "not-a-member"),
        (json!({"op": "typing", "group": "1000"}), "not-a-member"),
        (json!({"op": "members", "group": "1000"}), "not-a-member"),
        (json!({"op": "history", "group": "1000"}), "not-a-member"),
        (json!({"op": "leave", "group": "1000"}), "not-a-member"),
        (json!({"op": "topic", "group": group, "text": long}), "too-long"),
        (json!({"op": "rename", "group": group, "name": "a:b"}), "name-refused"),
        (json!({"op": "fly"}), "bad-request"),
    ] {
        assert_eq!(noya.refused(op.clone()).await, code, "{op}");
    }
    noya.send("no JSON").await;
    assert_eq!(noya.next().await["error"]["code"], "bad-request");
    // Of all that nothing was done, and the socket is as good as before.
    noya.send(&json!({"op": "send", "group": group, "text": "still here"}).to_string()).await;
    assert_eq!(event(&mut noya, &group).await["seq"], 2);
    noya.nothing().await;
}

#[tokio::test(start_paused = true)]
async fn two_tabs_of_one_seat_see_the_same_and_leave_together() {
    let stage = MemoryStage::open(&[]).await;
    let mut first = Socket::open(&stage).await;
    let (group, seat) = create(&mut first, "Noya").await;
    let mut second = Socket::open(&stage).await;
    second.done(json!({"op": "resume", "group": group, "seat": seat, "after": 1})).await;
    first.ask(json!({"op": "send", "group": group, "text": "from the first"})).await;
    for tab in [&mut first, &mut second] {
        assert_eq!(event(tab, &group).await["text"], "from the first");
    }
    first.next().await;
    assert_eq!(second.done(json!({"op": "leave", "group": group})).await, json!({}));
    assert_eq!(first.next().await, json!({"ended": {"reason": "left"}, "group": group}));
    assert_eq!(
        first.refused(json!({"op": "send", "group": group, "text": "x"})).await,
        "not-a-member"
    );
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_resumes_again_is_told_everything_once() {
    let stage = MemoryStage::open(&[]).await;
    let mut noya = Socket::open(&stage).await;
    let (group, seat) = create(&mut noya, "Noya").await;
    noya.done(json!({"op": "resume", "group": group, "seat": seat, "after": 1})).await;
    noya.ask(json!({"op": "send", "group": group, "text": "once"})).await;
    assert_eq!(event(&mut noya, &group).await["text"], "once");
    assert!(noya.next().await["ok"].is_object());
    noya.nothing().await;
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_and_sent_and_a_close_is_answered_alike() {
    let stage = MemoryStage::open(&[]).await;
    let mut noya = Socket::open(&stage).await;
    create(&mut noya, "Noya").await;
    noya.frame(0x89, b"are you there").await;
    assert_eq!(noya.came().await, Came::Pong(b"are you there".to_vec()));
    for _ in 0..3 {
        tokio::time::sleep(limits::PING_INTERVAL).await;
        assert_eq!(noya.came().await, Came::Ping);
        noya.frame(0x8a, b"").await;
    }
    noya.frame(0x88, &4001_u16.to_be_bytes()).await;
    noya.closes(4001).await;
}

#[tokio::test(start_paused = true)]
async fn who_breaks_a_rule_is_told_which_and_cut_off() {
    let stage = MemoryStage::open(&[]).await;
    let too_big = vec![b'x'; limits::WEBSOCKET_MESSAGE_BYTES_MAX + 1];
    for (frame, code) in [
        (frame(0x82, b"binary"), 1003),
        (frame(0x81, b"\xff"), 1007),
        (frame(0xc1, b"{}"), 1002),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), 1002),
        (b"\x81\x02{}".to_vec(), 1002),
        (frame(0x81, &too_big), 1009),
        (vec![0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], 1009),
    ] {
        let mut socket = Socket::open(&stage).await;
        let (group, _) = create(&mut socket, "Noya").await;
        let mut shlomo = Socket::open(&stage).await;
        join(&mut shlomo, &group, "Shlomo").await;
        event(&mut socket, &group).await;
        socket.write(&frame).await;
        socket.closes(code).await;
        // Nobody else notices, but that it is away.
        shlomo.ask(json!({"op": "send", "group": group, "text": "hello"})).await;
        assert_eq!(event(&mut shlomo, &group).await["text"], "hello");
    }
}

#[tokio::test(start_paused = true)]
async fn a_socket_in_no_group_is_closed_after_a_while_and_one_in_a_group_stays() {
    let stage = MemoryStage::open(&[]).await;
    let idle = Socket::open(&stage).await;
    let mut noya = Socket::open(&stage).await;
    let (group, _) = create(&mut noya, "Noya").await;
    tokio::time::sleep(limits::SIGN_IN_MAX + Duration::from_secs(1)).await;
    let pings = limits::SIGN_IN_MAX.as_secs() / limits::PING_INTERVAL.as_secs();
    let mut idle = idle;
    for _ in 0..pings {
        assert_eq!(idle.came().await, Came::Ping);
    }
    idle.closes(1008).await;
    noya.ask(json!({"op": "send", "group": group, "text": "here"})).await;
    assert_eq!(event(&mut noya, &group).await["text"], "here");
}

#[tokio::test(start_paused = true)]
async fn above_the_message_rate_nothing_is_lost_and_others_are_not_slowed() {
    let stage = MemoryStage::open(&["--message-rate".to_owned(), "10".to_owned()]).await;
    let mut noya = Socket::open(&stage).await;
    let (group, _) = create(&mut noya, "Noya").await;
    let mut shlomo = Socket::open(&stage).await;
    join(&mut shlomo, &group, "Shlomo").await;
    event(&mut noya, &group).await;
    let started = tokio::time::Instant::now();
    for n in 0..100 {
        noya.send(&json!({"op": "send", "group": group, "text": n.to_string()}).to_string()).await;
    }
    shlomo.send(&json!({"op": "send", "group": group, "text": "quick"}).to_string()).await;
    let (mut texts, mut quick_after) = (Vec::new(), Duration::MAX);
    while texts.len() < 100 {
        match text(&event(&mut shlomo, &group).await["text"]) {
            quick if quick == "quick" => quick_after = started.elapsed(),
            other => texts.push(other),
        }
    }
    assert_eq!(texts, (0..100).map(|n| n.to_string()).collect::<Vec<_>>());
    assert!(quick_after < Duration::from_millis(100), "{quick_after:?}");
    // A burst of 50 is free, the rest come at the rate.
    let took = started.elapsed();
    assert!((Duration::from_secs(4)..Duration::from_secs(6)).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_says_so_and_takes_everyone_back() {
    use conclave_transcript::Stage as _;
    let mut stage = MemoryStage::open(&[]).await;
    let mut noya = Socket::open(&stage).await;
    let (group, seat) = create(&mut noya, "Noya").await;
    noya.send(&json!({"op": "send", "group": group, "text": "before"}).to_string()).await;
    event(&mut noya, &group).await;
    let restarted = stage.restart();
    let (closed, restarted) = tokio::join!(noya.closes(1012), restarted);
    restarted.unwrap();
    assert_eq!(closed, ());
    let mut noya = Socket::open(&stage).await;
    let ok = noya.done(json!({"op": "resume", "group": group, "seat": seat, "after": 1})).await;
    assert_eq!(ok["head"], 2);
    assert_eq!(event(&mut noya, &group).await["text"], "before");
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_group_reaches_who_is_not_in_it() {
    let stage = MemoryStage::open(&[]).await;
    let mut noya = Socket::open(&stage).await;
    let made = json!({"op": "create", "name": "canary-name", "password": "canary-password"});
    let made = noya.done(made).await;
    let (group, seat) = (text(&made["group"]), text(&made["seat"]));
    noya.ask(json!({"op": "topic", "group": group, "text": "canary-topic"})).await;
    noya.ask(json!({"op": "send", "group": group, "text": "canary-text"})).await;
    noya.bytes().await;
    let mut stranger = Socket::open(&stage).await;
    create(&mut stranger, "Stranger").await;
    let (own, own_seat) = create(&mut stranger, "Stranger").await;
    let mut seen = Vec::new();
    for group in [group.as_str(), "1000"] {
        for op in [
            json!({"op": "join", "group": group, "name": "canary-name", "password": "x"}),
            json!({"op": "resume", "group": group, "seat": own_seat, "after": 0}),
            json!({"op": "send", "group": group, "text": "x"}),
            json!({"op": "history", "group": group, "after": 0}),
            json!({"op": "members", "group": group}),
            json!({"op": "rename", "group": group, "name": "y"}),
            json!({"op": "topic", "group": group, "text": "y"}),
            json!({"op": "typing", "group": group}),
            json!({"op": "leave", "group": group}),
            json!({"op": "resume", "group": own, "seat": seat, "after": 0}),
        ] {
            let mut answer = stranger.call(op).await;
            answer["re"].take();
            seen.push((group == "1000", answer.to_string()));
        }
        for (path, body) in [
            (format!("GET /api/v1/groups/{group}/messages"), ""),
            (format!("GET /api/v1/groups/{group}/messages?format=txt"), ""),
            (format!("GET /api/v1/groups/{group}/members"), ""),
            (format!("POST /api/v1/groups/{group}/messages"), r#"{"text":"x"}"#),
            (format!("DELETE /api/v1/groups/{group}/seat"), ""),
            (format!("POST /api/v1/groups/{group}/join"), r#"{"name":"x","password":"x"}"#),
        ] {
            for headers in [vec![], vec![format!("Authorization: Bearer {own_seat}")]] {
                let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
                let answer = Browser::connect(&stage).ask(&path, &headers, body).await;
                seen.push((group == "1000", format!("{} {}", answer.status, answer.body)));
            }
        }
    }
    noya.ask(json!({"op": "typing", "group": group})).await;
    noya.ask(json!({"op": "send", "group": group, "text": "canary-text"})).await;
    let heard = stranger.bytes().await;
    assert!(heard.is_empty(), "{}", heard.escape_ascii());
    let told = |is_free: bool| -> Vec<&String> {
        seen.iter().filter(|(of_free, _)| *of_free == is_free).map(|(_, told)| told).collect()
    };
    assert_eq!(told(false), told(true), "a group is like no group");
    assert!(seen.iter().all(|(_, told)| !told.contains("canary")), "{seen:#?}");
}
