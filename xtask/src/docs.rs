//! `cargo xtask docs`: the pages that are made from code, so that they cannot drift.
//!
//! `docs/limits.md` from the limits of the product, whose freshness `tidy` checks; and the types of
//! the web app from what the server says of its API, whose freshness a test of the server checks.

mod value;

use std::fmt::Write as _;

use anyhow::Context as _;

use crate::cargo::{cargo, finish, no_arguments, root};
use value::Values;

/// Where the limits stand.
pub(crate) const LIMITS: &str = "crates/core/src/limits.rs";
/// The page that is made of them.
pub(crate) const LIMITS_PAGE: &str = "docs/limits.md";

/// `cargo xtask docs`.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    no_arguments(arguments)?;
    let source = std::fs::read_to_string(root().join(LIMITS))
        .with_context(|| format!("{LIMITS} could not be read"))?;
    std::fs::write(root().join(LIMITS_PAGE), limits_page(&source))
        .with_context(|| format!("{LIMITS_PAGE} could not be written"))?;
    println!("wrote {LIMITS_PAGE}");
    // Of the server's description of itself, which only it can give: the test that holds the file
    // against that writes it.
    let words = ["test", "--locked", "--quiet", "--package", "conclave-server", "--test", "it"];
    let mut types = cargo(words);
    finish(types.args(["--", "types::"]).env("CONCLAVE_BLESS", "1"))?;
    println!("wrote web/src/generated/api.ts");
    Ok(())
}

/// A limit as it stands in the source.
#[derive(Debug, PartialEq, Eq)]
struct Limit<'source> {
    name: &'source str,
    expression: &'source str,
    comment: String,
}

/// The page of limits.
pub(crate) fn limits_page(source: &str) -> String {
    let limits = limits(source);
    let values = Values::of(limits.iter().map(|limit| (limit.name, limit.expression)));
    let mut page = String::from(
        "# Limits\n\n\
         Everything is bounded, and these are the bounds.\n\
         What an operator may change is the default here and an option of `conclave serve`.\n\n\
         This page is made from `crates/core/src/limits.rs` by `cargo xtask docs`; \
         change it there.\n\n\
         | limit | value | what it bounds, and what happens there |\n|---|---|---|\n",
    );
    for limit in &limits {
        let value = values.show(limit.expression);
        let comment = limit.comment.replace('|', "\\|");
        // Writing to a string cannot fail.
        let _written = writeln!(page, "| `{}` | {value} | {comment} |", limit.name);
    }
    page
}

/// The constants of the source, each with the comment above it.
fn limits(source: &str) -> Vec<Limit<'_>> {
    let mut found = Vec::new();
    let mut comment = Vec::new();
    let mut rest = source;
    while let Some((line, after)) = rest.split_once('\n') {
        let line = line.trim();
        if let Some(text) = line.strip_prefix("///") {
            comment.push(text.trim());
        } else if line.starts_with("pub const ") {
            // The expression may go over several lines.
            let statement =
                rest.split_once("pub const ").and_then(|(_, from)| from.split_once(';'));
            let parts = statement.and_then(|(statement, _)| statement.split_once('='));
            if let Some((declared, expression)) = parts {
                let name = declared.split_once(':').map_or(declared, |(name, _)| name);
                let comment = unlink(&std::mem::take(&mut comment).join(" "));
                found.push(Limit { name, expression: expression.trim(), comment });
            }
        } else {
            comment.clear();
        }
        rest = after;
    }
    found
}

/// Links of the code's documentation become plain names.
fn unlink(comment: &str) -> String {
    comment.replace("[`", "`").replace("`]", "`")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "//! Limits.\n\nuse std::time::Duration;\n\n\
        /// Longest name, in bytes. A longer one\n/// is refused.\npub const NAME_MAX: usize = 32;\n\
        /// Longest line: a | and [`NAME_MAX`].\npub const LINE_MAX: usize =\n    NAME_MAX + 2 * 1_024;\n\
        /// Silence before the menu.\npub const DELAY: Duration = Duration::from_millis(250);\n";

    #[test]
    fn each_limit_becomes_a_row_with_its_value_and_comment() {
        let page = limits_page(SOURCE);
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
        let expected = [
            "| `NAME_MAX` | 32 | Longest name, in bytes. A longer one is refused. |",
            "| `LINE_MAX` | 2,080 | Longest line: a \\| and `NAME_MAX`. |",
            "| `DELAY` | 250 ms | Silence before the menu. |",
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn every_limit_of_the_product_is_on_the_page_with_a_value() {
        let source = std::fs::read_to_string(root().join(LIMITS)).unwrap();
        let constants = source.lines().filter(|line| line.starts_with("pub const ")).count();
        let page = limits_page(&source);
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
        assert_eq!(rows.len(), constants);
        for row in rows {
            assert!(!row.contains("` | `"), "its value is not understood: {row}");
            assert!(!row.contains("|  |"), "it has no comment: {row}");
        }
    }
}
