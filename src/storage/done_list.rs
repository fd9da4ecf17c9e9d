//! Which entries of a transfer stand at their places, as the journal tells it: a few bytes for each. Paths are made when somebody
//! asks for one.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use crate::model::{by_index::ByIndex, seal::Md5Digest};

use super::{
    agreement::Terms,
    path_map::{NodeId, PathMap},
};

/// Entries that stand at their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DoneList {
    /// The seal of each; none: a folder or link.
    seals: ByIndex<Option<Md5Digest>>,
    /// Names that some got in place of their own.
    names: HashMap<u32, String>,
}

impl DoneList {
    /// An entry of the manifest stands there, under `name` if that is not the one it was to have.
    pub fn insert(&mut self, index: u32, md5: Option<Md5Digest>, name: Option<String>) {
        self.seals.insert(index, md5);
        match name {
            Some(name) => drop(self.names.insert(index, name)),
            None => drop(self.names.remove(&index)),
        }
    }

    pub fn remove(&mut self, index: u32) {
        self.seals.remove(index);
        self.names.remove(&index);
    }

    /// Its seal, which a folder or link has not; `None`: it does not stand there.
    pub fn get(&self, index: u32) -> Option<Option<Md5Digest>> {
        self.seals.get(index)
    }

    /// Takes the name that it got in place of its own.
    pub fn name(&self, index: u32) -> Option<&str> {
        self.names.get(&index).map(String::as_str)
    }

    /// Whether everything that was wanted is among them.
    pub(super) fn has_all(&self, terms: &Terms) -> bool {
        let mut wanted = (0..).zip(&terms.manifest.entries).filter(|(index, _)| terms.selection.holds(*index));
        wanted.all(|(index, _)| self.get(index).is_some())
    }

    pub fn len(&self) -> usize {
        self.seals.len()
    }

    pub fn is_empty(&self) -> bool {
        self.seals.is_empty()
    }

    /// All of them in the order of the manifest.
    pub fn iter(&self) -> impl Iterator<Item = (u32, Option<Md5Digest>)> {
        self.seals.iter()
    }
}

/// Where the entries of one incoming transfer stand, while no landing has it.
#[derive(Debug)]
pub struct FinalPaths {
    folder: PathBuf,
    map: PathMap,
}

impl FinalPaths {
    pub(super) fn new(folder: &Path, map: PathMap) -> Self {
        Self { folder: folder.to_owned(), map }
    }

    /// Where an entry stands, `name` being the one it got in place of its own.
    pub fn of(&self, index: u32, name: Option<&str>) -> Option<PathBuf> {
        place_below(&self.folder, &self.map, index, name)
    }
}

/// Where an entry stands below the receive folder, `name` being the one it got in place of its own.
pub(super) fn place_below(folder: &Path, map: &PathMap, index: u32, name: Option<&str>) -> Option<PathBuf> {
    let node = map.node_of(index)?;
    Some(match name {
        Some(name) => path_below(folder, map, map.parent(node), Some(name)),
        None => path_below(folder, map, node, None),
    })
}

/// Where a name of the tree stands below the receive folder; or what stands there under this name.
pub(super) fn path_below(folder: &Path, map: &PathMap, node: NodeId, name: Option<&str>) -> PathBuf {
    let mut names = map.names(node);
    names.extend(name);
    let mut path =
        PathBuf::with_capacity(folder.as_os_str().len() + names.iter().map(|name| name.len() + 1).sum::<usize>());
    path.push(folder);
    path.extend(names);
    path
}
