//! Scripts: whether the letters of a name go together, or are mixed to imitate another name.
//!
//! UTS #39's *highly restrictive* level for each word, and its *moderately restrictive* one for
//! the whole name: "Noya נויה" is how a classroom writes, "nоya" with a Cyrillic о is a trick,
//! and so is a Hebrew ס in a Latin word. Does not know which characters a name may have at all.

use unicode_script::{Script, ScriptExtension, UnicodeScript as _};
use unicode_security::mixed_script::AugmentedScriptSet;

/// Whether each word is of one script (or of those that Japanese, Korean and Chinese mix), and
/// the whole as well, or of Latin and one other that has few letters that look Latin.
pub(super) fn go_together(shown: &str) -> bool {
    let is_inner = |c: char| c.is_alphanumeric() || c.script() == Script::Inherited;
    let mut words = shown.split(|c| !is_inner(c));
    is_highly_restrictive(shown)
        || words.all(is_highly_restrictive) && is_moderately_restrictive(shown)
}

fn is_highly_restrictive(part: &str) -> bool {
    let others = scripts_but_latin(part);
    !AugmentedScriptSet::for_str(part).is_empty() || others.hanb || others.jpan || others.kore
}

fn is_moderately_restrictive(shown: &str) -> bool {
    let others = scripts_but_latin(shown).base;
    others.iter().next().is_some_and(Script::is_recommended)
        && !others.contains_script(Script::Cyrillic)
        && !others.contains_script(Script::Greek)
}

/// The scripts that all of it can be of, what may be Latin left out.
fn scripts_but_latin(part: &str) -> AugmentedScriptSet {
    part.chars()
        .map(|c| AugmentedScriptSet::from(ScriptExtension::from(c)))
        .filter(|set| !set.base.contains_script(Script::Latin))
        .fold(AugmentedScriptSet::default(), |mut all, set| {
            all.intersect_with(set);
            all
        })
}
