//! Walking what a person dropped, and reading it.

use std::path::PathBuf;

use crate::model::{manifest::Entry, reason::Reason};

/// One dropped path with all that lies below it. The top-level name is the first component of every entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceTree {
    /// What was dropped.
    pub root: PathBuf,
    /// In the order they will be sent: a folder before what is in it, links last.
    pub entries: Vec<SourceEntry>,
    /// What will not be sent, and why (unreadable, FIFO, link that leads outside, control characters in the name).
    pub left_out: Vec<LeftOut>,
    /// Bytes of all files.
    pub bytes: u64,
}

/// One entry and where its bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceEntry {
    pub entry: Entry,
    pub place: PathBuf,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    pub place: PathBuf,
    pub reason: Reason,
}
