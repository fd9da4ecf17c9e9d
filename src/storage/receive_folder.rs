//! What saving an offer into a folder would mean, before anything is written there.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::model::{
    file_name::{BadName, NameRules, SafePath},
    manifest::{EntryKind, Manifest},
    preflight::{Preflight, Renamed, Taken},
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

/// Looks at `folder` without changing it. `reserved` is left to the engine, which knows the other transfers.
pub fn preflight(folder: &Path, manifest: &Arc<Manifest>) -> Preflight {
    let mut found = Preflight { folder: folder.to_owned(), free: free_bytes(folder), ..Preflight::default() };
    found.problem = check_folder(folder).err();
    if let Err((_index, bad)) = look_at_names(manifest, &mut found) {
        found.problem = Some(bad.reason());
    }
    found
}

fn look_at_names(manifest: &Arc<Manifest>, found: &mut Preflight) -> Result<(), (u32, BadName)> {
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
    let files = (0..).zip(&manifest.entries).filter(|(_, entry)| entry.is_file());
    let nodes = files.filter_map(|(index, _)| plain.node_of(index));
    found.there = nodes.map(|node| u64::from(there.has_file(node))).sum();
    Ok(())
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
    fn has_file(&mut self, node: NodeId) -> bool {
        self.has_folder(self.map.parent(node)) && self.look(node).is_some_and(|there| there.is_file())
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
