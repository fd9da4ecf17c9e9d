//! What was broken off is found again by the same words, whatever else of the profile runs meanwhile.

use sealdrop::{model::reason::ReasonCode, wire::header::Message};
use serde_json::{Value, json};

use super::program::{Home, Program};
use crate::{
    scripted::Scripted,
    support::{seeded, tree},
};

/// A folder of its own with one file, and nothing else of that name at the other end.
fn folder(home: &Home, name: &str) -> String {
    home.write(&format!("{name}/{name}.bin"), &seeded(name.len() as u64, 3_000_000));
    home.text(&format!("out/{name}"))
}

/// Sends until bytes have moved, and is killed then; what the transfer is called.
fn broken_off(home: &Home, to: &str, path: &str) -> Value {
    let mut sender = home.send(to, &["--limit", "1MB/s", path]);
    while sender.event("progress")["moved"].as_u64().unwrap() == 0 {}
    sender.kill();
    serde_json::from_str::<Value>(sender.seen.last().unwrap()).unwrap()["transfer"].clone()
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
