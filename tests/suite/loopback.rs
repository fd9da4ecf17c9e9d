//! Engine to engine over loopback: what was dropped on one side stands on the other, with the same seals.

use std::fs;

use sealdrop::engine::messages::Acceptance;
use sealdrop::model::{
    manifest::Selection,
    outcome::{FileState, Outcome},
    reason::ReasonCode,
};

use crate::support::{Station, seeded, tree};

#[test]
fn mixed_tree_arrives_complete_with_equal_seals() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let source = a.home.path().join("Photos");
    fs::create_dir_all(source.join("leer/tief")).unwrap();
    fs::create_dir_all(source.join("照片")).unwrap();
    fs::write(source.join("照片/一.bin"), seeded(1, 300_000)).unwrap();
    fs::write(source.join("empty"), b"").unwrap();
    fs::write(source.join("one"), b"1").unwrap();
    for (i, len) in [262_143, 262_144, 262_145, 1_048_577].into_iter().enumerate() {
        fs::write(source.join(format!("edge-{i}")), seeded(i as u64 + 2, len)).unwrap();
    }
    let sending = a.send(&b, &[&source]);
    let receiving = b.accept();
    let (sent, received) = (a.ending(sending), b.ending(receiving));
    assert_eq!((sent.outcome, received.outcome), (Outcome::Verified, Outcome::Verified), "{sent:?} {received:?}");
    assert_eq!(sent.files, 7);
    assert_eq!(tree(&source), tree(&b.received().join("Photos")));
    let seals = |mut ends: Vec<sealdrop::model::outcome::FileEnd>| {
        ends.sort_by_key(|end| end.index);
        ends.into_iter().map(|end| (end.index, end.state, end.md5)).collect::<Vec<_>>()
    };
    assert_eq!(seals(a.file_ends(sending)), seals(b.file_ends(receiving)));
}

#[test]
fn declined_offer_leaves_nothing_and_says_so_on_both_sides() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let source = a.home.path().join("x");
    fs::write(&source, b"x").unwrap();
    let sending = a.send(&b, &[&source]);
    let offer = b.offer();
    let receiving = offer.snapshot.key;
    drop(offer);
    assert_eq!(b.ending(receiving).outcome, Outcome::Declined);
    let ending = a.ending(sending);
    assert_eq!(ending.outcome, Outcome::Declined);
    assert_eq!(ending.reason.unwrap().code, ReasonCode::Declined);
    assert_eq!(tree(&b.received()), []);
}

#[test]
fn unchecked_entries_stay_behind() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let source = a.home.path().join("d");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("1"), b"one").unwrap();
    fs::write(source.join("2"), b"two").unwrap();
    let sending = a.send(&b, &[&source]);
    let offer = b.offer();
    let receiving = offer.snapshot.key;
    let flags = offer.snapshot.manifest.entries.iter().map(|entry| entry.shown_path() != "d/1").collect();
    let acceptance = Acceptance::new(b.received(), Selection::Some(flags));
    offer.reply.accept(acceptance);
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    assert_eq!(b.ending(receiving).files, 1);
    assert_eq!(tree(&b.received()).len(), 2);
    assert!(a.file_ends(sending).iter().any(|end| end.state == FileState::Skipped));
    let last = a.seen.iter().rev().find_map(|event| match event {
        sealdrop::engine::messages::Event::Snapshot(snapshot) => Some(snapshot.clone()),
        _ => None,
    });
    let last = last.unwrap();
    assert_eq!((last.moved, last.files_ended), (last.total, last.files), "the sender counts what was wanted");
}

#[test]
fn sending_to_oneself_works() {
    let mut a = Station::new("a");
    let source = a.home.path().join("x");
    fs::write(&source, seeded(9, 100_000)).unwrap();
    let sending = a.send_to(a.address(), &[&source], false);
    let receiving = a.accept();
    assert_eq!(a.ending(receiving).outcome, Outcome::Verified);
    let already = a.seen.iter().any(|event| matches!(event, sealdrop::engine::messages::Event::Snapshot(s) if s.key == sending && matches!(s.stage, sealdrop::model::transfer::Stage::Ended(_))));
    if !already {
        assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    }
    assert_eq!(fs::read(a.received().join("x")).unwrap(), seeded(9, 100_000));
}
