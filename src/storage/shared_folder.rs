//! The folder that a person shares: one file of it is opened through handles that cannot escape, and links are not followed.

use std::path::{Path, PathBuf};

use crate::model::{
    file_name::PART_PREFIX,
    reason::{Reason, ReasonCode},
    shared_path::SharedPath,
};

use super::{
    disk::{Disk, Folder},
    profile::Profile,
    receive_folder::folder_reason,
    source::Source,
};

/// A file that is shared, open; and where it stands.
#[derive(Debug)]
pub struct SharedFile {
    pub source: Source,
    pub place: PathBuf,
}

/// Opens the file at `path` below `folder`. `None`: there is none, or it is not shared: a link, a folder, something else that
/// is no file, or a part of this program's own profile.
///
/// # Errors
/// The folder itself cannot be opened.
pub fn open(folder: &Path, profile: &Profile, path: &SharedPath) -> Result<Option<SharedFile>, Reason> {
    let root = Disk::default().folder(folder).map_err(|error| folder_reason(&error, folder))?;
    Ok(open_below(root, profile, path))
}

fn open_below(root: Folder, profile: &Profile, path: &SharedPath) -> Option<SharedFile> {
    let (name, folders) = path.components().split_last()?;
    let parent = folders.iter().try_fold(root, |folder, name| folder.below(name).ok())?;
    if is_own(parent.place(), profile) || is_part(name) {
        return None;
    }
    let place = parent.place().join(name);
    let (file, _bytes) = parent.read(name).ok()?;
    let source = Source::opened(file, place.clone()).ok()?;
    Some(SharedFile { source, place })
}

/// Whether this lies in the profile, with this device's key. Doubt counts as yes.
fn is_own(folder: &Path, profile: &Profile) -> bool {
    match (std::fs::canonicalize(folder), std::fs::canonicalize(profile.root())) {
        (Ok(folder), Ok(root)) => folder.starts_with(root),
        _ => true,
    }
}

/// A path from the wire cannot name one; this does not rest on that alone.
fn is_part(name: &str) -> bool {
    name.to_lowercase().starts_with(PART_PREFIX)
}

/// What a person has to know before this folder is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caution {
    /// It is the home folder, or one above it: everything of this person.
    Home,
    /// It is the whole disk.
    Everything,
}

/// Whether sharing `folder` shares more than anybody means to. Looks at the path alone, so that the window may ask.
pub fn caution(folder: &Path) -> Option<Caution> {
    let plain: PathBuf = folder.components().collect();
    if plain.parent().is_none() {
        return Some(Caution::Everything);
    }
    // Not `UserDirs`, which reads a file.
    let home = directories::BaseDirs::new()?.home_dir().to_owned();
    home.starts_with(&plain).then_some(Caution::Home)
}

/// Why a folder cannot be shared, if it cannot.
///
/// # Errors
/// Not there, or not a folder.
pub fn check(folder: &Path) -> Result<(), Reason> {
    match std::fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(Reason::here(ReasonCode::FolderMissing, format!("not a folder: {}", folder.display()))),
        Err(error) => Err(folder_reason(&error, folder)),
    }
}

#[cfg(test)]
mod tests {
    use crate::model::file_name::NameRules;

    use super::*;

    /// A home with a profile, and a shared folder beside it.
    fn scene() -> (tempfile::TempDir, Profile, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        let profile = Profile::open(Some(home.path().join("profile"))).unwrap();
        let shared = home.path().join("shared");
        std::fs::create_dir_all(shared.join("sub")).unwrap();
        std::fs::write(shared.join("a.txt"), b"abc").unwrap();
        std::fs::write(shared.join("sub/b.txt"), b"").unwrap();
        std::fs::write(home.path().join("secret"), b"secret").unwrap();
        (home, profile, shared)
    }

    fn found(folder: &Path, profile: &Profile, path: &str) -> Option<u64> {
        let path = SharedPath::parse(path, NameRules::Unix).unwrap();
        open(folder, profile, &path).unwrap().map(|file| file.source.remaining())
    }

    #[test]
    fn files_below_the_folder_are_opened_and_nothing_else() {
        let (_home, profile, shared) = scene();
        assert_eq!(found(&shared, &profile, "a.txt"), Some(3));
        assert_eq!(found(&shared, &profile, r"sub\b.txt"), Some(0));
        for path in ["b.txt", "sub", "sub/a.txt", "a.txt/b", "A.TXT.", &"x".repeat(300)] {
            assert_eq!(found(&shared, &profile, path), None, "{path}");
        }
        assert!(open(&shared.join("gone"), &profile, &SharedPath::parse("a", NameRules::Unix).unwrap()).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed_wherever_it_leads() {
        use std::os::unix::fs::symlink;
        let (home, profile, shared) = scene();
        symlink(home.path().join("secret"), shared.join("out")).unwrap();
        symlink(home.path(), shared.join("up")).unwrap();
        symlink("a.txt", shared.join("in")).unwrap();
        symlink("sub", shared.join("sub2")).unwrap();
        for path in ["out", "up/secret", "in", "sub2/b.txt"] {
            assert_eq!(found(&shared, &profile, path), None, "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_not_waited_for() {
        let (_home, profile, shared) = scene();
        let made = std::process::Command::new("mkfifo").arg(shared.join("pipe")).status();
        if made.is_ok_and(|status| status.success()) {
            assert_eq!(found(&shared, &profile, "pipe"), None);
        }
    }

    #[test]
    fn the_own_profile_is_never_shared() {
        let (home, profile, _shared) = scene();
        std::fs::write(profile.identity_path(), b"the key").unwrap();
        assert_eq!(found(home.path(), &profile, "secret"), Some(6));
        assert_eq!(found(home.path(), &profile, "profile/identity.pem"), None);
        assert_eq!(found(profile.root(), &profile, "identity.pem"), None);
    }

    #[test]
    fn a_home_and_what_is_above_it_need_a_word_of_caution() {
        let Some(user) = directories::UserDirs::new() else { return };
        let home = user.home_dir();
        assert_eq!(caution(&home.join("Public")), None);
        assert_eq!(
            caution(home),
            if home.parent().is_some() { Some(Caution::Home) } else { Some(Caution::Everything) }
        );
        assert_eq!(caution(&home.join("")), caution(home));
        assert_eq!(caution(Path::new("/")), Some(Caution::Everything));
    }
}
