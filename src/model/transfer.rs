//! What one transfer is called and how it stands; who moves it lives in `transfer` and `engine`.

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc, time::Instant};

use super::{
    device::Peer,
    hex::{parse_lower_hex, write_hex},
    manifest::Manifest,
    outcome::Ending,
    reason::Reason,
    short_code::ShortCode,
};

/// 128 random bits that name a transfer on both ends; written as 32 lowercase hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransferId(pub [u8; 16]);

impl fmt::Display for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TransferId {
    type Err = NotHex;

    fn from_str(text: &str) -> Result<Self, NotHex> {
        parse_lower_hex(text).map(Self).ok_or(NotHex)
    }
}

/// The text was not the expected number of lowercase hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the expected number of lowercase hex digits")]
pub struct NotHex;

/// Which way the bytes go, seen from this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    Incoming,
    Outgoing,
}

/// Names one transfer in this process. A device that sends to itself has both directions of one id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransferKey {
    pub id: TransferId,
    pub direction: Direction,
}

/// How far a transfer has come. Every transfer reaches `Ended` exactly once.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// Outgoing: the dropped folders are being walked; `found` entries so far.
    Listing { found: u64 },
    /// Outgoing: the host name is being looked up.
    Resolving,
    /// Outgoing: the connection is being made.
    Connecting,
    /// Incoming, from a classic server: it looks for the file, and may have to make its checksum first.
    Requesting,
    /// Outgoing: hello, offer and entries are on their way.
    Offering,
    /// Outgoing: for its turn, or for a device that is away.
    Queued(QueuedFor),
    /// Outgoing, classic only: the digest has to stand in the header, so the file is hashed first. Bytes.
    Hashing { done: u64, total: u64 },
    /// A person has to answer: there (outgoing) or here (incoming).
    Waiting,
    /// Before a broken transfer goes on, and before a file that is there already is sent: both ends hash what they have.
    /// Bytes, of the side that has more left to do.
    Checking { done: u64, total: u64 },
    /// Nothing moves until whoever holds it lets go.
    Paused(Pause),
    /// The connection broke, for this reason; both programs live and another is being tried. `next_try`: when this side dials
    /// again; nothing while it does, or while the other side is waited for.
    Reconnecting { reason: Reason, next_try: Option<Instant> },
    /// The program was closed or killed meanwhile. It goes on when a person says *Resume*, or when the other side does.
    Interrupted,
    /// Bytes move, or are being checked and published.
    Moving,
    /// All bytes have moved; receipts or the last publishing are awaited.
    Finishing,
    /// Cancel was clicked here; true within half a second.
    Cancelling,
    /// Over.
    Ended(Ending),
}

/// What a transfer in the queue waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueuedFor {
    /// The device has too much before it already: it is asked again then, or when a person says so.
    Busy { next_try: Option<Instant> },
    /// The device is not there: it is tried again from time to time, and at once when it is seen.
    Device,
    /// As many transfers as the settings allow are running.
    Turn,
}

/// Who holds a transfer. It moves again when neither side does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pause {
    /// A person here said *Pause*.
    pub here: bool,
    /// The other side holds it: its person, or its own queue.
    pub there: bool,
    /// What has to change before it goes on by itself (`DiskFull`, `FolderMissing`, `FolderReadOnly`), and on which side; the
    /// detail has the figures. `Busy`: others have their turn on the other side.
    pub reason: Option<Reason>,
}

/// How one transfer stands now; the newest replaces all earlier ones.
#[derive(Clone, Debug)]
pub struct TransferSnapshot {
    pub key: TransferKey,
    pub peer: Peer,
    pub stage: Stage,
    /// What was offered; empty while an outgoing transfer is still `Listing`.
    pub manifest: Arc<Manifest>,
    /// Incoming: the folder chosen on the card.
    pub folder: Option<PathBuf>,
    /// Outgoing, at least while it is interrupted: the files and folders that were chosen to be sent.
    pub roots: Arc<[PathBuf]>,
    /// Bytes of file bodies that are there, of `total`.
    pub moved: u64,
    /// Those of `moved` that did not have to move now: they came over an earlier connection, or stood there before. Without
    /// meaning for the speed. Once it has ended: of the files that arrived, what was there before this run of the program.
    pub kept: u64,
    /// Bytes of the files that were selected.
    pub total: u64,
    /// Files that have reached an end (verified or not), of `files`.
    pub files_ended: u64,
    /// Files that were selected.
    pub files: u64,
    /// Index of the entry that is moving.
    pub current: Option<u32>,
    /// Message that came or went with the offer, as the other side wrote it: `message::shown` makes it fit to be seen.
    pub message: Option<String>,
    /// Outgoing, while queued: its place in the queue, from 0.
    pub place: Option<usize>,
    /// Ended with files that failed: `Command::Retry` sends just these, under the same name.
    pub retryable: bool,
    /// The six digits to compare with the other screen, once both sides have them.
    pub code: Option<ShortCode>,
}

impl TransferSnapshot {
    /// Incoming: whether nothing more has to come, so that only the sender may not know it.
    pub fn is_all_here(&self) -> bool {
        let Self { moved, total, files_ended, files, .. } = *self;
        self.key.direction == Direction::Incoming && moved >= total && files_ended >= files
    }

    /// A transfer of which nothing has moved and no list is known.
    pub fn new(key: TransferKey, peer: Peer, stage: Stage, message: Option<String>) -> Self {
        Self {
            key,
            peer,
            stage,
            manifest: Arc::default(),
            folder: None,
            roots: Arc::default(),
            moved: 0,
            kept: 0,
            total: 0,
            files_ended: 0,
            files: 0,
            current: None,
            message,
            place: None,
            retryable: false,
            code: None,
        }
    }
}
