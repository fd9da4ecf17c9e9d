//! The body of one file on the receiver's side: chunks in, digest and part file out.

use std::time::Instant;

use crate::{
    digest::Hasher,
    model::{reason::Reason, seal::Md5Digest},
    storage::part_file::{Flusher, PartFile},
    wire::{
        chunk::{self, ChunkStart},
        error::WireError,
        frame::PREFIX_BYTES,
        header::Message,
    },
};

use super::{
    hashing::Hashing,
    lane::{LaneError, concerns_all, ended_early, read_message},
    limits::Limits,
    link::Link,
};

/// What came in for one file: waits for its seal, and for its own digest.
pub struct Arrived {
    /// How it is hashed.
    pub hashing: Hashing,
    pub stored: Stored,
    /// Bytes that came, over this connection or an earlier one.
    pub bytes: u64,
    /// Bytes that were there when its body began.
    pub before: u64,
    pub ours: Option<Md5Digest>,
    pub theirs: Option<Md5Digest>,
    /// Bytes that were announced.
    pub size: u64,
    /// How far it was put on the disk for good, and when.
    flushed: (u64, Instant),
}

/// Where the bytes of a file go.
pub enum Stored {
    Part(PartFile),
    /// Nowhere: what stands at its place already has them.
    There,
    /// It cannot be stored, for this reason: the rest of its body is read and dropped.
    Failed(Reason),
}

impl Stored {
    /// The part file, if there is one.
    pub fn part(self) -> Option<PartFile> {
        match self {
            Self::Part(part) => Some(part),
            Self::There | Self::Failed(_) => None,
        }
    }
}

impl Arrived {
    /// A file announced with `size` bytes, of which none has come.
    pub fn new(part: Result<PartFile, Reason>, size: u64) -> Self {
        let hashing = Hashing::Along(Hasher::new());
        Self::going_on(part.map_or_else(Stored::Failed, Stored::Part), hashing, 0, size)
    }

    /// A file of which `bytes` are there, and hashed.
    pub fn going_on(stored: Stored, hashing: Hashing, bytes: u64, size: u64) -> Self {
        let flushed = (bytes, Instant::now());
        Self { hashing, stored, bytes, before: bytes, ours: None, theirs: None, size, flushed }
    }

    /// Takes bytes that belong to this file. What concerns every file of the transfer ends the lane.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), LaneError> {
        if matches!(self.stored, Stored::Part(_)) {
            self.hashing.take(bytes);
        }
        self.store(bytes)
    }

    /// The same for bytes that are hashed by somebody else.
    pub fn store(&mut self, bytes: &[u8]) -> Result<(), LaneError> {
        self.bytes += bytes.len() as u64;
        let Stored::Part(part) = &mut self.stored else { return Ok(()) };
        if let Err(reason) = part.write_all(bytes) {
            self.fail(reason)?;
        }
        Ok(())
    }

    /// The same for bytes of which `leave` says whether somebody else writes them.
    pub fn leave(&mut self, bytes: usize, leave: impl FnOnce(&Hashing, &mut PartFile) -> bool) -> bool {
        let Stored::Part(part) = &mut self.stored else { return false };
        let is_left = leave(&self.hashing, part);
        self.bytes += if is_left { bytes as u64 } else { 0 };
        is_left
    }

    /// The part file that its bytes go to, if there is one.
    pub fn part(&mut self) -> Option<&mut PartFile> {
        match &mut self.stored {
            Stored::Part(part) => Some(part),
            Stored::There | Stored::Failed(_) => None,
        }
    }

    /// This file cannot be stored; its part is given up, unless no file can be stored now.
    ///
    /// # Errors
    /// No later file would fare better.
    pub fn fail(&mut self, reason: Reason) -> Result<(), LaneError> {
        if concerns_all(&reason) {
            return Err(LaneError::Local(reason));
        }
        self.stored = Stored::Failed(reason);
        Ok(())
    }

    /// What has to be done to put what came on the disk for good, if it is time.
    pub fn flush_due(&mut self, limits: &Limits) -> Option<Result<(Flusher, u64), Reason>> {
        let Stored::Part(part) = &mut self.stored else { return None };
        let (flushed, last) = self.flushed;
        let settled = part.settled();
        let fresh = settled.saturating_sub(flushed);
        if fresh == 0 || (fresh < limits.flush_bytes && last.elapsed() < limits.flush_every) {
            return None;
        }
        self.flushed = (settled, Instant::now());
        Some(part.flusher().map(|flusher| (flusher, settled)))
    }
}

/// Room for one piece of a chunk and the four bytes that come behind it.
pub const BUFFER_BYTES: usize = chunk::SEND_CHUNK_BYTES + PREFIX_BYTES;

/// A file whose body comes in.
pub struct Open {
    pub index: u32,
    pub arrived: Arrived,
    /// Bytes of it that were told to have come.
    pub told: u64,
    /// Nothing more comes.
    pub is_over: bool,
}

impl Open {
    pub fn new(index: u32, arrived: Arrived) -> Self {
        Self { index, told: arrived.bytes, arrived, is_over: false }
    }
}

/// What has to be done besides while bodies come in.
pub trait Beside<L> {
    /// Bytes of this file have come, those with which `buffer` begins: they are to be stored and hashed. Afterwards `buffer` may be
    /// another one.
    ///
    /// # Errors
    /// The lane is over.
    fn take(&mut self, link: &mut L, open: &mut Open, buffer: &mut Vec<u8>, length: usize) -> Result<(), LaneError>;

    /// So many bytes have come of the file at position `at` of those that are open; 0 while none do. To be done at least every
    /// moment, whatever the sender does.
    ///
    /// # Errors
    /// The lane is over.
    fn look_up(&mut self, link: &mut L, open: &mut [Open], at: usize, moved: usize) -> Result<(), LaneError>;

    /// The body of one file is over.
    fn over(&mut self);

    /// A word of the sender between two chunks.
    ///
    /// # Errors
    /// It has no place there.
    fn interlude(&mut self, message: Message) -> Result<(), LaneError>;
}

/// Reads chunks until the bodies of all these files (one at least) have ended; those of the first come first. `buffer` decides
/// how much is read and written in one go.
pub fn receive_bodies<L: Link>(
    link: &mut L,
    open: &mut [Open],
    buffer: &mut Vec<u8>,
    beside: &mut impl Beside<L>,
) -> Result<(), LaneError> {
    let mut body = Body { link, open, at: 0, beside };
    let mut start = body.start(buffer)?;
    loop {
        match start {
            ChunkStart::Data(length) => {
                let length = body.expected(length)?;
                start = body.chunk(length, buffer)?;
                continue;
            }
            ChunkStart::Elsewhere => {
                let (number, length) = body.elsewhere()?;
                let length = body.expected(length)?;
                body.chunk_beside(number, length, buffer)?;
            }
            ChunkStart::End => {
                body.end()?;
                if body.open.iter().all(|open| open.is_over) {
                    return Ok(());
                }
            }
            ChunkStart::Interlude => {
                let message = read_message(body.link)?.ok_or_else(ended_early)?;
                body.beside.interlude(message)?;
            }
            ChunkStart::Turn => body.turn()?,
        }
        start = body.start(buffer)?;
    }
}

struct Body<'a, L, B> {
    link: &'a mut L,
    open: &'a mut [Open],
    /// Whose bytes come now.
    at: usize,
    beside: &'a mut B,
}

impl<L: Link, B: Beside<L>> Body<'_, L, B> {
    /// The length of a chunk, if so many bytes are still to come.
    fn expected(&self, length: u32) -> Result<u64, LaneError> {
        let length = u64::from(length);
        let Open { index, arrived, is_over, .. } = &self.open[self.at];
        if *is_over {
            return Err(LaneError::Protocol(format!("bytes of entry {index}, which is over")));
        }
        if length > arrived.size - arrived.bytes {
            let detail = format!("entry {index} was announced with {} bytes, more came", arrived.size);
            return Err(LaneError::Protocol(detail));
        }
        Ok(length)
    }

    /// From now on bytes of another file come.
    fn turn(&mut self) -> Result<(), LaneError> {
        let wanted = chunk::read_turn(self.link)?;
        let at = self.open.iter().position(|open| open.index == wanted && !open.is_over);
        self.at = at.ok_or_else(|| LaneError::Protocol(format!("the turn of entry {wanted}, which is not open")))?;
        Ok(())
    }

    fn end(&mut self) -> Result<(), LaneError> {
        let open = &mut self.open[self.at];
        if std::mem::replace(&mut open.is_over, true) {
            return Err(LaneError::Protocol(format!("entry {} ends twice", open.index)));
        }
        self.beside.over();
        Ok(())
    }

    /// The further connection that the next bytes come over, and how many.
    fn elsewhere(&mut self) -> Result<(u32, u32), LaneError> {
        let (number, length) = chunk::read_elsewhere(self.link)?;
        if self.link.has_beside(number) {
            return Ok((number, length));
        }
        Err(LaneError::Protocol(format!("bytes over connection {number}, which is none")))
    }

    fn chunk_beside(&mut self, number: u32, length: u64, buffer: &mut Vec<u8>) -> Result<(), LaneError> {
        let mut left = length;
        while left > 0 {
            let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let piece = self.link.admit(wanted)?;
            if piece == 0 {
                self.look_up(0)?;
                continue;
            }
            left -= piece as u64;
            self.piece(buffer, piece, 0, Some(number))?;
        }
        Ok(())
    }

    /// Reads a chunk, and with its last piece the start of what follows: another chunk always does, be it the end.
    fn chunk(&mut self, length: u64, buffer: &mut Vec<u8>) -> Result<ChunkStart, LaneError> {
        let mut left = length;
        loop {
            let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len() - PREFIX_BYTES);
            let piece = self.link.admit(wanted)?;
            if piece == 0 {
                self.look_up(0)?;
                continue;
            }
            left -= piece as u64;
            if left > 0 {
                self.piece(buffer, piece, 0, None)?;
                continue;
            }
            // A sender may stand still behind a chunk: what has come of it is taken first.
            let (mut next, got) = self.piece(buffer, piece, PREFIX_BYTES, None)?;
            self.fill(&mut next[got..], 0, None).0?;
            return Ok(ChunkStart::parse(next)?);
        }
    }

    fn start(&mut self, buffer: &mut [u8]) -> Result<ChunkStart, LaneError> {
        let prefix = &mut buffer[..PREFIX_BYTES];
        self.fill(prefix, 0, None).0?;
        Ok(ChunkStart::parse(prefix.first_chunk().copied().unwrap_or_default())?)
    }

    /// Reads `piece` bytes of the file, and what comes with them of the next `spare` ones, which are none of it: those, and how
    /// many they are.
    fn piece(
        &mut self,
        buffer: &mut Vec<u8>,
        piece: usize,
        spare: usize,
        beside: Option<u32>,
    ) -> Result<([u8; PREFIX_BYTES], usize), LaneError> {
        let (filled, got) = self.fill(&mut buffer[..piece + spare], spare, beside);
        if filled.is_err() {
            // Also of a piece that breaks off there is something to keep.
            self.open[self.at].arrived.store(&buffer[..got.min(piece)])?;
            filled?;
        }
        let mut next = [0; PREFIX_BYTES];
        next[..got - piece].copy_from_slice(&buffer[piece..got]);
        self.beside.take(self.link, &mut self.open[self.at], buffer, piece)?;
        self.look_up(piece)?;
        Ok((next, got - piece))
    }

    fn look_up(&mut self, moved: usize) -> Result<(), LaneError> {
        self.beside.look_up(self.link, self.open, self.at, moved)
    }

    /// Reads until no more than the last `spare` bytes of `buffer` are missing; also, how many came. Whatever else there is to
    /// do is done meanwhile.
    fn fill(&mut self, buffer: &mut [u8], spare: usize, beside: Option<u32>) -> (Result<(), LaneError>, usize) {
        let wanted = buffer.len() - spare;
        let mut got = 0;
        while got < wanted {
            let read = match beside {
                None => self.link.read_some(&mut buffer[got..]),
                Some(number) => self.link.read_beside(number, &mut buffer[got..]),
            };
            let looked = match read {
                Ok(Some(0)) => Err(WireError::Torn { wanted, got }.into()),
                Ok(Some(more)) => {
                    got += more;
                    Ok(())
                }
                Ok(None) => self.look_up(0),
                Err(error) => Err(error.into()),
            };
            if looked.is_err() {
                return (looked, got);
            }
        }
        (Ok(()), got)
    }
}
