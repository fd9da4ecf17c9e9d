//! Going on is for those who began, and whoever asks too much only harms itself.

use std::{
    io::Read,
    time::{Duration, Instant},
};

use sealdrop::{
    crypto::identity::Identity,
    engine::messages::{Command, Event},
    model::{
        outcome::Outcome,
        reason::{Reason, ReasonCode},
        transfer::{Direction, Stage, TransferId, TransferKey},
    },
    wire::{
        chunk::{self, ChunkStart},
        header::{Abort, Message, Offer, Receipt, ReceiptState},
    },
};

use crate::{
    scripted::{Door, Scripted, file_entry, md5_of},
    sealed_stream::new_identity,
    support::{LIMIT, Station, honest, nothing_left, seeded, tree},
};

const SIZE: usize = 300_000;

/// What a sender says to go on with `id`.
fn again(id: TransferId, epoch: u32, manifest: [u8; 32], bytes: u64) -> Message {
    Message::Offer(Offer {
        transfer: id,
        epoch,
        manifest,
        files: 1,
        folders: 0,
        links: 0,
        bytes,
        message: None,
        again: Some(true),
    })
}

/// A scripted sender whose transfer was accepted and broke off in the middle of its only file.
struct Broken {
    anna: Identity,
    id: TransferId,
    digest: [u8; 32],
    key: TransferKey,
}

fn digest_of(caller: &Scripted) -> [u8; 32] {
    let frames = caller.offer_bytes(vec![file_entry(&["x"], SIZE as u64)]);
    let mut digest = sealdrop::wire::entries::ManifestDigest::new();
    frames.iter().skip(1).for_each(|frame| digest.add_frame(frame));
    digest.finish()
}

fn broken(b: &mut Station) -> Broken {
    let anna = new_identity();
    let mut caller = Scripted::dial_as(b.port, &anna);
    caller.offer(vec![file_entry(&["x"], SIZE as u64)]);
    let digest = digest_of(&caller);
    let key = b.accept();
    caller.hear_accept(1);
    caller.say(&Message::File { index: 0, offset: 0 });
    let bytes = &seeded(1, SIZE)[..100_000];
    caller.raw(&chunk::chunk_start(100_000));
    caller.raw(bytes);
    b.moved(key, 100_000);
    caller.hang_up();
    b.broken(key);
    Broken { anna, id: caller.id, digest, key }
}

fn tries(b: &Station, who: &Identity, message: &Message) -> ReasonCode {
    let mut caller = Scripted::dial_as(b.port, who);
    caller.greet();
    caller.say(message);
    caller.hear_abort().code
}

#[test]
fn only_who_began_goes_on_and_only_forward() {
    let mut b = Station::limited("b", |limits| limits.retry = Duration::from_mins(5));
    let Broken { anna, id, digest, key } = broken(&mut b);
    let stranger = new_identity();
    let unknown = ReasonCode::UnknownTransfer;
    assert_eq!(tries(&b, &stranger, &again(id, 2, digest, SIZE as u64)), unknown);
    assert_eq!(tries(&b, &anna, &again(id, 2, [7; 32], SIZE as u64)), unknown);
    assert_eq!(tries(&b, &anna, &again(TransferId([7; 16]), 2, digest, SIZE as u64)), unknown);
    assert_eq!(tries(&b, &anna, &again(id, 1, digest, SIZE as u64)), ReasonCode::StaleEpoch);
    assert_eq!(tries(&b, &anna, &Message::Want { transfer: id }), unknown);
    // What it says is its highest holds.
    let mut caller = Scripted::dial_as(b.port, &anna);
    caller.greet();
    caller.say(&again(id, u32::MAX, digest, SIZE as u64));
    assert!(matches!(caller.hear(), Some(Message::Answer(_))));
    assert_eq!(tries(&b, &anna, &again(id, u32::MAX, digest, SIZE as u64)), ReasonCode::StaleEpoch);
    b.say(Command::Cancel(key));
    assert_eq!(b.ending(key).outcome, Outcome::Cancelled);
    nothing_left(&b);
    assert_eq!(tree(&b.received()), []);
    let deadline = Instant::now() + Duration::from_secs(10);
    // It is written down a moment later.
    while tries(&b, &anna, &again(id, u32::MAX, digest, SIZE as u64)) != ReasonCode::Cancelled {
        assert!(Instant::now() < deadline);
    }
    assert!(!b.has_card());
}

#[test]
fn nobody_goes_on_with_what_waits_for_an_answer() {
    let mut b = Station::new("b");
    let anna = new_identity();
    let mut caller = Scripted::dial_as(b.port, &anna);
    caller.offer(vec![file_entry(&["x"], SIZE as u64)]);
    let digest = digest_of(&caller);
    let offer = b.offer();
    let code = tries(&b, &anna, &again(caller.id, 2, digest, SIZE as u64));
    assert_eq!(code, ReasonCode::UnknownTransfer);
    drop(offer);
    assert_eq!(caller.hear_abort().code, ReasonCode::Declined);
}

#[test]
fn what_has_ended_stays_ended_whoever_asks() {
    let mut b = Station::new("b");
    let anna = new_identity();
    let mut caller = Scripted::dial_as(b.port, &anna);
    caller.offer(vec![file_entry(&["x"], SIZE as u64)]);
    let digest = digest_of(&caller);
    let key = b.accept();
    caller.hear_accept(1);
    let reason = Reason::bare(ReasonCode::Unreadable);
    caller.say(&Message::Failed { index: 0, reason });
    caller.say(&Message::Done);
    while !matches!(caller.hear(), Some(Message::Done)) {}
    assert_eq!(b.ending(key).outcome, Outcome::Failed);
    let unknown = ReasonCode::UnknownTransfer;
    assert_eq!(tries(&b, &new_identity(), &again(caller.id, 2, digest, SIZE as u64)), unknown);
    assert_eq!(tries(&b, &anna, &again(caller.id, 2, [7; 32], SIZE as u64)), unknown);
    assert_eq!(tries(&b, &anna, &again(caller.id, 1, digest, SIZE as u64)), ReasonCode::StaleEpoch);
    while let Ok(event) = b.engine.events().recv_timeout(Duration::from_millis(300)) {
        assert!(!matches!(&event, Event::Snapshot(it) if it.key == key), "{event:?}");
    }
    // Who began it may go on.
    let mut back = Scripted::dial_as(b.port, &anna);
    back.greet();
    back.say(&again(caller.id, 2, digest, SIZE as u64));
    back.hear_accept(1);
    back.file_and_seal(0, &seeded(1, SIZE));
    while !matches!(back.hear(), Some(Message::Receipt(_))) {}
    back.say(&Message::Done);
    assert_eq!(b.ending(key).outcome, Outcome::Verified);
}

#[test]
fn a_flood_of_names_that_nobody_knows_leaves_no_trace() {
    let mut b = Station::new("b");
    let (anna, bob) = (new_identity(), new_identity());
    for round in 0..60_u8 {
        let id = TransferId([round; 16]);
        let wanted = if round % 2 == 0 { Message::Want { transfer: id } } else { again(id, 2, [round; 32], 1) };
        let who = if round % 3 == 0 { &anna } else { &bob };
        assert_eq!(tries(&b, who, &wanted), ReasonCode::UnknownTransfer);
    }
    let snapshots = b.seen.iter().filter(|event| matches!(event, Event::Snapshot(_))).count();
    assert_eq!(snapshots, 0);
    assert!(!b.has_card());
    assert!(tree(&b.home.path().join("profile/running")).is_empty());
    honest(&mut b);
}

pub(crate) fn read_body(from: &mut Scripted) {
    while let ChunkStart::Data(length) = chunk::read_chunk_start(&mut from.stream).unwrap() {
        std::io::copy(&mut (&mut from.stream).take(u64::from(length)), &mut std::io::sink()).unwrap();
    }
}

/// A sender that has begun to send to a scripted receiver, which has greeted, accepted and hung up; it waits so long between calls.
fn sending_to(door: &Door, receiver: &Identity, retry: Duration) -> (Station, TransferKey) {
    let mut a = Station::limited("a", |limits| limits.retry = retry);
    let source = a.file("x", &seeded(1, 4 << 20));
    let sending = a.send_to(door.address(), &[&source], false);
    let mut first = door.accept_as(receiver);
    first.hear_offer();
    first.accept_all(1);
    assert!(matches!(first.hear(), Some(Message::File { .. })));
    first.hang_up();
    a.broken(sending);
    (a, sending)
}

#[test]
fn only_the_receiver_can_ask_for_more() {
    let (door, receiver) = (Door::open(), new_identity());
    let (mut a, sending) = sending_to(&door, &receiver, Duration::from_millis(300));
    let friend = new_identity();
    a.verify(friend.key(), "friend");
    for who in [&friend, &new_identity()] {
        assert_eq!(tries(&a, who, &Message::Want { transfer: sending.id }), ReasonCode::UnknownTransfer);
    }
    let mut asked = Scripted::dial_as(a.port, &receiver);
    asked.greet();
    asked.say(&Message::Want { transfer: sending.id });
    assert_eq!(asked.hear(), Some(Message::Done));
    a.say(Command::Cancel(sending));
    a.ending(sending);
    assert_eq!(tries(&a, &receiver, &Message::Want { transfer: sending.id }), ReasonCode::Cancelled);
}

#[test]
fn a_receiver_that_never_stops_asking_cannot_keep_its_sender_busy() {
    let (door, receiver) = (Door::open(), new_identity());
    let retry = Duration::from_secs(2);
    let (mut a, sending) = sending_to(&door, &receiver, retry);
    let began = Instant::now();
    let (telling, told) = std::sync::mpsc::channel();
    // Calls are cut off as soon as they are counted.
    let answering = std::thread::Builder::new().name("answering".to_owned());
    answering.spawn(move || while telling.send(door.accept_plain()).is_ok() {}).unwrap();
    let (mut wants, mut calls) = (0, 0);
    // In each wait one that was asked for and one of the sender's own.
    let allowed = || 3 + 2 * began.elapsed().as_secs() / retry.as_secs();
    // However slow this machine is: many more are asked for than may come.
    while wants < 30.max(2 * allowed()) {
        assert!(began.elapsed() < LIMIT, "{wants} wants only");
        let mut caller = Scripted::dial_as(a.port, &receiver);
        caller.greet();
        caller.say(&Message::Want { transfer: sending.id });
        wants += u64::from(caller.hear() == Some(Message::Done));
        calls += told.try_iter().count() as u64;
        assert!(calls <= allowed(), "{calls} calls for {wants} wants");
    }
    if calls == 0 {
        told.recv_timeout(LIMIT).expect("it was asked");
    }
    a.say(Command::Cancel(sending));
    a.ending(sending);
}

#[test]
fn a_receiver_that_has_all_and_has_forgotten_it_makes_no_failure_of_it() {
    let (door, receiver) = (Door::open(), new_identity());
    let mut a = Station::limited("a", |limits| limits.retry = Duration::from_millis(50));
    let bytes = seeded(1, SIZE);
    let source = a.file("x", &bytes);
    let sending = a.send_to(door.address(), &[&source], false);
    let mut first = door.accept_as(&receiver);
    first.hear_offer();
    first.accept_all(1);
    assert!(matches!(first.hear(), Some(Message::File { .. })));
    read_body(&mut first);
    assert!(matches!(first.hear(), Some(Message::Seal { .. })));
    let md5 = Some(md5_of(&bytes));
    first.say(&Message::Receipt(Receipt { index: 0, state: ReceiptState::Verified, md5 }));
    assert_eq!(first.hear(), Some(Message::Done));
    first.hang_up();
    let mut second = door.accept_as(&receiver);
    second.greet_back();
    assert!(matches!(second.hear(), Some(Message::Offer(_))));
    let reason = Reason::bare(ReasonCode::UnknownTransfer);
    second.say(&Message::Abort(Abort { reason, ours: None, theirs: None }));
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    nothing_left(&a);
    assert_eq!(sending.direction, Direction::Outgoing);
    assert!(a.seen.iter().any(|event| matches!(event, Event::Snapshot(it) if matches!(it.stage, Stage::Ended(_)))));
}
