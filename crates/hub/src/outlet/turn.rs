//! Turn: what an outlet that is behind does by itself, and what it needs of a catch-up task.
//!
//! Sans-IO but for the sink: it asks for a page of the log and is handed it. Does not know tasks.

use std::sync::Arc;

use conclave_core::Seq;

use super::{Outlet, Pieces, Run, Wrote};
use crate::live_group::{LiveGroup, Serial};
use crate::tail::{Chunk, Encoded, Found};

/// What a catch-up task is to do next.
pub(crate) enum Turn {
    /// Wait until the peer takes more.
    Wait,
    /// Let others run, then go on.
    Yield,
    /// Read the page of a group's log that holds an event, and hand it in.
    Read(Wanted),
    /// Nothing: the outlet stands at the head, or is closed.
    Done,
}

/// A page of the log that an outlet needs.
pub(crate) struct Wanted {
    pub(crate) group: Arc<LiveGroup>,
    pub(crate) from: Seq,
    pub(crate) session: Serial,
    is_history: bool,
}

/// Chunks a catch-up task writes before it lets other tasks run.
const CHUNKS_A_TURN: usize = 16;

impl Outlet {
    /// Does what can be done at once for an outlet that is behind, and tells what comes next.
    pub(crate) fn turn(&self) -> Turn {
        let mut feed = self.lock();
        if feed.is_closed {
            return Turn::Done;
        }
        match self.flush(&mut feed) {
            Wrote::All => {}
            Wrote::Blocked => return Turn::Wait,
            Wrote::Gone => return Turn::Done,
        }
        feed.drop_shown_runs();
        if let Some(run) = feed.shown_run() {
            let (group, from) = (Arc::clone(&run.group), run.next);
            return Turn::Read(Wanted { group, from, session: run.session, is_history: true });
        }
        feed.stir();
        let mut chunks = 0;
        let mut index = 0;
        while let Some(cursor) = feed.cursors.get(index) {
            if cursor.is_held {
                index += 1;
                continue;
            }
            let session = cursor.session;
            match cursor.group.tail().find(cursor.next) {
                Found::AtHead => {
                    index += 1;
                    continue;
                }
                Found::InLog => {
                    let (group, from) = (Arc::clone(&cursor.group), cursor.next);
                    return Turn::Read(Wanted { group, from, session, is_history: false });
                }
                Found::Chunk(chunk) => match self.write_chunk(&mut feed, session, &chunk) {
                    Wrote::All => {}
                    Wrote::Blocked => return Turn::Wait,
                    Wrote::Gone => return Turn::Done,
                },
            }
            chunks += 1;
            if chunks >= CHUNKS_A_TURN {
                return Turn::Yield;
            }
        }
        // Under the lock under which every head was read: what is published after that finds the
        // outlet at the head.
        feed.is_lagging = false;
        Turn::Done
    }

    /// Takes a page that was asked for by [`Turn::Read`], and tells what comes next.
    pub(crate) fn take_page(&self, wanted: &Wanted, page: &Chunk) -> Turn {
        let wrote = if wanted.is_history {
            self.write_history(wanted, page)
        } else {
            self.write_page(wanted, page)
        };
        match wrote {
            // Without this wait it would be read again and again for a peer that takes nothing.
            Wrote::Blocked => Turn::Wait,
            Wrote::All | Wrote::Gone => self.turn(),
        }
    }

    fn write_page(&self, wanted: &Wanted, page: &Chunk) -> Wrote {
        let mut feed = self.lock();
        let is_wanted =
            feed.cursor_of(wanted.session).is_some_and(|cursor| cursor.next == wanted.from);
        if is_wanted { self.write_chunk(&mut feed, wanted.session, page) } else { Wrote::All }
    }

    fn write_history(&self, wanted: &Wanted, page: &Chunk) -> Wrote {
        let mut feed = self.lock();
        let is_wanted = |run: &&mut Run| run.session == wanted.session && run.next == wanted.from;
        let Some(run) = feed.shown_run().filter(is_wanted) else { return Wrote::All };
        let end = run.end;
        let view = run.group.view_of(run.member);
        let skipped = usize::try_from(run.next.0 - page.first().0).unwrap_or(usize::MAX);
        let events = page.events().get(skipped..).unwrap_or_default();
        let encoded = Encoded::new(&view, events, run.wire, |event| {
            event.seq >= end || !event.entry.is_message()
        });
        let (wrote, done) = self.write(&mut feed, Pieces::new(&encoded, 0, |_| false));
        if let Some(run) = feed.shown_run() {
            run.next = run.next.plus(done);
        }
        wrote
    }
}
