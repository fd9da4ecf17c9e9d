//! Names that have to be on the disk for good: of files in their folders, and of the folders above them.

use std::collections::{HashMap, HashSet};

use crate::{
    model::reason::Reason,
    storage::{
        path_map::{NodeId, ROOT},
        volume::Volume,
    },
};

use super::{Landing, is_marked, mark};

impl Landing {
    /// How many files may come before they are on the disk here, of `most`.
    pub fn most_ahead(&self, most: usize) -> usize {
        self.volume.most_ahead(most)
    }

    /// As where each file has to be flushed by itself.
    #[cfg(test)]
    pub(crate) fn without_volume(self) -> Self {
        Self { volume: Volume::unknown(), ..self }
    }

    /// Puts the names in these folders on the disk for good, and those of the folders themselves, unless that is so because a
    /// `volume` has been flushed since; returns which failed.
    pub(super) fn flush_names(
        &self,
        folders: impl IntoIterator<Item = NodeId>,
        volume: Option<&Volume>,
    ) -> HashMap<NodeId, Reason> {
        let folders: HashSet<NodeId> = folders.into_iter().collect();
        let volume = volume.or_else(|| self.flush_volume_for(folders.len()));
        let mut flushed = HashMap::new();
        let mut failed = self.flush_upwards(folders.iter().copied(), volume, &mut flushed);
        for folder in folders {
            if let Err(reason) = flushed.entry(folder).or_insert_with(|| self.flush_dir(folder, volume)) {
                failed.insert(folder, reason.clone());
            }
        }
        failed
    }

    /// Puts the names of these folders, and of those above them, on the disk for good where that was not done yet; each is
    /// flushed once, the topmost first: above a folder whose name is safe all are, also where this fails half way, or another
    /// thread is at it. Those that lie on `volume`, which has been flushed since they were made, are safe already. Returns which
    /// failed.
    pub(super) fn flush_folder_names(
        &self,
        folders: impl IntoIterator<Item = NodeId>,
        volume: Option<&Volume>,
    ) -> HashMap<NodeId, Reason> {
        self.flush_upwards(folders, volume, &mut HashMap::new())
    }

    /// The same; `flushed`: which were, and how that ended.
    fn flush_upwards(
        &self,
        folders: impl IntoIterator<Item = NodeId>,
        volume: Option<&Volume>,
        flushed: &mut HashMap<NodeId, Result<(), Reason>>,
    ) -> HashMap<NodeId, Reason> {
        let (map, unsafe_name) = (self.map(), &self.shared.marks.unsafe_name);
        let mut failed = HashMap::new();
        for folder in folders {
            let (mut above, mut node) = (Vec::new(), folder);
            while node != ROOT && is_marked(unsafe_name, node.position()) {
                above.push(node);
                node = map.parent(node);
            }
            for node in above.into_iter().rev() {
                let parent = map.parent(node);
                if let Err(reason) = flushed.entry(parent).or_insert_with(|| self.flush_dir(parent, volume)) {
                    failed.insert(folder, reason.clone());
                    break;
                }
                mark(unsafe_name, node.position(), false);
            }
        }
        failed
    }

    /// The volume, all of which has been flushed now; none where so many files or folders are better flushed one by one.
    pub(super) fn flush_volume_for(&self, many: usize) -> Option<&Volume> {
        (self.volume.is_better_for(many) && self.volume.flush().is_ok()).then_some(&self.volume)
    }

    fn flush_dir(&self, node: NodeId, volume: Option<&Volume>) -> Result<(), Reason> {
        let flushed = self.find_dir(node).and_then(|dir| dir.flush_unless(volume));
        flushed.map_err(|error| self.write_reason(&error, node))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};

    use crate::{
        model::{
            conflict::Conflict,
            device::Peer,
            manifest::{Entry, EntryKind, Manifest, Selection},
            transfer::TransferId,
        },
        storage::{
            disk::{Disk, Op},
            landing::{Keep, Landing, Terms},
            profile::Profile,
        },
    };

    #[test]
    fn no_folder_is_taken_for_safe_before_those_above_it_are() {
        let temp = tempfile::tempdir().unwrap();
        let profile = Profile::open(Some(temp.path().join("profile"))).unwrap();
        let inbox = temp.path().join("inbox");
        std::fs::create_dir(&inbox).unwrap();
        let path = ["a", "b", "c", "file"].map(str::to_owned).into();
        let file = Entry { path, kind: EntryKind::File { size: 1 }, mtime: None, exec: false };
        let terms = Terms {
            id: TransferId([1; 16]),
            peer: Peer::at(String::new(), false),
            digest: [0; 32],
            manifest: Arc::new(Manifest::from_entries(vec![file]).unwrap()),
            message: None,
            folder: inbox.clone(),
            selection: Selection::All,
            conflict: Conflict::KeepBoth,
            accepted_at: 0,
        };
        let (to, told) = mpsc::channel();
        let disk = Disk::recorded(Arc::new(move |op| to.send(op).unwrap()));
        let landing = Landing::prepare_on(&disk, &profile, terms, Keep::Nothing).unwrap();
        let part = landing.create_part(0).unwrap();
        told.try_iter().for_each(drop);
        let failed = landing.flush_folder_names([landing.map().parent(landing.map().node_of(0).unwrap())], None);
        assert!(failed.is_empty());
        let flushed = |op| if let Op::FolderFlushed { place } = op { Some(place) } else { None };
        let order: Vec<_> = told.try_iter().filter_map(flushed).collect();
        assert_eq!(order, [inbox.clone(), inbox.join("a"), inbox.join("a/b")]);
        drop(part);
    }
}
