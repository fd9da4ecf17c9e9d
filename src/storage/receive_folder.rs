//! What saving an offer into a folder would mean, before anything is written there.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::model::{
    file_name::{BadName, NameRules, SafePath},
    manifest::{EntryKind, Manifest, Selection},
    preflight::{Least, Preflight, Renamed, Taken},
    reason::{Reason, ReasonCode},
};

use super::{
    error::{Doing, io_reason, reason_at},
    path_map::{NodeId, PathMap, ROOT},
    space::free_bytes,
};

/// Looks whether the path of every entry can be made safe. Those that would meet only then are told apart by numbers.
///
/// # Errors
/// The index of the first entry whose path is refused: unsafe, the same twice, or below a file or link.
pub fn check_paths(manifest: &Arc<Manifest>, rules: NameRules) -> Result<(), (u32, BadName)> {
    PathMap::build(manifest, rules, false, &|_| false).map(drop)
}

/// The safe path of every entry.
///
/// # Errors
/// As `check_paths`.
pub fn parse_paths(manifest: &Arc<Manifest>, rules: NameRules) -> Result<Vec<SafePath>, (u32, BadName)> {
    let map = PathMap::build(manifest, rules, false, &|_| false)?;
    let nodes = (0..).map_while(|index| map.node_of(index));
    Ok(nodes.map(|node| SafePath::renamed(map.names(node).into_iter().map(str::to_owned).collect())).collect())
}

/// Looks at `folder` without changing it; only `least` goes by the `selection`. `reserved` is left to the engine, which knows
/// the other transfers.
pub fn preflight(folder: &Path, manifest: &Arc<Manifest>, selection: &Selection) -> Preflight {
    let mut found = Preflight { folder: folder.to_owned(), free: free_bytes(folder), ..Preflight::default() };
    found.problem = check_folder(folder).err();
    if let Err((_index, bad)) = look_at_names(manifest, selection, &mut found) {
        found.problem = Some(bad.reason());
    }
    found
}

fn look_at_names(manifest: &Arc<Manifest>, selection: &Selection, found: &mut Preflight) -> Result<(), (u32, BadName)> {
    let rules = NameRules::here();
    let plain = PathMap::build(manifest, rules, false, &|_| false)?;
    let folder = found.folder.clone();
    let is_taken = |name: &str| is_there(&folder.join(name));
    // Whether this very folder folds case is probed after Accept; until then the system's habit is shown.
    let folds = rules.usually_folds();
    if !folds && !plain.tops().any(|top| is_taken(plain.name(top))) {
        compare(manifest, &plain, &plain, found);
        return Ok(());
    }
    let map = PathMap::build(manifest, rules, folds, &is_taken)?;
    compare(manifest, &plain, &map, found);
    let mut there = FilesThere { folder: &folder, map: &plain, folders: HashMap::new() };
    let mut needs = Needs::default();
    for (index, entry) in (0..).zip(&manifest.entries).filter(|(_, entry)| entry.is_file()) {
        let old = plain.node_of(index).and_then(|node| there.file(node));
        found.there += u64::from(old.is_some());
        if selection.holds(index) {
            needs.add(entry.size(), old);
        }
    }
    found.least = needs.least;
    Ok(())
}

/// Adds up the room that files need, in their order.
#[derive(Default)]
struct Needs {
    least: Least,
    /// What replacing takes up in the end of the files so far, which may be less than nothing.
    replaced: i128,
}

impl Needs {
    /// `old`: the bytes of the file that is there.
    fn add(&mut self, new: u64, old: Option<u64>) {
        let least = &mut self.least;
        if old.is_none() {
            least.skip = least.skip.saturating_add(new);
        }
        if old != Some(new) {
            least.skip_identical = least.skip_identical.saturating_add(new);
        }
        self.replaced += i128::from(new);
        least.replace = least.replace.max(u64::try_from(self.replaced).unwrap_or_default());
        self.replaced -= i128::from(old.unwrap_or_default());
    }
}

/// The folder is there and can be written to, as far as can be told without writing.
pub(crate) fn check_folder(folder: &Path) -> Result<(), Reason> {
    let metadata = std::fs::metadata(folder).map_err(|error| folder_reason(&error, folder))?;
    if !metadata.is_dir() {
        return Err(reason_at(ReasonCode::FolderMissing, "not a folder", folder));
    }
    check_writable(folder).map_err(|error| folder_reason(&error, folder))
}

/// As `io_reason`, for the receive folder itself.
pub(crate) fn folder_reason(error: &io::Error, folder: &Path) -> Reason {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            reason_at(ReasonCode::FolderMissing, &error.to_string(), folder)
        }
        _ => io_reason(error, folder, Doing::Writing),
    }
}

/// What leads outside, and why it is not made.
pub(crate) fn outside_reason(path: &str) -> Reason {
    Reason::here(ReasonCode::BadPath, format!("a link that leads outside the transfer: {path}"))
}

/// `plain`: the names as they are where nothing is taken.
fn compare(manifest: &Manifest, plain: &PathMap, map: &PathMap, found: &mut Preflight) {
    for (index, entry) in (0..).zip(&manifest.entries) {
        let Some(node) = map.node_of(index) else { continue };
        let is_top = map.parent(node) == ROOT;
        // A top-level name that is taken is told below, once for all that is in it.
        let becomes = if is_top { plain.name(node) } else { map.name(node) };
        if entry.path.last().is_some_and(|sent| sent != becomes) {
            found.renamed.push(Renamed { index, becomes: becomes.to_owned() });
        }
        if matches!(entry.kind, EntryKind::Link { .. }) && map.link(index).is_none() {
            found.left_out.push((index, outside_reason(&entry.shown_path())));
        }
    }
    let taken = map.tops().filter(|top| map.name(*top) != plain.name(*top));
    found.taken =
        taken.map(|top| Taken { name: plain.name(top).to_owned(), becomes: map.name(top).to_owned() }).collect();
}

/// Which files of an offer are there already, by their names below the receive folder: links do not count.
struct FilesThere<'a> {
    folder: &'a Path,
    map: &'a PathMap,
    /// Those that were looked for.
    folders: HashMap<NodeId, bool>,
}

impl FilesThere<'_> {
    /// Its bytes.
    fn file(&mut self, node: NodeId) -> Option<u64> {
        let parent = self.has_folder(self.map.parent(node));
        parent.then(|| self.look(node)).flatten().filter(std::fs::Metadata::is_file).map(|there| there.len())
    }

    fn has_folder(&mut self, node: NodeId) -> bool {
        if node == ROOT {
            return true;
        }
        if let Some(known) = self.folders.get(&node) {
            return *known;
        }
        let has = self.has_folder(self.map.parent(node)) && self.look(node).is_some_and(|there| there.is_dir());
        self.folders.insert(node, has);
        has
    }

    fn look(&self, node: NodeId) -> Option<std::fs::Metadata> {
        let mut place = self.folder.to_owned();
        place.extend(self.map.names(node));
        std::fs::symlink_metadata(place).ok()
    }
}

fn is_there(place: &PathBuf) -> bool {
    std::fs::symlink_metadata(place).is_ok()
}

#[cfg(unix)]
fn check_writable(folder: &Path) -> io::Result<()> {
    use rustix::fs::{Access, AtFlags, CWD};
    Ok(rustix::fs::accessat(CWD, folder, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)?)
}

/// Without permission bits only writing tells; the first part file does.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn check_writable(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_needs_no_room_as_the_choice_has_it() {
        let mut needs = Needs::default();
        // The same, another, a new one, and one that becomes smaller.
        for (new, old) in [(100, Some(100)), (50, Some(20)), (10, None), (1, Some(500))] {
            needs.add(new, old);
        }
        assert_eq!(needs.least, Least { replace: 100, skip: 10, skip_identical: 61 });
    }

    #[test]
    fn a_large_file_is_replaced_by_one_that_has_to_fit_beside_it() {
        let mut needs = Needs::default();
        needs.add(10, None);
        needs.add(1000, Some(1000));
        assert_eq!(needs.least.replace, 1010);
    }
}
