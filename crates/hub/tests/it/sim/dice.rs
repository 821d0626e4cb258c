//! Dice: chance from a seed (`SplitMix64`), the same on every machine.

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice of their own, so that what one does with them changes nothing for another.
    pub(super) fn fork(&mut self) -> Self {
        Self(self.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `from` up to below `to`.
    pub(super) fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.next() % (to - from)
    }

    /// Whether something happens that does so in so many of a hundred cases.
    pub(super) fn percent(&mut self, share: u64) -> bool {
        self.between(0, 100) < share
    }

    pub(super) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.between(0, length as u64)).unwrap()
    }
}
