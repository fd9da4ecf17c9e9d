//! Writing names: a rename that cannot overwrite, and a file that is either the old or the new one.

use std::{
    io::{self, Write},
    path::Path,
};

use cap_std::fs::Dir;

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
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
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
    file.persist(path)?;
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
}
