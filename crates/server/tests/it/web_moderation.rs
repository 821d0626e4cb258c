//! What moderators do over the web, invitations, and programs that speak by an address.

use serde_json::{Value, json};

use crate::browser::{Browser, Socket};
use crate::stage::MemoryStage;

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

/// A group with Noya, who made it, and Shlomo: its number and their seats.
async fn group_of_two(stage: &MemoryStage) -> (String, [(Socket, String); 2]) {
    let mut noya = Socket::open(stage).await;
    let made = noya.done(json!({"op": "create", "name": "Noya", "password": "tea"})).await;
    let group = text(&made["group"]);
    let mut shlomo = Socket::open(stage).await;
    let join = json!({"op": "join", "group": group, "name": "Shlomo", "password": "tea"});
    let joined = shlomo.done(join).await;
    noya.next().await;
    let seats = [text(&made["seat"]), text(&joined["seat"])];
    let [one, two] = seats;
    (group, [(noya, one), (shlomo, two)])
}

/// Asks for something and gives its answer, whatever is told before and right after it.
async fn asked(socket: &mut Socket, op: Value) -> Value {
    let re = socket.ask(op).await;
    loop {
        let came = socket.next().await;
        if came["re"] == re {
            return came;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn moderators_do_what_they_may_and_others_do_not() {
    let stage = MemoryStage::open(&[]).await;
    let (group, [(mut noya, _), (mut shlomo, seat)]) = group_of_two(&stage).await;
    let moderate = |deed: &str, name: &str, text: &str| json!({"op": "moderate", "group": group, "do": deed, "name": name, "text": text});
    for deed in ["kick", "ban", "mute", "op", "voice"] {
        let refused = asked(&mut shlomo, moderate(deed, "Noya", "")).await;
        assert_eq!(refused["error"]["code"], "not-allowed", "{deed}");
    }
    for (deed, name, code) in [
        ("kick", "Nobody", "no-such-member"),
        ("op", "Nobody", "no-such-member"),
        ("kick", "", "bad-request"),
        ("fly", "Shlomo", "bad-request"),
    ] {
        let refused = asked(&mut noya, moderate(deed, name, "")).await;
        assert_eq!(refused["error"]["code"], code, "{deed}");
    }
    let role_of = async |noya: &mut Socket| {
        let members = asked(noya, json!({"op": "members", "group": group})).await;
        members["ok"]["members"][1].clone()
    };
    for (deed, role, muted) in [
        ("op", "moderator", false),
        ("deop", "member", false),
        ("voice", "voiced", false),
        ("mute", "voiced", true),
        ("unmute", "voiced", false),
        ("devoice", "member", false),
    ] {
        assert_eq!(asked(&mut noya, moderate(deed, "Shlomo", "")).await["ok"], json!({}));
        let member = role_of(&mut noya).await;
        assert_eq!(member["role"], role, "{deed}");
        assert_eq!(member["muted"] == true, muted, "{deed}");
    }
    assert_eq!(asked(&mut noya, moderate("mute", "Shlomo", "")).await["ok"], json!({}));
    let say = json!({"op": "send", "group": group, "text": "x"});
    assert_eq!(asked(&mut shlomo, say.clone()).await["error"]["code"], "muted");
    assert_eq!(asked(&mut noya, moderate("ban", "Shlomo", "spam")).await["ok"], json!({}));
    let ended = loop {
        let came = shlomo.next().await;
        if came.get("ended").is_some() {
            break came;
        }
    };
    assert_eq!(ended, json!({"ended": {"reason": "removed"}, "group": group}));
    assert_eq!(asked(&mut shlomo, say).await["error"]["code"], "not-a-member");
    let resume = json!({"op": "resume", "group": group, "seat": seat, "after": 1});
    assert_eq!(asked(&mut shlomo, resume).await["error"]["code"], "seat-unknown");
    let join = json!({"op": "join", "group": group, "name": "Shlomo", "password": "tea"});
    assert_eq!(asked(&mut shlomo, join.clone()).await["error"]["code"], "banned");
    let bans = asked(&mut noya, json!({"op": "bans", "group": group})).await;
    let ban = &bans["ok"]["bans"][0];
    assert_eq!((&ban["mask"], &ban["by"]), (&json!("Shlomo"), &json!("Noya")));
    assert_eq!(asked(&mut noya, moderate("unban", "Shlomo", "")).await["ok"], json!({}));
    assert_eq!(asked(&mut noya, moderate("password", "", "another")).await["ok"], json!({}));
    assert_eq!(asked(&mut shlomo, join).await["error"]["code"], "wrong-id-or-password");
    assert_eq!(asked(&mut noya, moderate("lock-topic", "", "")).await["ok"], json!({}));
    let join = json!({"op": "join", "group": group, "name": "Shlomo", "password": "another"});
    let joined = asked(&mut shlomo, join).await;
    assert_eq!(joined["ok"]["flags"], json!(["topic-locked", "no-external"]));
    // Why somebody is not let in is told apart from what one may not do.
    assert_eq!(asked(&mut noya, moderate("close", "", "")).await["ok"], json!({}));
    let mut dan = Socket::open(&stage).await;
    let join = json!({"op": "join", "group": group, "name": "Dan", "password": "another"});
    assert_eq!(dan.refused(join).await, "closed-to-new");
    assert_eq!(asked(&mut noya, moderate("op", "Shlomo", "")).await["ok"], json!({}));
    let refused = asked(&mut shlomo, moderate("kick", "Noya", "")).await;
    assert_eq!(refused["error"]["code"], "the-owner");
}

#[tokio::test(start_paused = true)]
async fn an_invitation_lets_in_in_place_of_the_password() {
    let stage = MemoryStage::open(&[]).await;
    let (group, [(mut noya, seat), _shlomo]) = group_of_two(&stage).await;
    let invite = noya.done(json!({"op": "invite", "group": group})).await;
    let token = text(&invite["token"]);
    assert_eq!(invite["link"], format!("/g/{group}#{token}"));
    let mut guest = Socket::open(&stage).await;
    let join = |name: &str, token: &str| json!({"op": "join", "group": group, "name": name, "invite": token});
    assert_eq!(guest.refused(join("Guest", "0000")).await, "wrong-id-or-password");
    assert_eq!(guest.done(join("Guest", &token)).await["head"], 3);
    let bearer = format!("Authorization: Bearer {seat}");
    let path = format!("POST /api/v1/groups/{group}/invites");
    let answer = Browser::connect(&stage).ask(&path, &[&bearer], "").await;
    assert_eq!((answer.status, &answer.json()["token"]), (201, &json!(token)));
    let path = format!("POST /api/v1/groups/{group}/join");
    let body = json!({"name": "Another", "invite": token}).to_string();
    assert_eq!(Browser::connect(&stage).ask(&path, &[], &body).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_program_speaks_by_its_address_until_it_is_removed() {
    let stage = MemoryStage::open(&[]).await;
    let (group, [(mut noya, seat), (_shlomo, other_seat)]) = group_of_two(&stage).await;
    let path = format!("POST /api/v1/groups/{group}/webhooks");
    let mut browser = Browser::connect(&stage);
    let bearer = format!("Authorization: Bearer {other_seat}");
    let refused = browser.ask(&path, &[&bearer], r#"{"name":"CI"}"#).await;
    assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("not-allowed")));
    let bearer = format!("Authorization: Bearer {seat}");
    let made = browser.ask(&path, &[&bearer], r#"{"name":"CI"}"#).await;
    assert_eq!(made.status, 201);
    let hook = format!("POST {}", text(&made.json()["url"]));
    for _ in 0..2 {
        let said = browser.ask(&hook, &[], r#"{"text":"built","client_id":"run-1"}"#).await;
        assert_eq!((said.status, &said.json()["seq"]), (201, &json!(4)));
    }
    let told: Vec<Value> = vec![noya.next().await, noya.next().await];
    assert_eq!(
        (&told[0]["event"]["name"], &told[0]["event"]["kind"]),
        (&json!("CI"), &json!("joined"))
    );
    assert_eq!(
        (&told[1]["event"]["name"], &told[1]["event"]["text"]),
        (&json!("CI"), &json!("built"))
    );
    let kick = json!({"op": "moderate", "group": group, "do": "kick", "name": "CI"});
    assert_eq!(asked(&mut noya, kick).await["ok"], json!({}));
    assert_eq!(browser.ask(&hook, &[], r#"{"text":"built"}"#).await.status, 401);
    let foreign = format!("POST /api/v1/hooks/{group}/{}", "0".repeat(64));
    assert_eq!(browser.ask(&foreign, &[], r#"{"text":"x"}"#).await.status, 401);
}
