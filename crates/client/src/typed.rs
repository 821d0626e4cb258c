//! Typed: takes lines from the input and keeps each until it is sent.
//!
//! Does not know where they go. Invariant: a line that was given and not called sent is given
//! again, so that what was not sent is known when the connection ends.

use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::limits;

/// The input, and what was read of it and not sent.
pub(crate) struct Typed<R> {
    input: R,
    read: Vec<u8>,
    /// How much of what was read was sent.
    sent_len: usize,
    has_ended: bool,
}

impl<R: AsyncRead + Unpin> Typed<R> {
    pub(crate) const fn new(input: R) -> Self {
        Self { input, read: Vec::new(), sent_len: 0, has_ended: false }
    }

    /// The next line with its end, or `None` when there are no more. A line too long to be held
    /// is given in pieces; the last one gets an end where it has none. An input that cannot be
    /// read has ended.
    ///
    /// # Cancel safety
    /// Safe: what was read is kept.
    pub(crate) async fn line(&mut self) -> Option<&[u8]> {
        while self.line_len().is_none() && !self.has_ended {
            let mut bytes = [0; limits::READ_BYTES];
            let read_len = self.input.read(&mut bytes).await.unwrap_or(0);
            self.read.drain(..self.sent_len);
            self.sent_len = 0;
            self.read.extend(bytes.iter().take(read_len));
            if read_len == 0 {
                self.has_ended = true;
                if self.has_unsent() {
                    self.read.push(b'\n');
                }
            }
        }
        let line_len = self.line_len()?;
        self.unsent().get(..line_len)
    }

    /// The line that was given last was sent.
    pub(crate) fn sent(&mut self) {
        self.sent_len += self.line_len().unwrap_or(0);
    }

    /// Whether something was typed and not sent.
    pub(crate) fn has_unsent(&self) -> bool {
        !self.unsent().is_empty()
    }

    /// Whether something was typed and not sent that is more than line ends.
    pub(crate) fn has_text_unsent(&self) -> bool {
        !self.unsent().trim_ascii().is_empty()
    }

    fn unsent(&self) -> &[u8] {
        self.read.get(self.sent_len..).unwrap_or_default()
    }

    fn line_len(&self) -> Option<usize> {
        let unsent = self.unsent();
        let end = unsent.iter().position(|byte| *byte == b'\n');
        let is_too_long = unsent.len() >= limits::LINE_BYTES_MAX;
        end.map(|end| end + 1).or_else(|| is_too_long.then_some(unsent.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(input: &[u8], expected: &[&[u8]]) {
        let mut typed = Typed::new(input);
        let mut lines = Vec::new();
        while let Some(line) = typed.line().await {
            lines.push(line.to_vec());
            typed.sent();
        }
        assert_eq!(lines, expected);
        assert!(!typed.has_unsent());
    }

    #[tokio::test]
    async fn each_line_comes_with_its_end_and_the_last_gets_one() {
        check(b"", &[]).await;
        check(b"a\n\nb\r\n", &[b"a\n", b"\n", b"b\r\n"]).await;
        check(b"a\nb", &[b"a\n", b"b\n"]).await;
    }

    #[tokio::test]
    async fn a_line_without_end_is_not_gathered_for_ever() {
        let input = vec![b'x'; limits::LINE_BYTES_MAX + 3];
        check(&input, &[&input[..limits::LINE_BYTES_MAX], b"xxx\n"]).await;
    }

    #[tokio::test]
    async fn a_line_that_was_not_sent_is_given_again() {
        let mut typed = Typed::new(&b"a\nb\n"[..]);
        assert_eq!(typed.line().await, Some(&b"a\n"[..]));
        assert_eq!(typed.line().await, Some(&b"a\n"[..]));
        typed.sent();
        assert!(typed.has_unsent());
        assert_eq!(typed.line().await, Some(&b"b\n"[..]));
    }
}
