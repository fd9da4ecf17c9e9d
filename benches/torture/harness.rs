//! The torture of transfers: two real programs with a proxy between them, killed, cut off, disturbed and run out of disk at
//! seeded moments, and after each blow a look at everything that stands on the disk.

pub(crate) mod check;
mod classic;
mod disk;
mod plan;
pub(crate) mod program;
mod proxy;
pub(crate) mod random;
pub(crate) mod report;
mod round;
mod stage;
pub(crate) mod tree;

use std::{path::Path, time::Instant};

use plan::Kind;
use random::Random;
use report::Tally;

/// What to do, and how large.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) seed: u64,
    /// Rounds go on until so many processes were killed; none: one round of each kind that kills nobody.
    pub(crate) kills: u64,
    /// The first round, to see one again that failed.
    pub(crate) from: u64,
    pub(crate) scale: Scale,
    /// Only this kind.
    pub(crate) only: Option<Kind>,
    /// Only what stands on the disk is judged: nobody has to go on, and everything may be sent again.
    pub(crate) lenient: bool,
}

/// How large a round's tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Seconds for all of it: a test.
    Small,
    /// Hundreds of small files and some of up to 60 MB.
    Full,
}

/// What the system says, as a text.
trait Said<T> {
    fn said(self) -> Result<T, String>;
}

impl<T> Said<T> for std::io::Result<T> {
    fn said(self) -> Result<T, String> {
        self.map_err(|error| error.to_string())
    }
}

/// A promise that was not kept.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) round: u64,
    pub(crate) what: String,
}

/// The kind that goes by this word.
pub(crate) fn kind(word: &str) -> Option<Kind> {
    Kind::parse(word)
}

/// Goes from round to round; `told` hears a line after each. What is below `home` stays there when a promise was broken.
pub(crate) fn run(options: &Options, home: &Path, mut told: impl FnMut(&str)) -> (Tally, Result<(), Broken>) {
    let mut tally = Tally::default();
    let start = Instant::now();
    for round in options.from.. {
        let kind = options.only.unwrap_or_else(|| Kind::of(round));
        if is_enough(options, &tally, round) {
            break;
        }
        if options.kills == 0 && kind.kills() {
            continue;
        }
        let place = home.join(format!("round-{round}"));
        let before = tally.clone();
        let result = one(options, round, kind, &place, &mut tally);
        tally.rounds += 1;
        tally.took = start.elapsed();
        match result {
            Ok(()) => told(&format!("round {round} ({kind:?}): {}", tally.since(&before))),
            Err(what) => return (tally, Err(Broken { round, what: format!("({kind:?}) {what}") })),
        }
        std::fs::remove_dir_all(&place).ok();
    }
    (tally, Ok(()))
}

fn is_enough(options: &Options, tally: &Tally, round: u64) -> bool {
    match (options.kills, options.only) {
        (0, None) => round >= options.from + Kind::PATTERN,
        (0, Some(_)) => tally.rounds > 0,
        (kills, _) => tally.kills() >= kills,
    }
}

fn one(options: &Options, round: u64, kind: Kind, place: &Path, tally: &mut Tally) -> Result<(), String> {
    let mut random = Random::of_round(options.seed, round);
    std::fs::create_dir_all(place).map_err(|error| format!("{}: {error}", place.display()))?;
    match kind {
        Kind::Classic => classic::round(&mut random, options.scale, place, tally),
        _ => round::run(&mut random, options, kind, place, tally),
    }
}
