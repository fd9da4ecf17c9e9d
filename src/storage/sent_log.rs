//! `<id>.sent`: what happened to a transfer that is sent, a line for each thing. Lines are only added; one that a crash has torn is
//! ignored, and any line that is missing costs work, never a file.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
};

use crate::model::{by_index::ByIndex, seal::Md5Digest};

use super::{error::StorageError, kept_aside::keep_aside, no_replace::write_whole, outgoing_file::SentSoFar};

/// No line is as long as this.
const MAX_LINE: u64 = 128;

/// A million receipts, five times over.
const MAX_BYTES: u64 = 256 << 20;

/// One thing that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happened {
    Accepted,
    /// All receipts have come, and say so: the other side has verified all that it wanted, or not.
    AllVerified(bool),
    Epoch(u32),
    Over,
    Paused(bool),
    Receipt(u32, Md5Digest),
}

/// The file, open for further lines.
#[derive(Debug)]
pub(super) struct SentLog {
    file: File,
    path: PathBuf,
    /// Bytes of whole lines.
    length: u64,
}

/// What the lines say together.
#[derive(Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each says something of its own, and any of them may hold together")]
pub(super) struct Told {
    pub(super) accepted: bool,
    pub(super) all_verified: bool,
    pub(super) epoch: u32,
    pub(super) over: bool,
    pub(super) paused: bool,
    pub(super) receipts: ByIndex<Md5Digest>,
}

impl SentLog {
    /// Begins an empty one.
    pub(super) fn create(path: PathBuf) -> Result<Self, StorageError> {
        let file = open(&path).and_then(|file| file.set_len(0).map(|()| file)).map_err(StorageError::at(&path))?;
        Ok(Self { file, path, length: 0 })
    }

    /// Opens it for further lines, and says what is there. `entries`: a receipt for an index beyond them is none.
    pub(super) fn open(path: PathBuf, entries: usize) -> Result<(Self, Told), StorageError> {
        let at = || StorageError::at(&path);
        let file = open(&path).map_err(at())?;
        let Found { told, length, sound } = read(&file, entries).map_err(at())?;
        if sound {
            file.set_len(length).map_err(at())?;
            return Ok((Self { file, path, length }, told));
        }
        drop(file);
        keep_aside(&path)?;
        let lines = told.lines();
        write_whole(&path, lines.as_bytes(), true).map_err(at())?;
        let file = open(&path).map_err(at())?;
        Ok((Self { file, path, length: lines.len() as u64 }, told))
    }

    /// Says what is there, and changes nothing. One that is not there says nothing.
    pub(super) fn look(path: &Path, entries: usize) -> io::Result<Told> {
        match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Told::default()),
            file => Ok(read(&file?, entries)?.told),
        }
    }

    /// Adds lines, all in one write. What a full disk has torn is taken back.
    pub(super) fn add(&mut self, happened: &[Happened]) -> Result<(), StorageError> {
        let lines: String = happened.iter().map(|one| one.line()).collect();
        if let Err(error) = self.file.write_all(lines.as_bytes()) {
            // Should this fail as well, the torn line costs those that are added behind it.
            self.file.set_len(self.length).ok();
            return Err(StorageError::at(&self.path)(error));
        }
        self.length += lines.len() as u64;
        Ok(())
    }

    /// Waits until all of it would survive a loss of power.
    pub(super) fn flush(&self) -> Result<(), StorageError> {
        self.file.sync_data().map_err(StorageError::at(&self.path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Told {
    fn note(&mut self, happened: Happened, entries: usize) {
        match happened {
            Happened::Accepted => self.accepted = true,
            Happened::AllVerified(all_verified) => self.all_verified = all_verified,
            Happened::Epoch(epoch) => {
                self.epoch = self.epoch.max(epoch);
                self.over = false;
            }
            Happened::Over => self.over = true,
            Happened::Paused(paused) => self.paused = paused,
            Happened::Receipt(index, md5) if (index as usize) < entries => {
                self.receipts.insert(index, md5);
            }
            Happened::Receipt(..) => {}
        }
    }

    fn lines(&self) -> String {
        let mut all = vec![Happened::Epoch(self.epoch), Happened::Paused(self.paused)];
        all.extend(self.accepted.then_some(Happened::Accepted));
        all.extend(self.all_verified.then_some(Happened::AllVerified(true)));
        all.extend(self.over.then_some(Happened::Over));
        all.extend(self.receipts.iter().map(|(index, md5)| Happened::Receipt(index, md5)));
        all.into_iter().map(Happened::line).collect()
    }

    pub(super) fn sent_so_far(self) -> SentSoFar {
        let Self { accepted: _, all_verified, epoch, over, paused, receipts } = self;
        SentSoFar { all_verified, epoch, receipts, paused, over }
    }
}

impl Happened {
    fn line(self) -> String {
        match self {
            Self::Accepted => "accepted\n".to_owned(),
            Self::AllVerified(true) => "verified\n".to_owned(),
            Self::AllVerified(false) => "unverified\n".to_owned(),
            Self::Epoch(epoch) => format!("epoch {epoch}\n"),
            Self::Over => "over\n".to_owned(),
            Self::Paused(true) => "paused\n".to_owned(),
            Self::Paused(false) => "resumed\n".to_owned(),
            Self::Receipt(index, md5) => format!("receipt {index} {md5}\n"),
        }
    }

    fn parse(line: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
        let mut words = line.split(' ');
        let happened = match words.next()? {
            "accepted" => Self::Accepted,
            "verified" => Self::AllVerified(true),
            "unverified" => Self::AllVerified(false),
            "epoch" => Self::Epoch(words.next()?.parse().ok()?),
            "over" => Self::Over,
            "paused" => Self::Paused(true),
            "resumed" => Self::Paused(false),
            "receipt" => Self::Receipt(words.next()?.parse().ok()?, words.next()?.parse().ok()?),
            _ => return None,
        };
        words.next().is_none().then_some(happened)
    }
}

struct Found {
    told: Told,
    /// Where the last whole line ends.
    length: u64,
    /// All are lines, but for an end that a crash has torn.
    sound: bool,
}

fn read(file: &File, entries: usize) -> io::Result<Found> {
    let mut found = Found { told: Told::default(), length: 0, sound: true };
    let mut from = BufReader::with_capacity(1 << 16, file.take(MAX_BYTES + 1));
    let mut line = Vec::new();
    let mut at_end = false;
    loop {
        line.clear();
        let read = (&mut from).take(MAX_LINE).read_until(b'\n', &mut line)? as u64;
        let ended = line.ends_with(b"\n");
        // A disk may leave any number of zeros.
        let torn = !ended && (read < MAX_LINE || line.ends_with(&[0]));
        match Happened::parse(&line) {
            _ if read == 0 => break,
            Some(happened) => found.told.note(happened, entries),
            None => found.sound &= torn,
        }
        if ended {
            found.sound &= !at_end;
            found.length += read;
        }
        at_end |= !ended;
    }
    found.sound &= file.metadata()?.len() <= MAX_BYTES;
    Ok(found)
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
