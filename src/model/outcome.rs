//! How a file and how a transfer ended.

use std::{path::PathBuf, time::Duration};

use super::{reason::Reason, seal::Md5Digest};

/// How one file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileState {
    /// Could not be sent or stored.
    Failed,
    /// The two seals differ; never published.
    Mismatch,
    /// The receiver did not want it.
    Skipped,
    /// Moved whole, but the other program gave no usable checksum (classic).
    Unchecked,
    /// Both ends computed the same seal.
    Verified,
}

impl FileState {
    /// The word in `--json` output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Mismatch => "mismatch",
            Self::Skipped => "skipped",
            Self::Unchecked => "unchecked",
            Self::Verified => "verified",
        }
    }
}

/// How a transfer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    Cancelled,
    Declined,
    Failed,
    Interrupted,
    /// Some files arrived, some did not.
    Partial,
    Unchecked,
    Verified,
}

impl Outcome {
    /// The word in `--json` output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Declined => "declined",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Partial => "partial",
            Self::Unchecked => "unchecked",
            Self::Verified => "verified",
        }
    }
}

/// The last word on a transfer.
#[derive(Clone, Debug, PartialEq)]
pub struct Ending {
    pub outcome: Outcome,
    /// Why not everything was verified, if so; or that the other side has not heard that it was (`Untold`).
    pub reason: Option<Reason>,
    /// Files that arrived (verified or unchecked).
    pub files: u64,
    /// Bytes of those files.
    pub bytes: u64,
    /// From Accept to the end; zero when nobody accepted.
    pub took: Duration,
}

/// The end of one entry of a transfer, told once. Folders and links have no seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEnd {
    pub index: u32,
    pub state: FileState,
    /// What was computed on this side (of what arrived, or of what was read).
    pub md5: Option<Md5Digest>,
    /// Receiver: where it stands on disk. Sender: the source.
    pub place: Option<PathBuf>,
    pub reason: Option<Reason>,
}
