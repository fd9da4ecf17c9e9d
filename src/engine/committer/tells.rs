//! What a committer says to all who wait for files.

use std::{collections::HashMap, path::PathBuf};

use crossbeam_channel::{SendTimeoutError, Sender};

use crate::{
    engine::{
        cancel::{CancelFlag, LinkWaker},
        note::Note,
    },
    model::{
        outcome::{FileEnd, FileState},
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
        transfer::TransferKey,
    },
    storage::landing::Ends,
    transfer::{
        lane::{concerns_all, told},
        receive::Trouble,
    },
    wire::header::{Receipt, ReceiptState},
};

use super::BATCH_WAIT;

/// Entries that are told of at once, at most: there may be a million folders, and others are to be heard between them.
const MOST_TOLD: usize = 1024;

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

impl Tells {
    /// Entries have ended, with these seals where they are files.
    pub(super) fn ended(&self, ends: Ends, seals: &HashMap<u32, Md5Digest>) {
        let mut ends = ends.into_iter();
        while ends.len() > 0 {
            let some = ends.by_ref().take(MOST_TOLD);
            self.tell(some.filter_map(|(index, end)| self.end_of(index, seals.get(&index).copied(), end)).collect());
        }
    }

    pub(super) fn trouble(&self, index: Option<u32>, reason: Reason) {
        // A lane that has so many of them unread hears enough.
        self.troubles.try_send(Trouble { index, reason }).ok();
        self.waker.wake();
    }

    /// How an entry ended, and its receipt. None: it has not, and goes on when others can.
    pub(super) fn end_of(
        &self,
        index: u32,
        md5: Option<Md5Digest>,
        done: Result<PathBuf, Reason>,
    ) -> Option<(FileEnd, Receipt)> {
        let (state, file_state, place, reason) = match done {
            Ok(place) => (ReceiptState::Verified, FileState::Verified, Some(place), None),
            Err(reason) if concerns_all(&reason) => {
                self.trouble(Some(index), reason);
                return None;
            }
            Err(reason) => (ReceiptState::Failed(told(&reason).into()), FileState::Failed, None, Some(reason)),
        };
        let end = FileEnd { index, state: file_state, md5, place, reason };
        let md5 = md5.filter(|_| state == ReceiptState::Verified);
        Some((end, Receipt { index, state, md5 }))
    }

    /// Dispatch hears of all of them in one note, then the lane gets the receipts.
    pub(super) fn tell(&self, ends: Vec<(FileEnd, Receipt)>) {
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
        sync::Arc,
        time::{Duration, Instant},
    };

    use crossbeam_channel::{Receiver, bounded};
    use polling::{Events, Poller};

    use super::*;
    use crate::{
        engine::threads,
        model::transfer::{Direction, TransferId},
    };

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
        threads::spawn("committer", move || drop(alarm)).unwrap().join().unwrap();
        assert!(troubles.is_empty(), "all was done");
        let alarm = Alarm(tells);
        let run = move || {
            let _alarm = alarm;
            panic!("as the test wants it");
        };
        threads::spawn("committer", run).unwrap().join().unwrap();
        let Trouble { index, reason } = troubles.try_recv().unwrap();
        assert_eq!((index, reason.code), (None, ReasonCode::Internal));
        let began = Instant::now();
        poller.wait(&mut Events::new(), Some(Duration::from_secs(30))).unwrap();
        assert!(began.elapsed() < Duration::from_secs(30), "it is woken for that");
    }
}
