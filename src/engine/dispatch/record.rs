//! What dispatch knows of one transfer, and how its end is judged.

use std::{
    collections::HashMap,
    net::IpAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::Sender;

use crate::{
    engine::{
        cancel::CancelFlag,
        door::memory::Share,
        lanes::selected_bytes,
        link::Joined,
        messages::{Acceptance, SendRequest},
        note::{Life, Session},
    },
    model::{
        manifest::Selection,
        outcome::{Ending, FileEnd, FileState, Outcome},
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
        transfer::{Direction, Stage, TransferSnapshot},
    },
    storage::{agreement::Terms, sources::Outgoing},
};

use super::{going::Going, history::Kept, trust::now};

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
    /// Nobody: it waits for its turn, for a device, or for another connection.
    Nobody,
}

/// One transfer that has not ended.
pub(super) struct Record {
    pub(super) snapshot: TransferSnapshot,
    pub(super) hands: Hands,
    pub(super) cancel: CancelFlag,
    /// The present stretch of work.
    pub(super) life: Life,
    /// What is known of its going on, pausing and waiting.
    pub(super) going: Going,
    /// Of its list of entries, as offered.
    pub(super) digest: [u8; 32],
    pub(super) session: Session,
    /// Outgoing: what was asked for, and the list once it is complete.
    pub(super) request: Option<SendRequest>,
    pub(super) outgoing: Option<Arc<Outgoing>>,
    /// Incoming: the person's answer.
    pub(super) acceptance: Option<Acceptance>,
    /// Incoming: the window knows of the offer.
    pub(super) announced: bool,
    /// Incoming: where its lane takes further connections from.
    pub(super) joining: Option<Sender<Joined>>,
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
    /// It came to the end of its list.
    pub(super) ended_in_order: bool,
    pub(super) accepted_at: Option<Instant>,
    pub(super) tally: Tally,
    /// How each entry has ended, as far as it has.
    states: HashMap<u32, FileState>,
    /// Outgoing: receipts that have come, for the next connection.
    pub(super) receipts: HashMap<u32, Md5Digest>,
    /// For the history.
    pub(super) kept: Kept,
}

/// Ends of entries, counted.
#[derive(Default)]
pub(super) struct Tally {
    verified: u64,
    unchecked: u64,
    failed: u64,
    /// Of these, such as may fare better at another try.
    curable: u64,
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
            life: 0,
            going: Going::default(),
            digest: [0; 32],
            session,
            request: None,
            outgoing: None,
            acceptance: None,
            announced: false,
            joining: None,
            from: None,
            into: None,
            ration: None,
            card_at: None,
            share: None,
            expires: None,
            forced_end: None,
            ended_in_order: false,
            accepted_at: None,
            tally: Tally::default(),
            states: HashMap::new(),
            receipts: HashMap::new(),
            kept: Kept::default(),
        }
    }

    /// Counts the end of one entry; false when that is no news.
    pub(super) fn file_ended(&mut self, end: &FileEnd) -> bool {
        if let Some(before) = self.states.insert(end.index, end.state) {
            // What stands is not lost any more, whatever a later connection says of it.
            self.states.insert(end.index, before);
            return false;
        }
        if end.state == FileState::Verified
            && self.snapshot.key.direction == Direction::Outgoing
            && let Some(md5) = end.md5
        {
            self.receipts.insert(end.index, md5);
        }
        self.count(end);
        true
    }

    /// Forgets how those ended that failed: they are tried again.
    pub(super) fn forget_failures(&mut self) {
        let failed = |state: &FileState| matches!(state, FileState::Failed | FileState::Mismatch);
        let entries = &self.snapshot.manifest.entries;
        let files = self.states.iter().filter(|(index, state)| {
            failed(state) && entries.get(**index as usize).is_some_and(crate::model::manifest::Entry::is_file)
        });
        self.snapshot.files_ended = self.snapshot.files_ended.saturating_sub(files.count() as u64);
        self.states.retain(|_, state| !failed(state));
        (self.tally.failed, self.tally.curable, self.tally.first_failure) = (0, 0, None);
        self.snapshot.retryable = false;
    }

    /// Whether files failed that may fare better at another try.
    pub(super) fn is_curable(&self) -> bool {
        self.tally.curable > 0
    }

    fn count(&mut self, end: &FileEnd) {
        let entry = self.snapshot.manifest.entries.get(end.index as usize);
        self.kept.note(entry, end);
        let (is_file, size) = entry.map_or((false, 0), |entry| (entry.is_file(), entry.size()));
        let tally = &mut self.tally;
        match end.state {
            FileState::Failed | FileState::Mismatch => {
                tally.failed += 1;
                // A source that is another now cannot be sent under the old list.
                let is_other = end.reason.as_ref().is_some_and(|reason| reason.code == ReasonCode::Changed);
                tally.curable += u64::from(!is_other);
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
        self.tally.failed += 1;
        self.tally.first_failure.get_or_insert_with(|| reason.clone());
    }

    /// The last word, from how the work ended.
    pub(super) fn ending(&self, result: Result<(), Reason>) -> Ending {
        let Tally { verified, unchecked, failed, bytes, first_failure, .. } = &self.tally;
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

    /// Those of them that were there before this run of the program, or before the transfer.
    pub(super) fn kept_bytes(&self) -> u64 {
        // What came over an earlier connection need not come over the last one, but it did move.
        self.snapshot.kept.saturating_sub(self.going.moved_before).min(self.tally.bytes)
    }

    /// Incoming: what was agreed.
    pub(super) fn terms(&self) -> Option<Terms> {
        let Acceptance { folder, selection, conflict } = self.acceptance.clone()?;
        Some(Terms {
            id: self.snapshot.key.id,
            peer: self.snapshot.peer.clone(),
            digest: self.digest,
            manifest: Arc::clone(&self.snapshot.manifest),
            message: self.snapshot.message.clone(),
            folder,
            selection,
            conflict,
            accepted_at: now(),
        })
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

    /// A text without files. Of something to be sent that is known once it is listed.
    pub(super) fn is_message(&self) -> bool {
        let listed = self.snapshot.key.direction == Direction::Incoming || self.outgoing.is_some();
        listed && self.snapshot.manifest.entries.is_empty()
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
