//! An outlet against peers that take little or nothing.

use conclave_core::{Entry, Event, GroupName, Kind, MemberId, Name, Refusal, Text, Timestamp};

use super::*;
use crate::live_group::{LiveGroup, Reader};
use crate::sweep::tidy_group;

/// A peer that takes so many bytes, and then none.
#[derive(Debug)]
struct Stuck(Mutex<usize>);

impl Sink for Stuck {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut room = self.0.lock().unwrap();
        let taken = slices.iter().map(|slice| slice.len()).sum::<usize>().min(*room);
        *room -= taken;
        if taken == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(taken) }
    }

    fn poll_writable(&self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn shut(&self) {}
}

#[derive(Debug)]
struct Texts;

impl Wire for Texts {
    fn place(&self) -> usize {
        0
    }

    fn encode(&self, _group: &GroupName, event: &Event, out: &mut Vec<u8>) {
        if let Kind::Said { text, .. } = &event.entry.kind {
            out.extend_from_slice(text.as_str().as_bytes());
        }
    }
}

fn chunk(first: u64) -> Arc<Chunk> {
    let text = Text::from_log("x".repeat(limits::TEXT_BYTES_MAX));
    let kind = Kind::Said { text, client_id: None };
    let entry = Entry::by(MemberId(1), Name::from_log("Noya"), kind);
    let event = |seq| Event { seq: Seq(seq), at: Timestamp::default(), entry: entry.clone() };
    Arc::new(Chunk::new((first..first + 10).map(event).collect()))
}

/// An outlet that reads that group from its beginning, and whose peer takes so many bytes.
fn outlet_in(group: &Arc<LiveGroup>, session: u64, room: usize) -> Arc<Outlet> {
    let outlet = Outlet::new(Arc::new(Stuck(Mutex::new(room))));
    outlet.attach(Cursor {
        session: Serial(session),
        group: Arc::clone(group),
        next: Seq(1),
        member: MemberId(2),
        wire: &Texts,
        own: Own::LeftOut,
        is_held: false,
    });
    outlet
}

#[test]
fn what_everyone_has_is_let_go_of_and_what_one_is_behind_stays() {
    let group = Arc::new(LiveGroup::empty());
    let outlets = [outlet_in(&group, 0, usize::MAX), outlet_in(&group, 1, 5)];
    let reader = |(session, outlet): (u64, &Arc<Outlet>)| {
        let (session, outlet) = (Serial(session), Arc::clone(outlet));
        Reader { session, member: MemberId(2), outlet }
    };
    group.add_readers((0..).zip(&outlets).map(reader).collect());
    let chunk = chunk(1);
    group.tail().push(tokio::time::Instant::now(), Arc::clone(&chunk));
    let given = (0..).zip(&outlets).map(|(session, outlet)| outlet.give(Serial(session), &chunk));
    assert_eq!(given.collect::<Vec<_>>(), [false, true]);
    let held = Arc::downgrade(&chunk);
    drop(chunk);
    tidy_group(&group);
    assert_eq!(held.strong_count(), 1, "one is behind");
    outlets[1].detach(Serial(1));
    tidy_group(&group);
    assert_eq!(held.strong_count(), 0);
}

#[test]
fn a_thousand_stuck_readers_hold_a_number_each_and_the_rest_of_one_event() {
    let group = Arc::new(LiveGroup::empty());
    let outlets: Vec<_> = (0..1_000).map(|n| outlet_in(&group, n as u64, n)).collect();
    let mut chunks = Vec::new();
    for first in (1..200).step_by(10) {
        let chunk = chunk(first);
        group.tail().push(tokio::time::Instant::now(), Arc::clone(&chunk));
        for (n, outlet) in outlets.iter().enumerate() {
            if outlet.give(Serial(n as u64), &chunk) {
                assert!(matches!(outlet.turn(), Turn::Wait), "{n}");
            }
        }
        chunks.push(Arc::downgrade(&chunk));
    }
    for (n, outlet) in outlets.iter().enumerate() {
        let feed = outlet.lock();
        assert!(feed.is_lagging);
        assert!(feed.unsent_bytes() < limits::TEXT_BYTES_MAX, "{n}");
    }
    let held = chunks.iter().filter(|chunk| chunk.strong_count() > 0).count();
    assert!(held * 10 * limits::TEXT_BYTES_MAX <= limits::TAIL_BYTES_MAX * 2, "{held} chunks");
    assert_eq!(Arc::strong_count(&group), 1_001);
    group
        .tail()
        .trim(tokio::time::Instant::now() + limits::TAIL_KEPT_FOR * 2, limits::TAIL_KEPT_FOR);
    assert!(chunks.iter().all(|chunk| chunk.strong_count() == 0), "no reader holds a chunk");
}

#[test]
fn an_outlet_that_has_been_given_everything_is_small() {
    // With its one place in it; vectors for what is seldom there made it 232 and 56 more.
    assert!(size_of::<Outlet>() <= 128, "{}", size_of::<Outlet>());
}

#[test]
fn nothing_is_held_for_what_was_taken_or_told() {
    let outlet = Outlet::new(Arc::new(Stuck(Mutex::new(3))));
    assert!(!outlet.put(Bytes::from_static(b"abc")));
    outlet.signal(Signal::SignedOut);
    outlet.take_signals();
    assert_eq!(format!("{:?}", outlet.lock()).matches("backlog: None").count(), 1);
    assert!(outlet.put(Bytes::from_static(b"abc")), "its peer takes no more");
    assert!(!outlet.is_drained());
    outlet.close();
    assert!(outlet.is_drained());
}

#[test]
fn the_same_signal_is_told_once() {
    let outlet = Outlet::new(Arc::new(Stuck(Mutex::new(0))));
    let (group, session) = (GroupId::new(8888).unwrap(), Serial(1));
    let signals = [
        Signal::NotTaken { group, refusal: Refusal::NotSaved },
        Signal::GroupEnded { group, session, why: Ended::Closed },
    ];
    for _ in 0..1_000 {
        for signal in &signals {
            outlet.signal(signal.clone());
        }
    }
    assert_eq!(outlet.take_signals(), signals);
    assert_eq!(outlet.take_signals(), []);
}

#[test]
fn a_sink_that_takes_nothing_and_says_it_wrote_is_gone() {
    #[derive(Debug)]
    struct Liar;
    impl Sink for Liar {
        fn try_write(&self, _slices: &[IoSlice<'_>]) -> io::Result<usize> {
            Ok(0)
        }
        fn poll_writable(&self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
        fn shut(&self) {}
    }
    let outlet = Outlet::new(Arc::new(Liar));
    assert!(!outlet.put(Bytes::from_static(b"x")));
    assert!(outlet.is_closed());
    assert_eq!(outlet.take_signals(), [Signal::Closed]);
}
