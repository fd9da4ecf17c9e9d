//! Passes a lane's figures and facts on to dispatch.

use std::time::Instant;

use crossbeam_channel::Sender;

use crate::{
    engine::{
        archive::Archive,
        note::{EndNews, Note},
    },
    model::{
        outcome::{FileEnd, FileState},
        reason::Reason,
        seal::Md5Digest,
        transfer::{Direction, Stage, TransferKey},
    },
    transfer::lane::Report,
};

use super::MIN_GAP;

/// Receipts come many at a time; of more than this, dispatch hears at once.
const MOST_GATHERED: usize = 64;

/// One lane's way to dispatch.
pub(super) struct Reporter {
    key: TransferKey,
    notes: Sender<Note>,
    archive: Archive,
    /// Bytes that this lane has moved, and those it did not have to.
    moved: u64,
    kept: u64,
    /// The entry that moved last.
    index: u32,
    /// When a figure was told last, of bytes and of checks.
    last: Option<Instant>,
    last_check: Option<Instant>,
    /// Files that were verified there, and are told of together.
    ended: Vec<FileEnd>,
    /// Of files that are to be written down as verified there.
    receipts: Vec<(u32, Md5Digest)>,
    /// Whether something failed there or here.
    has_failures: bool,
}

impl Reporter {
    pub(super) fn new(key: TransferKey, notes: Sender<Note>, archive: Archive) -> Self {
        Self {
            key,
            notes,
            archive,
            moved: 0,
            kept: 0,
            index: 0,
            last: None,
            last_check: None,
            ended: Vec::new(),
            receipts: Vec::new(),
            has_failures: false,
        }
    }

    /// The lane is over: its figures as they are in the end, which is a fact.
    pub(super) fn last_word(&mut self) {
        let Self { key, index, moved, kept, .. } = *self;
        self.fact(Note::Moved { key, index, moved, kept });
        self.archive.receipts(key.id, &mut self.receipts);
    }

    fn figure(&mut self, index: u32) {
        self.index = index;
        let Self { key, moved, kept, .. } = *self;
        // A full channel means dispatch is behind; a newer figure will follow.
        self.notes.try_send(Note::Moved { key, index, moved, kept }).ok();
    }

    /// Behind all that was gathered before.
    fn fact(&mut self, note: Note) {
        self.settle();
        // Dispatch outlives its lanes but for the last moments of a shutdown.
        self.notes.send(note).ok();
    }
}

fn is_early(last: Option<Instant>) -> bool {
    last.is_some_and(|last| last.elapsed() < MIN_GAP)
}

impl Report for Reporter {
    fn moved(&mut self, index: u32, bytes: u64) {
        self.moved += bytes;
        if !is_early(self.last) {
            self.last = Some(Instant::now());
            self.figure(index);
        }
    }

    fn kept(&mut self, index: u32, bytes: u64) {
        self.kept += bytes;
        if !is_early(self.last) {
            self.last = Some(Instant::now());
            self.figure(index);
        }
    }

    fn checking(&mut self, done: u64, total: u64) {
        let is_end = done >= total;
        if is_end || !is_early(self.last_check) {
            self.last_check = Some(Instant::now());
            self.fact(Note::Checking { key: self.key, done, total });
        }
    }

    fn held_there(&mut self, held: Option<Reason>) {
        self.fact(Note::HeldThere { key: self.key, held });
    }

    fn started_again(&mut self, index: u32) {
        self.fact(Note::StartedAgain { key: self.key, index });
    }

    fn file_ended(&mut self, end: FileEnd) {
        let is_receipt = self.key.direction == Direction::Outgoing && end.state == FileState::Verified;
        self.has_failures |= matches!(end.state, FileState::Failed | FileState::Mismatch);
        self.ended.push(end);
        if !is_receipt || self.ended.len() >= MOST_GATHERED {
            self.settle();
        }
    }

    fn settle(&mut self) {
        if self.ended.is_empty() {
            return;
        }
        let ends = std::mem::take(&mut self.ended);
        if self.key.direction == Direction::Outgoing {
            let verified = ends.iter().filter(|end| end.state == FileState::Verified);
            self.receipts.extend(verified.filter_map(|end| Some((end.index, end.md5?))));
            self.archive.receipts(self.key.id, &mut self.receipts);
        }
        // Dispatch outlives its lanes but for the last moments of a shutdown.
        self.notes.send(Note::FilesEnded { key: self.key, ends }).ok();
    }

    fn has_receipts(&mut self) {
        self.settle();
        let all_verified = !self.has_failures;
        self.archive.receipts_complete(self.key.id, std::mem::take(&mut self.receipts), all_verified);
        self.fact(Note::End(self.key, EndNews::HasReceipts { all_verified }));
    }

    fn ended(&mut self) {
        self.fact(Note::End(self.key, EndNews::Known));
    }

    fn finishing(&mut self) {
        self.figure(self.index);
        self.fact(Note::StageChanged { key: self.key, stage: Stage::Finishing });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crossbeam_channel::bounded;

    use super::*;
    use crate::{
        engine::threads,
        model::{reason::ReasonCode, transfer::TransferId},
        storage::profile::Profile,
    };

    fn end(index: u32, state: FileState) -> FileEnd {
        let reason = (state == FileState::Failed).then(|| Reason::bare(ReasonCode::Io));
        FileEnd { index, state, md5: Some(Md5Digest([1; 16])), place: None, reason }
    }

    #[test]
    fn receipts_are_told_together_and_before_whatever_comes_behind_them() {
        let folder = tempfile::tempdir().unwrap();
        let (notes, heard) = bounded(64);
        let archive = Archive::start(Profile::open(Some(folder.path().to_owned())).unwrap(), notes.clone()).unwrap();
        let key = TransferKey { id: TransferId([2; 16]), direction: Direction::Outgoing };
        let mut reporter = Reporter::new(key, notes, archive);
        reporter.last = Some(Instant::now());
        let told = || match heard.try_recv() {
            Ok(Note::FilesEnded { ends, .. }) => Some(ends.iter().map(|end| end.index).collect::<Vec<_>>()),
            _ => None,
        };
        (0..3).for_each(|index| reporter.file_ended(end(index, FileState::Verified)));
        assert_eq!(told(), None, "more may follow");
        reporter.settle();
        assert_eq!(told(), Some(vec![0, 1, 2]));
        reporter.file_ended(end(3, FileState::Verified));
        reporter.file_ended(end(4, FileState::Failed));
        assert_eq!(told(), Some(vec![3, 4]), "what failed waits for nothing");
        reporter.file_ended(end(5, FileState::Verified));
        reporter.held_there(None);
        assert_eq!(told(), Some(vec![5]));
        assert!(matches!(heard.try_recv(), Ok(Note::HeldThere { .. })), "behind it");
        reporter.settle();
        assert!(heard.is_empty());
    }

    #[test]
    fn a_disk_that_hangs_holds_up_no_lane_and_gets_each_receipt_once_when_it_goes_on() {
        const FILES: u32 = 300_000;
        let (archive, disk) = Archive::pair();
        let (notes, _heard) = bounded(10_000);
        let key = TransferKey { id: TransferId([2; 16]), direction: Direction::Outgoing };
        let mut reporter = Reporter::new(key, notes, archive);
        let (done, is_done) = bounded(1);
        threads::spawn("lane", move || {
            (0..FILES).for_each(|index| reporter.file_ended(end(index, FileState::Verified)));
            done.send(reporter).unwrap();
        })
        .unwrap();
        let mut reporter = is_done.recv_timeout(Duration::from_mins(1)).expect("a lane that does not wait");
        let (tell, told) = bounded(1);
        threads::spawn("archive", move || tell.send(disk.receipts()).unwrap()).unwrap();
        reporter.has_receipts();
        drop(reporter);
        let written = told.recv_timeout(Duration::from_mins(1)).unwrap();
        assert!(written.into_iter().eq(0..FILES));
    }
}
