//! Cancel is true within half a second at every stage, and the other side hears why.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpStream},
    path::PathBuf,
    time::{Duration, Instant},
};

use sealdrop::{
    engine::messages::{Command, Event},
    model::{
        device::PeerAddr,
        outcome::Outcome,
        reason::{ReasonCode, Side},
        transfer::{Stage, TransferKey},
    },
    wire::header::Message,
};
use socket2::{Domain, Socket, Type};

use crate::{
    scripted::{Door, Scripted, file_entry},
    support::{Station, tree},
};

/// Half a second, and what a busy machine with two cores may add.
const HALF_A_SECOND: Duration = Duration::from_millis(500 + 400);

/// A sparse file, large enough to be still under way when somebody cancels.
fn large(station: &Station) -> PathBuf {
    let path = station.home.path().join("large.bin");
    File::create(&path).unwrap().set_len(2 << 30).unwrap();
    path
}

fn until(station: &mut Station, key: TransferKey, what: &str, good: impl Fn(&Stage, u64) -> bool) {
    station.wait(what, |event| match event {
        Event::Snapshot(snapshot) if snapshot.key == key && good(&snapshot.stage, snapshot.moved) => Some(()),
        _ => None,
    });
}

/// Cancels and checks that the end comes in time and is a cancel of this side.
fn cancel(station: &mut Station, key: TransferKey) {
    let start = Instant::now();
    station.say(Command::Cancel(key));
    let ending = station.ending(key);
    assert!(start.elapsed() < HALF_A_SECOND, "took {:?}", start.elapsed());
    assert_eq!(ending.outcome, Outcome::Cancelled);
    assert_eq!(ending.reason.unwrap().side, Side::Here);
}

fn hears_cancel(station: &mut Station, key: TransferKey) {
    let ending = station.ending(key);
    assert_eq!(ending.outcome, Outcome::Cancelled, "{ending:?}");
    let reason = ending.reason.unwrap();
    assert_eq!((reason.code, reason.side), (ReasonCode::Cancelled, Side::There));
}

#[test]
fn while_connecting() {
    // A listener whose queue is full lets further connects hang.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let mut held = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
        held.push(stream);
        assert!(held.len() < 64, "the queue never fills up");
    }
    let mut a = Station::new("a");
    let source = large(&a);
    let to = PeerAddr { host: "127.0.0.1".to_owned(), port: address.port() };
    let key = a.send_to(to, &[&source], false);
    until(&mut a, key, "connecting", |stage, _| *stage == Stage::Connecting);
    cancel(&mut a, key);
}

#[test]
fn while_the_other_side_says_no_hello() {
    let door = Door::open();
    let mut a = Station::new("a");
    let source = large(&a);
    let key = a.send_to(door.address(), &[&source], false);
    let mut peer = door.accept();
    until(&mut a, key, "offering", |stage, _| *stage == Stage::Offering);
    cancel(&mut a, key);
    assert_eq!(peer.hear_abort().code, ReasonCode::Cancelled);
}

#[test]
fn while_waiting_for_their_answer() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let source = large(&a);
    let key = a.send(&b, &[&source]);
    let offer = b.offer();
    until(&mut a, key, "waiting", |stage, _| *stage == Stage::Waiting);
    cancel(&mut a, key);
    hears_cancel(&mut b, offer.snapshot.key);
}

#[test]
fn by_the_sender_while_bytes_move() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let source = large(&a);
    let key = a.send(&b, &[&source]);
    let theirs = b.accept();
    until(&mut a, key, "bytes", |stage, moved| *stage == Stage::Moving && moved > 1 << 20);
    cancel(&mut a, key);
    hears_cancel(&mut b, theirs);
    assert_eq!(tree(&b.received()), [], "nothing is left under any name");
}

#[test]
fn by_the_receiver_while_bytes_move() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let source = large(&a);
    let key = a.send(&b, &[&source]);
    let theirs = b.accept();
    until(&mut b, theirs, "bytes", |stage, moved| *stage == Stage::Moving && moved > 1 << 20);
    cancel(&mut b, theirs);
    hears_cancel(&mut a, key);
    assert_eq!(tree(&b.received()), [], "nothing is left under any name");
}

#[test]
fn while_blocked_in_a_write() {
    let door = Door::open();
    let mut a = Station::new("a");
    let source = large(&a);
    let key = a.send_to(door.address(), &[&source], false);
    let mut peer = door.accept();
    assert_eq!(peer.hear_offer().len(), 1);
    peer.accept_all(1);
    // It reads nothing: the sender fills the buffers and stands still.
    a.stand_still();
    cancel(&mut a, key);
    // It reads again at once: the closer has filled the chunk and said why.
    assert!(matches!(peer.hear(), Some(Message::File { .. })));
    loop {
        match sealdrop::wire::chunk::read_chunk_start(&mut peer.stream).unwrap() {
            sealdrop::wire::chunk::ChunkStart::Data(length) => {
                std::io::copy(&mut std::io::Read::take(&mut peer.stream, u64::from(length)), &mut std::io::sink())
                    .unwrap();
            }
            sealdrop::wire::chunk::ChunkStart::Interlude => break,
            other => panic!("the body cannot have gone on with {other:?}"),
        }
    }
    assert_eq!(peer.hear_abort().code, ReasonCode::Cancelled);
}

#[test]
fn while_blocked_in_a_read() {
    let mut b = Station::new("b");
    let mut peer = Scripted::dial(b.port);
    peer.offer(vec![file_entry(&["x"], 1000)]);
    let key = b.accept();
    peer.hear_accept(1);
    peer.say(&Message::File { index: 0, offset: 0 });
    peer.raw(&[10, 0, 0, 0, 1, 2, 3]);
    until(&mut b, key, "moving", |stage, _| *stage == Stage::Moving);
    cancel(&mut b, key);
    assert_eq!(peer.hear_abort().code, ReasonCode::Cancelled);
    assert_eq!(tree(&b.received()), []);
}

#[test]
fn of_a_walk_that_goes_on() {
    let a = Station::new("a");
    let id = sealdrop::engine::messages::StageId(1);
    // A folder that takes a moment: every walk of it is cancelled long before its end, or ends by itself.
    let root = a.home.path().join("many");
    for i in 0..30 {
        let folder = root.join(format!("{i}"));
        fs::create_dir_all(&folder).unwrap();
        (0..50).for_each(|j| fs::write(folder.join(format!("{j}")), b"").unwrap());
    }
    let mut a = a;
    a.say(Command::Stage { stage: id, paths: vec![root; 200] });
    a.say(Command::CancelStage(id));
    let trees = a.wait("the end of the walk", |event| match event {
        Event::Staged { stage, trees, .. } if *stage == id => Some(trees.len()),
        _ => None,
    });
    assert!(trees < 200, "the walk went on to its end");
}

#[test]
fn closing_the_program_tells_the_other_side() {
    let (a, mut b) = (Station::new("a"), Station::new("b"));
    let source = large(&a);
    a.send(&b, &[&source]);
    let theirs = b.accept();
    until(&mut b, theirs, "bytes", |stage, moved| *stage == Stage::Moving && moved > 1 << 20);
    let start = Instant::now();
    a.engine.shut_down(Duration::from_secs(5));
    assert!(start.elapsed() < Duration::from_secs(3), "took {:?}", start.elapsed());
    let reason = b.broken(theirs);
    assert_eq!(reason.code, ReasonCode::ConnectionLost, "it may go on: {reason}");
}
