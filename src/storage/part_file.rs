//! The bytes of one file while they arrive: a hidden file beside its place, which never has the real name.

use std::{
    fs::File,
    io::{self, Write},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, OpenOptions};

use crate::model::{
    manifest::Entry,
    reason::{Reason, ReasonCode},
};

use super::{
    error::{Doing, io_reason},
    folder_handles::first_free,
    no_replace::rename_new,
    space::free_bytes,
};

pub struct Flusher;

/// A part file that is open for writing. Dropped without being published, it is removed.
#[derive(Debug)]
pub struct PartFile {
    index: u32,
    dir: Arc<Dir>,
    part_name: String,
    /// Where the folder is, for messages and for asking how much room there is.
    folder: PathBuf,
    file: Option<File>,
    size: u64,
    written: u64,
    /// Part files of this transfer that may still be on the disk.
    left: Arc<AtomicUsize>,
    is_published: bool,
}

impl PartFile {
    /// Makes the file new; what stands under that name already is not touched.
    pub(super) fn create(
        dir: Arc<Dir>,
        part_name: String,
        folder: PathBuf,
        (index, size): (u32, u64),
        left: Arc<AtomicUsize>,
    ) -> Result<Self, Reason> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).follow(FollowSymlinks::No);
        let file = dir.open_with(&part_name, &options);
        let file = file.map_err(|error| io_reason(&error, &folder.join(&part_name), Doing::Writing))?.into_std();
        left.fetch_add(1, Ordering::Relaxed);
        Ok(Self { index, dir, part_name, folder, file: Some(file), size, written: 0, left, is_published: false })
    }

    /// Position of its entry in the manifest.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Bytes written so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    pub fn write_all(&mut self, bytes: &[u8]) -> Result<(), Reason> {
        let Some(file) = &mut self.file else {
            return Err(self.reason(&io::ErrorKind::BrokenPipe.into()));
        };
        match file.write_all(bytes) {
            Ok(()) => {
                self.written += bytes.len() as u64;
                Ok(())
            }
            Err(error) => Err(self.reason(&error)),
        }
    }

    pub fn flusher(&self) -> Result<Flusher, Reason> {
        Ok(Flusher)
    }

    /// Lets the system begin to put the bytes on the disk, where it can be asked to, without waiting for it.
    pub(super) fn begin_flush(&self) {
        if let Some(file) = &self.file {
            begin_writing(file);
        }
    }

    /// Gives the file its time and executable bit and puts it on the disk for good.
    pub(super) fn flush(&mut self, entry: &Entry) -> Result<(), Reason> {
        let Some(file) = &self.file else { return Ok(()) };
        // Both are courtesies that some file systems (FAT, network shares) do not offer.
        set_time(file, entry.mtime).ok();
        if entry.exec {
            set_executable(file).ok();
        }
        file.sync_data().map_err(|error| self.reason(&error))
    }

    /// Renames the file to `name`, or to a numbered one where that is taken; returns where it stands now.
    pub(super) fn publish(mut self, name: &str) -> Result<PathBuf, Reason> {
        // Some systems do not rename an open file.
        self.file = None;
        let name = first_free(name, |name| rename_new(&self.dir, &self.part_name, name));
        let name = name.map_err(|error| self.reason(&error))?;
        self.is_published = true;
        self.left.fetch_sub(1, Ordering::Relaxed);
        Ok(self.folder.join(name))
    }

    fn reason(&self, error: &io::Error) -> Reason {
        let mut reason = io_reason(error, &self.folder.join(&self.part_name), Doing::Writing);
        if reason.code == ReasonCode::DiskFull {
            let needed = self.size.saturating_sub(self.written);
            let free = free_bytes(&self.folder).map_or_else(|| "unknown".to_owned(), |free| free.to_string());
            reason.detail = reason.detail.map(|detail| format!("needed {needed} bytes, free {free}: {detail}"));
        }
        reason
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if self.is_published {
            return;
        }
        self.file = None;
        // What cannot be removed now stays counted, and the end of the transfer looks for it again.
        if self.dir.remove_file(&self.part_name).is_ok() {
            self.left.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// The moment `nanos` after 1970.
pub(super) fn time_of(nanos: i64) -> Option<SystemTime> {
    let distance = Duration::from_nanos(nanos.unsigned_abs());
    if nanos < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

fn set_time(file: &File, mtime: Option<i64>) -> io::Result<()> {
    mtime.and_then(time_of).map_or(Ok(()), |time| file.set_modified(time))
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn begin_writing(file: &File) {
    // A hint, so nothing is lost when it is not taken: on Linux it starts writing what is not written yet.
    rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed).ok();
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn begin_writing(_file: &File) {}

/// Whoever may read it may run it; nothing else of the sender's mode is taken over.
#[cfg(unix)]
fn set_executable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    file.set_permissions(PermissionsExt::from_mode(mode | (mode & 0o444) >> 2))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn set_executable(_file: &File) -> io::Result<()> {
    Ok(())
}
