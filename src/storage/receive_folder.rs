//! What saving an offer into a folder would mean, before anything is written there.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
};

use crate::model::{
    file_name::{BadName, NameRules, SafePath},
    manifest::{EntryKind, Manifest},
    preflight::{Preflight, Renamed, Taken},
    reason::{Reason, ReasonCode},
};

use super::{
    error::{Doing, io_reason, reason_at},
    path_map::{PathMap, ROOT},
    space::free_bytes,
};

/// Parses the path of every entry. Paths that would meet only after being made safe are told apart by numbers.
///
/// # Errors
/// The index of the first entry whose path is refused: unsafe, the same twice, or below a file or link.
pub fn parse_paths(manifest: &Manifest, rules: NameRules) -> Result<Vec<SafePath>, (u32, BadName)> {
    let mut paths = Vec::with_capacity(manifest.entries.len());
    for (index, entry) in (0..).zip(&manifest.entries) {
        paths.push(SafePath::parse(&entry.path, rules).map_err(|bad| (index, bad))?);
    }
    let map = PathMap::build(manifest, &paths, false, &|_| false)?;
    for (index, path) in (0..).zip(&mut paths) {
        let Some(node) = map.node_of(index) else { continue };
        if !map.is_called(node, path.components()) {
            *path = SafePath::renamed(map.names(node).into_iter().map(str::to_owned).collect());
        }
    }
    Ok(paths)
}

/// Looks at `folder` without changing it. `reserved` is left to the engine, which knows the other transfers.
pub fn preflight(folder: &Path, manifest: &Manifest, paths: &[SafePath]) -> Preflight {
    let mut found = Preflight { folder: folder.to_owned(), free: free_bytes(folder), ..Preflight::default() };
    found.problem = check_folder(folder).err();
    // Whether this very folder folds case is probed after Accept; until then the system's habit is shown.
    let folds = NameRules::here().usually_folds();
    match PathMap::build(manifest, paths, folds, &|name| is_there(&folder.join(name))) {
        Ok(map) => compare(manifest, paths, &map, &mut found),
        Err((_index, bad)) => found.problem = Some(bad.reason()),
    }
    found
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

fn compare(manifest: &Manifest, paths: &[SafePath], map: &PathMap, found: &mut Preflight) {
    for (index, (entry, path)) in (0..).zip(manifest.entries.iter().zip(paths)) {
        let Some(node) = map.node_of(index) else { continue };
        let is_top = map.parent(node) == ROOT;
        // A top-level name that is taken is told below, once for all that is in it.
        let becomes = if is_top { path.name() } else { map.name(node) };
        if entry.path.last().is_some_and(|sent| sent != becomes) {
            found.renamed.push(Renamed { index, becomes: becomes.to_owned() });
        }
        if matches!(entry.kind, EntryKind::Link { .. }) && map.link(index).is_none() {
            found.left_out.push((index, outside_reason(&entry.shown_path())));
        }
        note_taken(path, map.name(map.top_of(node)), &mut found.taken);
    }
    let mut there = FoldersThere::default();
    let files = manifest.entries.iter().zip(paths).filter(|(entry, _)| entry.is_file());
    found.there = files.filter(|(_, path)| there.has_file(&found.folder, path)).count() as u64;
}

/// Which folders of an offer are there already, by their names below the receive folder: links do not count.
#[derive(Default)]
struct FoldersThere<'a>(HashMap<&'a [String], bool>);

impl<'a> FoldersThere<'a> {
    fn has_file(&mut self, folder: &Path, path: &'a SafePath) -> bool {
        let names = path.components();
        let parent = names.split_last().map_or(names, |(_, parent)| parent);
        self.has(folder, parent) && look(folder, names).is_some_and(|there| there.is_file())
    }

    fn has(&mut self, folder: &Path, names: &'a [String]) -> bool {
        let Some((_, parent)) = names.split_last() else { return true };
        if let Some(known) = self.0.get(names) {
            return *known;
        }
        let has = self.has(folder, parent) && look(folder, names).is_some_and(|there| there.is_dir());
        self.0.insert(names, has);
        has
    }
}

fn look(folder: &Path, names: &[String]) -> Option<std::fs::Metadata> {
    let mut place = folder.to_owned();
    place.extend(names);
    std::fs::symlink_metadata(place).ok()
}

fn note_taken(path: &SafePath, becomes: &str, taken: &mut Vec<Taken>) {
    let Some(name) = path.components().first().filter(|name| *name != becomes) else { return };
    let taken_now = Taken { name: name.clone(), becomes: becomes.to_owned() };
    // Entries of one top-level item stand together, but nothing says that they must.
    if taken.last() != Some(&taken_now) && !taken.contains(&taken_now) {
        taken.push(taken_now);
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
