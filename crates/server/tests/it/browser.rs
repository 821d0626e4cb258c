//! Browser: a client of the web door in memory: requests as bytes, and a WebSocket whose messages
//! are JSON. Masks what it sends and unmasks nothing, as RFC 6455 has it; knows nothing of the door.

use std::time::Duration;

use conclave_server::Listens;
use conclave_transcript::Read;
use serde_json::Value;

use crate::pipe::Client;
use crate::stage::MemoryStage;

/// Longer than anything takes that is waited for.
const WAIT_MAX: Duration = Duration::from_mins(1);
/// Time in which everything under way has arrived.
const SETTLED_AFTER: Duration = Duration::from_millis(10);

/// A connection to a listener for browsers.
pub(crate) struct Browser {
    client: Client,
    came: Vec<u8>,
}

impl Browser {
    pub(crate) fn connect(stage: &MemoryStage) -> Self {
        Self { client: stage.connect_to(Listens::Silent), came: Vec::new() }
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        // A server that has closed takes nothing more, which a test sees by what it reads.
        let _closed = self.client.write(bytes).await;
    }

    /// Reads until the server closes.
    pub(crate) async fn rest(mut self) -> String {
        loop {
            match self.client.read(WAIT_MAX).await {
                Read::Bytes(bytes) => self.came.extend(bytes),
                Read::Closed => return String::from_utf8(self.came).unwrap(),
                Read::Nothing => panic!("still open after {:?}", String::from_utf8(self.came)),
            }
        }
    }

    /// Reads an answer whose length its head tells.
    pub(crate) async fn answer(&mut self) -> Answer {
        let head = self.take_through(b"\r\n\r\n").await;
        let head = String::from_utf8(head).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = header_of(&head, "content-length");
        let length = length.map_or(0, |length| length.parse().unwrap());
        let body = self.take(length).await;
        Answer { status, head, body: String::from_utf8(body).unwrap() }
    }

    /// Asks for something and reads the answer. `headers` are whole lines.
    pub(crate) async fn ask(&mut self, line: &str, headers: &[&str], body: &str) -> Answer {
        let mut request = format!("{line} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
        let length = format!("Content-Length: {}", body.len());
        for header in headers.iter().chain([&length.as_str()]) {
            request.push_str(header);
            request.push_str("\r\n");
        }
        request.push_str("\r\n");
        request.push_str(body);
        self.write(request.as_bytes()).await;
        self.answer().await
    }

    /// Becomes a WebSocket.
    pub(crate) async fn upgrade(mut self) -> Socket {
        self.write(
            b"GET /api/v1/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n\
              Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
              Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        .await;
        let answer = self.answer().await;
        assert_eq!(answer.status, 101, "{}", answer.head);
        assert_eq!(answer.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        Socket { browser: self, next_ref: 0 }
    }

    async fn read_more(&mut self) {
        match self.client.read(WAIT_MAX).await {
            Read::Bytes(bytes) => self.came.extend(bytes),
            other => panic!("{other:?} after {}", self.came.escape_ascii()),
        }
    }

    async fn take(&mut self, count: usize) -> Vec<u8> {
        while self.came.len() < count {
            self.read_more().await;
        }
        self.came.drain(..count).collect()
    }

    async fn take_through(&mut self, end: &[u8]) -> Vec<u8> {
        loop {
            if let Some(at) = self.came.windows(end.len()).position(|window| window == end) {
                return self.take(at + end.len()).await;
            }
            self.read_more().await;
        }
    }
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header_of(&self.head, name)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}", self.body))
    }
}

fn header_of<'head>(head: &'head str, name: &str) -> Option<&'head str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// A WebSocket.
pub(crate) struct Socket {
    browser: Browser,
    next_ref: u64,
}

/// What came by a WebSocket.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Came {
    Text(Value),
    Ping,
    Pong(Vec<u8>),
    Close(u16),
}

impl Socket {
    pub(crate) async fn open(stage: &MemoryStage) -> Self {
        Browser::connect(stage).upgrade().await
    }

    /// Sends a frame of that first byte.
    pub(crate) async fn frame(&mut self, first: u8, payload: &[u8]) {
        let frame = frame(first, payload);
        self.browser.write(&frame).await;
    }

    /// Writes bytes as they are.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.browser.write(bytes).await;
    }

    /// Sends a text.
    pub(crate) async fn send(&mut self, text: &str) {
        self.frame(0x81, text.as_bytes()).await;
    }

    /// Asks for something, and gives its mark.
    pub(crate) async fn ask(&mut self, mut op: Value) -> u64 {
        self.next_ref += 1;
        op["ref"] = self.next_ref.into();
        self.send(&op.to_string()).await;
        self.next_ref
    }

    /// Asks for something, and gives the answer; nothing else may come before it.
    pub(crate) async fn call(&mut self, op: Value) -> Value {
        let re = self.ask(op).await;
        let answer = self.next().await;
        assert_eq!(answer["re"], re, "{answer}");
        answer
    }

    /// The same, of something that is done.
    pub(crate) async fn done(&mut self, op: Value) -> Value {
        let mut answer = self.call(op).await;
        assert!(answer["ok"].is_object(), "{answer}");
        answer["ok"].take()
    }

    /// The same, of something that is not: its code.
    pub(crate) async fn refused(&mut self, op: Value) -> String {
        let answer = self.call(op).await;
        assert!(answer["error"]["message"].is_string(), "{answer}");
        answer["error"]["code"].as_str().unwrap().to_owned()
    }

    /// The next text, as JSON.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            match self.came().await {
                Came::Text(value) => return value,
                Came::Ping => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next frame.
    pub(crate) async fn came(&mut self) -> Came {
        let head = self.browser.take(2).await;
        assert_eq!((head[0] & 0x70, head[1] & 0x80), (0, 0), "no extension, no mask");
        let length = match head[1] {
            126 => {
                let length = self.browser.take(2).await;
                usize::from(u16::from_be_bytes([length[0], length[1]]))
            }
            127 => {
                let length = self.browser.take(8).await;
                usize::try_from(u64::from_be_bytes(length.try_into().unwrap())).unwrap()
            }
            short => usize::from(short),
        };
        let payload = self.browser.take(length).await;
        match head[0] {
            0x81 => Came::Text(serde_json::from_slice(&payload).unwrap()),
            0x88 => Came::Close(u16::from_be_bytes([payload[0], payload[1]])),
            0x89 => Came::Ping,
            0x8a => Came::Pong(payload),
            first => panic!("a frame that begins with {first:x}"),
        }
    }

    /// Sees that nothing has come.
    pub(crate) async fn nothing(&mut self) {
        tokio::time::sleep(SETTLED_AFTER).await;
        if let Read::Bytes(bytes) = self.browser.client.read_now() {
            self.browser.came.extend(bytes);
        }
        assert!(self.browser.came.is_empty(), "{}", self.browser.came.escape_ascii());
    }

    /// All bytes that have come.
    pub(crate) async fn bytes(&mut self) -> Vec<u8> {
        tokio::time::sleep(SETTLED_AFTER).await;
        while let Read::Bytes(bytes) = self.browser.client.read_now() {
            self.browser.came.extend(bytes);
        }
        std::mem::take(&mut self.browser.came)
    }

    /// Sees that the server closes with that code, and nothing before.
    pub(crate) async fn closes(mut self, code: u16) {
        assert_eq!(self.came().await, Came::Close(code));
        assert!(matches!(self.browser.client.read(WAIT_MAX).await, Read::Closed));
    }
}

/// A frame as a client writes it.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
        length @ 126..65_536 => {
            frame.push(0x80 | 0x7e);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            frame.push(0x80 | 0x7f);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}
