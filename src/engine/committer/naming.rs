//! The second half of a committer's work: names for what is on the disk, and word to all who wait for them. It goes to a
//! thread of its own once files wait while others are being flushed: a disk then writes the next ones meanwhile.

use std::{collections::HashMap, path::PathBuf, thread::JoinHandle};

use crossbeam_channel::{SendTimeoutError, Sender, bounded};

use crate::{
    engine::{
        cancel::{CancelFlag, LinkWaker},
        note::Note,
        threads,
    },
    model::{
        outcome::{FileEnd, FileState},
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
        transfer::TransferKey,
    },
    storage::landing::{Flushed, Landing},
    transfer::{
        lane::{concerns_all, told},
        receive::Trouble,
    },
    wire::header::{Receipt, ReceiptState},
};

use super::BATCH_WAIT;

/// Folders and links that are told of at once, at most: there may be a million, and others are to be heard between them.
const MOST_TOLD: usize = 1024;

/// Batches that may wait for their names: whoever flushes is not to run ahead of that.
const WAITING: usize = 1;

/// Files that are flushed.
pub(super) struct Ready {
    pub(super) flushed: Flushed,
    pub(super) seals: HashMap<u32, Md5Digest>,
    /// Those that stood at their places before.
    pub(super) there: Vec<(u32, Md5Digest)>,
}

/// What is to be done, in order.
pub(super) enum Step {
    MakeFolders,
    MakeLinks,
    Name(Ready),
}

/// Who is told of what became of files.
#[derive(Clone)]
pub(super) struct Tells {
    pub(super) key: TransferKey,
    pub(super) notes: Sender<Note>,
    pub(super) waker: LinkWaker,
    pub(super) cancel: CancelFlag,
    pub(super) receipts: Sender<Receipt>,
    pub(super) troubles: Sender<Trouble>,
}

/// Tells the lane when the thread that holds it panics: else both sides would wait for receipts for ever.
pub(super) struct Alarm(pub(super) Tells);

impl Drop for Alarm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.trouble(None, Reason::here(ReasonCode::Internal, "the committer stopped unexpectedly"));
        }
    }
}

/// Who does it. Dropped, it waits until all is done: the landing belongs to somebody else then.
pub(super) enum Naming {
    Beside(Beside),
    Here(Box<Namer>),
}

pub(super) struct Beside {
    /// Some until it is dropped.
    steps: Option<Sender<Step>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.steps = None;
        if let Some(thread) = self.thread.take() {
            // A panic in it has been printed.
            thread.join().ok();
        }
    }
}

impl Naming {
    pub(super) fn new(landing: Landing, tells: Tells) -> Self {
        Self::Here(Box::new(Namer { landing, tells }))
    }

    /// From now on it is done by another thread, if the system has one for us.
    pub(super) fn go_beside(&mut self) {
        let Self::Here(here) = self else { return };
        let namer = Namer { landing: here.landing.clone(), tells: here.tells.clone() };
        let (steps, heard) = bounded(WAITING);
        let alarm = Alarm(here.tells.clone());
        let run = move || {
            let _alarm = alarm;
            for step in heard {
                namer.take(step);
            }
        };
        if let Ok(thread) = threads::spawn("naming", run) {
            *self = Self::Beside(Beside { steps: Some(steps), thread: Some(thread) });
        }
    }

    pub(super) fn take(&self, step: Step) {
        match self {
            // One that is gone after a panic drops the parts, and its alarm ends the lane.
            Self::Beside(Beside { steps, .. }) => drop(steps.as_ref().map(|steps| steps.send(step))),
            Self::Here(namer) => namer.take(step),
        }
    }
}

/// One thread's part.
pub(super) struct Namer {
    landing: Landing,
    tells: Tells,
}

impl Namer {
    fn take(&self, step: Step) {
        match step {
            Step::MakeFolders => self.made(self.landing.make_folders()),
            Step::MakeLinks => self.made(self.landing.make_links()),
            Step::Name(ready) => self.name(ready),
        }
    }

    /// A cancel keeps nothing more.
    fn name(&self, Ready { flushed, seals, there }: Ready) {
        if self.tells.cancel.is_final() {
            return;
        }
        let mut ends = Vec::new();
        for (index, published) in self.landing.name(flushed) {
            ends.extend(self.tells.end_of(index, seals.get(&index).copied(), published));
        }
        for (index, md5) in there {
            let kept = self.landing.already_done(index, md5);
            ends.extend(self.tells.end_of(index, Some(md5), kept));
        }
        self.tells.tell(ends);
    }

    fn made(&self, made: Vec<(u32, Result<PathBuf, Reason>)>) {
        let mut made = made.into_iter();
        while made.len() > 0 {
            let some = made.by_ref().take(MOST_TOLD);
            self.tells.tell(some.filter_map(|(index, made)| self.tells.end_of(index, None, made)).collect());
        }
    }
}

impl Tells {
    pub(super) fn trouble(&self, index: Option<u32>, reason: Reason) {
        // A lane that has so many of them unread hears enough.
        self.troubles.try_send(Trouble { index, reason }).ok();
        self.waker.wake();
    }

    /// How an entry ended, and its receipt. None: it has not, and goes on when others can.
    fn end_of(&self, index: u32, md5: Option<Md5Digest>, done: Result<PathBuf, Reason>) -> Option<(FileEnd, Receipt)> {
        let (state, file_state, place, reason) = match done {
            Ok(place) => (ReceiptState::Verified, FileState::Verified, Some(place), None),
            Err(reason) if concerns_all(&reason) => {
                self.trouble(Some(index), reason);
                return None;
            }
            Err(reason) => (ReceiptState::Failed(told(&reason)), FileState::Failed, None, Some(reason)),
        };
        let end = FileEnd { index, state: file_state, md5, place, reason };
        let md5 = md5.filter(|_| state == ReceiptState::Verified);
        Some((end, Receipt { index, state, md5 }))
    }

    /// Dispatch hears of all of them in one note, then the lane gets the receipts.
    fn tell(&self, ends: Vec<(FileEnd, Receipt)>) {
        let (ends, receipts): (Vec<_>, Vec<_>) = ends.into_iter().unzip();
        if !ends.is_empty() {
            // Dispatch outlives committers but for the last moments of a shutdown.
            self.notes.send(Note::FilesEnded { key: self.key, ends }).ok();
        }
        for receipt in receipts {
            self.send(receipt);
        }
        self.waker.wake();
    }

    fn send(&self, mut receipt: Receipt) {
        if self.receipts.is_full() {
            self.waker.wake();
        }
        loop {
            match self.receipts.send_timeout(receipt, BATCH_WAIT) {
                Err(SendTimeoutError::Timeout(back)) if !self.cancel.is_set() => {
                    self.waker.wake();
                    receipt = back;
                }
                // A lane that is gone needs no receipt.
                Err(_) | Ok(()) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
        time::{Duration, Instant},
    };

    use crossbeam_channel::Receiver;
    use polling::{Events, Poller};

    use super::*;
    use crate::model::transfer::{Direction, TransferId};

    fn tells() -> (Tells, Arc<Poller>, Receiver<Trouble>) {
        let poller = Arc::new(Poller::new().unwrap());
        let ((notes, _), (receipts, _), (troubles, told)) = (bounded(1), bounded(1), bounded(1));
        let key = TransferKey { id: TransferId([1; 16]), direction: Direction::Incoming };
        let (waker, cancel) = (LinkWaker::new(Arc::clone(&poller)), CancelFlag::default());
        (Tells { key, notes, waker, cancel, receipts, troubles }, poller, told)
    }

    #[test]
    fn a_thread_that_is_lost_ends_its_lane() {
        let (tells, poller, troubles) = tells();
        let alarm = Alarm(tells.clone());
        threads::spawn("naming", move || drop(alarm)).unwrap().join().unwrap();
        assert!(troubles.is_empty(), "all was done");
        let alarm = Alarm(tells);
        let run = move || {
            let _alarm = alarm;
            panic!("as the test wants it");
        };
        threads::spawn("naming", run).unwrap().join().unwrap();
        let Trouble { index, reason } = troubles.try_recv().unwrap();
        assert_eq!((index, reason.code), (None, ReasonCode::Internal));
        let began = Instant::now();
        poller.wait(&mut Events::new(), Some(Duration::from_secs(30))).unwrap();
        assert!(began.elapsed() < Duration::from_secs(30), "it is woken for that");
    }

    #[test]
    fn whoever_drops_it_waits_until_all_is_done() {
        let (steps, heard) = bounded(WAITING);
        let is_done = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&is_done);
        let run = move || {
            heard.into_iter().for_each(drop);
            // As long as a disk takes.
            std::thread::sleep(Duration::from_millis(100));
            done.store(true, Ordering::Release);
        };
        let thread = Some(threads::spawn("naming", run).unwrap());
        let naming = Naming::Beside(Beside { steps: Some(steps), thread });
        naming.take(Step::MakeLinks);
        drop(naming);
        assert!(is_done.load(Ordering::Acquire));
    }
}
