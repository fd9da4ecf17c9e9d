//! Names that have to be on the disk for good: of files in their folders, and of the folders above them.

use std::collections::{HashMap, HashSet};

use crate::{
    model::reason::Reason,
    storage::path_map::{NodeId, ROOT},
};

use super::{Landing, is_marked, mark};

impl Landing {
    /// Puts the names in these folders on the disk for good, and those of the folders themselves; returns which failed.
    pub(super) fn flush_names(&self, folders: impl IntoIterator<Item = NodeId>) -> HashMap<NodeId, Reason> {
        let folders: HashSet<NodeId> = folders.into_iter().collect();
        let mut failed = self.flush_folder_names(folders.iter().copied());
        for folder in folders {
            if let Err(reason) = self.flush_dir(folder) {
                failed.insert(folder, reason);
            }
        }
        failed
    }

    /// Puts the names of these folders, and of those above them, on the disk for good where that was not done yet; each is
    /// flushed once. Returns which failed.
    pub(super) fn flush_folder_names(&self, folders: impl IntoIterator<Item = NodeId>) -> HashMap<NodeId, Reason> {
        let (map, unsafe_name) = (&self.shared.map, &self.shared.marks.unsafe_name);
        let mut flushed: HashMap<NodeId, Result<(), Reason>> = HashMap::new();
        let mut failed = HashMap::new();
        for folder in folders {
            let mut node = folder;
            while node != ROOT && is_marked(unsafe_name, node.position()) {
                let parent = map.parent(node);
                if let Err(reason) = flushed.entry(parent).or_insert_with(|| self.flush_dir(parent)) {
                    failed.insert(folder, reason.clone());
                    break;
                }
                mark(unsafe_name, node.position(), false);
                node = parent;
            }
        }
        failed
    }

    fn flush_dir(&self, node: NodeId) -> Result<(), Reason> {
        let flushed = self.find_dir(node).and_then(|dir| dir.flush());
        flushed.map_err(|error| self.write_reason(&error, node))
    }
}
