//! Walking what a person dropped, and putting several walks together into one offer. Reading the bytes is in `source.rs`.

use std::{collections::HashSet, fs, path::PathBuf, sync::Arc};

use crate::model::{
    file_name::numbered,
    manifest::{Entry, EntryKind, Manifest},
    reason::{Reason, ReasonCode},
};

use super::walk::nanos;
pub use super::{
    places::SourcePlaces,
    source::Source,
    walk::{WalkLimits, walk},
};

/// One dropped path with all that lies below it. The top-level name is the first component of every entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceTree {
    /// What was dropped.
    pub root: PathBuf,
    /// In the order they will be sent: a folder before what is in it, links last.
    pub entries: Vec<Entry>,
    /// Where the bytes of these are.
    pub places: SourcePlaces,
    /// What will not be sent, and why (unreadable, FIFO, link that leads outside, control characters in the name).
    pub left_out: Vec<LeftOut>,
    /// Bytes of all files.
    pub bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    pub place: PathBuf,
    pub reason: Reason,
    /// It is missed at the other end. A link that leads outside, and a file that is only on its way, are not.
    pub missed: bool,
}

/// What is offered, and where the bytes of its entries are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outgoing {
    pub manifest: Arc<Manifest>,
    pub places: SourcePlaces,
}

impl Outgoing {
    /// Where the bytes of an entry are.
    pub fn place(&self, index: u32) -> Option<PathBuf> {
        self.places.get(index, self.manifest.entries.get(index as usize)?)
    }

    /// What was chosen to be sent, as far as the list tells.
    pub fn tops(&self) -> impl Iterator<Item = PathBuf> {
        let entries = (0..).zip(&self.manifest.entries);
        entries.filter(|(_, entry)| entry.path.len() == 1).filter_map(|(index, entry)| self.places.get(index, entry))
    }

    /// Whether all of it stands there as it was listed, by size and time; so no folder has got or lost anything.
    pub fn is_as_listed(&self) -> bool {
        (0..).zip(&self.manifest.entries).all(|(index, entry)| {
            let Some(place) = self.places.get(index, entry) else { return false };
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
    let (mut entries, mut links) = (Vec::with_capacity(total), Vec::new());
    let mut places = SourcePlaces::default();
    let mut taken = HashSet::new();
    for tree in trees {
        let mut tree = Arc::unwrap_or_clone(tree);
        let Some(top) = tree.entries.first().and_then(|first| first.path.first()) else { continue };
        let name = free_name(top, &mut taken);
        if let Some(place) = tree.places.top(top) {
            places.put_top(&name, place);
        }
        for (index, mut entry) in (0..).zip(tree.entries) {
            let other = tree.places.take_other(index);
            if entry.path.first() != Some(&name) {
                entry.path = entry.path.below(&name);
            }
            if matches!(entry.kind, EntryKind::Link { .. }) {
                links.push((entry, other));
            } else {
                add(&mut entries, &mut places, entry, other);
            }
        }
    }
    for (link, other) in links {
        add(&mut entries, &mut places, link, other);
    }
    let manifest = Manifest::from_entries(entries)
        .ok_or_else(|| Reason::here(ReasonCode::Limit, "the sizes do not fit into 64 bits"))?;
    Ok(Outgoing { manifest: Arc::new(manifest), places })
}

/// With its place if that does not follow from the one of its tree.
fn add(entries: &mut Vec<Entry>, places: &mut SourcePlaces, entry: Entry, other: Option<PathBuf>) {
    // No list is as long as its positions reach.
    if let Some(other) = other
        && let Ok(index) = u32::try_from(entries.len())
    {
        places.put_other(index, other);
    }
    entries.push(entry);
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
    use std::path::Path;

    use super::*;

    fn tree(root: &str, kinds: &[(&str, EntryKind)]) -> Arc<SourceTree> {
        let entry = |(path, kind): &(&str, EntryKind)| Entry {
            path: path.split('/').collect(),
            kind: kind.clone(),
            mtime: None,
            exec: false,
        };
        let entries: Vec<_> = kinds.iter().map(entry).collect();
        let places = SourcePlaces::listed(&entries, kinds.iter().map(|(path, _)| Path::new(root).join(path)));
        let bytes = entries.iter().map(Entry::size).sum();
        Arc::new(SourceTree { root: root.into(), entries, places, left_out: Vec::new(), bytes })
    }

    #[test]
    fn a_second_tree_of_one_name_gets_a_number_and_links_come_last() {
        let link = EntryKind::Link { target: "a".to_owned() };
        let first = tree("/x", &[("P", EntryKind::Folder), ("P/a", EntryKind::File { size: 1 }), ("P/l", link)]);
        let second = tree("/y", &[("P", EntryKind::Folder), ("P/b", EntryKind::File { size: 2 })]);
        let outgoing = combine(vec![first, second.clone(), second]).unwrap();
        let paths: Vec<_> = outgoing.manifest.entries.iter().map(Entry::shown_path).collect();
        assert_eq!(paths, ["P", "P/a", "P (2)", "P (2)/b", "P (3)", "P (3)/b", "P/l"]);
        let places: Vec<_> = (0..7).map(|index| outgoing.place(index).unwrap()).collect();
        assert_eq!(places, ["/x/P", "/x/P/a", "/y/P", "/y/P/b", "/y/P", "/y/P/b", "/x/P/l"].map(PathBuf::from));
        assert_eq!(outgoing.manifest.bytes, 5);
    }

    #[test]
    fn sizes_that_do_not_fit_are_refused() {
        let huge = tree("/x", &[("a", EntryKind::File { size: u64::MAX })]);
        assert_eq!(combine(vec![huge.clone(), huge]).unwrap_err().code, ReasonCode::Limit);
    }
}
