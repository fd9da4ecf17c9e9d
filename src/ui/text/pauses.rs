//! Who holds a transfer, what has to change before it goes on, and the figures that came with that.

use super::{
    catalogue::say,
    figures::size,
    reasons::{explain, side},
    sentences::and_then,
};
use crate::model::{
    reason::{Reason, ReasonCode},
    transfer::Pause,
};

/// Why nothing moves, and what makes it move again. The two screens say the same with the sides swapped.
pub(super) fn paused(pause: &Pause) -> String {
    let held = match (pause.here, pause.there) {
        (true, true) => Some(say!("paused-both")),
        (true, false) => Some(say!("paused-here")),
        (false, true) => Some(say!("paused-there")),
        (false, false) => None,
    };
    match (held, &pause.reason) {
        // Nobody holds it and nothing has to change: others come first.
        (None, None) => say!("paused-turn-here"),
        (_, Some(reason)) if reason.code == ReasonCode::Busy && !pause.here => say!("paused-turn-there"),
        (Some(held), Some(reason)) if reason.code == ReasonCode::Busy => held,
        (Some(held), None) => held,
        (None, Some(reason)) => say!("paused-for", why = waits_for(reason)),
        (Some(held), Some(reason)) => and_then(&held, &waits_for(reason)),
    }
}

/// What has to change, and that it goes on by itself then.
fn waits_for(reason: &Reason) -> String {
    let (what, otherwise) = explain(reason);
    let figures = reason.detail.as_deref().filter(|_| reason.code == ReasonCode::DiskFull).and_then(figures);
    let what = match figures {
        Some((needed, free)) => say!("needs-and-free", what, needed = size(needed), free = size(free)),
        None => what,
    };
    and_then(&what, &advice(reason).unwrap_or(otherwise))
}

fn advice(reason: &Reason) -> Option<String> {
    let side = side(reason.side);
    Some(match &reason.code {
        ReasonCode::DiskFull => say!("goes-on-with-space", side),
        ReasonCode::FolderMissing => say!("goes-on-with-folder", side),
        ReasonCode::FolderReadOnly => say!("goes-on-when-writable", side),
        _ => return None,
    })
}

/// Bytes needed and free in a detail: `needed 5 bytes, free 3` or `5 bytes needed, 3 free`. It may have come from the other
/// side: nothing else of it is shown.
pub(super) fn figures(detail: &str) -> Option<(u64, u64)> {
    let first = detail.strip_prefix("needed ").and_then(|rest| rest.split_once(" bytes, free "));
    let second = || detail.split_once(" bytes needed, ");
    let (needed, free) = first.or_else(second)?;
    let digits = free.find(|c: char| !c.is_ascii_digit()).unwrap_or(free.len());
    Some((needed.parse().ok()?, free.get(..digits)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reason::Side;

    fn told(here: bool, there: bool, reason: Option<Reason>) -> String {
        paused(&Pause { here, there, reason })
    }

    #[test]
    fn who_holds_it_is_said_in_the_words_of_either_side() {
        assert_eq!(told(true, false, None), "Paused on this device");
        assert_eq!(told(false, true, None), "Paused on the other device");
        assert_eq!(told(true, true, None), "Paused on both devices");
        let turn = || Some(Reason::there(ReasonCode::Busy, None));
        assert_eq!(told(false, true, turn()), "Waiting for its turn on the other device");
        assert_eq!(told(true, true, turn()), "Paused on both devices");
        assert_eq!(told(false, false, None), "Waiting for its turn: other transfers come first");
    }

    #[test]
    fn a_full_disk_says_where_how_much_and_that_it_goes_on_by_itself() {
        let full = |side| Reason {
            code: ReasonCode::DiskFull,
            side,
            detail: Some("needed 3400000000 bytes, free 1200000000: No space left on device (os error 28)".to_owned()),
        };
        assert_eq!(
            told(false, false, Some(full(Side::Here))),
            "Paused: Not enough space on this device (needs 3.4 GB, 1.2 GB free). Free some space: it goes on by itself"
        );
        assert_eq!(
            told(true, false, Some(full(Side::There))),
            "Paused on this device. Not enough space on the other device (needs 3.4 GB, 1.2 GB free). \
             It goes on by itself once there is room"
        );
    }

    #[test]
    fn only_figures_are_taken_from_a_detail() {
        assert_eq!(figures("5 bytes needed, 3 free, 0 of them spoken for"), Some((5, 3)));
        assert_eq!(figures("needed 5 bytes, free 3"), Some((5, 3)));
        for detail in
            ["needed 5 bytes, free unknown: full", "call 555 bytes needed, 3 free", "full", "needed -5 bytes, free 3"]
        {
            assert_eq!(figures(detail), None, "{detail}");
        }
    }

    #[test]
    fn a_folder_that_is_gone_says_what_to_do() {
        let gone = Reason::bare(ReasonCode::FolderMissing);
        assert_eq!(
            told(false, false, Some(gone)),
            "Paused: The folder to save to is not there. Put the folder back or connect its disk: it goes on by itself"
        );
    }
}
