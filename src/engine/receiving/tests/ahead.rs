//! How many files are on their way: as many as the receiver grants, and no side waits for the other because of them.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    ops::Range,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use super::scene::{LIMIT, Said, Scene, error, pair, seeded};
use crate::{
    digest::Hasher,
    model::{
        conflict::Conflict,
        manifest::{Entry, EntryKind, Manifest},
        seal::Md5Digest,
    },
    transfer::lane::LaneError,
    wire::{
        chunk::{self, ChunkStart, read_chunk_start},
        header::{Answer, Message, PlanItem, Receipt, ReceiptState, Want, encode, read_header},
    },
};

/// Counts as small, just so.
const SMALL: usize = 64 << 10;
/// Just too large for that.
const LARGER: usize = SMALL + 1;

fn md5(bytes: &[u8]) -> Md5Digest {
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    hasher.finish()
}

/// Somebody at the other end who does what a test says.
struct Scripted {
    peer: TcpStream,
    /// Files whose bodies have come, and their digests.
    came: Vec<(u32, Md5Digest)>,
    /// Files whose seals have.
    sealed: usize,
}

impl Scripted {
    fn new(peer: TcpStream) -> Self {
        peer.set_read_timeout(Some(LIMIT)).unwrap();
        peer.set_write_timeout(Some(LIMIT)).unwrap();
        Self { peer, came: Vec::new(), sealed: 0 }
    }

    fn say(&mut self, message: &Message) {
        self.peer.write_all(&encode(message).unwrap()).unwrap();
    }

    /// Accepts, and wants these files; of the others it says that it is checking them.
    fn accept(&mut self, ahead: Option<u32>, wanted: u32, checked: u32) {
        self.say(&Message::Answer(Answer::Accept { ahead, together: None }));
        let item = |first, count, want| PlanItem { first, count, want };
        let items = [item(0, wanted, Want::Send), item(wanted, checked, Want::Check)];
        let items = items.into_iter().filter(|item| item.count > 0).collect();
        self.say(&Message::Plan { items, done: Vec::new() });
    }

    /// What comes next; a body is read, and what it was is kept.
    fn hear(&mut self) -> Message {
        let message = read_header(&mut self.peer).unwrap().unwrap();
        match &message {
            Message::File { index, .. } => {
                let mut bytes = Vec::new();
                while let ChunkStart::Data(length) = read_chunk_start(&mut self.peer).unwrap() {
                    let from = bytes.len();
                    bytes.resize(from + length as usize, 0);
                    self.peer.read_exact(&mut bytes[from..]).unwrap();
                }
                self.came.push((*index, md5(&bytes)));
            }
            Message::Seal { .. } => self.sealed += 1,
            Message::Done | Message::Ping | Message::Working { .. } => {}
            other => panic!("{other:?}"),
        }
        message
    }

    /// Waits until so many files have come with their seals, and the sender has nothing more to say but pings; then it stands still.
    fn comes(&mut self, files: usize) {
        while self.sealed < files {
            self.hear();
        }
        let mut pings = 0;
        while pings < 2 {
            let message = self.hear();
            pings += usize::from(message == Message::Ping);
            assert_eq!(self.came.len(), files, "{message:?}");
        }
    }

    fn receipts(&mut self, files: Range<usize>) {
        for (index, md5) in &self.came[files] {
            let receipt = Receipt { index: *index, state: ReceiptState::Verified, md5: Some(*md5) };
            self.peer.write_all(&encode(&Message::Receipt(receipt)).unwrap()).unwrap();
        }
    }

    /// A file without its seal.
    fn file(&mut self, index: u32, bytes: &[u8]) {
        let mut said = encode(&Message::File { index, offset: 0 }).unwrap();
        said.extend(chunk::chunk_start(u32::try_from(bytes.len()).unwrap()));
        said.extend(bytes);
        said.extend(chunk::END);
        self.peer.write_all(&said).unwrap();
    }

    fn seal(&mut self, index: u32, bytes: &[u8]) {
        self.say(&Message::Seal { index, md5: md5(bytes) });
    }
}

/// Files of these sizes, whose sender says often that it has nothing to say.
fn scene(sizes: &[usize]) -> Scene {
    let mut scene = Scene::of(sizes);
    scene.limits.ping = Duration::from_millis(50);
    scene
}

#[test]
fn a_sender_uses_what_is_granted_up_to_4096_files_and_256_where_nothing_is_said() {
    let scene = scene(&vec![10; 4100]);
    for (ahead, expected) in [(None, 256), (Some(1), 1), (Some(300), 300), (Some(4096), 4096), (Some(u32::MAX), 4096)] {
        let (ours, peer) = pair();
        let (thread, _side) = scene.sender(ours);
        let mut peer = Scripted::new(peer);
        peer.accept(ahead, 4100, 0);
        peer.comes(expected);
        peer.receipts(0..1);
        peer.comes(expected + 1);
        drop(peer);
        assert!(error(&thread.join().unwrap()).is_break());
    }
}

#[test]
fn no_more_than_64_mib_of_small_files_are_on_their_way() {
    let scene = scene(&[SMALL; 1026]);
    let (ours, peer) = pair();
    let (thread, _side) = scene.sender(ours);
    let mut peer = Scripted::new(peer);
    peer.accept(Some(4096), 1026, 0);
    peer.comes(1024);
    peer.receipts(0..1);
    peer.comes(1025);
    drop(peer);
    assert!(error(&thread.join().unwrap()).is_break());
}

#[test]
fn a_file_larger_than_64_kib_waits_until_fewer_than_256_are_on_their_way() {
    let scene = scene(&[&[10; 300][..], &[LARGER, LARGER], &[10; 100]].concat());
    let (ours, peer) = pair();
    let (thread, _side) = scene.sender(ours);
    let mut peer = Scripted::new(peer);
    peer.accept(Some(1024), 402, 0);
    peer.comes(300);
    peer.receipts(0..44);
    peer.comes(300);
    peer.receipts(44..45);
    peer.comes(301);
    peer.receipts(45..46);
    // Then come small ones again, which need not wait.
    peer.comes(402);
    peer.receipts(46..402);
    let last = std::iter::repeat_with(|| peer.hear()).find(|message| *message != Message::Ping);
    assert_eq!(last, Some(Message::Done));
    peer.say(&Message::Done);
    thread.join().unwrap().unwrap();
}

/// A larger file was broken off behind `small` small ones, and waits while 300 are on their way. It goes on when, by receipts
/// for the first so many, fewer than 256 are, and nothing goes before it.
fn one_that_was_broken_off_goes_on(small: u32, granted: u32, receipts: &[usize]) {
    let mut scene = scene(&[&vec![10; small as usize][..], &[2 * LARGER]].concat());
    scene.before.again = true;
    let (ours, peer) = pair();
    let (thread, _side) = scene.sender(ours);
    let mut peer = Scripted::new(peer);
    peer.accept(Some(granted), small, 1);
    peer.comes(300);
    let there = &seeded(u64::from(small) + 1, 2 * LARGER)[..LARGER];
    peer.say(&Message::At { index: small, offset: there.len() as u64, md5: md5(there) });
    let mut told = 0;
    for receipts in receipts {
        peer.comes(300);
        peer.receipts(told..*receipts);
        told = *receipts;
    }
    loop {
        match peer.hear() {
            Message::File { index, offset } => break assert_eq!((index, offset), (small, there.len() as u64)),
            Message::Ping | Message::Working { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    drop(peer);
    assert!(error(&thread.join().unwrap()).is_break());
}

#[test]
fn so_does_one_that_was_broken_off() {
    one_that_was_broken_off_goes_on(300, 1024, &[45]);
}

#[test]
fn small_files_do_not_take_the_room_that_one_that_was_broken_off_waits_for() {
    one_that_was_broken_off_goes_on(1000, 300, &[20, 45]);
}

#[test]
fn a_receiver_says_how_many_it_takes_takes_them_and_refuses_one_more() {
    for granted in [256, 300, 1100] {
        let mut scene = Scene::of(&[10; 1200]);
        scene.limits.files_ahead = granted;
        let (landing, recovered) = scene.landing();
        let (ours, peer) = pair();
        let (thread, _side, _notes) = scene.receiver(ours, landing, recovered);
        let mut peer = Scripted::new(peer);
        let answer = read_header(&mut peer.peer).unwrap();
        let ahead = u32::try_from(granted).unwrap();
        assert_eq!(answer, Some(Message::Answer(Answer::Accept { ahead: Some(ahead), together: Some(16) })));
        for index in 0..=ahead {
            peer.file(index, &seeded(u64::from(index) + 1, 10));
        }
        while !matches!(read_header(&mut peer.peer).unwrap().unwrap(), Message::Abort(_)) {}
        drop(peer);
        let ended = thread.join().unwrap();
        let LaneError::Protocol(how) = error(&ended) else { panic!("{:?}", error(&ended)) };
        assert_eq!(*how, format!("more than {granted} files without a receipt"));
    }
}

#[test]
fn a_receiver_takes_fewer_where_each_file_is_flushed_by_itself() {
    let mut scene = Scene::of(&[10; 1200]);
    scene.limits.files_ahead = 4096;
    let (landing, recovered) = scene.landing();
    let (ours, peer) = pair();
    let (_thread, _side, _notes) = scene.receiver(ours, landing.without_volume(), recovered);
    let answer = read_header(&mut Scripted::new(peer).peer).unwrap();
    assert_eq!(answer, Some(Message::Answer(Answer::Accept { ahead: Some(1024), together: Some(16) })));
}

#[test]
fn a_sender_that_knows_nothing_of_what_is_granted_gets_its_receipts_with_256_on_their_way() {
    let scene = Scene::of(&[10; 512]);
    let (landing, recovered) = scene.landing();
    let (ours, peer) = pair();
    let (thread, _side, _notes) = scene.receiver(ours, landing, recovered);
    let mut peer = Scripted::new(peer);
    let bytes = |index: u32| seeded(u64::from(index) + 1, 10);
    let (mut next, mut receipts) = (0, 0);
    while receipts < 512 {
        // As many as it always did, then seals and receipts of all.
        while next < 512 && next < receipts + 256 {
            peer.file(next, &bytes(next));
            next += 1;
        }
        (receipts..next).for_each(|index| peer.seal(index, &bytes(index)));
        while receipts < next {
            match read_header(&mut peer.peer).unwrap() {
                Some(Message::Receipt(Receipt { state: ReceiptState::Verified, .. })) => receipts += 1,
                Some(Message::Answer(_) | Message::Plan { .. } | Message::Ping) => {}
                other => panic!("{other:?}"),
            }
        }
    }
    peer.say(&Message::Done);
    assert_eq!(thread.join().unwrap().unwrap().failed, 0);
    scene.assert_arrived();
}

#[test]
fn many_small_files_go_with_many_on_their_way_and_none_is_lost_where_it_breaks() {
    let sizes: Vec<usize> = (0..1500).map(|n| if n % 300 == 299 { 2 * LARGER } else { n % 50 }).collect();
    let mut scene = Scene::of(&sizes);
    let first = scene.run(Some(200_000));
    assert!(error(&first.received).is_break());
    let second = scene.run(None);
    assert!(second.is_whole(), "{:?} {:?}", second.sent, second.received);
    scene.assert_arrived();
    scene.assert_clean();
}

/// Whoever is busy sending may not look at receipts for a while; all it sends is read nevertheless.
#[test]
fn a_receiver_reads_on_though_nobody_takes_its_receipts() {
    const FILES: u32 = 1000;
    let mut scene = Scene::of(&[]);
    scene.conflict = Conflict::Replace;
    // Nor does it read a little more when all was silent for long.
    scene.limits.silence = 10 * LIMIT;
    // Nothing can be saved below what is no folder, which each receipt says with the whole path.
    let long = "x".repeat(200);
    let path = |index: u32| ["top", &long, &long, &long, &index.to_string()].into();
    fs::create_dir(scene.received().join("top")).unwrap();
    fs::write(scene.received().join("top").join(&long), b"no folder").unwrap();
    let kind = EntryKind::File { size: 2000 };
    let entries = (0..FILES).map(|index| Entry { path: path(index), kind: kind.clone(), mtime: None, exec: false });
    scene.manifest = Arc::new(Manifest::from_entries(entries.collect()).unwrap());
    scene.places = vec![PathBuf::new(); FILES as usize];
    let (landing, recovered) = scene.landing();
    let (ours, peer) = pair();
    let (receiver, side, _notes) = scene.receiver(ours, landing, recovered);
    let mut peer = Scripted::new(peer);
    // None is read before all were sent.
    for index in 0..FILES {
        peer.file(index, &[7; 2000]);
        peer.seal(index, &[7; 2000]);
    }
    let (mut bytes, mut receipts) = (0, 0);
    while receipts < FILES {
        match read_header(&mut peer.peer).unwrap() {
            Some(Message::Receipt(receipt)) => {
                bytes += encode(&Message::Receipt(receipt)).unwrap().len();
                receipts += 1;
            }
            Some(Message::Answer(_) | Message::Plan { .. } | Message::Ping) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(bytes > 600_000, "{bytes} bytes are no test of that");
    peer.say(&Message::Done);
    assert_eq!(receiver.join().unwrap().unwrap().failed, u64::from(FILES));
    assert_eq!(side.said.try_iter().filter(|said| matches!(said, Said::Ended(_))).count(), FILES as usize);
}
