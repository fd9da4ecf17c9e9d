//! Hashing and writing of one large body while it moves, by another thread: the way from a lane to it and back. Where that is done
//! is the engine's business; when, that of `choice` and of `large`.

use crate::{
    digest::Hasher,
    storage::part_file::{Piece, Written},
};

use super::rounds::Round;

/// Buffers that may be under way at the same time; each takes 256 KiB. Other numbers were not measured.
pub const PIECES: usize = 4;

/// Who hashes is decided by what is measured over so many bytes at a time: see `choice`.
const WINDOW: u64 = 32 << 20;

/// What comes back, in the order in which it went.
pub enum Back {
    /// Its bytes have been hashed.
    Buffer(Vec<u8>),
    /// The stream has ended: all that was left is in it.
    Hasher(Hasher),
    /// Its pieces have been hashed.
    Round(Round),
    /// It has been written, or could not be.
    Written(Written),
    /// Whoever hashed is gone, with the stream and all buffers. Nothing else will come.
    Lost,
}

/// The way from a lane to whoever hashes beside it, one stream at a time.
pub trait Aside {
    /// Takes over a stream that stands where `hasher` does.
    ///
    /// # Errors
    /// Nobody is there to do it: the hasher comes back.
    fn begin(&mut self, hasher: Hasher) -> Result<(), Hasher>;
    /// Leaves the next `length` bytes of the stream, with which `buffer` begins. Never blocks: no more than `PIECES` may be
    /// under way.
    fn hash(&mut self, buffer: Vec<u8>, length: usize);
    /// No more follow: the hasher comes back behind all buffers.
    fn end(&mut self);
    /// Leaves a round to it, while no stream is and no other round. Never blocks.
    ///
    /// # Errors
    /// Nobody is there to do it, or it would not be faster: the round comes back.
    fn hash_round(&mut self, round: Round) -> Result<(), Round> {
        Err(round)
    }
    /// Leaves a piece to be written, while no stream is left to it and no round. Never blocks: no more than `PIECES` may be under
    /// way.
    ///
    /// # Errors
    /// Nobody is there to do it, or it would not be faster: the piece comes back.
    fn write(&mut self, piece: Piece) -> Result<(), Piece> {
        Err(piece)
    }
    /// What comes back next, if it is there.
    fn look(&mut self) -> Option<Back> {
        None
    }
    /// What comes back next, waiting no longer than a moment.
    fn wait(&mut self) -> Option<Back>;

    /// Bytes over which it is measured whether this pays; smaller bodies than two of these are not left to it. 0: all are, in
    /// turn with the lane, as tests want it.
    fn window(&self) -> u64 {
        WINDOW
    }
}
