//! Whole files at a person's request: writing a checksum file, and reading a file again to check it.

use std::{ops::ControlFlow, path::Path};

use crate::model::reason::Reason;

use super::{
    error::{Doing, io_reason},
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
    let mut buf = vec![0; READ_BYTES];
    let mut bytes = 0;
    loop {
        let read = read_some(&mut file, &mut buf).map_err(|error| io_reason(&error, place, Doing::Reading))?;
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
    use crate::model::reason::ReasonCode;

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
}
