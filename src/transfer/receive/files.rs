//! Files whose bodies have come and that wait for their seal, or for their own digest: each comes in its own time.

use std::collections::HashMap;

use crate::{
    model::{
        outcome::FileState,
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
    },
    transfer::{
        aside::Aside,
        body::{Arrived, Stored},
        check::Check,
        hashing::{Hashed, Hashes, Hashing},
        lane::{LaneError, Report, told},
    },
    wire::header::{Receipt, ReceiptState},
};

use super::{Commit, VerifiedPart, owed::Owed};

pub(super) struct Files<'a> {
    unsealed: HashMap<u32, Arrived>,
    pub(super) hashes: Hashes<'a>,
}

/// Where a file goes once both digests are known.
pub(super) struct Ways<'w, 'a, R, C, K> {
    pub(super) report: &'w mut R,
    pub(super) owed: &'w mut Owed<'a, C, K>,
}

impl<'b> Files<'b> {
    pub(super) fn new(aside: Option<&'b mut dyn Aside>) -> Self {
        Self { unsealed: HashMap::new(), hashes: Hashes::new(aside) }
    }

    /// All there is of files that did not come to their end.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Arrived> {
        self.unsealed.drain().map(|(_, arrived)| arrived)
    }

    /// Of a body that broke off there is something to keep.
    pub(super) fn broke_off(&mut self, index: u32, arrived: Arrived) {
        self.unsealed.insert(index, arrived);
    }

    /// The body of a file is over: it is hashed, if that was not done.
    pub(super) fn came(&mut self, index: u32, mut arrived: Arrived) {
        let hashing = std::mem::replace(&mut arrived.hashing, Hashing::Over);
        match (&arrived.stored, hashing) {
            // What was left aside was collected.
            (Stored::Failed(_), _) | (_, Hashing::Aside | Hashing::Together(_) | Hashing::Over) => {}
            (_, Hashing::Kept(hasher, kept)) => self.hashes.keep(index, hasher, kept),
            (_, Hashing::Along(hasher)) => arrived.ours = Some(hasher.finish()),
        }
        self.unsealed.insert(index, arrived);
    }

    /// This file cannot be stored, as was found by somebody else.
    pub(super) fn trouble(&mut self, index: u32, reason: Reason) -> Result<(), LaneError> {
        self.unsealed.get_mut(&index).map_or(Ok(()), |arrived| arrived.fail(reason))
    }

    /// `failed` came for a file that is open; `None`: it is not, or its seal has come.
    pub(super) fn failed(&mut self, index: u32) -> Option<Arrived> {
        if self.unsealed.get(&index)?.theirs.is_some() {
            return None;
        }
        self.unsealed.remove(&index)
    }

    /// The seal of a file came.
    pub(super) fn sealed<R: Report, C: Commit, K: Check>(
        &mut self,
        index: u32,
        theirs: Md5Digest,
        ways: &mut Ways<'_, '_, R, C, K>,
    ) -> Result<(), LaneError> {
        match self.unsealed.get_mut(&index) {
            Some(arrived) if arrived.theirs.is_none() => arrived.theirs = Some(theirs),
            _ => return Err(LaneError::Protocol(format!("a seal for entry {index}, which did not come"))),
        }
        self.settle(index, ways);
        Ok(())
    }

    /// Takes what was hashed meanwhile.
    pub(super) fn take_hashed<R: Report, C: Commit, K: Check>(&mut self, ways: &mut Ways<'_, '_, R, C, K>) {
        while let Some(Hashed { index, md5 }) = self.hashes.next_hashed() {
            // It may have failed otherwise.
            let Some(arrived) = self.unsealed.get_mut(&index) else { continue };
            arrived.ours = Some(md5);
            self.settle(index, ways);
        }
    }

    /// Ends a file of which all is known that has to be.
    fn settle<R: Report, C: Commit, K: Check>(&mut self, index: u32, ways: &mut Ways<'_, '_, R, C, K>) {
        let Some(arrived) = self.unsealed.get(&index) else { return };
        let Some(theirs) = arrived.theirs else { return };
        let is_lost = matches!(arrived.stored, Stored::Failed(_)) || arrived.bytes != arrived.size;
        if arrived.ours.is_none() && !is_lost {
            return;
        }
        if let Some(arrived) = self.unsealed.remove(&index) {
            ways.end(index, arrived, theirs);
        }
    }
}

impl<R: Report, C: Commit, K: Check> Ways<'_, '_, R, C, K> {
    fn end(&mut self, index: u32, arrived: Arrived, theirs: Md5Digest) {
        let failure = match (arrived.stored, arrived.ours) {
            (Stored::Failed(reason), _) => reason,
            (Stored::Part(_) | Stored::There, ours) if arrived.bytes != arrived.size || ours.is_none() => {
                let detail = format!("announced with {} bytes, {} came", arrived.size, arrived.bytes);
                Reason::here(ReasonCode::Changed, detail)
            }
            (_, Some(ours)) if ours != theirs => return self.mismatch(index, ours, theirs),
            (Stored::Part(part), _) => {
                self.owed.commit.commit(VerifiedPart { index, part, md5: theirs });
                return self.owed.file_is_in(self.report);
            }
            (Stored::There, _) => {
                self.owed.commit.keep(index, theirs);
                return self.owed.file_is_in(self.report);
            }
        };
        let state = ReceiptState::Failed(told(&failure).into());
        self.owed.refuse(Receipt { index, state, md5: None });
        self.owed.end_file(index, FileState::Failed, None, failure, self.report);
    }

    fn mismatch(&mut self, index: u32, ours: Md5Digest, theirs: Md5Digest) {
        self.owed.refuse(Receipt { index, state: ReceiptState::Mismatch, md5: Some(ours) });
        let reason = Reason::here(ReasonCode::Mismatch, format!("computed {ours} here, {theirs} there"));
        self.owed.end_file(index, FileState::Mismatch, Some(ours), reason, self.report);
    }
}
