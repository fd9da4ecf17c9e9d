//! One transfer's place on this disk: part files, publishing without overwriting, folders and links. All of it goes
//! through handles of folders, so that nothing leads outside.

use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use cap_fs_ext::{DirExt, SystemTimeSpec};
use cap_std::{ambient_authority, fs::Dir, time::SystemTime};

use crate::model::{
    conflict::Conflict,
    file_name::{BadName, NameRules},
    manifest::{Entry, EntryKind, Manifest, Selection},
    reason::{Reason, ReasonCode},
    seal::Md5Digest,
    transfer::TransferId,
};

use super::{
    agreement::Terms,
    error::{Doing, io_reason},
    folder_handles::{FolderHandles, Missing, claim_tops, first_free},
    leftovers::{Record, part_name, remove_record},
    part_file::{Flusher, PartFile, time_of},
    path_map::{NodeId, PathMap},
    probe::probe_folding,
    profile::Profile,
    receive_folder::{check_folder, folder_reason, outside_reason, parse_paths},
};

pub use super::leftovers::sweep_leftovers;

/// Where one incoming transfer goes. Each thread has its own clone.
#[derive(Debug)]
pub struct Landing {
    shared: Arc<Shared>,
    handles: FolderHandles,
}

pub struct There {
    pub place: PathBuf,
    pub size: u64,
}

#[derive(Debug)]
struct Shared {
    profile: Profile,
    folder: PathBuf,
    id: TransferId,
    terms: Terms,
    manifest: Arc<Manifest>,
    selection: Selection,
    map: PathMap,
    /// Top-level names of what is selected.
    tops: HashSet<NodeId>,
    record: Record,
    /// Part files that may be on the disk.
    parts: Arc<AtomicUsize>,
}

impl Clone for Landing {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), handles: self.handles.fresh() }
    }
}

impl Landing {
    /// Checks the folder, decides the names (a taken one gets a number, a whole folder as one), claims the top-level
    /// folders and notes in the profile where part files will be.
    pub fn prepare(
        profile: &Profile,
        folder: &Path,
        id: TransferId,
        manifest: Arc<Manifest>,
        selection: Selection,
    ) -> Result<Self, Reason> {
        check_folder(folder)?;
        let failed = |error: io::Error| folder_reason(&error, folder);
        let folder = std::path::absolute(folder).map_err(failed)?;
        let root = Dir::open_ambient_dir(&folder, ambient_authority()).map_err(failed)?;
        let folds = probe_folding(&root, id).map_err(failed)?;
        let mut map = lay_out(&root, &manifest, folds)?;
        let selected = (0..).take(manifest.entries.len()).filter(|index| selection.holds(*index));
        let tops = selected.filter_map(|index| map.node_of(index)).map(|node| map.top_of(node)).collect();
        let names = claim_tops(&root, &mut map, &tops).map_err(failed)?;
        let record = Record { folder: folder.clone(), names };
        record.save(profile, id).map_err(|error| error.reason())?;
        let profile = profile.clone();
        let terms =
            Terms { manifest: Arc::clone(&manifest), selection: selection.clone(), conflict: Conflict::KeepBoth };
        let shared =
            Shared { terms, profile, folder, id, manifest, selection, map, tops, record, parts: Arc::default() };
        Ok(Self { shared: Arc::new(shared), handles: FolderHandles::new(Arc::new(root)) })
    }

    pub fn terms(&self) -> &Terms {
        &self.shared.terms
    }
    pub fn continue_part(&self, index: u32, _offset: u64) -> Result<PartFile, Reason> {
        Err(internal("no part", index))
    }
    pub fn part_prefix(&self, index: u32) -> Result<std::fs::File, Reason> {
        Err(internal("no part", index))
    }
    pub fn there(&self, _index: u32) -> Option<There> {
        None
    }
    pub fn already_done(&self, index: u32, _md5: Md5Digest) -> Result<PathBuf, Reason> {
        Err(internal("no file", index))
    }
    pub fn commit(&self, batch: Vec<(PartFile, Md5Digest)>) -> Vec<(u32, Result<PathBuf, Reason>)> {
        let mut parts: Vec<PartFile> = batch.into_iter().map(|(part, _)| part).collect();
        let flushed = self.flush_all(&mut parts);
        let each = parts.into_iter().zip(flushed);
        each.map(|(part, flushed)| (part.index(), flushed.and_then(|()| self.publish_flushed(part)))).collect()
    }
    pub fn flush_at(&self, _flusher: Flusher, _offset: u64) -> Result<(), Reason> {
        Ok(())
    }
    pub fn suspend_part(&self, _part: PartFile) -> Result<(), Reason> {
        Ok(())
    }
    pub fn suspend(&self) {
        self.finish();
    }
    pub fn finish_partial(&self) {
        self.finish();
    }
    pub fn discard(&self) {
        self.remove_empty_folders();
        self.finish();
    }

    /// Opens a new part file for a selected file, making the folders above it as needed.
    pub fn create_part(&self, index: u32) -> Result<PartFile, Reason> {
        let (entry, node) = self.selected(index)?;
        let EntryKind::File { size } = entry.kind else {
            return Err(internal("not a file", index));
        };
        let parent = self.shared.map.parent(node);
        let dir = self.make_dir(parent)?;
        let name = part_name(self.shared.id, index);
        PartFile::create(dir, name, self.path_of(parent), (index, size), Arc::clone(&self.shared.parts))
    }

    /// Puts a part file on the disk for good, with its time and executable bit.
    pub fn flush(&self, part: &mut PartFile) -> Result<(), Reason> {
        let (entry, _node) = self.selected(part.index())?;
        part.flush(entry)
    }

    /// Flushes several parts, one result each. Quicker than one after the other: they share the disk's waiting.
    pub fn flush_all(&self, parts: &mut [PartFile]) -> Vec<Result<(), Reason>> {
        for part in parts.iter() {
            part.begin_flush();
        }
        parts.iter_mut().map(|part| self.flush(part)).collect()
    }

    /// Gives a flushed part its real name, or a numbered one if that was taken meanwhile; returns where it stands.
    pub fn publish_flushed(&self, part: PartFile) -> Result<PathBuf, Reason> {
        let (_entry, node) = self.selected(part.index())?;
        part.publish(self.shared.map.name(node))
    }

    /// `flush`, then `publish_flushed`.
    pub fn publish(&self, mut part: PartFile) -> Result<PathBuf, Reason> {
        self.flush(&mut part)?;
        self.publish_flushed(part)
    }

    /// Makes all selected folders; returns how each ended.
    pub fn make_folders(&self) -> Vec<(u32, Result<PathBuf, Reason>)> {
        self.each_selected(|kind| matches!(kind, EntryKind::Folder), |index| self.make_folder(index))
    }

    /// Makes one selected folder, unless it stands already.
    pub fn make_folder(&self, index: u32) -> Result<PathBuf, Reason> {
        let (_entry, node) = self.selected(index)?;
        self.make_dir(node)?;
        Ok(self.path_of(node))
    }

    /// Makes all selected links; to be called after all files. Returns how each ended.
    pub fn make_links(&self) -> Vec<(u32, Result<PathBuf, Reason>)> {
        self.each_selected(|kind| matches!(kind, EntryKind::Link { .. }), |index| self.make_link(index))
    }

    /// Makes one selected link, if it stays inside the transfer; to be called after all files.
    pub fn make_link(&self, index: u32) -> Result<PathBuf, Reason> {
        let (entry, node) = self.selected(index)?;
        let map = &self.shared.map;
        let target = map.link(index).ok_or_else(|| outside_reason(&entry.shown_path()))?;
        let parent = map.parent(node);
        let dir = self.make_dir(parent)?;
        let made = first_free(map.name(node), |name| DirExt::symlink(&*dir, target, name));
        let name = made.map_err(|error| io_reason(&error, &self.path_of(node), Doing::Writing))?;
        Ok(self.path_of(parent).join(name))
    }

    /// Where an entry will stand (a name that is taken at the last moment apart).
    pub fn final_path(&self, index: u32) -> PathBuf {
        self.shared.map.node_of(index).map_or_else(|| self.shared.folder.clone(), |node| self.path_of(node))
    }

    /// The receive folder.
    pub fn folder(&self) -> &Path {
        &self.shared.folder
    }

    /// Removes the folders of this transfer that hold nothing: for one that was cancelled or failed.
    pub fn remove_empty_folders(&self) {
        self.handles.close_all();
        let map = &self.shared.map;
        for node in map.folders().rev().filter(|node| self.shared.tops.contains(&map.top_of(*node))) {
            if let Ok(parent) = self.handles.get(map, map.parent(node), Missing::Fail) {
                // Not empty, or not there.
                parent.remove_dir(map.name(node)).ok();
            }
        }
    }

    /// The end, whatever it is: no part file is left, folders get their times, the record in the profile goes. To be
    /// called when no lane has a part file any more.
    pub fn finish(&self) {
        let shared = &self.shared;
        if shared.parts.load(Ordering::Relaxed) > 0 && shared.record.remove_parts(shared.id).is_err() {
            // The record stays, and the next start tries again.
            return;
        }
        self.set_folder_times();
        remove_record(&shared.profile, shared.id);
    }

    fn selected(&self, index: u32) -> Result<(&Entry, NodeId), Reason> {
        let entry = self.shared.manifest.entries.get(index as usize);
        match (entry, self.shared.map.node_of(index)) {
            (Some(entry), Some(node)) if self.shared.selection.holds(index) => Ok((entry, node)),
            _ => Err(internal("not selected", index)),
        }
    }

    fn each_selected<T>(&self, wanted: impl Fn(&EntryKind) -> bool, make: impl Fn(u32) -> T) -> Vec<(u32, T)> {
        let entries = (0..).zip(&self.shared.manifest.entries);
        let wanted = entries.filter(|(index, entry)| wanted(&entry.kind) && self.shared.selection.holds(*index));
        wanted.map(|(index, _entry)| (index, make(index))).collect()
    }

    fn make_dir(&self, node: NodeId) -> Result<Arc<Dir>, Reason> {
        let dir = self.handles.get(&self.shared.map, node, Missing::Make);
        dir.map_err(|error| io_reason(&error, &self.path_of(node), Doing::Writing))
    }

    fn path_of(&self, node: NodeId) -> PathBuf {
        let mut path = self.shared.folder.clone();
        path.extend(self.shared.map.names(node));
        path
    }

    fn set_folder_times(&self) {
        let map = &self.shared.map;
        self.each_selected(
            |kind| matches!(kind, EntryKind::Folder),
            |index| {
                let (entry, node) = self.selected(index).ok()?;
                let time = SystemTime::from_std(time_of(entry.mtime?)?);
                let parent = self.handles.get(map, map.parent(node), Missing::Fail).ok()?;
                // A courtesy that some file systems do not offer.
                parent.set_symlink_times(map.name(node), None, Some(SystemTimeSpec::Absolute(time))).ok()
            },
        );
    }
}

fn lay_out(root: &Dir, manifest: &Manifest, folds: bool) -> Result<PathMap, Reason> {
    let bad_path = |(_index, bad): (u32, BadName)| bad.reason();
    let paths = parse_paths(manifest, NameRules::here()).map_err(bad_path)?;
    let is_taken = |name: &str| root.symlink_metadata(name).is_ok();
    PathMap::build(manifest, &paths, folds, &is_taken).map_err(bad_path)
}

fn internal(what: &str, index: u32) -> Reason {
    Reason::here(ReasonCode::Internal, format!("entry {index} is {what}"))
}
