//! One thread per incoming connection that hashes what is there of files already, while its lane takes in others.

use std::{
    io,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::{
    digest::Hasher,
    model::reason::{Reason, ReasonCode},
    storage::landing::Landing,
    transfer::check::{Check, CheckJob, CheckNews, MOST_JOBS, Matter},
};

use super::{
    cancel::{CancelFlag, LinkWaker},
    threads,
};

/// Large enough that the calls do not count, small enough that an end is seen soon.
const PIECE_BYTES: usize = 256 << 10;

/// Between two figures of one job.
const GAP: Duration = Duration::from_millis(100);

/// A lane hears of a job that is over after this at the latest, though others follow.
const LATEST: Duration = Duration::from_millis(5);

/// A lane's end of its checker. Dropping it ends the work at the next piece.
pub struct CheckHandle {
    jobs: Sender<CheckJob>,
    news: Receiver<CheckNews>,
    stop: CancelFlag,
}

impl Check for CheckHandle {
    fn check(&mut self, job: CheckJob) {
        // There is room for as many as there may be. A checker that is gone says nothing, and the peer's patience ends that.
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
    let (jobs, taken) = bounded(MOST_JOBS);
    let (told, news) = bounded(MOST_JOBS + 4);
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
        let (mut buffer, mut woken) = (Vec::new(), Instant::now());
        for job in jobs {
            if self.stop.is_set() {
                return;
            }
            let result = self.hash(&job, &mut buffer);
            if self.told.send(CheckNews::Over(result)).is_err() {
                return;
            }
            // Once for many small files, and before there is nothing left to do.
            if jobs.len().is_multiple_of(MOST_JOBS / 2) || woken.elapsed() >= LATEST {
                woken = Instant::now();
                self.waker.wake();
            }
        }
    }

    fn hash(&self, job: &CheckJob, buffer: &mut Vec<u8>) -> Result<Hasher, Reason> {
        let mut from = match job.matter {
            Matter::Done => self.landing.done_bytes(job.index, job.name.as_deref())?,
            Matter::Part => self.landing.part_prefix(job.index)?,
            Matter::There => self.landing.there_bytes(job.index)?,
        };
        if job.matter != Matter::Part && from.size() != job.bytes {
            return Err(changed(job.bytes, from.size()));
        }
        let mut count = Count { checker: self, hasher: Hasher::new(), bytes: 0, last: Instant::now() };
        let most = usize::try_from(job.bytes).unwrap_or(usize::MAX).min(PIECE_BYTES);
        buffer.resize(buffer.len().max(most), 0);
        while count.bytes < job.bytes {
            let most = usize::try_from(job.bytes - count.bytes).unwrap_or(usize::MAX).min(buffer.len());
            let read = from.read(buffer.get_mut(..most).unwrap_or_default())?;
            if read == 0 || count.take(buffer.get(..read).unwrap_or_default()).is_break() {
                return Err(changed(job.bytes, count.bytes));
            }
        }
        Ok(count.hasher)
    }
}

fn changed(expected: u64, found: u64) -> Reason {
    Reason::here(ReasonCode::Changed, format!("{expected} bytes expected, {found} are there"))
}

/// One job under way.
struct Count<'a> {
    checker: &'a Checker,
    hasher: Hasher,
    bytes: u64,
    last: Instant,
}

impl Count<'_> {
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
