//! What a person has said of a device holds for its key and for nothing else: not its name, not its address.

use std::fs;

use sealdrop::{
    crypto::identity::Identity,
    engine::messages::{Command, Event, KeyWarning},
    model::{
        book::{DeviceId, Rule},
        device_key::DeviceKey,
        outcome::{Ending, Outcome},
        reason::{ReasonCode, Side},
        transfer::Direction,
    },
    storage::devices_file,
    wire::header::{Hello, Message, Offer},
};

use crate::{
    scripted::{Scripted, file_entry},
    sealed_stream::new_identity,
    support::{Station, honest, seeded, tree},
};

/// `b`, and somebody whom it has verified as Anna.
fn with_anna() -> (Station, Station) {
    let (mut anna, mut b) = (Station::new("Anna"), Station::new("b"));
    b.verify(anna.key(), "Anna");
    (anna, b)
}

/// Says `command`, which changes the book, and waits until it counts.
fn change(b: &mut Station, command: Command) {
    b.say(command);
    b.wait("the changed book", |event| matches!(event, Event::Devices(_)).then_some(()));
}

fn set_rule(b: &mut Station, key: DeviceKey, rule: Rule) {
    change(b, Command::SetRule { key, rule });
}

fn warnings(b: &mut Station) -> Vec<KeyWarning> {
    b.has_card();
    let of = |event: &Event| if let Event::WrongKey(warning) = event { Some(warning.clone()) } else { None };
    b.seen.iter().filter_map(of).collect()
}

/// How sending a file from `a` to `b` ends without anybody having said a word at `b`.
fn sent(a: &mut Station, b: &Station) -> Ending {
    let source = a.file("file", &seeded(1, 1000));
    let sending = a.send(b, &[&source]);
    a.ending(sending)
}

fn assert_refused(ending: &Ending, code: &ReasonCode) {
    let reason = ending.reason.as_ref().unwrap();
    assert_eq!((&reason.code, reason.side), (code, Side::There), "{reason}");
    assert_ne!(ending.outcome, Outcome::Verified);
}

/// An offer of `a` is a card at `b`, which is accepted.
fn assert_asked(a: &mut Station, b: &mut Station, verified: bool) {
    let source = a.file("file", &seeded(1, 1000));
    let sending = a.send(b, &[&source]);
    let offer = b.offer();
    assert_eq!(offer.snapshot.peer.verified, verified);
    drop(offer);
    assert_eq!(a.ending(sending).outcome, Outcome::Declined);
}

#[test]
fn another_key_under_a_verified_name_is_turned_away_with_one_warning() {
    let (mut anna, mut b) = with_anna();
    let mut met = Vec::new();
    // The second one looks the same: its first letter is a Cyrillic one.
    for name in ["Anna", "\u{410}nna", "anna "] {
        let mut other = Station::new(name);
        met.push(other.key());
        for _ in 0..2 {
            assert_refused(&sent(&mut other, &b), &ReasonCode::WrongKey);
        }
    }
    assert!(!b.has_card());
    honest(&mut b);
    let warnings = warnings(&mut b);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!((warnings[0].expected, warnings[0].met), (anna.key(), met[0]));
    assert_eq!((warnings[0].name.as_str(), warnings[0].direction), ("Anna", Direction::Incoming));
    assert_asked(&mut anna, &mut b, true);
}

#[test]
fn a_device_that_is_allowed_to_be_different_comes_as_a_stranger() {
    let (mut anna, mut b) = with_anna();
    let (mut allowed, mut other) = (Station::new("Anna"), Station::new("Anna"));
    assert_refused(&sent(&mut allowed, &b), &ReasonCode::WrongKey);
    change(&mut b, Command::AllowDifferent(allowed.key()));
    assert_asked(&mut allowed, &mut b, false);
    assert_refused(&sent(&mut other, &b), &ReasonCode::WrongKey);
    assert_asked(&mut anna, &mut b, true);
}

#[test]
fn another_key_under_a_verified_name_is_not_sent_to() {
    let (mut bert, mut other, mut a) = (Station::new("Bert"), Station::new("Bert"), Station::new("a"));
    a.verify(bert.key(), "Bert");
    let ending = sent(&mut a, &other);
    let reason = ending.reason.unwrap();
    assert_eq!((ending.outcome, reason.code, reason.side), (Outcome::Failed, ReasonCode::WrongKey, Side::Here));
    let warnings = warnings(&mut a);
    assert_eq!(warnings.len(), 1);
    assert_eq!((warnings[0].expected, warnings[0].met), (bert.key(), other.key()));
    assert_eq!(warnings[0].direction, Direction::Outgoing);
    assert!(!other.has_card());
    // Every time, since it is a person here who tries.
    sent(&mut a, &other);
    assert_eq!(self::warnings(&mut a).len(), 2);
    assert_asked(&mut a, &mut bert, false);
    honest(&mut other);
}

#[test]
fn a_rule_takes_files_of_its_key_without_a_card_and_of_nobody_else() {
    let (mut anna, mut b) = with_anna();
    let folder = b.home.path().join("from Anna");
    fs::create_dir(&folder).unwrap();
    set_rule(&mut b, anna.key(), Rule::Accept(folder.clone()));
    assert_eq!(sent(&mut anna, &b).outcome, Outcome::Verified);
    assert_eq!(tree(&folder), [("file".to_owned(), Some(seeded(1, 1000)))]);
    assert!(!b.has_card());
    // The same name, the same address, another name: none of these is the key.
    assert_refused(&sent(&mut Station::new("Anna"), &b), &ReasonCode::WrongKey);
    assert!(!b.has_card());
    assert_asked(&mut Station::new("Carl"), &mut b, false);
    let source = anna.file("plain", b"plain");
    anna.send_to(b.address(), &[&source], true);
    let offer = b.offer();
    assert!(offer.snapshot.peer.classic && !offer.snapshot.peer.verified);
    drop(offer);
    // Without its folder the rule cannot be kept: a person is asked, with the usual folder.
    fs::remove_dir_all(&folder).unwrap();
    let source = anna.file("file", &seeded(1, 1000));
    let sending = anna.send(&b, &[&source]);
    let offer = b.offer();
    assert!(offer.snapshot.peer.verified);
    assert_eq!(offer.preflight.folder, b.received());
    drop(offer);
    assert_eq!(anna.ending(sending).outcome, Outcome::Declined);
    assert!(!folder.exists());
    assert_eq!(tree(&b.received()), []);
}

fn hello_as(own: &Identity, b: &Station, name: &str) -> Scripted {
    let mut peer = Scripted::dial_as(b.port, own);
    let Message::Hello(hello) = peer.hello() else { panic!("no hello") };
    peer.say(&Message::Hello(Hello { name: name.to_owned(), ..hello }));
    peer
}

#[test]
fn a_blocked_device_is_turned_away_before_its_list_is_read() {
    let mut b = Station::new("b");
    let own = new_identity();
    b.verify(own.key(), "Bart");
    set_rule(&mut b, own.key(), Rule::Block);
    for wants_to_compare in [false, true] {
        // Another name changes nothing: it is the key that is blocked.
        let mut peer = hello_as(&own, &b, "Santa");
        if wants_to_compare {
            peer.say(&Message::Verify);
        } else {
            let id = peer.id;
            let offer = Offer {
                transfer: id,
                epoch: 1,
                manifest: [0; 32],
                files: 1_000_000,
                folders: 0,
                links: 0,
                bytes: 1_000_000,
                message: None,
                again: None,
            };
            peer.say(&Message::Offer(offer));
        }
        assert_eq!(peer.hear_abort().code, ReasonCode::Blocked);
    }
    assert!(!b.has_card());
    assert!(!b.seen.iter().any(|event| matches!(event, Event::Refused { .. })), "who is blocked is not heard of");
    // Its calls leave the book as it is.
    let book = devices_file::load(&b.profile()).book;
    assert_eq!((book.devices.len(), book.devices[0].name.as_str()), (1, "Bart"));
    set_rule(&mut b, own.key(), Rule::Ask);
    let mut peer = hello_as(&own, &b, "Bart");
    peer.offer_only(vec![file_entry(&["x"], 1)]);
    assert!(b.offer().snapshot.peer.verified);
    honest(&mut b);
}

#[test]
fn a_forgotten_device_is_a_stranger_again() {
    let (mut anna, mut b) = with_anna();
    let folder = b.home.path().join("from Anna");
    fs::create_dir(&folder).unwrap();
    set_rule(&mut b, anna.key(), Rule::Accept(folder.clone()));
    change(&mut b, Command::ForgetDevice(DeviceId::Key(anna.key())));
    assert_asked(&mut anna, &mut b, false);
    // Verified again, it does not get its old rule back.
    b.verify(anna.key(), "Anna");
    assert_asked(&mut anna, &mut b, true);
    assert_eq!(tree(&folder), []);
    // The name is free for others meanwhile.
    change(&mut b, Command::ForgetDevice(DeviceId::Key(anna.key())));
    assert_asked(&mut Station::new("Anna"), &mut b, false);
}

#[test]
fn changes_by_another_process_count_for_the_next_session() {
    let (mut anna, mut b) = (Station::new("Anna"), Station::new("b"));
    let (key, profile) = (anna.key(), b.profile());
    assert_asked(&mut anna, &mut b, false);
    devices_file::change(&profile, |book| book.verify(key, "Anna", None, 1)).unwrap();
    assert_asked(&mut anna, &mut b, true);
    assert_refused(&sent(&mut Station::new("Anna"), &b), &ReasonCode::WrongKey);
    devices_file::change(&profile, |book| assert!(book.set_rule(key, Rule::Block))).unwrap();
    assert_refused(&sent(&mut anna, &b), &ReasonCode::Blocked);
    devices_file::change(&profile, |book| book.forget(&DeviceId::Key(key))).unwrap();
    assert_asked(&mut anna, &mut b, false);
}
