//! *Pause*, *Resume*, *Discard*, *Retry*: what a person does with a transfer that was begun; and the start of its lanes.

use std::{net::IpAddr, sync::Arc};

use crossbeam_channel::bounded;

use crate::{
    engine::{
        lanes::{Before, Begin, Destination, Lane},
        link::SocketLink,
        note::{Over, Session},
        pool::Job,
    },
    model::{
        reason::{Reason, ReasonCode},
        transfer::{Direction, QueuedFor, TransferKey},
    },
    storage::sources::Outgoing,
    transfer::{ahead::Ahead, spread},
};

use super::{
    Dispatch,
    record::{Hands, KnownEnd, Record},
};

/// Transfers that ended with failed files and can be taken up again.
const MOST_RESTING: usize = 64;

impl Dispatch {
    pub(super) fn pause(&mut self, key: TransferKey) {
        let Some(record) = self.records.get_mut(&key).filter(|record| record.can_pause()) else { return };
        record.going.paused_here = true;
        record.going.waits_for_turn = false;
        record.going.next_try = None;
        record.going.tell_lane();
        if record.hands == Hands::Errand {
            // A call that comes too late is closed.
            record.begin_life_after_call();
        }
        self.stands_otherwise(key);
        self.fill_slots();
    }

    pub(super) fn resume(&mut self, key: TransferKey) {
        let Some(record) = self.records.get_mut(&key).filter(|record| record.forced_end.is_none()) else { return };
        let was_paused = std::mem::take(&mut record.going.paused_here);
        record.going.interrupted = false;
        record.going.tries = 0;
        if record.hands == Hands::Lane && was_paused {
            record.going.waits_for_turn = true;
            record.going.tell_lane();
        }
        let idle = record.hands == Hands::Nobody;
        let by_turn = record.going.queued == Some(QueuedFor::Turn);
        if idle && !by_turn {
            let unexplained = || Reason::here(ReasonCode::ConnectionLost, "it was interrupted");
            record.going.broke.get_or_insert_with(unexplained);
        }
        self.stands_otherwise(key);
        if idle && !by_turn {
            self.call_back(key);
        }
        self.fill_slots();
    }

    /// A person has paused it, or let it go on: that is shown and written down.
    fn stands_otherwise(&mut self, key: TransferKey) {
        self.change(key, |record| record.snapshot.stage = record.standing());
        let Some(record) = self.records.get_mut(&key) else { return };
        match (key.direction, record.hands) {
            // The journal is the lane's as long as there is one, or one is on its way.
            (Direction::Incoming, Hands::Lane | Hands::Lobby) => record.going.pause_changed = true,
            _ => self.note_paused(key),
        }
    }

    /// Has it written down whether a person here has paused it. Of an incoming one only while no lane has it.
    pub(super) fn note_paused(&mut self, key: TransferKey) {
        let Some(record) = self.records.get_mut(&key) else { return };
        let noted = self.setup.errands.archive.paused(key, record.going.paused_here);
        if noted && key.direction == Direction::Incoming {
            record.going.noting = record.going.noting.saturating_add(1);
        }
    }

    /// Nobody but a lane writes to its journal any more.
    pub(super) fn journal_is_free(&mut self, key: TransferKey) {
        if let Some(resting) = self.resting.iter_mut().find(|record| record.snapshot.key == key) {
            resting.going.noting = resting.going.noting.saturating_sub(1);
        }
        let Some(record) = self.records.get_mut(&key) else { return };
        record.going.noting = record.going.noting.saturating_sub(1);
        if record.hands != Hands::Lane {
            self.take_up_parked(key);
        }
    }

    /// Sends just what failed.
    pub(super) fn retry(&mut self, key: TransferKey) {
        if key.direction == Direction::Incoming || self.stopping_until.is_some() || !self.bring_back(key) {
            return;
        }
        self.offer(key);
    }

    /// Makes a transfer that ended with failed files, or without its sender, a running one again.
    pub(super) fn bring_back(&mut self, key: TransferKey) -> bool {
        let Some(at) = self.resting.iter().position(|record| record.snapshot.key == key) else { return false };
        let Some(mut record) = self.resting.remove(at) else { return false };
        record.going.is_quiet = record.is_all_in() && record.failed() == 0;
        record.forget_failures();
        (record.snapshot.moved, record.snapshot.kept) = (record.tally_bytes(), record.tally_bytes());
        record.hands = Hands::Nobody;
        record.going.broke = Some(Reason::here(ReasonCode::ConnectionLost, "files that failed are sent again"));
        record.snapshot.stage = record.standing();
        self.outbox.show(&record);
        self.records.insert(key, record);
        true
    }

    /// Keeps what may be taken up again.
    pub(super) fn rest(&mut self, mut record: Record) {
        (record.end, record.hands) = (KnownEnd::No, Hands::Nobody);
        self.resting.push_front(record);
        if self.resting.len() > MOST_RESTING
            && let Some(oldest) = self.resting.pop_back()
        {
            self.setup.errands.archive.drop_all(oldest.snapshot.key);
        }
    }

    /// Starts the lane of an incoming transfer.
    pub(super) fn start_receiving(&mut self, key: TransferKey, link: SocketLink, begin: Begin) {
        let reserved = self.reserved(key);
        let crowded = self.is_crowded(Direction::Incoming);
        let Some(record) = self.records.get_mut(&key) else { return self.turn_away(link, ReasonCode::Cancelled) };
        let Some(terms) = record.terms() else { return self.turn_away(link, ReasonCode::Internal) };
        record.lane_begins(crowded, &link);
        let (manifest, session) = (Arc::clone(&record.snapshot.manifest), record.session);
        let profile = self.setup.errands.profile.clone();
        let to = Destination { profile, terms, reserved, begin };
        let (joining, joined) = bounded(spread::MOST);
        record.joining = Some(joining);
        self.outbox.show(record);
        self.submit(key, move |lane| match session {
            Session::Classic { md5 } => lane.receive_classic(link, &manifest, &to, md5),
            // Neither comes by way of an offer.
            Session::Download | Session::Fetch | Session::Sealed => lane.receive(link, &to, joined),
        });
    }

    /// Starts the lane of an outgoing transfer, over a connection whose other side grants so much.
    pub(super) fn start_sending(
        &mut self,
        key: TransferKey,
        (link, ahead): (SocketLink, Ahead),
        outgoing: Arc<Outgoing>,
        again: bool,
    ) {
        let crowded = self.is_crowded(Direction::Outgoing);
        let Some(record) = self.records.get_mut(&key) else { return };
        (record.going.all_verified, record.going.receipts_complete) = (false, false);
        record.lane_begins(crowded, &link);
        let before = Before { receipts: record.receipts.clone(), again };
        self.outbox.snapshot(record.snapshot.clone());
        let further = self.further(key, &link);
        self.submit(key, move |lane| lane.send((link, ahead), &outgoing, before, further));
        // What waited until this one was taken may be offered.
        self.fill_slots();
    }

    /// Gives a lane to the pool.
    pub(super) fn submit(&mut self, key: TransferKey, work: impl FnOnce(&Lane) -> Result<(), Over> + Send + 'static) {
        let Some(record) = self.records.get(&key) else { return };
        let lane = Lane {
            key,
            life: record.life,
            cancel: record.cancel.clone(),
            hold: record.going.hold.clone(),
            limits: self.setup.limits,
            pace: self.pace(key.direction).clone(),
            archive: self.setup.errands.archive.clone(),
            notes: self.setup.errands.notes.clone(),
        };
        let job: Job = Box::new(move || lane.run(work));
        let session = record.session;
        if self.pool_of(session).submit(job).is_err() {
            self.end(key, Err(Reason::here(ReasonCode::Busy, "too many transfers wait for a worker")));
        }
    }
}

impl Record {
    fn can_pause(&self) -> bool {
        let begun = self.is_lasting() || self.going.queued.is_some();
        begun && self.forced_end.is_none() && !self.going.paused_here && self.end == KnownEnd::No
    }

    fn begin_life_after_call(&mut self) {
        self.cancel.suspend();
        self.begin_life(Hands::Nobody);
    }

    fn lane_begins(&mut self, crowded: bool, link: &SocketLink) {
        self.begin_life(Hands::Lane);
        self.going.connected();
        self.going.there = if self.is_lasting() { self.snapshot.moved } else { 0 };
        self.going.local = link.local_addr().ok().map(|at| at.ip().to_canonical()).filter(|ip| !is_everywhere(*ip));
        // A few words take nobody's turn.
        let crowded = crowded && !self.is_message() && !self.going.is_quiet;
        self.going.waits_for_turn = crowded && self.is_lasting() && !self.going.paused_here;
        self.going.tell_lane();
        self.snapshot.stage = self.standing();
    }
}

/// Loopback and link-local addresses say nothing about a move.
fn is_everywhere(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unicast_link_local(),
    }
}
