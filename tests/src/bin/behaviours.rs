//! Holds what three test runners wrote down against the list of behaviours: one table, and no hole in it.
//!
//! `behaviours [--rust FILE]... [--kotlin FILE-OR-FOLDER]... [--swift FILE-OR-FOLDER]...`: libtest's `--logfile`, Surefire's
//! `TEST-*.xml`, `swift test --xunit-output`. Fails on a behaviour that did not pass somewhere, and on a test nobody listed.

use std::process::ExitCode;

use tests::report::{self, Language};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match report::run(&words, &mut |line| println!("{line}")) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(complaint) => {
            let names = Language::ALL.map(Language::option).join(" FILE] [");
            eprintln!("behaviours: {complaint}\nusage: behaviours [{names} FILE]");
            ExitCode::from(2)
        }
    }
}
