//! The WebSocket from the client's side: JSON in text frames (RFC 6455), as the web app speaks.
//!
//! Does as little of the protocol as a load needs: no fragments, and masks of nothing, which a
//! server cannot tell from others. Holds no buffer while no frame is incomplete.

use serde::Deserialize;

use super::{Entrance, Heard, Speaker};
use crate::limits;

/// Of every group: none of these groups is meant to be found.
const PASSWORD: &str = "a load is put here";
const HANDSHAKE: &str = "GET /api/v1/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: YSBsb2FkIGlzIHB1dCBoZQ==\r\n\r\n";
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// One connection that speaks JSON over a WebSocket.
#[derive(Debug, Default)]
pub(super) struct WebSocketSpeaker {
    name: String,
    group: String,
    /// The server has changed to the protocol.
    is_open: bool,
    sent: u32,
    partial: Vec<u8>,
}

impl Speaker for WebSocketSpeaker {
    fn enter(&mut self, entrance: Entrance<'_>, out: &mut Vec<u8>) {
        let (name, mut wish) = match entrance {
            Entrance::Create { name } => {
                (name, serde_json::json!({"op": "create", "name": name, "password": PASSWORD}))
            }
            Entrance::Join { name, group } => {
                let wish = serde_json::json!({
                    "op": "join", "group": group, "name": name, "password": PASSWORD
                });
                (name, wish)
            }
        };
        *self = Self { name: name.to_owned(), ..Self::default() };
        out.extend_from_slice(HANDSHAKE.as_bytes());
        if let Some(fields) = wish.as_object_mut() {
            fields.insert("ref".to_owned(), 0.into());
        }
        push_frame(TEXT, wish.to_string().as_bytes(), out);
    }

    fn say(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        self.sent += 1;
        let Ok(text) = str::from_utf8(payload) else { return };
        // Written by hand: nothing of a load's payload is to be escaped.
        let said = format!(
            r#"{{"op":"send","group":"{}","text":"{text}","client_id":"{}"}}"#,
            self.group, self.sent
        );
        push_frame(TEXT, said.as_bytes(), out);
    }

    fn handle_bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>, hear: &mut dyn FnMut(Heard<'_>)) {
        let mut kept = std::mem::take(&mut self.partial);
        let mut rest = if kept.is_empty() {
            bytes
        } else {
            kept.extend_from_slice(bytes);
            &kept
        };
        if !self.is_open {
            let Some(end) = memchr::memmem::find(rest, b"\r\n\r\n") else {
                return self.keep(rest, hear);
            };
            if !rest.starts_with(b"HTTP/1.1 101 ") {
                return hear(Heard::TurnedAway);
            }
            self.is_open = true;
            rest = rest.get(end + 4..).unwrap_or_default();
        }
        while let Some((frame, after)) = split_frame(rest) {
            match frame.opcode {
                TEXT => self.handle_text(frame.payload, hear),
                PING => push_frame(PONG, frame.payload, out),
                PONG => {}
                CLOSE if self.group.is_empty() => hear(Heard::TurnedAway),
                _ => hear(Heard::Strange),
            }
            rest = after;
        }
        self.keep(rest, hear);
    }
}

impl WebSocketSpeaker {
    fn keep(&mut self, rest: &[u8], hear: &mut dyn FnMut(Heard<'_>)) {
        if rest.len() > limits::LINE_BYTES_MAX + limits::READ_BYTES {
            return hear(Heard::Strange);
        }
        self.partial = rest.to_vec();
    }

    fn handle_text(&mut self, text: &[u8], hear: &mut dyn FnMut(Heard<'_>)) {
        match serde_json::from_slice(text) {
            Ok(Told { event: Some(event), group: Some(group), .. }) => {
                if group != self.group {
                    hear(Heard::Strange);
                } else if event.name != self.name {
                    match (event.kind, event.text) {
                        ("said", Some(said)) => hear(Heard::Said(said.as_bytes())),
                        ("joined", _) => hear(Heard::Notice),
                        _ => {}
                    }
                }
            }
            Ok(Told { ok: Some(Entered { group: Some(group) }), .. }) if self.group.is_empty() => {
                group.clone_into(&mut self.group);
                hear(Heard::Entered(group));
            }
            Ok(Told { error: Some(_), .. }) if self.group.is_empty() => hear(Heard::TurnedAway),
            Ok(Told { error: None, .. }) => {}
            Ok(_) | Err(_) => hear(Heard::Strange),
        }
    }
}

/// What the server tells, as far as a load looks at it. A load's strings have no escapes.
#[derive(Deserialize)]
struct Told<'text> {
    #[serde(borrow, default)]
    event: Option<Event<'text>>,
    #[serde(default)]
    group: Option<&'text str>,
    #[serde(borrow, default)]
    ok: Option<Entered<'text>>,
    #[serde(default)]
    error: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Event<'text> {
    name: &'text str,
    kind: &'text str,
    #[serde(default)]
    text: Option<&'text str>,
}

#[derive(Deserialize)]
struct Entered<'text> {
    #[serde(borrow, default)]
    group: Option<&'text str>,
}

struct Frame<'bytes> {
    opcode: u8,
    payload: &'bytes [u8],
}

/// The first whole frame, and what stands behind it.
fn split_frame(bytes: &[u8]) -> Option<(Frame<'_>, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<2>()?;
    let [first, second] = *head;
    let (length, rest) = match second {
        126 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        127 => {
            let (length, rest) = rest.split_first_chunk::<8>()?;
            (usize::try_from(u64::from_be_bytes(*length)).ok()?, rest)
        }
        // A server's frames have no mask.
        length => (usize::from(length), rest),
    };
    let (payload, rest) = rest.split_at_checked(length)?;
    Some((Frame { opcode: first & 0x0f, payload }, rest))
}

fn push_frame(opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
    const FINAL: u8 = 0x80;
    const MASKED: u8 = 0x80;
    const TWO_BYTES_OF_LENGTH: u8 = 0x7e;
    out.push(FINAL | opcode);
    match payload.len() {
        length @ 0..126 => out.push(MASKED | u8::try_from(length).unwrap_or_default()),
        length => {
            // A load's messages are short of 64 KiB.
            out.push(MASKED | TWO_BYTES_OF_LENGTH);
            out.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server_frame(opcode: u8, payload: &str) -> Vec<u8> {
        let mut frame = vec![0x80 | opcode];
        if payload.len() < 126 {
            frame.push(u8::try_from(payload.len()).unwrap());
        } else {
            frame.push(126);
            frame.extend_from_slice(&u16::try_from(payload.len()).unwrap().to_be_bytes());
        }
        frame.extend_from_slice(payload.as_bytes());
        frame
    }

    #[test]
    fn a_dialogue_is_heard_however_it_is_cut() {
        let long = "x".repeat(200);
        let said = format!(
            r#"{{"event":{{"seq":3,"at":"","name":"m2","kind":"said","text":"{long}"}},"group":"8888"}}"#
        );
        let dialogue = [
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n".to_vec(),
            server_frame(TEXT, r#"{"re":0,"ok":{"group":"8888","seat":"s","head":1}}"#),
            server_frame(PING, "p"),
            server_frame(
                TEXT,
                r#"{"event":{"seq":2,"at":"","name":"m2","kind":"joined"},"group":"8888"}"#,
            ),
            server_frame(TEXT, &said),
            server_frame(
                TEXT,
                r#"{"event":{"seq":4,"at":"","name":"m1","kind":"said","text":"a"},"group":"8888"}"#,
            ),
            server_frame(
                TEXT,
                r#"{"event":{"seq":2,"at":"","name":"m2","kind":"said","text":"a"},"group":"7777"}"#,
            ),
        ]
        .concat();
        let expected = [
            "Entered(\"8888\")".to_owned(),
            "Notice".to_owned(),
            format!("{:?}", Heard::Said(long.as_bytes())),
            "Strange".to_owned(),
        ];
        for at in 0..dialogue.len() {
            let mut speaker = WebSocketSpeaker::default();
            let (mut heard, mut out) = (Vec::new(), Vec::new());
            speaker.enter(Entrance::Join { name: "m1", group: "8888" }, &mut out);
            out.clear();
            for read in [&dialogue[..at], &dialogue[at..]] {
                let hear = &mut |what: Heard<'_>| heard.push(format!("{what:?}"));
                speaker.handle_bytes(read, &mut out, hear);
            }
            assert_eq!(heard, expected, "cut at {at}");
            assert_eq!(out, [0x8a, 0x81, 0, 0, 0, 0, b'p'], "cut at {at}");
        }
    }

    #[test]
    fn one_who_may_not_come_in_is_turned_away() {
        for told in [
            b"HTTP/1.1 503 Service Unavailable\r\n\r\n".to_vec(),
            [
                b"HTTP/1.1 101 \r\n\r\n".to_vec(),
                server_frame(TEXT, r#"{"re":0,"error":{"code":"busy","message":"Busy."}}"#),
            ]
            .concat(),
        ] {
            let mut heard = Vec::new();
            let mut speaker = WebSocketSpeaker::default();
            let hear = &mut |what: Heard<'_>| heard.push(format!("{what:?}"));
            speaker.handle_bytes(&told, &mut Vec::new(), hear);
            assert_eq!(heard, ["TurnedAway"]);
        }
    }
}
