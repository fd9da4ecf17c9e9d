//! Putting everything that is written to one file system on its disk at once, where that is known to be as good as flushing
//! each file.

use std::{
    cell::Cell,
    fs::File,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use super::disk::Folder;

/// It also waits for what other programs have written there. When that took longer than this,
const PATIENCE: Duration = Duration::from_secs(2);
/// so many batches do without it.
const REST: u32 = 16;
/// For fewer files it is not worth while.
const LEAST_FILES: usize = 8;
/// Single files are flushed at some ten to some hundred a second.
const FEWER: usize = 1024;

/// The file system of a receive folder. Each thread has its own clone.
#[derive(Clone, Debug)]
pub(super) struct Volume {
    /// Opened before anything is written, so that it is told of every error since. None: each file has to be flushed.
    folder: Option<Arc<File>>,
    device: Option<u64>,
    rest: Cell<u32>,
}

impl Volume {
    pub(super) fn of(folder: &Folder) -> Self {
        let device = folder.device();
        Self { folder: open(folder).ok().flatten().map(Arc::new), device, rest: Cell::new(0) }
    }

    /// One of a system that does not tell errors.
    #[cfg(test)]
    pub(super) fn unknown() -> Self {
        Self { folder: None, device: None, rest: Cell::new(0) }
    }

    /// Whether `files` files are better flushed by `flush`.
    pub(super) fn is_better_for(&self, files: usize) -> bool {
        let rest = self.rest.get();
        self.rest.set(rest.saturating_sub(1));
        self.folder.is_some() && files >= LEAST_FILES && rest == 0
    }

    /// How many files may come before they are on the disk: of `most`, where many are flushed at once, and no more than `FEWER` where
    /// each waits for itself.
    pub(super) fn most_ahead(&self, most: usize) -> usize {
        if self.folder.is_some() { most } else { most.min(FEWER) }
    }

    /// Puts everything that is written there on the disk for good. An error may be another program's: each file has to be
    /// asked then.
    pub(super) fn flush(&self) -> io::Result<()> {
        let started = Instant::now();
        let flushed = self.folder.as_deref().map_or(Err(io::ErrorKind::Unsupported.into()), flush_all);
        if flushed.is_err() || started.elapsed() > PATIENCE {
            self.rest.set(REST);
        }
        flushed
    }

    /// Whether what is made in `folder` is on it; something else may be mounted below a receive folder.
    pub(super) fn holds(&self, folder: &Folder) -> bool {
        self.device.is_some() && self.device == folder.device()
    }

    /// Whether this file is on it.
    pub(super) fn holds_file(&self, file: &File) -> bool {
        self.device.is_some() && self.device == device_of(file)
    }
}

/// None where the system does not tell.
#[cfg(unix)]
fn device_of(file: &File) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    file.metadata().ok().map(|metadata| metadata.dev())
}

#[cfg(not(unix))]
fn device_of(_file: &File) -> Option<u64> {
    None
}

#[cfg(target_os = "linux")]
fn open(folder: &Folder) -> io::Result<Option<File>> {
    use rustix::fs::{Mode, OFlags};
    /// ext2 to ext4, XFS, Btrfs, F2FS and what is in memory only. Over the network or in user space it may end on the way.
    const SURE: [u64; 5] = [0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0x0102_1994];
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = File::from(rustix::fs::openat(folder.dir(), ".", flags, Mode::empty())?);
    let kind = u64::try_from(rustix::fs::fstatfs(&opened)?.f_type).unwrap_or_default();
    Ok((SURE.contains(&kind) && tells_errors(&rustix::system::uname().release().to_string_lossy())).then_some(opened))
}

#[cfg(not(target_os = "linux"))]
fn open(_folder: &Folder) -> io::Result<Option<File>> {
    Ok(None)
}

#[cfg(target_os = "linux")]
fn flush_all(folder: &File) -> io::Result<()> {
    Ok(rustix::fs::syncfs(folder)?)
}

#[cfg(not(target_os = "linux"))]
fn flush_all(_folder: &File) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Before Linux 5.8 it said nothing of what could not be written.
#[cfg(target_os = "linux")]
fn tells_errors(release: &str) -> bool {
    let mut numbers = release.split(['.', '-']).map_while(|number| number.parse::<u32>().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (5, 8)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::storage::disk::Disk;

    #[test]
    fn what_lies_elsewhere_is_not_on_it() {
        let temp = tempfile::NamedTempFile::new().unwrap();
        let volume = Volume::of(&Disk::default().folder(temp.path().parent().unwrap()).unwrap());
        assert!(volume.holds_file(temp.as_file()));
        assert!(!volume.holds_file(&File::open("/proc/self/status").unwrap()));
    }

    #[test]
    fn fewer_may_come_where_each_is_flushed_by_itself() {
        let temp = tempfile::tempdir().unwrap();
        let known =
            Volume { folder: Some(Arc::new(File::open(temp.path()).unwrap())), device: None, rest: Cell::new(0) };
        assert_eq!([256, 4096].map(|most| known.most_ahead(most)), [256, 4096]);
        assert_eq!([256, 4096].map(|most| Volume::unknown().most_ahead(most)), [256, 1024]);
    }

    #[test]
    fn only_systems_that_tell_errors_are_trusted() {
        for release in ["5.8.0", "5.10.0-21-amd64", "6.1", "10.0-rc1"] {
            assert!(tells_errors(release), "{release}");
        }
        for release in ["5.7.19", "4.19.0", "5", "", "x.y"] {
            assert!(!tells_errors(release), "{release}");
        }
    }
}
