//! What all lanes share: how they end, what they report, and reading the next message.

use std::{
    io,
    time::{Duration, Instant},
};

use crate::{
    model::{
        outcome::FileEnd,
        reason::{Reason, ReasonCode, Side},
    },
    wire::{
        error::WireError,
        header::{self, Abort, By, Message},
    },
};

use super::link::{Link, LinkEnd};

/// How a lane ended when not in order.
#[derive(Debug)]
pub enum LaneError {
    Link(LinkEnd),
    /// Found here and not the peer's fault.
    Local(Reason),
    /// The peer said so.
    Peer(Reason),
    /// The peer broke the rules of the protocol; the sentence says how.
    Protocol(String),
    /// No version in common; ours, then theirs.
    Version([u32; 2], [u32; 2]),
    Wire(WireError),
}

impl From<io::Error> for LaneError {
    fn from(error: io::Error) -> Self {
        Self::Link(LinkEnd::of(&error))
    }
}

impl From<WireError> for LaneError {
    fn from(error: WireError) -> Self {
        match error {
            WireError::Io(error) => error.into(),
            other => Self::Wire(other),
        }
    }
}

impl From<Abort> for LaneError {
    /// Whoever ends it for its version names both in numbers; the sentence is made here.
    fn from(abort: Abort) -> Self {
        let Abort { mut reason, ours, theirs } = abort;
        if reason.code == ReasonCode::Version
            && let (Some(theirs), Some(ours)) = (ours, theirs)
        {
            reason.detail = Some(version_detail(ours, theirs));
        }
        Self::Peer(reason)
    }
}

impl LaneError {
    /// What is shown on this side.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Link(LinkEnd::Cancelled) => Reason::bare(ReasonCode::Cancelled),
            Self::Link(LinkEnd::Deadline) => Reason::here(ReasonCode::Timeout, LinkEnd::Deadline.to_string()),
            Self::Link(LinkEnd::Sealed(reason)) | Self::Local(reason) | Self::Peer(reason) => reason.clone(),
            Self::Link(end) => Reason::here(ReasonCode::ConnectionLost, end.to_string()),
            Self::Protocol(how) => Reason::here(ReasonCode::BadMessage, how.clone()),
            Self::Version(ours, theirs) => Reason::here(ReasonCode::Version, version_detail(*ours, *theirs)),
            Self::Wire(error) => error.reason(),
        }
    }

    /// Whether the transfer can go on over another connection: this one broke, or was given up for another. What has
    /// come of its files is to stay.
    pub fn is_break(&self) -> bool {
        match self {
            Self::Link(LinkEnd::Cancelled) | Self::Local(_) | Self::Protocol(_) | Self::Version(..) => false,
            Self::Link(_) | Self::Wire(WireError::Io(_) | WireError::Torn { .. }) => true,
            Self::Peer(reason) => {
                matches!(reason.code, ReasonCode::ConnectionLost | ReasonCode::StaleEpoch | ReasonCode::Timeout)
            }
            Self::Wire(_) => false,
        }
    }

    /// Whether this side cannot store anything for now: no room, no folder, no right to write there. It goes on when that
    /// has changed, so what has come is to stay here too.
    pub fn is_hold(&self) -> bool {
        matches!(self, Self::Local(reason) if concerns_all(reason))
    }

    /// What the peer has to be told in the end; nothing when it said the last word itself or is gone. A receiver that
    /// cannot store anything for now says `pause`.
    pub fn last_message(&self) -> Option<Message> {
        match self {
            Self::Local(reason) if self.is_hold() => Some(Message::Pause { by: By::Receiver, reason: told(reason) }),
            _ => self.abort().map(Message::Abort),
        }
    }

    /// As an `abort`: what the peer has to be told; nothing when it said the last word itself or is gone.
    pub fn abort(&self) -> Option<Abort> {
        let plain = |reason| Some(Abort { reason, ours: None, theirs: None });
        match self {
            Self::Link(LinkEnd::PeerGone(_) | LinkEnd::Sealed(_) | LinkEnd::Silent(_)) | Self::Peer(_) => None,
            Self::Version(ours, theirs) => {
                Some(Abort { reason: self.reason(), ours: Some(*ours), theirs: Some(*theirs) })
            }
            _ => plain(self.reason()),
        }
    }
}

fn version_detail(ours: [u32; 2], theirs: [u32; 2]) -> String {
    let range = |[from, to]: [u32; 2]| if from == to { format!("{from}") } else { format!("{from} to {to}") };
    format!("one side speaks protocol version {}, the other {}", range(ours), range(theirs))
}

/// What is still owed to the peer when a lane ends: the engine's closer writes it.
#[derive(Debug, Default)]
pub struct Farewell {
    /// Bytes missing in the chunk that was begun, to be filled with zeros.
    pub chunk_left: u32,
    /// A body is open: the last header goes as an interlude.
    pub in_body: bool,
    pub last: Option<Message>,
}

/// How a lane ended before its time: why, and what the closer owes to the peer.
#[derive(Debug)]
pub struct LaneEnd {
    pub error: LaneError,
    pub farewell: Farewell,
}

/// What a lane tells while it works. Figures may be lost, ends may not.
pub trait Report {
    /// `bytes` more of bodies have moved; `index` is the entry that moves.
    fn moved(&mut self, index: u32, bytes: u64);
    fn file_ended(&mut self, end: FileEnd);
    /// All bytes have moved.
    fn finishing(&mut self);

    /// The sender has all receipts: before it says so, which lets the receiver forget the transfer, it makes sure that it will know.
    fn has_receipts(&mut self) {}
    /// Both sides know how everything has ended: nothing can change that any more.
    fn ended(&mut self) {}

    /// Nothing follows at once: what was gathered is told.
    fn settle(&mut self) {}
    /// `bytes` of an entry need not move: they came over an earlier connection, or stood there before.
    fn kept(&mut self, _index: u32, _bytes: u64) {}
    /// How far the side that has more left to do is with hashing what there is, in bytes; at most ten times a second.
    fn checking(&mut self, _done: u64, _total: u64) {}
    /// The other side holds the transfer, or lets it go on (`None`). The reason has code `Cancelled` when a person did,
    /// `Busy` when others have their turn, and otherwise says what has to change there.
    fn held_there(&mut self, _reason: Option<Reason>) {}
    /// What had come of this file is not the beginning of what is there now: it starts again.
    fn started_again(&mut self, _index: u32) {}
}

/// A full, missing or read-only folder: no later file would fare better.
pub fn concerns_all(reason: &Reason) -> bool {
    matches!(reason.code, ReasonCode::DiskFull | ReasonCode::FolderMissing | ReasonCode::FolderReadOnly)
}

/// Waits for the next message that is not a ping. `None`: the stream ended in order before a header.
pub fn next_message(link: &mut impl Link) -> Result<Option<Message>, LaneError> {
    loop {
        while !link.pending() {
            link.wait()?;
        }
        match read_message(link)? {
            Some(Message::Ping) => {}
            other => return Ok(other),
        }
    }
}

/// Reads the header that has begun to arrive; an `abort` becomes an error.
pub fn read_message(link: &mut impl Link) -> Result<Option<Message>, LaneError> {
    link.set_deadline(Some(Instant::now() + link.limits().header));
    let message = header::read_header(link)?;
    link.set_deadline(None);
    match message {
        Some(Message::Abort(abort)) => Err(abort.into()),
        other => Ok(other),
    }
}

/// The stream ended where a message had to come.
pub fn ended_early() -> LaneError {
    LaneError::Link(LinkEnd::PeerGone("the other side closed the connection without a word".to_owned()))
}

/// A message that has no place where it came.
pub fn unexpected(message: &Message) -> LaneError {
    let shown: String = format!("{message:?}").chars().take(60).collect();
    LaneError::Protocol(format!("unexpected here: {shown}"))
}

/// After a write failed because the peer is gone: what it said before it left, if anything.
pub fn last_word(link: &mut impl Link, error: LaneError) -> LaneError {
    if !matches!(error, LaneError::Link(LinkEnd::PeerGone(_))) {
        return error;
    }
    link.set_deadline(Some(Instant::now() + Duration::from_millis(300)));
    loop {
        match header::read_header(link) {
            Ok(Some(Message::Abort(abort))) => return abort.into(),
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return error,
        }
    }
}

/// A reason that the peer has to be told as its own: the side is turned round by the wire.
pub fn told(reason: &Reason) -> Reason {
    Reason { side: Side::Here, ..reason.clone() }
}
