//! What stands in `<id>.out`: a line of JSON, the frames of the entries as they were offered, the places, and a SHA-256 over all
//! of that. Nothing is understood before the checksum was right.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    model::{
        device::{Peer, PeerAddr},
        device_key::DeviceKey,
        hex::parse_lower_hex,
        manifest::{Entry, Manifest},
    },
    wire::{
        entries::entries_headers,
        error::WireError,
        header::{self, Message},
    },
};

use super::{
    history_line::WrittenReason,
    outgoing_file::{KeptOutgoing, Missed},
    places,
    source::read_some,
    sources::Outgoing,
};

const VERSION: u32 = 1;

/// A message of 16 KiB, each byte escaped, and room to spare.
const MAX_LINE: u64 = 1 << 20;

/// As many as an offer may have.
const MAX_ENTRIES: u64 = 1_000_000;

/// Twice what all entries of an offer may take up, as their places are not longer.
const MAX_BYTES: u64 = 512 << 20;

const SUM_BYTES: usize = 32;

/// Why a file was not read.
#[derive(Debug)]
pub(super) enum Unread {
    /// Not what `write` wrote.
    Damaged,
    /// It is sound, and only a newer version knows what it says.
    Newer,
    Io(io::Error),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Self::Damaged,
            _ => Self::Io(error),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Line {
    version: u32,
    id: String,
    to: PeerAddr,
    peer: WrittenPeer,
    key: Option<DeviceKey>,
    verified: bool,
    message: Option<String>,
    /// Of the manifest as it was offered.
    digest: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    missed: Option<WrittenMissed>,
    accepted: bool,
    /// Seconds since 1970 (UTC).
    started: u64,
    /// How many entries follow.
    entries: u64,
}

#[derive(Serialize, Deserialize)]
struct WrittenMissed {
    count: u64,
    reason: Option<WrittenReason>,
}

#[derive(Serialize, Deserialize)]
struct WrittenPeer {
    name: String,
    address: String,
    os: Option<String>,
    classic: bool,
    encrypted: bool,
    verified: bool,
    key: Option<DeviceKey>,
    dial: Option<PeerAddr>,
}

/// Of a line of any version.
#[derive(Deserialize)]
struct AnyLine {
    version: u32,
}

/// Writes all of it from where `file` stands.
///
/// # Errors
/// I/O; more than may be read back.
pub(super) fn write(kept: &KeptOutgoing, file: &mut File) -> io::Result<()> {
    let Outgoing { manifest, places } = &*kept.outgoing;
    let mut to = BufWriter::with_capacity(1 << 20, Summing { file, sum: Sha256::new(), bytes: 0 });
    serde_json::to_writer(&mut to, &Line::of(kept))?;
    to.write_all(b"\n")?;
    for frame in entries_headers(&manifest.entries) {
        to.write_all(&frame.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?)?;
    }
    places::write(&manifest.entries, places, &mut to)?;
    let Summing { file, sum, bytes } = to.into_inner().map_err(io::IntoInnerError::into_error)?;
    let fits = manifest.entries.len() as u64 <= MAX_ENTRIES;
    if !fits || bytes > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "more entries than can be sent at once"));
    }
    file.write_all(&sum.finalize())
}

/// Reads what `write` wrote.
pub(super) fn read(file: &mut File) -> Result<KeptOutgoing, Unread> {
    let bytes = check_sum(file)?;
    file.seek(SeekFrom::Start(0))?;
    let mut from = BufReader::with_capacity(1 << 16, file.take(bytes));
    let line = read_line(&mut from)?;
    let entries = read_entries(line.entries, &mut from)?;
    let places = places::read(&entries, &mut from)?;
    let manifest = Manifest::from_entries(entries).ok_or(Unread::Damaged)?;
    if from.read(&mut [0])? > 0 {
        return Err(Unread::Damaged);
    }
    line.kept(Arc::new(Outgoing { manifest: Arc::new(manifest), places })).ok_or(Unread::Damaged)
}

/// Looks at every byte, and says how many stand before the checksum.
fn check_sum(file: &mut File) -> Result<u64, Unread> {
    let length = file.metadata()?.len();
    let bytes = length.checked_sub(SUM_BYTES as u64).filter(|bytes| *bytes <= MAX_BYTES).ok_or(Unread::Damaged)?;
    file.seek(SeekFrom::Start(0))?;
    let mut sum = Sha256::new();
    let mut buf = vec![0; 1 << 16];
    let mut left = Read::by_ref(file).take(bytes);
    while left.limit() > 0 {
        let read = read_some(&mut left, &mut buf)?;
        if read == 0 {
            // It became shorter meanwhile.
            return Err(Unread::Damaged);
        }
        sum.update(buf.get(..read).unwrap_or_default());
    }
    let mut said = [0; SUM_BYTES];
    file.read_exact(&mut said)?;
    if sum.finalize()[..] == said { Ok(bytes) } else { Err(Unread::Damaged) }
}

fn read_line(from: &mut impl BufRead) -> Result<Line, Unread> {
    let mut json = Vec::new();
    from.take(MAX_LINE).read_until(b'\n', &mut json)?;
    serde_json::from_slice(&json).ok().filter(|line: &Line| line.version == VERSION).ok_or_else(|| {
        let newer = serde_json::from_slice::<AnyLine>(&json).is_ok_and(|line| line.version > VERSION);
        if newer { Unread::Newer } else { Unread::Damaged }
    })
}

fn read_entries(count: u64, from: &mut impl Read) -> Result<Vec<Entry>, Unread> {
    let count = usize::try_from(count).ok().filter(|_| count <= MAX_ENTRIES).ok_or(Unread::Damaged)?;
    let mut entries = Vec::new();
    while entries.len() < count {
        match header::read_header(from) {
            Ok(Some(Message::Entries { entries: more })) if !more.is_empty() && more.len() <= count - entries.len() => {
                entries.extend(more);
            }
            Err(WireError::Io(error)) => return Err(error.into()),
            _ => return Err(Unread::Damaged),
        }
    }
    Ok(entries)
}

impl Line {
    fn of(kept: &KeptOutgoing) -> Self {
        let Peer { name, address, os, classic, encrypted, verified, key, dial } = kept.peer.clone();
        Self {
            version: VERSION,
            id: kept.id.to_string(),
            to: kept.to.clone(),
            peer: WrittenPeer { name, address, os, classic, encrypted, verified, key, dial },
            key: kept.key,
            verified: kept.verified,
            message: kept.message.clone(),
            // The same 64 digits as a key's.
            digest: DeviceKey(kept.digest).to_string(),
            missed: (kept.missed.count > 0).then(|| WrittenMissed {
                count: kept.missed.count,
                reason: kept.missed.reason.as_ref().map(WrittenReason::of),
            }),
            accepted: kept.accepted,
            started: kept.started_at,
            entries: kept.outgoing.manifest.entries.len() as u64,
        }
    }

    fn kept(self, outgoing: Arc<Outgoing>) -> Option<KeptOutgoing> {
        let WrittenPeer { name, address, os, classic, encrypted, verified, key, dial } = self.peer;
        Some(KeptOutgoing {
            id: self.id.parse().ok()?,
            to: self.to,
            peer: Peer { name, address, os, classic, encrypted, verified, key, dial },
            key: self.key,
            verified: self.verified,
            message: self.message,
            outgoing,
            digest: parse_lower_hex(&self.digest)?,
            missed: self.missed.map_or_else(Missed::default, |missed| Missed {
                count: missed.count,
                reason: missed.reason.map(WrittenReason::reason),
            }),
            accepted: self.accepted,
            started_at: self.started,
        })
    }
}

/// Passes on what is written, and sums it up.
struct Summing<'a> {
    file: &'a mut File,
    sum: Sha256,
    bytes: u64,
}

impl Write for Summing<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buf)?;
        self.sum.update(buf.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
