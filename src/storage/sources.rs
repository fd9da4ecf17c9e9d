//! Walking what a person dropped, and putting several walks together into one offer. Reading the bytes is in `source.rs`.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::model::{
    file_name::numbered,
    manifest::{Entry, EntryKind, Manifest},
    reason::{Reason, ReasonCode},
};

use super::walk::nanos;
pub use super::{
    source::Source,
    walk::{WalkLimits, walk},
};

/// One dropped path with all that lies below it. The top-level name is the first component of every entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceTree {
    /// What was dropped.
    pub root: PathBuf,
    /// In the order they will be sent: a folder before what is in it, links last.
    pub entries: Vec<SourceEntry>,
    /// What will not be sent, and why (unreadable, FIFO, link that leads outside, control characters in the name).
    pub left_out: Vec<LeftOut>,
    /// Bytes of all files.
    pub bytes: u64,
}

/// One entry and where its bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceEntry {
    pub entry: Entry,
    pub place: PathBuf,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    pub place: PathBuf,
    pub reason: Reason,
    /// It is missed at the other end. A link that leads outside, and a file that is only on its way, are not.
    pub missed: bool,
}

/// What is offered, and where the bytes of each entry are, by index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub manifest: Arc<Manifest>,
    pub places: Vec<PathBuf>,
}

impl Outgoing {
    /// What was chosen to be sent, as far as the list tells.
    pub fn tops(&self) -> impl Iterator<Item = &Path> {
        let entries = self.manifest.entries.iter().zip(&self.places);
        entries.filter(|(entry, _)| entry.path.len() == 1).map(|(_, place)| place.as_path())
    }

    /// Whether all of it stands there as it was listed, by size and time; so no folder has got or lost anything.
    pub fn is_as_listed(&self) -> bool {
        let mut all = self.manifest.entries.iter().zip(&self.places);
        all.all(|(entry, place)| {
            let is_link = matches!(entry.kind, EntryKind::Link { .. });
            let there = if is_link { fs::symlink_metadata(place) } else { fs::metadata(place) };
            there.is_ok_and(|there| {
                let is_as_long = !entry.is_file() || there.len() == entry.size();
                is_as_long && there.modified().ok().and_then(nanos) == entry.mtime
            })
        })
    }
}

/// Puts the trees into one manifest, links after everything else. A second `Photos` becomes `Photos (2)`. A tree that nobody
/// else holds is taken apart rather than copied: a long list is then there once.
pub fn combine(trees: Vec<Arc<SourceTree>>) -> Result<Outgoing, Reason> {
    let total: usize = trees.iter().map(|tree| tree.entries.len()).sum();
    let max = WalkLimits::default().entries;
    if total as u64 > max {
        return Err(Reason::here(ReasonCode::Limit, format!("{total} entries; at most {max} can be sent at once")));
    }
    let (mut entries, mut places) = (Vec::with_capacity(total), Vec::with_capacity(total));
    let (mut links, mut link_places) = (Vec::new(), Vec::new());
    let mut taken = HashSet::new();
    for tree in trees {
        let Some(top) = tree.entries.first().and_then(|first| first.entry.path.first()) else { continue };
        let top = free_name(top, &mut taken);
        for SourceEntry { mut entry, place } in Arc::unwrap_or_clone(tree).entries {
            if entry.path.first() != Some(&top) {
                entry.path = entry.path.below(&top);
            }
            let is_link = matches!(entry.kind, EntryKind::Link { .. });
            let (to, places) = if is_link { (&mut links, &mut link_places) } else { (&mut entries, &mut places) };
            to.push(entry);
            places.push(place);
        }
    }
    entries.append(&mut links);
    places.append(&mut link_places);
    let manifest = Manifest::from_entries(entries)
        .ok_or_else(|| Reason::here(ReasonCode::Limit, "the sizes do not fit into 64 bits"))?;
    Ok(Outgoing { manifest: Arc::new(manifest), places })
}

fn free_name(wanted: &str, taken: &mut HashSet<String>) -> String {
    let mut name = wanted.to_owned();
    let mut n = 2;
    while !taken.insert(name.clone()) {
        name = numbered(wanted, n);
        n += 1;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(root: &str, kinds: &[(&str, EntryKind)]) -> Arc<SourceTree> {
        let entry = |(path, kind): &(&str, EntryKind)| SourceEntry {
            entry: Entry {
                path: path.split('/').map(str::to_owned).collect(),
                kind: kind.clone(),
                mtime: None,
                exec: false,
            },
            place: PathBuf::from(root).join(path),
        };
        let entries: Vec<_> = kinds.iter().map(entry).collect();
        let bytes = entries.iter().map(|found| found.entry.size()).sum();
        Arc::new(SourceTree { root: root.into(), entries, left_out: Vec::new(), bytes })
    }

    #[test]
    fn a_second_tree_of_one_name_gets_a_number_and_links_come_last() {
        let link = EntryKind::Link { target: "a".to_owned() };
        let first = tree("/x", &[("P", EntryKind::Folder), ("P/a", EntryKind::File { size: 1 }), ("P/l", link)]);
        let second = tree("/y", &[("P", EntryKind::Folder), ("P/b", EntryKind::File { size: 2 })]);
        let outgoing = combine(vec![first, second.clone(), second]).unwrap();
        let paths: Vec<_> = outgoing.manifest.entries.iter().map(Entry::shown_path).collect();
        assert_eq!(paths, ["P", "P/a", "P (2)", "P (2)/b", "P (3)", "P (3)/b", "P/l"]);
        assert_eq!(outgoing.places[3], PathBuf::from("/y/P/b"));
        assert_eq!(outgoing.manifest.bytes, 5);
    }

    #[test]
    fn sizes_that_do_not_fit_are_refused() {
        let huge = tree("/x", &[("a", EntryKind::File { size: u64::MAX })]);
        assert_eq!(combine(vec![huge.clone(), huge]).unwrap_err().code, ReasonCode::Limit);
    }
}
