//! One thread per incoming connection that puts what came on the disk for good, gives verified parts their real names and
//! releases their receipts.
//!
//! Nobody is woken for single files: a lane hands them over when it has gathered `BATCH`, when nothing more comes, or after
//! `BATCH_WAIT`; the committer takes what came while it was at work together. Where small files come faster than a disk takes
//! them, names are put on the disk with the files behind them, so that it is waited for once for each batch; those of folders with
//! the first files. Receipts are released as soon as names are there, before the files behind them get theirs: so more can come
//! meanwhile. While the disk is waited for, the lane gives files their times.

mod tells;

use std::{
    collections::HashMap,
    io,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::{
    model::{reason::Reason, seal::Md5Digest, transfer::TransferKey},
    storage::{
        landing::{Ends, Landing, Named},
        part_file::PartFile,
    },
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
use tells::{Alarm, Tells};

/// Receipts are released at this many files,
const BATCH: usize = 64;
/// which have so many bytes at most, where they are small,
const BATCH_BYTES: u64 = BATCH as u64 * SMALL;
/// or when the first of them has waited this long. So long folders, too, wait for the first files.
const BATCH_WAIT: Duration = Duration::from_millis(100);
/// What has gathered while others were put on the disk goes there together, up to a third of what was granted: as many wait until
/// their names are there too, and as many can come meanwhile. But no more than this before the disk has shown that it takes more
/// within `QUICK`, and again when it takes longer than `SLOW`: nobody hears anything of a file meanwhile.
const USUAL_TOGETHER: usize = 1024 / 3;
const QUICK: Duration = Duration::from_millis(100);
const SLOW: Duration = Duration::from_millis(500);

/// Or up to this where some are so large that a sender has fewer on their way; their names do not wait for others.
const MOST_LARGER_TOGETHER: usize = ahead::USUAL / 2;

/// Or, of small ones, up to so many bytes: a slow stick takes seconds for them.
const MOST_BYTES_TOGETHER: u64 = ahead::SMALL_BYTES / 3;

/// What went wrong and was not read by the lane.
const MOST_TROUBLES: usize = 16;

/// What a lane says to its committer.
enum Word {
    AllFilesEnded,
    Flush(Flush),
    Settle(Box<Settled>),
    Suspend(Box<PartFile>),
}

/// Files whose seals agree, to be released together.
#[derive(Default)]
struct Settled {
    parts: Vec<VerifiedPart>,
    /// Those that stood at their places before.
    there: Vec<(u32, Md5Digest)>,
    /// Whether some are larger than `SMALL`.
    has_larger: bool,
    /// Of the others.
    small_bytes: u64,
}

impl Settled {
    fn len(&self) -> usize {
        self.parts.len() + self.there.len()
    }

    fn append(&mut self, mut more: Self) {
        self.parts.append(&mut more.parts);
        self.there.append(&mut more.there);
        self.has_larger |= more.has_larger;
        self.small_bytes += more.small_bytes;
    }

    /// Whether no more are to go with them, of which `most` go together.
    fn is_enough(&self, most: usize) -> bool {
        let is_long = self.len() + BATCH > most || self.small_bytes + BATCH_BYTES > MOST_BYTES_TOGETHER;
        is_long || (self.has_larger && self.len() >= MOST_LARGER_TOGETHER)
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
    landing: Landing,
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
            self.words.send(Word::Settle(Box::new(std::mem::take(&mut self.settled)))).ok();
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
    fn commit(&mut self, mut part: VerifiedPart) {
        if !self.words.is_empty() {
            // The committer is behind, as it waits for the disk.
            self.landing.complete(&mut part.part);
        }
        match part.part.written() {
            bytes if bytes <= SMALL => self.settled.small_bytes += bytes,
            _ => self.settled.has_larger = true,
        }
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
        self.words.send(Word::Suspend(Box::new(part))).ok();
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
    // Each file once, verified or to be kept for later; one flush, and that nothing more will come. A short list needs less room.
    let most = granted.min(landing.terms().manifest.entries.len()).max(1);
    let (words, heard) = bounded(most + 2);
    let (receipts, released) = bounded(most);
    let (troubles, told) = bounded(MOST_TROUBLES);
    let (flushed, are_flushed) = bounded(1);
    let Whose { key, notes, waker, cancel } = whose;
    let tells = Tells { key, notes, waker, cancel, receipts, troubles };
    let alarm = Alarm(tells.clone());
    let of_lane = landing.clone();
    let most = Most::of(granted);
    let committer = Committer { landing, tells, flushed, most, named: Named::default(), seals: HashMap::new() };
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
        landing: of_lane,
        settled: Settled::default(),
        since: Instant::now(),
    };
    Ok((handle, thread))
}

/// How many files are put on the disk together.
struct Most {
    now: usize,
    /// A third of what was granted.
    ever: usize,
}

impl Most {
    fn of(granted: usize) -> Self {
        let ever = granted / 3;
        Self { now: ever.min(USUAL_TOGETHER), ever }
    }

    /// So many files took so long.
    fn took(&mut self, files: usize, time: Duration) {
        if time > SLOW {
            self.now = (self.now / 2).max(self.ever.min(USUAL_TOGETHER));
        } else if time < QUICK && files >= self.now / 2 {
            self.now = (self.now * 2).min(self.ever);
        }
    }
}

struct Committer {
    landing: Landing,
    tells: Tells,
    flushed: Sender<()>,
    most: Most,
    /// Files and folders whose names may not be on the disk yet.
    named: Named,
    /// Those of the files.
    seals: HashMap<u32, Md5Digest>,
}

impl Committer {
    fn run(mut self, words: &Receiver<Word>) {
        // The first file waits for it.
        if let Err(reason) = self.landing.agree() {
            return self.trouble(None, reason);
        }
        self.named = self.landing.name_folders();
        let mut next = None;
        while let Some(word) = next.take().or_else(|| self.hear(words)) {
            match word {
                Word::Settle(mut settled) => {
                    next = take_more(&mut settled, words, self.most.now);
                    self.release(*settled);
                }
                Word::AllFilesEnded => {
                    self.end_named();
                    self.tells.ended(self.landing.make_links(), &HashMap::new());
                }
                Word::Flush(flush) => {
                    self.end_named();
                    self.flush(flush);
                }
                Word::Suspend(part) => self.suspend(*part),
            }
        }
        self.end_named();
    }

    /// The next word. No file waits for others to come.
    fn hear(&mut self, words: &Receiver<Word>) -> Option<Word> {
        let mut heard = words.try_recv().ok();
        if heard.is_none() && self.named.has_only_folders() {
            heard = words.recv_timeout(BATCH_WAIT).ok();
        }
        heard.or_else(|| {
            self.end_named();
            words.recv().ok()
        })
    }

    /// A cancel keeps nothing more.
    fn release(&mut self, Settled { parts, there, has_larger, .. }: Settled) {
        if self.tells.cancel.is_final() {
            return;
        }
        let together = self.landing.is_better_together(parts.len());
        if !together || has_larger {
            self.end_named();
        }
        let seals = parts.iter().map(|verified| (verified.index, verified.md5)).collect();
        let batch: Vec<_> = parts.into_iter().map(|VerifiedPart { part, md5, .. }| (part, md5)).collect();
        let (files, since) = (batch.len(), Instant::now());
        let (ends, flushed) = self.landing.flush(batch, together, std::mem::take(&mut self.named));
        self.most.took(files, since.elapsed());
        // They make room for others, which come while these get their names.
        self.tell(ends);
        if self.tells.cancel.is_final() {
            return;
        }
        (self.named, self.seals) = (self.landing.name(flushed), seals);
        if !there.is_empty() {
            let kept = |(index, md5)| self.tells.end_of(index, Some(md5), self.landing.already_done(index, md5));
            self.tells.tell(there.into_iter().filter_map(kept).collect());
        }
    }

    /// Names that wait are put on the disk.
    fn end_named(&mut self) {
        if !self.named.is_empty() {
            let ends = self.landing.end(std::mem::take(&mut self.named));
            self.tell(ends);
        }
    }

    /// What became of those that were named.
    fn tell(&mut self, ends: Ends) {
        if !ends.is_empty() {
            self.tells.ended(ends, &std::mem::take(&mut self.seals));
        }
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
fn take_more(settled: &mut Settled, words: &Receiver<Word>, most: usize) -> Option<Word> {
    while !settled.is_enough(most) {
        match words.try_recv() {
            Ok(Word::Settle(more)) => settled.append(*more),
            other => return other.ok(),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path, sync::Arc};

    use polling::Poller;

    use super::*;
    use crate::{
        model::{
            conflict::Conflict,
            device::Peer,
            manifest::{Entry, EntryKind, Manifest, Selection},
            transfer::{Direction, TransferId},
        },
        storage::{
            disk::{Disk, Op},
            landing::{Keep, Terms},
            profile::Profile,
        },
        wire::header::ReceiptState,
    };

    const SEAL: Md5Digest = Md5Digest([7; 16]);

    /// Entries with these names: files of two bytes, and folders where a name ends in `/`.
    fn landing(disk: &Disk, temp: &Path, names: &[&str]) -> Landing {
        let profile = Profile::open(Some(temp.join("profile"))).unwrap();
        let folder = temp.join("inbox");
        fs::create_dir(&folder).unwrap();
        let entry = |name: &&str| Entry {
            path: [name.trim_end_matches('/')].into(),
            kind: if name.ends_with('/') { EntryKind::Folder } else { EntryKind::File { size: 2 } },
            mtime: None,
            exec: false,
        };
        let terms = Terms {
            id: TransferId([1; 16]),
            peer: Peer::at(String::new(), false),
            digest: [0; 32],
            manifest: Arc::new(Manifest::from_entries(names.iter().map(entry).collect()).unwrap()),
            message: None,
            folder,
            selection: Selection::All,
            conflict: Conflict::KeepBoth,
            accepted_at: 0,
        };
        Landing::prepare_on(disk, &profile, terms, Keep::Agreement).unwrap()
    }

    fn part(landing: &Landing, index: u32) -> PartFile {
        let mut part = landing.create_part(index).unwrap();
        part.write_all(b"x").unwrap();
        part
    }

    fn verified(landing: &Landing, indices: std::ops::Range<u32>) -> Word {
        let verified = |index| VerifiedPart { index, part: part(landing, index), md5: SEAL };
        Word::Settle(Box::new(Settled { parts: indices.map(verified).collect(), ..Settled::default() }))
    }

    /// What a committer has told.
    struct Told {
        receipts: Receiver<Receipt>,
        flushed: Receiver<()>,
        _others: (Receiver<Note>, Receiver<Trouble>),
    }

    fn committer(landing: &Landing, (receipts, released): (Sender<Receipt>, Receiver<Receipt>)) -> (Committer, Told) {
        let ((notes, told_ends), (troubles, trouble)) = (bounded(99), bounded(1));
        let key = TransferKey { id: TransferId([1; 16]), direction: Direction::Incoming };
        let (waker, cancel) = (LinkWaker::new(Arc::new(Poller::new().unwrap())), CancelFlag::default());
        let tells = Tells { key, notes, waker, cancel, receipts, troubles };
        let (flushed, are_flushed) = bounded(1);
        let (landing, named, seals) = (landing.clone(), Named::default(), HashMap::new());
        let told = Told { receipts: released, flushed: are_flushed, _others: (told_ends, trouble) };
        (Committer { landing, tells, flushed, most: Most::of(8), named, seals }, told)
    }

    fn handle() -> (CommitHandle, Receiver<Word>) {
        let temp = tempfile::tempdir().unwrap();
        let (words, heard) = bounded(8);
        let ((_, receipts), (_, troubles), (_, flushed)) = (bounded(1), bounded(1), bounded(1));
        let (landing, settled) = (landing(&Disk::default(), temp.path(), &[]), Settled::default());
        let since = Instant::now();
        (CommitHandle { words, receipts, troubles, flushed, is_flushing: false, landing, settled, since }, heard)
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
    fn what_came_meanwhile_goes_together_up_to_a_third_of_what_is_granted() {
        let (words, come) = bounded(8);
        let settled = |files| Settled { there: vec![(0, SEAL); files], ..Settled::default() };
        for _ in 0..3 {
            words.send(Word::Settle(Box::new(settled(50)))).unwrap();
        }
        words.send(Word::AllFilesEnded).unwrap();
        let mut first = settled(50);
        assert!(take_more(&mut first, &come, 512 / 3).is_none());
        assert_eq!((first.len(), come.len()), (150, 2), "as another word would be more, and none is taken apart");
        let mut next = settled(1);
        assert!(matches!(take_more(&mut next, &come, 512 / 3), Some(Word::AllFilesEnded)), "nothing passes another");
        assert_eq!(next.len(), 51);
    }

    #[test]
    fn so_do_small_ones_up_to_a_third_of_the_bytes_that_may_be_on_their_way() {
        let (words, come) = bounded(99);
        let settled = || Settled { there: vec![(0, SEAL); 64], small_bytes: BATCH_BYTES, ..Settled::default() };
        for _ in 0..9 {
            words.send(Word::Settle(Box::new(settled()))).unwrap();
        }
        let mut first = settled();
        assert!(take_more(&mut first, &come, 4096 / 3).is_none());
        assert_eq!((first.len(), come.len()), (5 * 64, 5), "20 MiB, and one more would be too much");
    }

    #[test]
    fn more_go_together_where_the_disk_is_quick_and_fewer_again_where_it_is_not() {
        let mut most = Most::of(4096);
        let mut after = |files, millis| {
            most.took(files, Duration::from_millis(millis));
            most.now
        };
        assert_eq!(after(100, 1), 341, "few say nothing of many");
        assert_eq!([after(341, 20), after(682, 20), after(1364, 20)], [682, 1364, 1365]);
        assert_eq!([after(1365, 300), after(1365, 501), after(682, 600), after(341, 9000)], [1365, 682, 341, 341]);
        let mut least = Most::of(256);
        least.took(85, Duration::from_secs(9));
        assert_eq!(least.now, 85);
    }

    #[test]
    fn larger_files_go_together_with_fewer() {
        let settled = |has_larger| Settled { there: vec![(0, SEAL); 60], has_larger, ..Settled::default() };
        let together = |sorts: [bool; 10]| {
            let (words, come) = bounded(16);
            sorts[1..].iter().for_each(|larger| words.send(Word::Settle(Box::new(settled(*larger)))).unwrap());
            let mut first = settled(sorts[0]);
            assert!(take_more(&mut first, &come, 1024 / 3).is_none());
            first.len()
        };
        assert_eq!(together([false; 10]), 300);
        assert_eq!(together([true; 10]), 180);
        assert_eq!(together([true, false, false, false, false, false, false, false, false, false]), 180);
        assert_eq!(together([false, false, false, false, true, false, false, false, false, false]), 300);
    }

    #[test]
    fn a_small_file_does_not_wait_until_a_large_one_is_flushed() {
        let temp = tempfile::tempdir().unwrap();
        let (to, told) = std::sync::mpsc::channel();
        let disk = Disk::recorded(Arc::new(move |op| to.send(op).unwrap()));
        let landing = landing(&disk, temp.path(), &["small", "large"]);
        let (small, mut large) = (verified(&landing, 0..1), part(&landing, 1));
        let flush = Flush { index: 1, flusher: large.flusher().unwrap(), offset: 1 };
        let large_file =
            told.try_iter().filter_map(|op| if let Op::Created { file, .. } = op { Some(file) } else { None });
        let large_file = large_file.last().unwrap();

        let (words, heard) = bounded(2);
        words.send(small).unwrap();
        words.send(Word::Flush(flush)).unwrap();
        drop(words);
        let (committer, said) = committer(&landing, bounded(99));
        committer.run(&heard);

        let ops: Vec<Op> = told.try_iter().collect();
        let at = |wanted: Op| ops.iter().position(|op| *op == wanted).unwrap();
        let folder = temp.path().join("inbox");
        assert!(at(Op::FolderFlushed { place: folder }) < at(Op::Flushed { file: large_file }), "{ops:?}");
        assert_eq!(said.flushed.len(), 1);
        assert_eq!(said.receipts.recv().unwrap(), Receipt { index: 0, state: ReceiptState::Verified, md5: Some(SEAL) });
    }

    #[test]
    fn receipts_do_not_wait_until_the_next_files_have_their_names() {
        let temp = tempfile::tempdir().unwrap();
        let names: Vec<String> = (0..16).map(|n| format!("f{n}")).collect();
        let ((to, told), (receipts, released)) = (std::sync::mpsc::channel(), bounded(99));
        let seen = released.clone();
        let disk = Disk::recorded(Arc::new(move |op| {
            if let Op::Renamed { to: place, .. } = op {
                to.send((place.file_name().unwrap().to_owned(), seen.len())).unwrap();
            }
        }));
        let landing = landing(&disk, temp.path(), &names.iter().map(String::as_str).collect::<Vec<_>>());
        let (words, heard) = bounded(2);
        words.send(verified(&landing, 0..8)).unwrap();
        words.send(verified(&landing, 8..16)).unwrap();
        drop(words);
        let (committer, said) = committer(&landing, (receipts, released));
        committer.run(&heard);
        let released: HashMap<_, _> = told.try_iter().collect();
        let named_at = ["f0", "f7", "f8", "f15"].map(|name| released.get(std::ffi::OsStr::new(name)).copied());
        assert_eq!(named_at, [0, 0, 8, 8].map(Some), "receipts that were released by then");
        assert_eq!(said.receipts.len(), 16);
    }

    #[test]
    fn nothing_gets_its_name_after_a_cancel_that_came_while_the_disk_was_waited_for() {
        let temp = tempfile::tempdir().unwrap();
        let (cancel, has_parts) = (CancelFlag::default(), CancelFlag::default());
        let (told, renamed) = std::sync::mpsc::channel();
        let (cancelling, are_there) = (cancel.clone(), has_parts.clone());
        let disk = Disk::recorded(Arc::new(move |op| match op {
            Op::Flushed { .. } if are_there.is_set() => cancelling.set(),
            Op::Renamed { to, .. } => told.send(to).unwrap(),
            _ => {}
        }));
        let landing = landing(&disk, temp.path(), &["a", "b"]).without_volume();
        landing.agree().unwrap();
        let (mut committer, said) = committer(&landing, bounded(99));
        committer.tells.cancel = cancel.clone();
        let Word::Settle(settled) = verified(&landing, 0..2) else { panic!("no files") };
        renamed.try_iter().for_each(drop);
        has_parts.set();
        committer.release(*settled);
        committer.end_named();
        assert!(cancel.is_final());
        assert_eq!((renamed.try_iter().count(), said.receipts.len()), (0, 0));
    }

    #[test]
    fn folders_are_put_on_the_disk_with_the_first_files_and_do_not_wait_for_them_for_long() {
        for files in [8, 0] {
            let temp = tempfile::tempdir().unwrap();
            let names: Vec<String> = (0..files).map(|n| format!("f{n}")).chain(["d/".to_owned()]).collect();
            let (to, told) = std::sync::mpsc::channel();
            let disk = Disk::recorded(Arc::new(move |op| to.send(op).unwrap()));
            let landing = landing(&disk, temp.path(), &names.iter().map(String::as_str).collect::<Vec<_>>());
            let (words, heard) = bounded(2);
            if files > 0 {
                words.send(verified(&landing, 0..files)).unwrap();
            }
            told.try_iter().for_each(drop);
            let (committer, said) = committer(&landing, bounded(99));
            let thread = threads::spawn("committer", move || committer.run(&heard)).unwrap();
            let first = said.receipts.recv_timeout(Duration::from_secs(30)).unwrap();
            assert_eq!(first, Receipt { index: files, state: ReceiptState::Verified, md5: None });
            drop(words);
            thread.join().unwrap();
            let is_flush = |op: &Op| matches!(op, Op::Flushed { .. } | Op::FolderFlushed { .. });
            let flushes: Vec<Op> = told.try_iter().filter(is_flush).collect();
            let inbox = Op::FolderFlushed { place: temp.path().join("inbox") };
            let at = flushes.iter().position(|op| *op == inbox).unwrap();
            assert_eq!(at > 0, files > 0, "{flushes:?}");
        }
    }

    #[test]
    fn a_lane_completes_files_only_when_the_committer_is_behind() {
        let temp = tempfile::tempdir().unwrap();
        let (mut handle, words) = handle();
        handle.landing = landing(&Disk::default(), temp.path(), &["a", "b"]);
        let commit = |handle: &mut CommitHandle, index| {
            let part = part(&handle.landing, index);
            handle.commit(VerifiedPart { index, part, md5: SEAL });
            handle.idle();
        };
        commit(&mut handle, 0);
        commit(&mut handle, 1);
        let completed: Vec<bool> = words
            .try_iter()
            .map(|word| if let Word::Settle(settled) = word { settled.parts[0].part.is_complete() } else { false })
            .collect();
        assert_eq!(completed, [false, true]);
    }
}
