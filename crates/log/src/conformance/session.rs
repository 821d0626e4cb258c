//! Session: a log under test, and what its stream of commits has told so far.
//!
//! Every batch that is read is held to what the trait promises of the stream, so that every case
//! checks it.

use std::collections::{BTreeMap, HashMap};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use conclave_core::{
    Alias, Entry, Event, Founding, Group, GroupId, Kind, MemberId, Name, Origin, PasswordHash,
    Reason, Role, Seq, Snapshot, Text, Timestamp,
};

use super::Subject;
use crate::{
    Append, AppendFailure, Batch, Clock, Commits, GroupCommit, Log, LogError, NewGroup, Ticket,
};

/// How an append ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As this event.
    Landed(Event),
    /// Not.
    Failed(AppendFailure),
}

/// A log under test.
#[derive(Debug)]
pub struct Session<L> {
    /// The log.
    pub log: L,
    commits: Commits,
    ticket_count: u64,
    /// Group of each append that has not ended.
    under_way: BTreeMap<Ticket, GroupId>,
    /// How those ended that have.
    ended: HashMap<Ticket, Outcome>,
    /// Events as they were told, by group.
    told: HashMap<GroupId, Vec<Event>>,
}

/// Group of that number.
pub fn group(number: u64) -> GroupId {
    GroupId::new(number).expect("the number of a group has four digits or more")
}

/// What a group of that number is made with: an alias too, where the number is odd.
pub fn founding(id: GroupId) -> Founding {
    let alias = (!id.get().is_multiple_of(2)).then(|| format!("tea-{id}"));
    Founding {
        alias: alias.as_deref().and_then(Alias::parse),
        password: Some(PasswordHash::from_phc(&format!("$hash${id}"))),
    }
}

/// An entry that says something.
pub fn said(text: &str) -> Entry {
    let text = Text::from_log(text.to_owned());
    entry(Kind::Said { text, client_id: None })
}

/// Somebody joined by the console.
pub const fn joined() -> Kind {
    Kind::Joined { seat: None, origin: Origin::CONSOLE, role: Role::Member }
}

/// Somebody was removed, for no reason that was told.
pub fn removed(by: &str) -> Kind {
    Kind::Removed { by: Name::from_log(by), reason: Reason::default() }
}

/// An entry of member 1.
pub fn entry(kind: Kind) -> Entry {
    Entry::by(MemberId(1), Name::from_log("Noya"), kind)
}

/// A clock that stands.
pub fn standing_clock() -> Clock {
    Arc::new(|| Timestamp::from_ms(1_000_000))
}

/// A clock that goes back by a second each time it is read.
pub fn clock_going_back() -> Clock {
    let ms = AtomicI64::new(1_000_000_000);
    Arc::new(move || Timestamp::from_ms(ms.fetch_sub(1_000, Ordering::Relaxed)))
}

impl<L: Log> Session<L> {
    /// Opens the log of a subject.
    pub async fn open<S: Subject<Log = L>>(subject: &mut S) -> Self {
        Self::open_with(subject, standing_clock()).await
    }

    /// Opens the log of a subject with that clock.
    pub async fn open_with<S: Subject<Log = L>>(subject: &mut S, clock: Clock) -> Self {
        let (log, commits) = subject.open(clock).await;
        Self {
            log,
            commits,
            ticket_count: 0,
            under_way: BTreeMap::new(),
            ended: HashMap::new(),
            told: HashMap::new(),
        }
    }

    /// Makes a group.
    pub async fn create(&self, id: GroupId) {
        let group = NewGroup { id, founding: founding(id) };
        assert!(self.log.create(group).await.expect("making a group"), "{id} is taken");
    }

    /// Hands in an append.
    pub fn append(&mut self, group: GroupId, entry: Entry) -> Ticket {
        self.ticket_count += 1;
        let ticket = Ticket(self.ticket_count);
        self.under_way.insert(ticket, group);
        self.log.append(Append { group, entry, ticket });
        ticket
    }

    /// Appends, and waits for how it ended.
    pub async fn append_one(&mut self, group: GroupId, entry: Entry) -> Outcome {
        let ticket = self.append(group, entry);
        self.finish().await;
        self.outcome(ticket)
    }

    /// Appends `count` messages, and waits for how they ended.
    pub async fn append_many(&mut self, group: GroupId, count: usize) -> Vec<Outcome> {
        let tickets: Vec<_> =
            (0..count).map(|n| self.append(group, said(&format!("message {n}")))).collect();
        self.finish().await;
        tickets.into_iter().map(|ticket| self.outcome(ticket)).collect()
    }

    /// How an append ended that has.
    pub fn outcome(&self, ticket: Ticket) -> Outcome {
        self.ended.get(&ticket).expect("it has ended").clone()
    }

    /// Whether an append has ended.
    pub fn has_ended(&self, ticket: Ticket) -> bool {
        self.ended.contains_key(&ticket)
    }

    /// Whether every append has ended.
    pub fn is_finished(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Asks the log, and reads the stream until it has answered: a log may wait for its reader.
    pub async fn ask_while_reading<T>(&mut self, ask: impl AsyncFnOnce(&L) -> T) -> T {
        let mut batches = Vec::new();
        let answer = {
            let mut asked = pin!(ask(&self.log));
            loop {
                tokio::select! {
                    biased;
                    answer = &mut asked => break answer,
                    Some(batch) = self.commits.next() => batches.push(batch),
                }
            }
        };
        for batch in batches {
            self.take(batch);
        }
        answer
    }

    /// Stops the log, and reads the stream to its end.
    pub async fn stop_while_reading(&mut self) {
        self.ask_while_reading(async |log| log.stop().await).await.expect("it stops");
        while self.next_batch().await {}
    }

    /// Reads the stream until every append has ended.
    pub async fn finish(&mut self) {
        while !self.under_way.is_empty() {
            assert!(self.next_batch().await, "the stream ended before {:?}", self.under_way);
        }
    }

    /// Reads the stream to its end; what had no answer then was refused.
    pub async fn finish_stream(&mut self) {
        while self.next_batch().await {}
        for (ticket, _) in std::mem::take(&mut self.under_way) {
            self.ended.insert(ticket, Outcome::Failed(AppendFailure::Stopped));
        }
    }

    /// Ends the log as the end of its process would. How the appends under way ended is told by
    /// what comes back: those that are in neither map have no answer.
    pub async fn kill(self) -> HashMap<GroupId, Vec<Event>> {
        let Self { log, mut commits, mut told, .. } = self;
        drop(log);
        while let Some(batch) = commits.next().await {
            for part in batch.groups {
                if let GroupCommit::Committed { group, events, .. } = part {
                    told.entry(group).or_default().extend(events);
                }
            }
        }
        told
    }

    /// Reads the next batch; `false` where the stream has ended.
    pub async fn next_batch(&mut self) -> bool {
        match self.commits.next().await {
            Some(batch) => {
                self.take(batch);
                true
            }
            None => false,
        }
    }

    fn take(&mut self, batch: Batch) {
        assert!(!batch.groups.is_empty(), "a batch tells something");
        for part in batch.groups {
            match part {
                GroupCommit::Committed { group, events, tickets } => {
                    assert_eq!(events.len(), tickets.len());
                    assert!(!events.is_empty());
                    for (event, ticket) in events.into_iter().zip(tickets) {
                        if let Some(ticket) = ticket {
                            self.end(ticket, group, Outcome::Landed(event.clone()));
                        }
                        self.tell(group, event);
                    }
                }
                GroupCommit::Failed { group, tickets, failure } => {
                    assert!(!tickets.is_empty());
                    for ticket in tickets {
                        self.end(ticket, group, Outcome::Failed(failure));
                    }
                }
            }
        }
    }

    fn end(&mut self, ticket: Ticket, group: GroupId, outcome: Outcome) {
        assert_eq!(self.under_way.remove(&ticket), Some(group), "{ticket:?} ends once");
        self.ended.insert(ticket, outcome);
    }

    fn tell(&mut self, group: GroupId, event: Event) {
        let told = self.told.entry(group).or_default();
        if let Some(last) = told.last() {
            assert_eq!(event.seq, last.seq.next(), "told in order, without gap, once");
            assert!(event.at > last.at, "times rise");
        }
        told.push(event);
    }

    /// What was told of a group.
    pub fn told(&self, group: GroupId) -> &[Event] {
        self.told.get(&group).map_or(&[], Vec::as_slice)
    }

    /// Forgets what was told of a group: it is another from here on.
    pub fn start_over(&mut self, group: GroupId) {
        self.told.remove(&group);
    }

    /// Reads all events of a group, page by page.
    pub async fn read_all(&self, group: GroupId) -> Result<Vec<Event>, LogError> {
        let mut events: Vec<Event> = Vec::new();
        loop {
            let from = Seq(events.len() as u64 + 1);
            let page = self.log.read(group, from).await?;
            if page.is_empty() {
                return Ok(events);
            }
            events.extend(page);
            for (place, event) in events.iter().enumerate() {
                assert_eq!(event.seq, Seq(place as u64 + 1), "numbers are dense from 1");
            }
        }
    }

    /// Loads a group, and holds what is given to the whole of its log.
    pub async fn load(&self, id: GroupId) -> Option<Group> {
        let stored = self.log.load(id).await.expect("loading")?;
        assert_eq!(stored.founding, founding(id));
        let mut loaded = Group::restore(stored.snapshot);
        for event in &stored.events {
            assert_eq!(event.seq, loaded.head().next(), "events follow the snapshot");
            loaded.apply(event);
        }
        let whole = replay(&self.read_all(id).await.expect("reading"));
        if whole.head == loaded.head() {
            assert_eq!(loaded.snapshot(), whole);
        }
        Some(loaded)
    }
}

/// A group after those events.
pub fn replay(events: &[Event]) -> Snapshot {
    let mut group = Group::default();
    for event in events {
        group.apply(event);
    }
    group.snapshot()
}
