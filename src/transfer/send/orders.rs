//! What the receiver has said: what it wants, what it has, what has become of what was sent.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use crate::{
    model::{
        manifest::{Entry, Manifest},
        outcome::{FileEnd, FileState},
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
    },
    storage::sources::{Source, SourcePlaces},
    transfer::{
        ahead::Ahead,
        hashing::SMALL,
        hold::Hold,
        lane::{LaneError, Report, ended_early, read_message, unexpected},
        link::Link,
        plan::{self, Standing},
    },
    wire::header::{By, Message, PlanItem, Receipt, ReceiptState, Want},
};

use super::{
    SentBefore,
    judge::{Desk, Judge, Step, Verdict},
};

/// Everything that a sender's lane knows of the wishes of its receiver.
pub(super) struct Orders<'a> {
    manifest: Arc<Manifest>,
    places: &'a SourcePlaces,
    before: SentBefore,
    standing: Vec<Standing>,
    /// Entries of which it is not decided whether they are wanted.
    undecided: usize,
    /// Files that the receiver is checking.
    checked: usize,
    pub(super) queue: VecDeque<u32>,
    /// Folders and links whose receipt has not come.
    unmade: usize,
    sealed: HashMap<u32, Md5Digest>,
    /// Of small files that have begun, and whose receipts have not come.
    small_bytes: u64,
    pub(super) judge: Judge,
    pub(super) hold: Hold,
}

impl<'a> Orders<'a> {
    pub(super) fn new(manifest: Arc<Manifest>, places: &'a SourcePlaces, before: SentBefore) -> Self {
        let entries = manifest.entries.len();
        Self {
            manifest,
            places,
            before,
            standing: vec![Standing::Unanswered; entries],
            undecided: entries,
            checked: 0,
            queue: VecDeque::new(),
            unmade: 0,
            sealed: HashMap::new(),
            small_bytes: 0,
            judge: Judge::default(),
            hold: Hold::new(By::Sender),
        }
    }

    /// Whether every file is on its way or has ended.
    pub(super) fn is_all_sent(&self) -> bool {
        self.undecided == 0 && self.queue.is_empty() && self.judge.is_idle()
    }

    pub(super) fn is_complete(&self) -> bool {
        self.is_all_sent() && self.sealed.is_empty() && self.unmade == 0
    }

    /// Whether a file of `bytes` bytes may begin while so many are on their way whose seals are owed, and all whose receipts are.
    pub(super) fn have_room(&self, ahead: Ahead, unsealed: usize, bytes: u64) -> bool {
        ahead.has_room(unsealed + self.sealed.len(), self.small_bytes, bytes)
    }

    /// What it counts for among the bytes of small files.
    fn small(&self, index: u32) -> u64 {
        self.size_of(index).filter(|size| *size <= SMALL).unwrap_or(0)
    }

    /// This file goes now.
    pub(super) fn began(&mut self, index: u32) {
        self.small_bytes += self.small(index);
    }

    /// One that began is on its way no more.
    pub(super) fn is_over(&mut self, index: u32) {
        self.small_bytes -= self.small(index);
    }

    /// Whether the receiver hashes the beginnings of files that were broken off.
    pub(super) fn awaits_parts(&self) -> bool {
        self.before.again && (self.checked > 0 || !self.judge.is_idle())
    }

    pub(super) fn entry(&self, index: u32) -> &Entry {
        &self.manifest.entries[index as usize]
    }

    /// Opens a file that is sent from its beginning.
    pub(super) fn open(&self, index: u32) -> Result<Source, Reason> {
        let entry = self.entry(index);
        let place = self.places.get(index, entry).unwrap_or_default();
        if self.before.again {
            Source::open_again(&place, entry.size(), entry.mtime).map(|(source, _same)| source)
        } else {
            Source::open(&place, entry.size(), entry.mtime)
        }
    }

    /// Hashes a piece of what has to be judged; false when there is nothing to hash now.
    pub(super) fn judge(&mut self, buffer: &mut [u8], report: &mut impl Report) -> bool {
        let desk = Desk { manifest: &self.manifest, places: self.places };
        let step = self.judge.step(&desk, buffer);
        let hashed = !matches!(step, Step::Nothing);
        if let Step::Judged(Verdict { index, md5, wrong }) = step {
            let state = if wrong.is_none() { FileState::Verified } else { FileState::Failed };
            if wrong.is_none() {
                report.kept(index, self.manifest.entries[index as usize].size());
            }
            self.tell(index, state, md5, wrong, report);
        }
        hashed
    }

    /// Reads all that has come.
    pub(super) fn take_input(&mut self, link: &mut impl Link, report: &mut impl Report) -> Result<(), LaneError> {
        while link.pending() {
            let message = read_message(link)?.ok_or_else(ended_early)?;
            self.take(message, report)?;
        }
        report.settle();
        Ok(())
    }

    fn take(&mut self, message: Message, report: &mut impl Report) -> Result<(), LaneError> {
        match message {
            Message::At { index, offset, md5 } => self.at(index, offset, md5)?,
            Message::Plan { items, done } => self.plan(items, &done, report)?,
            Message::Receipt(receipt) => self.receipt(receipt, report)?,
            Message::Working { index, done, total } => self.working(index, done, total, report),
            Message::Pause { reason, .. } => self.hold.heard(Some(reason), report),
            Message::Resume => self.hold.heard(None, report),
            Message::Ping => {}
            other => return Err(unexpected(&other)),
        }
        Ok(())
    }

    fn plan(
        &mut self,
        items: Vec<PlanItem>,
        done: &[(u32, Md5Digest)],
        report: &mut impl Report,
    ) -> Result<(), LaneError> {
        let mut done = self.take_done(done)?;
        for item in items {
            let planned = plan::apply(&mut self.standing, item)?;
            self.checked -= planned.replaced;
            for index in planned.range {
                self.plan_one(index, item.want, &mut done, report)?;
            }
        }
        match done.keys().next() {
            Some(index) => Err(LaneError::Protocol(format!("entry {index} is said to be done, and was not left out"))),
            None => Ok(()),
        }
    }

    fn take_done(&self, done: &[(u32, Md5Digest)]) -> Result<HashMap<u32, Md5Digest>, LaneError> {
        let mut by_index = HashMap::with_capacity(done.len());
        for (index, md5) in done {
            let wrong = |what: &str| LaneError::Protocol(format!("entry {index} is said to be done, and {what}"));
            if !self.before.again {
                return Err(wrong("nothing was sent before"));
            }
            self.size_of(*index).ok_or_else(|| wrong("is no file"))?;
            if by_index.insert(*index, *md5).is_some() {
                return Err(wrong("that twice"));
            }
        }
        Ok(by_index)
    }

    fn plan_one(
        &mut self,
        index: u32,
        want: Want,
        done: &mut HashMap<u32, Md5Digest>,
        report: &mut impl Report,
    ) -> Result<(), LaneError> {
        if want == Want::Check {
            self.size_of(index)
                .ok_or_else(|| LaneError::Protocol(format!("a check of entry {index}, which is no file")))?;
            self.checked += 1;
            return Ok(());
        }
        self.undecided -= 1;
        self.judge.forget(index);
        match (self.size_of(index), want) {
            (Some(size), Want::Skip) => match done.remove(&index) {
                Some(md5) => self.done(index, size, md5, report),
                None => self.tell(index, FileState::Skipped, None, None, report),
            },
            (Some(_), _) => {
                if self.before.receipts.remove(index).is_some() {
                    // It was verified there, and is gone or another one now.
                    report.started_again(index);
                }
                self.queue.push_back(index);
            }
            (None, Want::Skip) => {}
            (None, _) => self.unmade += 1,
        }
        Ok(())
    }

    /// A file that the receiver has since an earlier connection. Its receipt may have been lost on the way.
    fn done(&mut self, index: u32, size: u64, md5: Md5Digest, report: &mut impl Report) {
        if self.before.receipts.remove(index) == Some(md5) {
            report.kept(index, size);
            self.tell(index, FileState::Verified, Some(md5), None, report);
        } else {
            self.judge.whole(index, size, md5);
        }
    }

    fn at(&mut self, index: u32, offset: u64, md5: Md5Digest) -> Result<(), LaneError> {
        let wrong = |how: &str| LaneError::Protocol(format!("an offset for entry {index}, {how}"));
        let standing = self.standing.get(index as usize).copied();
        if standing != Some(Standing::Checked) {
            return Err(wrong("which was not being checked"));
        }
        if self.size_of(index).is_none_or(|size| offset > size) {
            return Err(wrong("which is not as long"));
        }
        self.standing[index as usize] = Standing::Wanted;
        self.undecided -= 1;
        self.checked -= 1;
        self.judge.at(index, offset, md5);
        Ok(())
    }

    /// Only a hint: what it says of files that are not being checked means nothing.
    fn working(&mut self, index: Option<u32>, done: u64, total: u64, report: &mut impl Report) {
        if let Some(index) = index
            && self.standing.get(index as usize) == Some(&Standing::Checked)
            && self.size_of(index).is_some_and(|size| total <= size)
        {
            self.judge.announced(index, total);
        }
        self.judge.progress.heard(done, total, report);
    }

    fn receipt(&mut self, receipt: Receipt, report: &mut impl Report) -> Result<(), LaneError> {
        let not_sent = || LaneError::Protocol(format!("a receipt for entry {} which was not sent", receipt.index));
        let standing = self.standing.get_mut(receipt.index as usize).ok_or_else(not_sent)?;
        let ours = self.sealed.remove(&receipt.index);
        let is_file = self.manifest.entries[receipt.index as usize].is_file();
        match (*standing, ours) {
            (Standing::Sealed, Some(_)) => {}
            (Standing::Wanted, None) if !is_file => self.unmade -= 1,
            _ => return Err(not_sent()),
        }
        *standing = Standing::Ended;
        if ours.is_some() {
            self.is_over(receipt.index);
        }
        let (state, reason) = match receipt.state {
            ReceiptState::Verified if receipt.md5 == ours => (FileState::Verified, None),
            ReceiptState::Verified | ReceiptState::Mismatch => {
                let theirs = receipt.md5.map_or_else(|| "none".to_owned(), |md5| md5.to_string());
                let reason = Reason::there(ReasonCode::Mismatch, Some(format!("the receiver computed {theirs}")));
                (FileState::Mismatch, Some(reason))
            }
            ReceiptState::Failed(reason) => (FileState::Failed, Some(*reason)),
        };
        self.tell(receipt.index, state, ours, reason, report);
        Ok(())
    }

    /// The seal of this file goes out.
    pub(super) fn sealed(&mut self, index: u32, md5: Md5Digest) {
        self.standing[index as usize] = Standing::Sealed;
        self.sealed.insert(index, md5);
    }

    /// This file did not go.
    pub(super) fn failed(&mut self, index: u32, reason: Reason, report: &mut impl Report) {
        self.standing[index as usize] = Standing::Ended;
        self.tell(index, FileState::Failed, None, Some(reason), report);
    }

    fn size_of(&self, index: u32) -> Option<u64> {
        self.manifest.entries.get(index as usize).filter(|entry| entry.is_file()).map(Entry::size)
    }

    fn tell(
        &self,
        index: u32,
        state: FileState,
        md5: Option<Md5Digest>,
        reason: Option<Reason>,
        report: &mut impl Report,
    ) {
        let place = self.places.get(index, self.entry(index));
        report.file_ended(FileEnd { index, state, md5, place, reason });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::manifest::EntryKind;

    struct Nobody;

    impl Report for Nobody {
        fn moved(&mut self, _index: u32, _bytes: u64) {}
        fn file_ended(&mut self, _end: FileEnd) {}
        fn finishing(&mut self) {}
    }

    #[test]
    fn small_files_count_until_they_have_a_receipt_or_did_not_go_whole() {
        let entry = |size: u64| Entry {
            path: [size.to_string()].into(),
            kind: EntryKind::File { size },
            mtime: None,
            exec: false,
        };
        let manifest = Manifest::from_entries([SMALL, 20, SMALL + 1].map(entry).into()).unwrap();
        let places = SourcePlaces::default();
        let mut orders = Orders::new(Arc::new(manifest), &places, SentBefore::default());
        let items = vec![PlanItem { first: 0, count: 3, want: Want::Send }];
        orders.take(Message::Plan { items, done: Vec::new() }, &mut Nobody).unwrap();
        (0..3).for_each(|index| orders.began(index));
        assert_eq!(orders.small_bytes, SMALL + 20);
        let md5 = Md5Digest([7; 16]);
        for index in [0, 2] {
            orders.sealed(index, md5);
            let receipt = Receipt { index, state: ReceiptState::Verified, md5: Some(md5) };
            orders.take(Message::Receipt(receipt), &mut Nobody).unwrap();
        }
        assert_eq!(orders.small_bytes, 20);
        orders.is_over(1);
        assert_eq!(orders.small_bytes, 0);
    }
}
