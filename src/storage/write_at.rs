//! Writing at a place in a file, by several threads if need be: none moves where another one writes.

use std::{fs, io};

#[cfg(unix)]
pub(super) fn write_all_at(file: &fs::File, at: u64, bytes: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(windows)]
pub(super) fn write_all_at(file: &fs::File, mut at: u64, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_write(file, bytes, at) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(wrote) => (bytes, at) = (bytes.get(wrote..).unwrap_or_default(), at + wrote as u64),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
