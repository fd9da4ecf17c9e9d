//! Whole files at a person's request: writing a checksum file, and reading a file again to check it.

use std::{
    fs::{File, Metadata},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use crate::model::reason::{Reason, ReasonCode};

use super::{
    error::{Doing, io_reason, reason_at},
    no_replace::write_whole,
    source::{open_regular, read_some},
};

/// Large enough that the calls do not count, small enough that a cancel is heard soon.
const READ_BYTES: usize = 256 * 1024;

/// Writes `text` to `path`, over what was there: the dialog has asked. A crash leaves the old file or the new one.
pub fn save_text(path: &Path, text: &str) -> Result<(), Reason> {
    write_whole(path, text.as_bytes(), false).map_err(|error| io_reason(&error, path, Doing::Writing))
}

/// Reads a file from its first to its last byte and returns how many there were; `None`: broken off by `each`.
pub fn check_file(place: &Path, each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<Option<u64>, Reason> {
    let (mut file, _metadata) = open_regular(place, true)?;
    read_through(&mut file, place, each)
}

/// A file that was opened to be read once, as it stood then.
#[derive(Debug)]
pub struct Opened {
    file: File,
    before: Metadata,
    place: PathBuf,
}

impl Opened {
    /// Opens what a person pointed at; a link stands for what it leads to.
    ///
    /// # Errors
    /// Not there, not to be read, or not a file.
    pub fn at(place: &Path) -> Result<Self, Reason> {
        let (file, before) = open_regular(place, true)?;
        Ok(Self { file, before, place: place.to_owned() })
    }

    /// `file` stands at `place` and has just been opened.
    pub(super) fn new(file: File, before: Metadata, place: PathBuf) -> Self {
        Self { file, before, place }
    }

    /// Bytes, when it was opened.
    pub fn size(&self) -> u64 {
        self.before.len()
    }

    /// Reads it whole; false: broken off by `each`.
    ///
    /// # Errors
    /// I/O; `Changed` when it is not as it was when it was opened. One that grows as fast as it is read ends there, too.
    pub fn read(mut self, each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<bool, Reason> {
        let (size, mut bytes) = (self.size(), 0);
        let mut grown = false;
        let whole = read_through(&mut self.file, &self.place, &mut |piece| {
            bytes += piece.len() as u64;
            grown = bytes > size;
            if grown { ControlFlow::Break(()) } else { each(piece) }
        })?;
        if whole.is_none() && !grown {
            return Ok(false);
        }
        let after = self.file.metadata().map_err(|error| io_reason(&error, &self.place, Doing::Reading))?;
        let same = bytes == size && after.len() == size && after.modified().ok() == self.before.modified().ok();
        if same { Ok(true) } else { Err(reason_at(ReasonCode::Changed, "changed while it was read", &self.place)) }
    }
}

/// Reads to the end and returns how many bytes there were; `None`: broken off by `each`.
fn read_through(
    file: &mut File,
    place: &Path,
    each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<Option<u64>, Reason> {
    let mut buf = vec![0; READ_BYTES];
    let mut bytes = 0;
    loop {
        let read = read_some(file, &mut buf).map_err(|error| io_reason(&error, place, Doing::Reading))?;
        if read == 0 {
            return Ok(Some(bytes));
        }
        bytes += read as u64;
        if each(buf.get(..read).unwrap_or_default()).is_break() {
            return Ok(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use super::*;

    #[test]
    fn what_was_saved_is_what_is_checked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sums.md5");
        save_text(&path, "old").unwrap();
        save_text(&path, "new text").unwrap();
        let mut seen = Vec::new();
        let mut keep = |bytes: &[u8]| {
            seen.extend_from_slice(bytes);
            ControlFlow::Continue(())
        };
        assert_eq!(check_file(&path, &mut keep), Ok(Some(8)));
        assert_eq!(seen, b"new text");
        assert_eq!(check_file(&path, &mut |_| ControlFlow::Break(())), Ok(None));
    }

    #[test]
    fn what_is_no_file_is_not_checked() {
        let folder = tempfile::tempdir().unwrap();
        let reason = check_file(folder.path(), &mut |_| ControlFlow::Continue(())).unwrap_err();
        assert_eq!(reason.code, ReasonCode::Unreadable);
        assert!(save_text(&folder.path().join("missing/file"), "").is_err());
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, "0123").unwrap();
        let append = || fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"4").unwrap();
        let code = |opened: Opened, each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>| opened.read(each).unwrap_err().code;
        let grows = Opened::at(&path).unwrap();
        assert_eq!(grows.size(), 4);
        append();
        assert_eq!(code(grows, &mut |_| ControlFlow::Continue(())), ReasonCode::Changed);
        let meanwhile = Opened::at(&path).unwrap();
        let mut write = |_: &[u8]| {
            append();
            ControlFlow::Continue(())
        };
        assert_eq!(code(meanwhile, &mut write), ReasonCode::Changed);
        let shrinks = Opened::at(&path).unwrap();
        fs::write(&path, "0").unwrap();
        assert_eq!(code(shrinks, &mut |_| ControlFlow::Continue(())), ReasonCode::Changed);
        assert_eq!(Opened::at(&path).unwrap().read(&mut |_| ControlFlow::Break(())), Ok(false));
        assert_eq!(Opened::at(&path).unwrap().read(&mut |_| ControlFlow::Continue(())), Ok(true));
    }
}
