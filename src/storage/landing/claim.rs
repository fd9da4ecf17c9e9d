//! The top-level folders of a new transfer. Their names are looked for when it is taken; the folders are made when what was agreed
//! is on the disk with those names. So whoever dies in between leaves no folder that nobody knows of, and none has to be removed
//! on a guess. A name that is taken meanwhile is left to whoever took it: the next one is written down before it is tried.

use std::{collections::HashSet, io};

use crate::{
    model::reason::Reason,
    storage::{
        agreement::{Layout, Terms},
        disk::Folder,
        folder_handles::first_free,
        path_map::{NodeId, PathMap, ROOT},
        receive_folder::folder_reason,
    },
};

use super::begin::{lay_out_again, names_of_tops};

/// Names are taken under our hands no more often than this.
const MOST_TRIES: usize = 100;

/// What of the folders that are there may be used as a top-level folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usable {
    Every,
    /// One that holds nothing: it may have been made just before a crash, or by a person, and so is never removed.
    Empty,
    Nothing,
}

impl Usable {
    fn holds(self, root: &Folder, name: &str) -> bool {
        let there = match self {
            Self::Nothing => return false,
            Self::Empty | Self::Every => root.below(name),
        };
        there.is_ok_and(|folder| self == Self::Every || folder.is_empty())
    }
}

/// The names of a transfer on this disk, and which top-level folders were there before it.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) map: PathMap,
    pub(super) found: HashSet<NodeId>,
}

/// Where top-level folders are made, and which.
pub(super) struct Claim<'a> {
    pub(super) root: &'a Folder,
    pub(super) terms: &'a Terms,
    /// Top-level names of what is selected.
    pub(super) tops: &'a HashSet<NodeId>,
    pub(super) usable: Usable,
}

impl Claim<'_> {
    /// Gives each top-level folder a name that is free now; which of them are there and are used. Those in `made` have theirs.
    pub(super) fn look(&self, map: &mut PathMap, made: &HashSet<NodeId>) -> io::Result<HashSet<NodeId>> {
        let folders: Vec<NodeId> = map.folders().filter(|node| self.tops.contains(node)).collect();
        let mut used = None;
        let mut found = HashSet::new();
        for node in folders.into_iter().filter(|node| !made.contains(node)) {
            let own = map.name(node);
            if self.usable.holds(self.root, own) {
                found.insert(node);
                continue;
            }
            let name = first_free(own, |name| {
                // A number must not lead to the place of another entry.
                let is_used = name != own && used.get_or_insert_with(|| map.used_names()).holds(ROOT, name);
                match self.root.look(name) {
                    _ if is_used => Err(io::ErrorKind::AlreadyExists.into()),
                    Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                    Err(error) => Err(error),
                }
            })?;
            map.rename(node, name);
        }
        Ok(found)
    }

    /// Takes back what `make` has done.
    pub(super) fn unmake(&self, map: &PathMap, found: &HashSet<NodeId>) {
        self.take_back(map, self.to_make(map, found));
    }

    /// Whether any folder is to be made.
    pub(super) fn makes_some(&self, map: &PathMap, found: &HashSet<NodeId>) -> bool {
        self.to_make(map, found).next().is_some()
    }

    /// Makes the folders, each new: nobody else can mean the same one. `write_down` comes before them, with the names that they
    /// get; the names come back where they are not the `first` ones.
    ///
    /// # Errors
    /// What `write_down` says, or the disk's reason; then nothing that was made here is left.
    pub(super) fn make(
        &self,
        first: (&PathMap, &HashSet<NodeId>),
        write_down: impl Fn(&PathMap, &HashSet<NodeId>) -> Result<(), Reason>,
    ) -> Result<Option<Names>, Reason> {
        let mut made = HashSet::new();
        let mut other: Option<Names> = None;
        for _ in 0..MOST_TRIES {
            let (map, found) = other.as_ref().map_or(first, |names| (&names.map, &names.found));
            let next = match write_down(map, found).and_then(|()| self.try_all(map, found, &mut made)) {
                Ok(true) => return Ok(other),
                Ok(false) => self.other_names(map, found, &made),
                Err(reason) => Err(reason),
            };
            match next {
                Ok(next) => other = Some(next),
                Err(reason) => {
                    self.take_back(map, made);
                    return Err(reason);
                }
            }
        }
        let (map, _found) = other.as_ref().map_or(first, |names| (&names.map, &names.found));
        self.take_back(map, made);
        Err(self.failed(&io::ErrorKind::AlreadyExists.into()))
    }

    /// False: one of the names is taken.
    fn try_all(&self, map: &PathMap, found: &HashSet<NodeId>, made: &mut HashSet<NodeId>) -> Result<bool, Reason> {
        for node in self.to_make(map, found) {
            if made.contains(&node) {
                continue;
            }
            match self.root.make(map.name(node)) {
                Ok(()) => made.insert(node),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
                Err(error) => return Err(self.failed(&error)),
            };
        }
        Ok(true)
    }

    fn other_names(&self, map: &PathMap, found: &HashSet<NodeId>, made: &HashSet<NodeId>) -> Result<Names, Reason> {
        let mut map = lay_out_again(self.terms, &self.layout(map, found)?)?;
        let found = self.look(&mut map, made).map_err(|error| self.failed(&error))?;
        Ok(Names { map, found })
    }

    /// Removes folders that were made just now.
    fn take_back(&self, map: &PathMap, made: impl IntoIterator<Item = NodeId>) {
        for node in made {
            // It fails where somebody has put something there.
            self.root.remove_folder(map.name(node)).ok();
        }
    }

    /// Which of the top-level folders are this transfer's alone.
    fn to_make(&self, map: &PathMap, found: &HashSet<NodeId>) -> impl Iterator<Item = NodeId> {
        map.folders().filter(|node| self.tops.contains(node) && !found.contains(node))
    }

    /// How the names stand in the agreement.
    pub(super) fn layout(&self, map: &PathMap, found: &HashSet<NodeId>) -> Result<Layout, Reason> {
        let names = if map.has_changed_top() { names_of_tops(self.terms, map)? } else { Vec::new() };
        let found_at = found.iter().map(|top| top.position()).collect();
        Ok(Layout { folds: map.folds(), names, found: found_at, tops_follow: self.makes_some(map, found) })
    }

    fn failed(&self, error: &io::Error) -> Reason {
        folder_reason(error, &self.terms.folder)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::{
        model::{
            conflict::Conflict,
            device::Peer,
            file_name::NameRules,
            manifest::{Entry, EntryKind, Manifest, Selection},
            transfer::TransferId,
        },
        storage::disk::Disk,
    };

    use super::*;

    fn terms(paths: &[&str], folder: &std::path::Path) -> Terms {
        let entry = |path: &&str| Entry {
            path: path.split('/').map(str::to_owned).collect(),
            kind: EntryKind::File { size: 0 },
            mtime: None,
            exec: false,
        };
        Terms {
            id: TransferId([1; 16]),
            peer: Peer::at(String::new(), false),
            digest: [0; 32],
            manifest: Arc::new(Manifest::from_entries(paths.iter().map(entry).collect()).unwrap()),
            message: None,
            folder: folder.to_owned(),
            selection: Selection::All,
            conflict: Conflict::KeepBoth,
            accepted_at: 0,
        }
    }

    fn names(map: &PathMap) -> Vec<String> {
        map.tops().map(|top| map.name(top).to_owned()).collect()
    }

    /// What `then` gets: the place, what is claimed there, and names as they were looked for when nothing was there.
    fn claiming(paths: &[&str], usable: Usable, then: impl FnOnce(&std::path::Path, &Claim<'_>, PathMap)) {
        let temp = tempfile::tempdir().unwrap();
        let root = Disk::default().folder(temp.path()).unwrap();
        let terms = terms(paths, temp.path());
        let map = PathMap::build(&terms.manifest, NameRules::Unix, false, &|_| false).unwrap();
        let tops = map.tops().collect();
        then(temp.path(), &Claim { root: &root, terms: &terms, tops: &tops, usable }, map);
    }

    #[test]
    fn a_top_folder_that_appears_meanwhile_is_not_taken_for_ours() {
        claiming(&["P/a", "P (2)/a"], Usable::Nothing, |place, claim, map| {
            let found = HashSet::new();
            std::fs::create_dir(place.join("P")).unwrap();
            let written = std::cell::RefCell::new(Vec::new());
            let write_down = |map: &PathMap, _: &HashSet<NodeId>| {
                written.borrow_mut().push(names(map));
                Ok(())
            };
            let other = claim.make((&map, &found), write_down).unwrap().unwrap();
            assert_eq!(names(&other.map), ["P (3)", "P (2)"], "P (2) belongs to another entry");
            assert_eq!(written.into_inner(), [["P", "P (2)"], ["P (3)", "P (2)"]], "before it is made");
            assert!(place.join("P (3)").is_dir() && place.join("P (2)").is_dir());
        });
    }

    #[test]
    fn merging_uses_the_folder_that_is_there_and_nothing_of_another_kind() {
        claiming(&["P/a", "Q/a", "R/a"], Usable::Every, |place, claim, mut map| {
            std::fs::create_dir_all(place.join("P/full")).unwrap();
            std::fs::write(place.join("Q"), "a file").unwrap();
            let found = claim.look(&mut map, &HashSet::new()).unwrap();
            assert_eq!(found, HashSet::from([map.top_of(map.node_of(0).unwrap())]));
            assert_eq!(names(&map), ["P", "Q (2)", "R"]);
            assert!(!place.join("R").exists(), "only looked for");
            assert!(claim.make((&map, &found), |_, _| Ok(())).unwrap().is_none());
            assert!(place.join("Q (2)").is_dir() && place.join("R").is_dir());
        });
    }

    #[test]
    fn what_may_be_a_persons_is_used_only_if_it_holds_nothing() {
        claiming(&["P/a", "Q/a"], Usable::Empty, |place, claim, mut map| {
            std::fs::create_dir_all(place.join("P/full")).unwrap();
            std::fs::create_dir(place.join("Q")).unwrap();
            let found = claim.look(&mut map, &HashSet::new()).unwrap();
            assert_eq!((names(&map), found.len()), (vec!["P (2)".to_owned(), "Q".to_owned()], 1));
        });
    }

    #[test]
    fn what_was_made_before_a_failure_is_taken_back() {
        claiming(&["P/a", "Q/a"], Usable::Nothing, |place, claim, map| {
            std::fs::create_dir(place.join("Q")).unwrap();
            let failing = |map: &PathMap, _: &HashSet<NodeId>| {
                if map.has_changed_top() { Err(Reason::bare(crate::model::reason::ReasonCode::Io)) } else { Ok(()) }
            };
            assert!(claim.make((&map, &HashSet::new()), failing).is_err());
            assert!(!place.join("P").exists() && place.join("Q").exists());
        });
    }
}
