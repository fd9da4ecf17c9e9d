//! What is known about the disk before a person accepts: free space, conflicts, changed names.

use std::path::PathBuf;

use super::{conflict::Conflict, reason::Reason};

/// What saving an offer into `folder` would mean. Found off the window's thread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preflight {
    pub folder: PathBuf,
    /// Bytes free on the volume; `None` when the system does not say.
    pub free: Option<u64>,
    /// Bytes that accepted transfers still need on the same volume.
    pub reserved: u64,
    /// Entries whose own name is changed to be safe here (their descendants follow).
    pub renamed: Vec<Renamed>,
    /// Top-level names that are taken in `folder`, and what they become (keep both).
    pub taken: Vec<Taken>,
    /// Files of the offer that are there already, in the folder that its top-level name has: what `Conflict` is about.
    pub there: u64,
    /// What of the bytes that were chosen needs room at least, where files are there.
    pub least: Least,
    /// Entries that will not be made here (links that lead outside).
    pub left_out: Vec<(u32, Reason)>,
    /// Why nothing can be saved there at all.
    pub problem: Option<Reason>,
}

/// Bytes that need room at least, by what becomes of files that are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Least {
    /// At the worst moment: each old file makes room once the new one is there.
    pub replace: u64,
    /// Exactly.
    pub skip: u64,
    /// If each file that is there with the same size is the same.
    pub skip_identical: u64,
}

impl Preflight {
    /// How many of `chosen` bytes need room at least.
    pub fn least(&self, conflict: Conflict, chosen: u64) -> u64 {
        match conflict {
            _ if self.there == 0 => chosen,
            Conflict::KeepBoth => chosen,
            Conflict::Replace => self.least.replace.min(chosen),
            Conflict::Skip => self.least.skip.min(chosen),
            Conflict::SkipIdentical => self.least.skip_identical.min(chosen),
        }
    }
}

/// An entry that gets another name here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    pub index: u32,
    /// The last component as it will be on this disk.
    pub becomes: String,
}

/// A top-level name that exists already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub name: String,
    /// `Photos (2)`.
    pub becomes: String,
}
