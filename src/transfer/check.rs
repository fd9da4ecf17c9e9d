//! What a receiver hashes before it says what it has of a file. Where that is done is the engine's business.

use crate::{digest::Hasher, model::reason::Reason};

/// One thing to hash: its first `bytes` bytes.
#[derive(Debug)]
pub struct CheckJob {
    pub index: u32,
    pub matter: Matter,
    pub bytes: u64,
    /// Of a file that was done: the name that it got in place of its own.
    pub name: Option<String>,
}

/// What is there of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matter {
    /// A whole file that had come over an earlier connection, and may have been written to since.
    Done,
    /// Its part file, from an earlier connection.
    Part,
    /// A whole file that stood at its place before.
    There,
}

/// So many jobs may wait one behind the other, if they are small: going to and fro for each takes longer than hashing it.
pub const MOST_JOBS: usize = 64;

/// What is heard of the first job that is not over.
pub enum CheckNews {
    /// So many bytes have been hashed in all.
    Hashed(u64),
    /// All of them, or why not.
    Over(Result<Hasher, Reason>),
}

/// The way from a lane to whoever hashes for it, one job after the other, and back. Never blocks.
pub trait Check {
    /// One more job, behind those that are not over; `MOST_JOBS` at most.
    fn check(&mut self, job: CheckJob);
    fn try_news(&mut self) -> Option<CheckNews>;
}
