//! Very many small files when one end is killed at 95 %: memory of both ends when they go on, against what they took until then.

use std::time::Instant;

use super::{
    ends::{Ends, Taken, Who},
    number, say,
    scratch::files_below,
    tree::{place, write_tree},
};

/// More times as much, and something is held twice.
const MOST: f64 = 1.5;

pub(crate) fn run(seed: u64) {
    let files = number("SCALE_FILES", 200_000);
    for who in [Who::Receiver, Who::Sender] {
        killed(who, files, seed);
    }
}

fn killed(who: Who, files: u64, seed: u64) {
    let mut ends = Ends::new(&place());
    println!("again: {files} files, {who:?} killed at 95 %, in {}", ends.path("").display());
    write_tree(&ends.path("source").join("Tree"), files, seed);
    ends.receive();
    ends.send();
    let transfer = ends.offered();
    ends.accept(&transfer);
    until_arrived(&mut ends, files / 20 * 19);
    let before = [Who::Receiver, Who::Sender].map(|of| (of, ends.taken(of)));
    ends.kill(who);
    let again = Instant::now();
    match who {
        Who::Receiver => ends.receive(),
        Who::Sender => ends.send(),
    }
    until_finished(&mut ends, files);
    say("from the new start to the end", &format!("{:.2} s", again.elapsed().as_secs_f64()));
    assert_eq!(files_below(&ends.path("received")) as u64, files, "files at the destination");
    for (of, before) in before {
        tell(of, before, ends.taken(of));
    }
}

fn until_arrived(ends: &mut Ends, mut files: u64) {
    while files > 0 {
        let Some(heard) = ends.next() else { continue };
        assert!(!heard.is("finished"), "ended too soon: {}", heard.read());
        files -= u64::from(heard.is("file") && heard.who == Who::Receiver);
    }
}

fn until_finished(ends: &mut Ends, files: u64) {
    let mut finished = 0;
    while finished < 2 {
        let Some(heard) = ends.next().filter(|heard| heard.is("finished")) else { continue };
        let finish = heard.read();
        assert_eq!((&finish["outcome"], finish["files"].as_u64()), (&"verified".into(), Some(files)), "{finish}");
        finished += 1;
    }
}

fn tell(who: Who, before: Taken, at_end: Taken) {
    let ratio = at_end.peak as f64 / before.peak.max(1) as f64;
    let figures =
        format!("peak {} MiB until then, {} MiB in the end: {ratio:.2}", before.peak >> 10, at_end.peak >> 10);
    say(if who == Who::Sender { "sender" } else { "receiver" }, &figures);
    assert!(ratio < MOST, "{who:?} took {ratio:.2} times as much memory to go on");
}
