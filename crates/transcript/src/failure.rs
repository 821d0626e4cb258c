//! Failure: what a person reads when a transcript was not held, or cannot be read as one.
//!
//! Does not know how a transcript is played; it is told what was expected and what was seen.

use std::fmt;

/// A file that is no transcript: where, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}: {problem}")]
pub struct NotATranscript {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

/// A transcript that was not held: where, what was expected and what was seen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Failure {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// That line.
    pub step: String,
    /// What should have been.
    pub expected: String,
    /// What was instead.
    pub seen: String,
    /// What the one concerned typed (`>`) and saw (`<`) last, oldest first.
    pub before: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:{}: {}", self.path, self.line, self.step)?;
        writeln!(f, "    expected  {}", self.expected)?;
        writeln!(f, "    seen      {}", self.seen)?;
        for (index, line) in self.before.iter().enumerate() {
            let title = if index == 0 { "before" } else { "" };
            writeln!(f, "    {title:<9} {line}")?;
        }
        Ok(())
    }
}
