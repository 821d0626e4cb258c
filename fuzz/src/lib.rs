//! Tape: the bytes of the engine, read from front to back as whatever a target needs.
//!
//! Does not know any target. An empty tape gives zeros, so that every input means something, and
//! the front of a tape means the same whatever follows: the engine learns by changing its end.

/// What is left of an input.
#[derive(Clone, Copy, Debug)]
pub struct Tape<'input> {
    rest: &'input [u8],
}

impl<'input> Tape<'input> {
    /// An input, from its front.
    pub fn new(input: &'input [u8]) -> Self {
        Self { rest: input }
    }

    /// Whether all has been read.
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        *byte
    }

    /// The next byte, as a choice of `count`.
    pub fn choice(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count.max(1)
    }

    /// As many bytes as the next byte says, so far as there are as many.
    pub fn bytes(&mut self) -> &'input [u8] {
        let count = usize::from(self.byte()).min(self.rest.len());
        let (bytes, rest) = self.rest.split_at(count);
        self.rest = rest;
        bytes
    }

    /// The same, as text.
    pub fn text(&mut self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// All that is left.
    pub fn rest(self) -> &'input [u8] {
        self.rest
    }
}
