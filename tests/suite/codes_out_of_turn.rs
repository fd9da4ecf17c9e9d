//! Words about the code in the wrong place, or that never come: the session ends on both sides and says why.

use std::time::{Duration, Instant};

use sealdrop::{
    crypto::short_code::{Nonce, commitment},
    engine::messages::{Acceptance, Command, ComparisonState, Event, IncomingOffer},
    model::{
        manifest::Selection,
        outcome::Outcome,
        reason::{Reason, ReasonCode},
    },
    wire::header::{Hello, Message},
};

use crate::{
    scripted::{Door, Scripted, file_entry},
    sealed_stream::new_identity,
    support::{Station, honest, tree},
};

const OTHER: [u8; 32] = [9; 32];

/// A dialer whose offer stands before a person, who has not shown the code.
fn standing(b: &mut Station) -> (Scripted, IncomingOffer) {
    let mut peer = Scripted::dial(b.port);
    peer.offer(vec![file_entry(&["x"], 1)]);
    (peer, b.offer())
}

/// As `standing`, with the listener's nonce said.
fn shown(b: &mut Station) -> (Scripted, IncomingOffer) {
    let (mut peer, offer) = standing(b);
    b.say(Command::ShowCode(offer.snapshot.key));
    assert!(matches!(peer.hear(), Some(Message::Code { .. })));
    (peer, offer)
}

fn reveal(peer: &Scripted) -> Message {
    Message::Reveal { nonce: *peer.nonce.bytes() }
}

/// Both sides give this reason, and the card is gone.
fn assert_ended(b: &mut Station, mut peer: Scripted, offer: &IncomingOffer, how: &str) {
    let told = peer.hear_abort();
    assert_eq!(told.code, ReasonCode::BadMessage, "{told}");
    assert!(told.detail.as_ref().is_some_and(|detail| detail.contains(how)), "{told}");
    let ending = b.ending(offer.snapshot.key);
    let here = ending.reason.unwrap();
    assert_eq!((ending.outcome, here.code, here.detail), (Outcome::Failed, told.code, told.detail));
    assert!(!b.has_code(offer.snapshot.key) || how != COMMITTED);
}

const COMMITTED: &str = "not the one that was committed to";

#[test]
fn a_nonce_other_than_the_committed_one_ends_it() {
    let mut b = Station::new("b");
    let (mut peer, offer) = shown(&mut b);
    peer.say(&Message::Reveal { nonce: OTHER });
    assert_ended(&mut b, peer, &offer, COMMITTED);
    // In a comparison without a file too.
    let mut peer = Scripted::dial(b.port);
    peer.greet();
    peer.say(&Message::Verify);
    let (key, ()) = b.comparison("a card", |it| (it.state == ComparisonState::Waiting).then_some(()));
    b.say(Command::ShowCode(key));
    assert!(matches!(peer.hear(), Some(Message::Code { .. })));
    peer.say(&Message::Reveal { nonce: OTHER });
    assert_eq!(peer.hear_abort().code, ReasonCode::BadMessage);
    let (_, reason) = b.comparison("the end", |it| match &it.state {
        ComparisonState::Ended(reason) => Some(reason.clone()),
        _ => None,
    });
    assert!(reason.detail.is_some_and(|detail| detail.contains(COMMITTED)));
    honest(&mut b);
}

#[test]
fn words_of_a_dialer_out_of_turn_end_it() {
    let mut b = Station::new("b");
    let (mut peer, offer) = standing(&mut b);
    peer.say(&reveal(&peer));
    assert_ended(&mut b, peer, &offer, "Reveal");
    let (mut peer, offer) = shown(&mut b);
    peer.say(&reveal(&peer));
    b.code(offer.snapshot.key);
    peer.say(&reveal(&peer));
    assert_ended(&mut b, peer, &offer, "Reveal");
    for (mut peer, offer) in [standing(&mut b), shown(&mut b)] {
        peer.say(&Message::Code { nonce: OTHER });
        assert_ended(&mut b, peer, &offer, "Code");
    }
    // Before there is an offer.
    for word in [Message::Code { nonce: OTHER }, Message::Reveal { nonce: OTHER }] {
        let mut peer = Scripted::dial(b.port);
        peer.greet();
        peer.say(&word);
        assert_eq!(peer.hear_abort().code, ReasonCode::BadMessage);
    }
    honest(&mut b);
}

#[test]
fn a_code_in_the_middle_of_a_transfer_ends_it() {
    let mut b = Station::new("b");
    for word in [Message::Code { nonce: OTHER }, Message::Reveal { nonce: OTHER }] {
        let mut peer = Scripted::dial(b.port);
        peer.offer(vec![file_entry(&["x"], 1)]);
        let key = b.accept();
        peer.hear_accept(1);
        peer.say(&word);
        assert_eq!(peer.hear_abort().code, ReasonCode::BadMessage);
        assert_eq!(b.ending(key).outcome, Outcome::Failed);
        assert_eq!(tree(&b.received()), []);
    }
    honest(&mut b);
}

#[test]
fn a_dialer_without_a_commitment_has_to_be_verified_on_both_sides() {
    let mut b = Station::new("b");
    let own = new_identity();
    for verified in [None, Some(false), Some(true)] {
        let mut peer = Scripted::dial_as(b.port, &own);
        let Message::Hello(hello) = peer.hello() else { panic!("no hello") };
        peer.say(&Message::Hello(Hello { commit: None, verified, ..hello }));
        assert_eq!(peer.hear_abort().code, ReasonCode::BadMessage, "{verified:?}");
    }
    // What a stranger claims of us makes nobody verified: the code stays.
    let mut peer = Scripted::dial_as(b.port, &own);
    let Message::Hello(hello) = peer.hello() else { panic!("no hello") };
    peer.say(&Message::Hello(Hello { verified: Some(true), ..hello }));
    assert!(matches!(peer.hear(), Some(Message::Hello(Hello { verified: Some(false), .. }))));
    peer.offer_only(vec![file_entry(&["x"], 1)]);
    let offer = b.offer();
    assert!(!offer.snapshot.peer.verified);
    b.say(Command::ShowCode(offer.snapshot.key));
    assert!(matches!(peer.hear(), Some(Message::Code { .. })));
    assert!(!b.has_code(offer.snapshot.key));
    honest(&mut b);
}

/// What a sender says to a listener that has greeted it in return and then says `words`.
fn answered_with(words: &[Message], verified: bool) -> (Reason, Reason) {
    let (mut a, own, door) = (Station::new("a"), new_identity(), Door::open());
    if verified {
        a.verify(own.key(), "listener");
    }
    let source = a.file("x", b"x");
    let sending = a.send_to(door.address(), &[&source], false);
    let mut peer = door.accept_as(&own);
    let Some(Message::Hello(theirs)) = peer.hear() else { panic!("no hello") };
    assert_eq!(theirs.verified, Some(verified));
    let commit = theirs.commit.unwrap();
    let Message::Hello(hello) = peer.hello() else { panic!("no hello") };
    peer.say(&Message::Hello(Hello { commit: None, verified: Some(verified), name: "listener".to_owned(), ..hello }));
    assert!(matches!(peer.hear(), Some(Message::Offer(_))));
    assert!(matches!(peer.hear(), Some(Message::Entries { .. })));
    for word in words {
        peer.say(word);
    }
    let told = loop {
        match peer.hear().expect("the connection ended without a word") {
            Message::Reveal { nonce } => assert_eq!(commitment(&Nonce::from_bytes(nonce)), commit),
            Message::Abort(abort) => break abort.reason,
            other => panic!("{other:?}"),
        }
    };
    let ending = a.ending(sending);
    assert_eq!(ending.outcome, Outcome::Failed);
    (told, ending.reason.unwrap())
}

#[test]
fn words_of_a_listener_out_of_turn_end_it() {
    let code = Message::Code { nonce: OTHER };
    let reveal = Message::Reveal { nonce: OTHER };
    for (words, verified) in
        [(vec![code.clone()], true), (vec![code.clone(), code.clone()], false), (vec![reveal.clone()], false)]
    {
        let (told, here) = answered_with(&words, verified);
        assert_eq!((told.code, &here.code), (ReasonCode::BadMessage, &ReasonCode::BadMessage));
        assert_eq!(told.detail, here.detail);
    }
}

#[test]
fn a_nonce_that_is_owed_and_never_comes_is_not_waited_for_for_ever() {
    // Patience with the person and with silence, which pings break: nothing but the debt ends it.
    let mut b = Station::limited("b", |limits| limits.header = Duration::from_millis(700));
    let (mut peer, offer) = shown(&mut b);
    let key = offer.snapshot.key;
    offer.reply.accept(Acceptance::new(b.received(), Selection::All));
    let begun = Instant::now();
    peer.stream.socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    peer.say(&Message::Ping);
    let told = peer.hear_abort();
    assert_eq!(told.code, ReasonCode::Timeout, "{told}");
    assert_eq!(b.ending(key).reason.map(|reason| reason.code), Some(ReasonCode::Timeout));
    assert!(begun.elapsed() < Duration::from_secs(8));
    honest(&mut b);
}

#[test]
fn cancel_is_told_while_a_nonce_is_owed() {
    let mut b = Station::new("b");
    let (mut peer, offer) = shown(&mut b);
    let key = offer.snapshot.key;
    offer.reply.accept(Acceptance::new(b.received(), Selection::All));
    b.wait("the acceptance", |event| match event {
        Event::Snapshot(it) if it.key == key && it.folder.is_some() => Some(()),
        _ => None,
    });
    let begun = Instant::now();
    b.say(Command::Cancel(key));
    assert_eq!(b.ending(key).reason.map(|reason| reason.code), Some(ReasonCode::Cancelled));
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
    assert_eq!(peer.hear_abort().code, ReasonCode::Cancelled);
    honest(&mut b);
}
