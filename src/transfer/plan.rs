//! What a plan makes of the entries of an outgoing transfer: each is planned once, and none that is not there.

use std::ops::Range;

use crate::wire::header::{PlanItem, Want};

use super::lane::LaneError;

/// Where one entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A file of which the receiver hashes what it has.
    Checked,
    Ended,
    /// A file whose seal is out.
    Sealed,
    Unanswered,
    /// A file in the queue, or a folder or link that the receiver makes.
    Wanted,
}

/// The entries that a plan item named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    pub range: Range<u32>,
    /// How many of them were being checked before.
    pub replaced: usize,
}

/// Notes what a plan item says of its entries, and tells which these are. `standing` has one place for each entry of the
/// manifest.
///
/// # Errors
/// The item reaches beyond the manifest, or to an entry that was planned before as anything but `check`; nothing was noted
/// then.
pub fn apply(standing: &mut [Standing], item: PlanItem) -> Result<Planned, LaneError> {
    let all = standing.len();
    let PlanItem { first, count, want } = item;
    let end = u64::from(first) + u64::from(count);
    let beyond = || LaneError::Protocol(format!("a plan for entry {} of {all}", end.saturating_sub(1)));
    let end = u32::try_from(end).map_err(|_beyond_any| beyond())?;
    let named = standing.get_mut(first as usize..end as usize).ok_or_else(beyond)?;
    let becomes = match want {
        Want::Check => Standing::Checked,
        Want::Send => Standing::Wanted,
        Want::Skip => Standing::Ended,
    };
    let is_open = |standing: Standing| match standing {
        Standing::Unanswered => true,
        Standing::Checked => want != Want::Check,
        Standing::Ended | Standing::Sealed | Standing::Wanted => false,
    };
    if let Some(before) = named.iter().position(|standing| !is_open(*standing)) {
        return Err(LaneError::Protocol(format!("a second plan for entry {}", first as usize + before)));
    }
    let replaced = named.iter().filter(|standing| **standing == Standing::Checked).count();
    named.fill(becomes);
    Ok(Planned { range: first..end, replaced })
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
        use Standing::{Checked, Ended, Unanswered, Wanted};
        let mut standing = [Unanswered; 4];
        assert_eq!(apply(&mut standing, item(2, 2, Want::Skip)).unwrap(), Planned { range: 2..4, replaced: 0 });
        assert_eq!(apply(&mut standing, item(0, 1, Want::Check)).unwrap(), Planned { range: 0..1, replaced: 0 });
        assert_eq!(standing, [Checked, Unanswered, Ended, Ended]);
        assert_eq!(apply(&mut standing, item(0, 2, Want::Send)).unwrap(), Planned { range: 0..2, replaced: 1 });
        assert_eq!(standing, [Wanted, Wanted, Ended, Ended]);
    }

    #[test]
    fn a_plan_beyond_the_manifest_or_for_an_entry_twice_is_refused_whole() {
        let mut standing = [Standing::Unanswered; 3];
        assert_eq!(said(&mut standing, item(1, 3, Want::Send)), "a plan for entry 3 of 3");
        assert_eq!(said(&mut standing, item(3, 1, Want::Check)), "a plan for entry 3 of 3");
        assert_eq!(said(&mut standing, item(u32::MAX, u32::MAX, Want::Skip)), "a plan for entry 8589934589 of 3");
        apply(&mut standing, item(1, 1, Want::Check)).unwrap();
        assert_eq!(said(&mut standing, item(0, 2, Want::Check)), "a second plan for entry 1");
        apply(&mut standing, item(1, 1, Want::Skip)).unwrap();
        assert_eq!(said(&mut standing, item(1, 1, Want::Check)), "a second plan for entry 1");
        assert_eq!(said(&mut standing, item(0, 3, Want::Send)), "a second plan for entry 1");
        assert_eq!(standing, [Standing::Unanswered, Standing::Ended, Standing::Unanswered]);
    }
}
