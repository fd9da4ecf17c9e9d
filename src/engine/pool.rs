//! Worker threads for lanes: as many as are needed, up to a bound; what comes beyond waits its turn.

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use super::threads;

/// Lanes that have a connection at the same time: all that may move in both directions, and more that somebody holds.
const MAX_WORKERS: usize = 96;
/// Jobs that may wait for a worker.
const BACKLOG: usize = 256;

/// One lane's work. Its own drop guards tell dispatch how it ended, also after a panic.
pub type Job = Box<dyn FnOnce() + Send>;

/// The pool; dropping it lets the workers end after their present job.
pub struct Pool {
    jobs: Sender<Job>,
    waiting: Receiver<Job>,
    done: Sender<()>,
    finished: Receiver<()>,
    /// Jobs given and not known to be finished.
    busy: usize,
    workers: usize,
    /// Workers that hang in a file call and were given up.
    lost: usize,
}

impl Default for Pool {
    fn default() -> Self {
        let (jobs, waiting) = bounded(BACKLOG);
        let (done, finished) = bounded(BACKLOG + MAX_WORKERS);
        Self { jobs, waiting, done, finished, busy: 0, workers: 0, lost: 0 }
    }
}

impl Pool {
    /// Gives a job to a worker, or lets it wait for one. Never blocks.
    ///
    /// # Errors
    /// Gives the job back when too many wait already.
    pub fn submit(&mut self, job: Job) -> Result<(), Job> {
        self.busy -= self.finished.try_iter().count().min(self.busy);
        if self.busy >= self.workers - self.lost.min(self.workers) && self.workers < MAX_WORKERS + self.lost {
            self.add_worker();
        }
        match self.jobs.try_send(job) {
            Ok(()) => {
                self.busy += 1;
                Ok(())
            }
            Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) => Err(job),
        }
    }

    /// A worker does not come back from a call that cannot be interrupted: another may take its place.
    pub fn give_up_one(&mut self) {
        self.lost += 1;
    }

    fn add_worker(&mut self) {
        let (waiting, done) = (self.waiting.clone(), self.done.clone());
        let name = format!("lane-{}", self.workers);
        let started = threads::spawn(&name, move || {
            for job in waiting {
                let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
                // The panic was printed by its hook and told by the job's guard; the pool may be gone at shutdown.
                drop(worked);
                done.try_send(()).ok();
            }
        });
        if started.is_ok() {
            self.workers += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn panicking_job_does_not_take_its_worker_along() {
        let mut pool = Pool::default();
        let (said, heard) = bounded(64);
        for round in 0..40 {
            let said = said.clone();
            let job: Job = Box::new(move || {
                said.send(round).unwrap();
                assert!(round % 2 == 0, "meant to panic");
            });
            assert!(pool.submit(job).is_ok());
        }
        let mut rounds: Vec<i32> = (0..40).map(|_| heard.recv_timeout(Duration::from_secs(20)).unwrap()).collect();
        rounds.sort_unstable();
        assert_eq!(rounds, (0..40).collect::<Vec<_>>());
    }

    #[test]
    fn jobs_beyond_the_backlog_come_back() {
        let mut pool = Pool::default();
        let (go, gate) = bounded::<()>(0);
        let mut refused = 0;
        for _ in 0..MAX_WORKERS + BACKLOG + 20 {
            let gate = gate.clone();
            refused += usize::from(pool.submit(Box::new(move || assert!(gate.recv().is_err()))).is_err());
        }
        assert!(refused >= 4, "only {refused} were refused");
        drop(go);
    }
}
