//! What dispatch knows of one transfer, and how its end is judged.

use std::{
    net::IpAddr,
    ops::Range,
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
        by_index::ByIndex,
        manifest::{Entry, Selection},
        outcome::{Ending, FileEnd, FileState, Outcome},
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
        transfer::{Direction, Stage, TransferSnapshot},
    },
    storage::{agreement::Terms, outgoing_file::Missed, sources::Outgoing},
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
    /// Outgoing: it was offered once more, as the receiver had forgotten that it had taken it.
    pub(super) begun_anew: bool,
    /// Incoming: whether both sides know how it has ended.
    pub(super) end: KnownEnd,
    /// It came to the end of its list.
    pub(super) ended_in_order: bool,
    pub(super) accepted_at: Option<Instant>,
    pub(super) tally: Tally,
    /// What was asked for and is not even on the list; no retry brings it.
    pub(super) missed: Missed,
    /// How each entry has ended, as far as it has.
    pub(super) ended: ByIndex<Ended>,
    /// Outgoing: receipts that have come, for the next connection.
    pub(super) receipts: ByIndex<Md5Digest>,
    /// For the history.
    pub(super) kept: Kept,
}

/// Whether both sides know how a transfer has ended: nothing can change that then, and what is left is between this side and its disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KnownEnd {
    No,
    Yes,
    /// As it was known already when an earlier run was killed, or when the other side forgot it.
    Before,
    /// Incoming: all is here, and the other side is gone and may not have heard so.
    Untold,
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
    /// Which entry failed first, and why.
    first_failure: Option<(u32, Reason)>,
}

/// How one entry has ended.
#[derive(Clone, Copy)]
pub(super) struct Ended {
    state: FileState,
    /// It failed, and may fare better at another try.
    is_curable: bool,
}

impl Ended {
    fn of(end: &FileEnd) -> Self {
        // A source that is another now cannot be sent under the old list.
        let is_other = end.reason.as_ref().is_some_and(|reason| reason.code == ReasonCode::Changed);
        Self { state: end.state, is_curable: is_failure(end.state) && !is_other }
    }
}

fn is_failure(state: FileState) -> bool {
    matches!(state, FileState::Failed | FileState::Mismatch)
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
            begun_anew: false,
            end: KnownEnd::No,
            ended_in_order: false,
            accepted_at: None,
            tally: Tally::default(),
            missed: Missed::default(),
            ended: ByIndex::default(),
            receipts: ByIndex::default(),
            kept: Kept::default(),
        }
    }

    /// Counts the end of one entry; false when that is no news.
    pub(super) fn file_ended(&mut self, end: &FileEnd) -> bool {
        if let Some(before) = self.ended.get(end.index) {
            // What stands is not lost any more, whatever a later connection says of it. What failed may come over one: the other
            // side tries again when the connection ends before it has heard of that.
            let arrived = matches!(end.state, FileState::Verified | FileState::Unchecked);
            if !arrived || !is_failure(before.state) {
                return false;
            }
            self.forget_failure(end.index, before);
        }
        self.ended.insert(end.index, Ended::of(end));
        if end.state == FileState::Verified
            && self.snapshot.key.direction == Direction::Outgoing
            && let Some(md5) = end.md5
        {
            self.receipts.insert(end.index, md5);
        }
        self.count(end);
        true
    }

    /// An entry that failed has arrived after all.
    fn forget_failure(&mut self, index: u32, before: Ended) {
        let entry = self.snapshot.manifest.entries.get(index as usize);
        self.kept.forget(entry);
        self.snapshot.files_ended -= u64::from(entry.is_some_and(Entry::is_file));
        self.tally.failed -= 1;
        self.tally.curable -= u64::from(before.is_curable);
        self.tally.first_failure.take_if(|(first, _)| *first == index);
    }

    /// A file that had arrived is gone or another one now: it comes again, and ends once more.
    pub(super) fn forget_arrival(&mut self, index: u32) {
        let entry = self.snapshot.manifest.entries.get(index as usize).filter(|entry| entry.is_file());
        if self.ended.get(index).is_none_or(|ended| ended.state != FileState::Verified) {
            return;
        }
        self.ended.remove(index);
        self.receipts.remove(index);
        self.kept.forget(entry);
        self.snapshot.files_ended -= u64::from(entry.is_some());
        self.tally.verified -= u64::from(entry.is_some());
        self.tally.bytes -= entry.map_or(0, Entry::size);
    }

    /// Forgets how those ended that failed: they are tried again.
    pub(super) fn forget_failures(&mut self) {
        let entries = &self.snapshot.manifest.entries;
        let files = self.ended.iter().filter(|(index, ended)| {
            is_failure(ended.state) && entries.get(*index as usize).is_some_and(Entry::is_file)
        });
        self.snapshot.files_ended = self.snapshot.files_ended.saturating_sub(files.count() as u64);
        self.ended.retain(|_index, ended| !is_failure(ended.state));
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
                tally.curable += u64::from(Ended::of(end).is_curable);
                if tally.first_failure.is_none() {
                    tally.first_failure = end.reason.clone().map(|reason| (end.index, reason));
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
        self.missed.count += 1;
        self.missed.reason.get_or_insert_with(|| reason.clone());
    }

    /// How much was asked for and has not arrived, and will not over this connection.
    pub(super) fn failed(&self) -> u64 {
        self.tally.failed + self.missed.count
    }

    /// The last word, from how the work ended.
    pub(super) fn ending(&self, result: Result<(), Reason>) -> Ending {
        let Tally { verified, unchecked, bytes, first_failure, .. } = &self.tally;
        let lost = self.failed();
        let (outcome, reason) = match result {
            Err(reason) => (outcome_of(&reason, self.accepted_at.is_some()), Some(reason)),
            Ok(()) if lost == 0 && *unchecked > 0 => (Outcome::Unchecked, None),
            Ok(()) if lost == 0 => {
                let is_untold = self.end == KnownEnd::Untold;
                (Outcome::Verified, is_untold.then(|| Reason::bare(ReasonCode::Untold)))
            }
            Ok(()) => {
                let outcome = if verified + unchecked > 0 { Outcome::Partial } else { Outcome::Failed };
                let failure = first_failure.as_ref().map(|(_, reason)| reason);
                (outcome, self.missed.reason.as_ref().or(failure).cloned())
            }
        };
        // A wait for a sender that is gone is none of its time.
        let over = self.going.alone_since.filter(|_| self.end == KnownEnd::Untold).unwrap_or_else(Instant::now);
        let took = self.accepted_at.map_or(Duration::ZERO, |start| over.saturating_duration_since(start));
        Ending { outcome, reason, files: verified + unchecked, bytes: *bytes, took }
    }

    pub(super) fn entries(&self) -> Range<u32> {
        0..u32::try_from(self.snapshot.manifest.entries.len()).unwrap_or(u32::MAX)
    }

    /// Bytes of the files that arrived.
    pub(super) fn tally_bytes(&self) -> u64 {
        self.tally.bytes
    }

    /// Those of them that were there before this run of the program, or before the transfer.
    pub(super) fn kept_bytes(&self) -> u64 {
        // What came over an earlier connection need not come over the last one, but it did move.
        let kept = self.going.kept.unwrap_or(self.snapshot.kept);
        kept.saturating_sub(self.going.moved_before).min(self.tally.bytes)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        device::Peer,
        manifest::{EntryKind, Manifest},
        transfer::{TransferId, TransferKey},
    };

    fn end(index: u32, state: FileState) -> FileEnd {
        let reason = is_failure(state).then(|| Reason::bare(ReasonCode::Io));
        FileEnd { index, state, md5: None, place: None, reason }
    }

    #[test]
    fn what_failed_over_one_connection_counts_no_more_when_it_came_over_the_next() {
        let file =
            |name: &str| Entry { path: [name].into(), kind: EntryKind::File { size: 5 }, mtime: None, exec: false };
        let key = TransferKey { id: TransferId([1; 16]), direction: Direction::Incoming };
        let mut snapshot = TransferSnapshot::new(key, Peer::at(String::new(), false), Stage::Moving, None);
        snapshot.manifest = Arc::new(Manifest::from_entries(vec![file("a"), file("b")]).unwrap());
        let mut record = Record::new(snapshot, Hands::Lane, Session::Sealed);
        let mut says = |index, state, files_ended, outcome| {
            let is_news = record.file_ended(&end(index, state));
            let Ending { outcome: found, bytes, .. } = record.ending(Ok(()));
            assert_eq!((found, record.snapshot.files_ended), (outcome, files_ended), "{index} {state:?}");
            (is_news, bytes)
        };
        assert_eq!(says(0, FileState::Mismatch, 1, Outcome::Failed), (true, 0));
        assert_eq!(says(0, FileState::Failed, 1, Outcome::Failed), (false, 0));
        assert_eq!(says(1, FileState::Verified, 2, Outcome::Partial), (true, 5));
        assert_eq!(says(0, FileState::Verified, 2, Outcome::Verified), (true, 10));
        assert_eq!(says(0, FileState::Failed, 2, Outcome::Verified), (false, 10), "it stands");
        assert!(!record.is_curable());
        assert_eq!(record.kept.states(), [FileState::Verified; 2]);
        record.left_out(&Reason::bare(ReasonCode::BadPath));
        record.forget_failures();
        let Ending { outcome, reason, .. } = record.ending(Ok(()));
        let code = reason.map(|reason| reason.code);
        assert_eq!(
            (outcome, code),
            (Outcome::Partial, Some(ReasonCode::BadPath)),
            "no retry brings what is not on the list"
        );
    }
}
