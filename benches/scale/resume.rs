//! A large file whose receiver is killed at 90 %: how long until new bytes move, against hashing those 90 %.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{
    disk,
    ends::{Ends, Heard, Who},
    network, number, say,
    scratch::{Seeded, islands, write_sparse},
};

/// Stretches of data for each GiB, so that the disk is not all holes.
const ISLANDS_A_GIB: u64 = 64;
const ISLAND_BYTES: usize = 1 << 20;
/// More than hellos, offer and plan: the file goes on.
const NEW_BYTES: u64 = 4 << 20;
/// A resume that takes longer than this does not come.
const GIVEN_UP: Duration = Duration::from_mins(5);

pub(crate) fn run(seed: u64) {
    let size = number("SCALE_RESUME_GIB", 8) << 30;
    let mut ends = Ends::new(disk());
    println!("resume: one file of {} GiB, killed at 90 %, in {}", size >> 30, ends.path("").display());
    let mut seeded = Seeded::new(seed);
    let count = usize::try_from((size >> 30).max(1) * ISLANDS_A_GIB).unwrap_or(0);
    let islands = islands(&mut seeded, size, count, ISLAND_BYTES);
    write_sparse(&ends.path("source").join("disk.img"), size, &islands);
    let prefix = ends.path("prefix.img");
    write_sparse(&prefix, size / 10 * 9, &islands);
    let (alone, together) = hashing(&prefix);
    ends.receive();
    ends.send();
    let transfer = ends.offered();
    ends.accept(&transfer);
    let moved = until_90_percent(&mut ends);
    ends.kill(Who::Receiver);
    say("killed at", &format!("{} MiB of {}", moved >> 20, size >> 20));
    let before = network::loopback_bytes();
    let again = Instant::now();
    ends.receive();
    say("listens again after", &seconds(again));
    let Some(story) = follow(&mut ends, again, before) else { return };
    let ratio = |of: Duration| story.moving.as_secs_f64() / of.as_secs_f64();
    let figures = format!("{:.2} of one program alone, {:.2} of two at once", ratio(alone), ratio(together));
    say("new bytes against hashing that much", &figures);
}

/// How long `sealdrop checksum` takes for the prefix: alone, and two at once as on the two ends.
fn hashing(prefix: &Path) -> (Duration, Duration) {
    let bytes = prefix.metadata().map_or(0, |metadata| metadata.len());
    let timed = |programs: usize| {
        let begun = Instant::now();
        let running: Vec<Child> = (0..programs).map(|_| checksum(prefix)).collect();
        for mut program in running {
            assert!(program.wait().expect("an end").success(), "checksum failed");
        }
        begun.elapsed()
    };
    // The first look at a file fills caches that a resume finds filled, too.
    timed(1);
    let (alone, together) = (timed(1), timed(2));
    let rate = |took: Duration| bytes as f64 / took.as_secs_f64() / 1e6;
    let figures = format!(
        "{:.2} s ({:.0} MB/s); two programs at once {:.2} s",
        alone.as_secs_f64(),
        rate(alone),
        together.as_secs_f64()
    );
    say("checksum of 90 %", &figures);
    (alone, together)
}

fn checksum(path: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealdrop"));
    command.arg("checksum").arg(path).stdout(Stdio::null()).spawn().expect("a program")
}

fn until_90_percent(ends: &mut Ends) -> u64 {
    loop {
        let progress = ends.until(Who::Receiver, "progress").read();
        let figure = |name: &str| progress[name].as_u64().unwrap_or(0);
        if figure("moved") >= figure("total") / 10 * 9 {
            return figure("moved");
        }
    }
}

/// When what happened, from the start of the receiver on.
struct Story {
    moving: Duration,
}

/// Tells each new state as it comes, until the file goes on and then ends; `None`: it does not go on.
fn follow(ends: &mut Ends, again: Instant, before: u64) -> Option<Story> {
    let (mut quiet, mut moving, mut finished, mut last) = (before, None, 0, [String::new(), String::new()]);
    while finished < 2 {
        let bytes = network::loopback_bytes();
        // Before the connection is made again nothing crosses; attempts that find nobody are small.
        if moving.is_none() && bytes > quiet + NEW_BYTES {
            moving = Some(again.elapsed());
            say("new bytes move after", &seconds(again));
        }
        if moving.is_none() && again.elapsed() > GIVEN_UP {
            say("NO RESUME", &format!("nothing moved within {GIVEN_UP:?}"));
            return None;
        }
        let Some(heard) = ends.next() else { continue };
        if heard.is("offer") && heard.who == Who::Receiver {
            // Programs that do not know it any more ask again.
            say("OFFERED AGAIN", &heard.read().to_string());
            let transfer = heard.read()["transfer"].as_str().unwrap_or_default().to_owned();
            ends.accept(&transfer);
            quiet = network::loopback_bytes();
        } else if heard.is("state") {
            tell_state(&heard, again, &mut last);
        } else if heard.is("finished") {
            let finish = heard.read();
            say(&format!("{:?} ended after", heard.who), &format!("{} as {}", seconds(again), finish["outcome"]));
            if finish["outcome"] != "verified" {
                say("NO RESUME", &finish.to_string());
                return None;
            }
            finished += 1;
        }
    }
    moving.map(|moving| Story { moving })
}

/// A state that goes on (checking, 42 %) is told once.
fn tell_state(heard: &Heard, again: Instant, last: &mut [String; 2]) {
    let state = heard.read()["state"].as_str().unwrap_or_default().to_owned();
    let said = &mut last[usize::from(heard.who == Who::Sender)];
    if *said != state {
        say(&format!("{:?}: {state}", heard.who), &format!("after {}", seconds(again)));
        *said = state;
    }
}

fn seconds(since: Instant) -> String {
    format!("{:.2} s", since.elapsed().as_secs_f64())
}
