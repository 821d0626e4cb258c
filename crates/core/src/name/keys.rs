//! Keys: what two names are compared by, and which of them no member may have.
//!
//! A key is a UTS #39 skeleton without case: only ever compared, never shown or stored, since it
//! changes with Unicode's table of look-alikes. Vowel points and accents of Hebrew and Arabic are
//! not in it: whoever reads these scripts reads "אוּרִי" and "אורי" as the same name, and pointing
//! it or not is a habit of writing, as case is. Marks of other scripts (é) make another letter.

use std::sync::{Arc, LazyLock};

use unicode_normalization::UnicodeNormalization as _;
use unicode_security::skeleton;

/// Names that could pass for the server, or for someone who runs it.
const RESERVED: [&str; 9] = [
    "server",
    "admin",
    "system",
    "conclave",
    "moderator",
    "operator",
    "administrator",
    "מערכת",
    "מנהל",
];

/// Counted up when keys are made otherwise than before.
const WAY: u32 = 1;

/// Tells keys that are made alike from others, which are not to be compared with them.
pub(super) fn version() -> String {
    let (major, minor, patch) = unicode_security::UNICODE_VERSION;
    format!("{major}.{minor}.{patch}-{WAY}")
}

/// The keys of one name.
pub(super) struct Keys {
    /// Look-alikes of the name in lower case.
    pub(super) caseless: Arc<str>,
    /// Look-alikes of the name as it is written, where they differ: a capital I looks like a
    /// small l, and a Cyrillic В like a B although в does not look like a b.
    pub(super) as_written: Option<Arc<str>>,
}

impl Keys {
    pub(super) fn of(shown: &str) -> Self {
        let plain: String = shown.nfd().filter(|c| !is_point(*c)).collect();
        let caseless = key_of(&plain);
        let as_written = key_of(&skeleton(&plain).collect::<String>());
        let differs = caseless != as_written;
        Self { caseless: caseless.into(), as_written: differs.then(|| as_written.into()) }
    }
}

/// Folded once more behind the skeleton, which has capitals in it (0 looks like O).
fn key_of(text: &str) -> String {
    fold(&skeleton(&fold(text)).collect::<String>())
}

/// Takes case away. By way of capitals, so that ß and ss, ς and σ, ı and i become one; letter by
/// letter, so that nothing depends on where in a word it stands.
fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// Whether it is a point or an accent of Hebrew, or a vowel sign of Arabic.
fn is_point(c: char) -> bool {
    matches!(c,
        '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}'
        | '\u{5c7}' | '\u{64b}'..='\u{652}' | '\u{670}')
}

/// Whether a name of that key is kept for the server, whatever signs and marks are strewn in.
pub(super) fn is_reserved(key: &str) -> bool {
    static KEYS: LazyLock<Vec<String>> =
        LazyLock::new(|| RESERVED.iter().map(|name| letters_of(&key_of(name))).collect());
    KEYS.contains(&letters_of(key))
}

fn letters_of(key: &str) -> String {
    key.chars().filter(|c| c.is_alphanumeric()).collect()
}
