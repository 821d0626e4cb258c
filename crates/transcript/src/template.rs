//! Template: text of a transcript with escapes, captures and patterns in it.
//!
//! Works on bytes, since what a hostile client sends or sees need not be UTF-8. Does not know who
//! sends or sees it.

use std::collections::HashMap;
use std::str::Utf8Chunk;

/// What was captured so far, by name.
pub(crate) type Captured = HashMap<String, Vec<u8>>;

/// Text with holes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(Vec<u8>),
    Capture(String),
    /// A minute, such as `2026-11-20 14:03`.
    Time,
    Digit,
    Any,
}

/// A minute, a digit for each `0`.
const TIME_SHAPE: &[u8] = b"0000-00-00 00:00";

impl Template {
    /// Takes text as it stands in a file. Where one of `labels` stands alone among digits, it is
    /// a capture of that name.
    pub(crate) fn parse(text: &str, labels: &[String]) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = Vec::new();
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            match c {
                '\\' => escape(&mut rest, &mut literal)?,
                '{' => {
                    let hole = take_hole(&mut rest)?;
                    if let Some((count, repeated)) = hole.split_once(" * ") {
                        let count = count.parse::<usize>().map_err(|problem| {
                            format!("{{{hole}}}: {count:?} is no number: {problem}")
                        })?;
                        let repeated = Self::parse(repeated, &[])?.render(&Captured::new())?;
                        literal.extend(repeated.repeat(count));
                        continue;
                    }
                    push_literal(&mut parts, &mut literal, labels);
                    parts.push(match hole.as_str() {
                        "time" => Part::Time,
                        "digit" => Part::Digit,
                        "any" => Part::Any,
                        name if is_word(name) => Part::Capture(hole),
                        _ => return Err(format!("{{{hole}}} is no name; a brace is written \\{{")),
                    });
                }
                c => literal.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        push_literal(&mut parts, &mut literal, labels);
        Ok(Self(parts))
    }

    /// Text that is what it says.
    pub(crate) fn literal(text: &str) -> Self {
        Self(vec![Part::Literal(text.as_bytes().to_vec())])
    }

    /// A capture of that name and nothing else.
    pub(crate) fn capture(name: &str) -> Self {
        Self(vec![Part::Capture(name.to_owned())])
    }

    /// This, and that behind it.
    #[must_use]
    pub(crate) fn then(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }

    /// The names of the captures in it.
    pub(crate) fn captures(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Capture(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Whether it can only be matched, not typed.
    pub(crate) fn is_pattern(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Time | Part::Digit | Part::Any))
    }

    /// The bytes it stands for.
    pub(crate) fn render(&self, captured: &Captured) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        for part in &self.0 {
            match part {
                Part::Literal(literal) => bytes.extend(literal),
                Part::Capture(name) => {
                    bytes.extend(
                        captured.get(name).ok_or_else(|| format!("{{{name}}} is not captured"))?,
                    );
                }
                Part::Time | Part::Digit | Part::Any => {
                    return Err("a pattern cannot be typed".to_owned());
                }
            }
        }
        Ok(bytes)
    }

    /// Whether it matches all of `line`; if so, what it captures is kept.
    pub(crate) fn matches(&self, line: &[u8], captured: &mut Captured) -> bool {
        let mut attempt = captured.clone();
        let is_match = match_parts(&self.0, line, &mut attempt);
        if is_match {
            *captured = attempt;
        }
        is_match
    }

    /// As it would stand in a file, what is captured filled in.
    pub(crate) fn show(&self, captured: &Captured) -> String {
        let show_part = |part: &Part| match part {
            Part::Literal(literal) => show(literal),
            Part::Capture(name) => {
                captured.get(name).map_or_else(|| format!("{{{name}}}"), |value| show(value))
            }
            Part::Time => "{time}".to_owned(),
            Part::Digit => "{digit}".to_owned(),
            Part::Any => "{any}".to_owned(),
        };
        self.0.iter().map(show_part).collect()
    }
}

/// Bytes as they would stand in a file. Long ones are shown by their beginning and their length.
pub(crate) fn show(bytes: &[u8]) -> String {
    const SHOWN_CHARS_MAX: usize = 400;
    let show_chunk = |chunk: Utf8Chunk<'_>| {
        let valid: String = chunk.valid().chars().map(show_char).collect();
        let invalid = chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}"));
        valid + &invalid.collect::<String>()
    };
    let shown: String = bytes.utf8_chunks().map(show_chunk).collect();
    if shown.chars().count() > SHOWN_CHARS_MAX {
        let start: String = shown.chars().take(SHOWN_CHARS_MAX).collect();
        return format!("{start}… ({} bytes)", bytes.len());
    }
    shown
}

fn show_char(c: char) -> String {
    match c {
        '\t' => "\\t".to_owned(),
        '\r' => "\\r".to_owned(),
        '\n' => "\\n".to_owned(),
        '\\' => "\\\\".to_owned(),
        '{' => "\\{".to_owned(),
        c if c.is_ascii_control() => format!("\\x{:02x}", u32::from(c)),
        c if c.is_control() => format!("\\u{{{:x}}}", u32::from(c)),
        c => c.to_string(),
    }
}

/// Whether it can name a connection or a capture.
pub(crate) fn is_word(word: &str) -> bool {
    !word.is_empty()
        && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn escape(rest: &mut std::str::Chars<'_>, literal: &mut Vec<u8>) -> Result<(), String> {
    match rest.next() {
        Some('t') => literal.push(b'\t'),
        Some('r') => literal.push(b'\r'),
        Some('n') => literal.push(b'\n'),
        Some('\\') => literal.push(b'\\'),
        Some('{') => literal.push(b'{'),
        Some('x') => {
            let digits: String = rest.by_ref().take(2).collect();
            let byte = (digits.len() == 2).then(|| u8::from_str_radix(&digits, 16).ok()).flatten();
            literal.push(byte.ok_or_else(|| format!("\\x{digits} is no byte"))?);
        }
        Some('u') if rest.next() == Some('{') => {
            let digits = take_hole(rest)?;
            let c = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
            let c = c.ok_or_else(|| format!("\\u{{{digits}}} is no character"))?;
            literal.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        other => return Err(format!("no escape begins with \\{}", other.unwrap_or(' '))),
    }
    Ok(())
}

/// What stands up to the closing brace. Braces of escapes within it are part of it.
fn take_hole(rest: &mut std::str::Chars<'_>) -> Result<String, String> {
    let mut hole = String::new();
    let mut depth = 1;
    for c in rest.by_ref() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Ok(hole);
        }
        hole.push(c);
    }
    Err("a brace is not closed; a brace itself is written \\{".to_owned())
}

/// Ends the literal, labels taken out of it.
fn push_literal(parts: &mut Vec<Part>, literal: &mut Vec<u8>, labels: &[String]) {
    let literal = std::mem::take(literal);
    let mut plain = Vec::new();
    for run in literal.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
        if let Some(label) = labels.iter().find(|label| label.as_bytes() == run) {
            if !plain.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut plain)));
            }
            parts.push(Part::Capture(label.clone()));
        } else {
            plain.extend(run);
        }
    }
    if !plain.is_empty() {
        parts.push(Part::Literal(plain));
    }
}

fn match_parts(parts: &[Part], line: &[u8], captured: &mut Captured) -> bool {
    let Some((part, later)) = parts.split_first() else { return line.is_empty() };
    match part {
        Part::Literal(literal) => line
            .strip_prefix(literal.as_slice())
            .is_some_and(|rest| match_parts(later, rest, captured)),
        Part::Time => line.split_at_checked(TIME_SHAPE.len()).is_some_and(|(minute, rest)| {
            let is_alike = |(at, shape): (&u8, &u8)| {
                if *shape == b'0' { at.is_ascii_digit() } else { at == shape }
            };
            minute.iter().zip(TIME_SHAPE).all(is_alike) && match_parts(later, rest, captured)
        }),
        Part::Digit => line.split_first().is_some_and(|(digit, rest)| {
            digit.is_ascii_digit() && match_parts(later, rest, captured)
        }),
        Part::Any => (0..=line.len())
            .filter_map(|len| line.split_at_checked(len))
            .any(|(_, rest)| match_parts(later, rest, captured)),
        Part::Capture(name) => {
            if let Some(value) = captured.get(name).cloned() {
                return line
                    .strip_prefix(value.as_slice())
                    .is_some_and(|rest| match_parts(later, rest, captured));
            }
            for (value, rest) in (1..=line.len()).filter_map(|len| line.split_at_checked(len)) {
                captured.insert(name.clone(), value.to_vec());
                if match_parts(later, rest, captured) {
                    return true;
                }
            }
            captured.remove(name);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        Template::parse(text, &["8888".to_owned()]).unwrap()
    }

    fn check_match(pattern: &str, line: &[u8], expected: Option<&[(&str, &str)]>) {
        let mut captured = Captured::from([("8888".to_owned(), b"4711".to_vec())]);
        let is_match = template(pattern).matches(line, &mut captured);
        captured.remove("8888");
        let wanted = expected.unwrap_or_default().iter();
        let wanted: Captured =
            wanted.map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        assert_eq!((is_match, captured), (expected.is_some(), wanted), "{pattern}");
    }

    #[test]
    fn a_pattern_matches_the_whole_line_or_not() {
        check_match("", b"", Some(&[]));
        check_match("", b"x", None);
        check_match("Hi", b"Hi", Some(&[]));
        check_match("Hi", b"Hi!", None);
        check_match("Hi", b"Hi\r", None);
        check_match("Hi\\r", b"Hi\r", Some(&[]));
        check_match("{any}", b"", Some(&[]));
        check_match("{any}b{any}", b"abc", Some(&[]));
        check_match("[{time}] x", b"[2026-11-20 14:03] x", Some(&[]));
        check_match("[{time}] x", b"[2026-11-20 14:0x] x", None);
        check_match("{time}", b"2026", None);
        check_match("{digit}{digit}", b"17", Some(&[]));
        check_match("{digit}{digit}", b"1", None);
        check_match("{digit}", b"x", None);
    }

    #[test]
    fn a_capture_takes_as_little_as_does_and_is_the_same_again() {
        check_match("id {x}", b"id 17", Some(&[("x", "17")]));
        check_match("id {x}", b"id ", None);
        check_match("{x}-{x}", b"a-a", Some(&[("x", "a")]));
        check_match("{x}-{x}", b"a-b", None);
        check_match("{x}-{y}", b"a-b-c", Some(&[("x", "a"), ("y", "b-c")]));
    }

    #[test]
    fn a_label_stands_for_the_real_number_and_only_alone_among_digits() {
        check_match("#8888.", b"#4711.", Some(&[]));
        check_match("#8888.", b"#8888.", None);
        check_match("88881", b"88881", Some(&[]));
    }

    fn check_render(text: &str, expected: &[u8]) {
        assert_eq!(template(text).render(&Captured::new()).unwrap(), expected, "{text}");
    }

    #[test]
    fn escapes_stand_for_bytes() {
        check_render(r"a\t\r\n\\\{b}", b"a\t\r\n\\{b}");
        check_render(r"\xff\x1B[0m", b"\xff\x1b[0m");
        check_render(r"\u{5e9}", "ש".as_bytes());
        check_render("{3 * ab}c", b"abababc");
        check_render(r"{2 * \u{5e9}\t}", "ש\tש\t".as_bytes());
    }

    #[test]
    fn what_is_written_wrongly_is_refused() {
        for text in ["{", "{x", "{X}", "{}", "{a b}", r"\q", r"\xf", r"\xzz", r"\u{d800}", r"\"] {
            assert!(Template::parse(text, &[]).is_err(), "{text}");
        }
        assert!(template("{x}").render(&Captured::new()).is_err());
        assert!(template("{any}").render(&Captured::new()).is_err());
    }

    #[test]
    fn bytes_are_shown_as_they_would_be_written() {
        for text in [r"a\\b\t\r\n\{", r"\x1b[0m\xff", r"\u{85}", "שלום"] {
            let bytes = template(text).render(&Captured::new()).unwrap();
            assert_eq!(show(&bytes), text);
        }
        assert!(show(&[b'x'; 5000]).ends_with("… (5000 bytes)"));
    }
}
