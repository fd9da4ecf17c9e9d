//! How a transfer stands and what it came to, in words.

use std::time::{Duration, Instant};

use super::{
    Word,
    figures::{count, fit, grouped, percent, size},
    pauses,
    reasons::explain,
};
use crate::model::{
    outcome::{Ending, Outcome},
    reason::Reason,
    transfer::{Direction, QueuedFor, Stage, TransferSnapshot},
};

/// Characters of a file's name in a sentence about it.
const MOST_OF_FILE: usize = 60;

/// From this time on a wait is told in minutes.
const IN_MINUTES_FROM: u64 = 91;

/// `Sending to Anna’s laptop` / `Receiving from ...`; of what does not move only to whom and from whom.
pub fn direction(direction: Direction, still: bool, peer: &str) -> String {
    match (direction, still) {
        (Direction::Incoming, false) => format!("Receiving from {peer}"),
        (Direction::Incoming, true) => format!("From {peer}"),
        (Direction::Outgoing, false) => format!("Sending to {peer}"),
        (Direction::Outgoing, true) => format!("To {peer}"),
    }
}

/// The sentence of a stage as it is at `now`. `Moving` has figures instead, so it is empty.
pub fn stage(snapshot: &TransferSnapshot, now: Instant) -> String {
    let (peer, direction) = (&snapshot.peer.name, snapshot.key.direction);
    match &snapshot.stage {
        Stage::Listing { found } => format!("Listing… {} so far", count(*found, "item", "items")),
        Stage::Resolving => format!("Looking up {peer}…"),
        Stage::Connecting => format!("Connecting to {peer}…"),
        Stage::Offering => format!("Offering to {peer}…"),
        Stage::Queued(QueuedFor::Device) => {
            format!("{peer} is not there now. It is sent as soon as the device is there")
        }
        Stage::Queued(QueuedFor::Turn) => turn(snapshot.place),
        Stage::Hashing { done, total } => {
            format!("Making the checksum first… {} of {}", size(*done), size(*total))
        }
        Stage::Checking { done, total } => checking_prefix(*done, *total),
        Stage::Paused(pause) => pauses::paused(pause),
        Stage::Reconnecting { reason, next_try } => {
            reconnecting(reason, next_try.map(|at| at.saturating_duration_since(now)), direction, peer)
        }
        Stage::Interrupted => {
            "Interrupted: Sealdrop was closed before all was there. Resume goes on from here".to_owned()
        }
        Stage::Waiting if direction == Direction::Outgoing => format!("Waiting for {peer} to accept"),
        Stage::Waiting => format!("Waiting for {peer} to start"),
        Stage::Finishing if direction == Direction::Outgoing => format!("Finishing: waiting for {peer} to confirm"),
        Stage::Finishing => "Finishing: putting everything in its place".to_owned(),
        Stage::Cancelling => "Cancelling…".to_owned(),
        Stage::Moving | Stage::Ended(_) => String::new(),
    }
}

fn turn(place: Option<usize>) -> String {
    match place {
        None => "Waiting for its turn".to_owned(),
        Some(0) => "Waiting for its turn: it is next".to_owned(),
        Some(before) => format!("Waiting for its turn: {} before it", count(before as u64, "transfer", "transfers")),
    }
}

/// Both sides hash what they have before the rest goes on.
fn checking_prefix(done: u64, total: u64) -> String {
    // Nothing known yet is no whole.
    let part = if total == 0 { 0 } else { percent(done, total) };
    format!("Checking what is there already: {part} %, {} of {}", size(done), size(total))
}

fn reconnecting(reason: &Reason, left: Option<Duration>, direction: Direction, peer: &str) -> String {
    let then = match (left, direction) {
        (Some(left), _) if !left.is_zero() => format!("Trying again in {}", wait(left)),
        (None, Direction::Incoming) => format!("Waiting for {peer} to come back"),
        _ => "Trying again now…".to_owned(),
    };
    format!("{}. {then}", explain(reason).0)
}

/// Whole seconds, so that the last one shown is `1 s`.
fn wait(left: Duration) -> String {
    match left.as_secs() + u64::from(left.subsec_nanos() > 0) {
        seconds @ ..IN_MINUTES_FROM => format!("{seconds} s"),
        seconds => format!("{} min", seconds.div_ceil(60)),
    }
}

/// `1.2 GB of 3.4 GB`, with the files when there are several.
pub fn moved(moved: u64, total: u64, files_ended: u64, files: u64) -> String {
    let bytes = format!("{} of {}", size(moved), size(total));
    if files > 1 { format!("{bytes}, {} of {}", grouped(files_ended), count(files, "file", "files")) } else { bytes }
}

/// Files that had to begin anew: the first by name, and how many more.
pub fn started_again(first: &str, more: usize) -> String {
    let first = fit(first, MOST_OF_FILE);
    match more {
        0 => format!("{first} began anew: {}", Word::BeganAnewWhy.text()),
        more => format!("{first} and {more} more began anew: {}", Word::BeganAnewWhy.text()),
    }
}

/// What *Retry* sends, where it sends only what failed.
pub fn retry_failed(files: u64, direction: Direction) -> String {
    let them = count(files, "file that failed", "files that failed");
    match direction {
        Direction::Incoming => format!("Asks for the {them}"),
        Direction::Outgoing => format!("Sends the {them}"),
    }
}

/// What *Discard* removes, asked before it does.
pub fn discard_question(direction: Direction, moved: u64, files_ended: u64) -> String {
    let place = match direction {
        Direction::Incoming => "",
        Direction::Outgoing => " on the other device",
    };
    let kept = match files_ended {
        0 => String::new(),
        1 => "; the file that is there in full stays".to_owned(),
        files => format!("; the {} that are there in full stay", count(files, "file", "files")),
    };
    let removed = match moved {
        0 => "Nothing has arrived yet".to_owned(),
        _ => format!("What has arrived of unfinished files is removed{place}{kept}"),
    };
    format!("This transfer will not go on. {removed}")
}

/// How a transfer ended, in a few words.
pub fn outcome(ending: &Ending, direction: Direction, files: u64) -> String {
    let of = count(files, "file", "files");
    match (ending.outcome, direction) {
        // What was not wanted is not among them.
        (Outcome::Verified, _) if ending.files > 1 => {
            format!("All {} verified on both devices", count(ending.files, "file", "files"))
        }
        (Outcome::Verified, _) if ending.files == 0 => "Complete".to_owned(),
        (Outcome::Verified, _) => "Verified on both devices".to_owned(),
        (Outcome::Unchecked, Direction::Outgoing) => "Handed over, not confirmed".to_owned(),
        (Outcome::Unchecked, Direction::Incoming) => "Received, no checksum to compare with".to_owned(),
        (Outcome::Partial, _) if ending.files >= files => format!("All {of} arrived, something else was left out"),
        (Outcome::Partial, _) => format!("{} of {of} arrived", grouped(ending.files)),
        (Outcome::Declined, _) => "Declined".to_owned(),
        (Outcome::Cancelled, _) => "Cancelled".to_owned(),
        (Outcome::Interrupted, _) => "Interrupted".to_owned(),
        (Outcome::Failed, _) => "Failed".to_owned(),
    }
}

/// How many files ended in one of the lesser ways.
pub fn tally(number: u64, state: Word) -> String {
    format!("{}: {}", state.text(), count(number, "file", "files"))
}

/// The question when something is not over: so many transfers, `lost` of them in the plain protocol, and offers.
pub fn close_question(transfers: usize, lost: usize, offers: usize) -> String {
    let unfinished = count(transfers as u64, "transfer is not finished", "transfers are not finished");
    let offers_waiting = count(offers as u64, "offer waits for your answer", "offers wait for your answer");
    let later = match (transfers - lost.min(transfers), lost) {
        (0, _) => "Closing ends what runs over the plain protocol for good",
        (1, 0) if transfers == 1 => "It stops and can be resumed later",
        (_, 0) => "They stop and can be resumed later",
        (_, _) => "They stop and can be resumed later, but not those over the plain protocol",
    };
    match (transfers, offers) {
        // It ended while the question stood there.
        (0, 0) => "Nothing is running any more.".to_owned(),
        (0, _) => format!("{offers_waiting}. Closing declines."),
        (_, 0) => format!("{unfinished}. {later}."),
        _ => format!("{unfinished}. {later}. {offers_waiting}: closing declines."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reason::ReasonCode;

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
