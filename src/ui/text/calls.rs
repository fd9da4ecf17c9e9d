//! The texts of notifications. What they quote is cut: there is little room, and it may stand on a locked screen.

use super::{
    catalogue::say,
    figures::{fit, size},
    messages::message_title,
    reasons::explain,
    sentences::{and_more, name},
};
use crate::model::{
    outcome::{Ending, Outcome},
    transfer::{Direction, TransferSnapshot},
};

/// Characters of what is quoted.
const MOST: usize = 120;

/// What a verified device offers: its message, or the first name and how much it is.
pub fn call_of_offer(snapshot: &TransferSnapshot) -> String {
    let manifest = &snapshot.manifest;
    let tops: Vec<&str> = manifest.entries.iter().filter_map(|entry| entry.path.first()).collect();
    match (tops.first(), &snapshot.message) {
        (None, Some(message)) => fit(&message_title(message), MOST),
        (None, None) => String::new(),
        (Some(first), _) => {
            let others = tops.iter().collect::<std::collections::HashSet<_>>().len() - 1;
            let what = fit(&and_more(first, others), MOST);
            say!("call-of-offer", what, size = size(manifest.bytes))
        }
    }
}

/// Several wait.
pub fn call_of_many(number: usize) -> String {
    say!("call-of-many", number)
}

/// One transfer has ended: title and text.
pub fn call_of_end(direction: Direction, device: &str, what: &str, ending: &Ending) -> (String, String) {
    let device = fit(device, MOST);
    let title = match (ending.outcome, direction) {
        (Outcome::Verified | Outcome::Unchecked, Direction::Incoming) => say!("call-received", device),
        (Outcome::Verified | Outcome::Unchecked, Direction::Outgoing) => say!("call-sent", device),
        (Outcome::Partial, Direction::Incoming) => say!("call-received-in-part", device),
        (Outcome::Partial, Direction::Outgoing) => say!("call-sent-in-part", device),
        (_, Direction::Incoming) => say!("call-not-received", device),
        (_, Direction::Outgoing) => say!("call-not-sent", device),
    };
    let what = fit(&name(what), MOST);
    let body = match &ending.reason {
        Some(reason) if what.is_empty() => explain(reason).0,
        Some(reason) => say!("call-why", what, why = explain(reason).0),
        None => what,
    };
    (title, body)
}

/// Several have ended, some of them badly.
pub fn call_of_ends(number: usize, failed: usize) -> (String, String) {
    let body = if failed == 0 { String::new() } else { say!("call-ends-failed", number = failed) };
    (say!("call-of-ends", number), body)
}
