//! Multiline: a message of several lines, as a client sends it line by line (`IRCv3`
//! draft/multiline), put together.
//!
//! Does not know who is spoken to, nor whether it may be said. Bounded by what a message may be:
//! past that nothing is kept.

use conclave_core::limits;

/// Type of the batch.
pub const KIND: &str = "draft/multiline";
/// Tag of a line that goes on where the one before it ended.
pub const CONCAT: &str = "draft/multiline-concat";

/// A message in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gathering {
    name: String,
    /// To whom it is said.
    pub target: String,
    /// The label of the command that began it.
    pub label: Option<String>,
    /// The client's own tags.
    pub tags: String,
    text: String,
    cuts: Vec<u16>,
    line_count: usize,
    /// Whether no program is to answer it; as its first line is.
    is_notice: Option<bool>,
    /// Something was wrong with it, and that was told: the rest of it is passed over.
    is_broken: bool,
}

/// A line of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'line> {
    /// The target that it names.
    pub target: &'line str,
    /// Its text.
    pub text: &'line str,
    /// Whether it goes on where the one before it ended.
    pub goes_on: bool,
    /// Whether no program is to answer it.
    pub is_notice: bool,
}

/// A message that was put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gathered {
    /// The text, its lines apart.
    pub text: String,
    /// Places in it where the client cut what is one line.
    pub cuts: Vec<u16>,
    /// Whether no program is to answer it.
    pub is_notice: bool,
}

/// What is wrong with it: the code and what stands behind it in `FAIL BATCH`, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The code.
    pub code: &'static str,
    /// Words of context.
    pub context: Vec<String>,
    /// The sentence.
    pub words: &'static str,
}

impl Problem {
    /// Something is not as the specification has it.
    pub const fn invalid(words: &'static str) -> Self {
        Self { code: "MULTILINE_INVALID", context: Vec::new(), words }
    }
}

impl Gathering {
    /// Begins one.
    pub fn begin(name: &str, target: &str, label: Option<String>, tags: String) -> Self {
        Self {
            name: name.to_owned(),
            target: target.to_owned(),
            label,
            tags,
            text: String::new(),
            cuts: Vec::new(),
            line_count: 0,
            is_notice: None,
            is_broken: false,
        }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Notes that it can be none any more: what still comes of it is passed over.
    pub fn give_up(&mut self) {
        self.is_broken = true;
        (self.text, self.cuts) = (String::new(), Vec::new());
    }

    /// Takes a line.
    ///
    /// # Errors
    /// What is wrong; told once.
    pub fn add(&mut self, line: Line<'_>) -> Result<(), Problem> {
        if self.is_broken {
            return Ok(());
        }
        let added = self.try_add(line);
        if added.is_err() {
            self.give_up();
        }
        added
    }

    fn try_add(&mut self, line: Line<'_>) -> Result<(), Problem> {
        if !line.target.eq_ignore_ascii_case(&self.target) {
            return Err(Problem {
                code: "MULTILINE_INVALID_TARGET",
                context: vec![self.target.clone(), line.target.to_owned()],
                words: "All lines of a message go to one target",
            });
        }
        if *self.is_notice.get_or_insert(line.is_notice) != line.is_notice {
            return Err(Problem::invalid("A message is all PRIVMSG or all NOTICE"));
        }
        if line.goes_on && line.text.is_empty() {
            return Err(Problem::invalid("An empty line goes on with nothing"));
        }
        self.line_count += 1;
        if self.line_count > limits::TEXT_LINES_MAX {
            return Err(Problem {
                code: "MULTILINE_MAX_LINES",
                context: vec![limits::TEXT_LINES_MAX.to_string()],
                words: "The message has too many lines; send it in parts",
            });
        }
        if self.line_count > 1 {
            if line.goes_on {
                self.cuts.extend(u16::try_from(self.text.len()));
            } else {
                self.text.push('\n');
            }
        }
        self.text.push_str(line.text);
        if self.text.len() > limits::TEXT_BYTES_MAX {
            return Err(Problem {
                code: "MULTILINE_MAX_BYTES",
                context: vec![limits::TEXT_BYTES_MAX.to_string()],
                words: "The message is too long; send it in parts",
            });
        }
        Ok(())
    }

    /// The message, now that all of it is there; nothing where it was given up.
    ///
    /// # Errors
    /// What is wrong.
    pub fn finish(self) -> Result<Option<Gathered>, Problem> {
        if self.is_broken {
            return Ok(None);
        }
        if self.text.chars().all(|c| c == '\n') {
            return Err(Problem::invalid("A message has at least one line that is not empty"));
        }
        let is_notice = self.is_notice.unwrap_or_default();
        Ok(Some(Gathered { text: self.text, cuts: self.cuts, is_notice }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line<'_> {
        Line { target: "#tea", text, goes_on: false, is_notice: false }
    }

    fn gathered(lines: &[Line<'_>]) -> Result<Option<Gathered>, Problem> {
        let mut gathering = Gathering::begin("1", "#Tea", None, String::new());
        for line in lines {
            gathering.add(*line)?;
        }
        gathering.finish()
    }

    #[test]
    fn lines_are_put_together_and_it_is_known_where_one_was_cut() {
        let goes_on = Line { goes_on: true, ..line("everyone?") };
        let text = "\nhello\nhow is everyone?".to_owned();
        let lines = [line(""), line("hello"), line("how is "), goes_on];
        let expected = Gathered { text, cuts: vec![14], is_notice: false };
        assert_eq!(gathered(&lines), Ok(Some(expected)));
    }

    #[test]
    fn what_can_be_no_message_is_told_by_its_code_and_the_rest_is_passed_over() {
        let long = "x".repeat(400);
        let too_many = vec![line("x"); limits::TEXT_LINES_MAX + 1];
        for (lines, code) in [
            (vec![], "MULTILINE_INVALID"),
            (vec![line(""), line("")], "MULTILINE_INVALID"),
            (vec![line("a"), Line { goes_on: true, ..line("") }], "MULTILINE_INVALID"),
            (vec![line("a"), Line { is_notice: true, ..line("b") }], "MULTILINE_INVALID"),
            (vec![Line { target: "#mate", ..line("a") }], "MULTILINE_INVALID_TARGET"),
            (too_many, "MULTILINE_MAX_LINES"),
            (vec![line(&long); 11], "MULTILINE_MAX_BYTES"),
        ] {
            let problem = gathered(&lines).unwrap_err();
            assert_eq!(problem.code, code, "{lines:?}");
        }
        let mut gathering = Gathering::begin("1", "#tea", None, String::new());
        assert!(gathering.add(Line { target: "#mate", ..line("a") }).is_err());
        assert_eq!(gathering.add(Line { target: "#mate", ..line("b") }), Ok(()));
        assert_eq!(gathering.finish(), Ok(None));
    }
}
