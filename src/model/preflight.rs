//! What is known about the disk before a person accepts: free space, conflicts, changed names.

use std::path::PathBuf;

use super::reason::Reason;

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
    /// Entries that will not be made here (links that lead outside).
    pub left_out: Vec<(u32, Reason)>,
    /// Why nothing can be saved there at all.
    pub problem: Option<Reason>,
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
