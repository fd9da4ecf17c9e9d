//! What the disk can answer, and the one place where an I/O error becomes a reason.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::model::reason::{Reason, ReasonCode};

/// Details are kept short: they are shown, copied and sent.
const MAX_DETAIL_BYTES: usize = 1024;

/// Why something of the profile could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error("{source}: {}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// It could not be understood; nothing was lost.
    #[error("damaged, and kept as {}", kept_at.display())]
    Damaged { kept_at: PathBuf },
    #[error("this system has no place for a program's data (no home folder)")]
    NoHome,
    #[error("not a name that can be written down: {}", path.display())]
    NotUnicode { path: PathBuf },
}

impl StorageError {
    /// As an event shows it.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Io { path, source } => io_reason(source, path, Doing::Writing),
            Self::Damaged { .. } | Self::NoHome | Self::NotUnicode { .. } => {
                Reason::here(ReasonCode::Io, self.to_string())
            }
        }
    }

    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

/// Decides what a missing permission means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// A file that is sent or checked.
    Reading,
    /// Something in the receive folder or the profile.
    Writing,
}

/// The reason for `error`, with the error and then the path as its detail.
pub(crate) fn io_reason(error: &io::Error, path: &Path, doing: Doing) -> Reason {
    use io::ErrorKind as Kind;
    let code = match (error.kind(), doing) {
        (Kind::StorageFull | Kind::QuotaExceeded, _) => ReasonCode::DiskFull,
        (Kind::PermissionDenied | Kind::ReadOnlyFilesystem, Doing::Writing) => ReasonCode::FolderReadOnly,
        (Kind::PermissionDenied | Kind::NotFound, Doing::Reading) => ReasonCode::Unreadable,
        (_, Doing::Reading) if cfg!(windows) && is_in_use(error.raw_os_error()) => ReasonCode::Unreadable,
        _ => ReasonCode::Io,
    };
    match error.kind() {
        Kind::NotADirectory if doing == Doing::Writing => {
            reason_at(code, "something else stands where a folder has to be", path)
        }
        _ => reason_at(code, &error.to_string(), path),
    }
}

/// Windows: another program has the file open and shares it with nobody, or has locked what was to be read
/// (`ERROR_SHARING_VIOLATION`, `ERROR_LOCK_VIOLATION`).
fn is_in_use(code: Option<i32>) -> bool {
    matches!(code, Some(32 | 33))
}

/// A reason about `path` that no call of the system gave.
pub(crate) fn reason_at(code: ReasonCode, what: &str, path: &Path) -> Reason {
    let mut detail = format!("{what}: {}", path.display());
    detail.truncate(detail.floor_char_boundary(MAX_DETAIL_BYTES));
    Reason::here(code, detail)
}
