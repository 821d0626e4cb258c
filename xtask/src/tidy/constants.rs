//! The rule that limits of the product stand in one file, so that they can be read in one sitting.
//!
//! A light check: it knows a limit by its name or its type. Every time is one, for somebody waits
//! for it; a number is one when more than its own file knows it. A constant that is made of limits,
//! and one that only a test or an example knows, may stand where it is used.

use super::Finding;
use super::tree::SourceFile;
use crate::docs::LIMITS;

/// Crates whose limits are the product's.
const CRATES: &[&str] = &[
    "crates/core/",
    "crates/log/",
    "crates/hub/",
    "crates/doors/",
    "crates/server/",
    "crates/conclave/",
];

/// How the name of a limit ends.
const ENDS: &[&str] = &["_MAX", "_MIN", "_LIMIT", "_TIMEOUT", "_INTERVAL"];

/// What is a number and no limit of the product, though it is named like one.
const NO_LIMIT: &str = "VERSION";

/// A limit that stands elsewhere.
pub(super) fn check(file: &SourceFile) -> Vec<Finding> {
    let is_example = file.path.contains("/examples/");
    if file.path == LIMITS
        || is_example
        || !CRATES.iter().any(|folder| file.path.starts_with(folder))
    {
        return Vec::new();
    }
    let product = file.bare_lines().filter(|(_, _, is_test)| !is_test);
    let limits = product.filter_map(|(number, line, _)| Some((number, limit(line)?)));
    let says = |name: &str| format!("`{name}` belongs in {LIMITS}, beside all other limits");
    limits.map(|(number, name)| Finding::at(&file.path, number, says(name))).collect()
}

/// The name of the limit that a line declares.
fn limit(line: &str) -> Option<&str> {
    let (before, declaration) = line.split_once("const ")?;
    let is_shared = before.trim_start().starts_with("pub");
    let is_item = before.trim().is_empty() || is_shared;
    let (name, rest) = declaration.split_once(':')?;
    let (kind, value) = rest.split_once('=')?;
    let is_limit = kind.trim().ends_with("Duration")
        || (is_shared && ENDS.iter().any(|end| name.ends_with(end)));
    let is_made_of_limits = value.contains("limits::");
    let is_of_product = !is_made_of_limits && !name.contains(NO_LIMIT);
    (is_item && is_limit && is_of_product).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_outside_its_file_is_found() {
        let hub = "crates/hub/src/tail.rs";
        for (path, line, is_found) in [
            (hub, "pub(super) const TAIL_BYTES_MAX: usize = 1024;", true),
            (hub, "const SLICES_MAX: usize = 32;", false),
            ("crates/log/examples/a.rs", "const WAIT: Duration = Duration::from_secs(1);", false),
            (hub, "    pub(crate) const WAIT: Duration = Duration::from_secs(1);", true),
            (hub, "pub const LINE_MAX: usize = limits::TEXT_BYTES_MAX + 2;", false),
            (hub, "const SQLITE_VERSION_MIN: i32 = 3_051_003;", false),
            (hub, "const DIGITS: &str = \"0123\";", false),
            (hub, "pub const fn wait(self) -> Duration {", false),
            (hub, "#[cfg(test)]\nconst WAIT: Duration = Duration::from_secs(1);", false),
            (LIMITS, "pub const TAIL_BYTES_MAX: usize = 1024;", false),
            ("xtask/src/a.rs", "const LINES_MAX: usize = 1;", false),
        ] {
            let findings = check(&SourceFile::new(path, line));
            assert_eq!(!findings.is_empty(), is_found, "{path}: {line}");
        }
    }
}
