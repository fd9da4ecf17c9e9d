//! Kills, cuts, flips and full disks for transfers between two real programs, until nothing can be lost any more.
//!
//! `cargo bench --bench torture -- --seed N --kills 200` prints its seed; `--from ROUND` begins with a later round, `--only
//! calm|rough|broken|full|classic` does only one kind, `--small` takes small trees, `--lenient` judges only what stands on the
//! disk. Without `--kills` there are 200, with 0 only the rounds in which nothing has to go on. Scratch space comes from
//! `TMPDIR`; what a broken promise leaves stays there. Full disks need root (a tmpfs in a mount namespace), and are skipped
//! aloud without. `TORTURE_PROGRAM` names another `sealdrop` than the one that was built with it. Linux only; `--profile dev`
//! behind `bench` takes the program that the tests take.

#![allow(clippy::print_stdout, reason = "a bench speaks by standard output")]

#[cfg(target_os = "linux")]
#[path = "harness.rs"]
mod harness;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    use harness::{Options, Scale};

    let words: Vec<String> = std::env::args().collect();
    let value = |name: &str| words.iter().position(|word| word == name).and_then(|at| words.get(at + 1));
    let number = |name: &str| value(name).and_then(|text| text.parse::<u64>().ok());
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let options = Options {
        seed: number("--seed").unwrap_or_else(|| clock.map_or(1, |time| time.as_secs())),
        kills: number("--kills").unwrap_or(200),
        from: number("--from").unwrap_or_default(),
        scale: if words.iter().any(|word| word == "--small") { Scale::Small } else { Scale::Full },
        lenient: words.iter().any(|word| word == "--lenient"),
        only: value("--only").and_then(|word| harness::kind(word)),
    };
    let Ok(home) = tempfile::Builder::new().prefix("torture-").tempdir() else { return ExitCode::FAILURE };
    println!("seed {}, in {}", options.seed, home.path().display());
    let (tally, result) = harness::run(&options, home.path(), |line| println!("{line}"));
    println!("\n{tally}");
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(broken) => {
            let place = home.keep();
            println!("BROKEN in round {} of seed {}: {}", broken.round, options.seed, broken.what);
            println!("what is left: {}", place.display());
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    println!("skipped: Linux only");
    ExitCode::SUCCESS
}
