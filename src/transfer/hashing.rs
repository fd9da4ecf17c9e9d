//! How the bytes of a body get their digest, on either side: as they move, or with those of other files side by side, which
//! costs a quarter to an eighth.
//!
//! | a file | is hashed | measured, in processor seconds per GiB |
//! | --- | --- | --- |
//! | up to 64 KiB | when 16 of them have moved: their bytes are kept till then | |
//! | up to 64 MiB, over a fast link | after it has moved: another thread reads it once more, 16 at a time | 0.33 |
//! | otherwise | as it moves, by the lane or by a second thread beside it (`choice`) | 1.34 |
//!
//! Its bytes are still in the system's memory when it is read again, which costs 0.17 of those 0.33 s. A link is fast when
//! bodies move faster than `Limits::hash_behind`; over a slower one the processor has time enough, and seals that go out at once
//! are worth more. A seal that comes later proves as much: on the sender it is of what stands in the source when it is read
//! again, and nothing may have touched that since; on the receiver of what stands in the part file.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::digest::{Hasher, update_together};

use super::{
    behind::{Behind, Hashed, Job},
    large::{Large, Taken},
    limits::Limits,
    link::Link,
};

/// Files up to this size are kept in memory until they are hashed: reading them again would cost more than that saves.
pub const SMALL: u64 = 64 << 10;
/// So many of them at once, as many as the widest vectors take.
const BATCH: usize = 16;
/// Or when the first of them has waited this long.
const BATCH_WAIT: Duration = Duration::from_millis(50);

/// Larger files might not be in memory any more when they are read again, and are worth a seal of their own.
pub const MOST_BEHIND: u64 = 64 << 20;

/// The pace of a link is measured over at least this long: less is filled by the buffers of the system.
const MEASURE: Duration = Duration::from_millis(50);

/// How one body is hashed, and what there is of that.
pub enum Hashing {
    /// As it moves.
    Along(Hasher),
    /// As it moves, by another thread, which has the hasher.
    Aside,
    /// By another thread, later: nothing to do.
    Behind(Hasher),
    /// With others, later: these bytes of it.
    Kept(Hasher, Vec<u8>),
    /// The body is over.
    Over,
}

impl Hashing {
    /// Bytes that move.
    pub fn take(&mut self, bytes: &[u8]) {
        match self {
            Self::Along(hasher) => hasher.update(bytes),
            Self::Aside | Self::Behind(_) | Self::Over => {}
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

/// All files of one lane whose bodies have moved and whose digests are not known.
pub struct Hashes<'a, B> {
    behind: &'a mut B,
    /// Files that were left to `behind`.
    left: usize,
    kept: Vec<Kept>,
    kept_since: Instant,
    hashed: VecDeque<Hashed>,
    large: Large,
    pace: Pace,
}

impl<'a, B: Behind> Hashes<'a, B> {
    pub fn new(behind: &'a mut B) -> Self {
        let now = Instant::now();
        let pace = Pace { since: now, bytes: 0, rate: None };
        let large = Large::default();
        Self { behind, left: 0, kept: Vec::new(), kept_since: now, hashed: VecDeque::new(), large, pace }
    }

    /// How the next body is to be hashed: `bytes` follow what is in `hasher`, and `others` are to come behind it. Other bytes
    /// may follow than were said.
    pub fn begin(&mut self, hasher: Hasher, bytes: u64, others: usize, link: &impl Link) -> Hashing {
        self.pace.begin();
        self.large.begin(bytes, self.behind.aside(), link);
        self.way(hasher, bytes, others, &link.limits())
    }

    fn way(&mut self, hasher: Hasher, bytes: u64, others: usize, limits: &Limits) -> Hashing {
        if bytes <= SMALL {
            Hashing::Kept(hasher, Vec::new())
        } else if bytes <= MOST_BEHIND
            && self.pace.expected(others) >= limits.hash_behind
            && self.behind.has_room(bytes)
        {
            Hashing::Behind(hasher)
        } else {
            Hashing::Along(hasher)
        }
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
        self.large.take(hashing, (buffer, length), self.behind.aside(), link)
    }

    /// All bytes of a body were taken, or it is given up: nothing of it is under way any more.
    pub fn collect(&mut self, hashing: &mut Hashing, link: &mut impl Link) -> Taken<()> {
        self.large.end(hashing, self.behind.aside(), link)
    }

    /// So many bytes of a body have moved, and it is over.
    pub fn moved(&mut self, bytes: u64) {
        self.pace.end(bytes);
    }

    /// Leaves a file that has moved to the other thread.
    pub fn hash_behind(&mut self, job: Job) {
        self.left += 1;
        self.behind.hash(job);
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
        let hashed = self.kept.drain(..).map(|kept| Hashed { index: kept.index, md5: Ok(kept.hasher.finish()) });
        self.hashed.extend(hashed);
    }

    /// No body follows for now: what was gathered is hashed, here or there.
    pub fn hurry(&mut self) {
        self.hash_kept();
        self.behind.hurry();
    }

    /// A digest that is known now.
    pub fn try_hashed(&mut self) -> Option<Hashed> {
        let hashed = self.hashed.pop_front();
        hashed.or_else(|| self.behind.try_hashed().inspect(|_| self.left -= 1))
    }

    /// Files whose digests were not asked for yet, or are not known.
    pub fn len(&self) -> usize {
        self.left + self.kept.len() + self.hashed.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether some of them are hashed by the other thread.
    pub fn are_behind(&self) -> bool {
        self.left > 0
    }
}

/// How fast bodies move.
struct Pace {
    since: Instant,
    bytes: u64,
    /// Bytes per second, lately; none: nothing is known.
    rate: Option<u64>,
}

/// What is expected of a link of which nothing is known. If it is slower, that shows before much was left for later.
const FAST: u64 = 1 << 30;

impl Pace {
    /// Bytes per second. Where few files follow, there is nothing to be gained.
    fn expected(&self, others: usize) -> u64 {
        self.rate.unwrap_or(if others >= BATCH { FAST } else { 0 })
    }

    fn begin(&mut self) {
        if self.bytes == 0 {
            self.since = Instant::now();
        }
    }

    fn end(&mut self, bytes: u64) {
        self.bytes += bytes;
        let took = self.since.elapsed();
        if took >= MEASURE {
            let rate = u128::from(self.bytes) * 1000 / took.as_millis().max(1);
            (self.rate, self.bytes) = (Some(u64::try_from(rate).unwrap_or(u64::MAX)), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes what it is given, and gives nothing back.
    #[derive(Default)]
    struct Shelf {
        jobs: Vec<Job>,
        is_full: bool,
    }

    impl Behind for Shelf {
        fn has_room(&mut self, _bytes: u64) -> bool {
            !self.is_full
        }

        fn hash(&mut self, job: Job) {
            self.jobs.push(job);
        }

        fn hurry(&mut self) {}

        fn try_hashed(&mut self) -> Option<Hashed> {
            None
        }
    }

    fn limits(hash_behind: u64) -> Limits {
        Limits { hash_behind, ..Limits::default() }
    }

    #[test]
    fn small_files_are_hashed_sixteen_at_a_time_or_when_nothing_follows() {
        let mut shelf = Shelf::default();
        let mut files = Hashes::new(&mut shelf);
        for index in 0..18 {
            let mut hashing = files.way(Hasher::new(), SMALL, 0, &limits(0));
            hashing.take(b"some");
            hashing.take(&[7; 100]);
            let Hashing::Kept(hasher, bytes) = hashing else { panic!("a small file is kept") };
            files.keep(index, hasher, bytes);
        }
        assert_eq!(files.len(), 18);
        let ready = files.hashed.len();
        assert!(ready >= 16, "{ready} have digests after 18 files");
        files.hurry();
        let mut expected = Hasher::new();
        expected.update(b"some");
        expected.update(&[7; 100]);
        let expected = expected.finish();
        let mut found = Vec::new();
        while let Some(Hashed { index, md5 }) = files.try_hashed() {
            assert_eq!(md5, Ok(expected));
            found.push(index);
        }
        assert_eq!(found, (0..18).collect::<Vec<_>>());
        assert!(files.is_empty());
    }

    #[test]
    fn only_what_moves_fast_and_finds_room_is_hashed_behind() {
        let mut shelf = Shelf::default();
        let mut files = Hashes::new(&mut shelf);
        let is_behind = |hashing| matches!(hashing, Hashing::Behind(_));
        let way = |files: &mut Hashes<'_, Shelf>, bytes, others, fast| {
            is_behind(files.way(Hasher::new(), bytes, others, &limits(fast)))
        };
        assert!(!way(&mut files, 1 << 20, BATCH - 1, 1), "nothing is known of the link");
        assert!(way(&mut files, 1 << 20, BATCH, 1), "nor here, but many follow");
        files.pace.rate = Some(150);
        assert!(way(&mut files, 1 << 20, BATCH, 150));
        assert!(!way(&mut files, 1 << 20, BATCH, 151));
        assert!(!way(&mut files, MOST_BEHIND + 1, BATCH, 150));
        assert!(!way(&mut files, SMALL, BATCH, 150));
        files.behind.is_full = true;
        assert!(!way(&mut files, 1 << 20, BATCH, 150));
    }
}
