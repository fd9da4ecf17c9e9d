//! Reading one file that is sent: never past its announced size, and it must not change meanwhile.

use std::{
    fs::{File, Metadata, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use crate::model::reason::{Reason, ReasonCode};

use super::{
    error::{Doing, io_reason, reason_at},
    walk::nanos,
};

/// An open file whose size and time are those that were announced.
#[derive(Debug)]
pub struct Source {
    file: File,
    place: PathBuf,
    size: u64,
    mtime: Option<i64>,
    remaining: u64,
}

impl Source {
    /// Opens a regular file that still is as it was listed.
    pub fn open(place: &Path, expected_size: u64, expected_mtime: Option<i64>) -> Result<Self, Reason> {
        let (file, metadata) = open_regular(place, false)?;
        let mtime = metadata.modified().ok().and_then(nanos);
        if metadata.len() != expected_size || (expected_mtime.is_some() && expected_mtime != mtime) {
            return Err(reason_at(ReasonCode::Changed, "changed since it was listed", place));
        }
        Ok(Self { file, place: place.to_owned(), size: expected_size, mtime, remaining: expected_size })
    }

    /// A regular file that is open already, as it is now.
    ///
    /// # Errors
    /// I/O; not a regular file.
    pub fn opened(file: File, place: PathBuf) -> Result<Self, Reason> {
        let metadata = file.metadata().map_err(|error| io_reason(&error, &place, Doing::Reading))?;
        check_regular(&metadata, &place)?;
        let (size, mtime) = (metadata.len(), metadata.modified().ok().and_then(nanos));
        Ok(Self { file, place, size, mtime, remaining: size })
    }

    /// Its size in bytes, and when it was changed last, in nanoseconds since 1970.
    pub fn stamp(&self) -> (u64, Option<i64>) {
        (self.size, self.mtime)
    }

    /// Opens a file of which some has been sent already: one of another size is another file, one of another time may be, and
    /// `false` says so. What tells is then a digest of what has been sent.
    ///
    /// # Errors
    /// As `open`.
    pub fn open_again(place: &Path, expected_size: u64, expected_mtime: Option<i64>) -> Result<(Self, bool), Reason> {
        let source = Self::open(place, expected_size, None)?;
        let same = expected_mtime.is_none() || expected_mtime == source.mtime;
        Ok((source, same))
    }

    /// Reading goes on at `offset`, before or behind where it is.
    ///
    /// # Errors
    /// I/O; past the announced end.
    pub fn skip_to(&mut self, offset: u64) -> Result<(), Reason> {
        let remaining = self.size.checked_sub(offset);
        let remaining =
            remaining.ok_or_else(|| reason_at(ReasonCode::BadMessage, "asked for past its end", &self.place))?;
        self.file.seek(SeekFrom::Start(offset)).map_err(|error| io_reason(&error, &self.place, Doing::Reading))?;
        self.remaining = remaining;
        Ok(())
    }

    /// Reads on; 0 only after the last announced byte.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<usize, Reason> {
        let most = usize::try_from(self.remaining).unwrap_or(usize::MAX).min(buf.len());
        let Some(buf) = buf.get_mut(..most).filter(|buf| !buf.is_empty()) else {
            return Ok(0);
        };
        let read = read_some(&mut self.file, buf).map_err(|error| io_reason(&error, &self.place, Doing::Reading))?;
        if read == 0 {
            return Err(reason_at(ReasonCode::Changed, "became shorter", &self.place));
        }
        self.remaining = self.remaining.saturating_sub(read as u64);
        Ok(read)
    }

    /// Announced bytes that have not been read.
    pub fn remaining(&self) -> u64 {
        self.remaining
    }

    /// To be asked after the last byte: whether what was read is what stands there.
    ///
    /// # Errors
    /// I/O; it has changed.
    pub fn check(&self) -> Result<(), Reason> {
        let metadata = self.file.metadata().map_err(|error| io_reason(&error, &self.place, Doing::Reading))?;
        if metadata.len() != self.size || metadata.modified().ok().and_then(nanos) != self.mtime {
            return Err(reason_at(ReasonCode::Changed, "changed while it was read", &self.place));
        }
        Ok(())
    }

    /// The same, and closes it.
    pub fn finish(self) -> Result<(), Reason> {
        self.check()
    }
}

/// Opens a regular file and nothing else, without waiting for a pipe's other end.
pub(super) fn open_regular(place: &Path, follow: bool) -> Result<(File, Metadata), Reason> {
    let failed = |error: io::Error| io_reason(&error, place, Doing::Reading);
    let look = if follow { std::fs::metadata } else { std::fs::symlink_metadata };
    // Looking first: even opening a device can do something.
    check_regular(&look(place).map_err(failed)?, place)?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = if follow { OFlags::NONBLOCK } else { OFlags::NONBLOCK | OFlags::NOFOLLOW };
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits().cast_signed());
    }
    let file = options.open(place).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    check_regular(&metadata, place)?;
    Ok((file, metadata))
}

fn check_regular(metadata: &Metadata, place: &Path) -> Result<(), Reason> {
    if metadata.is_file() { Ok(()) } else { Err(reason_at(ReasonCode::Unreadable, "not a regular file", place)) }
}

pub(super) fn read_some(file: &mut impl Read, buf: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(buf) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("file");
        std::fs::write(&place, bytes).unwrap();
        (folder, place)
    }

    fn mtime(place: &Path) -> Option<i64> {
        nanos(std::fs::metadata(place).unwrap().modified().unwrap())
    }

    #[test]
    fn a_file_that_stays_as_it_was_is_read_whole() {
        let (_folder, place) = file(b"0123456789");
        let mut source = Source::open(&place, 10, mtime(&place)).unwrap();
        let mut buf = [0; 7];
        assert_eq!(source.read(&mut buf), Ok(7));
        assert_eq!(source.read(&mut buf), Ok(3));
        assert_eq!(source.read(&mut buf), Ok(0));
        assert_eq!(source.finish(), Ok(()));
    }

    #[test]
    fn another_size_or_time_than_listed_is_a_change() {
        let (_folder, place) = file(b"0123");
        assert_eq!(Source::open(&place, 5, None).unwrap_err().code, ReasonCode::Changed);
        assert_eq!(Source::open(&place, 4, Some(1)).unwrap_err().code, ReasonCode::Changed);
    }

    #[test]
    fn a_file_goes_on_where_it_is_told_to() {
        let (_folder, place) = file(b"0123456789");
        let (mut source, same) = Source::open_again(&place, 10, mtime(&place)).unwrap();
        assert!(same);
        let mut buf = [0; 7];
        source.skip_to(6).unwrap();
        assert_eq!((source.remaining(), source.read(&mut buf)), (4, Ok(4)));
        assert_eq!(&buf[..4], b"6789");
        source.skip_to(10).unwrap();
        assert_eq!((source.remaining(), source.read(&mut buf)), (0, Ok(0)));
        assert_eq!(source.skip_to(11).unwrap_err().code, ReasonCode::BadMessage);
        source.skip_to(0).unwrap();
        assert_eq!((source.read(&mut buf), source.remaining()), (Ok(7), 3));
        assert_eq!(source.finish(), Ok(()));
    }

    #[test]
    fn opened_again_another_time_is_told_and_another_size_is_a_change() {
        let (_folder, place) = file(b"0123");
        assert!(!Source::open_again(&place, 4, Some(1)).unwrap().1);
        assert!(Source::open_again(&place, 4, None).unwrap().1);
        assert_eq!(Source::open_again(&place, 5, mtime(&place)).unwrap_err().code, ReasonCode::Changed);
        let (source, _) = Source::open_again(&place, 4, Some(1)).unwrap();
        OpenOptions::new().append(true).open(&place).unwrap().write_all(b"4").unwrap();
        assert_eq!(source.finish().unwrap_err().code, ReasonCode::Changed, "from here on it must not change");
    }

    #[test]
    fn a_file_that_shrinks_meanwhile_is_a_change() {
        let (_folder, place) = file(b"0123");
        let mut source = Source::open(&place, 4, None).unwrap();
        OpenOptions::new().write(true).open(&place).unwrap().set_len(2).unwrap();
        let mut buf = [0; 8];
        assert_eq!(source.read(&mut buf), Ok(2));
        assert_eq!(source.read(&mut buf).unwrap_err().code, ReasonCode::Changed);
    }

    #[test]
    fn a_file_that_grows_meanwhile_is_a_change_and_not_read_further() {
        let (_folder, place) = file(b"0123");
        let mut source = Source::open(&place, 4, None).unwrap();
        let before = std::fs::metadata(&place).unwrap().modified().unwrap();
        let mut writer = OpenOptions::new().append(true).open(&place).unwrap();
        writer.write_all(b"45").unwrap();
        writer.set_modified(before).unwrap();
        let mut buf = [0; 8];
        assert_eq!(source.read(&mut buf), Ok(4));
        assert_eq!(source.read(&mut buf), Ok(0));
        assert_eq!(source.finish().unwrap_err().code, ReasonCode::Changed);
    }

    #[test]
    fn a_file_that_vanished_is_named() {
        let (_folder, place) = file(b"");
        std::fs::remove_file(&place).unwrap();
        let reason = Source::open(&place, 0, None).unwrap_err();
        assert_eq!(reason.code, ReasonCode::Unreadable);
        assert!(reason.detail.unwrap().ends_with(place.to_str().unwrap()));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_put_in_place_of_the_file_is_not_followed() {
        let (folder, place) = file(b"0123");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&place, &link).unwrap();
        assert_eq!(Source::open(&link, 4, None).unwrap_err().code, ReasonCode::Unreadable);
    }
}
