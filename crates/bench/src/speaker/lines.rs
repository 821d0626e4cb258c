//! Lines: a stream of bytes cut at line feeds.
//!
//! Does not know what a line means. Holds no buffer while no line is incomplete.

use crate::limits;

/// What of a stream is no whole line yet.
#[derive(Debug, Default)]
pub(super) struct Lines {
    partial: Vec<u8>,
}

impl Lines {
    /// Takes what one read gave, and gives each line that is whole, without its end.
    pub(super) fn each(&mut self, bytes: &[u8], give: &mut dyn FnMut(&[u8])) {
        let mut rest = bytes;
        if !self.partial.is_empty() {
            let Some((end, after)) = split(rest) else { return self.keep(rest) };
            let mut line = std::mem::take(&mut self.partial);
            line.extend_from_slice(end);
            give(without_return(&line));
            rest = after;
        }
        while let Some((line, after)) = split(rest) {
            give(without_return(line));
            rest = after;
        }
        self.keep(rest);
    }

    fn keep(&mut self, bytes: &[u8]) {
        // What is so long is no line of a load: its end will be heard as strange.
        if self.partial.len() + bytes.len() <= limits::LINE_BYTES_MAX {
            self.partial.extend_from_slice(bytes);
        }
    }
}

fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(b'\n', bytes)?;
    let (line, rest) = bytes.split_at_checked(at)?;
    Some((line, rest.get(1..).unwrap_or_default()))
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}
