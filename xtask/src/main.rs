//! The loop people work in: `cargo xtask run`, `cargo xtask test` and what they are made of.
//!
//! Does not know the product: it starts programs and reads files. Nothing of it ships.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a terminal is its only reader")]

mod cargo;
mod docs;
mod fuzz;
mod packages;
mod serve;
mod suite;
mod tidy;
mod web;

use std::process::ExitCode;

/// A word that `cargo xtask` understands.
struct Subcommand {
    word: &'static str,
    takes: &'static str,
    does: &'static str,
    run: fn(&[String]) -> anyhow::Result<()>,
}

const SUBCOMMANDS: &[Subcommand] = &[
    Subcommand {
        word: "run",
        takes: "[OPTION]…",
        does: "builds the server and runs it; options go to `conclave serve`",
        run: serve::run,
    },
    Subcommand {
        word: "test",
        takes: "[STEP]…",
        does: "everything CI runs, or only the steps named",
        run: suite::run,
    },
    Subcommand {
        word: "tidy",
        takes: "",
        does: "checks the house rules that the compiler does not know",
        run: tidy::run,
    },
    Subcommand {
        word: "web",
        takes: "",
        does: "builds the web app, which the server then holds; needs Node",
        run: web::run,
    },
    Subcommand { word: "fmt", takes: "", does: "formats all Rust code", run: cargo::format },
    Subcommand {
        word: "docs",
        takes: "",
        does: "writes anew the pages that are made from code",
        run: docs::run,
    },
    Subcommand {
        word: "fuzz",
        takes: "[TARGET] [--seconds N]",
        does: "fuzzes one target, or each in turn, for N seconds",
        run: fuzz::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((word, rest)) = arguments.split_first() else {
        print!("{}", list());
        return ExitCode::SUCCESS;
    };
    if matches!(word.as_str(), "help" | "--help" | "-h") {
        print!("{}", list());
        return ExitCode::SUCCESS;
    }
    let Some(subcommand) = SUBCOMMANDS.iter().find(|subcommand| subcommand.word == word) else {
        eprint!("There is no `cargo xtask {word}`.\n\n{}", list());
        return ExitCode::from(2);
    };
    match (subcommand.run)(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {word}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The subcommands, a line each.
fn list() -> String {
    let line = |subcommand: &Subcommand| {
        let call = format!("{} {}", subcommand.word, subcommand.takes);
        format!("  cargo xtask {call:<28} {}\n", subcommand.does)
    };
    SUBCOMMANDS.iter().map(line).collect()
}
