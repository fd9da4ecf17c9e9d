//! What a receiver wants of each entry, one plan header at a time: all of it, nothing of what it has, and a look at what may be
//! a beginning of it.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use crate::{
    model::{
        conflict::Conflict,
        manifest::{Manifest, Selection},
        seal::Md5Digest,
    },
    storage::{
        journal::{DoneList, Recovered},
        landing::{Landing, There},
    },
    wire::header::{PlanItem, Want},
};

/// Ranges in one plan header, and files that are done: as many of both always fit into 65,535 bytes.
const PLAN_ITEMS: usize = 1000;
const PLAN_DONE: usize = 600;

/// Files that are looked for on the disk for one plan header.
const PLAN_LOOKS: usize = 1000;

/// Makes the plan from the first entry to the last.
pub(super) struct Planner {
    manifest: Arc<Manifest>,
    selection: Selection,
    conflict: Conflict,
    /// All that is wanted stood there when it ended before: folders and links are not made again.
    has_ended: bool,
    /// What stands there since an earlier connection.
    done: DoneList,
    /// Files of that which have to be looked at first, in order.
    touched: Vec<u32>,
    /// Bytes of parts that are on the disk.
    parts: HashMap<u32, u64>,
    next: u32,
}

/// One plan header.
#[derive(Debug, Default)]
pub(super) struct Planned {
    pub(super) items: Vec<PlanItem>,
    /// Files that were verified over an earlier connection, in the order of their entries.
    pub(super) done: Vec<(u32, Md5Digest)>,
    /// Files that are left out because something stands there, in the same order.
    pub(super) there: Vec<(u32, PathBuf)>,
    looks: usize,
}

/// What becomes of one entry.
enum Decision {
    Check,
    Done(Md5Digest),
    LeaveOut,
    LeaveThere(PathBuf),
    Send,
}

impl Planner {
    pub(super) fn new(landing: &Landing, recovered: Recovered) -> Self {
        let terms = landing.terms();
        Self {
            manifest: Arc::clone(&terms.manifest),
            selection: terms.selection.clone(),
            conflict: terms.conflict,
            has_ended: landing.has_ended(),
            done: recovered.done,
            touched: recovered.touched,
            parts: recovered.parts,
            next: 0,
        }
    }

    /// Whether every entry has been planned.
    pub(super) fn is_through(&self) -> bool {
        self.next as usize >= self.manifest.entries.len()
    }

    /// Whether the headers so far name this entry.
    pub(super) fn has_named(&self, index: u32) -> bool {
        index < self.next
    }

    /// How many bytes of the part of a file are on the disk, if there is one worth going on with.
    pub(super) fn part(&self, index: u32) -> Option<u64> {
        let size = self.manifest.entries.get(index as usize)?.size();
        self.parts.get(&index).copied().filter(|offset| *offset > 0 && *offset <= size)
    }

    /// Whether this file was done, and somebody may have written to it since.
    pub(super) fn is_touched(&self, index: u32) -> bool {
        self.touched.binary_search(&index).is_ok()
    }

    /// What stands there since an earlier connection.
    pub(super) fn done(&self) -> &DoneList {
        &self.done
    }

    /// The next header. `there` looks for what stands at the place of a file, where the terms make a difference for that.
    pub(super) fn next_header(&mut self, there: &impl Fn(u32) -> Option<There>) -> Planned {
        let mut planned = Planned::default();
        while !self.is_through() && planned.done.len() < PLAN_DONE && planned.looks < PLAN_LOOKS {
            let index = self.next;
            let want = match self.decide(index, there, &mut planned.looks) {
                Decision::Check => Want::Check,
                Decision::Send => Want::Send,
                Decision::LeaveOut => Want::Skip,
                Decision::LeaveThere(place) => {
                    planned.there.push((index, place));
                    Want::Skip
                }
                Decision::Done(md5) => {
                    planned.done.push((index, md5));
                    Want::Skip
                }
            };
            self.next += 1;
            match planned.items.last_mut() {
                Some(last) if last.want == want => last.count += 1,
                _ => planned.items.push(PlanItem { first: index, count: 1, want }),
            }
            if planned.items.len() == PLAN_ITEMS {
                break;
            }
        }
        planned
    }

    fn decide(&self, index: u32, there: &impl Fn(u32) -> Option<There>, looks: &mut usize) -> Decision {
        if !self.selection.holds(index) {
            return Decision::LeaveOut;
        }
        let entry = &self.manifest.entries[index as usize];
        if !entry.is_file() {
            return if self.has_ended { Decision::LeaveOut } else { Decision::Send };
        }
        if let Some(Some(md5)) = self.done.get(index) {
            return if self.is_touched(index) { Decision::Check } else { Decision::Done(md5) };
        }
        if self.part(index).is_some() {
            return Decision::Check;
        }
        if !matches!(self.conflict, Conflict::Skip | Conflict::SkipIdentical) {
            return Decision::Send;
        }
        *looks += 1;
        match (there(index), self.conflict) {
            (Some(There { place, .. }), Conflict::Skip) => Decision::LeaveThere(place),
            (Some(There { size, .. }), Conflict::SkipIdentical) if size == entry.size() => Decision::Check,
            _ => Decision::Send,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::manifest::{Entry, EntryKind};

    use super::*;

    fn planner(files: usize, selection: Selection) -> Planner {
        let entry =
            |i| Entry { path: [format!("{i}")].into(), kind: EntryKind::File { size: 9 }, mtime: None, exec: false };
        let manifest = Arc::new(Manifest::from_entries((0..files).map(entry).collect()).unwrap());
        let conflict = Conflict::KeepBoth;
        let (done, touched, parts) = (DoneList::default(), Vec::new(), HashMap::new());
        Planner { manifest, selection, conflict, has_ended: false, done, touched, parts, next: 0 }
    }

    fn header(planner: &mut Planner) -> (Vec<(u32, u32, Want)>, usize) {
        let next = planner.next_header(&|_| None);
        (next.items.iter().map(|item| (item.first, item.count, item.want)).collect(), next.done.len())
    }

    #[test]
    fn fresh_accept_is_one_range() {
        let mut planner = planner(100_000, Selection::All);
        assert_eq!(header(&mut planner), (vec![(0, 100_000, Want::Send)], 0));
        assert!(planner.is_through());
    }

    #[test]
    fn unchecked_boxes_split_the_plan() {
        let mut planner = planner(3, Selection::Some(vec![true, false, true]));
        assert_eq!(header(&mut planner).0, [(0, 1, Want::Send), (1, 1, Want::Skip), (2, 1, Want::Send)]);
    }

    #[test]
    fn what_was_broken_off_is_checked_and_what_was_done_is_left_out() {
        let mut planner = planner(5, Selection::All);
        (0..2).for_each(|index| planner.done.insert(index, Some(Md5Digest([1; 16])), None));
        // Nothing of it is on the disk; more than there can be.
        planner.parts = HashMap::from([(2, 9), (3, 0), (4, 10)]);
        let (items, done) = header(&mut planner);
        assert_eq!(items, [(0, 2, Want::Skip), (2, 1, Want::Check), (3, 2, Want::Send)]);
        assert_eq!(done, 2);
    }

    #[test]
    fn the_fullest_headers_fit() {
        let mut planner = planner(100_000, Selection::All);
        let ends = Md5Digest([0xff; 16]);
        (0..100_000).step_by(2).for_each(|index| planner.done.insert(index, Some(ends), None));
        let mut entries = 0;
        while !planner.is_through() {
            let next = planner.next_header(&|_| None);
            // As long as numbers can be.
            let items: Vec<_> =
                next.items.iter().map(|item| PlanItem { first: u32::MAX - item.count, ..*item }).collect();
            let done = next.done.iter().map(|(_, md5)| (u32::MAX, *md5)).collect();
            crate::wire::header::encode(&crate::wire::header::Message::Plan { items, done }).unwrap();
            entries += next.items.iter().map(|item| item.count).sum::<u32>();
        }
        assert_eq!(entries, 100_000);
    }
}
