//! The plain protocol's body: exactly `size` raw bytes, with nothing before or after them on the wire.

use std::{
    ops::ControlFlow,
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    digest::Hasher,
    model::{
        manifest::Entry,
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
    },
    storage::{part_file::PartFile, sources::Source},
    wire::{chunk::SEND_CHUNK_BYTES, classic::classic_header_frame},
};

use super::{
    body::{Arrived, Stored},
    hashing::Hashing,
    lane::{LaneError, Report, ended_early},
    link::{Link, LinkEnd, Wrote},
};

/// How long the receiver of an upload may take to close after the last byte.
pub const CLOSE_LIMIT: Duration = Duration::from_secs(10);

/// How long bytes are waited for that were not announced.
const MORE_LIMIT: Duration = Duration::from_millis(300);

/// Reads exactly `size` bytes into `part`; gives it back with the digest of what came.
pub fn receive_upload(
    link: &mut impl Link,
    report: &mut impl Report,
    part: PartFile,
    size: u64,
) -> Result<(PartFile, Md5Digest), LaneError> {
    let mut arrived = Arrived::new(Ok(part), size);
    let mut buffer = vec![0; SEND_CHUNK_BYTES];
    let mut admitted = 0;
    while arrived.bytes < size {
        if admitted == 0 {
            admitted = wait_for_turn(link, size - arrived.bytes)?;
        }
        let read = link.read(&mut buffer[..admitted])?;
        if read == 0 {
            return Err(ended_early());
        }
        admitted -= read;
        arrived.take(&buffer[..read])?;
        report.moved(0, read as u64);
    }
    match (arrived.stored, arrived.hashing) {
        (Stored::Part(part), Hashing::Along(hasher)) => Ok((part, hasher.finish())),
        (Stored::Failed(reason), _) => Err(LaneError::Local(reason)),
        _ => Err(LaneError::Local(Reason::bare(ReasonCode::Internal))),
    }
}

/// Hashes a source before it is sent: its header has to hold the digest. `each` hears of every piece and may stop it.
///
/// # Errors
/// The file cannot be read or changed meanwhile. `Ok(None)`: `each` stopped it.
pub fn hash_source(
    place: &Path,
    entry: &Entry,
    each: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Option<Md5Digest>, Reason> {
    hash_open(&mut Source::open(place, entry.size(), entry.mtime)?, each)
}

/// The same for a source that is open already. It stands at its end afterwards.
///
/// # Errors
/// As `hash_source`.
pub fn hash_open(
    source: &mut Source,
    each: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Option<Md5Digest>, Reason> {
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; SEND_CHUNK_BYTES];
    loop {
        match source.read(&mut buffer)? {
            0 => break,
            n => {
                hasher.update(&buffer[..n]);
                if each(n as u64).is_break() {
                    return Ok(None);
                }
            }
        }
    }
    source.check()?;
    Ok(Some(hasher.finish()))
}

/// Writes `header` and all bytes of `source`, which must have the digest that the header announced. The last piece is held back
/// until that is known: who asked gets too little of a file that has changed, and never something whole that is wrong.
///
/// # Errors
/// `Changed`; the link is over.
pub fn send_download(
    link: &mut impl Link,
    report: &mut impl Report,
    source: &mut Source,
    header: &[u8],
    md5: Md5Digest,
) -> Result<(), LaneError> {
    source.skip_to(0).map_err(LaneError::Local)?;
    link.write_all(header)?;
    // In one piece, by itself.
    link.flush()?;
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; SEND_CHUNK_BYTES];
    while source.remaining() > 0 {
        let admitted = wait_for_turn(link, source.remaining())?;
        let mut filled = 0;
        while filled < admitted {
            filled += source.read(&mut buffer[filled..admitted]).map_err(LaneError::Local)?;
        }
        hasher.update(&buffer[..filled]);
        if source.remaining() == 0 {
            source.check().map_err(LaneError::Local)?;
            if std::mem::replace(&mut hasher, Hasher::new()).finish() != md5 {
                let detail = "the file changed between hashing and sending";
                return Err(LaneError::Local(Reason::here(ReasonCode::Changed, detail)));
            }
        }
        write_beside_requests(link, &buffer[..filled])?;
        report.moved(0, filled as u64);
    }
    Ok(link.flush()?)
}

/// Who asks may have asked for more already: that waits.
fn write_beside_requests(link: &mut impl Link, mut bytes: &[u8]) -> Result<(), LaneError> {
    while !bytes.is_empty() {
        if let Wrote::Bytes(n) = link.write_some(bytes)? {
            bytes = &bytes[n..];
        }
    }
    Ok(())
}

/// Whether more comes than was announced, as far as that shows soon. Only asked where no checksum tells.
pub fn says_more(link: &mut impl Link) -> bool {
    link.set_deadline(Some(Instant::now() + MORE_LIMIT));
    matches!(link.read(&mut [0; 1]), Ok(1..))
}

/// Writes header and bytes. What is read must have the digest that the header announced.
pub fn send_upload(
    link: &mut impl Link,
    report: &mut impl Report,
    index: u32,
    entry: &Entry,
    place: &Path,
    md5: Md5Digest,
) -> Result<(), LaneError> {
    let mut source = Source::open(place, entry.size(), entry.mtime).map_err(LaneError::Local)?;
    let name = entry.path.last().unwrap_or_default();
    link.write_all(&classic_header_frame(name, entry.size(), md5)?)?;
    link.flush()?;
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; SEND_CHUNK_BYTES];
    let mut admitted = 0;
    loop {
        if admitted == 0 {
            admitted = wait_for_turn(link, source.remaining())?;
        }
        let read = source.read(&mut buffer[..admitted]).map_err(LaneError::Local)?;
        if read == 0 {
            break;
        }
        admitted -= read;
        hasher.update(&buffer[..read]);
        write_raw(link, &buffer[..read])?;
        report.moved(index, read as u64);
    }
    link.flush()?;
    source.finish().map_err(LaneError::Local)?;
    if hasher.finish() == md5 {
        Ok(())
    } else {
        let detail = "the file changed between hashing and sending";
        Err(LaneError::Local(Reason::here(ReasonCode::Changed, detail)))
    }
}

/// How many of the `left` bytes of a file may go next, at most as many as a buffer holds; 0 only at its end.
fn wait_for_turn(link: &mut impl Link, left: u64) -> Result<usize, LaneError> {
    let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(SEND_CHUNK_BYTES);
    loop {
        match link.admit(wanted)? {
            0 if wanted > 0 => {}
            admitted => return Ok(admitted),
        }
    }
}

/// Such a receiver says nothing; whatever it does write is read and dropped so that it does not block.
fn write_raw(link: &mut impl Link, mut bytes: &[u8]) -> Result<(), LaneError> {
    while !bytes.is_empty() {
        match link.write_some(bytes)? {
            Wrote::Bytes(n) => bytes = &bytes[n..],
            Wrote::Input => {
                let mut dropped = [0; 4096];
                if link.read(&mut dropped)? == 0 {
                    return Err(ended_early());
                }
            }
        }
    }
    Ok(())
}

/// Waits for the receiver to close, at most `CLOSE_LIMIT`: a slow one, or one whose person has not answered yet, may take
/// longer, and nothing more can be known.
///
/// # Errors
/// The receiver broke the connection off: bytes that it had not taken are lost.
pub fn wait_for_close(link: &mut impl Link) -> Result<(), LaneError> {
    link.set_deadline(Some(Instant::now() + CLOSE_LIMIT));
    let mut dropped = [0; 4096];
    loop {
        match link.read(&mut dropped) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) => match LinkEnd::of(&error) {
                LinkEnd::Deadline => return Ok(()),
                end => return Err(LaneError::Link(end)),
            },
        }
    }
}
