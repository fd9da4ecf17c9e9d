//! One connection that waits in the lobby: for what, and its next whole header.

use std::time::Instant;

use polling::Event;

use crate::{
    engine::link::SocketLink,
    model::transfer::TransferKey,
    transfer::{
        compare::Comparing,
        lane::{LaneError, ended_early},
        link::Link,
    },
    wire::{
        frame::{PREFIX_BYTES, header_length},
        header::{self, Message},
    },
};

/// What a connection in the lobby waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitsFor {
    /// A code, and nothing else: *Compare codes*, from either side.
    Code,
    /// The other side's answer to our offer.
    TheirAnswer,
    /// Our person's answer to their offer.
    OurAnswer,
    /// The same, for a classic sender: nothing may be read, its body has begun.
    OurAnswerClassic,
    /// The next request of somebody who downloads in the plain protocol.
    Request,
}

impl WaitsFor {
    /// Nothing is said meanwhile, and nothing has to be heard.
    pub(super) fn is_classic(self) -> bool {
        matches!(self, Self::OurAnswerClassic | Self::Request)
    }
}

/// One connection in the lobby.
pub(super) struct Waiting {
    pub(super) key: TransferKey,
    pub(super) link: SocketLink,
    pub(super) waits_for: WaitsFor,
    pub(super) comparing: Option<Box<Comparing>>,
    /// When our half of the code went out. The other half follows without a person.
    pub(super) shown_at: Option<Instant>,
    /// Dispatch has asked for it.
    pub(super) wanted: bool,
    pub(super) since: Instant,
}

impl Waiting {
    /// Our half of the code is out, and theirs should have come by now.
    pub(super) fn owes_too_long(&self) -> bool {
        let owed = self.comparing.as_ref().is_some_and(|comparing| comparing.is_owed());
        owed && self.shown_at.is_some_and(|at| at.elapsed() >= self.link.limits().header)
    }

    /// It had its time to ask for another file.
    pub(super) fn asks_no_more(&self) -> bool {
        self.waits_for == WaitsFor::Request && self.since.elapsed() >= self.link.limits().next_request()
    }
}

/// What the poll is to tell of it.
pub(super) fn interest(number: usize, waits_for: WaitsFor) -> Event {
    // A classic sender's body is left unread; its reset is found by `take_error`.
    if waits_for == WaitsFor::OurAnswerClassic { Event::none(number) } else { Event::readable(number) }
}

/// Takes one whole header out of what was read ahead; `None` when there is none yet.
pub(super) fn next_header(link: &mut SocketLink, ended: bool) -> Result<Option<Message>, LaneError> {
    let bytes = link.peek();
    let whole = match bytes.first_chunk::<PREFIX_BYTES>() {
        Some(prefix) => bytes.len() - PREFIX_BYTES >= header_length(*prefix).map_err(LaneError::from)?,
        None => false,
    };
    if !whole {
        return if ended { Err(ended_early()) } else { Ok(None) };
    }
    match header::read_header(link)? {
        Some(Message::Abort(abort)) => Err(LaneError::Peer(abort.reason)),
        other => Ok(other),
    }
}
