//! What the player holds a server to, on a stage of a few lines.
//!
//! The server here is a toy that knows one group and no passwords: enough to be right, and to be
//! wrong in the ways a transcript has to catch.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "lints for tests do not reach the parts of an integration binary that are no tests"
)]

use std::collections::VecDeque;
use std::time::Duration;

use conclave_transcript::{PASSWORD, Read, Stage, StageError, Transcript, play, read_all};

const MENU: &str = "Hello client, please choose an option:\n1. Connect to a group chat.\n\
                    2. Create a group chat.\n3. Exit the server.\n";

/// The toy. Each client is asked what it is asked, and what it says in the group is told others.
#[derive(Default)]
struct Toy {
    clients: Vec<Client>,
    passed: Duration,
    settled: usize,
    restarts: usize,
}

#[derive(Default)]
struct Client {
    typed: String,
    name: String,
    asked: VecDeque<&'static str>,
    is_member: bool,
    is_closed: bool,
    out: Vec<u8>,
}

impl Toy {
    fn handle_line(&mut self, at: usize, line: &str) {
        let client = &mut self.clients[at];
        if client.is_member {
            return self.say(at, line);
        }
        match client.asked.pop_front() {
            None if line == "3" => {
                client.out.extend(b"Goodbye.\n");
                client.is_closed = true;
            }
            None => {
                client.asked = match line {
                    "1" => ["Enter your name:", "Enter group ID:", "Enter password:"].into(),
                    _ => ["Enter your name:", "Enter password for the group:"].into(),
                };
            }
            Some("Enter your name:") => line.clone_into(&mut client.name),
            Some("Enter group ID:") => assert_eq!(line, "4711"),
            Some("Enter password:") => {
                assert_eq!(line, PASSWORD);
                client.out.extend(b"You're connected to group chat #4711\n");
                client.is_member = true;
            }
            Some(_) => {
                client.out.extend(b"The id of the group is: 4711\n");
                client.out.extend(b"You're connected to group chat #4711\n");
                client.out.extend(b"You can start to talk!\n");
                client.is_member = true;
            }
        }
        let client = &mut self.clients[at];
        if let Some(question) = client.asked.front() {
            client.out.extend(format!("{question}\n").as_bytes());
        }
        if client.is_member {
            let notice = format!("* {} has connected to the chat room\n", client.name);
            self.tell_others(at, &notice);
        }
    }

    fn say(&mut self, at: usize, line: &str) {
        let message = format!("{}: {line}\n", self.clients[at].name);
        match line {
            "half" => self.clients[at].out.extend(b"half a li"),
            "drop me" => self.clients[at].is_closed = true,
            "leak" => self.clients.iter_mut().for_each(|other| other.out.extend(b"leak\n")),
            _ => self.tell_others(at, &message),
        }
    }

    fn tell_others(&mut self, at: usize, line: &str) {
        for (index, other) in self.clients.iter_mut().enumerate() {
            if index != at && other.is_member {
                other.out.extend(line.as_bytes());
            }
        }
    }
}

impl Stage for Toy {
    type Connection = usize;

    async fn connect(&mut self, door: &str) -> Result<usize, StageError> {
        if door != "console" {
            return Err(format!("there is no {door} here").into());
        }
        self.clients.push(Client { out: MENU.into(), ..Client::default() });
        Ok(self.clients.len() - 1)
    }

    async fn write(&mut self, at: &mut usize, bytes: &[u8]) -> Result<(), StageError> {
        self.clients[*at].typed += std::str::from_utf8(bytes)?;
        while let Some((line, rest)) = self.clients[*at].typed.clone().split_once('\n') {
            rest.clone_into(&mut self.clients[*at].typed);
            self.handle_line(*at, line);
        }
        Ok(())
    }

    async fn read(&mut self, at: &mut usize) -> Result<Read, StageError> {
        self.read_now(at).await
    }

    /// One byte at a time, so that the player has to put lines together.
    async fn read_now(&mut self, at: &mut usize) -> Result<Read, StageError> {
        let client = &mut self.clients[*at];
        Ok(match client.out.first().copied() {
            Some(byte) => {
                client.out.remove(0);
                Read::Bytes(vec![byte])
            }
            None if client.is_closed => Read::Closed,
            None => Read::Nothing,
        })
    }

    async fn end_input(&mut self, at: &mut usize) -> Result<(), StageError> {
        self.clients[*at].is_closed = true;
        Ok(())
    }

    async fn settle(&mut self) -> Result<(), StageError> {
        self.settled += 1;
        Ok(())
    }

    async fn pass(&mut self, time: Duration) -> Result<(), StageError> {
        self.passed += time;
        Ok(())
    }

    async fn restart(&mut self) -> Result<(), StageError> {
        self.restarts += 1;
        self.clients.iter_mut().for_each(|client| client.is_closed = true);
        Ok(())
    }
}

/// Plays lines after a head in which noya, bar and shlomo are in the same order.
async fn play_lines(lines: &str) -> (Toy, Result<(), String>) {
    let head = "# A5: x\n@noya console in 8888\n@bar console in 8888\n@shlomo console at menu\n";
    let transcript = Transcript::parse("x.chat", &format!("{head}{lines}")).unwrap();
    let mut toy = Toy::default();
    let result = play(&transcript, &mut toy).await.map_err(|failure| failure.to_string());
    (toy, result)
}

#[tokio::test]
async fn what_is_as_it_stands_in_the_file_is_held() {
    let (toy, result) = play_lines(
        "noya > We are in 8888, {3 * ab}\n\
         bar < Noya: We are in 8888, {x}\n\
         noya ..\n\
         shlomo ..\n\
         bar > {x}\n\
         noya < Bar: ababab\n\
         noya > one\n\
         noya > two\n\
         bar << Noya: {any}o\n\
         + 250ms\n\
         + 2s\n\
         shlomo > 1\n\
         shlomo < Enter your name:\n\
         shlomo >> Shlo\n\
         shlomo ..\n\
         shlomo > mo\n\
         shlomo < Enter group ID:\n\
         shlomo > 8888\n\
         shlomo < Enter password:\n\
         shlomo > 1234\n\
         shlomo < You're connected to group chat #8888\n\
         noya < * Shlomo has connected to the chat room\n\
         bar < * Shlomo has connected to the chat room\n\
         @late console in 8888 as נועה\n\
         noya < * נועה has connected to the chat room\n\
         bar hangs up\n\
         shlomo < * נועה has connected to the chat room\n\
         late ends its input\n\
         late closed\n\
         restart\n\
         noya closed\n\
         shlomo closed\n\
         @noya console at menu\n\
         noya > 3\n\
         noya closed at last\n",
    )
    .await;
    assert_eq!(result, Ok(()));
    assert_eq!((toy.passed.as_millis(), toy.restarts), (2250, 1));
    assert!(toy.settled >= 4, "before `..` and at the end: {}", toy.settled);
}

async fn check_missed(lines: &str, expected: &str) {
    let (_, result) = play_lines(lines).await;
    let told = result.unwrap_err();
    assert!(told.contains(expected), "{lines:?} told\n{told}instead of {expected:?}");
}

#[tokio::test]
async fn what_is_otherwise_is_told_with_file_line_and_what_was_seen() {
    check_missed("noya > Hi\nbar < Noya: Ho", "x.chat:6: bar < Noya: Ho\n").await;
    check_missed("noya > Hi\nbar < Noya: Ho", "expected  Noya: Ho\n    seen      Noya: Hi\n").await;
    check_missed("bar > a\nnoya < Bar: 8888", "expected  Bar: 4711\n").await;
    check_missed("noya < Hi", "seen      nothing\n").await;
    check_missed("noya < Hi", "before    < 1. Connect to a group chat.\n").await;
    check_missed("noya > half\nnoya < half a li", "half a li (and no line end)").await;
    check_missed("noya > drop me\nnoya < Hi", "the connection was closed").await;
    check_missed("noya > Hi\nbar << Ho", "nothing after 1 other lines").await;
}

#[tokio::test]
async fn what_nobody_should_see_is_noticed_when_the_file_says_so_or_ends() {
    check_missed("noya > Hi\nbar ..", "seen      Noya: Hi\\n\n").await;
    check_missed("noya > half\nnoya ..", "seen      half a li\n").await;
    check_missed("noya > drop me\nnoya ..", "the connection was closed").await;
    check_missed("noya > Hi", "bar to see nothing").await;
    check_missed("noya > Hi", "(end of the file)").await;
    check_missed("noya > leak\nnoya < leak\nbar < leak", "shlomo to see nothing").await;
    check_missed("noya > drop me", "the connection was closed").await;
}

#[tokio::test]
async fn a_close_is_told_and_nothing_else_is_taken_for_it() {
    check_missed("noya closed", "it stays open").await;
    check_missed("noya closed at last", "it stays open").await;
    check_missed("shlomo > 3\nshlomo closed", "seen      Goodbye.\n").await;
    check_missed("noya > drop me\nnoya closed\nnoya > Hi", "has ended").await;
    check_missed("noya > half\nnoya closed", "half a li (and no line end)").await;
    check_missed("@noya console at menu", "its end was not told").await;
    check_missed("@web web at once", "there is no web here").await;
}

#[tokio::test]
async fn who_comes_in_after_the_head_is_told_in_the_file() {
    check_missed("noya ..\n@late console in 8888", "* Late has connected").await;
}

#[test]
fn every_transcript_of_the_house_can_be_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/transcripts");
    let transcripts = read_all(folder.as_ref()).unwrap();
    assert!(!transcripts.is_empty());
    assert!(read_all(env!("CARGO_MANIFEST_DIR").as_ref()).is_err(), "there is none here");
}
