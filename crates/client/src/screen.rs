//! Screen: shows what the server sent, and lets nothing of it drive the terminal.
//!
//! Does not know what the lines mean. Invariant: what is written is UTF-8 text whose only control
//! characters are newline and tab; a letter that arrives in pieces is shown whole.

use std::io;

use tokio::io::{AsyncWrite, AsyncWriteExt as _};

/// Bytes of the newest line that are remembered: enough to know a farewell by.
const LINE_REMEMBERED_BYTES: usize = 128;

/// Where a person reads, and what was shown there last.
pub(crate) struct Screen<W> {
    output: W,
    /// The beginning of a letter whose rest has not arrived.
    held: Vec<u8>,
    /// The line that is being shown, up to what is remembered.
    line: String,
    /// The last whole line that was not empty.
    last_line: String,
    is_at_line_start: bool,
}

impl<W: AsyncWrite + Unpin> Screen<W> {
    pub(crate) const fn new(output: W) -> Self {
        Self {
            output,
            held: Vec::new(),
            line: String::new(),
            last_line: String::new(),
            is_at_line_start: true,
        }
    }

    /// Shows bytes at once.
    pub(crate) async fn show(&mut self, bytes: &[u8]) -> io::Result<()> {
        let text = self.clean(bytes);
        self.write(&text).await
    }

    /// Shows what was held back and ends the line, so that what others write there begins one.
    pub(crate) async fn finish(&mut self) -> io::Result<()> {
        let mut text = String::new();
        if !std::mem::take(&mut self.held).is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
        if !(self.is_at_line_start && text.is_empty()) {
            text.push('\n');
        }
        self.write(&text).await
    }

    /// The last line that was shown and not empty.
    pub(crate) fn last_line(&self) -> &str {
        if self.line.is_empty() { &self.last_line } else { &self.line }
    }

    async fn write(&mut self, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        for c in text.chars() {
            if c == '\n' {
                if !self.line.is_empty() {
                    self.last_line = std::mem::take(&mut self.line);
                }
            } else if self.line.len() < LINE_REMEMBERED_BYTES {
                self.line.push(c);
            }
        }
        self.is_at_line_start = text.ends_with('\n');
        self.output.write_all(text.as_bytes()).await?;
        self.output.flush().await
    }

    /// The text in the bytes held and these, without control characters; what is not UTF-8 is
    /// shown as U+FFFD, since a terminal may take single bytes above 0x7f for controls.
    fn clean(&mut self, bytes: &[u8]) -> String {
        let mut all = std::mem::take(&mut self.held);
        all.extend_from_slice(bytes);
        let mut text = String::with_capacity(all.len());
        let mut chunks = all.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            let is_shown = |c: &char| matches!(c, '\n' | '\t') || !c.is_control();
            text.extend(chunk.valid().chars().filter(is_shown));
            if chunk.invalid().is_empty() {
                continue;
            }
            let is_unfinished = chunks.peek().is_none()
                && std::str::from_utf8(chunk.invalid())
                    .is_err_and(|problem| problem.error_len().is_none());
            if is_unfinished {
                self.held = chunk.invalid().to_vec();
            } else {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows pieces one after another, and gives all that was written.
    async fn shown(pieces: &[&[u8]]) -> String {
        let mut output = Vec::new();
        let mut screen = Screen::new(&mut output);
        for piece in pieces {
            screen.show(piece).await.unwrap();
        }
        screen.finish().await.unwrap();
        String::from_utf8(output).unwrap()
    }

    async fn check(pieces: &[&[u8]], expected: &str) {
        assert_eq!(shown(pieces).await, expected, "{pieces:?}");
    }

    #[tokio::test]
    async fn a_hostile_server_does_not_drive_the_terminal() {
        check(&[b"a\x1b[2J\x07b\n"], "a[2Jb\n").await;
        check(&[b"a\rb\x08\x7f\x00c\r\n"], "abc\n").await;
        check(&["a\u{9b}2Jb\u{85}\n".as_bytes()], "a2Jb\n").await;
        check(&[b"a\x9b2J\n"], "a\u{fffd}2J\n").await;
        check(&[b"a\tb\n\nc\n"], "a\tb\n\nc\n").await;
    }

    #[tokio::test]
    async fn a_letter_split_over_any_reads_stays_whole() {
        let text = "שָׁלוֹם 👋🏽 — €\n";
        for first in 0..text.len() {
            for second in first..text.len() {
                let (head, tail) = text.as_bytes().split_at(second);
                let (head, middle) = head.split_at(first);
                check(&[head, middle, tail], text).await;
            }
        }
    }

    #[tokio::test]
    async fn a_letter_that_never_ends_is_shown_as_unknown() {
        check(&[b"a\xe2\x82"], "a\u{fffd}\n").await;
        check(&[b"a\xe2\x82", b"b\n"], "a\u{fffd}b\n").await;
        check(&[b"\xf0\x9f", b"\xf0\x9f\x91\x8b\n"], "\u{fffd}👋\n").await;
    }

    #[tokio::test]
    async fn a_line_is_ended_and_the_last_one_is_known() {
        check(&[b"a"], "a\n").await;
        check(&[b"a\n"], "a\n").await;
        check(&[], "").await;
        let mut screen = Screen::new(Vec::new());
        screen.show(b"Good").await.unwrap();
        screen.show(b"bye.\r\n\n").await.unwrap();
        assert_eq!(screen.last_line(), "Goodbye.");
        screen.show(b"more").await.unwrap();
        assert_eq!(screen.last_line(), "more");
        screen.show(&[b'x'; 5000]).await.unwrap();
        assert_eq!(screen.last_line().len(), LINE_REMEMBERED_BYTES);
    }
}
