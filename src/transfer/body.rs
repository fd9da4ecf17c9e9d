//! The body of one file on the receiver's side: chunks in, digest and part file out.

use crate::{
    digest::Hasher,
    model::reason::{Reason, ReasonCode},
    storage::part_file::PartFile,
    wire::{
        chunk::{self, ChunkStart},
        frame::PREFIX_BYTES,
        header::Message,
    },
};

use super::{
    lane::{LaneError, Report, ended_early, read_message, unexpected},
    link::Link,
};

/// What came in for one file: waits for its seal.
pub struct Arrived {
    pub hasher: Hasher,
    /// Why it cannot be stored, if so: the rest of its body was read and dropped.
    pub part: Result<PartFile, Reason>,
    /// Bytes that came.
    pub bytes: u64,
    /// Bytes that were announced.
    pub size: u64,
}

impl Arrived {
    /// `part` as `Landing::create_part` gave it, for a file announced with `size` bytes.
    pub fn new(part: Result<PartFile, Reason>, size: u64) -> Self {
        Self { hasher: Hasher::new(), part, bytes: 0, size }
    }

    /// Takes bytes that belong to this file. What concerns every file of the transfer ends the lane.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), LaneError> {
        self.bytes += bytes.len() as u64;
        let Ok(part) = &mut self.part else { return Ok(()) };
        self.hasher.update(bytes);
        if let Err(reason) = part.write_all(bytes) {
            if concerns_all(&reason) {
                return Err(LaneError::Local(reason));
            }
            self.part = Err(reason);
        }
        Ok(())
    }
}

/// A full, missing or read-only folder: no later file would fare better.
pub fn concerns_all(reason: &Reason) -> bool {
    matches!(reason.code, ReasonCode::DiskFull | ReasonCode::FolderMissing | ReasonCode::FolderReadOnly)
}

/// Room for one piece of a chunk and the four bytes that come behind it.
pub const BUFFER_BYTES: usize = chunk::SEND_CHUNK_BYTES + PREFIX_BYTES;

/// Reads chunks until the body ends. `buffer` decides how much is read and written in one go; `between` is called after each
/// piece and while the speed limit lets nothing in.
pub fn receive_body<L: Link>(
    link: &mut L,
    report: &mut impl Report,
    index: u32,
    arrived: &mut Arrived,
    buffer: &mut [u8],
    between: &mut impl FnMut(&mut L) -> Result<(), LaneError>,
) -> Result<(), LaneError> {
    let mut start = chunk::read_chunk_start(link)?;
    loop {
        match start {
            ChunkStart::Data(length) => {
                let length = u64::from(length);
                if length > arrived.size - arrived.bytes {
                    let detail = format!("entry {index} was announced with {} bytes, more came", arrived.size);
                    return Err(LaneError::Protocol(detail));
                }
                start = receive_chunk(link, arrived, length, buffer, &mut |link, moved| {
                    if moved > 0 {
                        report.moved(index, moved as u64);
                    }
                    between(link)
                })?;
            }
            ChunkStart::End => return Ok(()),
            ChunkStart::Interlude => {
                match read_message(link)?.ok_or_else(ended_early)? {
                    Message::Pause { .. } | Message::Ping | Message::Resume | Message::Working { .. } => {}
                    other => return Err(unexpected(&other)),
                }
                start = chunk::read_chunk_start(link)?;
            }
        }
    }
}

/// Reads a chunk, and with its last piece the start of what follows: another chunk always does, be it the end. `each` hears
/// of every piece, and of 0 bytes while the speed limit lets none in.
fn receive_chunk<L: Link>(
    link: &mut L,
    arrived: &mut Arrived,
    length: u64,
    buffer: &mut [u8],
    each: &mut impl FnMut(&mut L, usize) -> Result<(), LaneError>,
) -> Result<ChunkStart, LaneError> {
    let mut left = length;
    loop {
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len() - PREFIX_BYTES);
        let piece = link.admit(wanted)?;
        if piece == 0 {
            each(link, 0)?;
            continue;
        }
        left -= piece as u64;
        if left > 0 {
            link.read_exact(&mut buffer[..piece])?;
            arrived.take(&buffer[..piece])?;
            each(link, piece)?;
            continue;
        }
        link.read_exact(&mut buffer[..piece + PREFIX_BYTES])?;
        let (bytes, next) = buffer[..piece + PREFIX_BYTES].split_at(piece);
        arrived.take(bytes)?;
        each(link, piece)?;
        return Ok(ChunkStart::parse(next.first_chunk().copied().unwrap_or_default())?);
    }
}
