//! Cleaning: which characters of what people wrote never leave the server.
//!
//! Does not know limits or refusals: what is not kept is taken out without a word. It works
//! through a text once, whatever is in it.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// What becomes of line ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    /// They stay newlines.
    Kept,
    /// They become spaces.
    Joined,
}

/// Takes out what never leaves the server: see [`is_kept`], and bidi isolates that are not closed
/// on their line or close nothing (A23).
pub(super) fn clean(written: &str, lines: Lines) -> String {
    let mut cleaned = String::with_capacity(written.len());
    for (index, line) in written.split('\n').enumerate() {
        if index > 0 {
            cleaned.push(if lines == Lines::Kept { '\n' } else { ' ' });
        }
        clean_line(line, &mut cleaned);
    }
    cleaned
}

/// Whether there is nothing in a text but printable ASCII and tabs: nearly all that is said in some
/// languages, and nothing that has to be looked at closer.
pub fn is_plain(text: &str) -> bool {
    // Without a way out in between, so that many bytes are looked at at once.
    text.bytes().fold(true, |is_plain, byte| is_plain & matches!(byte, b' '..=b'~' | b'\t'))
}

/// Adds to `cleaned` what stays of a line. It ends in the direction in which it began.
fn clean_line(line: &str, cleaned: &mut String) {
    if is_plain(line) {
        return cleaned.push_str(line);
    }
    let start = cleaned.len();
    // Where in `cleaned` the isolates begin that are still open.
    let mut open = Vec::new();
    let mut before = None;
    for c in line.chars() {
        let stays = match c {
            '\u{2066}'..='\u{2068}' => {
                open.push(cleaned.len());
                true
            }
            '\u{2069}' => open.pop().is_some(),
            _ => is_kept(c, before),
        };
        if stays {
            cleaned.push(c);
            before = Some(c);
        }
    }
    if !open.is_empty() {
        let line = cleaned.split_off(start);
        // The places rise, so that they can be searched.
        let is_closed = |at: usize| open.binary_search(&(start + at)).is_err();
        cleaned.extend(line.char_indices().filter(|(at, _)| is_closed(*at)).map(|(_, c)| c));
    }
}

/// Whether a character of a line stays, `before` being the one that stayed before it.
///
/// What letters and emoji are made of stays, joiners and variation selectors too, and so do the
/// marks of direction that reach no further than their neighbours (LRM, RLM, ALM).
fn is_kept(c: char, before: Option<char>) -> bool {
    match c {
        '\t' => true,
        // Line and paragraph separators, byte order mark.
        '\u{2028}' | '\u{2029}' | '\u{feff}' => false,
        // Bidi embeddings and overrides: they turn around what others see.
        '\u{202a}'..='\u{202e}' => false,
        // Deprecated format characters, and those of annotations between the lines.
        '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' => false,
        // Tags spell the name of a flag behind a black flag; elsewhere they are text unseen.
        '\u{e0020}'..='\u{e007f}' => {
            matches!(before, Some('\u{1f3f4}' | '\u{e0020}'..='\u{e007e}'))
        }
        '\u{e0001}' => false,
        _ => !c.is_control() && !is_noncharacter(c),
    }
}

/// Whether Unicode keeps it from ever being a character.
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

/// Whether nothing is seen of it: spaces, and what Unicode calls default-ignorable.
pub(crate) fn is_blank(c: char) -> bool {
    // Signs that are spaces by their shape, whatever their class.
    let is_empty_sign = matches!(c, '\u{2800}' | '\u{1d159}');
    c.is_whitespace() || is_empty_sign || is_ignorable(c)
}

/// Whether Unicode calls it default-ignorable: joiners, selectors, fillers, marks of direction.
pub(crate) fn is_ignorable(c: char) -> bool {
    // A skeleton leaves out exactly those.
    !c.is_ascii() && unicode_security::skeleton(c.encode_utf8(&mut [0; 4])).next().is_none()
}

/// Whether `count` combining marks stand in a row somewhere. Characters that only steer how
/// others are shown do not end a row: the marks behind them still land on the same letter.
pub(crate) fn has_marks_in_a_row(text: &str, count: usize) -> bool {
    if text.is_ascii() {
        return false;
    }
    let mut in_a_row = 0;
    text.chars().any(|c| {
        if c.is_ascii() {
            in_a_row = 0;
        } else if c.general_category_group() == GeneralCategoryGroup::Mark {
            in_a_row += 1;
        } else if c.general_category() != GeneralCategory::Format {
            in_a_row = 0;
        }
        in_a_row >= count
    })
}
