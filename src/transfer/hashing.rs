//! How the bytes of a body get their digest, on either side: as they move, or with those of other files side by side, which
//! costs a quarter to an eighth.
//!
//! | a file | is hashed | measured, in processor seconds per GiB |
//! | --- | --- | --- |
//! | up to 64 KiB | when 16 of them have moved: their bytes are kept till then | |
//! | up to 64 MiB, where bodies move fast, when there are some of them | as they move, by turns with up to 15 others (`rounds`) | 0.16 |
//! | otherwise | as it moves, by the lane or by a second thread beside it (`choice`) | 1.34 |
//!
//! Bodies move fast when some have moved lately, and did so faster than `Limits::by_turns`. Otherwise the processor has time enough,
//! and files that end one after another are worth more: what is broken off then is one file. As long as nothing is known, few files
//! take turns, since where hashing each by itself is what limits, only turns show how fast bodies can move. Some disks read one
//! file fast and many at a time slowly, since they have to seek: where turns were slow and files one after another were not, it is
//! a long time until files take turns again.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::{
    digest::{Hasher, update_together},
    model::{reason::Reason, seal::Md5Digest},
    storage::part_file::PartFile,
};

use super::{
    aside::Aside,
    lane::LaneError,
    large::{Large, Taken},
    limits::Limits,
    link::Link,
    rounds::Rounds,
};

/// Files up to this size are kept in memory until they are hashed.
pub const SMALL: u64 = 64 << 10;
/// So many of them at once, as many as the widest vectors take.
const BATCH: usize = 16;
/// Or when the first of them has waited this long.
const BATCH_WAIT: Duration = Duration::from_millis(50);

/// The pace of bodies is measured over at least this long: less is filled by the buffers of the system.
const MEASURE: Duration = Duration::from_millis(50);

/// So many bytes move one after another when turns were slow, and twice as many the next time: 256 MiB by turns that take ten times as
/// long cost as much time as 2.5 GiB one after another.
const ALONE: u64 = 4 << 30;

/// How one body is hashed, and what there is of that.
pub enum Hashing {
    /// As it moves.
    Along(Hasher),
    /// As it moves, by another thread, which has the hasher.
    Aside,
    /// With others, later: these bytes of it.
    Kept(Hasher, Vec<u8>),
    /// With others whose bodies come by turns, among which it has this position.
    Together(usize),
    /// The body is over.
    Over,
}

impl Hashing {
    /// Bytes that move.
    pub fn take(&mut self, bytes: &[u8]) {
        match self {
            Self::Along(hasher) => hasher.update(bytes),
            Self::Aside | Self::Together(_) | Self::Over => {}
            Self::Kept(_, kept) => kept.extend_from_slice(bytes),
        }
    }
}

/// A small file.
struct Kept {
    index: u32,
    hasher: Hasher,
    bytes: Vec<u8>,
}

/// A file whose digest is known.
#[derive(Debug)]
pub struct Hashed {
    pub index: u32,
    pub md5: Md5Digest,
}

/// Whoever hashes beside a lane, if somebody does.
struct Beside<'a>(Option<&'a mut dyn Aside>);

impl Beside<'_> {
    fn get(&mut self) -> Option<&mut dyn Aside> {
        match &mut self.0 {
            Some(aside) => Some(&mut **aside),
            None => None,
        }
    }
}

/// How the files of one lane are hashed, and those whose bodies have moved and whose digests were not asked for.
pub struct Hashes<'a> {
    beside: Beside<'a>,
    kept: Vec<Kept>,
    /// Buffers of those that were hashed: getting new ones takes longer than filling them.
    spare: Vec<Vec<u8>>,
    kept_since: Instant,
    hashed: VecDeque<Hashed>,
    large: Large,
    rounds: Rounds,
    pace: Pace,
}

impl<'a> Hashes<'a> {
    /// `aside` hashes what is left to it; `None`: the lane hashes everything.
    pub fn new(aside: Option<&'a mut dyn Aside>) -> Self {
        let now = Instant::now();
        let pace = Pace { since: now, bytes: 0, rate: None, together_since: now, alone: 0, next_alone: ALONE };
        let (large, rounds) = (Large::default(), Rounds::default());
        let (kept, spare, hashed) = (Vec::new(), Vec::new(), VecDeque::new());
        Self { beside: Beside(aside), kept, spare, kept_since: now, hashed, large, rounds, pace }
    }

    /// How the next body is to be hashed, alone: `bytes` follow what is in `hasher`. Other bytes may follow than were said.
    pub fn begin(&mut self, hasher: Hasher, bytes: u64, link: &impl Link) -> Hashing {
        self.pace.begin();
        self.large.begin(bytes, self.beside.get(), link);
        if bytes > SMALL {
            return Hashing::Along(hasher);
        }
        Hashing::Kept(hasher, self.spare.pop().unwrap_or_default())
    }

    /// Bytes of a body that have moved, with which `buffer` begins: they are hashed, or left to be. Afterwards `buffer` may be
    /// another one.
    pub fn take(
        &mut self,
        hashing: &mut Hashing,
        buffer: &mut Vec<u8>,
        length: usize,
        link: &mut impl Link,
    ) -> Taken<()> {
        if let Hashing::Together(of) = hashing {
            return Ok(Ok(self.rounds.take(*of, (buffer, length), self.beside.get(), link)?));
        }
        self.large.take(hashing, (buffer, length), self.beside.get(), link)
    }

    /// Leaves the writing of bytes of this body to the other thread, if they were hashed along and that is faster; then `buffer` is
    /// another one. False: they have to be written. What was left is to be waited for before the part is anybody else's.
    pub fn leave_writing(
        &mut self,
        hashing: &Hashing,
        part: &mut PartFile,
        piece: (&mut Vec<u8>, usize),
        link: &impl Link,
    ) -> bool {
        matches!(hashing, Hashing::Along(_)) && self.large.leave_writing(part, piece, self.beside.get(), link)
    }

    /// Takes back what has been written, without waiting.
    pub fn look_for_writes(&mut self) {
        self.large.look_for_writes(self.beside.get());
    }

    /// Waits until all that was left to be written is, also when the link is over.
    pub fn wait_for_writes(&mut self, link: &mut impl Link) {
        self.large.wait_for_writes(self.beside.get(), link);
    }

    /// Says to the part, if there still is one, what has been written of it.
    ///
    /// # Errors
    /// Not all of it could be.
    pub fn tell_written(&mut self, part: Option<&mut PartFile>) -> Result<(), Reason> {
        self.large.tell_written(part)
    }

    /// All bytes of a body were taken, or it is given up: nothing of it is under way any more.
    pub fn collect(&mut self, hashing: &mut Hashing, link: &mut impl Link) -> Taken<()> {
        self.large.end(hashing, self.beside.get(), link)
    }

    /// Whether bodies move so fast that hashing is what counts; `None` as long as nothing is known.
    pub fn is_fast(&self, limits: &Limits) -> Option<bool> {
        self.pace.is_fast(limits.by_turns)
    }

    /// So many files begin whose bodies come by turns.
    pub fn begin_together(&mut self, files: usize) {
        self.pace.begin_together();
        self.rounds.begin(files);
    }

    /// The body of one of these is over.
    pub fn one_is_over(&mut self) {
        self.rounds.over();
    }

    /// All of these bodies are over: their hashers, in order.
    pub fn end_together(&mut self, link: &mut impl Link) -> Result<Vec<Hasher>, LaneError> {
        self.rounds.end(self.beside.get(), link)
    }

    /// Nothing was to move for so long: that says nothing of how fast bodies do.
    pub fn stood_still(&mut self, time: Duration) {
        self.pace.since += time;
        self.pace.together_since += time;
    }

    /// So many bytes have moved since the last body that came alone began; it is over.
    pub fn moved(&mut self, bytes: u64) {
        self.pace.end(bytes);
    }

    /// The same of bodies that came by turns.
    pub fn moved_together(&mut self, bytes: u64, limits: &Limits) {
        self.pace.end_together(bytes, limits.by_turns);
    }

    /// A small file that has moved.
    pub fn keep(&mut self, index: u32, hasher: Hasher, bytes: Vec<u8>) {
        if self.kept.is_empty() {
            self.kept_since = Instant::now();
        }
        self.kept.push(Kept { index, hasher, bytes });
        if self.kept.len() >= BATCH || self.kept_since.elapsed() >= BATCH_WAIT {
            self.hash_kept();
        }
    }

    /// Hashes the small files that were kept.
    pub fn hash_kept(&mut self) {
        let mut streams: Vec<_> = self.kept.iter_mut().map(|kept| (&mut kept.hasher, &kept.bytes[..])).collect();
        update_together(&mut streams);
        for Kept { index, hasher, mut bytes } in self.kept.drain(..) {
            self.hashed.push_back(Hashed { index, md5: hasher.finish() });
            bytes.clear();
            self.spare.push(bytes);
        }
    }

    /// A digest that is known now.
    pub fn next_hashed(&mut self) -> Option<Hashed> {
        self.hashed.pop_front()
    }

    /// Files whose digests were not asked for yet, or are not known.
    pub fn len(&self) -> usize {
        self.kept.len() + self.hashed.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How fast bodies move.
struct Pace {
    since: Instant,
    bytes: u64,
    /// Bytes per second, lately; none: nothing is known.
    rate: Option<u64>,
    /// When the last of those that came by turns began.
    together_since: Instant,
    /// So many bytes are to move one after another in any case,
    alone: u64,
    /// and so many when turns are slow the next time.
    next_alone: u64,
}

impl Pace {
    /// Whether it is faster than `least` bytes per second.
    fn is_fast(&self, least: u64) -> Option<bool> {
        if least == 0 { Some(true) } else { self.rate.map(|rate| self.alone == 0 && rate >= least) }
    }

    fn begin(&mut self) {
        if self.bytes == 0 {
            self.since = Instant::now();
        }
    }

    fn begin_together(&mut self) {
        self.begin();
        self.together_since = Instant::now();
    }

    fn end(&mut self, bytes: u64) {
        self.alone = self.alone.saturating_sub(bytes);
        self.count(bytes);
    }

    fn end_together(&mut self, bytes: u64, least: u64) {
        let was_fast = self.is_fast(least) == Some(true);
        if was_fast && measured(bytes, self.together_since).is_some_and(|rate| rate < least) {
            (self.alone, self.next_alone) = (self.next_alone, self.next_alone.saturating_mul(2));
        }
        self.count(bytes);
    }

    fn count(&mut self, bytes: u64) {
        self.bytes += bytes;
        if let Some(rate) = measured(self.bytes, self.since) {
            (self.rate, self.bytes) = (Some(rate), 0);
        }
    }
}

/// Bytes per second, if that can be told.
fn measured(bytes: u64, since: Instant) -> Option<u64> {
    let took = since.elapsed();
    let rate = u128::from(bytes) * 1000 / took.as_millis().max(1);
    (took >= MEASURE).then(|| u64::try_from(rate).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_files_are_hashed_sixteen_at_a_time_or_when_nothing_follows() {
        let mut files = Hashes::new(None);
        for index in 0..18 {
            let mut hashing = Hashing::Kept(Hasher::new(), Vec::new());
            hashing.take(b"some");
            hashing.take(&[7; 100]);
            let Hashing::Kept(hasher, bytes) = hashing else { panic!("a small file is kept") };
            files.keep(index, hasher, bytes);
        }
        assert_eq!(files.len(), 18);
        let ready = files.hashed.len();
        assert!(ready >= 16, "{ready} have digests after 18 files");
        files.hash_kept();
        let mut expected = Hasher::new();
        expected.update(b"some");
        expected.update(&[7; 100]);
        let expected = expected.finish();
        let mut found = Vec::new();
        while let Some(Hashed { index, md5 }) = files.next_hashed() {
            assert_eq!(md5, expected);
            found.push(index);
        }
        assert_eq!(found, (0..18).collect::<Vec<_>>());
        assert!(files.is_empty());
    }

    /// Bodies move alone, or by turns, at so many bytes per second.
    fn move_at(files: &mut Hashes<'_>, together: bool, bytes: u64, rate: u64, limits: &Limits) {
        let took = Duration::from_millis(bytes * 1000 / rate);
        if together {
            files.pace.begin_together();
            files.pace.since -= took;
            files.pace.together_since -= took;
            files.moved_together(bytes, limits);
        } else {
            files.pace.begin();
            files.pace.since -= took;
            files.moved(bytes);
        }
    }

    #[test]
    fn bodies_move_fast_when_that_was_measured_alone_or_by_turns() {
        for together in [false, true] {
            let mut files = Hashes::new(None);
            let limits = Limits::default();
            let least = limits.by_turns;
            assert_eq!(files.is_fast(&limits), None);
            move_at(&mut files, together, 1 << 20, least * 2, &limits);
            assert_eq!(files.is_fast(&limits), None, "too short to be measured");
            move_at(&mut files, together, 100 << 20, least * 2, &limits);
            assert_eq!(files.is_fast(&limits), Some(true));
            move_at(&mut files, false, 100 << 20, least / 2, &limits);
            assert_eq!(files.is_fast(&limits), Some(false));
        }
    }

    #[test]
    fn a_pause_does_not_make_bodies_slow() {
        let mut files = Hashes::new(None);
        let limits = Limits::default();
        let (least, pause) = (limits.by_turns, Duration::from_mins(1));
        move_at(&mut files, false, 100 << 20, least * 2, &limits);
        let (bytes, took) = (100 << 20, Duration::from_millis((100 << 20) * 500 / least));
        files.pace.begin_together();
        files.pace.since -= took + pause;
        files.pace.together_since -= took + pause;
        files.stood_still(pause);
        files.moved_together(bytes, &limits);
        assert_eq!(files.is_fast(&limits), Some(true), "by turns");
        files.pace.begin();
        files.pace.since -= took + pause;
        files.stood_still(pause);
        files.moved(bytes);
        assert_eq!(files.is_fast(&limits), Some(true), "alone");
    }

    #[test]
    fn first_turns_that_are_slow_are_tried_again_once_bodies_move_fast() {
        let mut files = Hashes::new(None);
        let limits = Limits::default();
        let least = limits.by_turns;
        move_at(&mut files, true, 100 << 20, least / 2, &limits);
        assert_eq!(files.is_fast(&limits), Some(false));
        move_at(&mut files, false, 100 << 20, least * 2, &limits);
        assert_eq!(files.is_fast(&limits), Some(true));
    }

    #[test]
    fn where_turns_are_slow_files_go_one_after_another_for_longer_each_time() {
        let mut files = Hashes::new(None);
        let limits = Limits::default();
        let least = limits.by_turns;
        for gigabytes in [4_u64, 8, 16] {
            move_at(&mut files, false, 64 << 20, least * 2, &limits);
            move_at(&mut files, true, 64 << 20, least * 2, &limits);
            assert_eq!(files.is_fast(&limits), Some(true), "alone and by turns");
            move_at(&mut files, true, 64 << 20, least / 2, &limits);
            let needed = (gigabytes << 30) / (64 << 20);
            for moved in 0..needed {
                assert_eq!(files.is_fast(&limits), Some(false), "{moved} of {needed}");
                move_at(&mut files, false, 64 << 20, least * 2, &limits);
            }
            assert_eq!(files.is_fast(&limits), Some(true));
        }
    }
}
