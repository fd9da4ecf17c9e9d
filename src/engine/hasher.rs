//! One thread per lane that reads files which have moved once more, and hashes several of them side by side. It starts with
//! the first of them.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded};

use crate::{
    digest::{Hasher, update_together},
    model::reason::{Reason, ReasonCode},
    transfer::{
        aside::Aside,
        behind::{Behind, Hashed, Job},
    },
};

use super::{
    aside::AsideHandle,
    cancel::{CancelFlag, LinkWaker},
    threads,
};

/// Files at once, as many as the widest vectors take.
const LANES: usize = 16;
/// One read of each. From 16 to 128 KiB are alike; all together should fit into the cache of a core.
const PIECE_BYTES: usize = 32 << 10;

/// Work begins when so many files are there, or so many bytes,
const GATHER_BYTES: u64 = 160 << 20;
/// or the first of them has waited this long. Vectors cost the same however many files are in them: with 100 ms, in which half as
/// many come where both ends share two cores, files of 10 MiB cost a quarter more processor time; 600 ms are no better.
const GATHER_WAIT: Duration = Duration::from_millis(300);

/// More is not taken: what was read or written last is to be in memory still, and each file is open.
const MOST_BYTES: u64 = 256 << 20;
const MOST_FILES: usize = 64;

/// When reading this much
const JUDGE_BYTES: u64 = 16 << 20;
/// takes longer than this, it comes from a disk or a network after all: then no more is taken.
const JUDGE_TIME: Duration = Duration::from_millis(160);

enum Word {
    Hash(Job),
    Hurry,
}

/// A lane's end of its hasher. Dropping it ends the work at the next piece.
pub struct HashHandle {
    waker: LinkWaker,
    aside: AsideHandle,
    thread: Option<Thread>,
    /// Files that were given to it, and their bytes.
    under_way: HashMap<u32, u64>,
    bytes: u64,
    /// Some were given to it since it was last told to hurry.
    fresh: bool,
    /// Nothing more is given to it: it could not be started, has failed, or has found that this does not pay.
    is_over: bool,
}

struct Thread {
    words: Sender<Word>,
    hashed: Receiver<Hashed>,
    stop: CancelFlag,
    /// Set by the thread.
    gives_up: CancelFlag,
}

impl HashHandle {
    /// `waker` rings when something was hashed.
    pub fn new(waker: LinkWaker) -> Self {
        let aside = AsideHandle::default();
        Self { waker, aside, thread: None, under_way: HashMap::new(), bytes: 0, fresh: false, is_over: false }
    }

    /// The thread, which is started if it was not.
    fn thread(&mut self) -> Option<&Thread> {
        if self.is_over {
            return None;
        }
        if self.thread.is_none() {
            self.thread = start(self.waker.clone());
        }
        let thread = self.thread.as_ref().filter(|thread| !thread.gives_up.is_set());
        self.is_over = thread.is_none();
        thread
    }

    fn done(&mut self, index: u32) {
        self.bytes -= self.under_way.remove(&index).unwrap_or(0);
    }
}

impl Behind for HashHandle {
    fn has_room(&mut self, bytes: u64) -> bool {
        self.under_way.len() < MOST_FILES && self.bytes + bytes <= MOST_BYTES && self.thread().is_some()
    }

    fn hash(&mut self, job: Job) {
        self.fresh = true;
        self.bytes += job.bytes;
        self.under_way.insert(job.index, job.bytes);
        // There is room for all of them. A thread that is gone is noticed when its digests are asked for.
        if let Some(thread) = &self.thread {
            thread.words.send(Word::Hash(job)).ok();
        }
    }

    fn hurry(&mut self) {
        if std::mem::take(&mut self.fresh)
            && let Some(thread) = &self.thread
        {
            thread.words.send(Word::Hurry).ok();
        }
    }

    fn try_hashed(&mut self) -> Option<Hashed> {
        let heard = self.thread.as_ref()?.hashed.try_recv();
        match heard {
            Ok(hashed) => {
                self.done(hashed.index);
                Some(hashed)
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.is_over = true;
                let index = *self.under_way.keys().next()?;
                self.done(index);
                let reason = Reason::here(ReasonCode::Internal, "the hasher stopped unexpectedly");
                Some(Hashed { index, md5: Err(reason) })
            }
        }
    }

    fn aside(&mut self) -> Option<&mut dyn Aside> {
        Some(&mut self.aside)
    }
}

impl Drop for HashHandle {
    fn drop(&mut self) {
        if let Some(thread) = &self.thread {
            thread.stop.set();
        }
    }
}

/// It only reads, so nobody has to wait until a disk lets go of it. `None`: the system has no thread for us.
fn start(waker: LinkWaker) -> Option<Thread> {
    // Each file, and a word to hurry around each.
    let (words, heard) = bounded(2 * MOST_FILES + 1);
    let (told, hashed) = bounded(MOST_FILES);
    let (stop, gives_up) = (CancelFlag::default(), CancelFlag::default());
    let worker = Worker {
        waker,
        told,
        stop: stop.clone(),
        gives_up: gives_up.clone(),
        running: Vec::with_capacity(LANES),
        read: (0, Duration::ZERO),
    };
    threads::spawn("hasher", move || worker.run(&heard)).ok()?;
    Some(Thread { words, hashed, stop, gives_up })
}

struct Worker {
    waker: LinkWaker,
    told: Sender<Hashed>,
    stop: CancelFlag,
    gives_up: CancelFlag,
    running: Vec<Running>,
    /// What was read since that was last judged, and how long it took.
    read: (u64, Duration),
}

/// Why it is gone on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gathered {
    /// There are as many files as can be worked on, or as many bytes as may wait.
    Enough,
    /// Others do not come soon.
    Few,
    /// No others are expected; those that come nevertheless take the place of those that are through.
    All,
    Over,
}

struct Running {
    job: Job,
    /// Why it will not be hashed.
    wrong: Option<Reason>,
}

impl Worker {
    fn run(mut self, words: &Receiver<Word>) {
        let mut buffer = vec![0; LANES * PIECE_BYTES];
        loop {
            let gathered = self.gather(words);
            let left = match gathered {
                // Vectors that are half empty cost as much as full ones: what is left then waits for others.
                Gathered::Enough => self.running.len() / 2,
                Gathered::Few | Gathered::All => 0,
                Gathered::Over => return,
            };
            while self.running.len() > left {
                if self.stop.is_set() {
                    return;
                }
                self.piece(&mut buffer);
                self.tell();
                if gathered == Gathered::All {
                    self.take_more(words);
                }
            }
        }
    }

    /// Waits until it is worth while to go on.
    fn gather(&mut self, words: &Receiver<Word>) -> Gathered {
        let mut bytes: u64 = self.running.iter().map(|file| file.job.bytes).sum();
        let mut since = (!self.running.is_empty()).then(Instant::now);
        while self.running.len() < LANES && bytes < GATHER_BYTES {
            let wait = since.map(|since| GATHER_WAIT.saturating_sub(since.elapsed()));
            let word = match wait {
                None => words.recv().map_err(|_over| RecvTimeoutError::Disconnected),
                Some(wait) => words.recv_timeout(wait),
            };
            match word {
                Ok(Word::Hash(job)) => {
                    since.get_or_insert_with(Instant::now);
                    bytes += job.bytes;
                    self.running.push(Running { job, wrong: None });
                }
                Ok(Word::Hurry) if self.running.is_empty() => {}
                Ok(Word::Hurry) => return Gathered::All,
                Err(RecvTimeoutError::Timeout) => return Gathered::Few,
                Err(RecvTimeoutError::Disconnected) => return Gathered::Over,
            }
        }
        Gathered::Enough
    }

    /// Others take the place of those that are through.
    fn take_more(&mut self, words: &Receiver<Word>) {
        while self.running.len() < LANES
            && let Ok(word) = words.try_recv()
        {
            if let Word::Hash(job) = word {
                self.running.push(Running { job, wrong: None });
            }
        }
    }

    /// Goes on with all of them by a piece.
    fn piece(&mut self, buffer: &mut [u8]) {
        let begun = Instant::now();
        let mut streams: Vec<(&mut Hasher, &[u8])> = Vec::with_capacity(LANES);
        for (Running { job, wrong }, piece) in self.running.iter_mut().zip(buffer.chunks_mut(PIECE_BYTES)) {
            let most = usize::try_from(job.bytes).unwrap_or(usize::MAX).min(piece.len());
            match job.from.read(piece.get_mut(..most).unwrap_or_default()) {
                Ok(0) if job.bytes > 0 => {
                    let detail = format!("{} bytes fewer than moved", job.bytes);
                    *wrong = Some(Reason::here(ReasonCode::Changed, detail));
                }
                Ok(read) => {
                    job.bytes -= read as u64;
                    self.read.0 += read as u64;
                    streams.push((&mut job.hasher, piece.get(..read).unwrap_or_default()));
                }
                Err(reason) => *wrong = Some(reason),
            }
        }
        self.read.1 += begun.elapsed();
        update_together(&mut streams);
        if self.read.0 >= JUDGE_BYTES {
            if self.read.1 > JUDGE_TIME {
                self.gives_up.set();
            }
            self.read = (0, Duration::ZERO);
        }
    }

    /// Tells of those that are through.
    fn tell(&mut self) {
        let mut any = false;
        for Running { job, wrong } in self.running.extract_if(.., |file| file.job.bytes == 0 || file.wrong.is_some()) {
            let Job { index, from, hasher, .. } = job;
            // What cannot be read now may not be readable later either: the rest is hashed as it moves.
            let md5 = wrong.map_or_else(|| from.finish(), Err);
            if md5.is_err() {
                self.gives_up.set();
            }
            // A lane that is gone needs no digest.
            self.told.send(Hashed { index, md5: md5.map(|()| hasher.finish()) }).ok();
            any = true;
        }
        if any {
            self.waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use polling::Poller;

    use super::*;
    use crate::{model::seal::Md5Digest, transfer::behind::Reread};

    /// So many bytes of one kind, and what becomes of whoever reads them.
    struct Bytes {
        of: u8,
        end: End,
    }

    #[derive(Clone, Copy, PartialEq, Eq)]
    enum End {
        Fails,
        Panics,
        Whole,
        Slow,
    }

    impl Reread for Bytes {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Reason> {
            assert!(self.end != End::Panics, "as the test wants it");
            if self.end == End::Fails {
                return Err(Reason::bare(ReasonCode::Io));
            }
            if self.end == End::Slow {
                // A disk.
                std::thread::sleep(Duration::from_millis(1));
            }
            let read = buffer.len().min(10_000);
            buffer[..read].fill(self.of);
            Ok(read)
        }

        fn finish(self: Box<Self>) -> Result<(), Reason> {
            Ok(())
        }
    }

    fn job(index: u32, bytes: u64, end: End) -> Job {
        Job { index, from: Box::new(Bytes { of: u8::try_from(index).unwrap(), end }), bytes, hasher: Hasher::new() }
    }

    fn handle() -> (HashHandle, Arc<Poller>) {
        let poller = Arc::new(Poller::new().unwrap());
        (HashHandle::new(LinkWaker::new(Arc::clone(&poller))), poller)
    }

    /// Waits for so many; each wait ends by the waker.
    fn hashed(handle: &mut HashHandle, poller: &Poller, count: usize) -> Vec<Hashed> {
        let deadline = Instant::now() + Duration::from_secs(30);
        let mut all = Vec::new();
        while all.len() < count && Instant::now() < deadline {
            match handle.try_hashed() {
                Some(hashed) => all.push(hashed),
                None => drop(poller.wait(&mut polling::Events::new(), Some(Duration::from_millis(100)))),
            }
        }
        all.sort_by_key(|hashed| hashed.index);
        all
    }

    fn digest(of: u8, bytes: u64) -> Md5Digest {
        let mut hasher = Hasher::new();
        hasher.update(&vec![of; usize::try_from(bytes).unwrap()]);
        hasher.finish()
    }

    #[test]
    fn more_files_than_lanes_are_hashed_whatever_their_length() {
        let (mut handle, poller) = handle();
        for index in 0..50 {
            assert!(handle.has_room(0));
            handle.hash(job(index, u64::from(index) * 3000, End::Whole));
        }
        handle.hurry();
        let all = hashed(&mut handle, &poller, 50);
        let found: Vec<_> = all.into_iter().map(|hashed| (hashed.index, hashed.md5)).collect();
        let expected: Vec<_> =
            (0..50).map(|at| (at, Ok(digest(u8::try_from(at).unwrap(), u64::from(at) * 3000)))).collect();
        assert_eq!(found, expected);
        assert_eq!((handle.bytes, handle.under_way.len()), (0, 0));
    }

    #[test]
    fn one_file_is_hashed_soon_though_nobody_hurries() {
        let (mut handle, poller) = handle();
        assert!(handle.has_room(5));
        handle.hash(job(1, 5, End::Whole));
        assert_eq!(hashed(&mut handle, &poller, 1).pop().unwrap().md5, Ok(digest(1, 5)));
    }

    #[test]
    fn no_more_is_taken_than_stays_in_memory() {
        let (mut handle, _poller) = handle();
        assert!(handle.has_room(MOST_BYTES) && !handle.has_room(MOST_BYTES + 1));
        handle.hash(job(1, MOST_BYTES - 5, End::Slow));
        assert!(handle.has_room(5) && !handle.has_room(6));
    }

    #[test]
    fn what_cannot_be_read_again_is_told_and_nothing_more_is_taken() {
        let (mut handle, poller) = handle();
        assert!(handle.has_room(10));
        handle.hash(job(1, 5, End::Fails));
        handle.hash(job(2, 5, End::Whole));
        handle.hurry();
        let all = hashed(&mut handle, &poller, 2);
        assert_eq!(all[0].md5.as_ref().unwrap_err().code, ReasonCode::Io);
        assert_eq!(all[1].md5, Ok(digest(2, 5)), "it was taken already");
        assert!(!handle.has_room(1));
    }

    #[test]
    fn what_is_read_from_a_slow_disk_is_hashed_and_nothing_more_is_taken() {
        let (mut handle, poller) = handle();
        assert!(handle.has_room(10));
        handle.hash(job(1, 2 * JUDGE_BYTES, End::Slow));
        handle.hurry();
        assert_eq!(hashed(&mut handle, &poller, 1)[0].md5, Ok(digest(1, 2 * JUDGE_BYTES)));
        assert!(!handle.has_room(1));
    }

    #[test]
    fn a_thread_that_is_lost_leaves_no_file_without_an_answer() {
        let (mut handle, poller) = handle();
        assert!(handle.has_room(10));
        handle.hash(job(1, 5, End::Whole));
        handle.hash(job(2, 5, End::Panics));
        handle.hurry();
        let all = hashed(&mut handle, &poller, 2);
        assert_eq!(all.len(), 2);
        assert!(all.iter().all(|hashed| hashed.md5.as_ref().is_err_and(|why| why.code == ReasonCode::Internal)));
        assert!(!handle.has_room(1));
    }
}
