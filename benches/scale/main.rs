//! Large transfers between two real programs: is memory bounded, is the pace constant, how soon does a resume move?
//!
//! `cargo bench --bench scale -- tree|again|sparse|resume` (none of them: all). Two `sealdrop` processes with profiles of their own
//! meet on the loopback, as root in a network of their own. What is measured is printed as a table and judged by a person;
//! only what is plainly wrong (an outcome other than *verified*, other bytes, a destination that is not sparse, memory that doubles) ends it.
//!
//! | variable | what | else |
//! | --- | --- | --- |
//! | `SCALE_SEED` | where data lies and what it is | 1 |
//! | `SCALE_FILES` | files of `tree` and `again` | 200,000 |
//! | `SCALE_GIB` | size of the tree of `sparse` | 40 |
//! | `SCALE_RESUME_GIB` | size of the file of `resume` | 8 |
//! | `SCALE_PROGRAM` | a `sealdrop` to be measured, such as an older one | this one |
//! | `SCALE_DIR` | where these two work | `/dev/shm`, or the usual scratch folder |
//!
//! `sparse` and `resume` work below `target/`: a disk has to say that it has room for the whole, though little is used.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench speaks to a person, and panics when it cannot go on"
)]

mod again;
mod ends;
mod network;
mod resume;
mod scratch;
mod sparse;
mod tree;

use std::{path::Path, process::ExitCode};

/// A name, and what is done with a seed.
type Part = (&'static str, fn(u64));

/// What can be asked for.
const PARTS: [Part; 4] = [("tree", tree::run), ("again", again::run), ("sparse", sparse::run), ("resume", resume::run)];

fn main() -> ExitCode {
    if let Some(code) = network::again_in_an_own_one() {
        return code;
    }
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let seed = number("SCALE_SEED", 1);
    println!("scale: seed {seed}, network: {}", if network::is_own() { "its own" } else { "this machine's" });
    for (name, part) in PARTS {
        if asked.is_empty() || asked.iter().any(|word| word == name) {
            part(seed);
        }
    }
    ExitCode::SUCCESS
}

/// A number from the environment.
fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Scratch space on a disk.
fn disk() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

fn say(what: &str, figure: &str) {
    println!("  {what:<34} {figure}");
}
