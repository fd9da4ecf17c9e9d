//! Standing still, from either side and at any point.

use std::{
    io::{Read, Write},
    time::{Duration, Instant},
};

use super::{
    MIB,
    scene::{LIMIT, Ran, Said, Scene, Side, error, pair},
};
use crate::{
    model::reason::ReasonCode,
    transfer::{
        lane::LaneError,
        limits::Limits,
        link::{Held, LinkEnd},
    },
    wire::header::{Answer, By, Message, PlanItem, Want, encode},
};

/// Nothing that was on its way takes longer.
const QUIET: Duration = Duration::from_millis(400);

fn is_moved(said: &Said) -> bool {
    matches!(said, Said::Moved(..))
}

fn held(code: ReasonCode) -> Said {
    Said::Held(Some(code))
}

/// Nothing moves; then everything does.
fn stands_still_until_let_go(holder: &mut Side, other: &mut Side, held_as: Held) {
    let code = if held_as == Held::Person { ReasonCode::Cancelled } else { ReasonCode::Busy };
    other.wait("a pause", |said| *said == held(code.clone()));
    let before = (holder.settles(QUIET), other.settles(QUIET));
    assert_eq!((holder.settles(QUIET), other.moved()), before, "something moved");
    holder.hold.set(None);
    other.wait("a resume", |said| *said == Said::Held(None));
}

#[test]
fn either_side_holds_a_file_in_its_middle_and_lets_it_go() {
    for (holds, why) in [(0, Held::Person), (1, Held::Person), (0, Held::Turn), (1, Held::Turn)] {
        let mut scene = Scene::of(&[24 * MIB, 1000]);
        let ran = scene.run_with(None, |sender, receiver| {
            let (holder, other) = if holds == 0 { (sender, receiver) } else { (receiver, sender) };
            holder.wait("bytes", is_moved);
            holder.hold.set(Some(why));
            stands_still_until_let_go(holder, other, why);
        });
        assert!(ran.is_whole(), "{:?} {:?}", ran.sent, ran.received);
        scene.assert_arrived();
        scene.assert_clean();
    }
}

#[test]
fn nothing_begins_while_it_is_held_from_the_start() {
    let by_person = Some(Held::Person);
    for held_by in [[by_person, None], [None, by_person], [by_person, by_person]] {
        let mut scene = Scene::of(&[100_000, 200_000]);
        scene.held = held_by;
        let ran = scene.run_with(None, |sender, receiver| {
            if held_by[0].is_some() {
                receiver.wait("a pause", |said| *said == held(ReasonCode::Cancelled));
                assert_eq!(receiver.settles(QUIET), 0);
            }
            if held_by[1].is_some() {
                // Files may have been on their way before that was heard.
                sender.wait("a pause", |said| *said == held(ReasonCode::Cancelled));
            }
            sender.hold.set(None);
            receiver.hold.set(None);
        });
        assert!(ran.is_whole(), "{:?} {:?}", ran.sent, ran.received);
        scene.assert_arrived();
    }
}

#[test]
fn it_moves_again_only_when_neither_side_holds_it() {
    let mut scene = Scene::of(&[24 * MIB]);
    let ran = scene.run_with(None, |sender, receiver| {
        sender.wait("bytes", is_moved);
        sender.hold.set(Some(Held::Person));
        receiver.hold.set(Some(Held::Person));
        receiver.wait("their pause", |said| *said == held(ReasonCode::Cancelled));
        sender.wait("their pause", |said| *said == held(ReasonCode::Cancelled));
        receiver.settles(QUIET);
        sender.hold.set(None);
        receiver.wait("their resume", |said| *said == Said::Held(None));
        let before = receiver.settles(QUIET);
        assert_eq!(receiver.settles(QUIET), before, "it moves though one side holds it");
        receiver.hold.set(None);
        sender.wait("their resume", |said| *said == Said::Held(None));
    });
    assert!(ran.is_whole());
    scene.assert_arrived();
}

#[test]
fn pings_go_both_ways_while_it_stands_still_in_the_middle_of_a_file() {
    let mut scene = Scene::of(&[24 * MIB]);
    scene.limits = Limits { ping: Duration::from_millis(100), silence: Duration::from_millis(500), ..scene.limits };
    let ran = scene.run_with(None, |sender, receiver| {
        receiver.wait("bytes", is_moved);
        sender.hold.set(Some(Held::Person));
        receiver.wait("a pause", |said| *said == held(ReasonCode::Cancelled));
        // Several times as long as either would stand silence.
        std::thread::sleep(Duration::from_millis(1800));
        sender.hold.set(None);
    });
    assert!(ran.is_whole(), "{:?} {:?}", ran.sent, ran.received);
    scene.assert_arrived();
}

#[test]
fn a_held_transfer_is_cancelled_at_once() {
    for (holds, cancels) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let mut scene = Scene::of(&[24 * MIB]);
        let mut since = Instant::now();
        let ran = scene.run_with(None, |sender, receiver| {
            receiver.wait("bytes", is_moved);
            let sides = [sender, receiver];
            sides[holds].hold.set(Some(Held::Person));
            let [sender, receiver] = sides;
            let other = if holds == 0 { &mut *receiver } else { &mut *sender };
            other.wait("a pause", |said| *said == held(ReasonCode::Cancelled));
            since = Instant::now();
            [sender, receiver][cancels].cancel.set();
        });
        assert!(since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
        assert_eq!(error(&ran.sent).reason().code, ReasonCode::Cancelled);
        assert_eq!(error(&ran.received).reason().code, ReasonCode::Cancelled);
        scene.assert_clean();
        assert_eq!(scene.names().len(), 0);
    }
}

#[test]
fn a_transfer_that_is_held_goes_on_after_its_program_was_closed() {
    let mut scene = Scene::of(&[24 * MIB]);
    let first = scene.run_with(None, |sender, receiver| {
        receiver.wait("bytes", is_moved);
        receiver.hold.set(Some(Held::Person));
        sender.wait("a pause", |said| *said == held(ReasonCode::Cancelled));
        receiver.cancel.suspend();
    });
    assert!(error(&first.sent).is_break() && error(&first.received).is_break());
    let second = scene.run(None);
    assert!(second.is_whole());
    assert_eq!(Ran::kept(&second.sender).len(), 1);
    scene.assert_arrived();
    scene.assert_clean();
}

#[test]
fn a_peer_that_vanishes_while_it_is_held_is_missed() {
    let mut scene = Scene::of(&[24 * MIB]);
    scene.limits = Limits { ping: Duration::from_millis(100), silence: Duration::from_millis(600), ..scene.limits };
    let (ours, mut peer) = pair();
    let (thread, mut side) = scene.sender(ours);
    let items = vec![PlanItem { first: 0, count: 1, want: Want::Send }];
    for word in [
        Message::Answer(Answer::Accept { ahead: None, together: None }),
        Message::Pause { by: By::Receiver, reason: crate::model::reason::Reason::bare(ReasonCode::Cancelled) },
        Message::Plan { items, done: Vec::new() },
    ] {
        peer.write_all(&encode(&word).unwrap()).unwrap();
    }
    side.wait("the pause", |said| *said == held(ReasonCode::Cancelled));
    // It says nothing more, and keeps the line.
    let ended = thread.join().unwrap();
    assert!(matches!(error(&ended), LaneError::Link(LinkEnd::Silent(_))), "{:?}", error(&ended));
    assert!(error(&ended).is_break());
    peer.set_read_timeout(Some(LIMIT)).unwrap();
    let mut said = Vec::new();
    peer.read_to_end(&mut said).unwrap();
    assert!(said.windows(4).any(|word| word == b"ping"), "it did not say that it lives");
}

#[test]
fn a_hold_while_parts_are_checked_or_receipts_are_out_ends_in_order() {
    for holds in [0, 1] {
        let mut scene = Scene::of(&[30 * MIB, 100, 200]);
        scene.run(Some(29 << 20));
        let second = scene.run_with(None, |sender, receiver| {
            let (holder, other) = if holds == 0 { (sender, receiver) } else { (receiver, sender) };
            holder.wait("the check", |said| matches!(said, Said::Checking(..)));
            holder.hold.set(Some(Held::Person));
            other.wait("a pause", |said| *said == held(ReasonCode::Cancelled));
            holder.settles(QUIET);
            holder.hold.set(None);
        });
        assert!(second.is_whole(), "{:?} {:?}", second.sent, second.received);
        scene.assert_arrived();
        scene.assert_clean();
    }
}

#[test]
fn a_hold_that_comes_too_late_for_anything_does_no_harm() {
    for holds in [0, 1] {
        let mut scene = Scene::of(&[100]);
        let ran = scene.run_with(None, |sender, receiver| {
            let holder = if holds == 0 { sender } else { receiver };
            holder.wait("the end of the bytes", |said| *said == Said::Finishing);
            holder.hold.set(Some(Held::Person));
        });
        assert!(ran.is_whole(), "{:?} {:?}", ran.sent, ran.received);
        scene.assert_arrived();
    }
}
