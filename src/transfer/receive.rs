//! The receiver's lane: answer and plan out, files in, verified parts on to the committer, its receipts out.

use std::{collections::HashMap, sync::Arc};

use crate::{
    model::{
        manifest::{Entry, EntryKind, Manifest, Selection},
        outcome::{FileEnd, FileState},
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
    },
    storage::{landing::Landing, part_file::PartFile},
    wire::header::{self, Answer, Message, PlanItem, Receipt, ReceiptState, Want},
};

use super::{
    body::{self, Arrived},
    lane::{Farewell, LaneEnd, LaneError, Report, ended_early, last_word, read_message, told, unexpected},
    link::Link,
    send::WINDOW,
};

/// Ranges in one plan header; as many always fit into 65,535 bytes.
const PLAN_ITEMS: usize = 1000;

/// While a body comes in, no more receipts are gathered than this, so that none of them has to be waited for.
const MOST_QUEUED: usize = 16 << 10;

/// A part whose seal agrees on both sides; only such a one may get its real name.
pub struct VerifiedPart {
    pub index: u32,
    pub part: PartFile,
    pub md5: Md5Digest,
}

/// The way from a lane to its committer and back. Never blocks: the window bounds what is under way.
pub trait Commit {
    fn commit(&mut self, part: VerifiedPart);
    /// Nothing can be read right now: publish what is there.
    fn idle(&mut self);
    /// Every file of the selection has ended: links may be made.
    fn all_files_ended(&mut self);
    fn try_receipt(&mut self) -> Option<Receipt>;
}

/// One lane of an incoming transfer.
pub struct ReceiveLane<'a, L, R, C> {
    link: &'a mut L,
    report: &'a mut R,
    commit: &'a mut C,
    landing: Landing,
    manifest: Arc<Manifest>,
    /// Files that may still begin.
    open: Vec<bool>,
    /// Selected files that have not ended.
    files_left: u64,
    /// Receipts that have not been written, of all selected entries.
    receipts_left: u64,
    plan: std::vec::IntoIter<PlanItem>,
    unsealed: HashMap<u32, Arrived>,
    /// Between `file` and `receipt`.
    ahead: usize,
    buffer: Vec<u8>,
}

impl<'a, L: Link, R: Report, C: Commit> ReceiveLane<'a, L, R, C> {
    pub fn new(
        link: &'a mut L,
        report: &'a mut R,
        commit: &'a mut C,
        landing: Landing,
        manifest: Arc<Manifest>,
        selection: &Selection,
    ) -> Self {
        let open: Vec<bool> =
            (0..).zip(&manifest.entries).map(|(i, entry)| selection.holds(i) && entry.is_file()).collect();
        let selected = (0..).zip(&manifest.entries).filter(|(i, _)| selection.holds(*i)).count() as u64;
        let files_left = open.iter().filter(|wanted| **wanted).count() as u64;
        let plan = plan_of(&manifest, selection).into_iter();
        Self {
            link,
            report,
            commit,
            landing,
            manifest,
            open,
            files_left,
            receipts_left: selected,
            plan,
            unsealed: HashMap::new(),
            ahead: 0,
            buffer: vec![0; body::BUFFER_BYTES],
        }
    }

    /// Carries the transfer out, from `answer` to the echoed `done`.
    ///
    /// # Errors
    /// Why the lane ended; the `Farewell` is what the closer owes to the peer.
    pub fn run(mut self) -> Result<(), Box<LaneEnd>> {
        match self.carry_out() {
            Ok(()) => Ok(()),
            Err(error) => {
                let error = last_word(self.link, error);
                let last = error.abort().map(Message::Abort);
                Err(Box::new(LaneEnd { error, farewell: Farewell { last, ..Farewell::default() } }))
            }
        }
    }

    fn carry_out(&mut self) -> Result<(), LaneError> {
        header::write_header(self.link, &Message::Answer(Answer::Accept))?;
        self.write_plan()?;
        self.link.flush()?;
        self.report_skipped();
        if self.files_left == 0 {
            self.files_are_in();
        }
        loop {
            self.write_owed()?;
            if self.link.pending() {
                if self.take_message()? {
                    return self.echo_done();
                }
            } else {
                self.commit.idle();
                self.link.wait()?;
            }
        }
    }

    fn report_skipped(&mut self) {
        for (index, entry) in (0..).zip(&self.manifest.entries) {
            if entry.is_file() && !self.open[index as usize] {
                let end = FileEnd { index, state: FileState::Skipped, md5: None, place: None, reason: None };
                self.report.file_ended(end);
            }
        }
    }

    fn write_plan(&mut self) -> Result<(), LaneError> {
        let items: Vec<PlanItem> = self.plan.by_ref().take(PLAN_ITEMS).collect();
        if !items.is_empty() {
            header::write_header(self.link, &Message::Plan { items })?;
        }
        Ok(())
    }

    /// Receipts as they come, and one plan header at a time, so that writing never keeps us from reading.
    fn write_owed(&mut self) -> Result<(), LaneError> {
        while let Some(receipt) = self.commit.try_receipt() {
            self.ahead -= usize::from(is_file(&self.manifest, &receipt));
            self.write_receipt(receipt)?;
        }
        if self.link.queued() == 0 {
            self.write_plan()?;
        }
        Ok(())
    }

    fn write_receipt(&mut self, receipt: Receipt) -> Result<(), LaneError> {
        self.receipts_left -= 1;
        Ok(header::write_header(self.link, &Message::Receipt(receipt))?)
    }

    /// Handles one message; true when the sender said `done`.
    fn take_message(&mut self) -> Result<bool, LaneError> {
        match read_message(self.link)?.ok_or_else(ended_early)? {
            Message::Done => return Ok(true),
            Message::Failed { index, reason } => self.failed(index, reason)?,
            Message::File { index, offset } => self.file(index, offset)?,
            Message::Seal { index, md5 } => self.seal(index, md5)?,
            Message::Pause { .. } | Message::Ping | Message::Resume | Message::Working { .. } => {}
            other => return Err(unexpected(&other)),
        }
        Ok(false)
    }

    fn echo_done(&mut self) -> Result<(), LaneError> {
        if self.receipts_left > 0 || self.plan.len() > 0 {
            return Err(LaneError::Protocol(format!("done before {} receipts", self.receipts_left)));
        }
        header::write_header(self.link, &Message::Done)?;
        Ok(self.link.flush()?)
    }

    fn begin(&mut self, index: u32) -> Result<u64, LaneError> {
        let size = match self.manifest.entries.get(index as usize).map(|entry| &entry.kind) {
            Some(EntryKind::File { size }) => *size,
            Some(_) => return Err(LaneError::Protocol(format!("entry {index} is not a file"))),
            None => return Err(LaneError::Protocol(format!("no entry {index} in the manifest"))),
        };
        if !std::mem::replace(&mut self.open[index as usize], false) {
            return Err(LaneError::Protocol(format!("entry {index} came twice, or was not wanted")));
        }
        Ok(size)
    }

    fn file(&mut self, index: u32, offset: u64) -> Result<(), LaneError> {
        let size = self.begin(index)?;
        if offset != 0 {
            return Err(LaneError::Protocol(format!("entry {index} begins at {offset}, which nobody asked for")));
        }
        self.ahead += 1;
        // The sender counts a receipt as soon as we have written it, we count it as soon as we know it: never more.
        if self.ahead > WINDOW {
            return Err(LaneError::Protocol(format!("more than {WINDOW} files without a receipt")));
        }
        let part = self.landing.create_part(index);
        if let Err(reason) = &part
            && body::concerns_all(reason)
        {
            return Err(LaneError::Local(reason.clone()));
        }
        let mut arrived = Arrived::new(part, size);
        let Self { link, report, commit, manifest, ahead, receipts_left, buffer, .. } = self;
        // A long file must not keep the receipts of those before it.
        body::receive_body(*link, *report, index, &mut arrived, buffer, &mut |link| {
            while link.queued() < MOST_QUEUED
                && let Some(receipt) = commit.try_receipt()
            {
                *ahead -= usize::from(is_file(manifest, &receipt));
                *receipts_left -= 1;
                header::write_header(link, &Message::Receipt(receipt))?;
            }
            Ok(())
        })?;
        self.unsealed.insert(index, arrived);
        Ok(())
    }

    fn seal(&mut self, index: u32, theirs: Md5Digest) -> Result<(), LaneError> {
        let arrived = self
            .unsealed
            .remove(&index)
            .ok_or_else(|| LaneError::Protocol(format!("a seal for entry {index}, which did not come")))?;
        let ours = arrived.hasher.finish();
        let failure = match arrived.part {
            Err(reason) => reason,
            Ok(_) if arrived.bytes != arrived.size => {
                let detail = format!("announced with {} bytes, {} came", arrived.size, arrived.bytes);
                Reason::here(ReasonCode::Changed, detail)
            }
            Ok(part) if ours == theirs => {
                self.commit.commit(VerifiedPart { index, part, md5: ours });
                self.file_is_in();
                return Ok(());
            }
            Ok(_) => return self.mismatch(index, ours, theirs),
        };
        self.ahead -= 1;
        let state = ReceiptState::Failed(told(&failure));
        self.write_receipt(Receipt { index, state, md5: None })?;
        self.end_file(index, FileState::Failed, None, failure);
        Ok(())
    }

    fn mismatch(&mut self, index: u32, ours: Md5Digest, theirs: Md5Digest) -> Result<(), LaneError> {
        self.ahead -= 1;
        self.write_receipt(Receipt { index, state: ReceiptState::Mismatch, md5: Some(ours) })?;
        let reason = Reason::here(ReasonCode::Mismatch, format!("computed {ours} here, {theirs} there"));
        self.end_file(index, FileState::Mismatch, Some(ours), reason);
        Ok(())
    }

    /// `failed` stands after a body or in place of `file`; there is no receipt for it.
    fn failed(&mut self, index: u32, reason: Reason) -> Result<(), LaneError> {
        if self.unsealed.remove(&index).is_some() {
            self.ahead -= 1;
        } else {
            self.begin(index)?;
        }
        self.receipts_left -= 1;
        self.end_file(index, FileState::Failed, None, reason);
        Ok(())
    }

    fn end_file(&mut self, index: u32, state: FileState, md5: Option<Md5Digest>, reason: Reason) {
        self.report.file_ended(FileEnd { index, state, md5, place: None, reason: Some(reason) });
        self.file_is_in();
    }

    fn file_is_in(&mut self) {
        self.files_left -= 1;
        if self.files_left == 0 {
            self.files_are_in();
        }
    }

    fn files_are_in(&mut self) {
        self.commit.all_files_ended();
        self.report.finishing();
    }
}

fn is_file(manifest: &Manifest, receipt: &Receipt) -> bool {
    manifest.entries.get(receipt.index as usize).is_some_and(Entry::is_file)
}

/// Ranges of entries that are wanted or not.
fn plan_of(manifest: &Manifest, selection: &Selection) -> Vec<PlanItem> {
    let mut items: Vec<PlanItem> = Vec::new();
    for (index, _) in (0..).zip(&manifest.entries) {
        let want = if selection.holds(index) { Want::Send } else { Want::Skip };
        match items.last_mut() {
            Some(last) if last.want == want => last.count += 1,
            _ => items.push(PlanItem { first: index, count: 1, want }),
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(files: usize) -> Manifest {
        let entry =
            |i| Entry { path: vec![format!("{i}")], kind: EntryKind::File { size: 1 }, mtime: None, exec: false };
        Manifest::from_entries((0..files).map(entry).collect()).unwrap()
    }

    #[test]
    fn fresh_accept_is_one_range() {
        let items = plan_of(&manifest(1000), &Selection::All);
        assert_eq!(items, [PlanItem { first: 0, count: 1000, want: Want::Send }]);
    }

    #[test]
    fn unchecked_boxes_split_the_plan() {
        let items = plan_of(&manifest(3), &Selection::Some(vec![true, false, true]));
        let wants: Vec<_> = items.iter().map(|item| (item.first, item.count, item.want)).collect();
        assert_eq!(wants, [(0, 1, Want::Send), (1, 1, Want::Skip), (2, 1, Want::Send)]);
    }
}
