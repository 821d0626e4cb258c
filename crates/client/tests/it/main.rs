//! The line client against real loopback listeners, its input and output in memory.
//!
//! Does not know the console's protocol: the server of each test says what the test needs.

#![expect(
    clippy::unwrap_used,
    reason = "lints for tests do not reach the parts of an integration binary that are no tests"
)]

use std::future::pending;

use conclave_client::ClientError;
use conclave_client::plain::{Ended, Typist, run};
use tokio::io::{
    AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, duplex,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::{join, time};

const CLOSED: &str = "The server has closed the connection.\n";
const NOT_SENT: &str = "What you typed was not sent: you are disconnected from the server.\n";

/// What the client wrote and how it ended.
#[derive(Debug)]
struct Outcome {
    ended: Result<Ended, ClientError>,
    output: String,
    notices: String,
}

impl Outcome {
    fn check(&self, ended: Ended, output: &str, notices: &str) {
        assert_eq!(self.ended.as_ref().unwrap(), &ended, "{self:?}");
        assert_eq!((self.output.as_str(), self.notices.as_str()), (output, notices));
    }
}

async fn bind() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// Runs the client with this input beside a server that does what `serve` does.
async fn chat<S: Future<Output = ()>>(
    typist: Typist,
    input: impl tokio::io::AsyncRead + Unpin,
    interrupt: impl Future<Output = ()>,
    serve: impl FnOnce(TcpStream) -> S,
) -> Outcome {
    let (listener, address) = bind().await;
    let (mut output, mut notices) = (Vec::new(), Vec::new());
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream).await;
    };
    let client = run(&address, typist, input, &mut output, &mut notices, interrupt);
    let (ended, ()) = join!(client, server);
    let [output, notices] = [output, notices].map(|bytes| String::from_utf8(bytes).unwrap());
    Outcome { ended, output, notices }
}

/// An input at which nothing is typed until something is written to the other end.
fn silent_input() -> (DuplexStream, DuplexStream) {
    duplex(1024)
}

async fn expect_line(reader: &mut (impl tokio::io::AsyncBufRead + Unpin), expected: &str) {
    let mut line = String::new();
    reader.read_line(&mut line).await.unwrap();
    assert_eq!(line, expected);
}

#[tokio::test]
async fn what_is_typed_is_sent_and_what_arrives_is_shown_at_once() {
    let (listener, address) = bind().await;
    let ((mut keyboard, input), (output, screen)) = (duplex(64), duplex(64));
    let mut screen = BufReader::new(screen);
    let client = run(&address, Typist::Pipe, input, output, Vec::new(), pending());
    let others = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut server = BufReader::new(stream);
        for round in ["שלום 👋", "two", "three"] {
            // The screen shows it before the next line is typed, and before a line end.
            server.write_all(format!("{round}?").as_bytes()).await.unwrap();
            let mut shown = vec![0; round.len() + 1];
            screen.read_exact(&mut shown).await.unwrap();
            assert_eq!(shown, format!("{round}?").as_bytes());
            keyboard.write_all(format!("{round}!\n").as_bytes()).await.unwrap();
            expect_line(&mut server, &format!("{round}!\n")).await;
        }
    };
    let (ended, ()) = join!(client, others);
    assert_eq!(ended.unwrap(), Ended::Closed);
}

#[tokio::test]
async fn a_line_is_sent_when_it_is_whole() {
    let (mut keyboard, input) = silent_input();
    let typing = &mut keyboard;
    let outcome = chat(Typist::Pipe, input, pending(), |mut stream| async move {
        typing.write_all(b"He").await.unwrap();
        tokio::task::yield_now().await;
        typing.write_all(b"llo\n").await.unwrap();
        let mut read = [0; 16];
        let read_len = stream.read(&mut read).await.unwrap();
        assert_eq!(read.get(..read_len), Some(&b"Hello\n"[..]));
    });
    outcome.await.check(Ended::Closed, "", CLOSED);
}

#[tokio::test]
async fn a_goodbye_is_told_from_a_connection_that_just_ends() {
    async fn check(last_words: &'static str, expected: Ended) {
        let (_keyboard, input) = silent_input();
        let outcome = chat(Typist::Pipe, input, pending(), |mut stream| async move {
            stream.write_all(last_words.as_bytes()).await.unwrap();
        });
        outcome.await.check(expected, &last_words.replace('\r', ""), CLOSED);
    }
    check("Goodbye.\n", Ended::Goodbye).await;
    check("Hi\nYou chose exit so you left the group.\r\n", Ended::Goodbye).await;
    check("Bar: Goodbye.\n", Ended::Closed).await;
    check("Goodbye.\nHi\n", Ended::Closed).await;
    check("", Ended::Closed).await;
}

#[tokio::test]
async fn a_person_who_types_after_the_end_is_told_so_and_not_left_hanging() {
    async fn check(typed: &[u8], expected: &str) {
        let (listener, address) = bind().await;
        let ((mut keyboard, input), (notices, told)) = (silent_input(), duplex(1024));
        let mut told = BufReader::new(told);
        let client = run(&address, Typist::Person, input, Vec::new(), notices, pending());
        let others = async {
            drop(listener.accept().await.unwrap());
            // The keyboard is silent all the while: the notice does not wait for it.
            expect_line(&mut told, CLOSED).await;
            let mut what_to_do = String::new();
            told.read_line(&mut what_to_do).await.unwrap();
            assert!(what_to_do.starts_with("Press Enter"), "{what_to_do}");
            keyboard.write_all(typed).await.unwrap();
            expect_line(&mut told, expected).await;
        };
        let (ended, ()) = join!(client, others);
        assert_eq!(ended.unwrap(), Ended::Closed);
    }
    check(b"Are you there?\n", NOT_SENT).await;
    // Enter alone was asked for, and is answered by the end.
    check(b"\n", "").await;
}

#[tokio::test]
async fn a_person_who_types_nothing_after_the_end_is_not_waited_for_for_ever() {
    let (_keyboard, input) = silent_input();
    let outcome = chat(Typist::Person, input, pending(), |stream| async move {
        // From here on time runs as soon as everything waits for it.
        time::pause();
        drop(stream);
    });
    let outcome = outcome.await;
    assert_eq!(outcome.ended.unwrap(), Ended::Closed);
    assert!(!outcome.notices.contains(NOT_SENT), "{}", outcome.notices);
}

#[tokio::test]
async fn a_person_can_leave_after_the_end_by_an_interrupt() {
    let (listener, address) = bind().await;
    let ((_keyboard, input), (notices, told)) = (silent_input(), duplex(1024));
    let mut told = BufReader::new(told);
    let interrupted = async {
        drop(listener.accept().await.unwrap());
        expect_line(&mut told, CLOSED).await;
    };
    let ended = run(&address, Typist::Person, input, Vec::new(), notices, interrupted).await;
    assert_eq!(ended.unwrap(), Ended::Closed);
}

#[tokio::test]
async fn the_end_of_the_input_sends_everything_and_shows_what_still_arrives() {
    let input = &b"one\ntwo\nthree"[..];
    let outcome = chat(Typist::Pipe, input, pending(), |mut stream| async move {
        let mut sent = String::new();
        stream.read_to_string(&mut sent).await.unwrap();
        assert_eq!(sent, "one\ntwo\nthree\n");
        stream.write_all(b"late\nanswer").await.unwrap();
    });
    outcome.await.check(Ended::Left, "late\nanswer\n", "");
}

#[tokio::test]
async fn a_server_that_does_not_hang_up_after_the_end_of_the_input_is_left() {
    let (done, is_done) = tokio::sync::oneshot::channel::<()>();
    let mut done = Some(done);
    let (listener, address) = bind().await;
    let (mut output, mut notices) = (Vec::new(), Vec::new());
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut sent = String::new();
        stream.read_to_string(&mut sent).await.unwrap();
        time::pause();
        stream.write_all(b"Hi\n").await.unwrap();
        is_done.await.unwrap_err();
    };
    let client = async {
        let input = &b""[..];
        let ended = run(&address, Typist::Pipe, input, &mut output, &mut notices, pending()).await;
        done.take();
        ended
    };
    let (ended, ()) = join!(client, server);
    assert_eq!((ended.unwrap(), output.as_slice()), (Ended::Left, &b"Hi\n"[..]));
    assert!(notices.starts_with(b"The server says nothing more"));
}

#[tokio::test]
async fn an_interrupt_leaves_politely() {
    let (mut keyboard, input) = silent_input();
    keyboard.write_all(b"Hello\n").await.unwrap();
    let (interrupt, interrupted) = tokio::sync::oneshot::channel::<()>();
    let interrupted = async { interrupted.await.unwrap() };
    let outcome = chat(Typist::Person, input, interrupted, |stream| async move {
        let mut stream = BufReader::new(stream);
        expect_line(&mut stream, "Hello\n").await;
        stream.write_all(b"Hi\n").await.unwrap();
        interrupt.send(()).unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty());
        stream.write_all(b"Bye\n").await.unwrap();
    });
    outcome.await.check(Ended::Left, "Hi\nBye\n", "");
}

#[tokio::test]
async fn an_interrupt_does_not_wait_for_a_server_that_does_not_hang_up() {
    let (listener, address) = bind().await;
    let (_keyboard, input) = silent_input();
    let mut open = None;
    let interrupted = async {
        open = Some(listener.accept().await.unwrap());
        time::pause();
    };
    let ended = run(&address, Typist::Person, input, Vec::new(), Vec::new(), interrupted).await;
    assert_eq!(ended.unwrap(), Ended::Left);
}

#[tokio::test]
async fn a_connection_that_breaks_is_lost_and_what_was_not_sent_is_told() {
    let (mut keyboard, input) = silent_input();
    // In one piece, so that the client has taken all of it when it has sent the line.
    keyboard.write_all(b"one\nhalf a line").await.unwrap();
    let outcome = chat(Typist::Pipe, input, pending(), |stream| async move {
        let mut stream = BufReader::new(stream);
        expect_line(&mut stream, "one\n").await;
        stream.get_ref().set_zero_linger().unwrap();
    });
    let outcome = outcome.await;
    assert_eq!(outcome.ended.unwrap(), Ended::Lost);
    let mut notices = outcome.notices.lines();
    let lost = notices.next().unwrap();
    assert!(lost.starts_with("The connection to the server was lost ("), "{lost}");
    assert_eq!(notices.next(), Some(NOT_SENT.trim_end()));
}

#[tokio::test]
async fn nothing_the_server_sends_drives_the_terminal() {
    let (_keyboard, input) = silent_input();
    let outcome = chat(Typist::Pipe, input, pending(), |mut stream| async move {
        stream.write_all(b"\x1b]0;owned\x07\x1b[2J\x9b\xd7").await.unwrap();
        stream.write_all(b"\xa9\r\n\tx").await.unwrap();
    });
    outcome.await.check(Ended::Closed, "]0;owned[2J\u{fffd}ש\n\tx\n", CLOSED);
}

#[tokio::test]
async fn both_ways_go_on_however_much_waits_in_each() {
    const BYTES: usize = 8 * 1024 * 1024;
    let input = [b"0123456789abcde\n".repeat(64), vec![b'x'; 1023], vec![b'\n']].concat();
    let input = input.repeat(BYTES / input.len());
    let outcome = chat(Typist::Pipe, input.as_slice(), pending(), |mut stream| async move {
        let (mut from, mut to) = stream.split();
        // Nothing is read before everything is written: a client that writes before it reads
        // would wait for this server, and this server for it.
        to.write_all(&vec![b'x'; BYTES]).await.unwrap();
        let mut sent = Vec::new();
        from.read_to_end(&mut sent).await.unwrap();
        assert_eq!(sent.len(), BYTES);
    });
    let outcome = outcome.await;
    assert_eq!((outcome.ended.unwrap(), outcome.output.len()), (Ended::Left, BYTES + 1));
}

#[tokio::test]
async fn an_output_that_nobody_reads_any_more_ends_it_quietly() {
    let (listener, address) = bind().await;
    let ((_keyboard, input), (output, screen)) = (silent_input(), duplex(64));
    drop(screen);
    let mut notices = Vec::new();
    let client = run(&address, Typist::Pipe, input, output, &mut notices, pending());
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"Hi\n").await.unwrap();
        stream
    };
    let (ended, _stream) = join!(client, server);
    assert_eq!(ended.unwrap(), Ended::Left);
    assert!(notices.is_empty());
}

#[tokio::test]
async fn a_host_is_found_by_name_and_each_of_its_addresses_is_tried() {
    let (listener, address) = bind().await;
    let port = address.rsplit(':').next().unwrap();
    // It may stand for ::1 first, where nothing listens.
    let address = format!("localhost:{port}");
    let client = run(&address, Typist::Pipe, &b""[..], Vec::new(), Vec::new(), pending());
    let (ended, accepted) = join!(client, async { listener.accept().await.map(drop) });
    accepted.unwrap();
    assert_eq!(ended.unwrap(), Ended::Left);
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_told_with_what_to_do() {
    async fn check(address: &str, expected: &[&str]) {
        let ended =
            run(address, Typist::Person, &b"Hi\n"[..], Vec::new(), Vec::new(), pending()).await;
        let problem = ended.unwrap_err();
        let told = problem.to_string();
        assert!(std::error::Error::source(&problem).is_none(), "it would be told twice");
        assert!(expected.iter().all(|part| told.contains(part)), "{address}: {told}");
    }
    let (listener, address) = bind().await;
    drop(listener);
    check(&address, &["no server listens on", &address, "conclave serve"]).await;
    // Two dots: no name at all, so that no network is asked for it.
    check("no..host", &["no host called no..host", "spelling"]).await;
    check("127.0.0.1:irc", &["\"127.0.0.1:irc\" is no address", "a port is a number"]).await;
}
