//! A long way is filled by several connections: what goes over them is as whole as over one, and ends as one.

use std::{
    fs::{self, File},
    io::Read,
    net::Shutdown,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sealdrop::{
    crypto::identity::Identity,
    engine::messages::{Acceptance, Command, Event},
    model::{
        manifest::Selection,
        outcome::Outcome,
        reason::{ReasonCode, Side},
        transfer::{Stage, TransferKey},
    },
    transfer::limits::Limits,
    wire::{
        chunk::{self, ChunkStart},
        header::{self, Answer, Message, Receipt, ReceiptState},
    },
};

use crate::{
    relay::Crossing,
    scripted::{Door, Scripted, file_entry, md5_of},
    sealed_stream::new_identity,
    support::{Station, nothing_left, seeded, tree},
};

/// Every way is a long one, on which several connections help.
fn far(limits: &mut Limits) {
    limits.long_way = Duration::ZERO;
    limits.lanes_at_least = 4;
}

fn far_apart() -> (Station, Station) {
    (Station::limited("a", far), Station::limited("b", far))
}

/// A sparse file, large enough to be still under way when something happens.
fn large(station: &Station) -> PathBuf {
    let path = station.home.path().join("large.bin");
    File::create(&path).unwrap().set_len(512 << 20).unwrap();
    path
}

fn until_moved(station: &mut Station, key: TransferKey, least: u64) {
    station.wait("bytes", |event| match event {
        Event::Snapshot(it) if it.key == key && it.stage == Stage::Moving && it.moved >= least => Some(()),
        _ => None,
    });
}

#[test]
fn files_of_all_sizes_arrive_whole_over_several_connections() {
    let (mut a, mut b) = far_apart();
    let crossing = Crossing::before(b.port);
    let folder = a.home.path().join("folder");
    fs::create_dir(&folder).unwrap();
    let sizes = [0, 1, 5_000, 65_536, 65_537, 262_144, 300_000, 5 << 20, 40 << 20];
    for (number, size) in (1..).zip(sizes) {
        fs::write(folder.join(format!("{number} of {size}")), seeded(number, size)).unwrap();
    }
    arrives_over_several(&mut a, &mut b, &crossing, &folder);
}

/// Sends `folder` through `crossing`, and sees it arrive whole over several connections.
fn arrives_over_several(a: &mut Station, b: &mut Station, crossing: &Crossing, folder: &Path) {
    let sending = a.send_to(crossing.address(), &[folder], false);
    let receiving = b.accept();
    assert_eq!(b.ending(receiving).outcome, Outcome::Verified);
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    assert_eq!(tree(&b.received().join("folder")), tree(folder));
    let made = crossing.count();
    assert!((2..=17).contains(&made), "{made} connections");
    nothing_left(b);
}

#[test]
fn files_that_take_turns_arrive_whole_over_several_connections() {
    let by_turns = |limits: &mut Limits| {
        far(limits);
        limits.by_turns = 0;
    };
    let (mut a, mut b) = (Station::limited("a", by_turns), Station::limited("b", by_turns));
    let crossing = Crossing::before(b.port);
    let folder = a.home.path().join("folder");
    fs::create_dir(&folder).unwrap();
    for number in 0..40 {
        fs::write(
            folder.join(format!("file {number}")),
            seeded(number, 70_000 + 30_000 * usize::try_from(number % 9).unwrap()),
        )
        .unwrap();
    }
    for number in 40..44 {
        fs::write(folder.join(format!("file {number}")), seeded(number, 5 << 20)).unwrap();
    }
    arrives_over_several(&mut a, &mut b, &crossing, &folder);
}

/// A transfer of `a` to `b`, one of whose further connections has just been broken in the middle.
struct Broken {
    a: Station,
    b: Station,
    crossing: Crossing,
    sending: TransferKey,
    receiving: TransferKey,
}

fn broken() -> Broken {
    let (mut a, mut b) = far_apart();
    let crossing = Crossing::before(b.port);
    let source = large(&a);
    let sending = a.send_to(crossing.address(), &[&source], false);
    let receiving = b.accept();
    let _first = crossing.next();
    let further = crossing.next();
    until_moved(&mut a, sending, 64 << 20);
    for end in further {
        // It may be closed already.
        end.shutdown(Shutdown::Both).ok();
    }
    Broken { a, b, crossing, sending, receiving }
}

#[test]
fn a_connection_of_several_that_breaks_costs_no_more_than_its_bytes() {
    let Broken { mut a, mut b, crossing, sending, receiving } = broken();
    assert_eq!(b.ending(receiving).outcome, Outcome::Verified);
    let ending = a.ending(sending);
    assert_eq!(ending.outcome, Outcome::Verified, "{ending:?}");
    assert!(crossing.count() >= 3, "nothing was taken up again");
}

#[test]
fn after_a_break_with_several_connections_a_transfer_goes_on_over_one() {
    let Broken { mut a, mut b, crossing, sending, receiving } = broken();
    a.wait("a break", |event| match event {
        Event::Snapshot(it) if it.key == sending && matches!(it.stage, Stage::Reconnecting { .. }) => Some(()),
        _ => None,
    });
    assert_eq!(b.ending(receiving).outcome, Outcome::Verified);
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    let made = crossing.count();
    // Three that stood beside the one that broke, and one that goes on.
    assert!((1..=4).contains(&made), "{made} connections");
}

#[test]
fn a_cancel_reaches_the_other_side_over_several_connections() {
    for by_sender in [true, false] {
        let (mut a, mut b) = far_apart();
        let source = large(&a);
        let sending = a.send(&b, &[&source]);
        let receiving = b.accept();
        until_moved(&mut a, sending, 64 << 20);
        let (here, there) =
            if by_sender { ((&mut a, sending), (&mut b, receiving)) } else { ((&mut b, receiving), (&mut a, sending)) };
        here.0.say(Command::Cancel(here.1));
        assert_eq!(here.0.ending(here.1).outcome, Outcome::Cancelled);
        let ending = there.0.ending(there.1);
        let reason = ending.reason.unwrap();
        assert_eq!(
            (ending.outcome, reason.code, reason.side),
            (Outcome::Cancelled, ReasonCode::Cancelled, Side::There)
        );
        assert_eq!(tree(&b.received()), []);
    }
}

#[test]
fn a_pause_holds_all_connections_and_they_go_on() {
    let (mut a, mut b) = far_apart();
    let source = a.home.path().join("x");
    fs::write(&source, seeded(1, 200 << 20)).unwrap();
    let sending = a.send(&b, &[&source]);
    let receiving = b.accept();
    until_moved(&mut a, sending, 8 << 20);
    b.say(Command::Pause(receiving));
    a.wait("a pause", |event| match event {
        Event::Snapshot(it) if it.key == sending && matches!(it.stage, Stage::Paused(_)) => Some(()),
        _ => None,
    });
    b.say(Command::Resume(receiving));
    assert_eq!(b.ending(receiving).outcome, Outcome::Verified);
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    assert_eq!(fs::read(b.received().join("x")).unwrap(), fs::read(&source).unwrap());
}

/// A sender whose offer of one file was accepted, with a further connection beside it.
fn with_further(b: &mut Station, size: u64) -> (TransferKey, Scripted, Scripted) {
    let own = new_identity();
    let mut first = Scripted::dial_as(b.port, &own);
    first.offer(vec![file_entry(&["x"], size)]);
    let key = b.accept();
    first.hear_accept(1);
    let mut further = join(b, &own, &first);
    assert_eq!(further.hear(), Some(lane(&first)));
    (key, first, further)
}

/// A further connection beside `first` that has said what it is.
fn join(b: &Station, own: &Identity, first: &Scripted) -> Scripted {
    let mut further = Scripted::dial_as(b.port, own);
    further.greet();
    further.say(&lane(first));
    further
}

fn lane(first: &Scripted) -> Message {
    Message::Lane { transfer: first.id, epoch: 1, number: 9 }
}

#[test]
fn a_further_connection_is_answered_also_while_bytes_are_missing() {
    let mut b = Station::new("b");
    let own = new_identity();
    let mut first = Scripted::dial_as(b.port, &own);
    first.offer(vec![file_entry(&["x"], 100)]);
    let key = b.accept();
    first.hear_accept(1);
    first.say(&Message::File { index: 0, offset: 0 });
    first.raw(&chunk::chunk_start(100));
    first.raw(&[7; 50]);
    until_moved(&mut b, key, 0);
    let further = join(&b, &own, &first);
    further.stream.socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut further = further;
    assert_eq!(further.hear(), Some(lane(&first)));
}

#[test]
fn a_program_that_is_closed_does_not_wait_for_several_connections() {
    for is_sender in [true, false] {
        let (mut a, mut b) = far_apart();
        let source = large(&a);
        let sending = a.send(&b, &[&source]);
        b.accept();
        until_moved(&mut a, sending, 64 << 20);
        let closed = if is_sender { &mut a } else { &mut b };
        let took = time_to_stop(closed);
        assert!(took < Duration::from_secs(1), "the sender: {is_sender}, {took:?}");
    }
}

#[test]
fn calls_for_further_connections_end_with_their_transfer() {
    let mut a = Station::limited("a", far);
    let door = Door::open();
    let bytes = seeded(1, 4 << 20);
    let source = a.file("x", &bytes);
    let key = a.send_to(door.address(), &[&source], false);
    let mut first = door.accept();
    first.hear_offer();
    first.accept_all(1);
    assert!(matches!(first.hear(), Some(Message::File { index: 0, offset: 0 })));
    let mut got = Vec::new();
    while let ChunkStart::Data(length) = chunk::read_chunk_start(&mut first.stream).unwrap() {
        let before = got.len();
        got.resize(before + length as usize, 0);
        first.stream.read_exact(&mut got[before..]).unwrap();
    }
    assert!(got == bytes);
    // Nobody ever says a word there.
    let _further = door.accept_plain();
    let Some(Message::Seal { md5, .. }) = first.hear() else { panic!("no seal") };
    first.say(&Message::Receipt(Receipt { index: 0, state: ReceiptState::Verified, md5: Some(md5) }));
    assert_eq!(first.hear(), Some(Message::Done));
    first.say(&Message::Done);
    assert_eq!(a.ending(key).outcome, Outcome::Verified);
    drop(first);
    let took = time_to_stop(&mut a);
    assert!(took < Duration::from_secs(1), "{took:?}");
}

fn time_to_stop(station: &mut Station) -> Duration {
    let begin = Instant::now();
    station.say(Command::Shutdown);
    station.wait("the end of the engine", |event| matches!(event, Event::Stopped).then_some(()));
    begin.elapsed()
}

#[test]
fn bytes_stand_where_the_first_connection_says() {
    let mut b = Station::new("b");
    let bytes = seeded(1, 100_000);
    let (key, mut first, mut further) = with_further(&mut b, 100_000);
    // What goes beside may be there long before, and after.
    further.raw(&bytes[10..50_000]);
    first.say(&Message::File { index: 0, offset: 0 });
    first.raw(&chunk::chunk_start(10));
    first.raw(&bytes[..10]);
    first.raw(&chunk::elsewhere(9, 40_000));
    first.raw(&chunk::elsewhere(9, 20_000));
    further.raw(&bytes[50_000..60_010]);
    first.raw(&chunk::chunk_start(39_990));
    first.raw(&bytes[60_010..]);
    first.raw(&chunk::END);
    first.say(&Message::Seal { index: 0, md5: md5_of(&bytes) });
    assert!(matches!(first.hear(), Some(Message::Receipt(_))));
    first.say(&Message::Done);
    assert_eq!(b.ending(key).outcome, Outcome::Verified);
    assert_eq!(fs::read(b.received().join("x")).unwrap(), bytes);
}

#[test]
fn bytes_over_a_connection_that_is_none_end_the_transfer() {
    let mut b = Station::new("b");
    let (key, mut first, _further) = with_further(&mut b, 100);
    first.say(&Message::File { index: 0, offset: 0 });
    first.raw(&chunk::elsewhere(8, 100));
    assert_eq!(first.hear_abort().code, ReasonCode::BadMessage);
    assert_eq!(b.ending(key).outcome, Outcome::Failed);
    assert_eq!(tree(&b.received()), []);
}

#[test]
fn more_bytes_beside_than_were_announced_end_the_transfer() {
    let mut b = Station::new("b");
    let (key, mut first, _further) = with_further(&mut b, 100);
    first.say(&Message::File { index: 0, offset: 0 });
    first.raw(&chunk::elsewhere(9, 101));
    assert_eq!(first.hear_abort().code, ReasonCode::BadMessage);
    assert_eq!(b.ending(key).outcome, Outcome::Failed);
}

#[test]
fn further_connections_of_others_or_too_many_are_closed_and_disturb_nobody() {
    let mut b = Station::new("b");
    let own = new_identity();
    let mut first = Scripted::dial_as(b.port, &own);
    first.offer(vec![file_entry(&["x"], 3)]);
    let lane = |first: &Scripted, epoch, number| Message::Lane { transfer: first.id, epoch, number };
    // Nobody has accepted yet.
    let card = b.offer();
    let mut early = Scripted::dial_as(b.port, &own);
    early.greet();
    early.say(&lane(&first, 1, 1));
    assert_eq!(early.hear_abort().code, ReasonCode::UnknownTransfer);
    let key = card.snapshot.key;
    card.reply.accept(Acceptance::new(b.received(), Selection::All));
    assert!(matches!(first.hear(), Some(Message::Answer(Answer::Accept { .. }))));
    let mut other = Scripted::dial(b.port);
    other.greet();
    other.say(&lane(&first, 1, 1));
    assert_eq!(other.hear_abort().code, ReasonCode::UnknownTransfer);
    let mut stale = Scripted::dial_as(b.port, &own);
    stale.greet();
    stale.say(&lane(&first, 2, 1));
    assert_eq!(stale.hear_abort().code, ReasonCode::StaleEpoch);
    let mut held = Vec::new();
    for number in 1..=20 {
        let mut further = Scripted::dial_as(b.port, &own);
        further.greet();
        further.say(&lane(&first, 1, number));
        // Others are closed without a word.
        let taken = header::read_header(&mut further.stream).is_ok_and(|said| said == Some(lane(&first, 1, number)));
        assert_eq!(taken, number <= 16, "{number}");
        held.push(further);
    }
    let mut again = Scripted::dial_as(b.port, &own);
    again.greet();
    again.say(&lane(&first, 1, 5));
    assert!(header::read_header(&mut again.stream).is_err(), "a number that is taken");
    let Some(Message::Plan { .. }) = first.hear() else { panic!("no plan") };
    first.file_and_seal(0, b"abc");
    assert!(matches!(first.hear(), Some(Message::Receipt(_))));
    first.say(&Message::Done);
    assert_eq!(b.ending(key).outcome, Outcome::Verified);
}
