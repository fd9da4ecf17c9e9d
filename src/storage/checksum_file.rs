//! A file of checksums, and the files that it lists.
//!
//! What a list names is looked up in the folder that the list lies in and below it, and nowhere else, whatever it says:
//! whoever made the list must not choose what is read on this computer. A name that leads out of that folder, also by a link,
//! is told and not looked at. What lies elsewhere a person can drop by itself, and compare.

use std::{
    io::Read,
    path::{Component, Path, PathBuf},
};

use cap_std::{
    ambient_authority,
    fs::{Dir, OpenOptions},
};

use crate::model::reason::{Reason, ReasonCode};

use super::{
    error::{Doing, io_reason, reason_at},
    source::open_regular,
    text_file::Opened,
};

/// Largest list that is read, in bytes: a hundred thousand files of long names.
pub const MOST_BYTES: u64 = 16 << 20;

/// Names of lists that do not end like one.
const LIST_NAMES: [&str; 4] = ["md5sum", "md5sum.txt", "md5sums", "md5sums.txt"];

/// Whether a file is taken for a list of checksums by its name.
pub fn is_list(place: &Path) -> bool {
    let by_ending = place.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("md5"));
    let name = place.file_name().unwrap_or_default();
    by_ending || LIST_NAMES.iter().any(|list| name.eq_ignore_ascii_case(list))
}

/// The bytes of a list.
///
/// # Errors
/// Not there, not to be read, not a file, or larger than any list.
pub fn read_list(place: &Path) -> Result<Vec<u8>, Reason> {
    let (file, _metadata) = open_regular(place, true)?;
    let mut bytes = Vec::new();
    let read = file.take(MOST_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| io_reason(&error, place, Doing::Reading))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(reason_at(ReasonCode::Limit, "too large for a list of checksums", place));
    }
    Ok(bytes)
}

/// Why a listed file was not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotOpened {
    Failed(Reason),
    Missing,
    /// Its name leads out of the folder of the list.
    Outside,
}

/// The folder that a list lies in.
#[derive(Debug)]
pub struct Beside {
    dir: Dir,
    folder: PathBuf,
}

impl Beside {
    /// Opens the folder of `list`.
    ///
    /// # Errors
    /// I/O.
    pub fn of(list: &Path) -> Result<Self, Reason> {
        let folder = list.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let dir = Dir::open_ambient_dir(folder, ambient_authority());
        let dir = dir.map_err(|error| io_reason(&error, folder, Doing::Reading))?;
        Ok(Self { dir, folder: folder.to_owned() })
    }

    /// Where a listed file would be.
    pub fn place(&self, name: &Path) -> PathBuf {
        self.folder.join(name)
    }

    /// Opens a listed file.
    ///
    /// # Errors
    /// It is not there, not to be read, not a file, or not below the folder.
    pub fn open(&self, name: &Path) -> Result<Opened, NotOpened> {
        let stays = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        if name.as_os_str().is_empty() || !name.components().all(stays) {
            return Err(NotOpened::Outside);
        }
        let place = self.place(name);
        let failed = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => NotOpened::Missing,
            // What cap-std says of a link that leads out; a refusal by the system has its number.
            std::io::ErrorKind::PermissionDenied if error.raw_os_error().is_none() => NotOpened::Outside,
            _ => NotOpened::Failed(io_reason(&error, &place, Doing::Reading)),
        };
        let no_file = || NotOpened::Failed(reason_at(ReasonCode::Unreadable, "not a regular file", &place));
        // Looking first: even opening a device can do something.
        if !self.dir.metadata(name).map_err(failed)?.is_file() {
            return Err(no_file());
        }
        let mut options = OpenOptions::new();
        options.read(true);
        #[cfg(unix)]
        cap_std::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
        let file = self.dir.open_with(name, &options).map_err(failed)?.into_std();
        let before = file.metadata().map_err(failed)?;
        if !before.is_file() {
            return Err(no_file());
        }
        Ok(Opened::new(file, before, place))
    }
}

/// A listed name as a path; none for one that this system cannot have.
pub fn path_of(name: &[u8]) -> Option<PathBuf> {
    written(name).filter(|_| !name.contains(&0))
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere not all bytes are a name")]
fn written(name: &[u8]) -> Option<PathBuf> {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    Some(PathBuf::from(OsStr::from_bytes(name)))
}

#[cfg(not(unix))]
fn written(name: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(name).ok().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn scene() -> (tempfile::TempDir, Beside) {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("list/below")).unwrap();
        fs::write(home.path().join("secret"), "s").unwrap();
        fs::write(home.path().join("list/below/a"), "1234").unwrap();
        let beside = Beside::of(&home.path().join("list/SUMS.md5")).unwrap();
        (home, beside)
    }

    fn refused(beside: &Beside, name: &str) -> Option<NotOpened> {
        beside.open(Path::new(name)).err()
    }

    #[test]
    fn what_is_listed_is_found_beside_the_list_and_below() {
        let (_home, beside) = scene();
        for name in ["below/a", "./below/a", "below/./a", "below//a"] {
            assert_eq!(beside.open(Path::new(name)).unwrap().size(), 4, "{name}");
        }
        assert_eq!(refused(&beside, "b"), Some(NotOpened::Missing));
        assert!(
            matches!(refused(&beside, "below"), Some(NotOpened::Failed(reason)) if reason.code == ReasonCode::Unreadable)
        );
    }

    #[test]
    fn no_name_leads_out_of_the_folder_of_the_list() {
        let (home, beside) = scene();
        let absolute = home.path().join("list/below/a");
        for name in
            ["../secret", "below/../../secret", "below/../below/a", "/etc/hostname", "", absolute.to_str().unwrap()]
        {
            assert_eq!(refused(&beside, name), Some(NotOpened::Outside), "{name}");
        }
        assert_eq!(path_of(b"a\0b"), None);
    }

    #[cfg(unix)]
    #[test]
    fn nor_does_a_link_and_what_is_no_file_is_not_waited_for() {
        let (home, beside) = scene();
        let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, home.path().join("list").join(name)).unwrap();
        link(&home.path().join("secret"), "absolute");
        link(Path::new("../secret"), "up");
        link(Path::new(".."), "folder");
        link(Path::new("below/a"), "inside");
        for name in ["absolute", "up", "folder/secret"] {
            assert_eq!(refused(&beside, name), Some(NotOpened::Outside), "{name}");
        }
        assert_eq!(beside.open(Path::new("inside")).unwrap().size(), 4);
        rustix::fs::mkfifoat(rustix::fs::CWD, home.path().join("list/pipe"), rustix::fs::Mode::RUSR).unwrap();
        assert!(matches!(refused(&beside, "pipe"), Some(NotOpened::Failed(_))));
    }

    #[test]
    fn lists_are_known_by_their_names_and_bounded() {
        for name in ["a.md5", "A.ISO.MD5", "MD5SUMS", "md5sum.txt"] {
            assert!(is_list(Path::new(name)), "{name}");
        }
        for name in ["a.txt", "md5", "md5sums.sig", ".md5"] {
            assert!(!is_list(Path::new(name)), "{name}");
        }
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("huge.md5");
        fs::File::create(&place).unwrap().set_len(MOST_BYTES + 1).unwrap();
        assert_eq!(read_list(&place).unwrap_err().code, ReasonCode::Limit);
    }
}
