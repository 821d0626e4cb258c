//! `cargo xtask tidy`: the rules of the house that the compiler does not know.
//!
//! Each check is a function from what is in the checkout to findings, and its message says where
//! the thing belongs. Does not know how files are read: that is [`tree`]'s. A rule that turns out
//! wrong is changed here, with its test.

mod bare;
mod constants;
mod documents;
mod imports;
mod sources;
mod testing;
mod tree;

use std::fmt;

use anyhow::bail;

use crate::cargo::{no_arguments, root};
use crate::docs;
use tree::Tree;

/// A place where a rule is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    /// Counted from 1; none where it is about the file as a whole.
    line: Option<usize>,
    severity: Severity,
    says: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Severity {
    Warning,
    Failure,
}

impl Finding {
    fn in_file(path: &str, says: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: None, severity: Severity::Failure, says: says.into() }
    }

    fn at(path: &str, line: usize, says: impl Into<String>) -> Self {
        Self { line: Some(line), ..Self::in_file(path, says) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, severity, says } = self;
        write!(f, "{path}")?;
        if let Some(line) = line {
            write!(f, ":{line}")?;
        }
        let word = match severity {
            Severity::Warning => "warning: ",
            Severity::Failure => "",
        };
        write!(f, ": {word}{says}")
    }
}

/// `cargo xtask tidy`.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    no_arguments(arguments)?;
    let tree = Tree::read(&root())?;
    let mut findings = imports::check(&imports::read()?);
    findings.extend(check(&tree));
    findings.sort_by(|one, other| (&one.path, one.line).cmp(&(&other.path, other.line)));
    for finding in &findings {
        println!("{finding}");
    }
    let failures = findings.iter().filter(|finding| finding.severity == Severity::Failure).count();
    if failures > 0 {
        bail!("{failures} to put right");
    }
    println!("tidy: {} files in order", tree.len());
    Ok(())
}

/// Every check of files.
fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files() {
        findings.extend(sources::check(file));
        findings.extend(constants::check(file));
    }
    findings.extend(testing::check(tree));
    findings.extend(imports::check_manifests(tree));
    findings.extend(sources::check_declared(tree));
    findings.extend(documents::check(tree));
    findings.extend(check_limits_page(tree));
    findings
}

fn check_limits_page(tree: &Tree) -> Option<Finding> {
    let fresh = docs::limits_page(tree.text(docs::LIMITS)?);
    let is_fresh = tree.text(docs::LIMITS_PAGE) == Some(&fresh);
    let says = format!("does not say what {} says: run `cargo xtask docs`", docs::LIMITS);
    (!is_fresh).then(|| Finding::in_file(docs::LIMITS_PAGE, says))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_page_of_limits_is_found() {
        let source = "/// Longest.\npub const MAX: usize = 1;\n";
        let fresh = docs::limits_page(source);
        let check = |page: &str| {
            let tree = Tree::of(&[(docs::LIMITS, source), (docs::LIMITS_PAGE, page)]);
            check_limits_page(&tree).is_some()
        };
        assert!(!check(&fresh));
        assert!(check(&fresh.replace('1', "2")));
    }

    #[test]
    fn a_finding_names_the_file_and_the_line() {
        assert_eq!(Finding::at("a.rs", 3, "no").to_string(), "a.rs:3: no");
        let warning = Finding { severity: Severity::Warning, ..Finding::in_file("a.rs", "long") };
        assert_eq!(warning.to_string(), "a.rs: warning: long");
    }
}
