//! The player: holds a conversation on a stage, line by line, and tells where it was not held.
//!
//! Does not know sockets or time; it splits what the stage gives into lines itself. How a
//! connection is brought into a group stands here too, as the steps a person would take.

use std::collections::BTreeMap;

use crate::parse::{Action, Reach, State, Step};
use crate::template::{Captured, Template, show};
use crate::{Failure, Read, Stage, StageError, Transcript};

/// Password of the groups that `in 8888` makes and joins.
pub const PASSWORD: &str = "1234";

/// Lines typed and seen that a failure shows.
const LINES_BEFORE: usize = 12;

const MENU: [&str; 4] = [
    "Hello client, please choose an option:",
    "1. Connect to a group chat.",
    "2. Create a group chat.",
    "3. Exit the server.",
];

/// Plays a transcript to its end.
///
/// # Errors
/// Where something else is seen than stands in the file, or the stage cannot go on. The play ends
/// there.
///
/// # Cancel safety
/// A play that was dropped cannot be taken up again; its connections hang up.
pub async fn play<S: Stage>(transcript: &Transcript, stage: &mut S) -> Result<(), Failure> {
    let mut play = Play { stage, peers: BTreeMap::new(), captured: Captured::new(), is_head: true };
    for step in &transcript.steps {
        play.step(step)
            .await
            .map_err(|missed| missed.failure(transcript.path(), step.line, step.text.clone()))?;
    }
    play.end().await.map_err(|missed| {
        missed.failure(transcript.path(), transcript.line_count, "(end of the file)".to_owned())
    })
}

/// A play under way.
struct Play<'stage, S: Stage> {
    stage: &'stage mut S,
    /// Those who are connected, or were closed and the file has not told it yet.
    peers: BTreeMap<String, Peer<S::Connection>>,
    captured: Captured,
    /// Whether connections were opened and nothing else.
    is_head: bool,
}

/// One client.
struct Peer<C> {
    connection: C,
    unread: Vec<u8>,
    is_closed: bool,
    /// The group it was brought into, by the capture of its number.
    group: Option<String>,
    before: Vec<String>,
}

/// What one looks for and finds.
enum Seen {
    Line(Vec<u8>),
    /// A line whose end did not come.
    Unended(Vec<u8>),
    Closed,
    Nothing,
}

/// What was expected and was not seen.
struct Missed {
    expected: String,
    seen: String,
    before: Vec<String>,
}

impl<S: Stage> Play<'_, S> {
    async fn step(&mut self, step: &Step) -> Result<(), Missed> {
        if let Action::Open { who, door, state } = &step.action {
            return self.open(who, door, state).await;
        }
        self.is_head = false;
        match &step.action {
            Action::Open { .. } => Ok(()),
            Action::Write { who, bytes } => self.write(who, bytes).await,
            Action::Expect { who, line, reach } => self.expect(who, line, *reach).await,
            Action::Quiet { who } => {
                self.stage.settle().await.map_err(Missed::by_stage)?;
                self.expect_nothing(who).await
            }
            Action::Closed { who, reach } => self.expect_closed(who, *reach).await,
            Action::HangUp { who } => {
                self.peers.remove(who);
                Ok(())
            }
            Action::EndInput { who } => {
                let peer = self.peers.get_mut(who).ok_or_else(|| Missed::peer(who))?;
                self.stage.end_input(&mut peer.connection).await.map_err(Missed::by_stage)
            }
            Action::Pass(time) => self.stage.pass(*time).await.map_err(Missed::by_stage),
            Action::Restart => self.stage.restart().await.map_err(Missed::by_stage),
        }
    }

    /// Nobody has anything left to see when the file ends.
    async fn end(&mut self) -> Result<(), Missed> {
        self.stage.settle().await.map_err(Missed::by_stage)?;
        let names: Vec<String> = self.peers.keys().cloned().collect();
        for who in names {
            self.expect_nothing(&who).await?;
        }
        Ok(())
    }

    async fn open(&mut self, who: &str, door: &str, state: &State) -> Result<(), Missed> {
        if self.peers.contains_key(who) {
            return Err(Missed::new(
                format!("the connection of {who} to have ended"),
                "it is open, or its end was not told",
            ));
        }
        let connection = self.stage.connect(door).await.map_err(Missed::by_stage)?;
        let peer = Peer {
            connection,
            unread: Vec::new(),
            is_closed: false,
            group: None,
            before: Vec::new(),
        };
        self.peers.insert(who.to_owned(), peer);
        if matches!(state, State::AtOnce) {
            return Ok(());
        }
        for line in MENU {
            self.sees(who, Template::literal(line)).await?;
        }
        match state {
            State::In { group, name } => self.bring_in(who, group, name).await,
            State::AtOnce | State::AtMenu => Ok(()),
        }
    }

    async fn bring_in(&mut self, who: &str, group: &str, name: &str) -> Result<(), Missed> {
        let text = Template::literal;
        let number = || Template::capture(group);
        let is_new = !self.captured.contains_key(group);
        self.types(who, text(if is_new { "2" } else { "1" })).await?;
        self.sees(who, text("Enter your name:")).await?;
        self.types(who, text(name)).await?;
        if is_new {
            self.sees(who, text("Enter password for the group:")).await?;
            self.types(who, text(PASSWORD)).await?;
            self.sees(who, text("The id of the group is: ").then(number())).await?;
        } else {
            self.sees(who, text("Enter group ID:")).await?;
            self.types(who, number()).await?;
            self.sees(who, text("Enter password:")).await?;
            self.types(who, text(PASSWORD)).await?;
        }
        self.sees(who, text("You're connected to group chat #").then(number())).await?;
        if is_new {
            self.sees(who, text("You can start to talk!")).await?;
        }
        let is_there = |peer: &Peer<_>| peer.group.as_deref() == Some(group);
        let there = self.peers.iter().filter(|(_, peer)| is_there(peer));
        let there: Vec<String> = there.map(|(there, _)| there.clone()).collect();
        if self.is_head {
            for other in &there {
                let notice = format!("* {name} has connected to the chat room");
                self.sees(other, text(&notice)).await?;
            }
        }
        if let Some(peer) = self.peers.get_mut(who) {
            peer.group = Some(group.to_owned());
        }
        Ok(())
    }

    async fn types(&mut self, who: &str, line: Template) -> Result<(), Missed> {
        self.write(who, &line.then(Template::literal("\n"))).await
    }

    async fn sees(&mut self, who: &str, line: Template) -> Result<(), Missed> {
        self.expect(who, &line, Reach::Next).await
    }

    async fn write(&mut self, who: &str, bytes: &Template) -> Result<(), Missed> {
        let bytes = bytes.render(&self.captured).map_err(Missed::by_stage)?;
        let peer = self.peers.get_mut(who).ok_or_else(|| Missed::peer(who))?;
        peer.note('>', &bytes);
        self.stage.write(&mut peer.connection, &bytes).await.map_err(|error| {
            let expected = "to be able to write".to_owned();
            Missed { expected, seen: error.to_string(), before: peer.before.clone() }
        })
    }

    async fn expect(&mut self, who: &str, line: &Template, reach: Reach) -> Result<(), Missed> {
        let mut passed_over = 0_usize;
        let problem = loop {
            match self.next(who).await? {
                Seen::Line(seen) if line.matches(&seen, &mut self.captured) => return Ok(()),
                Seen::Line(_) if reach == Reach::AtLast => passed_over += 1,
                Seen::Line(seen) => break show(&seen),
                Seen::Unended(seen) => break format!("{} (and no line end)", show(&seen)),
                Seen::Closed => break "the connection was closed".to_owned(),
                Seen::Nothing => break "nothing".to_owned(),
            }
        };
        let seen = match passed_over {
            0 => problem,
            count => format!("{problem} after {count} other lines"),
        };
        Err(self.missed(who, line.show(&self.captured), seen))
    }

    async fn expect_closed(&mut self, who: &str, reach: Reach) -> Result<(), Missed> {
        let seen = loop {
            match self.next(who).await? {
                Seen::Closed => {
                    self.peers.remove(who);
                    return Ok(());
                }
                Seen::Line(_) if reach == Reach::AtLast => {}
                Seen::Line(seen) => break show(&seen),
                Seen::Unended(seen) => {
                    let peer = self.peers.get_mut(who).ok_or_else(|| Missed::peer(who))?;
                    if reach == Reach::AtLast && peer.is_closed {
                        peer.unread.clear();
                    } else {
                        break format!("{} (and no line end)", show(&seen));
                    }
                }
                Seen::Nothing => break "it stays open, and nothing is seen".to_owned(),
            }
        };
        Err(self.missed(who, "the server to close the connection".to_owned(), seen))
    }

    /// Looks at what has arrived. What arrives later is not looked at: settle before.
    async fn expect_nothing(&mut self, who: &str) -> Result<(), Missed> {
        let peer = self.peers.get_mut(who).ok_or_else(|| Missed::peer(who))?;
        while !peer.is_closed {
            match self.stage.read_now(&mut peer.connection).await.map_err(Missed::by_stage)? {
                Read::Bytes(bytes) => peer.unread.extend(bytes),
                Read::Closed => peer.is_closed = true,
                Read::Nothing => break,
            }
        }
        let seen = match (peer.unread.is_empty(), peer.is_closed) {
            (true, false) => return Ok(()),
            (true, true) => "the connection was closed".to_owned(),
            (false, _) => show(&peer.unread),
        };
        Err(self.missed(who, format!("{who} to see nothing"), seen))
    }

    /// The next line, waited for.
    async fn next(&mut self, who: &str) -> Result<Seen, Missed> {
        let peer = self.peers.get_mut(who).ok_or_else(|| Missed::peer(who))?;
        loop {
            if let Some(line_len) = peer.unread.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = peer.unread.drain(..=line_len).collect();
                line.pop();
                peer.note('<', &line);
                return Ok(Seen::Line(line));
            }
            let read = if peer.is_closed {
                Read::Closed
            } else {
                self.stage.read(&mut peer.connection).await.map_err(Missed::by_stage)?
            };
            match read {
                Read::Bytes(bytes) => peer.unread.extend(bytes),
                Read::Closed => peer.is_closed = true,
                Read::Nothing if peer.unread.is_empty() => return Ok(Seen::Nothing),
                Read::Nothing => return Ok(Seen::Unended(peer.unread.clone())),
            }
            if peer.is_closed && !peer.unread.contains(&b'\n') {
                return Ok(if peer.unread.is_empty() {
                    Seen::Closed
                } else {
                    Seen::Unended(peer.unread.clone())
                });
            }
        }
    }

    fn missed(&self, who: &str, expected: String, seen: String) -> Missed {
        let mut before = self.peers.get(who).map(|peer| peer.before.clone()).unwrap_or_default();
        before.pop_if(|last| last.strip_prefix("< ") == Some(&seen));
        Missed { expected, seen, before }
    }
}

impl<C> Peer<C> {
    fn note(&mut self, sign: char, bytes: &[u8]) {
        if self.before.len() == LINES_BEFORE {
            self.before.remove(0);
        }
        self.before.push(format!("{sign} {}", show(bytes)));
    }
}

impl Missed {
    fn new(expected: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { expected: expected.into(), seen: seen.into(), before: Vec::new() }
    }

    /// A name in the file whose connection is over.
    fn peer(who: &str) -> Self {
        Self::new(format!("{who} to be connected"), "its connection has ended")
    }

    fn by_stage(error: impl Into<StageError>) -> Self {
        Self::new("the stage to go on", error.into().to_string())
    }

    fn failure(self, path: &str, line: usize, step: String) -> Failure {
        let Self { expected, seen, before } = self;
        Failure { path: path.to_owned(), line, step, expected, seen, before }
    }
}
