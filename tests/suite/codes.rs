//! Six digits on two screens: the same when nobody stands between, different when somebody does, and each guess costs a card.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use sealdrop::{
    engine::{
        messages::{Acceptance, Command, ComparisonState, Event, IncomingOffer},
        new_transfer_id,
    },
    model::{
        device::PeerAddr,
        manifest::Selection,
        outcome::Outcome,
        reason::{Reason, ReasonCode, Side},
        short_code::ShortCode,
        transfer::{Direction, TransferKey},
    },
    wire::header::{self, Message},
};

use crate::{
    relay::Middle,
    scripted::{Door, Scripted, file_entry},
    sealed_stream::new_identity,
    support::{Station, honest, tree},
};

fn take(b: &Station, offer: IncomingOffer) -> TransferKey {
    let key = offer.snapshot.key;
    offer.reply.accept(Acceptance::new(b.received(), Selection::All));
    key
}

/// An offer from `a` that stands before the person at `b`, whose card has been shown.
fn shown(a: &Station, b: &mut Station, source: &Path) -> (TransferKey, IncomingOffer) {
    let to = b.address();
    shown_through(a, b, to, source)
}

fn shown_through(a: &Station, b: &mut Station, to: PeerAddr, source: &Path) -> (TransferKey, IncomingOffer) {
    let sending = a.send_to(to, &[source], false);
    let offer = b.offer();
    b.say(Command::ShowCode(offer.snapshot.key));
    (sending, offer)
}

#[test]
fn both_screens_show_the_same_code_once_the_card_stands() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let source = a.file("x", b"x");
    let mut codes = Vec::new();
    for _ in 0..3 {
        let (sending, offer) = shown(&a, &mut b, &source);
        assert_eq!(offer.snapshot.code, None, "no code before the card stands");
        let code = b.code(offer.snapshot.key);
        assert_eq!(a.code(sending), code);
        codes.push(code);
        let receiving = take(&b, offer);
        assert_eq!(b.ending(receiving).outcome, Outcome::Verified);
        assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    }
    codes.dedup();
    assert!(codes.len() > 1, "each connection has a code of its own");
}

#[test]
fn no_nonce_leaves_before_the_card_stands() {
    let mut b = Station::limited("b", |limits| limits.ping = Duration::from_millis(200));
    let mut peer = Scripted::dial(b.port);
    peer.offer(vec![file_entry(&["x"], 1)]);
    let offer = b.offer();
    // A ping comes first: what waits to be said would have left before it.
    assert_eq!(header::read_header(&mut peer.stream).unwrap(), Some(Message::Ping));
    b.say(Command::ShowCode(offer.snapshot.key));
    b.say(Command::ShowCode(offer.snapshot.key));
    assert!(matches!(peer.hear(), Some(Message::Code { .. })));
    assert_eq!(header::read_header(&mut peer.stream).unwrap(), Some(Message::Ping), "shown once");
    honest(&mut b);
}

#[test]
fn somebody_in_the_middle_makes_the_codes_differ() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let source = a.file("x", b"x");
    let middle = Middle::before(b.port);
    // A single pair may agree by chance, once in a million.
    let mut equal = 0;
    for _ in 0..4 {
        let (sending, offer) = shown_through(&a, &mut b, middle.address(), &source);
        let (here, there) = (a.code(sending), b.code(offer.snapshot.key));
        equal += usize::from(here == there);
        // Everything else goes through, so nothing but the code tells.
        let receiving = take(&b, offer);
        assert_eq!(b.ending(receiving).outcome, Outcome::Verified);
        assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    }
    assert_eq!(equal, 0);
    let asking = compare(&a, middle.address());
    let (key, ()) = b.comparison("a card", |it| (it.state == ComparisonState::Waiting).then_some(()));
    b.say(Command::ShowCode(key));
    assert_ne!(code_of(&mut a, asking), code_of(&mut b, key));
}

#[test]
fn callers_who_leave_before_their_card_is_looked_at_use_up_nothing() {
    let mut b = Station::strict("b");
    for n in 0..8 {
        let mut peer = Scripted::dial_from(30 + n, b.port);
        peer.offer(vec![file_entry(&["x"], 1)]);
        let offer = b.offer();
        peer.hang_up();
        assert_eq!(b.ending(offer.snapshot.key).outcome, Outcome::Failed);
    }
    honest(&mut b);
}

#[test]
fn every_guess_costs_a_card_and_after_three_there_are_no_more() {
    let mut b = Station::strict("b");
    let mut friend = Station::new("friend");
    b.verify(friend.key(), "friend");
    let mut held = Vec::new();
    for guess in 0..3_u8 {
        let mut peer = Scripted::dial_from(10 + guess, b.port);
        // Whichever way is tried: the ration is one for all keys, addresses and kinds.
        let key = if guess == 1 {
            peer.greet();
            peer.say(&Message::Verify);
            b.comparison("a card", |it| (it.state == ComparisonState::Waiting).then_some(())).0
        } else {
            peer.offer(vec![file_entry(&["x"], 1)]);
            let offer = b.offer();
            let key = offer.snapshot.key;
            held.push(offer);
            key
        };
        b.say(Command::ShowCode(key));
        assert!(matches!(peer.hear(), Some(Message::Code { .. })));
        // The code is not the wanted one: away, and once more.
        peer.hang_up();
    }
    let cards = b.seen.len();
    for verify in [false, true] {
        let mut peer = Scripted::dial_from(20, b.port);
        if verify {
            peer.greet();
            peer.say(&Message::Verify);
        } else {
            peer.offer(vec![file_entry(&["x"], 1)]);
        }
        let reason = peer.hear_abort();
        assert_eq!(reason.code, ReasonCode::Busy, "{reason}");
        assert!(reason.detail.is_some_and(|detail| detail.contains("not verified")));
    }
    b.seen.drain(..cards);
    assert!(!b.has_card(), "the fourth is not seen by anybody");
    // Verified devices take nothing from it.
    let source = friend.file("x", b"x");
    let sending = friend.send(&b, &[&source]);
    let receiving = b.accept();
    assert_eq!(b.ending(receiving).outcome, Outcome::Verified);
    assert_eq!(friend.ending(sending).outcome, Outcome::Verified);
}

#[test]
fn devices_that_verified_each_other_need_no_code_also_after_a_restart() {
    let (mut a, mut b) = (Station::new("Anna"), Station::new("Bert"));
    let source = a.file("x", b"x");
    // Each verifies the key that its own snapshot shows.
    let (sending, offer) = shown(&a, &mut b, &source);
    let theirs = offer.snapshot.peer.key.unwrap();
    a.code(sending);
    let there = a.snapshot(sending, "the peer", |snapshot| snapshot.peer.key);
    b.verify(theirs, "Anna");
    a.verify(there, "Bert");
    assert_eq!((theirs, there), (a.key(), b.key()));
    let receiving = take(&b, offer);
    b.ending(receiving);
    a.ending(sending);
    for _ in 0..2 {
        let (sending, offer) = shown(&a, &mut b, &source);
        assert!(offer.snapshot.peer.verified);
        let receiving = take(&b, offer);
        assert_eq!(b.ending(receiving).outcome, Outcome::Verified);
        assert_eq!(a.ending(sending).outcome, Outcome::Verified);
        assert!(a.snapshot(sending, "the peer", |snapshot| snapshot.peer.key.map(|_| snapshot.peer.verified)));
        for (station, key) in [(&a, sending), (&b, receiving)] {
            assert!(!station.has_code(key), "a code where none is needed");
        }
        (a, b) = (a.restart("Anna"), b.restart("Bert"));
    }
}

#[test]
fn one_side_alone_is_not_enough() {
    for here in [true, false] {
        let (mut a, mut b) = (Station::new("Anna"), Station::new("Bert"));
        let (akey, bkey) = (a.key(), b.key());
        if here {
            b.verify(akey, "Anna");
        } else {
            a.verify(bkey, "Bert");
        }
        let source = a.file("x", b"x");
        let (sending, offer) = shown(&a, &mut b, &source);
        assert_eq!(offer.snapshot.peer.verified, here);
        assert_eq!(b.code(offer.snapshot.key), a.code(sending));
        take(&b, offer);
        assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    }
}

fn compare(a: &Station, to: PeerAddr) -> TransferKey {
    let id = new_transfer_id();
    a.say(Command::Compare { id, to, also: Vec::new(), expect: None });
    TransferKey { id, direction: Direction::Outgoing }
}

fn code_of(station: &mut Station, key: TransferKey) -> ShortCode {
    let look = |state: &ComparisonState| if let ComparisonState::Code(code) = state { Some(*code) } else { None };
    station.comparison("a code", |it| (it.key == key).then(|| look(&it.state)).flatten()).1
}

#[test]
fn codes_are_compared_without_a_file_also_between_verified_devices() {
    let (mut a, mut b) = (Station::new("Anna"), Station::new("Bert"));
    for verified in [false, true] {
        let asking = compare(&a, b.address());
        let (key, peer) = b.comparison("a card", |it| {
            (it.state == ComparisonState::Waiting && it.key.direction == Direction::Incoming).then(|| it.peer.clone())
        });
        assert_eq!((peer.name.as_str(), peer.verified), ("Anna", verified));
        b.say(Command::ShowCode(key));
        assert_eq!(code_of(&mut a, asking), code_of(&mut b, key));
        let (akey, bkey) = (a.key(), b.key());
        a.verify(bkey, "Bert");
        b.verify(akey, "Anna");
        b.seen.retain(|event| !matches!(event, Event::Comparison(_)));
    }
    assert_eq!(tree(&b.received()), []);
}

#[test]
fn a_comparison_ends_on_both_sides_whoever_cancels() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    for here in [true, false] {
        let asking = compare(&a, b.address());
        let (key, ()) = b.comparison("a card", |it| (it.state == ComparisonState::Waiting).then_some(()));
        a.wait("it lies there", |event| match event {
            Event::Comparison(it) if it.state == ComparisonState::Waiting => Some(()),
            _ => None,
        });
        let begun = Instant::now();
        if here {
            a.say(Command::Cancel(asking));
        } else {
            b.say(Command::Cancel(key));
        }
        for (station, key, side) in [(&mut a, asking, here), (&mut b, key, !here)] {
            let (_, reason) = station.comparison("the end", |it| match &it.state {
                ComparisonState::Ended(reason) if it.key == key => Some(reason.clone()),
                _ => None,
            });
            let side = if side { Side::Here } else { Side::There };
            assert_eq!((reason.code, reason.side), (ReasonCode::Cancelled, side));
        }
        assert!(begun.elapsed() < Duration::from_secs(5));
        b.seen.clear();
    }
    honest(&mut b);
}

/// Why a comparison ended without a code.
fn end_of(station: &mut Station, key: TransferKey) -> Reason {
    let look =
        |state: &ComparisonState| if let ComparisonState::Ended(reason) = state { Some(reason.clone()) } else { None };
    station.comparison("the end", |it| (it.key == key).then(|| look(&it.state)).flatten()).1
}

#[test]
fn a_comparison_with_another_key_than_the_expected_one_never_begins() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let (id, key) = (new_transfer_id(), new_identity().key());
    a.verify(key, "somebody else");
    let expect = Some(key);
    a.say(Command::Compare { id, to: b.address(), also: Vec::new(), expect });
    let reason = end_of(&mut a, TransferKey { id, direction: Direction::Outgoing });
    assert_eq!((reason.code, reason.side), (ReasonCode::WrongKey, Side::Here));
    a.find("the warning", |event| match event {
        Event::WrongKey(warning) => (Some(warning.expected) == expect).then_some(()),
        _ => None,
    });
    assert!(!b.has_card());
    honest(&mut b);
}

#[test]
fn a_comparison_with_somebody_silent_can_be_cancelled_and_lapses() {
    let (mut a, mut b) =
        (Station::new("a"), Station::limited("b", |limits| limits.answer = Duration::from_millis(500)));
    // A listener that does not even answer the handshake.
    let door = Door::open();
    let asking = compare(&a, door.address());
    let silent = door.accept_plain();
    let begun = Instant::now();
    a.say(Command::Cancel(asking));
    assert_eq!(end_of(&mut a, asking).code, ReasonCode::Cancelled);
    assert!(begun.elapsed() < Duration::from_millis(500));
    drop(silent);
    // A dialer that never shows its nonce, and a person who never looks.
    for shows in [true, false] {
        let mut peer = Scripted::dial(b.port);
        peer.greet();
        peer.say(&Message::Verify);
        let (key, ()) = b.comparison("a card", |it| (it.state == ComparisonState::Waiting).then_some(()));
        if shows {
            b.say(Command::ShowCode(key));
            assert!(matches!(peer.hear(), Some(Message::Code { .. })));
        }
        assert_eq!(peer.hear_abort().code, ReasonCode::NoAnswer);
        assert_eq!(end_of(&mut b, key).code, ReasonCode::NoAnswer);
        b.seen.clear();
    }
}
