//! One thread per incoming transfer that gives verified parts their real names and releases their receipts.

use std::{
    io,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError, SendTimeoutError, Sender, bounded};

use crate::{
    model::{
        outcome::{FileEnd, FileState},
        reason::Reason,
        seal::Md5Digest,
        transfer::TransferKey,
    },
    storage::landing::Landing,
    transfer::{
        lane::told,
        receive::{Commit, VerifiedPart},
        send::WINDOW,
    },
    wire::header::{Receipt, ReceiptState},
};

use super::{
    cancel::{CancelFlag, LinkWaker},
    note::Note,
    threads,
};

/// Receipts are released at this many files,
const BATCH: usize = 64;
/// or when the first of them has waited this long.
const BATCH_WAIT: Duration = Duration::from_millis(100);

/// With nothing to release, it only waits for the next word.
const IDLE_WAIT: Duration = Duration::from_hours(1);

/// What a lane says to its committer.
enum Word {
    AllFilesEnded,
    Idle,
    Part(VerifiedPart),
}

/// A lane's end of its committer; dropping it lets the committer finish.
pub struct CommitHandle {
    words: Sender<Word>,
    receipts: Receiver<Receipt>,
    /// Parts that were handed over since the last `idle`.
    fresh: bool,
}

impl Commit for CommitHandle {
    fn commit(&mut self, part: VerifiedPart) {
        self.fresh = true;
        // The window keeps this from ever being full; a committer that is gone drops the part, and no receipt comes.
        self.words.send(Word::Part(part)).ok();
    }

    fn idle(&mut self) {
        if std::mem::take(&mut self.fresh) {
            self.words.send(Word::Idle).ok();
        }
    }

    fn all_files_ended(&mut self) {
        self.words.send(Word::AllFilesEnded).ok();
    }

    fn try_receipt(&mut self) -> Option<Receipt> {
        self.receipts.try_recv().ok()
    }
}

/// Who the committer works for and tells.
pub struct Tells {
    pub key: TransferKey,
    pub notes: Sender<Note>,
    pub waker: LinkWaker,
    pub cancel: CancelFlag,
    /// Set by a lane that did not come to its end in order.
    pub ended_early: CancelFlag,
}

/// Starts the committer of one transfer.
///
/// # Errors
/// The system has no thread for us.
pub fn start(landing: Landing, tells: Tells) -> io::Result<(CommitHandle, JoinHandle<()>)> {
    let (words, heard) = bounded(2 * WINDOW + 2);
    let (receipts, released) = bounded(2 * WINDOW);
    let thread =
        threads::spawn("committer", move || Committer { landing, tells, receipts, batch: Vec::new() }.run(&heard))?;
    Ok((CommitHandle { words, receipts: released, fresh: false }, thread))
}

struct Committer {
    landing: Landing,
    tells: Tells,
    receipts: Sender<Receipt>,
    batch: Vec<VerifiedPart>,
}

impl Committer {
    fn run(mut self, words: &Receiver<Word>) {
        let made = self.landing.make_folders();
        self.made(made);
        let mut since = Instant::now();
        loop {
            let wait = if self.batch.is_empty() { IDLE_WAIT } else { BATCH_WAIT.saturating_sub(since.elapsed()) };
            match words.recv_timeout(wait) {
                Ok(Word::Part(part)) => {
                    if self.batch.is_empty() {
                        since = Instant::now();
                    }
                    self.batch.push(part);
                    if self.batch.len() >= BATCH {
                        self.release();
                    }
                }
                Ok(Word::Idle) | Err(RecvTimeoutError::Timeout) => self.release(),
                Ok(Word::AllFilesEnded) => {
                    self.release();
                    let made = self.landing.make_links();
                    self.made(made);
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        // What was verified before the connection broke is kept, though nobody can be told; a cancel keeps nothing more.
        self.release();
        if self.tells.ended_early.is_set() {
            self.landing.discard();
        } else {
            self.landing.finish();
        }
    }

    fn release(&mut self) {
        if self.tells.cancel.is_set() {
            return self.batch.clear();
        }
        let seals: Vec<Md5Digest> = self.batch.iter().map(|verified| verified.md5).collect();
        let batch = self.batch.drain(..).map(|verified| (verified.part, verified.md5)).collect();
        for ((index, published), md5) in self.landing.commit(batch).into_iter().zip(seals) {
            self.tell(index, Some(md5), published);
        }
        self.tells.waker.wake();
    }

    fn made(&mut self, made: Vec<(u32, Result<std::path::PathBuf, Reason>)>) {
        for (index, result) in made {
            self.tell(index, None, result);
        }
        self.tells.waker.wake();
    }

    fn tell(&mut self, index: u32, md5: Option<Md5Digest>, done: Result<std::path::PathBuf, Reason>) {
        let (state, file_state, place, reason) = match done {
            Ok(place) => (ReceiptState::Verified, FileState::Verified, Some(place), None),
            Err(reason) => (ReceiptState::Failed(told(&reason)), FileState::Failed, None, Some(reason)),
        };
        let end = FileEnd { index, state: file_state, md5, place, reason };
        // Dispatch outlives committers but for the last moments of a shutdown.
        self.tells.notes.send(Note::FileEnded { key: self.tells.key, end }).ok();
        let md5 = md5.filter(|_| state == ReceiptState::Verified);
        let mut receipt = Receipt { index, state, md5 };
        if self.receipts.is_full() {
            self.tells.waker.wake();
        }
        loop {
            match self.receipts.send_timeout(receipt, BATCH_WAIT) {
                Err(SendTimeoutError::Timeout(back)) if !self.tells.cancel.is_set() => {
                    self.tells.waker.wake();
                    receipt = back;
                }
                // A lane that is gone needs no receipt.
                Err(_) | Ok(()) => return,
            }
        }
    }
}
