//! Names that are taken where files are to be saved.

use std::fs;

use super::{
    WORDS,
    scene::{Ran, Said, Scene, moved},
};
use crate::model::{conflict::Conflict, outcome::FileState, reason::ReasonCode};

/// The first file stands there as it is, the second with other bytes and the same size, the third with another size.
fn taken(conflict: Conflict) -> Scene {
    let mut scene = Scene::of(&[2 << 20, 300_000, 5_000, 70_000]);
    scene.conflict = conflict;
    fs::copy(&scene.places[0], scene.received().join("file 0")).unwrap();
    fs::write(scene.received().join("file 1"), vec![7; 300_000]).unwrap();
    fs::write(scene.received().join("file 2"), b"mine").unwrap();
    scene
}

#[test]
fn what_is_the_same_is_not_sent_and_what_differs_gets_a_number() {
    let mut scene = taken(Conflict::SkipIdentical);
    let ran = scene.run(None);
    assert!(ran.is_whole(), "{:?} {:?}", ran.sent, ran.received);
    assert_eq!(scene.names(), ["file 0", "file 1", "file 1 (2)", "file 2", "file 2 (2)", "file 3"]);
    assert_eq!(moved(&ran.sender), 300_000 + 5_000 + 70_000);
    assert!(ran.bytes < 375_000 + WORDS, "{}", ran.bytes);
    assert_eq!((Ran::kept(&ran.sender), Ran::kept(&ran.receiver)), (vec![(0, 2 << 20)], vec![(0, 2 << 20)]));
    assert_eq!(Ran::states(&ran.sender).len(), 4);
    let first = ran.committed.iter().find(|end| end.index == 0).unwrap();
    assert_eq!((first.state, first.place.clone()), (FileState::Verified, Some(scene.received().join("file 0"))));
    assert_eq!(fs::read(scene.received().join("file 2")).unwrap(), b"mine");
    assert_eq!(fs::read(scene.received().join("file 1 (2)")).unwrap(), fs::read(&scene.places[1]).unwrap());
    scene.assert_clean();
}

#[test]
fn what_is_to_be_left_alone_is_left_out_with_its_reason() {
    let mut scene = taken(Conflict::Skip);
    let ran = scene.run(None);
    assert!(ran.is_whole());
    assert_eq!(scene.names(), ["file 0", "file 1", "file 2", "file 3"]);
    assert_eq!(moved(&ran.sender), 70_000);
    for said in &ran.receiver {
        if let Said::Ended(end) = said {
            assert_eq!(end.state, FileState::Skipped);
            assert_eq!(end.reason.as_ref().unwrap().code, ReasonCode::AlreadyThere);
            assert!(end.place.as_ref().is_some_and(|place| place.exists()));
        }
    }
    assert_eq!(Ran::states(&ran.receiver).len(), 3);
    assert_eq!(Ran::states(&ran.sender).values().filter(|state| **state == FileState::Skipped).count(), 3);
    assert_eq!(fs::read(scene.received().join("file 2")).unwrap(), b"mine");
    scene.assert_clean();
}

#[test]
fn what_is_to_be_replaced_is() {
    let mut scene = taken(Conflict::Replace);
    let ran = scene.run(None);
    assert!(ran.is_whole());
    scene.assert_arrived();
    assert_eq!(scene.names(), ["file 0", "file 1", "file 2", "file 3"]);
    scene.assert_clean();
}

#[test]
fn all_of_this_survives_a_break() {
    for conflict in Conflict::ALL {
        let mut scene = taken(conflict);
        let first = scene.run(Some(60_000));
        assert!(first.received.is_err(), "{conflict:?}");
        let second = scene.run(None);
        assert!(second.is_whole(), "{conflict:?} {:?} {:?}", second.sent, second.received);
        assert!(scene.received().join("file 3").exists(), "{conflict:?}");
        scene.assert_clean();
    }
}
