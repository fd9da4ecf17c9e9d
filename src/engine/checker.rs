//! One thread per incoming connection that hashes what is there of files already, while its lane takes in others.

use std::{
    io::{self, Read},
    ops::ControlFlow,
    path::Path,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::{
    digest::Hasher,
    model::reason::{Reason, ReasonCode},
    storage::{landing::Landing, text_file},
    transfer::check::{Check, CheckJob, CheckNews, Matter},
};

use super::{
    cancel::{CancelFlag, LinkWaker},
    threads,
};

/// Large enough that the calls do not count, small enough that an end is seen soon.
const PIECE_BYTES: usize = 256 << 10;

/// Between two figures of one job.
const GAP: Duration = Duration::from_millis(100);

/// A lane's end of its checker. Dropping it ends the work at the next piece.
pub struct CheckHandle {
    jobs: Sender<CheckJob>,
    news: Receiver<CheckNews>,
    stop: CancelFlag,
}

impl Check for CheckHandle {
    fn check(&mut self, job: CheckJob) {
        // There is room: the one before is over. A checker that is gone says nothing, and the peer's patience ends that.
        self.jobs.try_send(job).ok();
    }

    fn try_news(&mut self) -> Option<CheckNews> {
        self.news.try_recv().ok()
    }
}

impl Drop for CheckHandle {
    fn drop(&mut self) {
        self.stop.set();
    }
}

/// Starts the checker of one connection. It only reads, so nobody has to wait until a disk lets go of it.
///
/// # Errors
/// The system has no thread for us.
pub fn start(landing: Landing, waker: LinkWaker) -> io::Result<CheckHandle> {
    let (jobs, taken) = bounded(1);
    let (told, news) = bounded(4);
    let stop = CancelFlag::default();
    let checker = Checker { landing, waker, told, stop: stop.clone() };
    threads::spawn("checker", move || checker.run(&taken))?;
    Ok(CheckHandle { jobs, news, stop })
}

struct Checker {
    landing: Landing,
    waker: LinkWaker,
    told: Sender<CheckNews>,
    stop: CancelFlag,
}

impl Checker {
    fn run(self, jobs: &Receiver<CheckJob>) {
        for job in jobs {
            let result = self.hash(&job);
            if self.told.send(CheckNews::Over(result)).is_err() {
                return;
            }
            self.waker.wake();
        }
    }

    fn hash(&self, job: &CheckJob) -> Result<Hasher, Reason> {
        let mut count = Count { checker: self, hasher: Hasher::new(), bytes: 0, last: Instant::now() };
        match &job.matter {
            Matter::Part => count.hash_part(job)?,
            Matter::There(place) => count.hash_file(place)?,
        }
        if count.bytes == job.bytes {
            return Ok(count.hasher);
        }
        Err(Reason::here(ReasonCode::Changed, format!("{} bytes expected, {} are there", job.bytes, count.bytes)))
    }
}

/// One job under way.
struct Count<'a> {
    checker: &'a Checker,
    hasher: Hasher,
    bytes: u64,
    last: Instant,
}

impl Count<'_> {
    fn hash_part(&mut self, job: &CheckJob) -> Result<(), Reason> {
        let mut part = self.checker.landing.part_prefix(job.index)?;
        let mut buffer = vec![0; PIECE_BYTES];
        while self.bytes < job.bytes {
            let most = usize::try_from(job.bytes - self.bytes).unwrap_or(usize::MAX).min(buffer.len());
            let piece = buffer.get_mut(..most).unwrap_or_default();
            let read = part.read(piece).map_err(|error| Reason::here(ReasonCode::Io, error.to_string()))?;
            if read == 0 || self.take(buffer.get(..read).unwrap_or_default()).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn hash_file(&mut self, place: &Path) -> Result<(), Reason> {
        // Where it stopped shows in the number of bytes.
        text_file::check_file(place, &mut |bytes| self.take(bytes)).map(|_whole| ())
    }

    fn take(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        if self.checker.stop.is_set() {
            return ControlFlow::Break(());
        }
        if self.last.elapsed() >= GAP {
            self.last = Instant::now();
            // A figure that finds no room is followed by a newer one.
            if self.checker.told.try_send(CheckNews::Hashed(self.bytes)).is_ok() {
                self.checker.waker.wake();
            }
        }
        ControlFlow::Continue(())
    }
}
