//! A speed limit holds for all transfers of its direction together, changes at once, and is in nobody's way.

use std::{
    fs::{self, File},
    path::PathBuf,
    time::{Duration, Instant},
};

use sealdrop::{
    engine::messages::Command,
    model::{
        outcome::Outcome,
        reason::ReasonCode,
        settings::Settings,
        transfer::{Direction, Stage, TransferKey},
    },
    wire::{chunk::chunk_start, header::Message},
};
use socket2::SockRef;

use crate::{
    scripted::{Scripted, file_entry},
    support::{Station, seeded},
};

const MIB: usize = 1 << 20;
/// 3 MiB at 1 MiB/s, less what may go at once at the start, and some.
const THREE_MIB: Duration = Duration::from_millis(2500);
/// Half a second, and what a busy machine with two cores may add.
const HALF_A_SECOND: Duration = Duration::from_millis(500 + 400);
/// Long enough for a busy machine, and nothing beside what the limit would have made of it.
const SOON: Duration = Duration::from_secs(20);

fn limit(of: Direction, bytes: u64) -> impl Fn(&mut Settings) {
    move |settings| match of {
        Direction::Incoming => settings.receive_limit = Some(bytes),
        Direction::Outgoing => settings.send_limit = Some(bytes),
    }
}

/// A sender and a receiver; the one that `of` concerns has the limit.
fn pair(of: Direction, bytes: u64) -> (Station, Station) {
    let none = |_: &mut Settings| {};
    match of {
        Direction::Incoming => (Station::with("a", none), Station::with("b", limit(of, bytes))),
        Direction::Outgoing => (Station::with("a", limit(of, bytes)), Station::with("b", none)),
    }
}

/// Changes the limit of a station that runs.
fn set_limit(station: &Station, of: Direction, bytes: Option<u64>) {
    let mut settings = Settings::first_start("x".to_owned(), station.received());
    settings.port = 0;
    match of {
        Direction::Incoming => settings.receive_limit = bytes,
        Direction::Outgoing => settings.send_limit = bytes,
    }
    station.say(Command::SaveSettings(settings));
}

fn moved(station: &mut Station, key: TransferKey, least: u64) {
    station.snapshot(key, "bytes", |snapshot| (snapshot.moved >= least).then_some(()));
}

/// A file that would take a week at the smallest limit.
fn large(station: &Station) -> PathBuf {
    let path = station.home.path().join("large.bin");
    File::create(&path).unwrap().set_len(600 << 20).unwrap();
    path
}

#[test]
fn either_side_can_slow_a_transfer_down() {
    for of in [Direction::Incoming, Direction::Outgoing] {
        for classic in [false, true] {
            let (mut a, mut b) = pair(of, MIB as u64);
            let bytes = seeded(1, 3 * MIB);
            let source = a.file("x", &bytes);
            let begun = Instant::now();
            let sending = a.send_to(b.address(), &[&source], classic);
            let receiving = b.accept();
            b.ending(receiving);
            a.ending(sending);
            assert!(begun.elapsed() >= THREE_MIB, "{of:?}, classic {classic}: {:?}", begun.elapsed());
            assert!(fs::read(b.received().join("x")).unwrap() == bytes);
        }
    }
}

#[test]
fn all_transfers_of_a_direction_share_one_limit() {
    for of in [Direction::Incoming, Direction::Outgoing] {
        let (mut a, mut b) = pair(of, MIB as u64);
        let sources = [a.file("x", &seeded(1, 3 * MIB / 2)), a.file("y", &seeded(2, 3 * MIB / 2))];
        let begun = Instant::now();
        let keys = sources.map(|source| a.send(&b, &[&source]));
        b.accept();
        b.accept();
        for key in keys {
            let outcome = a.snapshot(key, "the end", |snapshot| match &snapshot.stage {
                Stage::Ended(ending) => Some(ending.outcome),
                _ => None,
            });
            assert_eq!(outcome, Outcome::Verified);
        }
        assert!(begun.elapsed() >= THREE_MIB, "{of:?}: {:?}", begun.elapsed());
    }
}

#[test]
fn many_small_files_keep_to_the_limit_and_no_more() {
    let (mut a, mut b) = pair(Direction::Outgoing, MIB as u64);
    let folder = a.home.path().join("many");
    fs::create_dir(&folder).unwrap();
    (0..192).for_each(|i| fs::write(folder.join(format!("{i}")), seeded(i, 16 << 10)).unwrap());
    let begun = Instant::now();
    let sending = a.send(&b, &[&folder]);
    b.accept();
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    let took = begun.elapsed();
    // Paying for whole pieces, each of these files would cost an eighth of a second: 24 s.
    assert!((THREE_MIB..SOON).contains(&took), "{took:?}");
}

#[test]
fn lifting_the_limit_helps_transfers_that_wait() {
    for of in [Direction::Incoming, Direction::Outgoing] {
        let (mut a, mut b) = pair(of, 64 << 10);
        let source = a.file("x", &seeded(1, 24 * MIB));
        let sending = a.send(&b, &[&source]);
        let receiving = b.accept();
        let (station, key) = if of == Direction::Incoming { (&mut b, receiving) } else { (&mut a, sending) };
        moved(station, key, 1);
        set_limit(station, of, None);
        let begun = Instant::now();
        assert_eq!(a.ending(sending).outcome, Outcome::Verified);
        assert!(begun.elapsed() < SOON, "{of:?}: {:?}", begun.elapsed());
    }
}

#[test]
fn cancel_is_true_within_half_a_second_while_a_lane_waits_its_turn() {
    for of in [Direction::Incoming, Direction::Outgoing] {
        for classic in [false, true] {
            let (mut a, mut b) = pair(of, 1 << 10);
            let source = if classic { a.file("x", &seeded(1, 8 * MIB)) } else { large(&a) };
            let sending = a.send_to(b.address(), &[&source], classic);
            let receiving = b.accept();
            let (station, key) = if of == Direction::Incoming { (&mut b, receiving) } else { (&mut a, sending) };
            moved(station, key, 200);
            let begun = Instant::now();
            station.say(Command::Cancel(key));
            let ending = station.ending(key);
            assert!(begun.elapsed() < HALF_A_SECOND, "{of:?}, classic {classic}: {:?}", begun.elapsed());
            assert_eq!(ending.outcome, Outcome::Cancelled);
        }
    }
}

#[test]
fn a_cancel_of_the_sender_reaches_a_receiver_of_a_slow_sender_at_once() {
    let (a, mut b) = pair(Direction::Outgoing, 1 << 10);
    let source = large(&a);
    let sending = a.send(&b, &[&source]);
    let receiving = b.accept();
    moved(&mut b, receiving, 200);
    let begun = Instant::now();
    a.say(Command::Cancel(sending));
    assert_eq!(b.ending(receiving).outcome, Outcome::Cancelled);
    assert!(begun.elapsed() < HALF_A_SECOND, "{:?}", begun.elapsed());
}

#[test]
fn a_limit_of_our_own_is_not_taken_for_silence() {
    // Both break off after 0.7 s of silence, and each transfer takes several times as long.
    for (of, bytes, size) in [
        (Direction::Outgoing, 1 << 10, 3 << 10),
        (Direction::Incoming, 1 << 10, 3 << 10),
        (Direction::Outgoing, MIB as u64, 3 * MIB),
        (Direction::Incoming, 8 * MIB as u64, 24 * MIB),
    ] {
        let (mut a, mut b) = (Station::impatient("a"), Station::impatient("b"));
        set_limit(if of == Direction::Incoming { &b } else { &a }, of, Some(bytes));
        let source = a.file("x", &seeded(1, size));
        let begun = Instant::now();
        let sending = a.send(&b, &[&source]);
        b.accept();
        assert_eq!(a.ending(sending).outcome, Outcome::Verified);
        assert!(begun.elapsed() >= THREE_MIB, "{of:?}: {:?}", begun.elapsed());
    }
}

#[test]
fn who_waits_its_turn_hears_that_the_other_side_is_gone() {
    for broken_off in [false, true] {
        let mut b = Station::impatient("b");
        set_limit(&b, Direction::Incoming, Some(1 << 10));
        let mut peer = Scripted::dial(b.port);
        peer.offer(vec![file_entry(&["x"], 1 << 30)]);
        let key = b.accept();
        peer.hear_accept(1);
        peer.say(&Message::File { index: 0, offset: 0 });
        peer.raw(&chunk_start(256 << 10));
        // Four minutes of reading at this limit.
        peer.raw(&seeded(1, 256 << 10));
        moved(&mut b, key, 200);
        let begun = Instant::now();
        if broken_off {
            SockRef::from(&peer.stream.socket).set_linger(Some(Duration::ZERO)).unwrap();
            drop(peer);
        } else {
            peer.hang_up();
        }
        let reason = b.broken(key);
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        assert_eq!(reason.code, ReasonCode::ConnectionLost);
    }
}
