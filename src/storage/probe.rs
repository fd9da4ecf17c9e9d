//! Finds out whether a folder can be written to, and whether it takes `A` and `a` (or two normal forms) for one name.

use std::io;

use cap_std::fs::{Dir, OpenOptions};

use crate::model::{file_name::PART_PREFIX, transfer::TransferId};

/// The same letter as one character, and as `e` with an accent behind it.
const FORMS: [&str; 2] = ["\u{e9}", "e\u{301}"];

/// Writes and removes an empty file or two.
///
/// # Errors
/// The folder cannot be written to.
pub(super) fn probe_folding(dir: &Dir, id: TransferId) -> io::Result<bool> {
    let name = |probe: &str| format!("{PART_PREFIX}{id}-{probe}.part");
    let folds_case = with_file(dir, &name("probe"), || dir.symlink_metadata(name("PROBE")).is_ok())?;
    // Some file systems take no such letters at all; then there is nothing to fold.
    let folds_forms = with_file(dir, &name(FORMS[0]), || dir.symlink_metadata(name(FORMS[1])).is_ok());
    Ok(folds_case || folds_forms.unwrap_or(false))
}

fn with_file(dir: &Dir, name: &str, look: impl FnOnce() -> bool) -> io::Result<bool> {
    // Of a run that was killed at this point.
    dir.remove_file(name).ok();
    drop(dir.open_with(name, OpenOptions::new().write(true).create_new(true))?);
    let seen = look();
    dir.remove_file(name)?;
    Ok(seen)
}
