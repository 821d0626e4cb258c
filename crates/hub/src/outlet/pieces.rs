//! Pieces: which bytes of a run of encoded events are to be written, and what it means that the
//! first so many of them were.
//!
//! Arithmetic only: does not know sockets, cursors or who is written to.

use bytes::Bytes;
use smallvec::SmallVec;

use crate::tail::Encoded;

/// What is to be written of encoded events from one of them on, without those that are left out.
#[derive(Debug)]
pub(super) struct Pieces<'encoded> {
    encoded: &'encoded Encoded,
    /// The event it began with.
    begun_at: usize,
    /// Stretches of bytes, each of whole events that stand together.
    stretches: SmallVec<[Stretch; 4]>,
    /// Stretches that have gone out.
    gone: usize,
}

#[derive(Clone, Copy, Debug)]
struct Stretch {
    from: usize,
    to: usize,
}

impl<'encoded> Pieces<'encoded> {
    /// Everything from the event of index `skipped` on.
    pub(super) fn all(encoded: &'encoded Encoded, skipped: usize) -> Self {
        let from = match skipped.checked_sub(1) {
            None => 0,
            Some(before) => end_of(encoded, before),
        };
        let to = encoded.bytes.len();
        let stretches = (from < to).then_some(Stretch { from, to }).into_iter().collect();
        Self { encoded, begun_at: skipped, stretches, gone: 0 }
    }

    /// The same without what is left out.
    pub(super) fn new(
        encoded: &'encoded Encoded,
        skipped: usize,
        is_left_out: impl Fn(usize) -> bool,
    ) -> Self {
        let mut start = match skipped.checked_sub(1) {
            None => 0,
            Some(before) => end_of(encoded, before),
        };
        let mut stretches: SmallVec<[Stretch; 4]> = SmallVec::new();
        for (index, end) in encoded.ends.iter().enumerate().skip(skipped) {
            let end = *end as usize;
            if end > start && !is_left_out(index) {
                match stretches.last_mut() {
                    Some(stretch) if stretch.to == start => stretch.to = end,
                    _ => stretches.push(Stretch { from: start, to: end }),
                }
            }
            start = end;
        }
        Self { encoded, begun_at: skipped, stretches, gone: 0 }
    }

    /// The next stretches to write, at most `count`.
    pub(super) fn next(&self, count: usize) -> impl Iterator<Item = &'encoded [u8]> {
        let bytes = &self.encoded.bytes;
        let waiting = self.stretches.iter().skip(self.gone).take(count);
        waiting.filter_map(|stretch| bytes.get(stretch.from..stretch.to))
    }

    /// Notes that so many bytes of the next stretches were taken. Where an event was taken in
    /// part, what is left of it, which is to go out before anything else; the event is done with.
    pub(super) fn take(&mut self, mut count: usize) -> Option<Bytes> {
        while let Some(stretch) = self.stretches.get_mut(self.gone) {
            let length = stretch.to - stretch.from;
            if count >= length {
                count -= length;
                self.gone += 1;
                continue;
            }
            let at = stretch.from + count;
            // The event that holds the last byte that was taken.
            let index = self.encoded.ends.partition_point(|end| (*end as usize) < at);
            // Nothing taken of this stretch: it begins with a whole event.
            let end = if count == 0 { at } else { end_of(self.encoded, index) };
            stretch.from = end;
            let left = self.encoded.bytes.get(at..end).unwrap_or_default();
            // A copy, so that a slow reader does not keep a whole chunk in memory.
            return (!left.is_empty()).then(|| Bytes::copy_from_slice(left));
        }
        None
    }

    /// How many events are done with: written, or left out before one that is still to be.
    pub(super) fn done(&self) -> usize {
        let all = self.encoded.ends.len();
        let next = self.stretches.get(self.gone).map_or(all, |stretch| {
            // The event whose first byte is the next to be written.
            self.encoded.ends.partition_point(|end| (*end as usize) <= stretch.from)
        });
        next - self.begun_at
    }
}

/// Where the bytes of an event end.
fn end_of(encoded: &Encoded, index: usize) -> usize {
    encoded.ends.get(index).map_or(encoded.bytes.len(), |end| *end as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded_of(lengths: &[usize]) -> Encoded {
        let mut bytes = Vec::new();
        let mut ends = Vec::new();
        for (index, length) in lengths.iter().enumerate() {
            // Each event's bytes tell which event they are of.
            bytes.extend(std::iter::repeat_n(u8::try_from(index).unwrap(), *length));
            ends.push(u32::try_from(bytes.len()).unwrap());
        }
        Encoded { bytes, ends: ends.into() }
    }

    /// Writes through a peer that takes the given numbers of bytes, one after the other, each
    /// time from where the last one led to.
    fn write(lengths: &[usize], left_out: u32, takes: &[usize], slices: usize) -> Vec<u8> {
        let encoded = encoded_of(lengths);
        let is_left_out = |index: usize| left_out & (1 << index) != 0;
        let (mut out, mut skipped, mut takes) = (Vec::new(), 0, takes.iter().copied().cycle());
        while skipped < lengths.len() {
            let mut pieces = Pieces::new(&encoded, skipped, is_left_out);
            loop {
                let waiting: Vec<u8> = pieces.next(slices).flatten().copied().collect();
                if waiting.is_empty() {
                    break;
                }
                let taken = takes.next().unwrap().clamp(1, waiting.len());
                out.extend_from_slice(&waiting[..taken]);
                let rest = pieces.take(taken);
                out.extend_from_slice(&rest.unwrap_or_default());
                if taken < waiting.len() {
                    break;
                }
            }
            skipped += pieces.done();
        }
        assert_eq!(skipped, lengths.len());
        out
    }

    fn expected(lengths: &[usize], left_out: u32) -> Vec<u8> {
        let shown = lengths.iter().enumerate().filter(|(index, _)| left_out & (1 << index) == 0);
        shown
            .flat_map(|(index, length)| std::iter::repeat_n(u8::try_from(index).unwrap(), *length))
            .collect()
    }

    #[test]
    fn a_write_that_ends_at_any_byte_loses_and_doubles_nothing() {
        let lengths = [3, 0, 2, 4, 0, 0, 1, 5];
        let total: usize = lengths.iter().sum();
        for left_out in 0..1 << lengths.len() {
            for taken in 1..=total {
                for slices in [1, 32] {
                    let written = write(&lengths, left_out, &[taken, usize::MAX], slices);
                    assert_eq!(
                        written,
                        expected(&lengths, left_out),
                        "{left_out:b} left out, {taken} taken, {slices} slices"
                    );
                }
            }
        }
    }

    #[test]
    fn where_nothing_is_left_out_all_is_one_stretch() {
        for lengths in [&[3, 0, 2, 4, 0][..], &[0, 0], &[5]] {
            let encoded = encoded_of(lengths);
            for skipped in 0..=lengths.len() {
                let one_by_one = Pieces::new(&encoded, skipped, |_| false);
                let all = Pieces::all(&encoded, skipped);
                assert_eq!(
                    all.next(32).collect::<Vec<_>>(),
                    one_by_one.next(32).collect::<Vec<_>>()
                );
                assert_eq!(all.done(), one_by_one.done(), "{lengths:?} from {skipped}");
            }
        }
    }

    #[test]
    fn of_an_event_in_the_middle_the_rest_is_kept_and_what_follows_is_not() {
        let encoded = encoded_of(&[3, 3, 3]);
        for (taken, rest, done) in [(1, 2, 1), (2, 1, 1), (3, 0, 1), (4, 2, 2), (6, 0, 2)] {
            let mut pieces = Pieces::new(&encoded, 0, |_| false);
            let left = pieces.take(taken).unwrap_or_default();
            assert_eq!((left.len(), pieces.done()), (rest, done), "{taken} taken");
        }
    }

    proptest! {
        #[test]
        fn any_writes_of_any_events_come_to_the_same(
            lengths in prop::collection::vec(0_usize..6, 1..24),
            left_out in any::<u32>(),
            takes in prop::collection::vec(1_usize..20, 1..8),
            slices in 1_usize..4,
        ) {
            prop_assert_eq!(
                write(&lengths, left_out, &takes, slices),
                expected(&lengths, left_out)
            );
        }
    }
}
