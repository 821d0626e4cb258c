//! Client: somebody who talks, stalls, vanishes and comes back, and writes down what it sees.

use std::sync::Arc;
use std::time::Duration;

use conclave_core::{ClientId, Epoch, Refusal, SeatSecret, Seq, limits};
use conclave_hub::{Hub, Joined, Keep, Outlet, Position, Session};

use super::check::expected_lines;
use super::dice::Dice;
use super::world::{Outcome, Stream, World};
use crate::pipe::Pipe;
use crate::stage::{WIRE, client_id, connection, name_of, password, source, topic_of, words};

/// See the module.
pub(super) struct Client {
    world: Arc<World>,
    index: u64,
    dice: Dice,
    group: usize,
    /// What it was last known as, and is to be again.
    name: String,
    seat: Option<SeatSecret>,
    /// The newest event that it has seen.
    last_seen: Seq,
    link: Option<Link>,
    /// Sends of which it does not know whether they landed.
    doubtful: Vec<(String, Option<ClientId>)>,
    count: u64,
}

/// A connection, and what came by it.
struct Link {
    hub: Arc<Hub>,
    session: Session,
    pipe: Pipe,
    outlet: Arc<Outlet>,
    partial: Vec<u8>,
    stream: Stream,
}

impl Client {
    pub(super) fn new(world: Arc<World>, index: u64, mut dice: Dice) -> Self {
        let group = dice.index(world.groups.len());
        let name = format!("c{index}");
        let (seat, link, doubtful) = (None, None, Vec::new());
        Self {
            world,
            index,
            dice,
            group,
            name,
            seat,
            last_seen: Seq::ZERO,
            link,
            doubtful,
            count: 0,
        }
    }

    /// Does this and that.
    pub(super) async fn live(&mut self) {
        for _ in 0..self.dice.between(10, 90) {
            self.look();
            if self.link.is_none() {
                let patience = self.patience();
                let _given_up = tokio::time::timeout(patience, self.connect()).await;
            } else {
                self.act().await;
            }
            let pause = match self.dice.between(0, 20) {
                0..8 => 0,
                8..19 => self.dice.between(0, 5_000),
                _ => self.dice.between(0, 8_000_000),
            };
            if pause > 0 {
                tokio::time::sleep(Duration::from_micros(pause)).await;
            }
        }
    }

    /// How long it waits for an answer: mostly as long as it takes.
    fn patience(&mut self) -> Duration {
        if self.dice.percent(85) {
            Duration::from_hours(1)
        } else {
            Duration::from_micros(self.dice.between(0, 8_000))
        }
    }

    /// Sees whether the connection is still of any use.
    fn look(&mut self) {
        let Some(link) = &self.link else { return };
        if self.dice.percent(50) {
            link.pipe.notice();
        }
        let has_ended = link
            .outlet
            .take_signals()
            .into_iter()
            .any(|signal| !matches!(signal, conclave_hub::Signal::NotTaken { .. }));
        if has_ended || !Arc::ptr_eq(&link.hub, &self.world.hub()) {
            self.read(usize::MAX);
            self.unlink();
        }
    }

    fn unlink(&mut self) {
        if let Some(link) = self.link.take() {
            self.world.history().streams.push(link.stream);
        }
    }

    pub(super) fn end(mut self) {
        self.read(usize::MAX);
        self.unlink();
    }

    async fn connect(&mut self) {
        let room = usize::try_from(self.dice.between(1, 2_000)).unwrap();
        match self.seat.clone() {
            Some(seat) => self.resume(&seat, room).await,
            None => self.join(room).await,
        }
    }

    async fn join(&mut self, room: usize) {
        let hub = self.world.hub();
        let group = self.world.groups[self.group];
        let Ok(admission) = hub.admit(Some(group), &password(), source()).await else { return };
        let keep = if self.dice.percent(60) { Keep::Seat } else { Keep::Connection };
        let (pipe, outlet) = connection(room);
        let joined = admission.join(name_of(&self.name), keep, &outlet, &WIRE).await;
        if joined.as_ref().is_err_and(|refusal| *refusal == Refusal::NameTaken) {
            // Its own, of which a crash has kept it from learning the seat; or it is about to be
            // free.
            self.count += 1;
            self.name = format!("c{} y{}", self.index, self.count);
        }
        let Ok(Joined { session, seat, head }) = joined else { return };
        self.seat = seat;
        self.last_seen = head;
        // A client id counts for one member.
        self.doubtful.clear();
        let stream = self.stream(&session, head, keep == Keep::Connection);
        session.release();
        self.link = Some(Link { hub, session, pipe, outlet, partial: Vec::new(), stream });
    }

    async fn resume(&mut self, seat: &SeatSecret, room: usize) {
        let hub = self.world.hub();
        let (after, epoch) = match self.dice.between(0, 20) {
            0 => (Seq(self.dice.between(0, self.last_seen.0 + 1)), None),
            1 => (self.last_seen.plus(1 << 20), None),
            2 => (self.last_seen, Some(Epoch(u64::MAX))),
            _ => (self.last_seen, Some(hub.epoch())),
        };
        let (pipe, outlet) = connection(room);
        let position = Position { after, epoch };
        let group = self.world.groups[self.group];
        // Unknown while the group is closed.
        let Ok(resumed) = hub.resume(group, seat, position, &outlet, &WIRE).await else { return };
        let fits = epoch != Some(Epoch(u64::MAX)) && after <= resumed.head;
        assert_eq!(resumed.is_reset, !fits, "{position:?} at {}", resumed.head);
        let newest_page = resumed.head.minus(limits::PAGE_EVENTS_MAX as u64);
        let after = if resumed.is_reset { newest_page } else { after };
        self.last_seen = after;
        let session = resumed.session;
        let stream = self.stream(&session, after, false);
        session.release();
        self.link = Some(Link { hub, session, pipe, outlet, partial: Vec::new(), stream });
    }

    fn stream(&self, session: &Session, after: Seq, is_own_left_out: bool) -> Stream {
        Stream {
            client: self.index,
            group: self.group,
            member: session.member(),
            after,
            is_own_left_out,
            lines: Vec::new(),
        }
    }

    /// Reads at most so many bytes.
    fn read(&mut self, count: usize) {
        let is_noticed = self.dice.percent(70);
        let Some(link) = &mut self.link else { return };
        link.partial.extend(link.pipe.read_unnoticed(count));
        if is_noticed {
            link.pipe.notice();
        }
        while let Some(end) = link.partial.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = link.partial.drain(..=end).collect();
            let line = String::from_utf8(line).unwrap();
            if line.starts_with('~') {
                // Of the moment: not promised, and in no order.
                continue;
            }
            let (seq, _) = line.split_once(' ').unwrap_or_else(|| panic!("{line:?}"));
            self.last_seen = Seq(seq.parse().unwrap());
            link.stream.lines.push(line);
        }
    }

    async fn act(&mut self) {
        match self.dice.between(0, 100) {
            0..30 => self.say().await,
            30..45 => self.send_anew().await,
            45..55 => self.send_again().await,
            55..80 => {
                let count = usize::try_from(self.dice.between(1, 600)).unwrap();
                self.read(count);
            }
            80..84 => {
                let room = usize::try_from(self.dice.between(1, 3_000)).unwrap();
                self.link.as_ref().unwrap().pipe.set_room(room);
            }
            84..89 => self.rename().await,
            89..91 => {
                let text = self.text();
                let session = &self.link.as_ref().unwrap().session;
                let _refused = session.set_topic(topic_of(&text)).await;
            }
            91..97 => self.vanish(),
            _ => self.leave().await,
        }
    }

    /// A text like no other.
    fn text(&mut self) -> String {
        self.count += 1;
        let length = usize::try_from(self.dice.between(0, 60)).unwrap();
        format!("canary{} c{} n{} {}.", self.group, self.index, self.count, "x".repeat(length))
    }

    async fn say(&mut self) {
        for _ in 0..self.dice.between(1, 12) {
            let text = self.text();
            let said = self.link.as_ref().unwrap().session.say(words(&text)).await;
            let outcome = if said.is_ok() { Outcome::Unknown } else { Outcome::Fail };
            self.world.note(&text, self.group, outcome);
        }
    }

    async fn send_anew(&mut self) {
        let text = self.text();
        let id = client_id(format!("c{} n{}", self.index, self.count));
        self.send(text, id).await;
    }

    async fn send_again(&mut self) {
        if !self.doubtful.is_empty() {
            let (text, id) = self.doubtful.remove(self.dice.index(self.doubtful.len()));
            self.send(text, id).await;
        }
    }

    async fn send(&mut self, text: String, id: Option<ClientId>) {
        let patience = self.patience();
        let session = &self.link.as_ref().unwrap().session;
        let sent = tokio::time::timeout(patience, session.send(words(&text), id.clone())).await;
        let outcome = match sent {
            Ok(Ok(landed)) => Outcome::Ok(landed.seq),
            Ok(Err(Refusal::Unknown)) | Err(_) => Outcome::Unknown,
            Ok(Err(_)) => Outcome::Fail,
        };
        self.world.note(&text, self.group, outcome);
        if !matches!(outcome, Outcome::Ok(_)) {
            self.doubtful.push((text, id));
        }
    }

    async fn rename(&mut self) {
        let to = format!("c{} x{}", self.index, self.dice.between(0, 4));
        let patience = self.patience();
        let session = &self.link.as_ref().unwrap().session;
        let renaming = tokio::time::timeout(patience, session.rename(name_of(&to)));
        if renaming.await == Ok(Ok(())) {
            self.name = to;
        }
    }

    /// Its connection breaks.
    fn vanish(&mut self) {
        let link = self.link.as_ref().unwrap();
        if self.dice.percent(50) {
            link.pipe.hang_up();
        }
        link.outlet.close();
        self.unlink();
    }

    async fn leave(&mut self) {
        let patience = self.patience();
        let Some(link) = self.link.take() else { return };
        let _given_up = tokio::time::timeout(patience, link.session.leave()).await;
        self.world.history().streams.push(link.stream);
        self.seat = None;
        self.last_seen = Seq::ZERO;
    }

    /// Comes back in, if need be, and reads until it has seen everything.
    pub(super) async fn catch_up(&mut self) {
        loop {
            self.look();
            match &self.link {
                None => self.connect().await,
                Some(link) => link.pipe.set_room(1 << 20),
            }
            if self.has_caught_up() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Whether it has seen everything that the log has.
    pub(super) fn has_caught_up(&mut self) -> bool {
        self.look();
        self.read(usize::MAX);
        let world = Arc::clone(&self.world);
        self.link.as_ref().is_some_and(|link| {
            link.stream.lines.len() >= expected_lines(&world, &link.stream).len()
        })
    }

    /// What it has not seen, in words.
    pub(super) fn what_it_waits_for(&mut self) -> Option<String> {
        if self.has_caught_up() {
            return None;
        }
        let next = self.link.as_ref().map(|link| {
            expected_lines(&self.world, &link.stream).into_iter().nth(link.stream.lines.len())
        });
        Some(match next {
            None => format!("c{} is not let in", self.index),
            Some(next) => format!("c{} waits for {next:?}", self.index),
        })
    }
}
