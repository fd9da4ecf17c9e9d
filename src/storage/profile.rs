//! The folder that holds one identity of this program: settings, remembered devices, what is running.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use crate::model::{
    device::{MAX_SHOWN_NAME_CHARS, is_hidden},
    settings::Settings,
};

use super::error::StorageError;

/// A profile folder that exists. Several processes may have it open; the one that listens holds its lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    root: PathBuf,
}

/// Held by the process that listens, until dropped.
#[derive(Debug)]
pub struct ProfileLock {
    file: Option<File>,
}

/// Another process listens for this profile.
#[derive(Debug, thiserror::Error)]
#[error("another Sealdrop uses this profile ({detail}): {}", path.display())]
pub struct AlreadyRunning {
    pub path: PathBuf,
    pub detail: String,
}

impl ProfileLock {
    /// Whether nobody else can hold it; not so where the file system has no locks.
    pub fn is_certain(&self) -> bool {
        self.file.is_some()
    }
}

impl Profile {
    /// Opens `root`, or the system's place for it, and makes it (for this user alone) if it is new.
    pub fn open(root: Option<PathBuf>) -> Result<Self, StorageError> {
        let root = root.or_else(default_root).ok_or(StorageError::NoHome)?;
        let root = std::path::absolute(&root).map_err(StorageError::at(&root))?;
        let profile = Self { root };
        make_private_folder(&profile.root)?;
        make_private_folder(&profile.running_folder())?;
        Ok(profile)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn settings_path(&self) -> PathBuf {
        self.root.join("settings.json")
    }

    pub fn devices_path(&self) -> PathBuf {
        self.root.join("devices.json")
    }

    /// What was sent and received.
    pub fn history_path(&self) -> PathBuf {
        self.root.join("history.jsonl")
    }

    /// Offers that nobody here took.
    pub fn missed_path(&self) -> PathBuf {
        self.root.join("missed.jsonl")
    }

    /// Transfers that a person has cancelled.
    pub fn cancelled_path(&self) -> PathBuf {
        self.root.join("cancelled.txt")
    }

    /// This device's key and certificate.
    pub fn identity_path(&self) -> PathBuf {
        self.root.join("identity.pem")
    }

    /// Where later starts of the program reach the window that runs.
    pub fn window_socket_path(&self) -> PathBuf {
        self.root.join("window.sock")
    }

    /// One small file for each transfer that is being received.
    pub fn running_folder(&self) -> PathBuf {
        self.root.join("running")
    }

    /// Claims the profile for listening.
    pub fn lock(&self) -> Result<ProfileLock, AlreadyRunning> {
        let path = self.root.join("profile.lock");
        let refuse = |error: &dyn std::fmt::Display| AlreadyRunning { path: path.clone(), detail: error.to_string() };
        let file = open_lock(&path).map_err(|error| refuse(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(ProfileLock { file: Some(file) }),
            // Some network file systems have no locks; better to run without than not at all.
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {
                Ok(ProfileLock { file: None })
            }
            Err(error) => Err(refuse(&error)),
        }
    }

    /// What a first start is set to.
    pub fn first_settings(&self) -> Settings {
        Settings::first_start(default_device_name(), self.default_receive_folder())
    }

    /// Waits for its turn to change a file that several processes share.
    pub(crate) fn lock_shared_files(&self) -> Result<File, StorageError> {
        let path = self.root.join("files.lock");
        let file = open_lock(&path).map_err(StorageError::at(&path))?;
        match file.lock() {
            Err(error) if error.kind() != std::io::ErrorKind::Unsupported => Err(StorageError::at(&path)(error)),
            _ => Ok(file),
        }
    }

    fn default_receive_folder(&self) -> PathBuf {
        let user = directories::UserDirs::new();
        let downloads = user.as_ref().and_then(|user| user.download_dir()).filter(|folder| folder.is_dir());
        let place = downloads.or_else(|| user.as_ref().map(directories::UserDirs::home_dir));
        place.map_or_else(|| self.root.join("received"), Path::to_owned)
    }
}

fn default_root() -> Option<PathBuf> {
    Some(directories::ProjectDirs::from("", "", "Sealdrop")?.data_local_dir().to_owned())
}

fn make_private_folder(folder: &Path) -> Result<(), StorageError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(StorageError::at(folder))
}

/// For this user alone: whoever may open a lock may hold it.
fn open_lock(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The name of this computer, fit to be shown.
fn default_device_name() -> String {
    let host = host_name();
    let host = host.strip_suffix(".local").unwrap_or(&host);
    let name: String = host.chars().filter(|c| !is_hidden(*c)).take(MAX_SHOWN_NAME_CHARS).collect();
    let name = name.trim();
    if name.is_empty() { "Sealdrop".to_owned() } else { name.to_owned() }
}

#[cfg(unix)]
fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn host_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time_holds_the_profile() {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::open(Some(folder.path().join("new/profile"))).unwrap();
        let held = profile.lock().unwrap();
        assert!(profile.lock().is_err());
        drop(held);
        assert!(profile.lock().is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_new_profile_is_for_this_user_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::open(Some(folder.path().join("p"))).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(profile.root()), 0o700);
        let _held = (profile.lock().unwrap(), profile.lock_shared_files().unwrap());
        assert_eq!(
            (mode(&profile.root().join("profile.lock")), mode(&profile.root().join("files.lock"))),
            (0o600, 0o600)
        );
    }

    #[test]
    fn a_first_start_has_a_name_and_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Profile::open(Some(folder.path().to_owned())).unwrap().first_settings();
        assert!(!settings.device_name.is_empty());
        assert!(settings.receive_folder.is_absolute());
    }
}
