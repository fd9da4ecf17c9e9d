//! What a plan makes of the entries of an outgoing transfer: each is planned once, and none that is not there.

use std::ops::Range;

use crate::wire::header::{PlanItem, Want};

use super::lane::LaneError;

/// Where one entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Ended,
    /// A file whose seal is out.
    Sealed,
    Unanswered,
    /// A file in the queue, or a folder or link that the receiver makes.
    Wanted,
}

/// Notes what a plan item says of its entries, and tells which these are; `None` when nothing is decided yet. `standing`
/// has one place for each entry of the manifest.
///
/// # Errors
/// The item reaches beyond the manifest, or to an entry that was planned before; nothing was noted then.
pub fn apply(standing: &mut [Standing], item: PlanItem) -> Result<Option<Range<u32>>, LaneError> {
    let all = standing.len();
    let PlanItem { first, count, want } = item;
    let end = u64::from(first) + u64::from(count);
    let beyond = || LaneError::Protocol(format!("a plan for entry {} of {all}", end.saturating_sub(1)));
    let end = u32::try_from(end).map_err(|_beyond_any| beyond())?;
    let named = standing.get_mut(first as usize..end as usize).ok_or_else(beyond)?;
    let becomes = match want {
        Want::Check => return Ok(None),
        Want::Send => Standing::Wanted,
        Want::Skip => Standing::Ended,
    };
    if let Some(before) = named.iter().position(|standing| *standing != Standing::Unanswered) {
        return Err(LaneError::Protocol(format!("a second plan for entry {}", first as usize + before)));
    }
    named.fill(becomes);
    Ok(Some(first..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(first: u32, count: u32, want: Want) -> PlanItem {
        PlanItem { first, count, want }
    }

    fn said(standing: &mut [Standing], item: PlanItem) -> String {
        match apply(standing, item) {
            Err(LaneError::Protocol(how)) => how,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_entry_becomes_what_the_plan_says_of_it() {
        use Standing::{Ended, Unanswered, Wanted};
        let mut standing = [Unanswered; 4];
        assert_eq!(apply(&mut standing, item(2, 2, Want::Skip)).unwrap(), Some(2..4));
        assert_eq!(apply(&mut standing, item(0, 1, Want::Check)).unwrap(), None);
        assert_eq!(apply(&mut standing, item(0, 1, Want::Send)).unwrap(), Some(0..1));
        assert_eq!(standing, [Wanted, Unanswered, Ended, Ended]);
    }

    #[test]
    fn a_plan_beyond_the_manifest_or_for_an_entry_twice_is_refused_whole() {
        let mut standing = [Standing::Unanswered; 3];
        assert_eq!(said(&mut standing, item(1, 3, Want::Send)), "a plan for entry 3 of 3");
        assert_eq!(said(&mut standing, item(3, 1, Want::Check)), "a plan for entry 3 of 3");
        assert_eq!(said(&mut standing, item(u32::MAX, u32::MAX, Want::Skip)), "a plan for entry 8589934589 of 3");
        apply(&mut standing, item(1, 1, Want::Skip)).unwrap();
        assert_eq!(said(&mut standing, item(0, 3, Want::Send)), "a second plan for entry 1");
        assert_eq!(standing, [Standing::Unanswered, Standing::Ended, Standing::Unanswered]);
    }
}
