//! Transcript: a file of the format, read into steps.
//!
//! Does not know how a step is played. Refuses what could not be played: a name that was not
//! opened, a value that is typed before it was captured, a file that does not say what it holds.

use std::collections::HashSet;
use std::time::Duration;

use crate::NotATranscript;
use crate::template::{Template, is_word};

/// A conversation to be held.
#[derive(Clone, Debug)]
pub struct Transcript {
    path: String,
    runs: Runs,
    options: Vec<String>,
    pub(crate) steps: Vec<Step>,
    pub(crate) line_count: usize,
}

/// Where a transcript is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// In memory and over TCP.
    Everywhere,
    /// In memory only, with virtual time.
    InMemoryOnly,
}

/// A line that does something.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// The line's number, from 1.
    pub(crate) line: usize,
    /// The line as it stands in the file.
    pub(crate) text: String,
    pub(crate) action: Action,
}

/// What a line does.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Open { who: String, door: String, state: State },
    Write { who: String, bytes: Template },
    Expect { who: String, line: Template, reach: Reach },
    Quiet { who: String },
    Closed { who: String, reach: Reach },
    HangUp { who: String },
    EndInput { who: String },
    Pass(Duration),
    Restart,
}

/// What may be seen before that which is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    Next,
    AtLast,
}

/// How far a connection is brought when it is opened.
#[derive(Clone, Debug)]
pub(crate) enum State {
    AtOnce,
    AtMenu,
    /// In the group of that capture, under that name.
    In {
        group: String,
        name: String,
    },
}

impl Transcript {
    /// Reads a transcript; `path` is what it is called where it fails.
    ///
    /// # Errors
    /// Where a line is not of the format or cannot be played; the first such line is told.
    pub fn parse(path: &str, text: &str) -> Result<Self, NotATranscript> {
        let mut parser = Parser::default();
        let mut transcript = Self {
            path: path.to_owned(),
            runs: Runs::Everywhere,
            options: Vec::new(),
            steps: Vec::new(),
            line_count: text.lines().count(),
        };
        for (index, line) in text.lines().enumerate() {
            let line_number = index + 1;
            let not_this =
                |problem| NotATranscript { path: path.to_owned(), line: line_number, problem };
            if let Some(comment) = line.strip_prefix('#') {
                transcript.take_comment(comment.trim());
            } else if index == 0 {
                return Err(not_this(
                    "the first line is a comment: what the file holds".to_owned(),
                ));
            } else if !line.trim().is_empty() {
                let action = parser.take_line(line).map_err(not_this)?;
                let step = Step { line: line_number, text: line.to_owned(), action };
                transcript.steps.push(step);
            }
        }
        if transcript.steps.is_empty() {
            let problem = "nothing is done in it".to_owned();
            return Err(NotATranscript { path: path.to_owned(), line: 1, problem });
        }
        Ok(transcript)
    }

    /// The file's path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where it is played.
    pub const fn runs(&self) -> Runs {
        self.runs
    }

    /// Options of the command line that the server is to be started with, in order.
    pub fn options(&self) -> &[String] {
        &self.options
    }

    /// Whether a connection to that door is opened in it.
    pub fn speaks(&self, door: &str) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(&step.action, Action::Open { door: other, .. } if other == door))
    }

    fn take_comment(&mut self, comment: &str) {
        if let Some(options) = comment.strip_prefix("with --") {
            let options = format!("--{options}");
            self.options.extend(options.split_whitespace().map(str::to_owned));
        }
        if comment.split(':').next() == Some("in memory only") {
            self.runs = Runs::InMemoryOnly;
        }
    }
}

/// What is known from the lines read so far.
#[derive(Default)]
struct Parser {
    opened: HashSet<String>,
    captured: HashSet<String>,
    /// Groups that were named by a number of the file's own.
    labels: Vec<String>,
}

impl Parser {
    fn take_line(&mut self, line: &str) -> Result<Action, String> {
        if let Some(opening) = line.strip_prefix('@') {
            return self.take_opening(opening);
        }
        if let Some(time) = line.strip_prefix('+') {
            return parse_time(time.trim()).map(Action::Pass);
        }
        if line.trim_end() == "restart" {
            return Ok(Action::Restart);
        }
        let (who, act) = line.split_once(' ').ok_or("a line is a name, a sign, and text")?;
        if !self.opened.contains(who) {
            return Err(format!("no line before this one opens @{who}"));
        }
        let who = who.to_owned();
        let act = act.trim_start_matches(' ');
        Ok(match act.trim_end() {
            ".." => Action::Quiet { who },
            "closed" => Action::Closed { who, reach: Reach::Next },
            "closed at last" => Action::Closed { who, reach: Reach::AtLast },
            "hangs up" => {
                self.opened.remove(&who);
                Action::HangUp { who }
            }
            "ends its input" => Action::EndInput { who },
            _ => return self.take_text(who, act),
        })
    }

    fn take_text(&mut self, who: String, act: &str) -> Result<Action, String> {
        let (sign, text) = act.split_once(' ').unwrap_or((act, ""));
        let text = Template::parse(text, &self.labels)?;
        if matches!(sign, "<" | "<<") {
            self.captured.extend(text.captures().map(str::to_owned));
        }
        let unknown = text.captures().find(|name| !self.captured.contains(*name));
        if let Some(name) = unknown {
            return Err(format!("{{{name}}} is not captured by a line before this one"));
        }
        if matches!(sign, ">" | ">>") && text.is_pattern() {
            return Err("a pattern cannot be typed".to_owned());
        }
        Ok(match sign {
            ">" => Action::Write { who, bytes: text.then(Template::literal("\n")) },
            ">>" => Action::Write { who, bytes: text },
            "<" => Action::Expect { who, line: text, reach: Reach::Next },
            "<<" => Action::Expect { who, line: text, reach: Reach::AtLast },
            _ => return Err(format!("{sign:?} is no sign of the format")),
        })
    }

    fn take_opening(&mut self, opening: &str) -> Result<Action, String> {
        let (opening, called) = match opening.split_once(" as ") {
            Some((opening, called)) => (opening, Some(called.trim().to_owned())),
            None => (opening, None),
        };
        let words: Vec<&str> = opening.split_whitespace().collect();
        let [who, door, state @ ..] = words.as_slice() else {
            return Err("an opening is @name, a door, and where it is brought".to_owned());
        };
        if !is_word(who) {
            return Err(format!("@{who}: a name is small letters, digits and -"));
        }
        let state = match state {
            ["at", "menu"] if *door == "console" => State::AtMenu,
            ["at", "once"] => State::AtOnce,
            ["in", group] if *door == "console" => {
                let name = called.clone().unwrap_or_else(|| capitalise(who));
                State::In { group: self.take_group(group)?, name }
            }
            _ => {
                return Err("brought is: at once, and for a console at menu or in 8888".to_owned());
            }
        };
        if called.is_some() && !matches!(state, State::In { .. }) {
            return Err("only who is in a group is called something".to_owned());
        }
        self.opened.insert((*who).to_owned());
        Ok(Action::Open { who: (*who).to_owned(), door: (*door).to_owned(), state })
    }

    /// The capture that holds the number of a group.
    fn take_group(&mut self, group: &str) -> Result<String, String> {
        if let Some(name) = group.strip_prefix('{').and_then(|group| group.strip_suffix('}')) {
            return if self.captured.contains(name) {
                Ok(name.to_owned())
            } else {
                Err(format!("{group} is not captured by a line before this one"))
            };
        }
        if group.is_empty() || !group.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("{group:?} is neither a number nor a capture"));
        }
        if self.captured.insert(group.to_owned()) {
            self.labels.push(group.to_owned());
        }
        Ok(group.to_owned())
    }
}

fn parse_time(time: &str) -> Result<Duration, String> {
    let digits_len = time.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = time.split_at_checked(digits_len).unwrap_or_default();
    let count: u64 = count.parse().map_err(|problem| format!("{time:?}: {problem}"))?;
    match unit {
        "ms" => Ok(Duration::from_millis(count)),
        "s" => Ok(Duration::from_secs(count)),
        "min" => Ok(Duration::from_mins(count)),
        _ => Err(format!("{unit:?} is none of ms, s, min")),
    }
}

fn capitalise(word: &str) -> String {
    let mut chars = word.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem_of(text: &str) -> (usize, String) {
        let problem = Transcript::parse("x.chat", text).unwrap_err();
        (problem.line, problem.problem)
    }

    fn check_refused(lines: &str, expected: &str) {
        let (line, problem) = problem_of(&format!("# A1: x\n@noya console in 8888\n{lines}"));
        assert_eq!(line, 2 + lines.lines().count(), "{problem}");
        assert!(problem.contains(expected), "{lines}: {problem}");
    }

    #[test]
    fn a_line_that_could_not_be_played_is_refused_where_it_stands() {
        check_refused("bar > Hi", "@bar");
        check_refused("noya", "a name, a sign");
        check_refused("noya = Hi", "no sign");
        check_refused("noya ... Hi", "no sign");
        check_refused("noya > {x}", "not captured");
        check_refused("noya > {any}", "cannot be typed");
        check_refused("noya < {x", "not closed");
        check_refused("noya hangs up\nnoya > Hi", "@noya");
        check_refused("+ 5", "none of");
        check_refused("+ soon", "empty string");
        check_refused("@bar console at home", "brought");
        check_refused("@bar irc in 8888", "brought");
        check_refused("@bar console", "brought");
        check_refused("@bar", "an opening is");
        check_refused("@Bar console at menu", "small letters");
        check_refused("@bar console in {id}", "not captured");
        check_refused("@bar console in tea", "neither");
        check_refused("@bar console at menu as Bar", "only who");
        check_refused("restart now", "@restart");
    }

    #[test]
    fn a_file_that_says_or_does_nothing_is_refused() {
        assert_eq!(problem_of("@noya console at menu").0, 1);
        assert_eq!(problem_of("").0, 1);
        assert_eq!(problem_of("# A1: x\n\n# y\n").1, "nothing is done in it");
    }

    #[test]
    fn what_a_file_wants_of_its_server_is_read() {
        let text = "# A1: x\n# with --message-rate 2 --log debug\n# in memory only: waits\n+ 2min";
        let transcript = Transcript::parse("x.chat", text).unwrap();
        assert_eq!(transcript.options(), ["--message-rate", "2", "--log", "debug"]);
        assert_eq!(transcript.runs(), Runs::InMemoryOnly);
        assert!(matches!(transcript.steps[0].action, Action::Pass(time) if time.as_secs() == 120));
    }

    #[test]
    fn a_file_without_wishes_runs_everywhere() {
        let transcript = Transcript::parse("x.chat", "# in memory, only\n+ 1s").unwrap();
        assert_eq!((transcript.runs(), transcript.options().len()), (Runs::Everywhere, 0));
    }

    #[test]
    fn text_counts_to_its_last_character() {
        let text = "# A1: x\n@noya console in 8888\nnoya    >  a \nnoya <\nnoya >> 8888\n";
        let transcript = Transcript::parse("x.chat", text).unwrap();
        let shown: Vec<String> = transcript
            .steps
            .iter()
            .filter_map(|step| match &step.action {
                Action::Write { bytes, .. } => Some(bytes.show(&std::collections::HashMap::new())),
                Action::Expect { line, .. } => Some(line.show(&std::collections::HashMap::new())),
                _ => None,
            })
            .collect();
        assert_eq!(shown, [" a \\n", "", "{8888}"]);
    }
}
