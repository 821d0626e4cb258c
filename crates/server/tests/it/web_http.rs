//! HTTP: what it takes and what it does not, and what every answer says to a browser.

use std::time::Duration;

use conclave_core::limits;
use serde_json::json;

use crate::browser::Browser;
use crate::stage::MemoryStage;

/// A request that another may be made to look like a part of.
const INNER: &str = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

/// What a request that is sent as it stands is answered with before the server closes.
async fn told(stage: &MemoryStage, request: &str) -> String {
    let mut browser = Browser::connect(stage);
    browser.write(request.as_bytes()).await;
    browser.rest().await
}

fn status_of(told: &str) -> u16 {
    let status = told.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    status.unwrap_or_else(|| panic!("{told:?}")).parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn groups_live_over_http_alone() {
    let stage = MemoryStage::open(&[]).await;
    let mut browser = Browser::connect(&stage);
    let body = r#"{"name":"Noya","password":"tea"}"#;
    let made = browser.ask("POST /api/v1/groups", &[], body).await;
    assert_eq!((made.status, made.header("content-type")), (201, Some("application/json")));
    let made = made.json();
    let (group, seat) = (made["group"].as_str().unwrap(), made["seat"].as_str().unwrap());
    assert_eq!(made["members"][0]["here"], false, "nothing flows to it");
    let bearer = format!("Authorization: Bearer {seat}");
    let path = |verb: &str, rest: &str| format!("{verb} /api/v1/groups/{group}/{rest}");
    let wrong = r#"{"name":"Bar","password":"no"}"#;
    let refused = browser.ask(&path("POST", "join"), &[], wrong).await;
    let problem = refused.header("content-type");
    assert_eq!((refused.status, problem), (403, Some("application/problem+json")));
    assert_eq!(refused.json()["type"], "/problems/wrong-id-or-password");
    let right = r#"{"name":"Bar","password":"tea"}"#;
    let joined = browser.ask(&path("POST", "join"), &[], right).await;
    assert_eq!((joined.status, &joined.json()["head"]), (200, &json!(2)));
    let said = browser
        .ask(&path("POST", "messages"), &[&bearer], r#"{"text":"Hi","client_id":"c"}"#)
        .await;
    assert_eq!((said.status, &said.json()["seq"]), (201, &json!(3)));
    let page = browser.ask(&path("GET", "messages?after=2&limit=5"), &[&bearer], "").await;
    assert_eq!(page.status, 200);
    let event = &page.json()["events"][0];
    assert_eq!(
        (&event["seq"], &event["kind"], &event["text"]),
        (&json!(3), &json!("said"), &json!("Hi"))
    );
    let members = browser.ask(&path("GET", "members"), &[&bearer], "").await.json();
    let names: Vec<_> =
        members["members"].as_array().unwrap().iter().map(|member| &member["name"]).collect();
    assert_eq!(names, ["Noya", "Bar"]);
    let left = browser.ask(&path("DELETE", "seat"), &[&bearer], "").await;
    assert_eq!((left.status, left.body.as_str()), (204, ""));
    for again in [path("DELETE", "seat"), path("GET", "messages"), path("GET", "members")] {
        let gone = browser.ask(&again, &[&bearer], "").await;
        assert_eq!(
            (gone.status, gone.header("www-authenticate")),
            (401, Some("Bearer")),
            "{again}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn everything_is_given_as_lines_of_json_or_text() {
    let stage = MemoryStage::open(&["--message-rate".to_owned(), "none".to_owned()]).await;
    let mut browser = Browser::connect(&stage);
    let made = browser.ask("POST /api/v1/groups", &[], r#"{"name":"Noya","password":"tea"}"#).await;
    let made = made.json();
    let (group, seat) = (made["group"].as_str().unwrap(), made["seat"].as_str().unwrap());
    let bearer = format!("Authorization: Bearer {seat}");
    for n in 2..=300 {
        let body = json!({"text": format!("message {n}")}).to_string();
        let path = format!("POST /api/v1/groups/{group}/messages");
        assert_eq!(browser.ask(&path, &[&bearer], &body).await.status, 201);
    }
    for (format, first, last) in [
        (
            "jsonl",
            r#"{"seq":1,"at":"2026-11-20T14:03:00."#,
            r#""kind":"said","text":"message 300"}"#,
        ),
        ("txt", "[2026-11-20 14:03] * Noya has connected", "Noya: message 300"),
    ] {
        let request = format!(
            "GET /api/v1/groups/{group}/messages?format={format} HTTP/1.0\r\nHost: 127.0.0.1\r\n\
             {bearer}\r\n\r\n"
        );
        let told = told(&stage, &request).await;
        let (head, body) = told.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("200 OK") && head.contains("attachment; filename="), "{head}");
        let lines: Vec<&str> = body.lines().collect();
        assert_eq!(lines.len(), 300);
        assert!(lines[0].starts_with(first), "{}", lines[0]);
        assert!(lines[299].ends_with(last), "{}", lines[299]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_browser_is_told_to_keep_to_this_server() {
    let stage = MemoryStage::open(&[]).await;
    let mut browser = Browser::connect(&stage);
    for path in ["/", "/healthz", "/nothing", "/api/v1/openapi.json", "/api/v1/groups/1/members"] {
        let answer = browser.ask(&format!("GET {path}"), &[], "").await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"));
        assert_eq!(answer.header("set-cookie"), None);
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_of_another_site_gets_no_socket() {
    let stage = MemoryStage::open(&["--server-name".to_owned(), "aula".to_owned()]).await;
    for (host, origin, expected) in [
        ("127.0.0.1:8080", "http://127.0.0.1:8080", 101),
        ("aula", "https://aula", 101),
        ("127.0.0.1:8080", "", 101),
        ("127.0.0.1:8080", "http://evil.example", 403),
        ("127.0.0.1:8080", "null", 403),
        ("127.0.0.1:8080", "http://127.0.0.1:8081", 403),
        ("aula", "https://good.aula", 403),
        ("evil.example:7777", "http://evil.example:7777", 421),
    ] {
        let origin =
            if origin.is_empty() { String::new() } else { format!("Origin: {origin}\r\n") };
        let mut browser = Browser::connect(&stage);
        let request = format!(
            "GET /api/v1/ws HTTP/1.1\r\nHost: {host}\r\n{origin}Upgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        browser.write(request.as_bytes()).await;
        assert_eq!(browser.answer().await.status, expected, "{host} {origin}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_could_be_read_in_two_ways_is_read_in_none() {
    let stage = MemoryStage::open(&[]).await;
    for (what, headers, body) in [
        ("both lengths", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        ("two lengths", "Content-Length: 0\r\nContent-Length: 44\r\n", ""),
        ("a list of lengths", "Content-Length: 0, 44\r\n", ""),
        ("a length with a sign", "Content-Length: +0\r\n", ""),
        ("a negative length", "Content-Length: -1\r\n", ""),
        ("a length that is none", "Content-Length: 0x10\r\n", ""),
        ("a folded header", "X: a\r\n b\r\n", ""),
        ("a space before a colon", "Content-Length : 44\r\n", ""),
        ("an encoding that ends in none", "Transfer-Encoding: chunked, identity\r\n", ""),
        ("an unknown encoding", "Transfer-Encoding: xchunked\r\n", ""),
        ("a NUL in a value", "X: a\0b\r\n", ""),
        ("a carriage return in a value", "X: a\rY: b\r\n", ""),
        ("a chunk's length that is none", "Transfer-Encoding: chunked\r\n", "zz\r\n\r\n"),
        ("a chunk's length past any", "Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n"),
    ] {
        let request = format!(
            "POST /api/v1/groups HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n{body}{INNER}"
        );
        let told = told(&stage, &request).await;
        assert!((400..500).contains(&status_of(&told)), "{what}: {told}");
        assert!(!told.contains("ok\n"), "{what}: what is inside was answered: {told}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_too_much_is_refused_when_it_is_seen() {
    let stage = MemoryStage::open(&[]).await;
    let head = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n";
    let big = format!("{head}X: {}\r\n\r\n", "x".repeat(limits::HTTP_HEAD_BYTES_MAX));
    assert_eq!(status_of(&told(&stage, &big).await), 431);
    let many = format!("{head}{}\r\n", "X: y\r\n".repeat(limits::HTTP_HEADERS_MAX));
    assert_eq!(status_of(&told(&stage, &many).await), 431);
    let fine = format!("{head}X: {}\r\n\r\n", "x".repeat(8_000));
    assert_eq!(status_of(&told(&stage, &fine).await), 200);
    let body = "x".repeat(limits::HTTP_BODY_BYTES_MAX + 1);
    let mut browser = Browser::connect(&stage);
    assert_eq!(browser.ask("POST /api/v1/groups", &[], &body).await.status, 413);
    let deep = format!(r#"{{"name":{}"#, "[".repeat(60_000));
    let mut browser = Browser::connect(&stage);
    assert_eq!(browser.ask("POST /api/v1/groups", &[], &deep).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn a_head_or_body_that_comes_by_drops_is_not_waited_for() {
    let stage = MemoryStage::open(&[]).await;
    let started = tokio::time::Instant::now();
    let mut slow = Browser::connect(&stage);
    slow.write(b"GET ").await;
    for byte in b"/healthz HTTP/1.1\r\nX-Slow: abcdefghijklmnopqrstuvwxyz" {
        slow.write(&[*byte]).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(status_of(&slow.rest().await), 408);
    let mut slow = Browser::connect(&stage);
    slow.write(b"POST /api/v1/groups HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{")
        .await;
    assert_eq!(slow.answer().await.status, 408);
    assert!(started.elapsed() < Duration::from_mins(3));
}

#[tokio::test(start_paused = true)]
async fn no_path_leads_to_a_file_or_a_wrong_method() {
    let stage = MemoryStage::open(&[]).await;
    let mut browser = Browser::connect(&stage);
    for path in
        ["/..%2f..%2fetc/passwd", "/../Cargo.toml", "//etc/passwd", "/%00", "/assets/", "/api"]
    {
        assert_eq!(browser.ask(&format!("GET {path}"), &[], "").await.status, 404, "{path}");
    }
    for (line, allow) in [
        ("DELETE /api/v1/groups", "POST"),
        ("PUT /api/v1/groups/8888/messages", "GET,HEAD,POST"),
        ("get /healthz", "GET,HEAD"),
        ("POST /", "GET,HEAD"),
    ] {
        let answer = browser.ask(line, &[], "").await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allow)), "{line}");
    }
    for (headers, status) in [
        (&["Upgrade: websocket", "Connection: upgrade", "Sec-WebSocket-Version: 13"][..], 400),
        (&["Upgrade: websocket", "Connection: upgrade"], 426),
        (&[], 426),
    ] {
        assert_eq!(browser.ask("GET /api/v1/ws", headers, "").await.status, status, "{headers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_kept_and_not_used_is_closed() {
    let stage = MemoryStage::open(&[]).await;
    let mut browser = Browser::connect(&stage);
    assert_eq!(browser.ask("GET /healthz", &[], "").await.body, "ok\n");
    let started = tokio::time::Instant::now();
    assert_eq!(browser.rest().await, "", "without a word");
    assert!(started.elapsed() < limits::HTTP_HEAD_MAX * 2);
}
