//! Files that are hashed after they have moved, several side by side: seals come later, in any order, and prove as much.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::FileExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{
    MIB, WORDS, reason,
    scene::{Ran, Scene, error},
};
use crate::model::{
    outcome::FileState,
    reason::{ReasonCode, Side},
};

/// More than is kept in memory until it is hashed.
const MIDDLE: usize = 300_000;

#[test]
fn files_of_every_size_arrive_verified_whenever_they_are_hashed() {
    let mut sizes = vec![0, 1, 63, 64 << 10, (64 << 10) + 1, 3 * MIB, 1000];
    for at in 0..40 {
        sizes.extend([MIDDLE + at, 100 * at]);
    }
    let mut scene = Scene::of(&sizes);
    let behind = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&behind);
    scene.after_moving = Some(Arc::new(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        true
    }));
    let ran = scene.run(None);
    assert!(ran.is_whole(), "{:?} {:?}", ran.sent, ran.received);
    scene.assert_arrived();
    scene.assert_clean();
    assert!(Ran::states(&ran.sender).values().all(|state| *state == FileState::Verified));
    let large = sizes.iter().filter(|size| **size > 64 << 10).count();
    assert_eq!(behind.load(Ordering::Relaxed), large, "left to the hasher");
}

/// What becomes of file 1 when this happens to it after it has moved and before it is hashed.
fn meddled(meddle: fn(&Path)) -> (Scene, Ran) {
    let mut scene = Scene::of(&[MIDDLE, MIDDLE, MIDDLE]);
    let place = scene.places[1].clone();
    scene.after_moving = Some(Arc::new(move |index| {
        if index == 1 {
            meddle(&place);
        }
        true
    }));
    let ran = scene.run(None);
    let names = scene.names();
    assert_eq!(names, ["file 0", "file 2"], "the others arrive, and it does not");
    (scene, ran)
}

/// Other bytes of the same length.
fn scribble(place: &Path) {
    OpenOptions::new().write(true).open(place).unwrap().write_all_at(b"something else", 100_000).unwrap();
}

#[test]
fn a_source_that_changes_after_it_moved_is_told_as_changed() {
    let truncate = |place: &Path| OpenOptions::new().write(true).open(place).unwrap().set_len(10).unwrap();
    for meddle in [scribble as fn(&Path), truncate] {
        let (_scene, ran) = meddled(|place| {
            // Not in the tick of the clock in which it was made.
            super::touch(place);
        });
        assert_eq!(reason(&ran.sender, 1).unwrap().code, ReasonCode::Changed);
        let (_scene, ran) = meddled(meddle);
        let (here, there) = (reason(&ran.sender, 1).unwrap(), reason(&ran.receiver, 1).unwrap());
        assert_eq!((here.code, there.code), (ReasonCode::Changed, ReasonCode::Changed));
        assert_eq!((here.side, there.side), (Side::Here, Side::There));
    }
}

#[test]
fn a_source_that_changes_unseen_after_it_moved_is_a_mismatch() {
    let (_scene, ran) = meddled(|place| {
        let before = fs::metadata(place).unwrap().modified().unwrap();
        scribble(place);
        OpenOptions::new().write(true).open(place).unwrap().set_modified(before).unwrap();
    });
    assert_eq!(Ran::states(&ran.sender)[&1], FileState::Mismatch);
    assert_eq!(Ran::states(&ran.receiver)[&1], FileState::Mismatch);
}

#[test]
fn what_had_come_when_seals_were_owed_is_not_sent_again() {
    let mut scene = Scene::of(&[MIDDLE; 12]);
    // Nothing is sealed.
    scene.after_moving = Some(Arc::new(|_| false));
    let cut = 11 * MIDDLE as u64 + 200_000;
    let first = scene.run(Some(cut));
    assert!(error(&first.sent).is_break() && error(&first.received).is_break(), "{:?}", first.received);
    assert!(Ran::states(&first.sender).is_empty());
    scene.after_moving = None;
    let second = scene.run(None);
    assert!(second.is_whole(), "{:?} {:?}", second.sent, second.received);
    scene.assert_arrived();
    scene.assert_clean();
    let rest = 12 * MIDDLE as u64 - cut;
    assert!(second.bytes <= rest + 2 * WORDS, "{} bytes went, {rest} were missing", second.bytes);
}

#[test]
fn a_large_file_does_not_keep_the_receipts_of_those_before_it() {
    let mut scene = Scene::of(&[MIDDLE, MIDDLE, 65 * MIB]);
    let ran = scene.run(None);
    assert!(ran.is_whole(), "{:?} {:?}", ran.sent, ran.received);
    scene.assert_arrived();
}
