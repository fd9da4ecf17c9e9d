//! Hashing of files whose bytes have moved already: the way from a lane to whoever hashes for it. Where that is done is the
//! engine's business.

use crate::{
    digest::Hasher,
    model::{reason::Reason, seal::Md5Digest},
    storage::{part_file::StoredBytes, sources::Source},
};

use super::aside::Aside;

/// Bytes that have moved, to be read once more.
pub trait Reread: Send {
    /// Reads on; 0 at the end.
    ///
    /// # Errors
    /// The disk's reason.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Reason>;

    /// To be asked after the last byte: whether what was read is what moved.
    ///
    /// # Errors
    /// It is not, as far as can be seen.
    fn finish(self: Box<Self>) -> Result<(), Reason>;
}

impl Reread for Source {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Reason> {
        Self::read(self, buffer)
    }

    fn finish(self: Box<Self>) -> Result<(), Reason> {
        Self::finish(*self)
    }
}

impl Reread for StoredBytes {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Reason> {
        Self::read(self, buffer)
    }

    fn finish(self: Box<Self>) -> Result<(), Reason> {
        Ok(())
    }
}

/// One file.
pub struct Job {
    pub index: u32,
    /// Stands where `hasher` does.
    pub from: Box<dyn Reread>,
    /// How many bytes follow from there.
    pub bytes: u64,
    pub hasher: Hasher,
}

/// What became of one.
#[derive(Debug)]
pub struct Hashed {
    pub index: u32,
    pub md5: Result<Md5Digest, Reason>,
}

/// The way from a lane to whoever hashes for it, several files side by side, and back. Never blocks.
pub trait Behind {
    /// Whether one more file of so many bytes may be left to it.
    fn has_room(&mut self, bytes: u64) -> bool;
    /// Leaves a file to it, after `has_room` said so.
    fn hash(&mut self, job: Job);
    /// No more follow for now: what has been gathered is begun with.
    fn hurry(&mut self);
    /// In any order.
    fn try_hashed(&mut self) -> Option<Hashed>;

    /// Whoever hashes a large body while it moves, if somebody can.
    fn aside(&mut self) -> Option<&mut dyn Aside> {
        None
    }
}
