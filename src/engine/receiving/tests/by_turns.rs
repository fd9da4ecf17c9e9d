//! Files of middle size, whose bodies go by turns and are hashed together: each has its own end, whatever happens to the others.

use std::{
    collections::HashMap,
    fs::{self, OpenOptions},
    os::unix::fs::FileExt,
    path::Path,
    time::Duration,
};

use super::{
    MIB, WORDS,
    chance::{Checking, Desk, Dice, Recorded},
    part, reason,
    scene::{Ran, Said, Scene, Teller, error, moved, pair, seeded},
};
use crate::{
    digest::Hasher,
    model::{
        outcome::FileState,
        reason::{Reason, ReasonCode, Side},
        seal::Md5Digest,
    },
    storage::{journal::Recovered, part_file::PartFile},
    transfer::{
        lane::LaneError,
        limits::Limits,
        link::Held,
        receive::{Commit, Flush, Helpers, ReceiveLane, Trouble, VerifiedPart},
    },
    wire::{
        chunk,
        header::{Message, Receipt, encode},
    },
};

/// More than is kept in memory until it is hashed.
const MIDDLE: usize = 300_000;

/// How often bytes of one file came behind those of another.
fn turns(said: &[Said]) -> usize {
    let of: Vec<u32> =
        said.iter().filter_map(|said| if let Said::Moved(of, _) = said { Some(*of) } else { None }).collect();
    of.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

#[test]
fn files_of_every_size_arrive_verified_and_those_of_middle_size_take_turns() {
    let mut sizes = vec![0, 1, 63, 64 << 10, (64 << 10) + 1, 3 * MIB, 1000];
    for at in 0..40 {
        sizes.extend([MIDDLE + at, 100 * at]);
    }
    sizes.extend([65 * MIB, 70_000]);
    let mut scene = Scene::of(&sizes);
    let ran = scene.run(None);
    assert!(ran.is_whole(), "{:?} {:?}", ran.sent, ran.received);
    scene.assert_arrived();
    scene.assert_clean();
    assert!(Ran::states(&ran.sender).values().all(|state| *state == FileState::Verified));
    assert!(turns(&ran.sender) > 300, "{} turns", turns(&ran.sender));
    assert_eq!(moved(&ran.receiver), sizes.iter().sum::<usize>() as u64);
}

#[test]
fn over_a_link_that_is_not_fast_files_go_one_after_another() {
    let mut scene = Scene::of(&[MIDDLE; 6]);
    scene.limits.by_turns = u64::MAX;
    let ran = scene.run(None);
    assert!(ran.is_whole(), "{:?} {:?}", ran.sent, ran.received);
    assert_eq!(turns(&ran.sender), 5);
}

#[test]
fn over_a_link_of_which_nothing_is_known_no_more_than_four_files_take_turns() {
    let mut scene = Scene::of(&[MIDDLE; 20]);
    // All of them are too few to have moved so fast in the time that it takes to know.
    scene.limits.by_turns = 1 << 29;
    let ran = scene.run(None);
    assert!(ran.is_whole(), "{:?} {:?}", ran.sent, ran.received);
    let (mut left, mut most) = (HashMap::new(), 0);
    for said in &ran.sender {
        let Said::Moved(index, bytes) = said else { continue };
        *left.entry(*index).or_insert(MIDDLE as u64) -= bytes;
        most = most.max(left.values().filter(|left| **left > 0).count());
    }
    assert!((1..=4).contains(&most), "{most} files were open");
}

#[test]
fn either_side_holds_files_in_their_middle_and_lets_them_go() {
    for holds in [0, 1] {
        let mut scene = Scene::of(&[4 * MIB; 6]);
        let ran = scene.run_with(None, |sender, receiver| {
            let (holder, other) = if holds == 0 { (sender, receiver) } else { (receiver, sender) };
            holder.wait("bytes", |said| matches!(said, Said::Moved(1, _)));
            holder.hold.set(Some(Held::Person));
            other.wait("the pause", |said| *said == Said::Held(Some(ReasonCode::Cancelled)));
            let stands = other.settles(Duration::from_millis(300));
            assert!(stands < 24 * MIB as u64, "all of it has moved");
            holder.hold.set(None);
            other.wait("the end of the pause", |said| *said == Said::Held(None));
        });
        assert!(ran.is_whole(), "{:?} {:?}", ran.sent, ran.received);
        scene.assert_arrived();
        scene.assert_clean();
    }
}

#[test]
fn a_cancel_in_the_middle_of_a_turn_leaves_nothing() {
    for cancels in [0, 1] {
        let mut scene = Scene::of(&[8 * MIB; 6]);
        let ran = scene.run_with(None, |sender, receiver| {
            let canceller = if cancels == 0 { sender } else { receiver };
            canceller.wait("bytes", |said| matches!(said, Said::Moved(3, _)));
            canceller.cancel.set();
        });
        assert_eq!(error(&ran.sent).reason().code, ReasonCode::Cancelled);
        assert_eq!(error(&ran.received).reason().code, ReasonCode::Cancelled);
        assert_eq!(scene.names(), [""; 0]);
    }
}

/// What becomes of file 1 when this happens to it while it and others take turns.
fn meddled(meddle: impl FnOnce(&Path)) -> (Scene, Ran) {
    let mut scene = Scene::of(&[4 * MIB; 5]);
    let place = scene.places[1].clone();
    let ran = scene.run_with(None, |sender, receiver| {
        sender.wait("bytes", |said| matches!(said, Said::Moved(1, _)));
        sender.hold.set(Some(Held::Person));
        receiver.wait("the pause", |said| matches!(said, Said::Held(Some(_))));
        meddle(&place);
        sender.hold.set(None);
    });
    let names = scene.names();
    assert_eq!(names, ["file 0", "file 2", "file 3", "file 4"], "the others arrive, and it does not");
    (scene, ran)
}

#[test]
fn a_source_that_changes_while_it_takes_turns_fails_alone() {
    let touch = |place: &Path| super::touch(place);
    let shorten = |place: &Path| OpenOptions::new().write(true).open(place).unwrap().set_len(2 << 20).unwrap();
    for meddle in [touch as fn(&Path), shorten] {
        let (_scene, ran) = meddled(meddle);
        let (here, there) = (reason(&ran.sender, 1).unwrap(), reason(&ran.receiver, 1).unwrap());
        assert_eq!((here.code, there.code), (ReasonCode::Changed, ReasonCode::Changed));
        assert_eq!((here.side, there.side), (Side::Here, Side::There));
        assert!([0, 2, 3, 4].iter().all(|index| Ran::states(&ran.sender)[index] == FileState::Verified));
    }
}

#[test]
fn a_source_that_changes_unseen_before_it_is_read_is_sent_as_it_is() {
    let mut scene = Scene::of(&[MIDDLE; 5]);
    let place = scene.places[1].clone();
    let before = fs::metadata(&place).unwrap().modified().unwrap();
    let file = OpenOptions::new().write(true).open(&place).unwrap();
    file.write_all_at(b"something else", 100_000).unwrap();
    file.set_modified(before).unwrap();
    let ran = scene.run(None);
    assert!(ran.is_whole(), "{:?} {:?}", ran.sent, ran.received);
    scene.assert_arrived();
}

#[test]
fn a_source_that_is_gone_and_a_part_that_cannot_be_made_fail_alone() {
    let mut scene = Scene::of(&[MIDDLE; 6]);
    fs::remove_file(&scene.places[1]).unwrap();
    let part = scene.received().join(part(2));
    fs::create_dir(&part).unwrap();
    fs::write(part.join("of somebody"), b"x").unwrap();
    let ran = scene.run(None);
    assert!(ran.sent.is_ok(), "{:?}", ran.sent);
    assert_eq!(reason(&ran.sender, 1).unwrap().side, Side::Here);
    assert_eq!(reason(&ran.sender, 2).unwrap().side, Side::There);
    let states = Ran::states(&ran.sender);
    assert!([0, 3, 4, 5].iter().all(|index| states[index] == FileState::Verified), "{states:?}");
}

#[test]
fn what_had_come_of_all_of_them_when_the_connection_broke_is_not_sent_again() {
    for cut in [MIDDLE as u64, 11 * MIDDLE as u64 + 200_000] {
        let mut scene = Scene::of(&[MIDDLE; 12]);
        let first = scene.run(Some(cut));
        assert!(error(&first.sent).is_break() && error(&first.received).is_break(), "{:?}", first.received);
        let second = scene.run(None);
        assert!(second.is_whole(), "{:?} {:?}", second.sent, second.received);
        scene.assert_arrived();
        scene.assert_clean();
        let rest = 12 * MIDDLE as u64 - cut;
        assert!(second.bytes <= rest + 2 * WORDS, "{} bytes went, {rest} were missing", second.bytes);
    }
}

/// A disk that is busy for a while, and on which some files cannot be put.
struct Disk {
    at_once: Desk,
    /// It is asked so often before it has time.
    busy: usize,
    fails: fn(u32) -> bool,
    flushed: Vec<u32>,
    trouble: Option<Trouble>,
    committed: Vec<u32>,
}

impl Commit for Disk {
    fn commit(&mut self, part: VerifiedPart) {
        self.committed.push(part.index);
        self.at_once.commit(part);
    }

    fn keep(&mut self, index: u32, md5: Md5Digest) {
        self.at_once.keep(index, md5);
    }

    fn can_flush(&mut self) -> bool {
        self.busy = self.busy.saturating_sub(1);
        self.busy == 0
    }

    fn flush(&mut self, Flush { index, .. }: Flush) {
        self.flushed.push(index);
        let reason = Reason::here(ReasonCode::Io, "the disk is broken here");
        self.trouble = (self.fails)(index).then_some(Trouble { index: Some(index), reason }).or(self.trouble.take());
    }

    fn suspend(&mut self, _: PartFile) {}

    fn idle(&mut self) {}

    fn all_files_ended(&mut self) {}

    fn try_receipt(&mut self) -> Option<Receipt> {
        self.at_once.try_receipt()
    }

    fn try_trouble(&mut self) -> Option<Trouble> {
        self.trouble.take()
    }
}

/// What a disk has done when these words have come of four files.
fn stored(words: Vec<u8>, busy: usize, fails: fn(u32) -> bool) -> (Disk, Vec<Said>) {
    let scene = Scene::of(&[MIDDLE; 4]);
    let (landing, _) = scene.landing();
    let limits = Limits { flush_bytes: 1 << 30, flush_every: Duration::ZERO, ..scene.limits };
    let mut link = Recorded::new(words.into(), Dice(7), &limits);
    let (tell, said) = crossbeam_channel::bounded(10_000);
    let at_once = Desk::new(|_| MIDDLE as u64);
    let mut disk = Disk { at_once, busy, fails, flushed: Vec::new(), trouble: None, committed: Vec::new() };
    let helpers = Helpers { commit: &mut disk, check: &mut Checking::default(), aside: None };
    ReceiveLane::new(&mut link, &mut Teller(tell), helpers, landing.clone(), Recovered::default()).run().ok();
    landing.discard();
    (disk, said.try_iter().collect())
}

/// A piece of each of the four files, and pieces of the same length up to their ends if they are to come whole.
fn four_files(piece: usize, whole: bool) -> Vec<u8> {
    let contents: Vec<_> = (0..4).map(|index| seeded(index + 1, MIDDLE)).collect();
    let mut words = encode(&Message::Files { indices: vec![0, 1, 2, 3] }).unwrap();
    for at in (0..if whole { MIDDLE } else { piece }).step_by(piece) {
        for (index, content) in (0..).zip(&contents) {
            words.extend(chunk::turn(index));
            words.extend(chunk::chunk_start(u32::try_from(piece).unwrap()));
            words.extend(&content[at..at + piece]);
        }
    }
    words
}

#[test]
fn what_has_come_of_every_file_is_put_on_the_disk_while_nothing_comes() {
    let mut words = four_files(1000, false);
    // Nothing but signs of life comes for some time.
    for _ in 0..100 {
        words.extend(chunk::INTERLUDE);
        words.extend(encode(&Message::Ping).unwrap());
    }
    let (disk, _said) = stored(words, 20, |_| false);
    let mut flushed = disk.flushed;
    flushed.sort_unstable();
    assert_eq!(flushed, [0, 1, 2, 3], "each once");
}

#[test]
fn a_file_that_could_not_be_put_on_the_disk_fails_also_when_it_is_told_in_the_turn_of_another() {
    let mut words = four_files(MIDDLE / 10, true);
    for index in 0..4_u32 {
        words.extend(chunk::turn(index));
        words.extend(chunk::END);
    }
    for index in 0..4_u32 {
        let mut hasher = Hasher::new();
        hasher.update(&seeded(u64::from(index) + 1, MIDDLE));
        words.extend(encode(&Message::Seal { index, md5: hasher.finish() }).unwrap());
    }
    let (disk, said) = stored(words, 0, |index| index == 1);
    assert!(disk.flushed.contains(&1));
    assert_eq!(disk.committed, [0, 2, 3], "{said:?}");
    assert_eq!(reason(&said, 1).unwrap().code, ReasonCode::Io);
}

/// What a receiver of four files says to these bytes.
fn receiver_says(words: &[u8]) -> String {
    let scene = Scene::of(&[MIDDLE; 4]);
    let (landing, recovered) = scene.landing();
    let (ours, mut peer) = pair();
    std::io::Write::write_all(&mut peer, words).unwrap();
    let (thread, _side, _notes) = scene.receiver(ours, landing, recovered);
    let ended = thread.join().unwrap();
    let LaneError::Protocol(how) = error(&ended) else { panic!("{:?}", error(&ended)) };
    how.clone()
}

#[test]
fn turns_that_nobody_can_take_are_refused() {
    let files = |indices: &[u32]| encode(&Message::Files { indices: indices.to_vec() }).unwrap();
    let begun = |more: &[&[u8]]| [files(&[0, 1, 2]), more.concat()].concat();
    let piece = [&chunk::chunk_start(10)[..], &[7; 10]].concat();
    let seal = encode(&Message::Seal { index: 0, md5: Md5Digest([0; 16]) }).unwrap();
    let table = [
        (files(&[]), "0 files by turns, 16 may be"),
        (files(&(0..17).collect::<Vec<_>>()), "17 files by turns, 16 may be"),
        (files(&[0, 0]), "entry 0 came twice"),
        (files(&[0, 4]), "no entry 4"),
        (begun(&[&chunk::turn(3)]), "the turn of entry 3, which is not open"),
        (begun(&[&chunk::turn(u32::MAX)]), "which is not open"),
        (begun(&[&chunk::END, &chunk::turn(0)]), "the turn of entry 0, which is not open"),
        (begun(&[&chunk::END, &piece]), "bytes of entry 0, which is over"),
        (begun(&[&chunk::END, &chunk::END]), "entry 0 ends twice"),
        (begun(&[&chunk::turn(2), &chunk::chunk_start(300_001)]), "entry 2 was announced with 300000 bytes, more came"),
        // Its seal comes when all of them are over.
        (begun(&[&piece, &chunk::END, &chunk::INTERLUDE, &seal]), "unexpected here"),
    ];
    for (words, expected) in table {
        let said = receiver_says(&words);
        assert!(said.contains(expected), "{expected}: {said}");
    }
}
