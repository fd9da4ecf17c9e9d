//! Handles of the folders of one transfer, each opened from its parent without following links. Only some stay open.

use std::{cell::RefCell, collections::HashMap, io, sync::Arc};

use crate::model::file_name::numbered;

use super::{
    disk::{Disk, Folder},
    path_map::{NodeId, PathMap, ROOT},
};

/// Entries come folder by folder, so few are needed at a time.
const MAX_OPEN: usize = 64;

/// More names than this are not tried when one is taken.
pub(super) const MAX_NUMBER: u32 = 10_000;

/// What one thread has open.
#[derive(Debug)]
pub(super) struct FolderHandles {
    root: Arc<Folder>,
    open: RefCell<HashMap<NodeId, Arc<Folder>>>,
}

/// What to do about a folder that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Fail,
    Make,
}

impl FolderHandles {
    pub(super) fn new(root: Arc<Folder>) -> Self {
        Self { root, open: RefCell::default() }
    }

    /// The same root with nothing else open, for another thread.
    pub(super) fn fresh(&self) -> Self {
        Self::new(Arc::clone(&self.root))
    }

    pub(super) fn disk(&self) -> &Disk {
        self.root.disk()
    }

    pub(super) fn root(&self) -> &Folder {
        &self.root
    }

    /// The folder at `node`. It is not found where a link stands in its place, or anywhere above it.
    pub(super) fn get(&self, map: &PathMap, node: NodeId, missing: Missing) -> io::Result<Arc<Folder>> {
        if node == ROOT {
            return Ok(Arc::clone(&self.root));
        }
        if let Some(dir) = self.open.borrow().get(&node) {
            return Ok(Arc::clone(dir));
        }
        let parent = self.get(map, map.parent(node), missing)?;
        let dir = Arc::new(open_below(&parent, map.name(node), missing)?);
        let mut open = self.open.borrow_mut();
        if open.len() >= MAX_OPEN {
            open.clear();
        }
        open.insert(node, Arc::clone(&dir));
        Ok(dir)
    }

    pub(super) fn close_all(&self) {
        self.open.borrow_mut().clear();
    }
}

/// Tries `make` with `name`, then with numbers, as long as it says `AlreadyExists`; returns the name that was free.
pub(super) fn first_free(name: &str, mut make: impl FnMut(&str) -> io::Result<()>) -> io::Result<String> {
    let names = std::iter::once(name.to_owned()).chain((2..MAX_NUMBER).map(|n| numbered(name, n)));
    for candidate in names {
        match make(&candidate) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            done => return done.map(|()| candidate),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn open_below(parent: &Folder, name: &str, missing: Missing) -> io::Result<Folder> {
    match parent.below(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && missing == Missing::Make => {}
        opened => return opened,
    }
    match parent.make(name) {
        // Another lane was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => made?,
    }
    parent.below(name)
}

#[cfg(test)]
mod tests {
    use crate::model::{
        file_name::NameRules,
        manifest::{Entry, EntryKind, Manifest},
    };

    use super::*;

    fn root() -> (tempfile::TempDir, Folder) {
        let temp = tempfile::tempdir().unwrap();
        let root = Disk::default().folder(temp.path()).unwrap();
        (temp, root)
    }

    fn files(paths: impl Iterator<Item = String>) -> PathMap {
        let entry = |path: String| Entry {
            path: path.split('/').map(str::to_owned).collect(),
            kind: EntryKind::File { size: 0 },
            mtime: None,
            exec: false,
        };
        let manifest = Manifest::from_entries(paths.map(entry).collect()).unwrap();
        PathMap::build(&manifest.into(), NameRules::Unix, false, &|_| false).unwrap()
    }

    #[test]
    fn many_folders_do_not_stay_open() {
        let (temp, root) = root();
        let map = files((0..300).map(|n| format!("top/{n}/file")));
        let handles = FolderHandles::new(Arc::new(root));
        for index in 0..300 {
            let folder = map.parent(map.node_of(index).unwrap());
            drop(handles.get(&map, folder, Missing::Make).unwrap().create("file", false).unwrap());
            assert!(handles.open.borrow().len() <= MAX_OPEN);
        }
        assert!(temp.path().join("top/299/file").exists());
    }
}
