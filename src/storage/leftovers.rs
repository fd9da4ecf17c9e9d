//! What a transfer of which nothing is kept may leave behind when it does not end in order, and how it is found again: a small
//! record in the profile says where to look.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use cap_fs_ext::DirExt;
use cap_std::{ambient_authority, fs::Dir};
use serde::{Deserialize, Serialize};

use crate::model::{
    file_name::{MAX_DEPTH, PART_PREFIX},
    transfer::TransferId,
};

use super::{agreement, error::StorageError, kept, no_replace::write_whole, profile::Profile, stored_path::StoredPath};

/// A record whose folder cannot be opened (a stick that is not plugged in) is kept this long.
const KEEP_RECORD: Duration = Duration::from_hours(30 * 24);

/// Where part files of one transfer can be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    folder: StoredPath,
    /// Top-level folders of the transfer below `folder`.
    names: Vec<String>,
}

/// The name of the part file of one entry.
pub(super) fn part_name(id: TransferId, index: u32) -> String {
    format!("{PART_PREFIX}{id}-{index}.part")
}

impl Record {
    pub(super) fn new(folder: &Path, names: Vec<String>) -> Self {
        Self { folder: StoredPath::of(folder), names }
    }

    pub(super) fn save(&self, profile: &Profile, id: TransferId) -> Result<(), StorageError> {
        let path = path_of(profile, id);
        let json = serde_json::to_vec_pretty(self).map_err(|error| StorageError::at(&path)(io::Error::other(error)))?;
        write_whole(&path, &json, true).map_err(StorageError::at(&path))
    }

    /// Removes every part file of `id`, in the folder and below the names that the transfer made.
    pub(super) fn remove_parts(&self, id: TransferId) -> io::Result<()> {
        let dir = Dir::open_ambient_dir(self.folder.clone().path(), ambient_authority())?;
        let prefix = format!("{PART_PREFIX}{id}-");
        remove_in(&dir, &prefix)?;
        for name in &self.names {
            // A name may stand for a file, or have been moved away.
            if let Ok(below) = dir.open_dir_nofollow(name) {
                remove_below(&below, &prefix, MAX_DEPTH)?;
            }
        }
        Ok(())
    }
}

/// Forgets that a transfer is running.
pub(super) fn remove_record(profile: &Profile, id: TransferId) {
    // If it stays, the next start finds nothing to remove there.
    std::fs::remove_file(path_of(profile, id)).ok();
}

/// Says, until it is dropped, that this process is at work on `id`: another one that starts on the profile sweeps nothing of
/// it. `None`: the profile cannot hold it, and then it has to be hoped that nobody starts.
pub fn hold(profile: &Profile, id: TransferId) -> Option<Held> {
    let path = held_path(profile, id);
    let file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(&path).ok()?;
    file.try_lock().ok()?;
    Some(Held { _file: file, path })
}

/// See `hold`.
#[derive(Debug)]
pub struct Held {
    _file: fs::File,
    path: PathBuf,
}

impl Drop for Held {
    fn drop(&mut self) {
        // One that stays says nothing without its lock, and goes when it is swept.
        fs::remove_file(&self.path).ok();
    }
}

fn is_held(profile: &Profile, id: TransferId) -> bool {
    let Ok(file) = fs::OpenOptions::new().write(true).open(held_path(profile, id)) else { return false };
    matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock))
}

fn held_path(profile: &Profile, id: TransferId) -> PathBuf {
    profile.running_folder().join(format!("{id}.held"))
}

/// Removes what transfers of an earlier run left behind, but for those that can go on. To be called by the process that
/// holds the profile's lock.
pub fn sweep_leftovers(profile: &Profile) {
    kept::sweep_over(profile);
    let Ok(records) = std::fs::read_dir(profile.running_folder()) else { return };
    let is_record = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
    for path in records.filter_map(|record| Some(record.ok()?.path())).filter(is_record) {
        let Some(id) = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok()) else { continue };
        if is_held(profile, id) {
            continue;
        }
        // A process that was killed leaves it behind.
        fs::remove_file(held_path(profile, id)).ok();
        // Of one that can go on nothing is swept: older versions had a record of it too, until it was agreed.
        let is_agreed = profile.running_folder().join(agreement::file_name(id)).exists();
        if is_agreed || sweep(&path, id).is_ok() || is_old(&path) {
            remove_record(profile, id);
        }
    }
}

fn sweep(path: &Path, id: TransferId) -> io::Result<()> {
    let record: Record = serde_json::from_slice(&std::fs::read(path)?)?;
    record.remove_parts(id)
}

fn is_old(path: &Path) -> bool {
    let written = std::fs::metadata(path).and_then(|metadata| metadata.modified());
    written.is_ok_and(|written| SystemTime::now().duration_since(written).is_ok_and(|age| age > KEEP_RECORD))
}

fn path_of(profile: &Profile, id: TransferId) -> PathBuf {
    profile.running_folder().join(format!("{id}.json"))
}

fn remove_below(dir: &Dir, prefix: &str, levels: usize) -> io::Result<()> {
    remove_in(dir, prefix)?;
    if levels == 0 {
        return Ok(());
    }
    for entry in dir.entries()? {
        let entry = entry?;
        if entry.file_type()?.is_dir()
            && let Ok(below) = dir.open_dir_nofollow(entry.file_name())
        {
            remove_below(&below, prefix, levels - 1)?;
        }
    }
    Ok(())
}

fn remove_in(dir: &Dir, prefix: &str) -> io::Result<()> {
    for entry in dir.entries()? {
        let entry = entry?;
        let name = entry.file_name();
        let is_part = name.to_str().is_some_and(|name| name.starts_with(prefix));
        // A link that was to replace another goes by such a name for a moment, too.
        if is_part && !entry.file_type()?.is_dir() {
            dir.remove_file_or_symlink(&name)?;
        }
    }
    Ok(())
}
