//! Large files that are hashed by their lane and by a second thread in turn, which also writes some pieces of them: the seal is right
//! and all bytes are there, or there is no such file.

use std::{
    fs::OpenOptions,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crossbeam_channel::bounded;

use super::{
    MIB, WORDS, reason,
    scene::{Does, LIMIT, Ran, Said, Scene, Writes, error, moved},
};
use crate::{
    model::{
        outcome::FileState,
        reason::{ReasonCode, Side},
    },
    storage::kept,
    transfer::link::Held,
};

/// All of these are hashed as they move, by both in turn, on either side.
fn in_turn(sizes: &[usize]) -> Scene {
    let mut scene = Scene::of(sizes);
    scene.limits.by_turns = u64::MAX;
    scene.aside = [Some(Arc::new(|_| Does::Goes)), Some(Arc::new(|_| Does::Goes))];
    scene
}

/// How many pieces the sender's second thread got.
fn counted(scene: &mut Scene) -> Arc<AtomicUsize> {
    let pieces = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&pieces);
    scene.aside[0] = Some(Arc::new(move |at| {
        count.store(at, Ordering::Relaxed);
        Does::Goes
    }));
    pieces
}

#[test]
fn a_seal_is_right_whoever_hashes_and_however_often_that_changes() {
    let mut scene = in_turn(&[20 * MIB + 12_345, 70_000, 9 * MIB, 3 * MIB + 1, 1000]);
    let pieces = counted(&mut scene);
    let ran = scene.run(None);
    assert!(ran.is_whole(), "{:?} {:?}", ran.sent, ran.received);
    scene.assert_arrived();
    scene.assert_clean();
    assert!(Ran::states(&ran.sender).values().all(|state| *state == FileState::Verified));
    let pieces = pieces.load(Ordering::Relaxed);
    assert!((40..100).contains(&pieces), "{pieces} of 133 pieces");
}

#[test]
fn what_came_before_a_break_is_kept_whoever_was_hashing() {
    // Behind this much the second thread has some on either side.
    for cut in [3 * MIB + 500, 4 * MIB + 77, 7 * MIB] {
        let mut scene = in_turn(&[12 * MIB]);
        let first = scene.run(Some(cut as u64));
        assert!(error(&first.sent).is_break() && error(&first.received).is_break(), "{:?}", first.received);
        let second = scene.run(None);
        assert!(second.is_whole(), "{:?} {:?}", second.sent, second.received);
        let kept = Ran::kept(&second.sender)[0].1;
        assert!(kept > cut as u64 - WORDS, "{kept} of {cut}");
        assert_eq!(moved(&second.sender), (12 * MIB) as u64 - kept);
        scene.assert_arrived();
        scene.assert_clean();
    }
}

#[test]
fn a_cancel_does_not_wait_for_a_thread_that_hangs() {
    let mut scene = in_turn(&[30 * MIB]);
    let (tell, hangs) = bounded(1000);
    scene.aside[0] = Some(Arc::new(move |_| {
        tell.send(()).unwrap();
        Does::Hangs
    }));
    let mut since = Instant::now();
    let ran = scene.run_with(None, |sender, _| {
        hangs.recv_timeout(Duration::from_secs(30)).unwrap();
        since = Instant::now();
        sender.cancel.set();
    });
    let took = since.elapsed();
    assert_eq!(error(&ran.sent).reason().code, ReasonCode::Cancelled);
    assert_eq!(error(&ran.received).reason().code, ReasonCode::Cancelled);
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(scene.names(), [""; 0]);
}

#[test]
fn a_pause_of_the_receiver_holds_a_file_that_is_hashed_aside_and_it_goes_on() {
    let mut scene = in_turn(&[30 * MIB]);
    let ran = scene.run_with(None, |sender, receiver| {
        receiver.wait("some of it", |said| matches!(said, Said::Moved(..)));
        receiver.hold.set(Some(Held::Person));
        sender.wait("the pause", |said| matches!(said, Said::Held(Some(_)) | Said::Finishing));
        receiver.hold.set(None);
    });
    assert!(ran.is_whole(), "{:?} {:?}", ran.sent, ran.received);
    scene.assert_arrived();
}

#[test]
fn a_sender_whose_second_thread_dies_fails_that_file_and_seals_nothing() {
    let mut scene = in_turn(&[9 * MIB, 9 * MIB, 1000]);
    scene.aside[0] = Some(Arc::new(|at| if at == 3 { Does::Dies } else { Does::Goes }));
    let ran = scene.run(None);
    assert!(ran.sent.is_ok(), "{:?}", ran.sent);
    let (here, there) = (reason(&ran.sender, 0).unwrap(), reason(&ran.receiver, 0).unwrap());
    assert_eq!((here.code, here.side), (ReasonCode::Internal, Side::Here));
    assert_eq!((there.code, there.side), (ReasonCode::Internal, Side::There));
    assert_eq!(scene.names(), ["file 1", "file 2"], "the others go without it");
    what_failed_can_be_sent_again(scene);
}

#[test]
fn a_source_that_becomes_shorter_fails_alone_and_the_second_thread_goes_on() {
    let mut scene = in_turn(&[9 * MIB, 9 * MIB]);
    let place = scene.places[0].clone();
    scene.aside[0] = Some(Arc::new(move |at| {
        if at == 3 {
            OpenOptions::new().write(true).open(&place).unwrap().set_len(3 << 20).unwrap();
        }
        Does::Goes
    }));
    let ran = scene.run(None);
    assert_eq!(reason(&ran.sender, 0).unwrap().code, ReasonCode::Changed);
    assert_eq!(scene.names(), ["file 1"]);
    assert_eq!(Ran::states(&ran.sender)[&1], FileState::Verified);
}

#[test]
fn a_receiver_whose_second_thread_dies_fails_that_file_and_names_nothing() {
    let mut scene = in_turn(&[9 * MIB, 9 * MIB, 1000]);
    scene.aside[1] = Some(Arc::new(|at| if at == 12 { Does::Dies } else { Does::Goes }));
    the_first_fails_and_is_not_named(scene);
}

/// A scene whose receiver's second thread does this with the pieces that it is to write, and how many it got.
fn written(sizes: &[usize], does: impl Fn(usize) -> Writes + Send + Sync + 'static) -> (Scene, Arc<AtomicUsize>) {
    let mut scene = in_turn(sizes);
    let pieces = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&pieces);
    scene.writing = Some(Arc::new(move |at| {
        count.store(at, Ordering::Relaxed);
        does(at)
    }));
    (scene, pieces)
}

#[test]
fn pieces_that_the_second_thread_writes_are_all_there_however_late() {
    for late in [0, 1, 2] {
        let does = move |at| if at % 3 < late { Writes::Late } else { Writes::AtOnce };
        let (mut scene, pieces) = written(&[20 * MIB + 12_345, 9 * MIB, 3 * MIB + 1], does);
        let ran = scene.run(None);
        assert!(ran.is_whole(), "{:?} {:?}", ran.sent, ran.received);
        scene.assert_arrived();
        scene.assert_clean();
        let pieces = pieces.load(Ordering::Relaxed);
        assert!(pieces > 0, "none was left to it");
    }
}

#[test]
fn what_the_second_thread_has_not_written_when_a_connection_breaks_is_waited_for() {
    // Behind this much the second thread has some to write.
    for cut in [3 * MIB as u64 + 500, 4 * MIB as u64 - 77] {
        let (mut scene, pieces) = written(&[12 * MIB], |_| Writes::Late);
        let first = scene.run(Some(cut));
        assert!(error(&first.received).is_break(), "{:?}", first.received);
        assert!(pieces.load(Ordering::Relaxed) > 0);
        let second = scene.run(None);
        assert!(second.is_whole(), "{:?} {:?}", second.sent, second.received);
        let kept = Ran::kept(&second.sender)[0].1;
        assert!(kept > cut - WORDS, "{kept} of {cut}");
        scene.assert_arrived();
        scene.assert_clean();
    }
}

#[test]
fn what_the_second_thread_has_written_is_soon_on_the_disk_though_nothing_more_comes() {
    for begins in 2..8 {
        let (mut scene, _pieces) = written(&[40 * MIB], |_| Writes::AtOnce);
        scene.limits.flush_every = Duration::from_millis(50);
        let profile = scene.profile();
        let flushed = || kept::incoming(&profile)[0].as_ref().unwrap().recovered.parts.get(&0).copied().unwrap_or(0);
        let ran = scene.run_with(None, |sender, receiver| {
            while receiver.moved() < begins * MIB as u64 {
                receiver.wait("some of it", |said| matches!(said, Said::Moved(..)));
            }
            sender.hold.set(Some(Held::Person));
            receiver.wait("the pause", |said| matches!(said, Said::Held(Some(_))));
            let come = receiver.settles(Duration::from_millis(300));
            let deadline = Instant::now() + LIMIT;
            while flushed() < come {
                assert!(Instant::now() < deadline, "{} of {come} bytes", flushed());
                std::thread::park_timeout(Duration::from_millis(20));
            }
            sender.hold.set(None);
        });
        assert!(ran.is_whole(), "{:?} {:?}", ran.sent, ran.received);
        scene.assert_arrived();
    }
}

#[test]
fn a_disk_that_is_full_for_the_second_thread_holds_the_transfer_and_what_was_before_is_kept() {
    let (mut scene, _pieces) = written(&[12 * MIB], |at| if at == 5 { Writes::Fails } else { Writes::AtOnce });
    let first = scene.run(None);
    assert!(error(&first.received).is_hold(), "{:?}", first.received);
    scene.writing = None;
    let second = scene.run(None);
    assert!(second.is_whole(), "{:?} {:?}", second.sent, second.received);
    let kept = Ran::kept(&second.sender)[0].1;
    // Four pieces at least had been written, and not all of it.
    assert!((MIB as u64..12 * MIB as u64).contains(&kept), "{kept}");
    scene.assert_arrived();
    scene.assert_clean();
}

#[test]
fn a_receiver_whose_second_thread_dies_with_a_piece_fails_that_file_and_names_nothing() {
    let does = |at| if at == 3 { Writes::Dies } else { Writes::AtOnce };
    let (scene, _pieces) = written(&[9 * MIB, 9 * MIB, 1000], does);
    the_first_fails_and_is_not_named(scene);
}

/// The receiver loses its second thread over the first of three files.
fn the_first_fails_and_is_not_named(mut scene: Scene) {
    let ran = scene.run(None);
    assert_eq!(ran.received.as_ref().unwrap().failed, 1);
    let (here, there) = (reason(&ran.receiver, 0).unwrap(), reason(&ran.sender, 0).unwrap());
    assert_eq!((here.code, here.side), (ReasonCode::Internal, Side::Here));
    assert_eq!((there.code, there.side), (ReasonCode::Internal, Side::There));
    assert_eq!(scene.names(), ["file 1", "file 2"], "the others go without it");
    what_failed_can_be_sent_again(scene);
}

fn what_failed_can_be_sent_again(mut scene: Scene) {
    scene.aside = [None, None];
    scene.writing = None;
    let second = scene.run(None);
    assert!(second.is_whole(), "{:?} {:?}", second.sent, second.received);
    scene.assert_arrived();
    scene.assert_clean();
}
