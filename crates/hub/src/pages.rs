//! Pages: stretches of a group's log that were just read for somebody who is behind the tail, and
//! serve the next one.
//!
//! Where many fall behind at once (a crowd that joins is told of everyone who joined meanwhile)
//! each page is read and written as bytes once for all of them. Does not know who reads.
//! Invariant: bounded in bytes, and let go by the sweep.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conclave_core::{Event, GroupId, Seq, limits};
use conclave_log::{Log, LogError};

use crate::tail::Chunk;

/// The pages of one group that were read last, newest first.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    kept: Mutex<VecDeque<Arc<Chunk>>>,
    /// Held by who reads, so that the others who want the same wait for it.
    turn: tokio::sync::Mutex<()>,
}

impl Pages {
    /// The page that holds an event; nothing where the log has none there.
    ///
    /// # Cancel safety
    /// Safe.
    pub(crate) async fn read(
        &self,
        log: &dyn Log,
        group: GroupId,
        seq: Seq,
        redact: impl Fn(&mut [Event]) + Send,
    ) -> Result<Option<Arc<Chunk>>, LogError> {
        if let Some(page) = self.find(seq) {
            return Ok(Some(page));
        }
        let _turn = self.turn.lock().await;
        if let Some(page) = self.find(seq) {
            return Ok(Some(page));
        }
        // Where pages begin is the same for all, so that they are of use to all.
        let first = Seq(seq.0 - (seq.0 - 1) % limits::PAGE_EVENTS_MAX as u64);
        for from in [first, seq] {
            let mut events = log.read(group, from).await?;
            if events.is_empty() {
                return Ok(None);
            }
            redact(&mut events);
            let page = Arc::new(Chunk::new(events));
            // Long texts may end a page before it.
            if holds(&page, seq) {
                self.keep(Arc::clone(&page));
                return Ok(Some(page));
            }
        }
        Ok(None)
    }

    /// Lets go of all pages.
    pub(crate) fn let_go(&self) {
        *self.lock() = VecDeque::new();
    }

    fn find(&self, seq: Seq) -> Option<Arc<Chunk>> {
        self.lock().iter().find(|page| holds(page, seq)).cloned()
    }

    fn keep(&self, page: Arc<Chunk>) {
        let mut kept = self.lock();
        // One of the head may have grown.
        kept.retain(|other| other.first() != page.first());
        kept.push_front(page);
        let mut weight = 0;
        kept.retain(|page| {
            weight += page.weight();
            weight <= limits::PAGES_BYTES_MAX
        });
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Chunk>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn holds(page: &Chunk, seq: Seq) -> bool {
    (page.first()..page.end()).contains(&seq)
}

#[cfg(test)]
mod tests {
    use conclave_core::{Entry, Founding, Kind, MemberId, Name, Text, Timestamp};
    use conclave_log::memory::{MemoryDisk, MemoryLog};
    use conclave_log::{Append, Commits, NewGroup, Ticket};

    use super::*;

    struct Written {
        log: MemoryLog,
        commits: Commits,
        group: GroupId,
    }

    impl Written {
        async fn open() -> Self {
            let clock = Arc::new(|| Timestamp::from_ms(1_000));
            let (log, commits) = MemoryLog::open(&MemoryDisk::default(), clock);
            let group = GroupId::new(8888).unwrap();
            log.create(NewGroup { id: group, founding: Founding::default() }).await.unwrap();
            Self { log, commits, group }
        }

        /// Appends so many messages, and waits until they are in the log.
        async fn say(&mut self, count: u64, text: &str) {
            for n in 0..count {
                let kind = Kind::Said { text: Text::from_log(text.to_owned()), client_id: None };
                let name = Name::from_log("Noya");
                let entry = Entry::by(MemberId(1), name, kind);
                self.log.append(Append { group: self.group, entry, ticket: Ticket(n) });
            }
            let mut told = 0;
            while told < count {
                let batch = self.commits.next().await.unwrap();
                told += batch.groups.iter().map(count_of).sum::<u64>();
            }
        }

        async fn page(&self, pages: &Pages, seq: u64) -> Option<Arc<Chunk>> {
            pages.read(&self.log, self.group, Seq(seq), |_page| {}).await.unwrap()
        }
    }

    fn count_of(part: &conclave_log::GroupCommit) -> u64 {
        match part {
            conclave_log::GroupCommit::Committed { events, .. } => events.len() as u64,
            failed @ conclave_log::GroupCommit::Failed { .. } => panic!("{failed:?}"),
        }
    }

    fn range(page: &Chunk) -> (u64, u64) {
        (page.first().0, page.end().0)
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_one_has_read_serves_the_next() {
        let mut written = Written::open().await;
        written.say(300, "hello").await;
        let pages = Pages::default();
        let first = written.page(&pages, 130).await.unwrap();
        assert_eq!(range(&first), (129, 257));
        for seq in [129, 200, 256] {
            let again = written.page(&pages, seq).await.unwrap();
            assert!(Arc::ptr_eq(&first, &again), "{seq}");
        }
        pages.let_go();
        let anew = written.page(&pages, 130).await.unwrap();
        assert!(!Arc::ptr_eq(&first, &anew));
    }

    #[tokio::test(start_paused = true)]
    async fn the_page_of_the_head_is_read_anew_when_the_group_has_grown() {
        let mut written = Written::open().await;
        written.say(10, "hello").await;
        let pages = Pages::default();
        assert_eq!(range(&written.page(&pages, 3).await.unwrap()), (1, 11));
        assert!(written.page(&pages, 11).await.is_none(), "there is none yet");
        written.say(10, "hello").await;
        assert_eq!(range(&written.page(&pages, 11).await.unwrap()), (1, 21));
        assert_eq!(pages.lock().len(), 1, "the older is gone");
    }

    #[tokio::test(start_paused = true)]
    async fn long_texts_are_found_past_where_a_page_ends_and_what_is_kept_is_bounded() {
        let mut written = Written::open().await;
        written.say(400, &"x".repeat(4_000)).await;
        let pages = Pages::default();
        for seq in 1..=400 {
            let page = written.page(&pages, seq).await.unwrap();
            assert!(holds(&page, Seq(seq)));
            let weight: usize = pages.lock().iter().map(|page| page.weight()).sum();
            assert!(weight <= limits::PAGES_BYTES_MAX, "{weight} bytes");
        }
        assert!(pages.lock().len() > 1, "nothing is kept");
    }
}
