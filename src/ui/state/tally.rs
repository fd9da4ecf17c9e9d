//! How many files of a transfer ended how, counted as they end.

use crate::model::{
    outcome::{FileEnd, FileState},
    reason::ReasonCode,
};

/// Files in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub failed: u64,
    pub mismatch: u64,
    pub skipped: u64,
    pub unchecked: u64,
    pub verified: u64,
    /// Not sent, because a file of that name was there.
    pub there: u64,
    /// Those of them that have a seal.
    pub sealed: u64,
}

impl Tally {
    /// Takes one file in (`by` is 1), or out again (-1).
    pub(super) fn count(&mut self, end: &FileEnd, by: i64) {
        let there = end.reason.as_ref().is_some_and(|reason| reason.code == ReasonCode::AlreadyThere);
        let place = match end.state {
            FileState::Failed => &mut self.failed,
            FileState::Mismatch => &mut self.mismatch,
            FileState::Skipped if there => &mut self.there,
            FileState::Skipped => &mut self.skipped,
            FileState::Unchecked => &mut self.unchecked,
            FileState::Verified => &mut self.verified,
        };
        *place = place.saturating_add_signed(by);
        if end.md5.is_some() {
            self.sealed = self.sealed.saturating_add_signed(by);
        }
    }
}
