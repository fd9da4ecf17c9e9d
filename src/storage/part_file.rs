//! The bytes of one file while they arrive: a hidden file beside its place, which never has the real name. Where it is
//! nothing but zeros for a whole block of 64 KiB, nothing is written: a sparse file stays sparse.

mod piece;

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::model::{
    manifest::Entry,
    reason::{Reason, ReasonCode},
};

use super::{
    disk::{DiskFile, Folder},
    error::{Doing, io_reason},
    space::free_bytes,
    volume::Volume,
    walk::nanos,
};

pub use piece::{Piece, Written};

const ZEROS: &[u8] = &[0; 64 << 10];
const BLOCK: u64 = ZEROS.len() as u64;

/// A part file that is open for writing. Dropped without being published or kept, it is removed.
#[derive(Debug)]
pub struct PartFile {
    index: u32,
    folder: Arc<Folder>,
    part_name: String,
    file: Option<Arc<DiskFile>>,
    size: u64,
    written: u64,
    /// Where pieces begin that another thread has not written yet.
    elsewhere: Vec<u64>,
    /// How many zeros at the end of `written` are not in the file: all there is of a block that was begun.
    held: u64,
    /// The file may be shorter than `written`.
    is_short: bool,
    /// Bytes that the journal says are on the disk for good.
    flushed: Arc<AtomicU64>,
    /// Part files of this transfer that may still be on the disk.
    left: Arc<AtomicUsize>,
    /// It has its length, time and executable bit.
    is_complete: bool,
    /// The time, in nanoseconds since 1970.
    time: Option<i64>,
    /// It has its real name, or is to be kept.
    stays: bool,
}

impl PartFile {
    /// Makes the file new; an own leftover of that name goes.
    pub(super) fn create(
        folder: Arc<Folder>,
        part_name: String,
        (index, size): (u32, u64),
        left: Arc<AtomicUsize>,
    ) -> Result<Self, Reason> {
        let created = match folder.create(&part_name, false) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                folder.remove(&part_name).and_then(|()| folder.create(&part_name, false))
            }
            created => created,
        };
        let file = created.map_err(|error| io_reason(&error, &folder.place().join(&part_name), Doing::Writing))?;
        Ok(Self::over(file, folder, part_name, (index, size), left))
    }

    /// Opens a part that is there and cuts it to `offset`; further bytes go behind that.
    pub(super) fn go_on(
        folder: Arc<Folder>,
        part_name: String,
        (index, size): (u32, u64),
        offset: u64,
        left: Arc<AtomicUsize>,
    ) -> Result<Self, Reason> {
        let opened = folder.open_again(&part_name).and_then(|(file, bytes)| {
            if bytes < offset {
                return Err(io::Error::other("shorter than what was flushed"));
            }
            file.set_length(offset).map(|()| file)
        });
        let file = opened.map_err(|error| io_reason(&error, &folder.place().join(&part_name), Doing::Writing))?;
        let mut part = Self::over(file, folder, part_name, (index, size), left);
        part.written = offset;
        part.flushed.store(offset, Ordering::Relaxed);
        Ok(part)
    }

    fn over(
        file: DiskFile,
        folder: Arc<Folder>,
        part_name: String,
        (index, size): (u32, u64),
        left: Arc<AtomicUsize>,
    ) -> Self {
        left.fetch_add(1, Ordering::Relaxed);
        let (held, is_short, flushed) = (0, false, Arc::default());
        Self {
            index,
            folder,
            part_name,
            file: Some(Arc::new(file)),
            size,
            written: 0,
            elsewhere: Vec::new(),
            held,
            is_short,
            flushed,
            left,
            is_complete: false,
            time: None,
            stays: false,
        }
    }

    /// Position of its entry in the manifest.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Bytes written so far, or being written.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Bytes written so far without a gap.
    pub fn settled(&self) -> u64 {
        self.elsewhere.iter().copied().fold(self.written, u64::min)
    }

    pub fn write_all(&mut self, bytes: &[u8]) -> Result<(), Reason> {
        self.is_complete = false;
        self.put(bytes).map_err(|error| self.reason(&error))
    }

    /// Writes what is not a block of zeros, in pieces as large as possible.
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (mut from, mut at) = (0, 0);
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let in_block = (self.written + (at - from) as u64) % BLOCK;
            let length = usize::try_from(BLOCK - in_block).unwrap_or(usize::MAX).min(rest.len());
            let block_is_zero = in_block == 0 || (from == at && self.held == in_block);
            if block_is_zero && rest.get(..length) == ZEROS.get(..length) {
                self.write_piece(bytes.get(from..at).unwrap_or_default())?;
                self.skip(length as u64);
                from = at + length;
            }
            at += length;
        }
        self.write_piece(bytes.get(from..at).unwrap_or_default())
    }

    fn skip(&mut self, zeros: u64) {
        self.written += zeros;
        self.held = self.written % BLOCK;
        self.is_short = true;
    }

    fn write_piece(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let file = self.file.as_ref().ok_or(io::ErrorKind::BrokenPipe)?;
        if self.held > 0 {
            let zeros = ZEROS.get(..usize::try_from(self.held).unwrap_or_default()).unwrap_or_default();
            file.write_at(self.written - self.held, zeros)?;
            self.held = 0;
        }
        file.write_at(self.written, bytes)?;
        self.written += bytes.len() as u64;
        self.is_short = false;
        Ok(())
    }

    /// Gives the file the length that it has to have where it ends in zeros.
    fn set_length(&mut self) -> io::Result<()> {
        if self.is_short {
            self.file.as_ref().ok_or(io::ErrorKind::BrokenPipe)?.set_length(self.written)?;
            self.is_short = false;
        }
        Ok(())
    }

    /// What another thread needs to put the bytes that are settled on the disk, while this one goes on writing.
    pub fn flusher(&mut self) -> Result<Flusher, Reason> {
        let file = self.set_length().and_then(|()| self.file.clone().ok_or_else(|| io::ErrorKind::BrokenPipe.into()));
        let file = file.map_err(|error| self.reason(&error))?;
        let folder = Arc::clone(&self.folder);
        Ok(Flusher { index: self.index, file, folder, flushed: Arc::clone(&self.flushed) })
    }

    /// Bytes that the journal says are on the disk for good.
    pub fn flushed(&self) -> u64 {
        self.flushed.load(Ordering::Acquire)
    }

    pub(super) fn folder(&self) -> &Arc<Folder> {
        &self.folder
    }

    pub(super) fn part_name(&self) -> &str {
        &self.part_name
    }

    /// Gives the file its length, time and executable bit, unless it has them; returns the time that it has then, in nanoseconds
    /// since 1970.
    pub(super) fn complete(&mut self, entry: &Entry) -> Result<Option<i64>, Reason> {
        if !self.elsewhere.is_empty() {
            return Err(Reason::here(ReasonCode::Internal, "a piece has not been written"));
        }
        if self.is_complete {
            return Ok(self.time);
        }
        self.set_length().map_err(|error| self.reason(&error))?;
        let Some(file) = &self.file else { return Ok(None) };
        // Both are courtesies that some file systems (FAT, network shares) do not offer.
        set_time(file.plain(), entry.mtime).ok();
        if entry.exec {
            set_executable(file.plain()).ok();
        }
        self.time = file.plain().metadata().and_then(|metadata| metadata.modified()).ok().and_then(nanos);
        self.is_complete = true;
        Ok(self.time)
    }

    /// Whether it has all of that.
    #[cfg(test)]
    pub(crate) fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Lets the system begin to put the file on the disk, where it can be asked to, without waiting for it.
    pub(super) fn begin_flush(&self) {
        if let Some(file) = &self.file {
            begin_writing(file.plain());
        }
    }

    /// Puts the file on the disk for good, unless it is there with its whole volume; nothing more can be written.
    pub(super) fn end_flush(&mut self, volume: Option<&Volume>) -> Result<(), Reason> {
        // Some systems do not rename an open file.
        let Some(file) = self.file.take() else { return Ok(()) };
        if volume.is_some_and(|volume| volume.holds(&self.folder)) {
            file.was_flushed();
            return Ok(());
        }
        file.flush().map_err(|error| self.reason(&error))
    }

    /// It has its real name now.
    pub(super) fn published(mut self) {
        self.stays = true;
        self.left.fetch_sub(1, Ordering::Relaxed);
    }

    /// The file stays as it is, for another time.
    pub(super) fn keep(mut self) {
        self.stays = true;
    }

    pub(super) fn reason(&self, error: &io::Error) -> Reason {
        let mut reason = io_reason(error, &self.folder.place().join(&self.part_name), Doing::Writing);
        if reason.code == ReasonCode::DiskFull {
            let needed = self.size.saturating_sub(self.written);
            let free = free_bytes(self.folder.place()).map_or_else(|| "unknown".to_owned(), |free| free.to_string());
            reason.detail = reason.detail.map(|detail| format!("needed {needed} bytes, free {free}: {detail}"));
        }
        reason
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if self.stays {
            return;
        }
        self.file = None;
        // What cannot be removed now stays counted, and the end of the transfer looks for it again.
        if self.folder.remove(&self.part_name).is_ok() {
            self.left.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Puts a part on the disk while it is being written; see `Landing::flush_at`.
#[derive(Debug)]
pub struct Flusher {
    pub(super) index: u32,
    pub(super) file: Arc<DiskFile>,
    pub(super) folder: Arc<Folder>,
    /// Bytes that the journal says are on the disk for good.
    pub(super) flushed: Arc<AtomicU64>,
}

/// Bytes that are on this disk already, to be hashed: of a part, or of a file that stands there.
#[derive(Debug)]
pub struct StoredBytes {
    file: File,
    place: PathBuf,
    size: u64,
}

impl StoredBytes {
    pub(super) fn open(folder: &Folder, name: &str) -> Result<Self, Reason> {
        let place = folder.place().join(name);
        let (file, size) = folder.read(name).map_err(|error| io_reason(&error, &place, Doing::Reading))?;
        Ok(Self { file, place, size })
    }

    /// Bytes that the file had when it was opened.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// When it was written to last, in nanoseconds since 1970.
    pub fn time(&self) -> Option<i64> {
        self.file.metadata().and_then(|metadata| metadata.modified()).ok().and_then(nanos)
    }

    /// Reads on; 0 at the end.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<usize, Reason> {
        loop {
            match self.file.read(buf) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read.map_err(|error| io_reason(&error, &self.place, Doing::Reading)),
            }
        }
    }
}

/// When a file was written to last, in nanoseconds since 1970.
pub(super) fn time_of_file(metadata: &cap_std::fs::Metadata) -> Option<i64> {
    metadata.modified().ok().and_then(|time| nanos(time.into_std()))
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

#[cfg(test)]
mod tests {
    use crate::storage::disk::Disk;

    use super::*;

    fn folder() -> (tempfile::TempDir, Arc<Folder>) {
        let temp = tempfile::tempdir().unwrap();
        let folder = Disk::default().folder(temp.path()).unwrap();
        (temp, Arc::new(folder))
    }

    /// Mostly zeros: whole blocks, parts of blocks, and bytes at both ends of them.
    fn sparse_bytes() -> Vec<u8> {
        let mut bytes = vec![0; 40 * ZEROS.len() + 17];
        for at in [0, 3 * ZEROS.len() - 1, 9 * ZEROS.len(), 20 * ZEROS.len() + 5, 30 * ZEROS.len() + 4097] {
            bytes[at] = 7;
        }
        bytes
    }

    fn write_in_pieces(part: &mut PartFile, bytes: &[u8], piece: usize) {
        for piece in bytes.chunks(piece) {
            part.write_all(piece).unwrap();
        }
    }

    #[test]
    fn a_sparse_file_stays_sparse_however_it_comes() {
        let (temp, folder) = folder();
        let bytes = sparse_bytes();
        for piece in [1000, ZEROS.len(), 4 * ZEROS.len(), 100_001, bytes.len()] {
            let size = bytes.len() as u64;
            let mut part = PartFile::create(Arc::clone(&folder), "p".to_owned(), (0, size), Arc::default()).unwrap();
            write_in_pieces(&mut part, &bytes, piece);
            drop(part.flusher().unwrap());
            assert_eq!(part.written(), size);
            let place = temp.path().join("p");
            assert!(std::fs::read(&place).unwrap() == bytes, "in pieces of {piece}");
            #[cfg(unix)]
            {
                let taken = std::os::unix::fs::MetadataExt::blocks(&std::fs::metadata(&place).unwrap()) * 512;
                assert!(taken <= 5 * BLOCK, "{taken} bytes taken, in pieces of {piece}");
            }
        }
    }

    #[test]
    fn a_part_goes_on_also_behind_and_over_a_hole() {
        let (temp, folder) = folder();
        let bytes = sparse_bytes();
        let size = bytes.len() as u64;
        for offset in [1, ZEROS.len() - 1, 5 * ZEROS.len(), 5 * ZEROS.len() + 1, 9 * ZEROS.len() + 100, bytes.len()] {
            let mut part = PartFile::create(Arc::clone(&folder), "p".to_owned(), (0, size), Arc::default()).unwrap();
            write_in_pieces(&mut part, &bytes[..offset], 70_000);
            part.set_length().unwrap();
            // What was not flushed is something else altogether, and is to be dropped.
            part.write_all(&vec![9; 300_000]).unwrap();
            part.keep();
            let mut part =
                PartFile::go_on(Arc::clone(&folder), "p".to_owned(), (0, size), offset as u64, Arc::default()).unwrap();
            write_in_pieces(&mut part, &bytes[offset..], 256 << 10);
            drop(part.flusher().unwrap());
            assert!(std::fs::read(temp.path().join("p")).unwrap() == bytes, "from {offset}");
        }
        let too_far = PartFile::go_on(folder, "p".to_owned(), (0, size), size + 1, Arc::default());
        assert_eq!(too_far.unwrap_err().code, ReasonCode::Io);
    }
}
