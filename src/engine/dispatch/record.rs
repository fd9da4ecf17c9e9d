//! What dispatch knows of one transfer, and how its end is judged.

use std::{
    net::IpAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    engine::{
        cancel::CancelFlag,
        door::memory::Share,
        lanes::selected_bytes,
        messages::{Acceptance, SendRequest},
        note::Session,
    },
    model::{
        manifest::Selection,
        outcome::{Ending, FileEnd, FileState, Outcome},
        reason::{Reason, ReasonCode},
        transfer::{Direction, Stage, TransferSnapshot},
    },
    storage::sources::Outgoing,
};

use super::history::Kept;

/// The offering side waits a little longer, so that the receiver's own word comes first.
pub(super) const ANSWER_GRACE: Duration = Duration::from_secs(20);
/// A cancel that no worker has confirmed by then is true all the same.
pub(super) const CANCEL_LIMIT: Duration = Duration::from_millis(400);

/// Entries that are kept of an offer that was not taken.
const KEPT_ENTRIES: usize = 20;

/// Who has the transfer in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hands {
    /// A thread that lists, looks up, connects, offers.
    Errand,
    /// A worker, or on the way to one.
    Lane,
    /// The lobby: a person has to answer.
    Lobby,
}

/// One transfer that has not ended.
pub(super) struct Record {
    pub(super) snapshot: TransferSnapshot,
    pub(super) hands: Hands,
    pub(super) cancel: CancelFlag,
    pub(super) session: Session,
    /// Outgoing: what was asked for, and the list once it is complete.
    pub(super) request: Option<SendRequest>,
    pub(super) outgoing: Option<Arc<Outgoing>>,
    /// Incoming: the person's answer.
    pub(super) acceptance: Option<Acceptance>,
    /// Incoming: the window knows of the offer.
    pub(super) announced: bool,
    /// Incoming: the address that it counts for.
    pub(super) from: Option<IpAddr>,
    /// Incoming: where a rule puts it without asking.
    pub(super) into: Option<PathBuf>,
    /// Incoming: when a code was taken from the ration for it, until that has been begun.
    pub(super) ration: Option<Instant>,
    /// Incoming: when its card is shown, while that is held back.
    pub(super) card_at: Option<Instant>,
    /// Incoming: the room that its list takes up.
    pub(super) share: Option<Share>,
    /// While a person has to answer: when the offer lapses.
    pub(super) expires: Option<Instant>,
    /// After a cancel: when it is true whatever the workers do, and why it was cancelled.
    pub(super) forced_end: Option<(Instant, Reason)>,
    pub(super) accepted_at: Option<Instant>,
    pub(super) tally: Tally,
    /// For the history.
    pub(super) kept: Kept,
}

/// Ends of entries, counted.
#[derive(Default)]
pub(super) struct Tally {
    verified: u64,
    unchecked: u64,
    failed: u64,
    bytes: u64,
    /// Why the first that failed did.
    pub(super) first_failure: Option<Reason>,
}

impl Record {
    pub(super) fn new(snapshot: TransferSnapshot, hands: Hands, session: Session) -> Self {
        Self {
            snapshot,
            hands,
            cancel: CancelFlag::default(),
            session,
            request: None,
            outgoing: None,
            acceptance: None,
            announced: false,
            from: None,
            into: None,
            ration: None,
            card_at: None,
            share: None,
            expires: None,
            forced_end: None,
            accepted_at: None,
            tally: Tally::default(),
            kept: Kept::default(),
        }
    }

    /// Counts the end of one entry.
    pub(super) fn file_ended(&mut self, end: &FileEnd) {
        let entry = self.snapshot.manifest.entries.get(end.index as usize);
        self.kept.note(entry, end);
        let (is_file, size) = entry.map_or((false, 0), |entry| (entry.is_file(), entry.size()));
        let tally = &mut self.tally;
        match end.state {
            FileState::Failed | FileState::Mismatch => {
                tally.failed += 1;
                if tally.first_failure.is_none() {
                    tally.first_failure.clone_from(&end.reason);
                }
            }
            // The receiver's choice counted without them from the start.
            FileState::Skipped if self.snapshot.key.direction == Direction::Outgoing && is_file => {
                self.snapshot.files = self.snapshot.files.saturating_sub(1);
                self.snapshot.total = self.snapshot.total.saturating_sub(size);
                return;
            }
            FileState::Skipped => return,
            FileState::Unchecked | FileState::Verified if !is_file => return,
            FileState::Unchecked => {
                tally.unchecked += 1;
                tally.bytes += size;
            }
            FileState::Verified => {
                tally.verified += 1;
                tally.bytes += size;
            }
        }
        if is_file {
            self.snapshot.files_ended += 1;
        }
    }

    /// Something that was asked for is not even on the list.
    pub(super) fn left_out(&mut self, reason: &Reason) {
        if matches!(reason.code, ReasonCode::Unreadable | ReasonCode::Io | ReasonCode::Limit) {
            self.tally.failed += 1;
            self.tally.first_failure.get_or_insert_with(|| reason.clone());
        }
    }

    /// The last word, from how the work ended.
    pub(super) fn ending(&self, result: Result<(), Reason>) -> Ending {
        let Tally { verified, unchecked, failed, bytes, first_failure } = &self.tally;
        let (outcome, reason) = match result {
            Err(reason) => (outcome_of(&reason, self.accepted_at.is_some()), Some(reason)),
            Ok(()) if *failed == 0 && *unchecked > 0 => (Outcome::Unchecked, None),
            Ok(()) if *failed == 0 => (Outcome::Verified, None),
            Ok(()) if verified + unchecked > 0 => (Outcome::Partial, first_failure.clone()),
            Ok(()) => (Outcome::Failed, first_failure.clone()),
        };
        let took = self.accepted_at.map_or(Duration::ZERO, |start| start.elapsed());
        Ending { outcome, reason, files: verified + unchecked, bytes: *bytes, took }
    }

    /// Bytes of the files that arrived.
    pub(super) fn tally_bytes(&self) -> u64 {
        self.tally.bytes
    }

    /// Counts what is wanted.
    pub(super) fn select(&mut self, selection: &Selection) {
        let manifest = &self.snapshot.manifest;
        self.snapshot.total = selected_bytes(manifest, selection);
        let wanted = (0..).zip(&manifest.entries).filter(|(i, entry)| entry.is_file() && selection.holds(*i));
        self.snapshot.files = wanted.count() as u64;
    }

    /// An offer that was not taken leaves its counts and the beginning of its list: strangers may come many times.
    pub(super) fn forget_the_list(&mut self) {
        self.snapshot.manifest = Arc::new(self.snapshot.manifest.beginning(KEPT_ENTRIES));
        self.share = None;
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.snapshot.stage == Stage::Waiting && self.acceptance.is_none()
    }
}

fn outcome_of(reason: &Reason, accepted: bool) -> Outcome {
    match reason.code {
        ReasonCode::Cancelled => Outcome::Cancelled,
        ReasonCode::Declined | ReasonCode::Busy | ReasonCode::NoAnswer | ReasonCode::Blocked if !accepted => {
            Outcome::Declined
        }
        _ => Outcome::Failed,
    }
}
