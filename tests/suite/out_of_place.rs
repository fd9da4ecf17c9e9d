//! Every word of the protocol where it does not belong: the session ends with a reason on both sides, and nobody learns
//! anything about transfers that are not theirs.

use sealdrop::{
    engine::messages::Event,
    model::{
        outcome::Outcome,
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
        transfer::TransferId,
    },
    wire::header::{Answer, By, Message, PlanItem, Receipt, ReceiptState, Want},
};

use crate::{
    scripted::{Door, Scripted, file_entry, md5_of},
    support::{Station, honest, tree},
};

const MD5: Md5Digest = Md5Digest([7; 16]);
const ID: TransferId = TransferId([3; 16]);

fn declined() -> Reason {
    Reason::there(ReasonCode::Declined, None)
}

fn plan(items: Vec<PlanItem>) -> Message {
    Message::Plan { items, done: Vec::new() }
}

/// Words that neither open a connection nor have a place where an offer waits or files come in.
fn misplaced() -> Vec<Message> {
    vec![
        Message::Answer(Answer::Accept { ahead: None, together: None }),
        Message::Answer(Answer::Decline(declined())),
        Message::At { index: 0, offset: 1, md5: MD5 },
        Message::Code { nonce: [1; 32] },
        Message::Entries { entries: vec![file_entry(&["y"], 1)] },
        plan(vec![PlanItem { first: 0, count: 1, want: Want::Send }]),
        Message::Probed { reachable: None, clock: Some(1) },
        Message::Receipt(Receipt { index: 0, state: ReceiptState::Verified, md5: Some(MD5) }),
        Message::Reveal { nonce: [1; 32] },
    ]
}

/// Words that open a connection.
fn openings(peer: &Scripted) -> Vec<Message> {
    vec![
        peer.hello(),
        Message::Lane { transfer: ID, epoch: 1, number: 1 },
        Message::Probe { port: None },
        Message::Verify,
        Message::Want { transfer: ID },
    ]
}

/// Words of a sender whose offer was accepted.
fn of_a_lane() -> Vec<Message> {
    vec![
        Message::Done,
        Message::Failed { index: 0, reason: declined() },
        Message::File { index: 0, offset: 0 },
        Message::Pause { by: By::Sender, reason: declined() },
        Message::Resume,
        Message::Seal { index: 0, md5: MD5 },
        Message::Working { index: None, done: 0, total: 1 },
    ]
}

#[test]
fn nothing_but_its_purpose_opens_a_connection() {
    let mut b = Station::new("b");
    for word in misplaced().into_iter().chain(of_a_lane()) {
        let mut peer = Scripted::dial(b.port);
        peer.greet();
        peer.say(&word);
        let told = peer.hear_abort();
        assert_eq!(told.code, ReasonCode::BadMessage, "{word:?}: {told}");
        // And nothing before a hello.
        let mut peer = Scripted::dial(b.port);
        peer.say(&word);
        assert_eq!(peer.hear_abort().code, ReasonCode::BadMessage, "{word:?}");
    }
    let mut peer = Scripted::dial(b.port);
    peer.greet();
    peer.say(&Message::Probe { port: None });
    assert!(matches!(peer.hear(), Some(Message::Probed { reachable: None, .. })), "nobody was asked to call back");
    assert!(!b.has_card());
    honest(&mut b);
}

#[test]
fn a_transfer_of_somebody_else_is_answered_like_one_that_is_not_there() {
    let mut b = Station::new("b");
    let mut running = Scripted::dial(b.port);
    running.offer(vec![file_entry(&["x"], 3)]);
    let key = b.accept();
    running.hear_accept(1);
    let mut waiting = Scripted::dial(b.port);
    waiting.offer(vec![file_entry(&["y"], 3)]);
    let card = b.offer();
    let mut told = Vec::new();
    for transfer in [ID, running.id, waiting.id] {
        for word in [Message::Lane { transfer, epoch: 1, number: 1 }, Message::Want { transfer }] {
            let mut peer = Scripted::dial(b.port);
            peer.greet();
            peer.say(&word);
            told.push(peer.hear_abort());
        }
    }
    assert_eq!(told[0].code, ReasonCode::UnknownTransfer);
    assert!(told.iter().all(|reason| *reason == told[0]), "{told:?}");
    // An offer under a name that is in use disturbs nothing either.
    for id in [running.id, waiting.id] {
        let mut peer = Scripted::dial(b.port);
        peer.id = id;
        peer.offer(vec![file_entry(&["z"], 1)]);
        assert_eq!(peer.hear_abort().code, ReasonCode::UnknownTransfer);
    }
    running.file_and_seal(0, b"abc");
    assert!(matches!(running.hear(), Some(Message::Receipt(_))));
    running.say(&Message::Done);
    assert_eq!(b.ending(key).outcome, Outcome::Verified);
    assert_eq!(tree(&b.received()), [("x".to_owned(), Some(b"abc".to_vec()))]);
    drop(card);
    assert_eq!(waiting.hear_abort().code, ReasonCode::Declined);
    honest(&mut b);
}

#[test]
fn nothing_but_a_word_about_the_code_may_come_while_a_person_decides() {
    let mut b = Station::new("b");
    let opening = openings(&Scripted::dial(b.port));
    for word in misplaced().into_iter().chain(opening).chain(of_a_lane()) {
        let mut peer = Scripted::dial(b.port);
        peer.offer(vec![file_entry(&["x"], 1)]);
        let offer = b.offer();
        peer.say(&word);
        let told = peer.hear_abort();
        assert_eq!(told.code, ReasonCode::BadMessage, "{word:?}: {told}");
        let ending = b.ending(offer.snapshot.key);
        assert_eq!((ending.outcome, ending.reason.unwrap().detail), (Outcome::Failed, told.detail));
    }
    assert_eq!(tree(&b.received()), []);
    honest(&mut b);
}

#[test]
fn words_without_a_place_end_a_running_transfer_and_lose_no_file() {
    let mut b = Station::new("b");
    let opening = openings(&Scripted::dial(b.port));
    for (n, word) in misplaced().into_iter().chain(opening).enumerate() {
        let name = format!("file {n}");
        let mut peer = Scripted::dial(b.port);
        peer.offer(vec![file_entry(&[&name], 3), file_entry(&["never"], 3)]);
        let key = b.accept();
        peer.hear_accept(2);
        peer.file_and_seal(0, b"abc");
        assert!(matches!(peer.hear(), Some(Message::Receipt(_))));
        peer.say(&word);
        let told = peer.hear_abort();
        assert_eq!(told.code, ReasonCode::BadMessage, "{word:?}: {told}");
        let ending = b.ending(key);
        assert_eq!((ending.outcome, ending.files), (Outcome::Failed, 1));
        assert!(b.received().join(name).exists());
    }
    assert!(!b.received().join("never").exists());
    honest(&mut b);
}

/// Words that a sender never expects once its offer is out; `accepted`: nor while it sends.
fn for_senders(peer: &Scripted, accepted: bool) -> Vec<Message> {
    let mut words = openings(peer);
    words.push(Message::Entries { entries: vec![file_entry(&["y"], 1)] });
    words.push(Message::File { index: 0, offset: 0 });
    words.push(Message::Seal { index: 0, md5: MD5 });
    words.push(Message::Done);
    words.push(Message::Reveal { nonce: [1; 32] });
    let receipt = |index| Receipt { index, state: ReceiptState::Verified, md5: Some(md5_of(b"y")) };
    words.push(Message::Receipt(receipt(9)));
    if accepted {
        words.push(Message::Answer(Answer::Accept { ahead: None, together: None }));
        words.push(Message::Answer(Answer::Busy(declined())));
        words.push(Message::Code { nonce: [1; 32] });
        words.push(plan(vec![PlanItem { first: 1, count: 1, want: Want::Send }]));
        words.push(plan(vec![PlanItem { first: 0, count: u32::MAX, want: Want::Skip }]));
        words.push(plan(vec![PlanItem { first: u32::MAX, count: 2, want: Want::Check }]));
        words.push(Message::At { index: 1, offset: 0, md5: MD5 });
    } else {
        words.push(Message::Receipt(receipt(0)));
        words.push(plan(vec![PlanItem { first: 0, count: 1, want: Want::Send }]));
    }
    words
}

#[test]
fn a_recipient_that_speaks_out_of_place_gets_nothing_more() {
    let mut a = Station::new("a");
    let source = a.file("x", b"x");
    let script = Scripted::dial(a.port);
    for accepted in [false, true] {
        for word in for_senders(&script, accepted) {
            let door = Door::open();
            let sending = a.send_to(door.address(), &[&source], false);
            let mut peer = door.accept();
            peer.hear_offer();
            if accepted {
                // The plan is owed: nothing has been sent yet.
                peer.say(&Message::Answer(Answer::Accept { ahead: None, together: None }));
            }
            peer.say(&word);
            let told = peer.hear_abort();
            assert_eq!(told.code, ReasonCode::BadMessage, "{word:?}: {told}");
            let ending = a.ending(sending);
            assert_eq!((ending.outcome, ending.files), (Outcome::Failed, 0), "{word:?}");
            assert_eq!(ending.reason.unwrap().detail, told.detail);
        }
    }
    assert!(!a.seen.iter().any(|event| matches!(event, Event::Offered(_))));
    honest(&mut a);
}
