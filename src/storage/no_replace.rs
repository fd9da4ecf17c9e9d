//! Writing names: a rename that cannot overwrite, and a file that is either the old or the new one.

use std::{
    io::{self, Write},
    path::Path,
};

use cap_std::fs::Dir;

/// Ends the name of a file that is written to take the place of another.
pub(super) const NEW: &str = ".new";

/// The name of such a file.
pub(super) fn new_name(name: &str) -> String {
    format!("{name}{NEW}")
}

/// Gives `from` the name `to` inside `dir`, unless `to` exists: then the error is `AlreadyExists` and nothing changes.
pub(crate) fn rename_new(dir: &Dir, from: &str, to: &str) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    match rustix::fs::renameat_with(dir, from, dir, to, rustix::fs::RenameFlags::NOREPLACE) {
        // An old kernel, or a file system that cannot (FUSE, NFS).
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {}
        done => return Ok(done?),
    }
    link_or_check(dir, from, to)
}

/// A hard link cannot overwrite either. Where there are none (FAT), all that is left is to look first.
fn link_or_check(dir: &Dir, from: &str, to: &str) -> io::Result<()> {
    match dir.hard_link(from, dir, to) {
        Ok(()) => dir.remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_no_links_here) if dir.symlink_metadata(to).is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_no_links_here) => dir.rename(from, dir, to),
    }
}

/// Writes a whole file so that a crash leaves the old one or the new one. `private`: for this user alone.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], private: bool) -> io::Result<()> {
    let folder = folder_of(path);
    written_beside(folder, bytes, private)?.persist(path)?;
    flush_folder(folder)
}

/// Writes a whole file, for this user alone, under a name that nothing has yet: otherwise the error is `AlreadyExists` and
/// nothing changes. A crash leaves no file or the whole one.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    let dir = Dir::open_ambient_dir(folder, cap_std::ambient_authority())?;
    // Closed before it is renamed, as Windows wants it. Its drop finds nothing left to remove.
    let written = written_beside(folder, bytes, true)?.into_temp_path();
    let [Some(from), Some(to)] = [&written, path].map(|path| path.file_name().and_then(|name| name.to_str())) else {
        return Err(io::ErrorKind::InvalidFilename.into());
    };
    rename_new(&dir, from, to)?;
    flush_folder(folder)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn written_beside(folder: &Path, bytes: &[u8], private: bool) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".sealdrop-").suffix(".tmp");
    #[cfg(unix)]
    if !private {
        // Less what the user's mask takes away, as for any file.
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    }
    #[cfg(not(unix))]
    let _ = private;
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// A new name is safe once its folder is.
#[cfg_attr(not(unix), expect(clippy::unnecessary_wraps, unused_variables, reason = "only Unix can flush a folder"))]
pub(super) fn flush_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    std::fs::File::open(folder)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Dir) {
        let temp = tempfile::tempdir().unwrap();
        let dir = Dir::open_ambient_dir(temp.path(), cap_std::ambient_authority()).unwrap();
        dir.write("new", "new").unwrap();
        (temp, dir)
    }

    #[test]
    fn both_ways_of_renaming_leave_a_taken_name_alone() {
        for rename in [rename_new, link_or_check] {
            let (_temp, dir) = folder();
            dir.write("taken", "old").unwrap();
            assert_eq!(rename(&dir, "new", "taken").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(dir.read_to_string("taken").unwrap(), "old");
            rename(&dir, "new", "free").unwrap();
            assert_eq!(dir.read_to_string("free").unwrap(), "new");
            assert!(!dir.exists("new"));
        }
    }

    #[test]
    fn a_whole_file_replaces_the_old_one_and_leaves_nothing_else() {
        let (temp, _dir) = folder();
        write_whole(&temp.path().join("new"), b"newer", true).unwrap();
        assert_eq!(std::fs::read(temp.path().join("new")).unwrap(), b"newer");
        assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_new_file_never_takes_the_place_of_another() {
        let (temp, _dir) = folder();
        assert_eq!(write_new(&temp.path().join("new"), b"newer").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(temp.path().join("new")).unwrap(), b"new");
        write_new(&temp.path().join("other"), b"other").unwrap();
        assert_eq!(std::fs::read(temp.path().join("other")).unwrap(), b"other");
        assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 2);
    }
}
