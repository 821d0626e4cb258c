//! Nickname: the PRECIS profile that names are held to (RFC 8266, on the freeform class of
//! RFC 8264).
//!
//! Written here, because the crates that have it know the characters of Unicode 6.3 only and so
//! refuse most emoji; a test holds it to one of them on what they know. Differs from the RFC in
//! that names are normalised before they are checked (Korean as macOS spells it is made of
//! characters that the RFC refuses), and in refusing joiners always. Does not know look-alikes.

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};
use unicode_script::{Script, UnicodeScript as _};

use super::NameProblem;
use crate::text::{is_blank, is_ignorable};

/// Maps a name to the form that is kept: NFKC, single spaces, none around.
pub(super) fn map(typed: &str) -> String {
    let mut mapped = String::with_capacity(typed.len());
    for c in typed.nfkc() {
        if c.general_category() != GeneralCategory::SpaceSeparator {
            mapped.push(c);
        } else if !mapped.is_empty() && !mapped.ends_with(' ') {
            mapped.push(' ');
        }
    }
    mapped.truncate(mapped.trim_end_matches(' ').len());
    mapped
}

/// Checks that the characters of a mapped name are ones that a nickname may have.
pub(super) fn check(shown: &str) -> Result<(), NameProblem> {
    let mut before = None;
    let mut rest = shown.chars();
    while let Some(c) = rest.next() {
        if c != ' ' && (is_blank(c) || is_ignorable(c) || is_unseen(c)) {
            return Err(NameProblem::Invisible);
        }
        if !is_freeform(c) || !fits(c, before, rest.clone().next(), shown) {
            return Err(NameProblem::NotAllowed);
        }
        before = Some(c);
    }
    Ok(())
}

fn is_unseen(c: char) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator};
    matches!(c.general_category(), Control | Format | LineSeparator | ParagraphSeparator)
}

/// Whether it is of the freeform class: letters, marks, digits, signs and spaces, without those
/// of RFC 8264's exceptions and the parts of Korean letters.
fn is_freeform(c: char) -> bool {
    let is_refused = matches!(c,
        // Stretches and repeats what stands before it.
        '\u{640}' | '\u{7fa}' | '\u{302e}' | '\u{302f}' | '\u{3031}'..='\u{3035}' | '\u{303b}'
        // Conjoining jamo that made no syllable.
        | '\u{1100}'..='\u{11ff}' | '\u{a960}'..='\u{a97c}' | '\u{d7b0}'..='\u{d7fb}'
        // Shown for what could not be read.
        | '\u{fffc}' | '\u{fffd}');
    let is_seen = matches!(
        c.general_category_group(),
        GeneralCategoryGroup::Letter
            | GeneralCategoryGroup::Mark
            | GeneralCategoryGroup::Number
            | GeneralCategoryGroup::Punctuation
            | GeneralCategoryGroup::Symbol
    );
    c == ' ' || is_seen && !is_refused
}

/// Whether it stands where it may: the rules of RFC 5892, appendix A, by its neighbours.
fn fits(c: char, before: Option<char>, after: Option<char>, shown: &str) -> bool {
    let is_of = |neighbour: Option<char>, script| neighbour.is_some_and(|c| c.script() == script);
    match c {
        // A middle dot, as Catalan has it.
        '\u{b7}' => before == Some('l') && after == Some('l'),
        '\u{375}' => is_of(after, Script::Greek),
        // Geresh and gershayim.
        '\u{5f3}' | '\u{5f4}' => is_of(before, Script::Hebrew),
        '\u{30fb}' => shown
            .chars()
            .any(|c| matches!(c.script(), Script::Hiragana | Script::Katakana | Script::Han)),
        // Two rows of digits that look alike and are not the same.
        '\u{660}'..='\u{669}' => !shown.contains(|c| matches!(c, '\u{6f0}'..='\u{6f9}')),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use precis_profiles::Nickname;
    use precis_profiles::precis_core::profile::PrecisFastInvocation as _;

    use super::*;

    /// Each character alone between letters, wherever the other has ever heard of it.
    #[test]
    fn characters_are_allowed_as_another_implementation_allows_them() {
        // The planes in between have ideographs and nothing else.
        let planes = ('\0'..='\u{1ffff}').chain('\u{e0000}'..='\u{e0fff}');
        for c in planes.filter(|c| !is_stricter(*c)) {
            let typed = format!("a{c}b");
            let shown = map(&typed);
            match (Nickname::enforce(typed.as_str()), check(&shown)) {
                (Ok(theirs), Ok(())) => assert_eq!(shown, theirs, "U+{:04X}", u32::from(c)),
                (Ok(theirs), Err(ours)) => panic!("U+{:04X}: {theirs} {ours}", u32::from(c)),
                // Not assigned in Unicode 6.3, or refused before it is normalised.
                (Err(_), Ok(())) => assert!(is_newer_or_mapped(c), "U+{:04X}", u32::from(c)),
                (Err(_), Err(_)) => {}
            }
        }
    }

    fn is_stricter(c: char) -> bool {
        is_blank(c) && c.general_category() != GeneralCategory::SpaceSeparator
            || matches!(c, '\u{fffc}' | '\u{fffd}')
    }

    fn is_newer_or_mapped(c: char) -> bool {
        use precis_profiles::precis_core::{DerivedPropertyValue, FreeformClass, StringClass as _};
        let theirs = FreeformClass::default().get_value_from_char(c);
        theirs == DerivedPropertyValue::Unassigned
            || !unicode_normalization::is_nfkc(&c.to_string())
    }
}
