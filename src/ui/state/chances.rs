//! What can be asked of a transfer as it stands: which buttons its row has.

use std::{collections::HashSet, ffi::OsStr, path::PathBuf};

use super::rows::Row;
use crate::{
    model::{
        outcome::{Ending, FileState, Outcome},
        reason::{ReasonCode, Side},
        transfer::{Direction, Pause, QueuedFor, Stage},
    },
    ui::text::Word,
};

/// Which button offers another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Nobody answered or was free to.
    AskAgain,
    /// Just the files that failed; the row goes on.
    Failed,
    /// It was under way and did not come through.
    Retry,
}

/// One button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chance {
    Absent,
    /// It is there, but only says why it cannot be clicked.
    Barred(Word),
    /// With what it does, where the label does not say all of it.
    Offered(Option<Word>),
}

impl Row {
    /// *Pause*.
    pub fn pause(&self) -> Chance {
        match self.snapshot.stage {
            // A message is there before anybody could click.
            Stage::Moving if self.is_message() => Chance::Absent,
            // Nothing is left that could be held.
            Stage::Reconnecting { .. } if self.snapshot.is_all_here() => Chance::Absent,
            Stage::Moving | Stage::Checking { .. } | Stage::Reconnecting { .. } => {
                if self.snapshot.peer.classic {
                    Chance::Barred(Word::PauseClassicTip)
                } else {
                    Chance::Offered(None)
                }
            }
            _ => Chance::Absent,
        }
    }

    /// *Resume*.
    pub fn resume(&self) -> Chance {
        match &self.snapshot.stage {
            Stage::Interrupted => Chance::Offered(None),
            Stage::Paused(pause) => resume_paused(pause),
            // Dialling already: there is nothing to hurry.
            Stage::Reconnecting { next_try: None, .. } if self.key().direction == Direction::Outgoing => {
                Chance::Barred(Word::ResumeTryingTip)
            }
            Stage::Reconnecting { .. } | Stage::Queued(QueuedFor::Busy { .. } | QueuedFor::Device) => {
                Chance::Offered(Some(Word::ResumeTryNowTip))
            }
            _ => Chance::Absent,
        }
    }

    /// Which further try makes sense.
    pub fn another_try(&self) -> Option<Again> {
        let ending = self.ending()?;
        if self.snapshot.retryable {
            return (!self.again).then_some(Again::Failed);
        }
        if self.again {
            return None;
        }
        if self.fetched.is_some() {
            let has_failed = matches!(ending.outcome, Outcome::Failed | Outcome::Cancelled | Outcome::Interrupted);
            return has_failed.then_some(Again::Retry);
        }
        self.sent.as_ref().filter(|sent| !sent.roots.is_empty() || sent.message.is_some())?;
        let code = ending.reason.as_ref().map(|reason| &reason.code);
        match ending.outcome {
            Outcome::Declined => match code {
                Some(ReasonCode::NoAnswer | ReasonCode::Busy | ReasonCode::Timeout) => Some(Again::AskAgain),
                _ => None,
            },
            Outcome::Failed if matches!(code, Some(ReasonCode::NoAnswer | ReasonCode::Busy)) => Some(Again::AskAgain),
            Outcome::Failed | Outcome::Cancelled | Outcome::Partial | Outcome::Interrupted => Some(Again::Retry),
            Outcome::Unchecked | Outcome::Verified => None,
        }
    }

    /// It is over, and nothing of it is there.
    pub(super) fn brought_nothing(&self) -> bool {
        let failed = |ending: &Ending| {
            ending.files == 0 && matches!(ending.outcome, Outcome::Cancelled | Outcome::Declined | Outcome::Failed)
        };
        self.ending().is_some_and(failed)
    }

    /// How many files *Retry* is about: those that failed, or, where only their number is known, all that are missing.
    pub fn failed_files(&self) -> u64 {
        let tally = self.tally();
        let arrived = self.ending().map_or(0, |ending| ending.files);
        let missing = self.snapshot.files.saturating_sub(arrived + tally.skipped + tally.there);
        missing.max(tally.failed + tally.mismatch)
    }

    /// What is offered when it is sent once more: of the files and folders that were chosen, those of which a file is missing
    /// there. What has arrived whole would only stand there twice.
    pub fn roots_to_send_again(&self) -> Vec<PathBuf> {
        let chosen = self.sent.as_ref().map(|sent| sent.roots.as_slice()).unwrap_or_default();
        let missing = |index: &&u32| self.ends.get(index).is_none_or(|end| !Self::stays_done(end.state));
        let tops: HashSet<&str> = self.files.iter().filter(missing).filter_map(|index| self.top_name(*index)).collect();
        let is_missing =
            |root: &&PathBuf| root.file_name().and_then(OsStr::to_str).is_some_and(|name| tops.contains(name));
        let missing: Vec<PathBuf> = chosen.iter().filter(is_missing).cloned().collect();
        // Where the names do not tell (they are not on the list, or were changed for it), all of it is offered.
        if missing.len() < tops.len() || missing.is_empty() { chosen.to_vec() } else { missing }
    }

    /// The first part of the path of an entry.
    fn top_name(&self, index: u32) -> Option<&str> {
        self.snapshot.manifest.entries.get(index as usize)?.path.first()
    }

    /// What came to an end for good: it is not sent once more when the transfer goes on.
    pub(super) fn stays_done(state: FileState) -> bool {
        matches!(state, FileState::Verified | FileState::Unchecked | FileState::Skipped)
    }
}

fn resume_paused(pause: &Pause) -> Chance {
    match (pause.here, pause.there, pause.reason.as_ref().map(|reason| reason.side)) {
        (true, _, _) => Chance::Offered(None),
        (false, true, _) => Chance::Barred(Word::ResumeThereTip),
        (false, false, Some(Side::There)) => Chance::Barred(Word::ResumeByItselfTip),
        (false, false, _) => Chance::Offered(Some(Word::ResumeLooksTip)),
    }
}
