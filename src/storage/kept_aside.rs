//! A file of the profile that cannot be understood is kept beside its place, never overwritten and never deleted.

use std::{
    io,
    path::{Path, PathBuf},
};

use cap_std::{ambient_authority, fs::Dir};

use super::{error::StorageError, no_replace::rename_new};

/// Renames `path` (`settings.json`) to the first free `settings.damaged-N.json` and says where it is now. A link is
/// renamed itself, not what it leads to.
pub(crate) fn keep_aside(path: &Path) -> Result<PathBuf, StorageError> {
    let (Some(folder), Some(name), Some(stem), Some(extension)) = (
        path.parent(),
        path.file_name().and_then(|name| name.to_str()),
        path.file_stem().and_then(|stem| stem.to_str()),
        path.extension().and_then(|extension| extension.to_str()),
    ) else {
        return Err(StorageError::NotUnicode { path: path.to_owned() });
    };
    let dir = Dir::open_ambient_dir(folder, ambient_authority()).map_err(StorageError::at(folder))?;
    for n in 1_u32.. {
        let aside = format!("{stem}.damaged-{n}.{extension}");
        match rename_new(&dir, name, &aside) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            done => return done.map(|()| folder.join(aside)).map_err(StorageError::at(path)),
        }
    }
    Err(StorageError::at(path)(io::ErrorKind::AlreadyExists.into()))
}
