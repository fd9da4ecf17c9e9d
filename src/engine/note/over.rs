//! How work on a transfer comes to its end.

use crate::model::reason::Reason;

/// How a lane came to an end before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Over {
    pub reason: Reason,
    pub kind: OverKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverKind {
    /// The connection broke, and further ones that stood beside it if it was one of several: it goes on over another.
    Break { of_several: bool },
    /// For good.
    Final,
    /// It goes on when something has changed here: room, the folder.
    Hold,
}

impl Over {
    /// For good.
    pub fn finally(reason: Reason) -> Self {
        Self { reason, kind: OverKind::Final }
    }
}

/// How far the end of a transfer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndNews {
    /// Incoming: the archive has done what a crash, or a sender that is gone, had left of it.
    Again,
    /// Outgoing: all receipts have come, and the receiver may forget it from now on.
    HasReceipts { all_verified: bool },
    /// Incoming: both sides know how it has ended.
    Known,
}
