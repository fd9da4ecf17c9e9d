//! Words in any order, and bytes that mean nothing: a lane ends, and nothing is published that was not verified.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    time::Instant,
};

use crossbeam_channel::bounded;

use super::scene::{Scene, Teller};
use crate::{
    digest::Hasher,
    model::{conflict::Conflict, manifest::EntryKind, reason::Reason, reason::ReasonCode, seal::Md5Digest},
    storage::{part_file::PartFile, sources::SourcePlaces},
    transfer::{
        ahead::Ahead,
        check::{Check, CheckJob, CheckNews},
        limits::Limits,
        link::{Held, Link, Wake, Wrote},
        receive::{Commit, Flush, Helpers, ReceiveLane, Trouble, VerifiedPart},
        send::{SendLane, Sending},
    },
    wire::{
        chunk,
        header::{By, Message, PlanItem, Receipt, ReceiptState, Want, encode},
    },
};

/// A peer whose words are known in advance, whatever is said to it.
pub(super) struct Recorded {
    pub(super) words: VecDeque<u8>,
    pub(super) dice: Dice,
    pub(super) limits: Limits,
    /// What was said to it.
    pub(super) heard: Vec<u8>,
    /// How much that was each time when it was waited for.
    pub(super) waits: Vec<usize>,
}

impl Recorded {
    pub(super) fn new(words: VecDeque<u8>, dice: Dice, limits: &Limits) -> Self {
        Self { words, dice, limits: *limits, heard: Vec::new(), waits: Vec::new() }
    }
}

impl Read for Recorded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.words.read(buffer)
    }
}

impl Write for Recorded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.heard.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Link for Recorded {
    fn pending(&mut self) -> bool {
        // Now and then nothing has come yet.
        self.dice.below(3) > 0
    }

    fn wait(&mut self) -> io::Result<Wake> {
        self.waits.push(self.heard.len());
        Ok(Wake::Input)
    }

    fn write_some(&mut self, bytes: &[u8]) -> io::Result<Wrote> {
        Ok(if self.dice.below(9) == 0 { Wrote::Input } else { Wrote::Bytes(bytes.len()) })
    }

    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        if self.dice.below(5) == 0 { Ok(None) } else { self.read(buffer).map(Some) }
    }

    fn admit(&mut self, wanted: usize) -> io::Result<usize> {
        Ok(if self.dice.below(5) == 0 { 0 } else { wanted })
    }

    fn held(&self) -> Option<Held> {
        self.words.len().is_multiple_of(7).then_some(Held::Person)
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn queued(&self) -> usize {
        0
    }

    fn set_in_body(&mut self, _: bool) {}

    fn set_deadline(&mut self, _: Option<Instant>) {}
}

#[derive(Clone)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn index(&mut self) -> u32 {
        u32::try_from(self.below(6)).unwrap()
    }

    fn number(&mut self) -> u64 {
        let near = self.below(400);
        [0, 1, 100, 299, 300, 301, near, u64::MAX][usize::try_from(self.below(8)).unwrap()]
    }

    fn md5(&mut self) -> Md5Digest {
        let bytes = usize::try_from(self.below(2) * 300).unwrap();
        let mut hasher = Hasher::new();
        hasher.update(&super::scene::seeded(1, bytes));
        hasher.finish()
    }

    /// A word of a receiver, or one that anybody may say.
    fn word(&mut self) -> Vec<u8> {
        let (index, offset, md5) = (self.index(), self.number(), self.md5());
        let count = 1 + self.index();
        let want = [Want::Check, Want::Send, Want::Skip][usize::try_from(self.below(3)).unwrap()];
        let done = if self.below(4) == 0 { vec![(index, md5)] } else { Vec::new() };
        let state = if self.below(2) == 0 { ReceiptState::Verified } else { ReceiptState::Mismatch };
        let message = match self.below(9) {
            0..=2 => Message::Plan { items: vec![PlanItem { first: index, count, want }], done },
            3 | 4 => Message::At { index, offset, md5 },
            5 => Message::Receipt(Receipt { index, state, md5: Some(md5) }),
            6 => Message::Working { index: Some(index), done: offset, total: self.number() },
            _ => return self.word_of_anybody(),
        };
        encode(&message).unwrap()
    }

    fn word_of_anybody(&mut self) -> Vec<u8> {
        let reason = Reason::bare(ReasonCode::Cancelled);
        let message = match self.below(12) {
            0..=3 => Message::Pause { by: By::Sender, reason },
            4..=8 => Message::Resume,
            9 => Message::Done,
            10 => Message::Working { index: None, done: self.number(), total: self.number() },
            _ => Message::Ping,
        };
        encode(&message).unwrap()
    }

    /// Something that a sender may say, nearly right.
    fn file(&mut self) -> Vec<u8> {
        let (index, offset, md5) = (self.index(), self.number(), self.md5());
        let mut said = Vec::new();
        if self.below(5) > 0 {
            said.extend(encode(&Message::File { index, offset: if self.below(2) == 0 { 0 } else { offset } }).unwrap());
            for _ in 0..self.below(3) {
                if self.below(4) == 0 {
                    said.extend(chunk::INTERLUDE);
                    said.extend(self.word_of_anybody());
                }
                let bytes = super::scene::seeded(1, [300, 100, 200, 1][usize::try_from(self.below(4)).unwrap()]);
                said.extend(chunk::chunk_start(u32::try_from(bytes.len()).unwrap()));
                said.extend(bytes);
            }
            said.extend(chunk::END);
        }
        said.extend(match self.below(8) {
            0 => encode(&Message::Failed { index, reason: Reason::bare(ReasonCode::Changed) }).unwrap(),
            1 => self.word_of_anybody(),
            _ => encode(&Message::Seal { index, md5 }).unwrap(),
        });
        said
    }
}

fn scene() -> Scene {
    let mut scene = Scene::of(&[300, 300, 0, 300]);
    for place in &scene.places {
        if std::fs::metadata(place).unwrap().len() > 0 {
            std::fs::write(place, super::scene::seeded(1, 300)).unwrap();
        }
    }
    scene.and(&["folder"], EntryKind::Folder);
    scene.before.again = true;
    scene
}

#[test]
fn a_sender_that_hears_anything_ends() {
    let scene = scene();
    let places = SourcePlaces::listed(&scene.manifest.entries, &scene.places);
    for seed in 1..3000 {
        let mut dice = Dice(seed * 0x9e37_79b9);
        let words = (0..dice.below(12)).flat_map(|_| dice.word()).collect();
        let mut link = Recorded::new(words, dice, &scene.limits);
        let (tell, said) = bounded(10_000);
        let (manifest, before, ahead) = (scene.manifest.clone(), scene.before.clone(), Ahead::granted(None, None));
        let what = Sending { manifest, places: &places, before, ahead };
        SendLane::new(&mut link, &mut Teller(tell), None, what).run().ok();
        drop(said);
    }
}

/// Publishes nothing, and has a receipt for each file at once.
pub(super) struct Desk {
    /// What each entry is to have.
    bytes: fn(u32) -> u64,
    pub(super) committed: u32,
    pub(super) receipts: VecDeque<Receipt>,
}

impl Desk {
    pub(super) fn new(bytes: fn(u32) -> u64) -> Self {
        Self { bytes, committed: 0, receipts: VecDeque::new() }
    }
}

impl Commit for Desk {
    fn commit(&mut self, part: VerifiedPart) {
        assert_eq!(part.part.written(), (self.bytes)(part.index), "a verified part is whole");
        self.committed += 1;
        self.receipts.push_back(Receipt { index: part.index, state: ReceiptState::Verified, md5: Some(part.md5) });
    }
    fn keep(&mut self, index: u32, md5: Md5Digest) {
        self.receipts.push_back(Receipt { index, state: ReceiptState::Verified, md5: Some(md5) });
    }
    fn can_flush(&mut self) -> bool {
        true
    }
    fn flush(&mut self, _: Flush) {}
    fn suspend(&mut self, _: PartFile) {}
    fn idle(&mut self) {}
    fn all_files_ended(&mut self) {}
    fn try_receipt(&mut self) -> Option<Receipt> {
        self.receipts.pop_front()
    }
    fn try_trouble(&mut self) -> Option<Trouble> {
        None
    }
}

/// Hashes at once, and says what it did.
#[derive(Default)]
pub(super) struct Checking {
    news: VecDeque<CheckNews>,
}

impl Check for Checking {
    fn check(&mut self, job: CheckJob) {
        let mut hasher = Hasher::new();
        hasher.update(&super::scene::seeded(1, usize::try_from(job.bytes).unwrap()));
        self.news.push_back(CheckNews::Over(Ok(hasher)));
    }
    fn try_news(&mut self) -> Option<CheckNews> {
        self.news.pop_front()
    }
}

#[test]
fn a_receiver_that_hears_anything_ends() {
    let mut scene = scene();
    scene.conflict = Conflict::SkipIdentical;
    scene.before.again = false;
    std::fs::copy(&scene.places[0], scene.received().join("file 0")).unwrap();
    let (landing, _) = scene.landing();
    for seed in 1..3000 {
        let mut dice = Dice(seed * 0x9e37_79b9);
        let words = (0..dice.below(6)).flat_map(|_| dice.file()).collect();
        let mut link = Recorded::new(words, dice, &Limits { flush_bytes: 100, ..scene.limits });
        let (tell, said) = bounded(10_000);
        let mut commit = Desk::new(|index| if index == 2 { 0 } else { 300 });
        let mut check = Checking::default();
        let recovered = crate::storage::journal::Recovered::default();
        let helpers = Helpers { commit: &mut commit, check: &mut check, aside: None };
        ReceiveLane::new(&mut link, &mut Teller(tell), helpers, landing.clone(), recovered).run().ok();
        drop(said);
    }
    landing.discard();
    assert_eq!(scene.names(), ["file 0"]);
}
