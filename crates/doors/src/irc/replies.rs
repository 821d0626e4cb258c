//! Replies: what one command is answered with, gathered until it is done.
//!
//! Knows labels and batches (`IRCv3` labeled-response): one line bears the label itself, several are
//! put into a batch that bears it, none is an `ACK`. Does not know commands.

use std::sync::Arc;

use bytes::Bytes;
use conclave_core::Timestamp;

use super::caps::{Cap, Caps};
use super::numeric::Numeric;
use super::written::{Framing, Written};

/// The answer to one command, in the making.
#[derive(Debug)]
pub struct Replies {
    server: Arc<str>,
    /// Who is answered: its nick, or `*` while it has none.
    pub target: String,
    lines: Vec<Written>,
    label: Option<String>,
    /// The label goes with something that is told by another way.
    is_label_taken: bool,
    /// Number of the command: what batches of its answer are called.
    batch_ref: u64,
    inner_count: u32,
}

impl Replies {
    /// Begins the answer to a command that bore that label.
    pub fn new(server: &Arc<str>, target: &str, label: Option<&str>, batch_ref: u64) -> Self {
        Self {
            server: Arc::clone(server),
            target: target.to_owned(),
            lines: Vec::new(),
            label: label.map(str::to_owned),
            is_label_taken: false,
            batch_ref,
            inner_count: 0,
        }
    }

    /// A name for a batch within the answer.
    pub fn next_batch(&mut self) -> String {
        self.inner_count += 1;
        format!("{:x}.{}", self.batch_ref, self.inner_count)
    }

    /// Puts all that was said into a batch that was begun by another way, and ends it.
    pub fn end_batch(&mut self, name: &str) {
        let lines = std::mem::take(&mut self.lines);
        // What is in a batch of its own is by that in this one.
        let tagged = |line: Written| if line.is_batched() { line } else { line.tag("batch", name) };
        self.lines.extend(lines.into_iter().map(tagged));
        let end = self.from_server("BATCH").param(&format!("-{name}"));
        self.lines.push(end);
    }

    /// Has the answer bear the label of an earlier command, which it answers.
    pub fn bear_label(&mut self, label: Option<String>) {
        if label.is_some() {
            self.label = label;
        }
    }

    /// Takes the label for something that is told by another way; none where there is none left.
    pub fn take_label(&mut self) -> Option<String> {
        let label = self.label.take();
        self.is_label_taken |= label.is_some();
        label
    }

    /// The same, where the client knows labels.
    pub fn take_label_if(&mut self, caps: Caps) -> Option<String> {
        if caps.has(Cap::LabeledResponse) { self.take_label() } else { None }
    }

    /// The name of the server.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Whether nothing was said yet.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether there is anything to answer, which may be that all was done.
    pub fn has_answer(&self) -> bool {
        !self.lines.is_empty() || self.label.is_some()
    }

    /// Says a line.
    pub fn line(&mut self, line: Written) {
        self.lines.push(line);
    }

    /// Says several lines.
    pub fn lines(&mut self, lines: impl IntoIterator<Item = Written>) {
        self.lines.extend(lines);
    }

    /// A line of the server's own.
    pub fn from_server(&self, command: &str) -> Written {
        Written::new(&self.server, command)
    }

    /// Begins a numeric: the one who is answered, then these words.
    pub fn begin(&self, numeric: Numeric, params: &[&str]) -> Written {
        let begun = Written::new(&self.server, numeric.code).param(&self.target);
        params.iter().fold(begun, |written, param| written.param(param))
    }

    /// Says a numeric with the words of the table.
    pub fn numeric(&mut self, numeric: Numeric, params: &[&str]) {
        self.numeric_with(numeric, params, numeric.words);
    }

    /// Says a numeric whose last parameter is its own.
    pub fn numeric_with(&mut self, numeric: Numeric, params: &[&str], last: &str) {
        let line = self.begin(numeric, params).last(last);
        self.lines.push(line);
    }

    /// Says a numeric that has single words only.
    pub fn numeric_bare(&mut self, numeric: Numeric, params: &[&str]) {
        let line = self.begin(numeric, params);
        self.lines.push(line);
    }

    /// Says that a command failed (`IRCv3` standard replies).
    pub fn fail(&mut self, command: &str, code: &str, context: &[&str], words: &str) {
        let begun = Written::new(&self.server, "FAIL").param(command).param(code);
        let begun = context.iter().fold(begun, |written, word| written.param(word));
        self.lines.push(begun.last(words));
    }

    /// A notice of the server to the one who is answered.
    pub fn notice(&mut self, words: &str) {
        let line = Written::new(&self.server, "NOTICE").param(&self.target).last(words);
        self.lines.push(line);
    }

    /// The answer as it goes out; nothing where there is none.
    pub fn finish(self, caps: Caps, now: Timestamp, framing: Framing) -> Bytes {
        let Self { server, lines, label, is_label_taken, batch_ref, .. } = self;
        let label = label.filter(|_| caps.has(Cap::LabeledResponse));
        let mut out = Vec::with_capacity(lines.iter().map(Written::bytes_about).sum());
        let timed = |line: Written| {
            if caps.has(Cap::ServerTime) { line.timed(now) } else { line }
        };
        let Some(label) = label.filter(|_| !is_label_taken) else {
            for line in lines {
                timed(line).render(framing, &mut out);
            }
            return out.into();
        };
        match (lines.len(), caps.has(Cap::Batch)) {
            (0, _) => {
                let ack = Written::new(&server, "ACK").tag("label", &label);
                timed(ack).render(framing, &mut out);
            }
            (1, _) | (_, false) => {
                let mut label = Some(label);
                for line in lines {
                    let line = match label.take() {
                        Some(label) => line.tag("label", &label),
                        None => line,
                    };
                    timed(line).render(framing, &mut out);
                }
            }
            _ => {
                let name = format!("{batch_ref:x}");
                let begin = Written::new(&server, "BATCH").tag("label", &label);
                let begin = begin.param(&format!("+{name}")).param("labeled-response");
                timed(begin).render(framing, &mut out);
                for line in lines {
                    // What is in a batch of its own is by that in this one.
                    let line = if line.is_batched() { line } else { line.tag("batch", &name) };
                    timed(line).render(framing, &mut out);
                }
                let end = Written::new(&server, "BATCH").param(&format!("-{name}"));
                timed(end).render(framing, &mut out);
            }
        }
        out.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::irc::numeric::{ERR_NOSUCHNICK, RPL_ENDOFNAMES};

    fn check(caps: &str, label: Option<&str>, count: usize, expected: &[&str]) {
        let caps = Caps::default().requested(caps).unwrap();
        let mut replies = Replies::new(&"s".into(), "noya", label, 10);
        for _ in 0..count {
            replies.numeric(RPL_ENDOFNAMES, &["#tea"]);
        }
        let bytes = replies.finish(caps, Timestamp::default(), Framing::Lines);
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn one_answer_bears_the_label_several_come_in_a_batch_and_none_is_an_acknowledgement() {
        let line = ":s 366 noya #tea :End of /NAMES list";
        check("", Some("x"), 1, &[line]);
        check("labeled-response batch", None, 1, &[line]);
        check("labeled-response batch", Some("x"), 1, &[&format!("@label=x {line}")]);
        check("labeled-response batch", Some("x"), 0, &["@label=x :s ACK"]);
        check(
            "labeled-response batch",
            Some("x"),
            2,
            &[
                "@label=x :s BATCH +a labeled-response",
                &format!("@batch=a {line}"),
                &format!("@batch=a {line}"),
                ":s BATCH -a",
            ],
        );
        check("server-time", None, 1, &[&format!("@time=1970-01-01T00:00:00.000Z {line}")]);
    }

    #[test]
    fn a_name_cannot_become_two_words() {
        let mut replies = Replies::new(&"s".into(), "*", None, 0);
        replies.numeric(ERR_NOSUCHNICK, &["a b\r\nQUIT"]);
        let bytes = replies.finish(Caps::default(), Timestamp::default(), Framing::Lines);
        assert_eq!(&*bytes, b":s 401 * a_bQUIT :No such nick/channel\r\n");
    }
}
