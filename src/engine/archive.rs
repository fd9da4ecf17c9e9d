//! One thread that writes down what is under way, so that it can go on after the program has ended: what is being sent, and
//! what was cancelled. What is being received is kept by its lane and committer (`storage::landing`).

mod left;

use std::{
    collections::HashMap,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded, select};

use crate::{
    model::{
        seal::Md5Digest,
        transfer::{Direction, TransferId, TransferKey},
    },
    storage::{
        cancelled_file as cancelled, kept,
        outgoing_file::{KeptOutgoing, OutgoingFile},
        profile::Profile,
    },
};

use super::{
    Restore,
    note::{EndNews, Note},
    threads,
};

/// Orders that may wait for the disk.
const ORDERS: usize = 4096;
/// Receipts that may, many at a time; more of them stay with their lanes.
const RECEIPTS: usize = 64;
/// Receipts that are written down together, and that a crash may cost.
const TOGETHER: usize = 4096;

/// A lane waits so long at most until its receipts are on the disk for good: a disk that hangs ends no transfer.
const SAFE_LIMIT: Duration = Duration::from_secs(5);

/// Sends work to the thread; it ends with the last clone.
#[derive(Clone)]
pub struct Archive {
    /// What dispatch says, which must not wait: however many receipts do, there is room for it, and it comes first.
    orders: Sender<Work>,
    receipts: Sender<Work>,
}

/// Something to be written down.
enum Work {
    Accepted(TransferId),
    Cancelled(TransferKey),
    Drop(TransferKey),
    /// Of an incoming one: what a crash, or a broken connection, has left of its end; both sides know that so much failed.
    End(TransferKey, Option<u64>),
    Epoch(TransferId, u32),
    Keep(Box<KeptOutgoing>),
    Over(TransferId, u32),
    Paused(TransferKey, bool),
    /// Files of one transfer that were verified at the other end.
    Receipts(TransferId, Vec<(u32, Md5Digest)>),
    Restore(Restore),
    /// All receipts have come, and all were good or not; it is told when that is on the disk for good.
    Safe(TransferId, bool, Sender<()>),
}

impl Archive {
    /// Ready to go.
    ///
    /// # Errors
    /// No thread.
    pub fn start(profile: Profile, notes: Sender<Note>) -> io::Result<Self> {
        let (archive, to_do) = Self::pair();
        threads::spawn("archive", move || Keeper { profile, notes, files: HashMap::new() }.run(&to_do))?;
        Ok(archive)
    }

    pub(super) fn pair() -> (Self, ToDo) {
        let ((orders, ordered), (receipts, come)) = (bounded(ORDERS), bounded(RECEIPTS));
        (Self { orders, receipts }, ToDo { orders: ordered, receipts: come })
    }

    /// Tells (`Note::Kept`) what earlier runs have left; incoming transfers only to the process that holds the profile's lock.
    pub fn restore(&self, restore: Restore) {
        self.ask(Work::Restore(restore));
    }

    /// An outgoing transfer that is to survive this process.
    pub fn keep(&self, kept: KeptOutgoing) {
        self.ask(Work::Keep(Box::new(kept)));
    }

    pub fn accepted(&self, id: TransferId) {
        self.ask(Work::Accepted(id));
    }

    pub fn epoch(&self, id: TransferId, epoch: u32) {
        self.ask(Work::Epoch(id, epoch));
    }

    /// A person here holds it, or lets go of it. Of an incoming one only while no lane has it; and none may begin before
    /// `Note::JournalFree` has come, which it does if this says so.
    pub fn paused(&self, key: TransferKey, paused: bool) -> bool {
        self.ask(Work::Paused(key, paused))
    }

    /// It ended over the connection of this number with files that failed, and may be taken up again, if it has not been.
    pub fn over(&self, id: TransferId, epoch: u32) {
        self.ask(Work::Over(id, epoch));
    }

    /// Nothing of it is to be kept any more, and of an incoming one nothing that is not whole.
    pub fn drop_all(&self, key: TransferKey) {
        self.ask(Work::Drop(key));
    }

    /// Does what is left to do of an incoming transfer that has ended; both sides know that so much failed, or (none) the other one may
    /// know nothing. `EndNews::Again` follows, if this says so.
    pub fn end(&self, key: TransferKey, failed: Option<u64>) -> bool {
        self.ask(Work::End(key, failed))
    }

    /// The other side is to be told so when it comes again.
    pub fn cancelled(&self, key: TransferKey) {
        self.ask(Work::Cancelled(key));
    }

    /// Receipts have come. They stay where they are while the disk has too much to do: no lane waits for it. One that is lost costs
    /// a look at its file when the transfer goes on after a restart.
    pub fn receipts(&self, id: TransferId, receipts: &mut Vec<(u32, Md5Digest)>) {
        if receipts.is_empty() {
            return;
        }
        // The thread outlives its lanes but for the last moments of a shutdown.
        if let Err(TrySendError::Full(Work::Receipts(_, all))) =
            self.receipts.try_send(Work::Receipts(id, std::mem::take(receipts)))
        {
            *receipts = all;
        }
    }

    /// All receipts of a transfer have come, these the last: returns when they are on the disk for good, or that takes too long.
    pub fn receipts_complete(&self, id: TransferId, last: Vec<(u32, Md5Digest)>, all_verified: bool) {
        let deadline = Instant::now() + SAFE_LIMIT;
        let (safe, is_safe) = bounded(1);
        let last = (!last.is_empty()).then_some(Work::Receipts(id, last));
        // Behind all receipts.
        let mut all = last.into_iter().chain([Work::Safe(id, all_verified, safe)]);
        if all.all(|work| self.receipts.send_deadline(work, deadline).is_ok()) {
            is_safe.recv_deadline(deadline).ok();
        }
    }

    /// False: the disk hangs, and has for so long that thousands of orders wait. An epoch that is missing is made up for by
    /// higher ones; a transfer that began, ended or was paused now is as it was before, after a restart.
    fn ask(&self, work: Work) -> bool {
        self.orders.try_send(work).is_ok()
    }
}

/// The far end of both channels.
pub(super) struct ToDo {
    orders: Receiver<Work>,
    receipts: Receiver<Work>,
}

impl ToDo {
    /// What is to be done next; nothing: nobody is left who could ask.
    fn next(&self) -> Option<Work> {
        if let Ok(order) = self.orders.try_recv() {
            return Some(order);
        }
        // Both ends go together; what had been asked by then is still done.
        select! {
            recv(self.orders) -> order => order.ok().or_else(|| self.receipts.recv().ok()),
            recv(self.receipts) -> receipt => receipt.ok().or_else(|| self.orders.recv().ok()),
        }
    }
}

#[cfg(test)]
impl ToDo {
    /// All receipts until nobody is left who has any.
    pub(super) fn receipts(&self) -> Vec<u32> {
        let mut all = Vec::new();
        while let Some(work) = self.next() {
            match work {
                Work::Receipts(_, receipts) => all.extend(receipts.iter().map(|(index, _)| *index)),
                Work::Safe(_, _, safe) => safe.send(()).unwrap(),
                _ => {}
            }
        }
        all
    }
}

/// Who does it.
struct Keeper {
    profile: Profile,
    notes: Sender<Note>,
    /// Outgoing transfers of this process; each is locked by it.
    files: HashMap<TransferId, OutgoingFile>,
}

impl Keeper {
    fn run(mut self, to_do: &ToDo) {
        let mut next = None;
        while let Some(work) = next.take().or_else(|| to_do.next()) {
            let (work, following) = gathered(work, &to_do.receipts);
            // The hook has printed a panic; the next is done all the same.
            catch_unwind(AssertUnwindSafe(|| self.work(work))).ok();
            next = following;
        }
    }

    /// What cannot be written is lost with this process only: the transfer itself goes on.
    fn work(&mut self, work: Work) {
        match work {
            Work::Keep(kept) => {
                let kept_before = self.files.get_mut(&kept.id).map(|file| file.agree_again(&self.profile, &kept));
                if kept_before.is_none()
                    && let Ok(file) = OutgoingFile::create(&self.profile, &kept)
                {
                    self.files.insert(kept.id, file);
                }
            }
            Work::Restore(restore) => self.restore(&restore),
            Work::Cancelled(key) => drop(cancelled::add(&self.profile, key)),
            Work::Drop(key) if key.direction == Direction::Incoming => kept::discard_incoming(&self.profile, key.id),
            Work::Drop(key) => {
                if let Some(file) = self.files.remove(&key.id) {
                    drop(file.remove());
                }
            }
            Work::End(key, failed) => {
                kept::end_incoming(&self.profile, key.id, failed);
                // Dispatch is gone only at shutdown.
                self.notes.send(Note::End(key, EndNews::Again)).ok();
            }
            Work::Accepted(id) => self.note(id, OutgoingFile::note_accepted),
            Work::Epoch(id, epoch) => self.note(id, |file| file.note_epoch(epoch)),
            Work::Over(id, epoch) => self.note(id, |file| file.note_over(epoch)),
            Work::Paused(key, paused) if key.direction == Direction::Incoming => {
                drop(kept::note_paused(&self.profile, key.id, paused));
                // Dispatch is gone only at shutdown.
                self.notes.send(Note::JournalFree(key)).ok();
            }
            Work::Paused(key, paused) => self.note(key.id, |file| file.note_paused(paused)),
            Work::Receipts(id, receipts) => self.note(id, |file| file.note_receipts(&receipts)),
            Work::Safe(id, all_verified, safe) => {
                self.note(id, |file| file.note_receipts_complete(all_verified));
                // A lane that has waited long enough is gone.
                safe.try_send(()).ok();
            }
        }
    }

    fn note<T>(&mut self, id: TransferId, note: impl FnOnce(&mut OutgoingFile) -> T) {
        if let Some(file) = self.files.get_mut(&id) {
            drop(note(file));
        }
    }
}

/// Many files come at once: their receipts are written down together. Also, what is to be done next, if that was taken.
fn gathered(work: Work, come: &Receiver<Work>) -> (Work, Option<Work>) {
    let Work::Receipts(id, mut receipts) = work else { return (work, None) };
    while receipts.len() < TOGETHER {
        match come.try_recv() {
            Ok(Work::Receipts(of, mut more)) if of == id => receipts.append(&mut more),
            other => return (Work::Receipts(id, receipts), other.ok()),
        }
    }
    (Work::Receipts(id, receipts), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(id: u8, index: u32) -> Work {
        Work::Receipts(TransferId([id; 16]), vec![(index, Md5Digest([9; 16]))])
    }

    /// What is done, in its order: of whom, and the receipts.
    fn done(to_do: &ToDo) -> Vec<(u8, Vec<u32>)> {
        let (mut order, mut next) = (Vec::new(), None);
        while let Some(work) = next.take().or_else(|| to_do.next()) {
            let (work, following) = gathered(work, &to_do.receipts);
            next = following;
            order.push(match work {
                Work::Receipts(id, receipts) => (id.0[0], receipts.iter().map(|(index, _)| *index).collect()),
                Work::Over(id, _) => (id.0[0], vec![]),
                _ => panic!("something else"),
            });
        }
        order
    }

    #[test]
    fn receipts_that_wait_are_written_down_together() {
        let (archive, to_do) = Archive::pair();
        for receipt in [receipt(1, 1), receipt(1, 2), receipt(2, 4), receipt(1, 3)] {
            archive.receipts.send(receipt).unwrap();
        }
        drop(archive);
        assert_eq!(done(&to_do), [(1, vec![1, 2]), (2, vec![4]), (1, vec![3])]);
    }

    #[test]
    fn files_that_ended_without_receipts_are_no_work() {
        let (archive, to_do) = Archive::pair();
        archive.receipts(TransferId([1; 16]), &mut Vec::new());
        assert!(to_do.receipts.is_empty());
    }

    #[test]
    fn what_dispatch_says_finds_room_however_many_receipts_wait() {
        let (archive, to_do) = Archive::pair();
        for index in 0..u32::try_from(RECEIPTS).unwrap() {
            archive.receipts.try_send(receipt(1, index)).unwrap();
        }
        assert!(archive.receipts.is_full());
        archive.over(TransferId([2; 16]), 0);
        drop(archive);
        let done = done(&to_do);
        assert_eq!(done.first(), Some(&(2, vec![])), "it comes first");
        assert_eq!(done.iter().map(|(_, receipts)| receipts.len()).sum::<usize>(), RECEIPTS);
    }
}
