//! Why something ended otherwise than hoped: a code that both ends understand, with a detail. Sentences live in `ui/text.rs`.

/// The codes of DESIGN's protocol, and a few that never cross the wire.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReasonCode {
    BadHeader,
    BadMessage,
    BadPath,
    Blocked,
    Busy,
    Cancelled,
    /// The source file shrank, grew or changed while it was read.
    Changed,
    ConnectionLost,
    Declined,
    DiskFull,
    /// The receive folder is not there (any more).
    FolderMissing,
    /// The receive folder may not be written to.
    FolderReadOnly,
    Internal,
    Io,
    Limit,
    NoAnswer,
    StaleEpoch,
    Timeout,
    UnknownTransfer,
    UnknownType,
    Unreadable,
    Version,
    WrongKey,
    /// Here only: a file of this name is there, and the card said to leave it.
    AlreadyThere,
    /// Here only: links and folders have no way over the plain protocol.
    FilesOnly,
    /// Here only: the file with this device's key cannot be understood.
    KeyDamaged,
    /// Here only: others may read the file with this device's key.
    KeyExposed,
    /// Here only: both ends computed different seals.
    Mismatch,
    /// Here only: something answered that does not speak this protocol.
    NotSealdrop,
    /// Here only: a classic server has no such file, or does not share it.
    NotShared,
    /// Here only: another device answered than the one that a link names.
    OtherKey,
    /// Here only: another program has the port that we wanted.
    PortInUse,
    /// Here only: nobody listens at that address (connection refused).
    Refused,
    /// Here only: the address was not reached (no route, or no answer in time).
    Unreachable,
    /// Here only: the host name could not be resolved.
    Unresolved,
    /// Here only: all of it is here, and the other side was gone before it heard so.
    Untold,
    /// A newer peer's code; the detail is shown.
    Other(String),
}

/// Who ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    Here,
    There,
}

/// A code, who said it, and what a person may copy for somebody who wants to know more.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{code:?} ({side:?}): {}", detail.as_deref().unwrap_or("no detail"))]
pub struct Reason {
    pub code: ReasonCode,
    pub side: Side,
    /// Technical detail, at most 1 KiB, control characters already replaced when it came from a peer.
    pub detail: Option<String>,
}

impl Reason {
    /// A reason found on this side.
    pub fn here(code: ReasonCode, detail: impl Into<String>) -> Self {
        Self { code, side: Side::Here, detail: Some(detail.into()) }
    }

    /// A reason found on this side that needs no detail.
    pub fn bare(code: ReasonCode) -> Self {
        Self { code, side: Side::Here, detail: None }
    }

    /// A reason that the peer gave.
    pub fn there(code: ReasonCode, detail: Option<String>) -> Self {
        Self { code, side: Side::There, detail }
    }
}
