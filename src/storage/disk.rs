//! Every change that a landing makes on the disk goes through here, so that a test can be told of each, in order.

use std::{
    fmt, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt, SystemTimeSpec};
use cap_std::{
    ambient_authority,
    fs::{Dir, Metadata, OpenOptions},
};

use super::{
    no_replace::{new_name, rename_new},
    volume::Volume,
    write_at::write_all_at,
};

/// One change, told after it was made. `file` names an open file, whatever it is called by then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// A new, empty file.
    Created {
        file: u64,
        place: PathBuf,
    },
    /// A file that was there.
    Opened {
        file: u64,
        place: PathBuf,
    },
    Wrote {
        file: u64,
        at: u64,
        bytes: Vec<u8>,
    },
    Length {
        file: u64,
        bytes: u64,
    },
    /// The file's bytes and length are on the disk for good.
    Flushed {
        file: u64,
    },
    /// What had the name `to`, if anything, is gone.
    Renamed {
        from: PathBuf,
        to: PathBuf,
    },
    Removed {
        place: PathBuf,
    },
    FolderMade {
        place: PathBuf,
    },
    FolderRemoved {
        place: PathBuf,
    },
    Linked {
        place: PathBuf,
        target: String,
    },
    /// The names in this folder are on the disk for good.
    FolderFlushed {
        place: PathBuf,
    },
}

/// Who is told of every change.
pub type Recorder = Arc<dyn Fn(Op) + Send + Sync>;

/// The way to the disk.
#[derive(Clone, Default)]
pub struct Disk {
    told: Option<Recorder>,
    files: Arc<AtomicU64>,
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk").field("recorded", &self.told.is_some()).finish_non_exhaustive()
    }
}

impl Disk {
    /// The disk, with everything that changes there told to `told`.
    pub fn recorded(told: Recorder) -> Self {
        Self { told: Some(told), files: Arc::default() }
    }

    /// Opens a folder by its path.
    pub(super) fn folder(&self, place: &Path) -> io::Result<Folder> {
        let dir = Dir::open_ambient_dir(place, ambient_authority())?;
        Ok(Folder::over(dir, place.to_owned(), self.clone()))
    }

    fn tell(&self, op: impl FnOnce() -> Op) {
        if let Some(told) = &self.told {
            told(op());
        }
    }

    /// A file that was opened just now.
    fn file(&self, file: fs::File) -> DiskFile {
        DiskFile { file, id: self.files.fetch_add(1, Ordering::Relaxed), disk: self.clone() }
    }
}

/// An open folder: whatever is named goes no further than into it, and links are not followed.
#[derive(Debug)]
pub(super) struct Folder {
    dir: Dir,
    place: PathBuf,
    disk: Disk,
    /// The file system that it is on, once that was asked for.
    device: OnceLock<Option<u64>>,
}

impl Folder {
    fn over(dir: Dir, place: PathBuf, disk: Disk) -> Self {
        Self { dir, place, disk, device: OnceLock::new() }
    }

    /// The file system that it is on, and with it what is made in it; none where that cannot be told.
    pub(super) fn device(&self) -> Option<u64> {
        *self.device.get_or_init(|| device_of(&self.dir))
    }

    pub(super) fn dir(&self) -> &Dir {
        &self.dir
    }

    pub(super) fn disk(&self) -> &Disk {
        &self.disk
    }

    pub(super) fn place(&self) -> &Path {
        &self.place
    }

    /// A folder in it that is no link.
    pub(super) fn below(&self, name: &str) -> io::Result<Self> {
        let dir = self.dir.open_dir_nofollow(name)?;
        Ok(Self::over(dir, self.place.join(name), self.disk.clone()))
    }

    /// Whether nothing is in it. What cannot be read may hold anything.
    pub(super) fn is_empty(&self) -> bool {
        self.dir.entries().is_ok_and(|mut entries| entries.next().is_none())
    }

    pub(super) fn make(&self, name: &str) -> io::Result<()> {
        self.dir.create_dir(name)?;
        self.disk.tell(|| Op::FolderMade { place: self.place.join(name) });
        Ok(())
    }

    pub(super) fn remove_folder(&self, name: &str) -> io::Result<()> {
        self.dir.remove_dir(name)?;
        self.disk.tell(|| Op::FolderRemoved { place: self.place.join(name) });
        Ok(())
    }

    /// Makes a file new; what stands under that name already is not touched. `private`: for this user alone.
    pub(super) fn create(&self, name: &str, private: bool) -> io::Result<DiskFile> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).follow(FollowSymlinks::No);
        #[cfg(unix)]
        if private {
            cap_std::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        #[cfg(not(unix))]
        let _ = private;
        let file = self.disk.file(self.dir.open_with(name, &options)?.into_std());
        self.disk.tell(|| Op::Created { file: file.id, place: self.place.join(name) });
        Ok(file)
    }

    /// Opens a regular file that is there, for writing, and says how long it is.
    pub(super) fn open_again(&self, name: &str) -> io::Result<(DiskFile, u64)> {
        let (file, bytes) = self.open_regular(name, OpenOptions::new().write(true))?;
        let file = self.disk.file(file);
        self.disk.tell(|| Op::Opened { file: file.id, place: self.place.join(name) });
        Ok((file, bytes))
    }

    /// Opens a regular file for reading, and says how long it is.
    pub(super) fn read(&self, name: &str) -> io::Result<(fs::File, u64)> {
        self.open_regular(name, OpenOptions::new().read(true))
    }

    fn open_regular(&self, name: &str, options: &mut OpenOptions) -> io::Result<(fs::File, u64)> {
        let not_regular = || io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
        // Looking first: even opening a device can do something.
        if !self.look(name)?.is_file() {
            return Err(not_regular());
        }
        let file = self.dir.open_with(name, options.follow(FollowSymlinks::No).nonblock(true))?.into_std();
        let metadata = file.metadata()?;
        if metadata.is_file() { Ok((file, metadata.len())) } else { Err(not_regular()) }
    }

    /// What stands there; a link itself, not what it leads to.
    pub(super) fn look(&self, name: &str) -> io::Result<Metadata> {
        self.dir.symlink_metadata(name)
    }

    /// What a link says.
    pub(super) fn target(&self, name: &str) -> io::Result<PathBuf> {
        self.dir.read_link_contents(name)
    }

    pub(super) fn link(&self, target: &str, name: &str) -> io::Result<()> {
        DirExt::symlink(&self.dir, target, name)?;
        self.disk.tell(|| Op::Linked { place: self.place.join(name), target: target.to_owned() });
        Ok(())
    }

    /// Renames, unless `to` exists: then the error is `AlreadyExists` and nothing changes.
    pub(super) fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        rename_new(&self.dir, from, to)?;
        self.tell_renamed(from, to);
        Ok(())
    }

    /// Renames over whatever file or link has the name `to`; whoever looks sees the one or the other.
    pub(super) fn rename_over(&self, from: &str, to: &str) -> io::Result<()> {
        self.dir.rename(from, &self.dir, to)?;
        self.tell_renamed(from, to);
        Ok(())
    }

    fn tell_renamed(&self, from: &str, to: &str) {
        self.disk.tell(|| Op::Renamed { from: self.place.join(from), to: self.place.join(to) });
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        self.dir.remove_file_or_symlink(name)?;
        self.disk.tell(|| Op::Removed { place: self.place.join(name) });
        Ok(())
    }

    /// A new name is safe once its folder is. Where folders cannot be flushed, nothing is done.
    pub(super) fn flush(&self) -> io::Result<()> {
        flush_names(&self.dir)?;
        self.disk.tell(|| Op::FolderFlushed { place: self.place.clone() });
        Ok(())
    }

    /// As `flush`, unless it lies on this volume, all of which has been flushed.
    pub(super) fn flush_unless(&self, volume: Option<&Volume>) -> io::Result<()> {
        if !volume.is_some_and(|volume| volume.holds(self)) {
            return self.flush();
        }
        self.disk.tell(|| Op::FolderFlushed { place: self.place.clone() });
        Ok(())
    }

    pub(super) fn set_folder_time(&self, name: &str, time: std::time::SystemTime) -> io::Result<()> {
        let time = SystemTimeSpec::Absolute(cap_std::time::SystemTime::from_std(time));
        self.dir.set_symlink_times(name, None, Some(time))
    }

    /// Writes a whole file, for this user alone, so that a crash leaves the old one or the new one.
    pub(super) fn write_whole(
        &self,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let beside = new_name(name);
        if self.look(&beside).is_ok() {
            // Of a run that was killed at this point.
            self.remove(&beside)?;
        }
        let mut to = io::BufWriter::with_capacity(1 << 16, Appending { file: self.create(&beside, true)?, end: 0 });
        let written = write(&mut to)
            .and_then(|()| to.into_inner().map_err(io::IntoInnerError::into_error)?.file.flush())
            .and_then(|()| self.rename_over(&beside, name));
        if let Err(error) = written {
            // If it stays, the next try or the next start removes it.
            self.remove(&beside).ok();
            return Err(error);
        }
        self.flush()
    }
}

#[cfg(unix)]
fn device_of(dir: &Dir) -> Option<u64> {
    use cap_std::fs::MetadataExt;
    dir.dir_metadata().ok().map(|metadata| metadata.dev())
}

#[cfg(not(unix))]
fn device_of(_dir: &Dir) -> Option<u64> {
    None
}

#[cfg(unix)]
fn flush_names(dir: &Dir) -> io::Result<()> {
    use rustix::{fs::OFlags, io::Errno};
    // The handle itself may be one that only leads to names below it.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(dir, ".", flags, rustix::fs::Mode::empty());
    match opened.and_then(rustix::fs::fsync) {
        // Some network and user-space file systems flush files only; a folder may be for putting things in alone.
        Err(Errno::ACCESS | Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Ok(()),
        done => Ok(done?),
    }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "only Unix can flush a folder")]
fn flush_names(_dir: &Dir) -> io::Result<()> {
    Ok(())
}

/// A file that is open for writing.
#[derive(Debug)]
pub(super) struct DiskFile {
    file: fs::File,
    id: u64,
    disk: Disk,
}

impl DiskFile {
    /// For asking and setting what changes no bytes.
    pub(super) fn plain(&self) -> &fs::File {
        &self.file
    }

    pub(super) fn write_at(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        write_all_at(&self.file, at, bytes)?;
        self.disk.tell(|| Op::Wrote { file: self.id, at, bytes: bytes.to_vec() });
        Ok(())
    }

    pub(super) fn set_length(&self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)?;
        self.disk.tell(|| Op::Length { file: self.id, bytes });
        Ok(())
    }

    /// Puts its bytes and its length on the disk for good.
    pub(super) fn flush(&self) -> io::Result<()> {
        self.file.sync_data()?;
        self.disk.tell(|| Op::Flushed { file: self.id });
        Ok(())
    }

    /// As `flush`, unless it lies on this volume, all of which has been flushed.
    pub(super) fn flush_unless(&self, volume: Option<&Volume>) -> io::Result<()> {
        if !volume.is_some_and(|volume| volume.holds_file(&self.file)) {
            return self.flush();
        }
        self.was_flushed();
        Ok(())
    }

    /// Its bytes and its length came to be on the disk for good otherwise.
    pub(super) fn was_flushed(&self) {
        self.disk.tell(|| Op::Flushed { file: self.id });
    }
}

/// Writes one piece behind the other.
struct Appending {
    file: DiskFile,
    end: u64,
}

impl Write for Appending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_at(self.end, bytes)?;
        self.end += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_recorder_hears_of_every_change_in_order() {
        let temp = tempfile::tempdir().unwrap();
        let (to, told) = mpsc::sync_channel(64);
        let disk = Disk::recorded(Arc::new(move |op| to.send(op).unwrap()));
        let folder = disk.folder(temp.path()).unwrap();
        let place = |name: &str| temp.path().join(name);
        folder.make("d").unwrap();
        let file = folder.create("a", true).unwrap();
        file.write_at(2, b"xy").unwrap();
        file.set_length(9).unwrap();
        file.flush().unwrap();
        assert_eq!(folder.create("a", true).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        folder.rename_new("a", "b").unwrap();
        folder.flush().unwrap();
        folder.remove("b").unwrap();
        drop(folder);
        drop(disk);
        drop(file);
        let expected = [
            Op::FolderMade { place: place("d") },
            Op::Created { file: 0, place: place("a") },
            Op::Wrote { file: 0, at: 2, bytes: b"xy".to_vec() },
            Op::Length { file: 0, bytes: 9 },
            Op::Flushed { file: 0 },
            Op::Renamed { from: place("a"), to: place("b") },
            Op::FolderFlushed { place: temp.path().to_owned() },
            Op::Removed { place: place("b") },
        ];
        assert_eq!(told.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_file_written_whole_replaces_the_old_one_also_after_a_try_that_was_killed() {
        let temp = tempfile::tempdir().unwrap();
        let folder = Disk::default().folder(temp.path()).unwrap();
        std::fs::write(temp.path().join("a.new"), "torn").unwrap();
        for text in ["one", "two"] {
            folder.write_whole("a", |to| to.write_all(text.as_bytes())).unwrap();
            assert_eq!(std::fs::read_to_string(temp.path().join("a")).unwrap(), text);
        }
        assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 1);
    }
}
