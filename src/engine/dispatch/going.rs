//! What is known of a transfer's going on: connections that broke, who holds it, what it waits for; and the stage that
//! comes of it.

use std::{net::IpAddr, time::Instant};

use crate::{
    engine::{cancel::HoldFlag, link::SocketLink, note::Session},
    model::{
        device::PeerAddr,
        manifest::Entry,
        reason::{Reason, ReasonCode, Side},
        transfer::{Direction, Pause, QueuedFor, Stage},
    },
    transfer::{lane::concerns_all, link::Held},
};

use super::record::{Hands, Record};

/// A sender that has all receipts tries so often to tell the receiver. The last time comes 15 s after the connection broke: the
/// receiver, which begins to call after 3 s, has had the time to do so.
const UNTOLD_TRIES: u32 = 5;

/// One transfer's going on.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each says something of its own, and any of them may hold together")]
pub(super) struct Going {
    /// Of the newest connection; 0 or 1: there was none before.
    pub(super) epoch: u32,
    /// A person here said *Pause*.
    pub(super) paused_here: bool,
    /// It has a connection, and waits for its turn.
    pub(super) waits_for_turn: bool,
    /// It has none, and waits to be offered.
    pub(super) queued: Option<QueuedFor>,
    /// The other side holds it.
    pub(super) held_there: Option<Reason>,
    /// The archive still writes down, so many times, that it is paused or not: no lane may begin meanwhile.
    pub(super) noting: u32,
    /// It was paused, or let go, while its lane was at work: that may have come too late to be written down.
    pub(super) pause_changed: bool,
    /// The lane sees this.
    pub(super) hold: HoldFlag,
    /// What both sides hash before it goes on: bytes.
    pub(super) checking: Option<(u64, u64)>,
    /// All bytes have moved.
    pub(super) finishing: bool,
    /// Outgoing: the receiver has verified all that it wanted, folders and links too, and may have forgotten it.
    pub(super) all_verified: bool,
    /// Outgoing: all receipts came over the newest connection, good ones or not: only its last word can be missing there.
    pub(super) receipts_complete: bool,
    /// Why there is no connection any more.
    pub(super) broke: Option<Reason>,
    /// What has to change on a disk before it goes on.
    pub(super) obstacle: Option<Reason>,
    /// When it is tried again, and how often that was in vain.
    pub(super) next_try: Option<Instant>,
    pub(super) tries: u32,
    /// Incoming: all of it is here, and since then its sender is gone.
    pub(super) alone_since: Option<Instant>,
    /// Incoming: it has ended before with all that was wanted, and only its sender has still to hear so. Nobody here is told again.
    pub(super) is_quiet: bool,
    /// How many connections have broken while further ones stood beside them.
    pub(super) breaks_of_several: u32,
    /// It was before a device, or on its way there, when the connection broke before anybody answered: so long it is offered
    /// again.
    pub(super) offered_until: Option<Instant>,
    /// How often in a row the device has said that it is busy, as long as it has not said anything else.
    pub(super) busy: u32,
    /// When the receiver last asked for it.
    pub(super) asked: Option<Instant>,
    /// A newer connection, while the lane of the old one lets go; and its epoch.
    pub(super) parked: Option<(Box<SocketLink>, u32)>,
    /// The address of this device that the present connection goes out from, unless it is one that every computer has.
    pub(super) local: Option<IpAddr>,
    /// Where the other side was when it asked us to go on.
    pub(super) learnt: Option<PeerAddr>,
    /// Dial as soon as the old lane has let go.
    pub(super) dial_after: bool,
    /// From an earlier run of the program, and nobody has said that it goes on.
    pub(super) interrupted: bool,
    /// Its place among those that wait: smaller is earlier.
    pub(super) rank: u64,
    /// Bytes that have moved over the present connection, and over those before it in this run of the program.
    pub(super) moved: u64,
    pub(super) moved_before: u64,
    /// Bytes that the present connection need not move, as far as it has found out; none has begun: what was known before.
    pub(super) kept: Option<u64>,
    /// Bytes that were there, by all that was told, when the present connection began: it takes its time to find that out again.
    pub(super) there: u64,
}

impl Going {
    /// Tells the lane whether it may move.
    pub(super) fn tell_lane(&self) {
        self.hold.set(match (self.paused_here, self.waits_for_turn) {
            (true, _) => Some(Held::Person),
            (false, true) => Some(Held::Turn),
            (false, false) => None,
        });
    }

    /// A connection has begun to work: what the one before left behind is over.
    pub(super) fn connected(&mut self) {
        self.moved_before = self.moved_before.saturating_add(std::mem::take(&mut self.moved));
        self.held_there = None;
        self.checking = None;
        self.finishing = false;
        self.broke = None;
        self.obstacle = None;
        self.next_try = None;
        self.alone_since = None;
        self.dial_after = false;
        self.interrupted = false;
        self.queued = None;
    }

    pub(super) fn pause(&self) -> Option<Pause> {
        // A disk that has to change is not somebody who holds it.
        let (waits_there, held_there) = match &self.held_there {
            Some(reason) if concerns_all(reason) => (Some(reason), false),
            held_there => (None, held_there.is_some()),
        };
        let turn_there = self.held_there.as_ref().filter(|reason| reason.code == ReasonCode::Busy);
        let reason = waits_there.or(self.obstacle.as_ref());
        let held = self.paused_here || held_there || reason.is_some();
        let reason = reason.or(turn_there).cloned();
        held.then_some(Pause { here: self.paused_here, there: held_there, reason })
    }
}

impl Record {
    /// Whether all files have arrived, or failed for good, by the receiver's own word.
    pub(super) fn has_all_receipts(&self) -> bool {
        let have_all_ended = self.snapshot.files > 0 && self.snapshot.files_ended >= self.snapshot.files;
        self.going.all_verified || have_all_ended || self.is_all_in()
    }

    /// Whether it may end without having told the receiver that all receipts came: that has been tried often enough, and a receiver
    /// that did not hear it asks, and hears that it is not known here any more.
    pub(super) fn may_end_untold(&self) -> bool {
        self.going.receipts_complete && self.going.tries >= UNTOLD_TRIES
    }

    /// It was taken there, and a crash came before that was written down: as nothing has arrived, it may be offered once more, as
    /// something new.
    pub(super) fn begin_anew(&mut self) -> bool {
        let may = self.snapshot.key.direction == Direction::Outgoing
            && self.receipts.is_empty()
            && self.snapshot.files_ended == 0
            && !std::mem::replace(&mut self.begun_anew, true);
        if may {
            let Going { paused_here, rank, .. } = self.going;
            self.going = Going { paused_here, rank, ..Going::default() };
            self.accepted_at = None;
            (self.snapshot.moved, self.snapshot.kept) = (0, 0);
        }
        may
    }

    /// What its lane says of its bytes is shown. It begins with what was there, and runs back only where something has to come again.
    pub(super) fn moved(&mut self, moved: u64, kept: u64) {
        let known = moved.saturating_add(kept);
        let there = self.going.there.min(self.snapshot.total).max(known);
        (self.going.moved, self.going.kept) = (moved, Some(kept));
        (self.snapshot.moved, self.snapshot.kept) = (there, there.saturating_sub(moved));
    }

    /// This entry was counted as there in whole or in part, and all of it has to come.
    pub(super) fn started_again(&mut self, index: u32) {
        let size = self.snapshot.manifest.entries.get(index as usize).map_or(0, Entry::size);
        self.going.there = self.going.there.saturating_sub(size);
        self.forget_arrival(index);
    }

    /// Whether its bytes may move now.
    pub(super) fn is_running(&self) -> bool {
        let going = &self.going;
        // Strangers who download take nobody's turn.
        let is_ours = self.session != Session::Download;
        is_ours && self.hands == Hands::Lane && !going.waits_for_turn && going.pause().is_none()
    }

    /// Whether it can go on over another connection, now or another time.
    pub(super) fn is_lasting(&self) -> bool {
        self.accepted_at.is_some() && self.session == Session::Sealed
    }

    /// The stage of a transfer that was accepted, or waits in the queue.
    pub(super) fn standing(&self) -> Stage {
        let going = &self.going;
        if self.forced_end.is_some() {
            return Stage::Cancelling;
        }
        if let Some(pause) = going.pause() {
            return Stage::Paused(pause);
        }
        if let Some(queued) = going.queued {
            return Stage::Queued(queued);
        }
        if self.hands != Hands::Lane {
            return match &going.broke {
                _ if going.interrupted => Stage::Interrupted,
                Some(reason) => Stage::Reconnecting { reason: reason.clone(), next_try: going.next_try },
                None => self.snapshot.stage.clone(),
            };
        }
        match going.checking {
            _ if going.waits_for_turn && self.snapshot.key.direction == Direction::Outgoing => {
                Stage::Queued(QueuedFor::Turn)
            }
            _ if going.waits_for_turn => Stage::Paused(Pause::default()),
            Some((done, total)) if done < total => Stage::Checking { done, total },
            _ if going.finishing => Stage::Finishing,
            _ => Stage::Moving,
        }
    }
}

/// What the other side says of a transfer so that it is not worth another try.
pub(super) fn is_last_word(reason: &Reason) -> bool {
    use ReasonCode::{
        BadHeader, BadMessage, BadPath, Blocked, Cancelled, Declined, Internal, Io, Limit, UnknownTransfer,
        UnknownType, Version,
    };
    let said = matches!(
        reason.code,
        BadMessage
            | BadPath
            | Blocked
            | Cancelled
            | Declined
            | Internal
            | Io
            | Limit
            | UnknownTransfer
            | UnknownType
            | Version
            | BadHeader
    );
    said && reason.side == Side::There
}
