//! Feed: what an outlet has under its lock: its places, and what is to be written before they move.
//!
//! State only: does not write. Of what a peer has not taken it holds the rest of one event and the
//! answers meant for it alone; everything else is a number.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use conclave_core::{Event, Kind, MemberId, Seq};
use smallvec::SmallVec;

use crate::live_group::{LiveGroup, Serial};
use crate::outlet::{SLICES_MAX, Signal};
use crate::wire::Wire;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Feed {
    pub(super) cursors: Vec<Cursor>,
    /// Written before anything else: the rest of an event, and answers.
    unsent: VecDeque<Bytes>,
    unsent_bytes: usize,
    /// Stretches of earlier messages that are being shown, one after the other.
    pub(super) history: VecDeque<Run>,
    /// A catch-up task serves it.
    pub(super) is_lagging: bool,
    pub(super) is_closed: bool,
    /// Where the sessions stood when it was closed.
    stood: Vec<(Serial, Seq)>,
    pub(super) signals: Vec<Signal>,
    /// Labels of what this connection brought about and has not been given yet.
    pub(super) labels: Vec<Labelled>,
}

/// How a connection is shown something it brought about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Echo<'label> {
    /// As its place in the group says.
    Alike,
    /// By a wire's labelled form.
    Labelled(&'label str),
    /// Not at all, whatever its place says: the other connections of the same member are.
    LeftOut,
}

impl Echo<'_> {
    /// The same, to be kept until it has landed; nothing where there is nothing to keep.
    pub(crate) fn mark(self) -> Option<Mark> {
        match self {
            Self::Alike => None,
            Self::Labelled(label) => Some(Mark::Label(label.into())),
            Self::LeftOut => Some(Mark::LeftOut),
        }
    }
}

/// The same, of something that is under way or has landed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Label(Box<str>),
    LeftOut,
}

/// How a connection is to be shown something it brought about, and where that has landed.
#[derive(Debug)]
pub(crate) struct Labelled {
    pub(crate) session: Serial,
    /// Who said it.
    pub(crate) member: MemberId,
    pub(crate) seq: Seq,
    pub(crate) mark: Mark,
}

/// What a reader is shown of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// Nothing: who typed it sees it already.
    LeftOut,
    /// Its messages (B14).
    Messages,
    /// What it did to the group, but neither its messages nor its changes of name.
    News,
    /// Everything but its changes of name: it is told of those by itself, once for all its groups.
    AllButNames,
    /// Everything: who resumes has not seen what it did elsewhere, and its numbers have no gap.
    Everything,
}

/// A place in a group.
#[derive(Debug)]
pub(crate) struct Cursor {
    /// Whose it is.
    pub(crate) session: Serial,
    pub(crate) group: Arc<LiveGroup>,
    /// The next event that it has not been given.
    pub(crate) next: Seq,
    /// Who reads.
    pub(crate) member: MemberId,
    /// What it is written in.
    pub(crate) wire: &'static dyn Wire,
    /// What it is shown of its own.
    pub(crate) own: Own,
    /// Given nothing yet: who runs the connection has something to say first.
    pub(crate) is_held: bool,
}

impl Cursor {
    /// Tells of an event whether this reader is not to see it.
    pub(super) fn leaves_out(&self) -> impl Fn(&Event) -> bool + use<> {
        let (member, own) = (self.member, self.own);
        move |event| {
            event.entry.member == member
                && match own {
                    Own::LeftOut => true,
                    Own::Messages => !event.entry.is_message(),
                    Own::News => event.entry.is_message() || is_renaming(event),
                    Own::AllButNames => is_renaming(event),
                    Own::Everything => false,
                }
        }
    }
}

const fn is_renaming(event: &Event) -> bool {
    matches!(event.entry.kind, Kind::Renamed { .. })
}

/// A stretch of earlier messages to be shown before anything later.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) session: Serial,
    pub(crate) group: Arc<LiveGroup>,
    pub(crate) next: Seq,
    pub(crate) end: Seq,
    pub(crate) wire: &'static dyn Wire,
}

impl Feed {
    /// The place that a session has.
    pub(super) fn cursor_of(&mut self, session: Serial) -> Option<&mut Cursor> {
        self.cursors.iter_mut().find(|cursor| cursor.session == session)
    }

    /// The next event a session is to be shown, earlier ones included, or was when the feed was
    /// closed.
    pub(super) fn place_of(&self, session: Serial) -> Option<Seq> {
        let stood = self.stood.iter().find(|(of, _)| *of == session).map(|(_, next)| *next);
        let cursor = || self.cursors.iter().find(|cursor| cursor.session == session);
        stood.or_else(|| cursor().map(|cursor| self.next_for(cursor)))
    }

    fn next_for(&self, cursor: &Cursor) -> Seq {
        let run = self.history.iter().find(|run| run.session == cursor.session);
        run.map_or(cursor.next, |run| run.next.min(cursor.next))
    }

    /// Lets go of everything but the places: nothing is written any more.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
        let places = self.cursors.iter().map(|cursor| (cursor.session, self.next_for(cursor)));
        let places: Vec<_> = places.collect();
        self.stood.extend(places);
        self.cursors = Vec::new();
        self.labels = Vec::new();
        self.unsent = VecDeque::new();
        self.unsent_bytes = 0;
        self.history = VecDeque::new();
    }

    /// Notes where something has landed that this connection put a label on.
    pub(super) fn note_label(&mut self, labelled: Labelled) {
        if !self.is_closed {
            self.labels.push(labelled);
        }
    }

    /// The labels of a session from a place on, each with its place.
    pub(super) fn labels_from(&self, session: Serial, from: Seq) -> Vec<(Seq, Mark)> {
        let of_session = self.labels.iter().filter(|labelled| labelled.session == session);
        let from_there = of_session.filter(|labelled| labelled.seq >= from);
        from_there.map(|labelled| (labelled.seq, labelled.mark.clone())).collect()
    }

    /// Notes that a session was given everything below a place.
    pub(super) fn move_on(&mut self, session: Serial, done: u64) {
        let Some(cursor) = self.cursor_of(session) else { return };
        cursor.next = cursor.next.plus(done);
        let next = cursor.next;
        if !self.labels.is_empty() {
            self.labels.retain(|labelled| labelled.session != session || labelled.seq >= next);
        }
    }

    pub(super) const fn unsent_bytes(&self) -> usize {
        self.unsent_bytes
    }

    pub(super) fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    pub(super) fn push_unsent(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.unsent_bytes += bytes.len();
            self.unsent.push_back(bytes);
        }
    }

    pub(super) fn unsent_slices(&self) -> SmallVec<[IoSlice<'_>; 4]> {
        self.unsent.iter().take(SLICES_MAX).map(|bytes| IoSlice::new(bytes)).collect()
    }

    pub(super) fn drop_unsent(&mut self, mut count: usize) {
        self.unsent_bytes = self.unsent_bytes.saturating_sub(count);
        while let Some(first) = self.unsent.front_mut() {
            if count < first.len() {
                first.advance(count);
                return;
            }
            count -= first.len();
            self.unsent.pop_front();
        }
        // Nothing waits, so nothing is held.
        self.unsent = VecDeque::new();
    }

    /// Notes a signal; the same thing twice is told once, and how far has been read at its latest.
    pub(super) fn note(&mut self, signal: Signal) {
        if let Signal::Read { group: of, at: now } = signal {
            let noted = self.signals.iter_mut().find_map(|noted| match noted {
                Signal::Read { group, at } if *group == of => Some(at),
                _ => None,
            });
            if let Some(at) = noted {
                *at = now.max(*at);
                return;
            }
        }
        if !self.signals.contains(&signal) {
            self.signals.push(signal);
        }
    }

    /// Whether somebody must start a catch-up task; who is told so starts it.
    pub(super) fn needs_catch_up(&mut self) -> bool {
        let needs = !self.is_closed && !self.is_lagging;
        self.is_lagging |= needs;
        needs
    }
}
