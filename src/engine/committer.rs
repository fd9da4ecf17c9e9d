//! One thread per incoming connection that puts what came on the disk for good, gives verified parts their real names and
//! releases their receipts.
//!
//! Nobody is woken for single files: a lane hands them over when it has gathered `BATCH`, when nothing more comes, or after
//! `BATCH_WAIT`; the committer takes what came while it was at work together, and the second half of its own (`naming`) goes
//! to a further thread where files come faster than a disk takes them.

mod naming;

use std::{
    io,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::{
    model::{reason::Reason, seal::Md5Digest, transfer::TransferKey},
    storage::{landing::Landing, part_file::PartFile},
    transfer::{
        ahead,
        hashing::SMALL,
        receive::{Commit, Flush, Trouble, VerifiedPart},
    },
    wire::header::Receipt,
};

use super::{
    cancel::{CancelFlag, LinkWaker},
    note::Note,
    threads,
};
use naming::{Alarm, Naming, Ready, Step, Tells};

/// Receipts are released at this many files,
const BATCH: usize = 64;
/// or when the first of them has waited this long.
const BATCH_WAIT: Duration = Duration::from_millis(100);
/// What has gathered while others were put on the disk goes there together, up to half of what may be on its way, so that as many
/// can come meanwhile: half of what was granted, or this where some are so large that a sender has fewer on their way.
const MOST_LARGER_TOGETHER: usize = ahead::USUAL / 2;

/// What went wrong and was not read by the lane.
const MOST_TROUBLES: usize = 16;

/// What a lane says to its committer.
enum Word {
    AllFilesEnded,
    Flush(Flush),
    Settle(Settled),
    Suspend(PartFile),
}

/// Files whose seals agree, to be released together.
#[derive(Default)]
struct Settled {
    parts: Vec<VerifiedPart>,
    /// Those that stood at their places before.
    there: Vec<(u32, Md5Digest)>,
    /// Whether some are larger than `SMALL`.
    has_larger: bool,
}

impl Settled {
    fn len(&self) -> usize {
        self.parts.len() + self.there.len()
    }

    fn append(&mut self, mut more: Self) {
        self.parts.append(&mut more.parts);
        self.there.append(&mut more.there);
        self.has_larger |= more.has_larger;
    }

    /// Whether no more are to go with them.
    fn is_enough(&self, granted: usize) -> bool {
        self.len() >= granted / 2 || (self.has_larger && self.len() >= MOST_LARGER_TOGETHER)
    }
}

/// A lane's end of its committer; dropping it lets the committer finish.
pub struct CommitHandle {
    words: Sender<Word>,
    receipts: Receiver<Receipt>,
    troubles: Receiver<Trouble>,
    /// One for each flush that is over.
    flushed: Receiver<()>,
    is_flushing: bool,
    /// What has been gathered, so that the committer is woken once for many files, and since when.
    settled: Settled,
    since: Instant,
}

impl CommitHandle {
    fn gathered_one(&mut self) {
        if self.settled.len() == 1 {
            self.since = Instant::now();
        }
        if self.settled.len() >= BATCH {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        if self.settled.len() > 0 {
            // What is granted to the sender keeps this from ever being full; a committer that is gone drops the parts, and its
            // alarm ends the lane.
            self.words.send(Word::Settle(std::mem::take(&mut self.settled))).ok();
        }
    }
}

/// What was verified before a connection broke is kept, though nobody can be told.
impl Drop for CommitHandle {
    fn drop(&mut self) {
        self.hand_over();
    }
}

impl Commit for CommitHandle {
    fn commit(&mut self, part: VerifiedPart) {
        self.settled.has_larger |= part.part.written() > SMALL;
        self.settled.parts.push(part);
        self.gathered_one();
    }

    fn keep(&mut self, index: u32, md5: Md5Digest) {
        self.settled.there.push((index, md5));
        self.gathered_one();
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
        self.hand_over();
    }

    fn all_files_ended(&mut self) {
        self.hand_over();
        self.words.send(Word::AllFilesEnded).ok();
    }

    fn try_receipt(&mut self) -> Option<Receipt> {
        if self.settled.len() > 0 && self.since.elapsed() >= BATCH_WAIT {
            self.hand_over();
        }
        self.receipts.try_recv().ok()
    }

    fn try_trouble(&mut self) -> Option<Trouble> {
        self.troubles.try_recv().ok()
    }
}

/// Who the committer works for.
pub struct Whose {
    pub key: TransferKey,
    pub notes: Sender<Note>,
    pub waker: LinkWaker,
    pub cancel: CancelFlag,
}

/// Starts the committer of one transfer, whose sender may have so many files on their way.
///
/// # Errors
/// The system has no thread for us.
pub fn start(landing: Landing, whose: Whose, granted: usize) -> io::Result<(CommitHandle, JoinHandle<()>)> {
    // Each file once, verified or to be kept for later; one flush, and that nothing more will come.
    let (words, heard) = bounded(granted + 2);
    let (receipts, released) = bounded(granted);
    let (troubles, told) = bounded(MOST_TROUBLES);
    let (flushed, are_flushed) = bounded(1);
    let Whose { key, notes, waker, cancel } = whose;
    let tells = Tells { key, notes, waker, cancel, receipts, troubles };
    let naming = Naming::new(landing.clone(), tells.clone());
    let alarm = Alarm(tells.clone());
    let committer = Committer { landing, tells, flushed, naming, granted };
    let run = move || {
        let _alarm = alarm;
        committer.run(&heard);
    };
    let thread = threads::spawn("committer", run)?;
    let handle = CommitHandle {
        words,
        receipts: released,
        troubles: told,
        flushed: are_flushed,
        is_flushing: false,
        settled: Settled::default(),
        since: Instant::now(),
    };
    Ok((handle, thread))
}

struct Committer {
    landing: Landing,
    tells: Tells,
    flushed: Sender<()>,
    naming: Naming,
    granted: usize,
}

impl Committer {
    fn run(mut self, words: &Receiver<Word>) {
        // Files come meanwhile; none gets its name before.
        if let Err(reason) = self.landing.agree() {
            return self.trouble(None, reason);
        }
        self.naming.take(Step::MakeFolders);
        let mut next = None;
        while let Some(word) = next.take().or_else(|| words.recv().ok()) {
            match word {
                Word::AllFilesEnded => self.naming.take(Step::MakeLinks),
                Word::Flush(flush) => self.flush(flush),
                Word::Settle(mut settled) => {
                    next = take_more(&mut settled, words, self.granted);
                    let is_behind = next.is_some() || !words.is_empty();
                    self.release(settled, is_behind);
                }
                Word::Suspend(part) => self.suspend(part),
            }
        }
        // Nothing more comes; it is over when all is done.
        drop(self.naming);
    }

    /// A cancel keeps nothing more. `is_behind`: more waits already.
    fn release(&mut self, Settled { parts, there, .. }: Settled, is_behind: bool) {
        if self.tells.cancel.is_final() {
            return;
        }
        let seals = parts.iter().map(|verified| (verified.index, verified.md5)).collect();
        let batch = parts.into_iter().map(|VerifiedPart { part, md5, .. }| (part, md5)).collect();
        let ready = Ready { flushed: self.landing.flush(batch), seals, there };
        if is_behind {
            self.naming.go_beside();
        }
        self.naming.take(Step::Name(ready));
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

    fn trouble(&self, index: Option<u32>, reason: Reason) {
        self.tells.trouble(index, reason);
    }
}

/// What else has been handed over meanwhile; also, what is to be done next, if that was taken.
fn take_more(settled: &mut Settled, words: &Receiver<Word>, granted: usize) -> Option<Word> {
    while !settled.is_enough(granted) {
        match words.try_recv() {
            Ok(Word::Settle(more)) => settled.append(more),
            other => return other.ok(),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEAL: Md5Digest = Md5Digest([7; 16]);

    fn handle() -> (CommitHandle, Receiver<Word>) {
        let (words, heard) = bounded(8);
        let ((_, receipts), (_, troubles), (_, flushed)) = (bounded(1), bounded(1), bounded(1));
        let settled = Settled::default();
        (CommitHandle { words, receipts, troubles, flushed, is_flushing: false, settled, since: Instant::now() }, heard)
    }

    /// How many files came with each word.
    fn heard(words: &Receiver<Word>) -> Vec<usize> {
        let count = |word| if let Word::Settle(settled) = word { settled.len() } else { 0 };
        words.try_iter().map(count).collect()
    }

    #[test]
    fn files_are_handed_over_together_and_none_waits_for_long() {
        let (mut handle, words) = handle();
        let keep = |handle: &mut CommitHandle, files| (0..files).for_each(|index| handle.keep(index, SEAL));
        keep(&mut handle, 63);
        assert!(heard(&words).is_empty());
        keep(&mut handle, 1);
        assert_eq!(heard(&words), [64], "at so many");
        keep(&mut handle, 2);
        handle.idle();
        handle.idle();
        assert_eq!(heard(&words), [2], "when nothing more can be read");
        keep(&mut handle, 3);
        handle.try_receipt();
        assert!(heard(&words).is_empty());
        handle.since -= BATCH_WAIT;
        handle.try_receipt();
        assert_eq!(heard(&words), [3], "when they have waited");
        keep(&mut handle, 4);
        handle.all_files_ended();
        assert_eq!(heard(&words), [4, 0], "before links are made");
        keep(&mut handle, 5);
        drop(handle);
        assert_eq!(heard(&words), [5], "when the connection is over");
    }

    #[test]
    fn what_came_meanwhile_goes_together_up_to_half_of_what_is_granted() {
        let (words, come) = bounded(8);
        let settled = |files| Settled { there: vec![(0, SEAL); files], ..Settled::default() };
        for _ in 0..3 {
            words.send(Word::Settle(settled(50))).unwrap();
        }
        words.send(Word::AllFilesEnded).unwrap();
        let mut first = settled(50);
        assert!(take_more(&mut first, &come, 256).is_none());
        assert_eq!((first.len(), come.len()), (150, 2), "no word is taken apart");
        let mut next = settled(1);
        assert!(matches!(take_more(&mut next, &come, 256), Some(Word::AllFilesEnded)), "nothing passes another");
        assert_eq!(next.len(), 51);
    }

    #[test]
    fn larger_files_do_not_go_together_with_more_than_half_of_those_that_a_sender_uses_for_them() {
        let settled = |has_larger| Settled { there: vec![(0, SEAL); 60], has_larger, ..Settled::default() };
        let together = |sorts: [bool; 10]| {
            let (words, come) = bounded(16);
            sorts[1..].iter().for_each(|larger| words.send(Word::Settle(settled(*larger))).unwrap());
            let mut first = settled(sorts[0]);
            assert!(take_more(&mut first, &come, 1024).is_none());
            first.len()
        };
        assert_eq!(together([false; 10]), 540);
        assert_eq!(together([true; 10]), 180);
        assert_eq!(together([true, false, false, false, false, false, false, false, false, false]), 180);
        assert_eq!(together([false, false, false, false, true, false, false, false, false, false]), 300);
    }
}
