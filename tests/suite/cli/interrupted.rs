//! What was broken off is found again by the same words, whatever else of the profile runs meanwhile.

use std::{fs, path::Path, time::Instant};

use sealdrop::{model::reason::ReasonCode, wire::header::Message};
use serde_json::{Value, json};

use super::program::{Home, Program};
use crate::{
    scripted::Scripted,
    support::{LIMIT, seeded, tree},
};

/// A folder of its own with one file, and nothing else of that name at the other end.
fn folder(home: &Home, name: &str) -> String {
    home.write(&format!("{name}/{name}.bin"), &seeded(name.len() as u64, 3_000_000));
    home.text(&format!("out/{name}"))
}

/// Sends until bytes have moved and the profile knows that it was accepted, and is killed then; what the transfer is called.
fn broken_off(home: &Home, to: &str, path: &str) -> Value {
    let mut sender = home.send(to, &["--limit", "500kB/s", path]);
    let transfer = sender.event("progress")["transfer"].clone();
    let log = home.path("sender").join("running").join(transfer.as_str().unwrap()).with_extension("sent");
    let deadline = Instant::now() + LIMIT;
    while !fs::read_to_string(&log).is_ok_and(|log| log.contains("accepted")) {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
    sender.kill();
    transfer
}

/// Waits until a `send` has begun or gone on, and says with what.
fn under_way(sender: &mut Program) -> Value {
    while sender.event("state")["state"] != "moving" {}
    sender.event("progress")["transfer"].clone()
}

#[test]
fn each_of_several_sends_of_one_profile_goes_on_with_its_own() {
    let home = Home::new();
    let (receiver, to) = home.receive(&["--accept", "all"]);
    let (one, other) = (folder(&home, "one"), folder(&home, "other"));
    let (first, second) = (broken_off(&home, &to, &one), broken_off(&home, &to, &other));
    let mut slow = home.send(&to, &["--limit", "1MB/s", &one]);
    assert_eq!(under_way(&mut slow), first);
    let beside = home.send(&to, &[&other]).end();
    assert_eq!((beside.code, &beside.finished()["transfer"]), (Some(0), &second), "{beside:#?}");
    let slow = slow.end();
    assert_eq!((slow.code, &slow.finished()["outcome"]), (Some(0), &json!("verified")), "{slow:#?}");
    drop(receiver);
    assert_eq!(tree(&home.path("out")), home.received());
}

/// It says *yes* before a long list is on its disk.
#[test]
fn a_receiver_killed_right_after_its_yes_leaves_nothing_and_gets_it_under_its_name_when_it_is_back() {
    let home = Home::new();
    let first = home.write("many/0/0", b"x");
    for of in 0..10 {
        fs::create_dir_all(home.path("out").join(format!("many/{of}"))).unwrap();
        (1..=900).for_each(|at| fs::hard_link(&first, home.path("out").join(format!("many/{of}/{at}"))).unwrap());
    }
    let (mut receiver, to) = home.receive(&["--accept", "all"]);
    let mut sender = home.send(&to, &[&home.text("out/many")]);
    while sender.event("state")["state"] != "moving" {}
    receiver.kill();
    drop(receiver);
    let (mut receiver, _) = home.receive_at(&to, &["--accept", "all"]);
    assert_eq!(receiver.event("finished")["outcome"], "verified");
    let sender = sender.end();
    assert_eq!(sender.code, Some(0), "{sender:#?}");
    assert!(tree(&home.path("out")) == home.received(), "{:?}", names_in(&home.path("in")));
    // What stands there goes when the history has it.
    let deadline = Instant::now() + LIMIT;
    while !names_in(&home.path("receiver").join("running")).is_empty() {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// What is being sent may be in the hands of another process of the profile, or wait for one.
#[test]
fn who_only_receives_says_nothing_for_good_about_what_is_sent() {
    let home = Home::new();
    let (_receiver, to) = home.receive(&["--accept", "all"]);
    let port = to.rsplit(':').next().unwrap().parse().unwrap();
    let mut caller = Scripted::dial(port);
    caller.greet();
    caller.say(&Message::Want { transfer: caller.id });
    assert_eq!(caller.hear_abort().code, ReasonCode::ConnectionLost);
}
