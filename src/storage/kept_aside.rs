//! A file of the profile that cannot be understood is kept beside its place, never overwritten and never deleted.

use std::{
    io,
    path::{Path, PathBuf},
};

use cap_std::{ambient_authority, fs::Dir};

use super::{error::StorageError, no_replace::rename_new};

/// The last of the files that `keep_aside` made of `path`, if one is still there.
pub(crate) fn kept_aside(path: &Path) -> Option<PathBuf> {
    let stem = path.file_stem()?.to_str()?;
    let extension = path.extension()?.to_str()?;
    let number = |name: &str| -> Option<u32> {
        name.strip_prefix(stem)?.strip_prefix(".damaged-")?.strip_suffix(extension)?.strip_suffix('.')?.parse().ok()
    };
    let names = std::fs::read_dir(path.parent()?).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let (_, name) = names.filter_map(|name| Some((number(&name)?, name))).max()?;
    Some(path.with_file_name(name))
}

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
