//! How a transfer stands and what it came to, in words.

use std::time::{Duration, Instant};

use super::{
    Word,
    catalogue::say,
    figures::{fit, percent, size},
    pauses,
    reasons::explain,
    sentences::and_then,
};
use crate::model::{
    outcome::{Ending, Outcome},
    reason::{Reason, ReasonCode},
    transfer::{Direction, QueuedFor, Stage, TransferSnapshot},
};

/// Characters of a file's name in a sentence about it.
const MOST_OF_FILE: usize = 60;

/// From this time on a wait is told in minutes.
const IN_MINUTES_FROM: u64 = 91;

/// `Sending to Anna’s laptop` / `Receiving from ...`; of what does not move only to whom and from whom.
pub fn direction(direction: Direction, still: bool, peer: &str) -> String {
    match (direction, still) {
        (Direction::Incoming, false) => say!("way-receiving", peer),
        (Direction::Incoming, true) => say!("way-incoming", peer),
        (Direction::Outgoing, false) => say!("way-sending", peer),
        (Direction::Outgoing, true) => say!("way-outgoing", peer),
    }
}

/// What a screen reader calls a row: what it is, and where it goes or comes from.
pub fn row(title: &str, way: &str) -> String {
    say!("row", title, way)
}

/// The sentence of a stage as it is at `now`. `Moving` has figures instead, so it is empty.
pub fn stage(snapshot: &TransferSnapshot, now: Instant) -> String {
    let (peer, direction) = (&snapshot.peer.name, snapshot.key.direction);
    match &snapshot.stage {
        Stage::Listing { found } => say!("listing", items = *found),
        Stage::Resolving => say!("resolving", peer),
        Stage::Connecting => say!("connecting", peer),
        Stage::Requesting => say!("requesting", peer),
        Stage::Offering => say!("offering", peer),
        Stage::Queued(QueuedFor::Busy { next_try }) => {
            let left = next_try.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
            and_then(&say!("waits-while-busy", peer), &trying_again(left))
        }
        Stage::Queued(QueuedFor::Device) => say!("waits-for-device", peer),
        Stage::Queued(QueuedFor::Turn) => turn(snapshot.place),
        Stage::Hashing { done, total } => say!("hashing", done = size(*done), total = size(*total)),
        Stage::Checking { done, total } => checking_prefix(*done, *total),
        Stage::Paused(pause) => pauses::paused(pause),
        Stage::Reconnecting { .. } if snapshot.is_all_here() => say!("waits-to-tell", peer),
        Stage::Reconnecting { reason, next_try } => {
            reconnecting(reason, next_try.map(|at| at.saturating_duration_since(now)), direction, peer)
        }
        Stage::Interrupted if snapshot.is_all_here() => say!("interrupted-all-here"),
        Stage::Interrupted => say!("interrupted-stage"),
        Stage::Waiting if direction == Direction::Outgoing => say!("waits-to-accept", peer),
        Stage::Waiting => say!("waits-to-start", peer),
        Stage::Finishing if direction == Direction::Outgoing => say!("finishing-there", peer),
        Stage::Finishing => say!("finishing-here"),
        Stage::Cancelling => Word::Cancelling.text().to_owned(),
        Stage::Moving | Stage::Ended(_) => String::new(),
    }
}

fn turn(place: Option<usize>) -> String {
    match place {
        None => say!("turn-unknown"),
        Some(0) => say!("turn-next"),
        Some(before) => say!("turn-after", before),
    }
}

/// Both sides hash what they have before the rest goes on.
fn checking_prefix(done: u64, total: u64) -> String {
    // Nothing known yet is no whole.
    let percent = if total == 0 { 0 } else { percent(done, total) };
    say!("checking-what-is-there", percent = u64::from(percent), done = size(done), total = size(total))
}

fn reconnecting(reason: &Reason, left: Option<Duration>, direction: Direction, peer: &str) -> String {
    let then = match (left, direction) {
        (None, Direction::Incoming) => say!("waits-for-peer", peer),
        (left, _) => trying_again(left.unwrap_or_default()),
    };
    and_then(&explain(reason).0, &then)
}

fn trying_again(left: Duration) -> String {
    if left.is_zero() { say!("trying-again-now") } else { trying_again_in(left) }
}

/// Whole seconds, so that the last one shown is `1 s`.
fn trying_again_in(left: Duration) -> String {
    match left.as_secs() + u64::from(left.subsec_nanos() > 0) {
        seconds @ ..IN_MINUTES_FROM => say!("trying-again-in-seconds", seconds),
        seconds => say!("trying-again-in-minutes", minutes = seconds.div_ceil(60)),
    }
}

/// `1.2 GB of 3.4 GB`, with the files when there are several.
pub fn moved(moved: u64, total: u64, files_ended: u64, files: u64) -> String {
    let (moved, total) = (size(moved), size(total));
    if files > 1 {
        return say!("moved-with-files", moved, total, ended = files_ended, files);
    }
    say!("moved", moved, total)
}

/// What ends the wait for `peer` when nothing more has to come, and what that does.
pub fn finish(peer: &str) -> (String, String) {
    (say!("finish"), say!("finish-tip", peer))
}

/// Files that had to begin anew: the first by name, and how many more.
pub fn started_again(first: &str, more: usize) -> String {
    let file = fit(first, MOST_OF_FILE);
    if more == 0 { say!("file-began-anew", file) } else { say!("files-began-anew", file, more) }
}

/// What *Retry* sends, where it sends only what failed.
pub fn retry_failed(files: u64, direction: Direction) -> String {
    match direction {
        Direction::Incoming => say!("retry-asks", files),
        Direction::Outgoing => say!("retry-sends", files),
    }
}

/// What *Discard* removes, asked before it does.
pub fn discard_question(direction: Direction, moved: u64, files_ended: u64) -> String {
    let side = match direction {
        Direction::Incoming => "here",
        Direction::Outgoing => "there",
    };
    if moved == 0 { say!("discard-nothing") } else { say!("discard-some", side, files = files_ended) }
}

/// How a transfer ended, in a few words.
pub fn outcome(ending: &Ending, direction: Direction, files: u64) -> String {
    // Nobody knows what the other device says.
    let is_untold = ending.reason.as_ref().is_some_and(|reason| reason.code == ReasonCode::Untold);
    let word = match (ending.outcome, direction) {
        (Outcome::Verified, _) if is_untold && ending.files > 1 => {
            return say!("all-here-verified", files = ending.files);
        }
        (Outcome::Verified, _) if is_untold && ending.files == 1 => return say!("one-here-verified"),
        // What was not wanted is not among them.
        (Outcome::Verified, _) if ending.files > 1 => return say!("all-verified", files = ending.files),
        (Outcome::Verified, _) if ending.files == 0 => Word::OutcomeComplete,
        (Outcome::Verified, _) => return say!("one-verified"),
        (Outcome::Unchecked, Direction::Outgoing) => Word::StateHandedOver,
        (Outcome::Unchecked, Direction::Incoming) => return say!("received-unchecked"),
        (Outcome::Partial, _) if ending.files >= files => return say!("all-arrived-but", files),
        (Outcome::Partial, _) => return say!("some-arrived", some = ending.files, files),
        (Outcome::Declined, _) => Word::OutcomeDeclined,
        (Outcome::Cancelled, _) => Word::OutcomeCancelled,
        (Outcome::Interrupted, _) => Word::Interrupted,
        (Outcome::Failed, _) => Word::StateFailed,
    };
    word.text().to_owned()
}

/// How many files ended in one of the lesser ways.
pub fn tally(number: u64, state: Word) -> String {
    say!("tally", state = state.text(), files = number)
}

/// The question when something is not over: so many transfers, `lost` of them in the plain protocol, and offers.
pub fn close_question(transfers: usize, lost: usize, offers: usize) -> String {
    let later = match (transfers - lost.min(transfers), lost) {
        (0, _) => "none",
        (1, 0) if transfers == 1 => "one",
        (_, 0) => "all",
        (_, _) => "some",
    };
    match (transfers, offers) {
        // It ended while the question stood there.
        (0, 0) => say!("close-nothing"),
        (0, _) => say!("close-offers", offers),
        (_, 0) => say!("close-transfers", transfers, later),
        _ => say!("close-both", transfers, later, offers),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_countdown_ends_with_one_second_and_never_says_zero() {
        let lost = Reason::bare(ReasonCode::ConnectionLost);
        let told = |millis: u64| reconnecting(&lost, Some(Duration::from_millis(millis)), Direction::Outgoing, "Anna");
        for (millis, then) in [
            (8000, "Trying again in 8 s"),
            (7001, "Trying again in 8 s"),
            (1, "Trying again in 1 s"),
            (0, "Trying again now…"),
            (90_000, "Trying again in 90 s"),
            (90_001, "Trying again in 2 min"),
        ] {
            assert_eq!(told(millis), format!("The connection was lost. {then}"));
        }
    }

    #[test]
    fn who_is_busy_is_asked_again() {
        use crate::model::{
            device::Peer,
            transfer::{TransferId, TransferKey},
        };
        let now = Instant::now();
        let key = TransferKey { id: TransferId([1; 16]), direction: Direction::Outgoing };
        let told = |next_try| {
            let queued = Stage::Queued(QueuedFor::Busy { next_try });
            stage(&TransferSnapshot::new(key, Peer::at("Anna".to_owned(), false), queued, None), now)
        };
        assert_eq!(told(Some(now + Duration::from_secs(5))), "Anna is busy. Trying again in 5 s");
        assert_eq!(told(Some(now)), "Anna is busy. Trying again now…");
    }

    #[test]
    fn what_is_all_here_does_not_speak_for_the_other_device() {
        use crate::model::{
            device::Peer,
            transfer::{TransferId, TransferKey},
        };
        let told = |files, reason: Option<ReasonCode>| {
            let (outcome, bytes, took) = (Outcome::Verified, 1, Duration::ZERO);
            let ending = Ending { outcome, reason: reason.map(Reason::bare), files, bytes, took };
            super::outcome(&ending, Direction::Incoming, files)
        };
        assert_eq!(told(2, Some(ReasonCode::Untold)), "All 2 files are here and verified");
        assert_eq!(told(1, Some(ReasonCode::Untold)), "Here and verified");
        assert_eq!(told(2, None), "All 2 files verified on both devices");
        let key = TransferKey { id: TransferId([1; 16]), direction: Direction::Incoming };
        let mut snapshot = TransferSnapshot::new(key, Peer::at("Anna".to_owned(), false), Stage::Interrupted, None);
        (snapshot.files, snapshot.files_ended, snapshot.total) = (2, 1, 9);
        assert!(stage(&snapshot, Instant::now()).contains("before all was there"));
        (snapshot.moved, snapshot.files_ended) = (9, 2);
        assert!(stage(&snapshot, Instant::now()).contains("everything is here"));
        snapshot.stage = Stage::Reconnecting { reason: Reason::bare(ReasonCode::ConnectionLost), next_try: None };
        assert!(stage(&snapshot, Instant::now()).contains("to come back and hear so"));
        snapshot.files_ended = 1;
        assert!(stage(&snapshot, Instant::now()).ends_with("Waiting for Anna to come back"));
    }

    #[test]
    fn who_does_not_dial_says_whom_it_waits_for() {
        let lost = Reason::bare(ReasonCode::Timeout);
        let told = reconnecting(&lost, None, Direction::Incoming, "Anna");
        assert_eq!(told, "This device did not hear from the other device in time. Waiting for Anna to come back");
    }

    #[test]
    fn what_closing_means_depends_on_what_runs() {
        for (question, told) in [
            (close_question(1, 0, 0), "1 transfer is not finished. It stops and can be resumed later."),
            (close_question(2, 0, 0), "2 transfers are not finished. They stop and can be resumed later."),
            (
                close_question(3, 1, 0),
                "3 transfers are not finished. They stop and can be resumed later, but not those over the plain protocol.",
            ),
            (
                close_question(1, 1, 0),
                "1 transfer is not finished. Closing ends what runs over the plain protocol for good.",
            ),
            (close_question(0, 0, 1), "1 offer waits for your answer. Closing declines."),
            (
                close_question(1, 0, 2),
                "1 transfer is not finished. It stops and can be resumed later. 2 offers wait for your answer: closing declines.",
            ),
        ] {
            assert_eq!(question, told);
        }
    }
}
