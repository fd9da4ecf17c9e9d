//! Between an offer and its answer, and between Accept and the first byte: no trick there, and no wait without an end.

use std::time::{Duration, Instant};

use sealdrop::{
    engine::messages::{Acceptance, Command, Event},
    model::{
        manifest::Selection,
        outcome::Outcome,
        reason::ReasonCode,
        transfer::{Stage, TransferKey},
    },
    wire::header::Message,
};

use crate::{
    scripted::{Scripted, file_entry},
    support::Station,
};

fn gone(b: &mut Station, key: TransferKey) {
    b.wait("its end", |event| match event {
        Event::Snapshot(it) if it.key == key && matches!(it.stage, Stage::Ended(_)) => Some(()),
        _ => None,
    });
}

#[test]
fn what_was_offered_cannot_be_exchanged_under_its_name() {
    let mut b = Station::new("b");
    let mut first = Scripted::dial(b.port);
    let id = first.id;
    first.offer(vec![file_entry(&["harmless"], 1)]);
    let offer = b.offer();
    drop(first);
    gone(&mut b, offer.snapshot.key);
    let mut second = Scripted::dial(b.port);
    second.id = id;
    second.offer(vec![file_entry(&["harmful"], 1)]);
    // The answer to the first.
    offer.reply.accept(Acceptance::new(b.received(), Selection::All));
    assert_eq!(second.hear_abort().code, ReasonCode::UnknownTransfer);
}

#[test]
fn what_waits_cannot_be_exchanged_however_many_come_after_it() {
    let mut b = Station::limited("b", |limits| limits.names = 2);
    let mut first = Scripted::dial(b.port);
    let id = first.id;
    first.offer(vec![file_entry(&["harmless"], 1)]);
    let offer = b.offer();
    for _ in 0..3 {
        let mut other = Scripted::dial(b.port);
        other.offer(vec![file_entry(&["x"], 1)]);
        drop(b.offer());
        assert_eq!(other.hear_abort().code, ReasonCode::Declined);
    }
    let mut second = Scripted::dial(b.port);
    second.id = id;
    second.offer(vec![file_entry(&["harmful"], 1)]);
    assert_eq!(second.hear_abort().code, ReasonCode::UnknownTransfer);
    offer.reply.accept(Acceptance::new(b.received(), Selection::All));
    first.hear_accept(1);
}

/// An offer whose code was asked for and accepted, by somebody who does not reveal anything.
fn accepted_without_a_reveal(b: &mut Station) -> (Scripted, TransferKey) {
    let mut caller = Scripted::dial(b.port);
    caller.offer(vec![file_entry(&["x"], 1)]);
    let offer = b.offer();
    let key = offer.snapshot.key;
    b.say(Command::ShowCode(key));
    assert!(matches!(caller.hear(), Some(Message::Code { .. })));
    offer.reply.accept(Acceptance::new(b.received(), Selection::All));
    (caller, key)
}

#[test]
fn who_never_reveals_is_not_waited_for() {
    let mut b = Station::impatient("b");
    let (mut caller, key) = accepted_without_a_reveal(&mut b);
    let pinging = std::thread::Builder::new().spawn(move || {
        let deadline = Instant::now() + Duration::from_secs(15);
        while Instant::now() < deadline {
            caller.json(r#"{"type":"ping"}"#);
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let start = Instant::now();
    assert_eq!(b.ending(key).outcome, Outcome::Failed);
    assert!(start.elapsed() < Duration::from_secs(10));
    drop(pinging);
}

#[test]
fn a_cancel_before_the_reveal_is_told_at_once() {
    let mut b = Station::new("b");
    let (mut caller, key) = accepted_without_a_reveal(&mut b);
    b.wait("what Accept does", |event| match event {
        Event::Snapshot(it) if it.key == key && it.stage == Stage::Moving => Some(()),
        _ => None,
    });
    b.say(Command::Cancel(key));
    assert_eq!(b.ending(key).outcome, Outcome::Cancelled);
    caller.stream.socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert_eq!(caller.hear_abort().code, ReasonCode::Cancelled);
}
