//! What is about to be sent: walks under way, and the trees they brought.

use std::{collections::HashSet, path::PathBuf, sync::Arc};

use crate::{
    engine::messages::StageId,
    model::message::MAX_MESSAGE_BYTES,
    storage::sources::{LeftOut, SourceTree},
};

/// The staged list.
#[derive(Clone, Debug, Default)]
pub struct Staging {
    pub walks: Vec<Walk>,
    pub items: Vec<Item>,
    /// The text field *Message*.
    pub message: String,
    last_id: u64,
}

/// One dropped path.
#[derive(Clone, Debug)]
pub struct Item {
    pub tree: Arc<SourceTree>,
    /// Counted once: a tree may hold a million entries.
    pub files: u64,
}

/// A walk that goes on.
#[derive(Clone, Debug)]
pub struct Walk {
    pub id: StageId,
    pub paths: Vec<PathBuf>,
    pub entries: u64,
    pub bytes: u64,
}

impl Staging {
    pub fn is_empty(&self) -> bool {
        self.walks.is_empty() && self.items.is_empty()
    }

    /// An id for the next walk.
    pub fn next_id(&mut self) -> StageId {
        self.last_id += 1;
        StageId(self.last_id)
    }

    /// A walk was asked for.
    pub fn begin(&mut self, id: StageId, paths: Vec<PathBuf>) {
        self.walks.push(Walk { id, paths, entries: 0, bytes: 0 });
    }

    /// A walk goes on.
    pub fn count(&mut self, id: StageId, entries: u64, bytes: u64) {
        if let Some(walk) = self.walks.iter_mut().find(|walk| walk.id == id) {
            (walk.entries, walk.bytes) = (entries, bytes);
        }
    }

    /// A walk is done; a path that is there already is replaced. Returns the paths that brought nothing at all.
    pub fn finish(&mut self, id: StageId, trees: Vec<Arc<SourceTree>>) -> Vec<PathBuf> {
        let Some(at) = self.walks.iter().position(|walk| walk.id == id) else {
            // Cancelled here before it was done: nobody wants it any more.
            return Vec::new();
        };
        let walk = self.walks.remove(at);
        let roots: HashSet<&PathBuf> = trees.iter().map(|tree| &tree.root).collect();
        let missing = walk.paths.into_iter().filter(|path| !roots.contains(path)).collect();
        self.items.retain(|item| !roots.contains(&item.tree.root));
        self.items.extend(trees.into_iter().map(Item::new));
        missing
    }

    /// Takes one item off the list.
    pub fn remove(&mut self, index: usize) {
        if index < self.items.len() {
            self.items.remove(index);
        }
    }

    /// Files and bytes of all that would be sent.
    pub fn totals(&self) -> (u64, u64) {
        let files = self.items.iter().map(|item| item.files).sum();
        (files, self.items.iter().map(|item| item.tree.bytes).fold(0, u64::saturating_add))
    }

    /// Whether there is anything to send.
    pub fn sendable(&self) -> bool {
        self.items.iter().any(Item::sendable)
    }

    /// What will not be sent, from all trees.
    pub fn left_out(&self) -> impl Iterator<Item = &LeftOut> {
        self.items.iter().flat_map(|item| &item.tree.left_out)
    }

    /// The trees with something in them.
    pub fn to_send(&self) -> Vec<Arc<SourceTree>> {
        self.items.iter().filter(|item| item.sendable()).map(|item| Arc::clone(&item.tree)).collect()
    }

    /// Puts a pasted text behind what the message holds already. False: it is longer than any message.
    pub fn add_text(&mut self, text: &str) -> bool {
        if text.len() > 2 * MAX_MESSAGE_BYTES || self.message.len() + text.len() > 4 * MAX_MESSAGE_BYTES {
            return false;
        }
        if !self.message.trim().is_empty() {
            self.message.push('\n');
        }
        self.message.push_str(text.trim_end());
        true
    }

    /// Everything off the list.
    pub fn clear(&mut self) {
        self.items.clear();
        self.message.clear();
    }
}

impl Item {
    fn new(tree: Arc<SourceTree>) -> Self {
        let files = tree.entries.iter().filter(|entry| entry.is_file()).count() as u64;
        Self { tree, files }
    }

    /// Whether there is anything in it to send.
    pub fn sendable(&self) -> bool {
        !self.tree.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(root: &str) -> Arc<SourceTree> {
        Arc::new(SourceTree { root: root.into(), bytes: 1, ..SourceTree::default() })
    }

    #[test]
    fn dropping_the_same_again_does_not_double_it() {
        let mut staging = Staging::default();
        for _ in 0..2 {
            let id = staging.next_id();
            staging.begin(id, vec!["/a".into()]);
            assert!(staging.finish(id, vec![tree("/a")]).is_empty());
        }
        assert_eq!(staging.items.len(), 1);
    }

    #[test]
    fn paths_that_brought_nothing_are_told() {
        let mut staging = Staging::default();
        let id = staging.next_id();
        staging.begin(id, vec!["/a".into(), "/gone".into()]);
        assert_eq!(staging.finish(id, vec![tree("/a")]), [PathBuf::from("/gone")]);
    }

    #[test]
    fn a_cancelled_walk_brings_nothing() {
        let mut staging = Staging::default();
        let id = staging.next_id();
        staging.begin(id, vec!["/a".into()]);
        staging.walks.clear();
        staging.finish(id, vec![tree("/a")]);
        assert!(staging.is_empty());
    }
}
