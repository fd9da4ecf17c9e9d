//! A path in a file of the profile: as text where it is text, otherwise so that it comes back exactly.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum StoredPath {
    Text(String),
    /// What the system itself has: bytes on Unix, 16-bit units on Windows.
    Raw {
        raw: Vec<u16>,
    },
}

impl StoredPath {
    pub(crate) fn of(path: &Path) -> Self {
        path.to_str().map_or_else(|| Self::Raw { raw: units_of(path) }, |text| Self::Text(text.to_owned()))
    }

    pub(crate) fn path(self) -> PathBuf {
        match self {
            Self::Text(text) => text.into(),
            Self::Raw { raw } => from_units(&raw).into(),
        }
    }
}

#[cfg(unix)]
fn units_of(path: &Path) -> Vec<u16> {
    std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).iter().copied().map(u16::from).collect()
}

#[cfg(unix)]
fn from_units(units: &[u16]) -> OsString {
    let bytes = units.iter().map(|unit| unit.to_le_bytes()[0]).collect();
    std::os::unix::ffi::OsStringExt::from_vec(bytes)
}

#[cfg(windows)]
fn units_of(path: &Path) -> Vec<u16> {
    std::os::windows::ffi::OsStrExt::encode_wide(path.as_os_str()).collect()
}

#[cfg(windows)]
fn from_units(units: &[u16]) -> OsString {
    std::os::windows::ffi::OsStringExt::from_wide(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_no_text_comes_back_exactly() {
        let odd: OsString = std::os::unix::ffi::OsStringExt::from_vec(b"/in/\xff\xfe\"\n".to_vec());
        for path in [PathBuf::from(odd), PathBuf::from("/in/文件")] {
            let json = serde_json::to_string(&StoredPath::of(&path)).unwrap();
            let back: StoredPath = serde_json::from_str(&json).unwrap();
            assert_eq!(back.path(), path, "{json}");
        }
    }
}
