//! An offer's entries as the tree a person chooses from. Built once for each offer; drawing asks only for the rows in sight.

use std::collections::HashMap;

use crate::model::manifest::{EntryKind, Manifest, Selection};

/// Offers with at most this many entries open unfolded.
const OPEN_AT_ONCE: usize = 40;

/// The tree, what is chosen in it, and which rows are unfolded.
#[derive(Clone, Debug)]
pub struct EntryTree {
    nodes: Vec<Node>,
    /// Which entries are chosen, by index.
    chosen: Vec<bool>,
    /// The unfolded nodes in order.
    rows: Vec<u32>,
    summary: Summary,
}

/// All that is chosen, summed once for each change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Files and bytes that are chosen.
    pub files: u64,
    pub bytes: u64,
    /// The check box that stands for everything.
    pub tick: Tick,
}

/// A file, a folder or a link; a folder may be implied by its children's paths.
#[derive(Clone, Debug)]
struct Node {
    /// An entry whose path runs through this node: that is where the name stands.
    named_by: u32,
    depth: u16,
    parent: Option<u32>,
    /// The entry itself; none for an implied folder.
    entry: Option<u32>,
    children: Vec<u32>,
    open: bool,
    /// Bytes of all files in it.
    bytes: u64,
    /// Files, links and empty folders in it, and how many of them are chosen.
    leaves: u32,
    chosen: u32,
}

/// What one row shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeRow<'a> {
    pub node: u32,
    pub name: &'a str,
    pub depth: u16,
    pub kind: RowKind,
    pub bytes: u64,
    pub leaves: u32,
    pub tick: Tick,
    /// The entry itself; none for an implied folder.
    pub entry: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    File,
    Folder { open: bool, empty: bool },
    Link,
}

/// The state of a check box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    All,
    None,
    Some,
}

impl EntryTree {
    /// Everything chosen; small offers unfolded.
    pub fn new(manifest: &Manifest) -> Self {
        let summary = Summary { files: 0, bytes: 0, tick: Tick::All };
        let chosen = vec![true; manifest.entries.len()];
        let mut tree = Self { nodes: Vec::new(), chosen, rows: Vec::new(), summary };
        tree.add_nodes(manifest);
        let open = manifest.entries.len() <= OPEN_AT_ONCE;
        for node in &mut tree.nodes {
            node.open = open;
        }
        tree.recount(manifest);
        tree.list_rows();
        tree
    }

    /// Rows that are unfolded.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Row number `row` from the top.
    pub fn row<'a>(&self, manifest: &'a Manifest, row: usize) -> Option<TreeRow<'a>> {
        let id = *self.rows.get(row)?;
        let node = self.nodes.get(id as usize)?;
        let path = &manifest.entries.get(node.named_by as usize)?.path;
        let entry = node.entry.and_then(|entry| manifest.entries.get(entry as usize));
        let kind = match entry.map(|entry| &entry.kind) {
            Some(EntryKind::File { .. }) if node.children.is_empty() => RowKind::File,
            Some(EntryKind::Link { .. }) if node.children.is_empty() => RowKind::Link,
            _ => RowKind::Folder { open: node.open, empty: node.children.is_empty() },
        };
        Some(TreeRow {
            node: id,
            name: path.names().nth(node.depth.into()).unwrap_or_default(),
            depth: node.depth,
            kind,
            bytes: node.bytes,
            leaves: node.leaves,
            tick: tick(node),
            entry: node.entry,
        })
    }

    /// All that is chosen.
    pub fn summary(&self) -> Summary {
        self.summary
    }

    /// Chooses all of `node`, or, when all of it is chosen, none of it.
    pub fn toggle(&mut self, manifest: &Manifest, node: u32) {
        let Some(found) = self.nodes.get(node as usize) else { return };
        let wanted = tick(found) != Tick::All;
        let mut waiting = vec![node];
        while let Some(id) = waiting.pop() {
            let Some(node) = self.nodes.get(id as usize) else { continue };
            if let Some(flag) = node.entry.and_then(|entry| self.chosen.get_mut(entry as usize)) {
                *flag = wanted;
            }
            waiting.extend(&node.children);
        }
        self.recount(manifest);
    }

    /// Chooses everything, or nothing when everything is chosen.
    pub fn toggle_all(&mut self, manifest: &Manifest) {
        let wanted = self.summary.tick != Tick::All;
        self.chosen.fill(wanted);
        self.recount(manifest);
    }

    /// Folds or unfolds a folder.
    pub fn fold(&mut self, node: u32) {
        if let Some(node) = self.nodes.get_mut(node as usize) {
            node.open = !node.open;
        }
        self.list_rows();
    }

    /// What is chosen, as the answer says it. A folder is made when something in it is chosen.
    pub fn selection(&self) -> Selection {
        let mut flags = self.chosen.clone();
        for node in self.nodes.iter().filter(|node| !node.children.is_empty()) {
            if let Some(flag) = node.entry.and_then(|entry| flags.get_mut(entry as usize)) {
                *flag = node.chosen > 0;
            }
        }
        if flags.iter().all(|flag| *flag) { Selection::All } else { Selection::Some(flags) }
    }

    fn add_nodes(&mut self, manifest: &Manifest) {
        let mut known: HashMap<(Option<u32>, &str), u32> = HashMap::with_capacity(manifest.entries.len());
        for (index, entry) in (0_u32..).zip(&manifest.entries) {
            let mut parent = None;
            for (depth, name) in (0_u16..).zip(entry.path.names()) {
                let id = *known.entry((parent, name)).or_insert_with(|| self.add_node(index, depth, parent));
                parent = Some(id);
            }
            if let Some(node) = parent.and_then(|id| self.nodes.get_mut(id as usize)) {
                node.entry.get_or_insert(index);
            }
        }
    }

    fn add_node(&mut self, named_by: u32, depth: u16, parent: Option<u32>) -> u32 {
        let id = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        if let Some(parent) = parent.and_then(|id| self.nodes.get_mut(id as usize)) {
            parent.children.push(id);
        }
        let children = Vec::new();
        self.nodes.push(Node {
            named_by,
            depth,
            parent,
            entry: None,
            children,
            open: false,
            bytes: 0,
            leaves: 0,
            chosen: 0,
        });
        id
    }

    /// Sums sizes and ticks upwards. Children always come after their parent, so one pass from the end will do.
    fn recount(&mut self, manifest: &Manifest) {
        for node in &mut self.nodes {
            let entry = node.entry.filter(|_| node.children.is_empty());
            node.bytes = entry
                .and_then(|entry| manifest.entries.get(entry as usize))
                .map_or(0, crate::model::manifest::Entry::size);
            node.leaves = u32::from(entry.is_some());
            node.chosen =
                entry.and_then(|entry| self.chosen.get(entry as usize)).map_or(0, |chosen| u32::from(*chosen));
        }
        for id in (0..self.nodes.len()).rev() {
            let Some((before, [node, ..])) = self.nodes.split_at_mut_checked(id) else { continue };
            if let Some(parent) = node.parent.and_then(|parent| before.get_mut(parent as usize)) {
                parent.bytes = parent.bytes.saturating_add(node.bytes);
                parent.leaves += node.leaves;
                parent.chosen += node.chosen;
            }
        }
        self.summary = self.sum_up(manifest);
    }

    fn sum_up(&self, manifest: &Manifest) -> Summary {
        let files = manifest.entries.iter().zip(&self.chosen).filter(|(entry, chosen)| **chosen && entry.is_file());
        let (files, bytes) = files.fold((0, 0), |(files, bytes), (entry, _)| (files + 1, bytes + entry.size()));
        let roots = || self.nodes.iter().filter(|node| node.parent.is_none()).map(tick);
        let tick = if roots().all(|tick| tick == Tick::All) {
            Tick::All
        } else if roots().all(|tick| tick == Tick::None) {
            Tick::None
        } else {
            Tick::Some
        };
        Summary { files, bytes, tick }
    }

    fn list_rows(&mut self) {
        self.rows.clear();
        let mut waiting: Vec<u32> =
            (0..).zip(&self.nodes).filter(|(_, node)| node.parent.is_none()).map(|(id, _)| id).collect();
        waiting.reverse();
        while let Some(id) = waiting.pop() {
            self.rows.push(id);
            let Some(node) = self.nodes.get(id as usize).filter(|node| node.open) else { continue };
            waiting.extend(node.children.iter().rev());
        }
    }
}

fn tick(node: &Node) -> Tick {
    match node.chosen {
        0 => Tick::None,
        chosen if chosen == node.leaves => Tick::All,
        _ => Tick::Some,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::manifest::Entry;

    fn manifest(paths: &[(&str, Option<u64>)]) -> Manifest {
        let entry = |(path, size): &(&str, Option<u64>)| Entry {
            path: path.split('/').map(str::to_owned).collect(),
            kind: size.map_or(EntryKind::Folder, |size| EntryKind::File { size }),
            mtime: None,
            exec: false,
        };
        Manifest::from_entries(paths.iter().map(entry).collect()).unwrap()
    }

    fn shown(tree: &EntryTree, manifest: &Manifest) -> Vec<(String, Tick)> {
        (0..tree.len()).filter_map(|i| tree.row(manifest, i)).map(|row| (row.name.to_owned(), row.tick)).collect()
    }

    #[test]
    fn folders_sum_what_is_in_them_also_when_they_are_only_implied() {
        let manifest = manifest(&[("a", None), ("a/x", Some(3)), ("b/c/y", Some(5)), ("empty", None)]);
        let tree = EntryTree::new(&manifest);
        let rows: Vec<_> = (0..tree.len()).filter_map(|i| tree.row(&manifest, i)).collect();
        let names: Vec<_> = rows.iter().map(|row| (row.name, row.depth, row.bytes)).collect();
        assert_eq!(names, [("a", 0, 3), ("x", 1, 3), ("b", 0, 5), ("c", 1, 5), ("y", 2, 5), ("empty", 0, 0)]);
        assert_eq!(tree.selection(), Selection::All);
    }

    #[test]
    fn ticks_go_down_and_up() {
        let manifest = manifest(&[("a", None), ("a/x", Some(3)), ("a/y", Some(4)), ("z", Some(1))]);
        let mut tree = EntryTree::new(&manifest);
        tree.toggle(&manifest, 1);
        assert_eq!(
            shown(&tree, &manifest).iter().map(|(_, tick)| *tick).collect::<Vec<_>>(),
            [Tick::Some, Tick::None, Tick::All, Tick::All]
        );
        assert_eq!(tree.selection(), Selection::Some(vec![true, false, true, true]));
        assert_eq!((tree.summary().files, tree.summary().bytes, tree.summary().tick), (2, 5, Tick::Some));
        // Some of it chosen: a click chooses all of it, the next none.
        tree.toggle(&manifest, 0);
        assert_eq!(tree.selection(), Selection::All);
        tree.toggle(&manifest, 0);
        assert_eq!(tree.selection(), Selection::Some(vec![false, false, false, true]));
        tree.toggle_all(&manifest);
        tree.toggle_all(&manifest);
        assert_eq!(tree.summary().tick, Tick::None);
    }

    #[test]
    fn a_folder_whose_files_are_all_left_out_is_not_made() {
        let manifest = manifest(&[("a", None), ("a/x", Some(3)), ("b", Some(1))]);
        let mut tree = EntryTree::new(&manifest);
        tree.toggle(&manifest, 1);
        assert_eq!(tree.selection(), Selection::Some(vec![false, false, true]));
    }

    #[test]
    fn large_offers_come_folded() {
        let paths: Vec<String> = (0..5000).map(|i| format!("top/{}/{i}", i % 10)).collect();
        let entries: Vec<_> = paths.iter().map(|path| (path.as_str(), Some(1))).collect();
        let manifest = manifest(&entries);
        let mut tree = EntryTree::new(&manifest);
        assert_eq!(tree.len(), 1);
        tree.fold(0);
        assert_eq!(tree.len(), 11);
        assert_eq!(tree.row(&manifest, 1).map(|row| row.leaves), Some(500));
    }
}
