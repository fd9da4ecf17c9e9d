//! What a transfer that is sent needs to go on after a restart: `<id>.out` in the profile is what was agreed, `<id>.sent` beside it
//! what has happened since. Whoever runs the transfer holds a lock on the first; neither survives its end.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::model::{
    by_index::ByIndex,
    device::{Peer, PeerAddr},
    device_key::DeviceKey,
    reason::Reason,
    seal::Md5Digest,
    transfer::TransferId,
};

use super::{
    error::StorageError,
    kept_aside::keep_aside,
    no_replace::flush_folder,
    outgoing_format::{self, Unread},
    profile::Profile,
    sent_log::{Happened, SentLog},
    sources::Outgoing,
};

/// How files begin that are written beside the one whose place they take.
const BESIDE: &str = ".sealdrop-";
/// After that long, one of them is nobody's any more.
const TORN_AFTER: Duration = Duration::from_hours(24);

/// What was agreed. None of it changes, except that it is accepted one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptOutgoing {
    pub id: TransferId,
    /// What was dialled.
    pub to: PeerAddr,
    pub peer: Peer,
    /// Who has to answer when it goes on.
    pub key: Option<DeviceKey>,
    /// A person here had confirmed that key.
    pub verified: bool,
    pub message: Option<String>,
    pub outgoing: Arc<Outgoing>,
    /// Of the manifest as it was offered.
    pub digest: [u8; 32],
    pub missed: Missed,
    pub accepted: bool,
    /// Seconds since 1970 (UTC).
    pub started_at: u64,
}

/// What was asked for and is not on the list, because it cannot be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missed {
    pub count: u64,
    /// Why the first of it cannot.
    pub reason: Option<Reason>,
}

/// What has happened so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentSoFar {
    /// The other side has verified all that it wanted: only its last word is missing.
    pub all_verified: bool,
    /// The highest that was noted; 0 for none.
    pub epoch: u32,
    /// Seals of files that the other side has.
    pub receipts: ByIndex<Md5Digest>,
    pub paused: bool,
    /// It ended with files that failed, and no epoch has begun since.
    pub over: bool,
}

/// The two files of one transfer, locked for this process until dropped.
#[derive(Debug)]
pub struct OutgoingFile {
    path: PathBuf,
    sent: SentLog,
    /// The highest that was noted; 0 for none.
    epoch: u32,
    /// None where the file system has no locks.
    lock: Option<File>,
}

impl OutgoingFile {
    /// Writes what was agreed, and takes the lock before anybody can see the file.
    ///
    /// # Errors
    /// I/O, or there is a transfer of this name already; nothing is left behind.
    pub fn create(profile: &Profile, kept: &KeptOutgoing) -> Result<Self, StorageError> {
        let path = path_of(profile, kept.id);
        let lock = written(profile, kept, &path, false).map_err(StorageError::at(&path))?;
        match SentLog::create(path.with_extension("sent")) {
            Ok(sent) => Ok(Self { path, sent, epoch: 0, lock }),
            Err(error) => {
                std::fs::remove_file(&path).ok();
                Err(error)
            }
        }
    }

    /// Takes up a transfer of an earlier run. `None`: another process has it, or there is none.
    ///
    /// # Errors
    /// I/O; `Damaged`: what was agreed cannot be understood, and is kept aside; written by a newer version: it stays.
    pub fn open(profile: &Profile, id: TransferId) -> Result<Option<(Self, KeptOutgoing, SentSoFar)>, StorageError> {
        let path = path_of(profile, id);
        let Some((mut file, locked)) = open_locked(&path).map_err(StorageError::at(&path))? else { return Ok(None) };
        let mut kept = match outgoing_format::read(&mut file) {
            Ok(kept) if kept.id == id => kept,
            Ok(_) | Err(Unread::Damaged) => {
                drop(file);
                return Err(put_aside(&path));
            }
            Err(Unread::Newer) => {
                let newer = io::Error::new(io::ErrorKind::Unsupported, "written by a newer version of this program");
                return Err(StorageError::at(&path)(newer));
            }
            Err(Unread::Io(error)) => return Err(StorageError::at(&path)(error)),
        };
        let entries = kept.outgoing.manifest.entries.len();
        let (sent, told) = SentLog::open(path.with_extension("sent"), entries)?;
        kept.accepted |= told.accepted;
        let epoch = told.epoch;
        Ok(Some((Self { path, sent, epoch, lock: locked.then_some(file) }, kept, told.sent_so_far())))
    }

    /// More is known of what was agreed: who answered. It takes the place of what stood there, and what has happened so far stays.
    ///
    /// # Errors
    /// I/O: what stood there stays.
    pub fn agree_again(&mut self, profile: &Profile, kept: &KeptOutgoing) -> Result<(), StorageError> {
        let lock = written(profile, kept, &self.path, true).map_err(StorageError::at(&self.path))?;
        // The old one is of a file that has no name any more.
        drop(std::mem::replace(&mut self.lock, lock));
        Ok(())
    }

    /// A connection with this number begins; also survives a loss of power. What was over goes on.
    pub fn note_epoch(&mut self, epoch: u32) -> Result<(), StorageError> {
        self.epoch = self.epoch.max(epoch);
        self.sent.add(&[Happened::Epoch(epoch)])?;
        self.sent.flush()
    }

    /// The other side has this file, with this seal.
    pub fn note_receipt(&mut self, index: u32, md5: Md5Digest) -> Result<(), StorageError> {
        self.note_receipts(&[(index, md5)])
    }

    /// As `note_receipt`, in one write.
    pub fn note_receipts(&mut self, receipts: &[(u32, Md5Digest)]) -> Result<(), StorageError> {
        let happened: Vec<_> = receipts.iter().map(|(index, md5)| Happened::Receipt(*index, *md5)).collect();
        self.sent.add(&happened)
    }

    /// The other side has every receipt out, and forgets the transfer when it has heard that they came; `all_verified`: none says
    /// that something failed. Also survives a loss of power.
    pub fn note_receipts_complete(&mut self, all_verified: bool) -> Result<(), StorageError> {
        self.sent.add(&[Happened::AllVerified(all_verified)])?;
        self.sent.flush()
    }

    /// The other side's person said yes.
    pub fn note_accepted(&mut self) -> Result<(), StorageError> {
        self.sent.add(&[Happened::Accepted])
    }

    /// A person here holds it, or lets go of it.
    pub fn note_paused(&mut self, paused: bool) -> Result<(), StorageError> {
        self.sent.add(&[Happened::Paused(paused)])
    }

    /// It has ended, over the connection with this number, with files that failed and can be sent again; unless they are by now.
    pub fn note_over(&mut self, epoch: u32) -> Result<(), StorageError> {
        if epoch < self.epoch { Ok(()) } else { self.sent.add(&[Happened::Over]) }
    }

    /// Forgets the transfer.
    ///
    /// # Errors
    /// I/O: it may be there again after a restart.
    pub fn remove(self) -> Result<(), StorageError> {
        std::fs::remove_file(&self.path).map_err(StorageError::at(&self.path))?;
        // Alone it means nothing, and the next `list` removes it.
        std::fs::remove_file(self.sent.path()).ok();
        Ok(())
    }
}

/// What stands there of a transfer, whoever has it. Nothing is locked, and nothing changes.
///
/// # Errors
/// I/O; what was agreed cannot be understood; or there is none.
pub fn look(profile: &Profile, id: TransferId) -> io::Result<(KeptOutgoing, SentSoFar)> {
    let path = path_of(profile, id);
    let mut kept = outgoing_format::read(&mut File::open(&path)?).map_err(|unread| match unread {
        Unread::Damaged => io::ErrorKind::InvalidData.into(),
        Unread::Newer => io::ErrorKind::Unsupported.into(),
        Unread::Io(error) => error,
    })?;
    let told = SentLog::look(&path.with_extension("sent"), kept.outgoing.manifest.entries.len())?;
    kept.accepted |= told.accepted;
    Ok((kept, told.sent_so_far()))
}

/// All transfers of which there is something, also those that another process has.
pub fn list(profile: &Profile) -> Vec<TransferId> {
    let Ok(found) = std::fs::read_dir(profile.running_folder()) else { return Vec::new() };
    let mut ids = Vec::new();
    for path in found.filter_map(|entry| Some(entry.ok()?.path())) {
        if is_torn(&path) {
            std::fs::remove_file(&path).ok();
        }
        let Some(id) = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok()) else { continue };
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("out") => ids.push(id),
            // It is made after the other and goes after it.
            Some("sent") if matches!(path_of(profile, id).try_exists(), Ok(false)) => {
                std::fs::remove_file(&path).ok();
            }
            _ => {}
        }
    }
    ids.sort_unstable();
    ids
}

/// Whether it is what a process that was killed had begun to write: nobody writes for so long.
fn is_torn(path: &Path) -> bool {
    let is_beside = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(BESIDE));
    let age = || SystemTime::now().duration_since(std::fs::metadata(path)?.modified()?).map_err(io::Error::other);
    is_beside && age().is_ok_and(|age| age > TORN_AFTER)
}

fn path_of(profile: &Profile, id: TransferId) -> PathBuf {
    profile.running_folder().join(format!("{id}.out"))
}

/// Writes beside, locks, and gives it its name, which nothing may have yet unless this `replaces` it.
fn written(profile: &Profile, kept: &KeptOutgoing, path: &Path, replaces: bool) -> io::Result<Option<File>> {
    let folder = profile.running_folder();
    // For this user alone, as `tempfile` makes them.
    let mut file = tempfile::Builder::new().prefix(BESIDE).suffix(".tmp").tempfile_in(&folder)?;
    outgoing_format::write(kept, file.as_file_mut())?;
    file.as_file().sync_all()?;
    let locked = try_lock(file.as_file())?.ok_or(io::ErrorKind::ResourceBusy)?;
    let file = if replaces { file.persist(path)? } else { file.persist_noclobber(path)? };
    flush_folder(&folder)?;
    Ok(locked.then_some(file))
}

/// The file, and whether it is locked: some file systems have no locks. `None`: somebody else has it, or there is none.
fn open_locked(path: &Path) -> io::Result<Option<(File, bool)>> {
    // Windows locks only what could be written.
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let Some(locked) = try_lock(&file)? else { return Ok(None) };
    // Who had the lock may have removed the file meanwhile.
    Ok(path.try_exists()?.then_some((file, locked)))
}

fn try_lock(file: &File) -> io::Result<Option<bool>> {
    match file.try_lock() {
        Ok(()) => Ok(Some(true)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(Some(false)),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn put_aside(path: &Path) -> StorageError {
    let sent = path.with_extension("sent");
    match keep_aside(path) {
        Ok(kept_at) => {
            // Without the other it means nothing to this program, but perhaps to whoever looks at both.
            keep_aside(&sent).ok();
            StorageError::Damaged { kept_at }
        }
        Err(error) => error,
    }
}

#[cfg(test)]
mod tests;
