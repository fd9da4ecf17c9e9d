//! Hashing files of this disk at a person's request: what the window asks for, and what it is told.

use std::path::PathBuf;

use crate::{
    model::{reason::Reason, seal::Md5Digest},
    storage::sources::LeftOut,
};

/// Files of one look, at most; more are counted.
pub const MOST_FILES: usize = 10_000;

/// Names one look. Looks are taken one after the other, in the order in which they were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InspectionId(pub u64);

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InspectionAsked {
    pub id: InspectionId,
    /// Files, folders, and lists of checksums (known by their names): what a list names is looked up beside it.
    pub paths: Vec<PathBuf>,
    /// All of them are lists, whatever they are called.
    pub lists: bool,
}

/// What a look brings, in this order: `Found` once, `Reading` and `Ended` for each file, `Done` once and last.
#[derive(Debug)]
pub enum InspectionNews {
    /// Nothing follows.
    Done,
    /// A file's end.
    Ended {
        index: u32,
        result: Inspected,
    },
    Found(InspectionFound),
    /// Bytes of a file so far; may be lost.
    Reading {
        index: u32,
        done: u64,
        total: u64,
    },
}

/// What will be read.
#[derive(Debug, Default)]
pub struct InspectionFound {
    /// In the order in which they are read; `index` counts from 0.
    pub files: Vec<FileFound>,
    pub lists: Vec<ListFound>,
    /// Folders and parts of them that could not be read.
    pub left_out: Vec<LeftOut>,
    /// Files for which there was no room any more.
    pub more: u64,
}

/// One file of a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFound {
    /// As it was dropped or listed: not safe to show yet.
    pub name: String,
    pub place: PathBuf,
    /// What a list says its checksum is.
    pub expected: Option<Md5Digest>,
}

/// A list that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListFound {
    pub place: PathBuf,
    /// Files that it names.
    pub files: usize,
    /// Lines that hold something else.
    pub not_understood: usize,
    /// Why it could not be read.
    pub problem: Option<Reason>,
}

/// What came of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inspected {
    /// Not to be read, or `Changed` while it was read.
    Failed(Reason),
    /// A listed file that is not there.
    Missing,
    /// A listed name that leads out of the folder of the list: it was not looked at.
    Outside,
    Sealed {
        md5: Md5Digest,
        size: u64,
    },
}

/// What *Check again* found for one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    Different(Md5Digest),
    Gone(Reason),
    Same,
}
