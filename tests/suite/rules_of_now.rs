//! What a person says about a device holds from that moment on, also for what has begun already.

use std::{fs, time::Duration};

use sealdrop::{
    crypto::identity::Identity,
    engine::messages::{Command, Event},
    model::{
        book::{DeviceId, KnownDevice, Rule},
        reason::ReasonCode,
        transfer::Stage,
    },
};

use crate::{
    scripted::{Scripted, file_entry},
    sealed_stream::new_identity,
    support::{Station, tree},
};

/// A station whose person has verified `anna` and says `rule` of her.
fn station(anna: &Identity, rule: Rule) -> Station {
    let mut b = Station::new("b");
    b.say(Command::Verify { key: anna.key(), name: "Anna".to_owned(), address: None });
    let wanted = rule.clone();
    b.say(Command::SetRule { key: anna.key(), rule });
    stored(&mut b, |devices| rule_in(devices) == Some(&wanted));
    b
}

fn rule_in(devices: &[KnownDevice]) -> Option<&Rule> {
    devices.first()?.trusted.as_ref().map(|trusted| &trusted.rule)
}

fn stored(b: &mut Station, holds: impl Fn(&[KnownDevice]) -> bool) {
    b.wait("the device book", |event| match event {
        Event::Devices(devices) if holds(devices) => Some(()),
        _ => None,
    });
}

/// Says hello and offers one file, but its list is still on the way.
fn half_an_offer(b: &Station, anna: &Identity) -> (Scripted, Vec<Vec<u8>>) {
    let mut anna = Scripted::dial_as(b.port, anna);
    anna.greet();
    let mut frames = anna.offer_bytes(vec![file_entry(&["x"], 1)]);
    let list = frames.split_off(1);
    anna.raw(&frames.remove(0));
    (anna, list)
}

fn accepts_into_a_folder(of: &Identity) -> (Station, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap().keep();
    (station(of, Rule::Accept(folder.clone())), folder)
}

#[test]
fn a_device_that_is_blocked_while_its_list_comes_is_turned_away() {
    let anna = new_identity();
    let (mut b, folder) = accepts_into_a_folder(&anna);
    let (mut caller, list) = half_an_offer(&b, &anna);
    b.say(Command::SetRule { key: anna.key(), rule: Rule::Block });
    stored(&mut b, |devices| rule_in(devices) == Some(&Rule::Block));
    for bytes in &list {
        caller.raw(bytes);
    }
    assert_eq!(caller.hear_abort().code, ReasonCode::Blocked);
    assert_eq!(tree(&folder), []);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_device_that_is_forgotten_while_its_list_comes_can_only_ask() {
    let anna = new_identity();
    let (mut b, folder) = accepts_into_a_folder(&anna);
    let (mut caller, list) = half_an_offer(&b, &anna);
    b.say(Command::ForgetDevice(DeviceId::Key(anna.key())));
    stored(&mut b, <[KnownDevice]>::is_empty);
    for bytes in &list {
        caller.raw(bytes);
    }
    let offer = b.offer();
    assert!(!offer.snapshot.peer.verified);
    assert_eq!(offer.preflight.folder, b.received());
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_offer_that_waits_ends_when_its_device_is_blocked() {
    let anna = new_identity();
    let mut b = station(&anna, Rule::Ask);
    let mut caller = Scripted::dial_as(b.port, &anna);
    caller.offer(vec![file_entry(&["x"], 1)]);
    let offer = b.offer();
    assert!(offer.snapshot.peer.verified);
    b.say(Command::SetRule { key: anna.key(), rule: Rule::Block });
    caller.stream.socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    assert_eq!(caller.hear_abort().code, ReasonCode::Blocked);
    let key = offer.snapshot.key;
    b.wait("its end", |event| match event {
        Event::Snapshot(it) if it.key == key && matches!(it.stage, Stage::Ended(_)) => Some(()),
        _ => None,
    });
}

#[test]
fn nobody_passes_for_a_stranger_because_the_book_cannot_be_read() {
    let anna = new_identity();
    let mut b = station(&anna, Rule::Block);
    let book = b.home.path().join("profile/devices.json");
    fs::remove_file(&book).unwrap();
    fs::create_dir(&book).unwrap();
    for _ in 0..2 {
        let mut caller = Scripted::dial_as(b.port, &anna);
        caller.say(&caller.hello());
        assert_eq!(caller.hear_abort().code, ReasonCode::Io);
    }
    b.say(Command::Shutdown);
    b.seen.clear();
    b.wait("the end", |event| matches!(event, Event::Stopped).then_some(()));
    let told = b.seen.iter().filter(|event| matches!(event, Event::DevicesDamaged { .. })).count();
    assert_eq!(told, 1, "told once, not by each caller");
}

#[test]
fn a_rule_that_holds_takes_without_asking() {
    let anna = new_identity();
    let (b, folder) = accepts_into_a_folder(&anna);
    let mut caller = Scripted::dial_as(b.port, &anna);
    caller.offer(vec![file_entry(&["x"], 1)]);
    caller.hear_accept(1);
    fs::remove_dir_all(folder).unwrap();
}
