//! Rust code without its comments and literals, so that a rule about code does not meet words.
//!
//! Invariant: what it gives has as many lines as what it took, and each stands where it stood. Not
//! a parser: it knows where comments and literals begin and end, and nothing else.

/// Replaces comments and the contents of literals by spaces.
pub(super) fn bare(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    let mut previous = ' ';
    while let Some(next) = rest.chars().next() {
        let opaque = opaque_bytes(rest, previous);
        let (taken, after) = rest.split_at(opaque.unwrap_or_else(|| next.len_utf8()));
        if opaque.is_some() {
            let blank = |letter: char| if letter == '\n' { '\n' } else { ' ' };
            out.extend(taken.chars().map(blank));
        } else {
            out.push_str(taken);
        }
        previous = taken.chars().next_back().unwrap_or(' ');
        rest = after;
    }
    out
}

/// How many bytes the comment or literal takes that begins here, if one does.
fn opaque_bytes(rest: &str, previous: char) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment_bytes(rest));
    }
    if rest.starts_with('"') {
        return Some(string_bytes(rest));
    }
    if rest.starts_with('\'') {
        return char_bytes(rest);
    }
    let is_in_word = previous.is_alphanumeric() || previous == '_';
    if is_in_word { None } else { raw_string_bytes(rest) }
}

fn block_comment_bytes(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(here) = rest.get(at..).filter(|here| !here.is_empty()) {
        if here.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn string_bytes(rest: &str) -> usize {
    let mut is_escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A character; none where it is a lifetime.
fn char_bytes(rest: &str) -> Option<usize> {
    let mut letters = rest.char_indices().skip(1);
    let (_, first) = letters.next()?;
    if first != '\\' {
        let (at, second) = letters.next()?;
        return (second == '\'').then_some(at + 1);
    }
    // What is escaped may be the quote itself.
    letters.next()?;
    letters.find(|(_, letter)| *letter == '\'').map(|(at, _)| at + 1)
}

fn raw_string_bytes(rest: &str) -> Option<usize> {
    let after_prefix = ["r", "br", "cr"].iter().find_map(|prefix| {
        let after = rest.strip_prefix(prefix)?;
        after.starts_with(['#', '"']).then_some(after)
    })?;
    let content = after_prefix.trim_start_matches('#');
    let hashes = "#".repeat(after_prefix.len() - content.len());
    let content = content.strip_prefix('"')?;
    let end = format!("\"{hashes}");
    let content_bytes = content.find(&end).map_or(content.len(), |at| at + end.len());
    Some(rest.len() - content.len() + content_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_become_spaces_and_code_stays() {
        for (source, expected) in [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            ("f(\"x\\\"y\") g", "f(      ) g"),
            ("f(\"x\ny\")", "f(  \n  )"),
            ("r#\"x\"y\"# z", "         z"),
            ("br\"x\" z", "      z"),
            ("r#type z", "r#type z"),
            ("for\"x\"", "for   "),
            ("'x' y '\\'' z '\\u{5d0}'", "    y      z          "),
            ("&'a str", "&'a str"),
            ("'א' y", "    y"),
            ("\"unclosed", "         "),
        ] {
            assert_eq!(bare(source), expected, "{source}");
        }
    }
}
