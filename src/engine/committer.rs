//! One thread per incoming connection that puts what came on the disk for good, gives verified parts their real names and
//! releases their receipts.

use std::{
    collections::HashMap,
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
    storage::{landing::Landing, part_file::PartFile},
    transfer::{
        lane::{concerns_all, told},
        receive::{Commit, Flush, Trouble, VerifiedPart},
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

/// What went wrong and was not read by the lane.
const MOST_TROUBLES: usize = 16;

/// With nothing to release, it only waits for the next word.
const IDLE_WAIT: Duration = Duration::from_hours(1);

/// What a lane says to its committer.
enum Word {
    AllFilesEnded,
    Idle,
    Flush(Flush),
    Part(VerifiedPart),
    Suspend(PartFile),
    /// A file that stood at its place before.
    There(u32, Md5Digest),
}

/// A lane's end of its committer; dropping it lets the committer finish.
pub struct CommitHandle {
    words: Sender<Word>,
    receipts: Receiver<Receipt>,
    troubles: Receiver<Trouble>,
    /// One for each flush that is over.
    flushed: Receiver<()>,
    is_flushing: bool,
    /// Parts that were handed over since the last `idle`.
    fresh: bool,
}

impl Commit for CommitHandle {
    fn commit(&mut self, part: VerifiedPart) {
        self.fresh = true;
        // The window keeps this from ever being full; a committer that is gone drops the part, and no receipt comes.
        self.words.send(Word::Part(part)).ok();
    }

    fn keep(&mut self, index: u32, md5: Md5Digest) {
        self.fresh = true;
        self.words.send(Word::There(index, md5)).ok();
    }

    fn can_flush(&mut self) -> bool {
        if self.flushed.try_recv().is_ok() {
            self.is_flushing = false;
        }
        !self.is_flushing
    }

    fn flush(&mut self, flush: Flush) {
        self.is_flushing = true;
        self.words.send(Word::Flush(flush)).ok();
    }

    fn suspend(&mut self, part: PartFile) {
        self.words.send(Word::Suspend(part)).ok();
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

    fn try_trouble(&mut self) -> Option<Trouble> {
        self.troubles.try_recv().ok()
    }
}

/// Who the committer works for and tells.
pub struct Tells {
    pub key: TransferKey,
    pub notes: Sender<Note>,
    pub waker: LinkWaker,
    pub cancel: CancelFlag,
}

/// Starts the committer of one transfer.
///
/// # Errors
/// The system has no thread for us.
pub fn start(landing: Landing, tells: Tells) -> io::Result<(CommitHandle, JoinHandle<()>)> {
    // Verified files, one flush, that nothing comes at the moment, that nothing will, and what is left in the end.
    let (words, heard) = bounded(3 * WINDOW + 3);
    let (receipts, released) = bounded(2 * WINDOW);
    let (troubles, told) = bounded(MOST_TROUBLES);
    let (flushed, are_flushed) = bounded(1);
    let committer = Committer { landing, tells, receipts, troubles, flushed, batch: Vec::new(), there: Vec::new() };
    let thread = threads::spawn("committer", move || committer.run(&heard))?;
    let handle = CommitHandle {
        words,
        receipts: released,
        troubles: told,
        flushed: are_flushed,
        is_flushing: false,
        fresh: false,
    };
    Ok((handle, thread))
}

struct Committer {
    landing: Landing,
    tells: Tells,
    receipts: Sender<Receipt>,
    troubles: Sender<Trouble>,
    flushed: Sender<()>,
    batch: Vec<VerifiedPart>,
    /// Files of the batch that stood at their place before.
    there: Vec<(u32, Md5Digest)>,
}

impl Committer {
    fn run(mut self, words: &Receiver<Word>) {
        // Files come meanwhile; none gets its name before.
        if let Err(reason) = self.landing.agree() {
            return self.trouble(None, reason);
        }
        let made = self.landing.make_folders();
        self.made(made);
        let mut since = Instant::now();
        loop {
            let held = self.batch.len() + self.there.len();
            let wait = if held == 0 { IDLE_WAIT } else { BATCH_WAIT.saturating_sub(since.elapsed()) };
            if held == 0 {
                since = Instant::now();
            } else if held >= BATCH {
                self.release();
                continue;
            }
            match words.recv_timeout(wait) {
                Ok(Word::Part(part)) => {
                    if held == 0 {
                        since = Instant::now();
                    }
                    self.batch.push(part);
                }
                Ok(Word::There(index, md5)) => {
                    if held == 0 {
                        since = Instant::now();
                    }
                    self.there.push((index, md5));
                }
                Ok(Word::Flush(flush)) => self.flush(flush),
                Ok(Word::Suspend(part)) => self.suspend(part),
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
    }

    fn release(&mut self) {
        if self.tells.cancel.is_final() {
            self.batch.clear();
            self.there.clear();
            return;
        }
        let (mut batch, mut seals) = (Vec::new(), HashMap::new());
        for VerifiedPart { index, part, md5 } in self.batch.drain(..) {
            seals.insert(index, md5);
            batch.push((part, md5));
        }
        for (index, published) in self.landing.commit(batch) {
            self.tell(index, seals.get(&index).copied(), published);
        }
        for (index, md5) in std::mem::take(&mut self.there) {
            let kept = self.landing.already_done(index, md5);
            self.tell(index, Some(md5), kept);
        }
        self.tells.waker.wake();
    }

    /// Behind all flushes of the same part, so that what is known of it in the end is the most.
    fn suspend(&mut self, part: PartFile) {
        if !self.tells.cancel.is_final() {
            // What cannot be put on the disk now is lost; what was before is known.
            self.landing.suspend_part(part).ok();
        }
    }

    fn flush(&mut self, Flush { index, flusher, offset }: Flush) {
        if let Err(reason) = self.landing.flush_at(flusher, offset) {
            self.trouble(Some(index), reason);
        }
        // One that nobody waits for.
        self.flushed.try_send(()).ok();
    }

    fn trouble(&mut self, index: Option<u32>, reason: Reason) {
        // A lane that has so many of them unread hears enough.
        self.troubles.try_send(Trouble { index, reason }).ok();
        self.tells.waker.wake();
    }

    fn made(&mut self, made: Vec<(u32, Result<std::path::PathBuf, Reason>)>) {
        for (index, result) in made {
            self.tell(index, None, result);
        }
        self.tells.waker.wake();
    }

    fn tell(&mut self, index: u32, md5: Option<Md5Digest>, done: Result<std::path::PathBuf, Reason>) {
        if let Err(reason) = &done
            && concerns_all(reason)
        {
            // No end of this file: it goes on when others can.
            return self.trouble(Some(index), reason.clone());
        }
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
