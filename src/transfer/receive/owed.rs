//! All that a receiver owes its sender besides reading: the plan, receipts, what it has of a file, whether it stands still.

use std::{collections::VecDeque, ops::Range, path::PathBuf, sync::Arc};

use crate::{
    model::{
        manifest::{Entry, Manifest},
        outcome::{FileEnd, FileState},
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
    },
    storage::{journal::Recovered, landing::Landing},
    transfer::{
        check::Check,
        hold::Hold,
        lane::{LaneError, Report, concerns_all},
        link::{Held, Link},
    },
    wire::header::{self, By, Message, Receipt, ReceiptState, Want},
};

use super::{
    Commit, Trouble,
    checks::{Checked, Checks, Told, done_after_all, send_after_all},
    planner::{Planned, Planner},
};

/// Where one entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    /// Nothing may come for it (any more).
    Closed,
    Checking,
    /// May begin, at the offset that the sender was told or from the start.
    Told,
    /// May begin from the start.
    Wanted,
}

/// What is owed, and the counts that tell when all is done.
pub(super) struct Owed<'a, C, K> {
    pub(super) commit: &'a mut C,
    check: &'a mut K,
    landing: Landing,
    manifest: Arc<Manifest>,
    slots: Vec<Slot>,
    planner: Planner,
    checks: Checks,
    pub(super) hold: Hold,
    /// What the journal says of whether a person here has paused it.
    is_paused: bool,
    /// Selected files that have not ended.
    files_left: u64,
    /// Receipts that have not been written, of all selected entries.
    receipts_left: u64,
    /// Files between `file` and `receipt`.
    pub(super) ahead: usize,
    /// Receipts of files that did not go to the committer, at most as many as files.
    refused: VecDeque<Receipt>,
    /// Receipts of folders that were made before the plan named them, in their order.
    early: VecDeque<Receipt>,
    /// Files, folders and links that will not be there.
    failed: u64,
    are_files_in: bool,
}

impl<'a, C: Commit, K: Check> Owed<'a, C, K> {
    pub(super) fn new(commit: &'a mut C, check: &'a mut K, landing: Landing, recovered: Recovered) -> Self {
        let terms = landing.terms();
        let manifest = Arc::clone(&terms.manifest);
        let selected = || (0..).zip(&manifest.entries).filter(|(index, _)| terms.selection.holds(*index));
        let files_left = selected().filter(|(_, entry)| entry.is_file()).count() as u64;
        let receipts_left = if landing.has_ended() { files_left } else { selected().count() as u64 };
        let is_paused = recovered.paused;
        let planner = Planner::new(&landing, recovered);
        Self {
            commit,
            check,
            slots: vec![Slot::Closed; manifest.entries.len()],
            manifest,
            planner,
            landing,
            checks: Checks::default(),
            hold: Hold::new(By::Receiver),
            is_paused,
            files_left,
            receipts_left,
            ahead: 0,
            refused: VecDeque::new(),
            early: VecDeque::new(),
            failed: 0,
            are_files_in: false,
        }
    }

    /// Entries that were selected and did not arrive.
    pub(super) fn failed(&self) -> u64 {
        self.failed
    }

    /// Receipts and plan headers that the sender cannot have read.
    pub(super) fn unwritten(&self) -> Option<u64> {
        (self.receipts_left > 0 || self.is_planning()).then_some(self.receipts_left)
    }

    /// Whether headers of the plan are left.
    pub(super) fn is_planning(&self) -> bool {
        !self.planner.is_through()
    }

    /// A pause holds also when the program has ended meanwhile.
    fn note_pause(&mut self, link: &impl Link) {
        let is_paused = link.held() == Some(Held::Person);
        if std::mem::replace(&mut self.is_paused, is_paused) != is_paused {
            // If it cannot be said, it holds as long as the program lives.
            self.landing.note_paused(is_paused).ok();
        }
    }

    /// Writes what is owed, as long as fewer than `most` bytes are gathered, and one plan header at a time: writing never
    /// keeps us from reading. What is told of one file only is given back.
    pub(super) fn write<L: Link>(
        &mut self,
        link: &mut L,
        report: &mut impl Report,
        most: usize,
    ) -> Result<Option<(u32, Reason)>, LaneError> {
        self.hold.tell(link, false)?;
        self.note_pause(link);
        let mut wrote = false;
        while has_room(link, most)
            && let Some(receipt) = self.next_receipt()
        {
            header::write_header(link, &Message::Receipt(receipt))?;
            wrote = true;
        }
        if wrote {
            // Whoever is busy reading gathers them; the sender may have nothing to do but wait for them. If it is gone, what it said
            // before is read first: then the end shows.
            link.tick().ok();
        }
        if link.queued() == 0 {
            self.write_plan(link, report)?;
        }
        self.go_on_checking(link, report, most)?;
        match self.commit.try_trouble() {
            Some(Trouble { index: Some(index), reason }) if !concerns_all(&reason) => Ok(Some((index, reason))),
            Some(Trouble { reason, .. }) => Err(LaneError::Local(reason)),
            None => Ok(None),
        }
    }

    /// A receipt that is written now.
    fn next_receipt(&mut self) -> Option<Receipt> {
        let receipt = self.refused.pop_front().or_else(|| self.next_planned())?;
        self.ahead -= usize::from(is_file(&self.manifest, &receipt));
        self.receipts_left -= 1;
        self.failed += u64::from(receipt.state != ReceiptState::Verified);
        Some(receipt)
    }

    /// From the committer. A sender knows of no entry that its plan has not named, and that may have many headers.
    fn next_planned(&mut self) -> Option<Receipt> {
        if self.early.front().is_some_and(|receipt| self.planner.has_named(receipt.index)) {
            return self.early.pop_front();
        }
        while let Some(receipt) = self.commit.try_receipt() {
            if self.planner.has_named(receipt.index) {
                return Some(receipt);
            }
            self.early.push_back(receipt);
        }
        None
    }

    /// A file gets this receipt, and does not go to the committer. It is written when there is room for it: a sender that is
    /// busy sending may not take it, and what it sends is to be read all the same.
    pub(super) fn refuse(&mut self, receipt: Receipt) {
        self.refused.push_back(receipt);
    }

    /// One plan header, if one is left.
    pub(super) fn write_plan(&mut self, link: &mut impl Link, report: &mut impl Report) -> Result<(), LaneError> {
        if self.is_planning() {
            let planned = self.planner.next_header(&|index| self.landing.there(index));
            let (items, done) = (planned.items.clone(), planned.done.clone());
            header::write_header(link, &Message::Plan { items, done })?;
            self.note(planned, report);
        }
        self.look_whether_all_are_in(report);
        Ok(())
    }

    fn note(&mut self, planned: Planned, report: &mut impl Report) {
        for item in &planned.items {
            let range = item.first..item.first + item.count;
            match item.want {
                Want::Check => {
                    self.open(range.clone(), Slot::Checking);
                    range.for_each(|index| self.checks.add(index));
                }
                Want::Send => self.open(range, Slot::Wanted),
                Want::Skip => self.report_left_out(range, &planned, report),
            }
        }
        for (index, md5) in planned.done {
            self.is_done(index, md5, report);
        }
        for (index, place) in planned.there {
            report.file_ended(skipped(index, Some(place)));
            self.left_out();
        }
    }

    fn open(&mut self, range: Range<u32>, slot: Slot) {
        for index in range {
            if self.manifest.entries[index as usize].is_file() {
                self.slots[index as usize] = slot;
            }
        }
    }

    fn report_left_out(&self, range: Range<u32>, planned: &Planned, report: &mut impl Report) {
        for index in range {
            let is_known = planned.done.binary_search_by_key(&index, |(index, _)| *index).is_ok()
                || planned.there.binary_search_by_key(&index, |(index, _)| *index).is_ok();
            if self.manifest.entries[index as usize].is_file() && !is_known {
                report.file_ended(skipped(index, None));
            }
        }
    }

    /// A selected file that need not come.
    fn left_out(&mut self) {
        self.files_left -= 1;
        self.receipts_left -= 1;
    }

    /// Tells of what has been checked, and begins the next: nobody else does when nothing comes.
    fn go_on_checking<L: Link>(
        &mut self,
        link: &mut L,
        report: &mut impl Report,
        most: usize,
    ) -> Result<(), LaneError> {
        while link.queued() < most {
            let mut checked = self.checks.listen(self.check, link, report)?;
            if checked.is_none() && !self.hold.is_held() {
                checked = self.checks.begin(&self.planner, &self.landing, self.check);
            }
            match checked {
                Some(Checked::Told(index)) => self.slots[index as usize] = Slot::Told,
                Some(Checked::Holds(index, md5)) if self.planner.done().get(index) == Some(Some(md5)) => {
                    self.is_done_after_all(index, md5, link, report)?;
                }
                Some(Checked::Holds(index, _) | Checked::Nothing(index)) => self.send_after_all(index, link, report)?,
                None => break,
            }
        }
        Ok(())
    }

    fn send_after_all<L: Link>(&mut self, index: u32, link: &mut L, report: &mut impl Report) -> Result<(), LaneError> {
        if self.planner.is_touched(index) {
            self.landing.note_other(index).map_err(LaneError::Local)?;
            report.started_again(index);
        }
        self.slots[index as usize] = Slot::Wanted;
        Ok(header::write_header(link, &send_after_all(index))?)
    }

    /// A file that was done is as it was, though somebody has written to it.
    fn is_done_after_all<L: Link>(
        &mut self,
        index: u32,
        md5: Md5Digest,
        link: &mut L,
        report: &mut impl Report,
    ) -> Result<(), LaneError> {
        header::write_header(link, &done_after_all(index, md5))?;
        // If it cannot be said, it is hashed once more after the next break.
        self.landing.note_same(index, md5, self.planner.done().name(index)).ok();
        self.slots[index as usize] = Slot::Closed;
        self.is_done(index, md5, report);
        self.look_whether_all_are_in(report);
        Ok(())
    }

    /// A file that came over an earlier connection need not come.
    fn is_done(&mut self, index: u32, md5: Md5Digest, report: &mut impl Report) {
        report.kept(index, self.manifest.entries[index as usize].size());
        let (md5, place) = (Some(md5), Some(self.landing.place_of(index, self.planner.done())));
        report.file_ended(FileEnd { index, state: FileState::Verified, md5, place, reason: None });
        self.left_out();
    }

    /// What the sender says of its own hashing.
    pub(super) fn heard_working(&mut self, done: u64, total: u64, report: &mut impl Report) {
        self.checks.heard(done, total, report);
    }

    /// A file begins, or `failed` comes in its place: its size, and what the sender was told of it.
    pub(super) fn begin(&mut self, index: u32) -> Result<(u64, Option<Told>), LaneError> {
        let wrong = |how: &str| Err(LaneError::Protocol(format!("entry {index} {how}")));
        let Some(entry) = self.manifest.entries.get(index as usize) else {
            return Err(LaneError::Protocol(format!("no entry {index} in the manifest")));
        };
        if !entry.is_file() {
            return wrong("is not a file");
        }
        match std::mem::replace(&mut self.slots[index as usize], Slot::Closed) {
            Slot::Closed => wrong("came twice, or was not wanted"),
            Slot::Checking => wrong("came before it was said what there is of it"),
            Slot::Told => Ok((entry.size(), self.checks.take(index))),
            Slot::Wanted => Ok((entry.size(), None)),
        }
    }

    /// A file ended without a receipt, or with one that is refused.
    pub(super) fn end_file(
        &mut self,
        index: u32,
        state: FileState,
        md5: Option<Md5Digest>,
        reason: Reason,
        report: &mut impl Report,
    ) {
        report.file_ended(FileEnd { index, state, md5, place: None, reason: Some(reason) });
        self.file_is_in(report);
    }

    /// `failed` came for a file: there is no receipt for it.
    pub(super) fn no_receipt(&mut self) {
        self.receipts_left -= 1;
        self.failed += 1;
    }

    pub(super) fn file_is_in(&mut self, report: &mut impl Report) {
        self.files_left -= 1;
        self.look_whether_all_are_in(report);
    }

    fn look_whether_all_are_in(&mut self, report: &mut impl Report) {
        if self.files_left == 0 && !self.is_planning() && !self.are_files_in {
            self.are_files_in = true;
            self.commit.all_files_ended();
            report.finishing();
        }
    }
}

fn skipped(index: u32, place: Option<PathBuf>) -> FileEnd {
    let reason = place.is_some().then(|| Reason::bare(ReasonCode::AlreadyThere));
    FileEnd { index, state: FileState::Skipped, md5: None, place, reason }
}

/// Whether fewer than `most` bytes are gathered, if need be after what can leave has left.
fn has_room(link: &mut impl Link, most: usize) -> bool {
    link.queued() < most || {
        // If the sender is gone, what it said before is read first.
        link.tick().ok();
        link.queued() < most
    }
}

fn is_file(manifest: &Manifest, receipt: &Receipt) -> bool {
    manifest.entries.get(receipt.index as usize).is_some_and(Entry::is_file)
}
