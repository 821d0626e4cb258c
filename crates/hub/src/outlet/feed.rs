//! Feed: what an outlet has under its lock: its places, and what is to be written before they move.
//!
//! State only: does not write. Of what a peer has not taken it holds the rest of one event and the
//! answers meant for it alone; everything else is a number.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{Buf as _, Bytes};
use conclave_core::{Event, GroupId, Kind, MemberId, Seq};
use smallvec::SmallVec;

use crate::live_group::{LiveGroup, Serial};
use crate::outlet::{Going, SLICES_MAX, Signal};
use crate::wire::Wire;

/// See the module.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is set by somebody else, and all go together"
)]
pub(super) struct Feed {
    /// Most connections are in one group.
    pub(super) cursors: SmallVec<[Cursor; 1]>,
    /// Nothing for a connection that has been given everything, as most have.
    backlog: Option<Box<Backlog>>,
    /// Woken by whatever there is to see.
    runner: Option<Waker>,
    /// There is something to see for the one who runs the connection.
    is_stirred: bool,
    pub(super) directs: Directs,
    /// A catch-up task serves it.
    pub(super) is_lagging: bool,
    pub(super) is_closed: bool,
    /// The visitor whose it was is one no more.
    pub(super) has_visit_ended: bool,
    /// It was asked to end.
    pub(super) going: Option<Going>,
}

/// Whether direct conversations are written to a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Directs {
    /// As they go on.
    #[default]
    Flow,
    /// Not now: who runs the connection has something to say first.
    Wait,
}

/// What a connection has not been given or told yet.
#[derive(Debug, Default)]
struct Backlog {
    /// Written before anything else: the rest of an event, and answers.
    unsent: VecDeque<Bytes>,
    unsent_bytes: usize,
    /// Stretches of earlier messages that are being shown, one after the other.
    history: VecDeque<Run>,
    /// Where the sessions stood when it was closed, and in which group.
    stood: Vec<(Serial, GroupId, Seq)>,
    signals: Vec<Signal>,
    /// Labels of what this connection brought about and has not been given yet.
    labels: Vec<Labelled>,
    /// The catch-up task, while it waits for the peer.
    catcher: Option<Waker>,
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
                    Own::News => is_said(event) || is_renaming(event),
                    Own::AllButNames => is_renaming(event),
                    Own::Everything => false,
                }
        }
    }
}

/// Whether it is something said, be it in signs that only some doors show.
const fn is_said(event: &Event) -> bool {
    event.entry.is_message() || matches!(event.entry.kind, Kind::Relayed(_))
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
    /// Who is shown it.
    pub(crate) member: MemberId,
    pub(crate) wire: &'static dyn Wire,
}

impl Feed {
    fn backlog(&mut self) -> &mut Backlog {
        self.backlog.get_or_insert_default()
    }

    /// Lets go of the backlog where there is nothing in it.
    fn tidy(&mut self) {
        let is_empty = |backlog: &Backlog| {
            backlog.unsent.is_empty()
                && backlog.history.is_empty()
                && backlog.stood.is_empty()
                && backlog.signals.is_empty()
                && backlog.labels.is_empty()
                && backlog.catcher.is_none()
        };
        if self.backlog.as_deref().is_some_and(is_empty) {
            self.backlog = None;
        }
    }

    /// Wakes the one who runs the connection, or has it not wait the next time.
    pub(super) fn stir(&mut self) {
        self.is_stirred = true;
        if let Some(runner) = self.runner.take() {
            runner.wake();
        }
    }

    /// Is ready when it was stirred since it was ready last.
    pub(super) fn poll_stirred(&mut self, context: &Context<'_>) -> Poll<()> {
        if std::mem::take(&mut self.is_stirred) {
            return Poll::Ready(());
        }
        match &mut self.runner {
            Some(runner) => runner.clone_from(context.waker()),
            None => self.runner = Some(context.waker().clone()),
        }
        Poll::Pending
    }

    /// Has the catch-up task woken when the outlet goes out of use; ready where it has.
    pub(super) fn poll_closed(&mut self, context: &Context<'_>) -> Poll<()> {
        if self.is_closed {
            return Poll::Ready(());
        }
        self.backlog().catcher = Some(context.waker().clone());
        Poll::Pending
    }

    /// The catch-up task waits no more.
    pub(super) fn forget_catcher(&mut self) {
        if let Some(backlog) = &mut self.backlog {
            backlog.catcher = None;
        }
        self.tidy();
    }

    /// The place that a session has.
    pub(super) fn cursor_of(&mut self, session: Serial) -> Option<&mut Cursor> {
        self.cursors.iter_mut().find(|cursor| cursor.session == session)
    }

    /// The next event a session is to be shown, earlier ones included, or was when the feed was
    /// closed.
    pub(super) fn place_of(&self, session: Serial) -> Option<Seq> {
        let stood = self.backlog.as_ref().map(|backlog| &backlog.stood);
        let stood = stood.and_then(|stood| stood.iter().find(|(of, ..)| *of == session));
        let cursor = || self.cursors.iter().find(|cursor| cursor.session == session);
        let stood = stood.map(|(.., next)| *next);
        stood.or_else(|| cursor().map(|cursor| self.next_for(cursor)))
    }

    fn next_for(&self, cursor: &Cursor) -> Seq {
        let mut history = self.backlog.iter().flat_map(|backlog| &backlog.history);
        let run = history.find(|run| run.session == cursor.session);
        run.map_or(cursor.next, |run| run.next.min(cursor.next))
    }

    /// The direct conversations of which it has not been given everything, or had not when it was
    /// closed, and the next event of each that it is to be given.
    pub(super) fn places_in_directs(&self) -> Vec<(GroupId, Seq)> {
        let backlog = self.backlog.as_ref();
        let stood = backlog.into_iter().flat_map(|backlog| &backlog.stood);
        let stood = stood.map(|(_, group, next)| (*group, *next));
        let at = self.cursors.iter().map(|cursor| (cursor.group.id, cursor.next));
        stood.chain(at).filter(|(group, _)| group.is_direct()).collect()
    }

    /// Takes the place of a session away, and all that waits for it but what has begun to go out.
    pub(super) fn detach(&mut self, session: Serial) {
        self.cursors.retain(|cursor| cursor.session != session);
        if let Some(backlog) = &mut self.backlog {
            backlog.labels.retain(|labelled| labelled.session != session);
            backlog.history.retain(|run| run.session != session);
        }
        self.tidy();
    }

    /// Lets go of everything but the places: nothing is written any more.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
        let places = self
            .cursors
            .iter()
            .map(|cursor| (cursor.session, cursor.group.id, self.next_for(cursor)));
        let places: Vec<_> = places.collect();
        self.cursors = SmallVec::new();
        let backlog = self.backlog();
        let Backlog { signals, catcher, mut stood, .. } = std::mem::take(backlog);
        stood.extend(places);
        backlog.signals = signals;
        backlog.stood = stood;
        if let Some(catcher) = catcher {
            catcher.wake();
        }
        self.tidy();
    }

    /// Notes where something has landed that this connection put a label on.
    pub(super) fn note_label(&mut self, labelled: Labelled) {
        if !self.is_closed {
            self.backlog().labels.push(labelled);
        }
    }

    /// The labels of a session from a place on, each with its place.
    pub(super) fn labels_from(&self, session: Serial, from: Seq) -> Vec<(Seq, Mark)> {
        let labels = self.backlog.iter().flat_map(|backlog| &backlog.labels);
        let of_session = labels.filter(|labelled| labelled.session == session);
        let from_there = of_session.filter(|labelled| labelled.seq >= from);
        from_there.map(|labelled| (labelled.seq, labelled.mark.clone())).collect()
    }

    /// Notes that a session was given everything below a place.
    pub(super) fn move_on(&mut self, session: Serial, done: u64) {
        let Some(cursor) = self.cursor_of(session) else { return };
        cursor.next = cursor.next.plus(done);
        let next = cursor.next;
        if let Some(backlog) = self.backlog.as_mut().filter(|backlog| !backlog.labels.is_empty()) {
            backlog.labels.retain(|labelled| labelled.session != session || labelled.seq >= next);
            self.tidy();
        }
    }

    /// Has a stretch of earlier messages shown, after those that are being shown.
    pub(super) fn push_history(&mut self, run: Run) {
        self.backlog().history.push_back(run);
    }

    pub(super) fn has_history(&self) -> bool {
        self.backlog.as_ref().is_some_and(|backlog| !backlog.history.is_empty())
    }

    /// The stretch of earlier messages that is being shown.
    pub(super) fn shown_run(&mut self) -> Option<&mut Run> {
        self.backlog.as_mut()?.history.front_mut()
    }

    /// Lets go of stretches that have been shown.
    pub(super) fn drop_shown_runs(&mut self) {
        if let Some(backlog) = &mut self.backlog {
            while backlog.history.pop_front_if(|run| run.next >= run.end).is_some() {}
        }
        self.tidy();
    }

    pub(super) fn unsent_bytes(&self) -> usize {
        self.backlog.as_ref().map_or(0, |backlog| backlog.unsent_bytes)
    }

    pub(super) fn has_unsent(&self) -> bool {
        self.backlog.as_ref().is_some_and(|backlog| !backlog.unsent.is_empty())
    }

    pub(super) fn push_unsent(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            let backlog = self.backlog();
            backlog.unsent_bytes += bytes.len();
            backlog.unsent.push_back(bytes);
        }
    }

    pub(super) fn unsent_slices(&self) -> SmallVec<[IoSlice<'_>; 4]> {
        let unsent = self.backlog.iter().flat_map(|backlog| &backlog.unsent);
        unsent.take(SLICES_MAX).map(|bytes| IoSlice::new(bytes)).collect()
    }

    pub(super) fn drop_unsent(&mut self, mut count: usize) {
        let Some(backlog) = &mut self.backlog else { return };
        backlog.unsent_bytes = backlog.unsent_bytes.saturating_sub(count);
        while let Some(first) = backlog.unsent.front_mut() {
            if count < first.len() {
                first.advance(count);
                return;
            }
            count -= first.len();
            backlog.unsent.pop_front();
        }
        // Nothing waits, so nothing is held.
        backlog.unsent = VecDeque::new();
        self.tidy();
    }

    /// Takes the signals that have gathered.
    pub(super) fn take_signals(&mut self) -> Vec<Signal> {
        let Some(backlog) = &mut self.backlog else { return Vec::new() };
        let signals = std::mem::take(&mut backlog.signals);
        if !signals.is_empty() {
            self.tidy();
        }
        signals
    }

    /// Notes a signal; the same thing twice is told once, and how far has been read at its latest.
    pub(super) fn note(&mut self, signal: Signal) {
        let signals = &mut self.backlog().signals;
        if let Signal::Read { group: of, at: now } = signal {
            let noted = signals.iter_mut().find_map(|noted| match noted {
                Signal::Read { group, at } if *group == of => Some(at),
                _ => None,
            });
            if let Some(at) = noted {
                *at = now.max(*at);
                return;
            }
        }
        if !signals.contains(&signal) {
            signals.push(signal);
        }
    }

    /// Whether somebody must start a catch-up task; who is told so starts it.
    pub(super) fn needs_catch_up(&mut self) -> bool {
        let needs = !self.is_closed && !self.is_lagging;
        self.is_lagging |= needs;
        needs
    }
}
