//! What becomes of a transfer whose connection is over: another is tried, by whichever side can reach the other, under a
//! higher epoch; or it rests until somebody says that it goes on.

use std::{net::IpAddr, time::Instant};

use crate::{
    engine::{
        call::Call,
        cancel::CancelFlag,
        lanes::Begin,
        link::SocketLink,
        note::{AgainCame, Life, Over, OverKind},
        outgoing::{self, Offering},
        threads,
    },
    model::{
        device::Peer,
        reason::{Reason, ReasonCode, Side},
        transfer::{Direction, TransferId, TransferKey},
    },
    transfer::{
        ahead::Ahead,
        lane::{Farewell, concerns_all},
    },
    wire::header::Message,
};

use super::{
    Dispatch,
    going::is_last_word,
    record::{Hands, KnownEnd, Record},
};

/// A receiver leaves it to the sender to try first, for so many times the sender's first wait.
const SENDER_FIRST: u32 = 6;

impl Dispatch {
    /// A lane is over.
    pub(super) fn work_ended(&mut self, key: TransferKey, life: Life, result: Result<(), Over>) {
        let Some(record) = self.records.get_mut(&key).filter(|record| record.life == life) else { return };
        record.hands = Hands::Nobody;
        match result {
            _ if record.forced_end.is_some() => self.end(key, result.map_err(|over| over.reason)),
            Ok(()) => self.end(key, Ok(())),
            Err(Over { reason, kind: OverKind::Final }) => self.end(key, Err(reason)),
            Err(Over { reason, .. }) if !record.is_lasting() => self.end(key, Err(reason)),
            Err(Over { reason, kind }) => {
                self.broke(key, reason, kind);
                self.fill_slots();
            }
        }
    }

    fn broke(&mut self, key: TransferKey, reason: Reason, kind: OverKind) {
        let Some(record) = self.records.get_mut(&key) else { return };
        if std::mem::take(&mut record.going.pause_changed) {
            self.note_paused(key);
        }
        if self.stopping_until.is_some() {
            return self.leave(key);
        }
        if self.take_up_parked(key) {
            return;
        }
        if self.records.get(&key).is_some_and(|record| record.going.is_quiet) {
            return self.end(key, Err(reason));
        }
        let Some(record) = self.records.get_mut(&key) else { return };
        let going = &mut record.going;
        going.breaks_of_several += u32::from(kind == OverKind::Break { of_several: true });
        // A receiver without room says so and closes.
        going.held_there = going.held_there.take().filter(concerns_all);
        if kind == OverKind::Hold || concerns_all(&reason) {
            // The sender asks again soon: then it waits on a fresh connection, with the figures before its eyes.
            going.obstacle = Some(reason.clone());
        }
        if key.direction == Direction::Outgoing && concerns_all(&reason) {
            going.held_there = going.obstacle.take();
        }
        let at_once = std::mem::take(&mut going.dial_after);
        going.broke = Some(reason);
        going.checking = None;
        going.finishing = false;
        if at_once { self.call_back(key) } else { self.schedule(key) }
    }

    /// Decides when a transfer without a connection is tried again.
    fn schedule(&mut self, key: TransferKey) {
        let (retry, most) = (self.setup.limits.retry, self.setup.limits.retry_most);
        self.wait_to_tell(key);
        self.change(key, |record| {
            let going = &mut record.going;
            let first = if key.direction == Direction::Incoming { retry * SENDER_FIRST } else { retry };
            let wait = first.saturating_mul(1 << going.tries.min(16)).min(most.max(first));
            going.tries = going.tries.saturating_add(1);
            let can_call = key.direction == Direction::Outgoing || record.snapshot.peer.dial.is_some();
            let may_call = can_call && !going.paused_here && !going.interrupted;
            going.next_try = may_call.then(|| Instant::now() + wait);
            record.snapshot.stage = record.standing();
        });
    }

    /// Tries what is due.
    pub(super) fn try_again(&mut self, now: Instant) {
        let due = |record: &Record| record.going.next_try.is_some_and(|at| now >= at);
        let keys: Vec<TransferKey> =
            self.records.iter().filter(|(_, record)| due(record)).map(|(key, _)| *key).collect();
        for key in keys {
            if let Some(record) = self.records.get_mut(&key) {
                record.going.next_try = None;
            }
            self.call_back(key);
        }
    }

    /// The addresses of this device have changed: connections from those that are gone are dead, and what was tried in vain
    /// may now succeed.
    pub(super) fn moved_elsewhere(&mut self, addresses: &[IpAddr]) {
        let now = Instant::now();
        for record in self.records.values_mut().filter(|record| record.is_lasting()) {
            let gone = record.going.local.is_some_and(|local| !addresses.contains(&local));
            if record.hands == Hands::Lane && gone {
                record.cancel.suspend();
                record.going.dial_after = true;
            }
            if record.going.next_try.is_some() {
                record.going.next_try = Some(now);
            }
        }
    }

    /// Calls the other side of a transfer that has no connection.
    pub(super) fn call_back(&mut self, key: TransferKey) {
        let Some(record) = self.records.get_mut(&key).filter(|record| record.hands == Hands::Nobody) else { return };
        record.going.next_try = None;
        let is_offered = record.is_lasting();
        match key.direction {
            Direction::Incoming => self.want(key),
            // An earlier run had all receipts.
            Direction::Outgoing if record.end != KnownEnd::No => self.end(key, Ok(())),
            Direction::Outgoing if self.asks_instead(key) => {}
            // Too many at once would find the other side busy.
            Direction::Outgoing if !is_offered && !self.may_offer(key) => self.queue_for_turn(key),
            Direction::Outgoing => self.offer(key),
        }
    }

    /// Offers, or offers to go on.
    pub(super) fn offer(&mut self, key: TransferKey) {
        let Some(call) = self.call_for(key) else { return };
        let Some(record) = self.records.get_mut(&key) else { return };
        let Some(outgoing) = record.outgoing.clone() else { return };
        if record.is_lasting() {
            record.going.epoch = record.going.epoch.max(1).saturating_add(1);
            self.setup.errands.archive.epoch(key.id, record.going.epoch);
        } else {
            record.going.queued = None;
        }
        let offering = Offering {
            call,
            life: record.life,
            outgoing,
            digest: record.digest,
            message: record.snapshot.message.clone(),
            epoch: record.going.epoch.max(1),
        };
        if record.is_lasting() {
            record.snapshot.stage = record.standing();
        }
        self.outbox.snapshot(record.snapshot.clone());
        let life = offering.life;
        if let Err(error) = threads::spawn("dial", move || offering.run()) {
            self.left(key, Some(life), Reason::here(ReasonCode::Internal, error.to_string()));
        }
    }

    fn want(&mut self, key: TransferKey) {
        let Some(call) = self.call_for(key) else { return };
        let Some(life) = self.records.get(&key).map(|record| record.life) else { return };
        self.change(key, |record| record.snapshot.stage = record.standing());
        if threads::spawn("dial", move || outgoing::want(&call, life)).is_err() {
            self.wanted(key, life, Err(Reason::bare(ReasonCode::Internal)));
        }
    }

    /// Begins a call to the other side of a transfer.
    fn call_for(&mut self, key: TransferKey) -> Option<Call> {
        let seal = self.seal();
        let record = self.records.get_mut(&key)?;
        let asked = record.request.as_ref().map(|request| request.to.clone());
        // Where it was last heard of first; then where it was called to begin with, in turn.
        let learnt = record.going.learnt.clone().filter(|_| record.going.tries % 2 == 0);
        let to = learnt.or(asked).or_else(|| record.snapshot.peer.dial.clone())?;
        let also = record.request.as_ref().map(|request| request.also.clone()).unwrap_or_default();
        let expect = record.snapshot.peer.key.or(record.request.as_ref().and_then(|request| request.expect));
        record.begin_life(Hands::Errand);
        Some(Call {
            key,
            to,
            also,
            expect,
            always_compare: false,
            quiet: record.going.tries > 1,
            seal,
            cancel: record.cancel.clone(),
            limits: self.setup.limits,
            notes: self.setup.errands.notes.clone(),
        })
    }

    /// A call was in vain.
    pub(super) fn call_failed(&mut self, key: TransferKey, reason: Reason) {
        let Some(record) = self.records.get_mut(&key) else { return };
        record.hands = Hands::Nobody;
        if record.forced_end.is_some() {
            return self.end(key, Err(reason));
        }
        if !record.is_lasting() {
            return self.turned_away(key, reason);
        }
        if self.stopping_until.is_some() {
            return self.leave(key);
        }
        match reason.code {
            // Ours was lost with an earlier process: so high it was not.
            ReasonCode::StaleEpoch => record.going.epoch = record.going.epoch.saturating_mul(2),
            // It has ended there because all is there, and only its last word was lost.
            ReasonCode::UnknownTransfer if reason.side == Side::There && record.has_all_receipts() => {
                return match key.direction {
                    Direction::Incoming => self.end_again(key),
                    Direction::Outgoing => self.end(key, Ok(())),
                };
            }
            ReasonCode::UnknownTransfer if reason.side == Side::There && record.begin_anew() => {
                return self.call_back(key);
            }
            _ if is_last_word(&reason) => return self.end(key, Err(reason)),
            _ if record.may_end_untold() => return self.end(key, Ok(())),
            _ => {}
        }
        record.going.broke.get_or_insert(reason);
        record.going.held_there = None;
        self.schedule(key);
    }

    /// A sender was asked to go on; when it will, it calls.
    pub(super) fn wanted(&mut self, key: TransferKey, life: Life, result: Result<(), Reason>) {
        let Some(record) = self.records.get_mut(&key).filter(|record| record.life == life) else { return };
        if record.hands != Hands::Errand {
            return;
        }
        match result {
            Ok(()) => {
                record.hands = Hands::Nobody;
                self.schedule(key);
            }
            Err(reason) => self.call_failed(key, reason),
        }
    }

    /// The receiver goes on with what was broken.
    pub(super) fn again(&mut self, key: TransferKey, life: Life, link: SocketLink, ahead: Ahead) {
        let record = self.records.get_mut(&key).filter(|record| record.life == life && record.forced_end.is_none());
        let Some(record) = record else { return self.turn_away(link, ReasonCode::ConnectionLost) };
        let Some(outgoing) = record.outgoing.clone() else { return self.turn_away(link, ReasonCode::Internal) };
        self.start_sending(key, (link, ahead), outgoing, true);
    }

    /// A sender comes back. It has shown its key.
    pub(super) fn again_came(&mut self, came: AgainCame) {
        let AgainCame { key, link, peer, epoch, digest } = came;
        self.met_here(&peer);
        if self.stopping_until.is_some() {
            return self.turn_away(link, ReasonCode::ConnectionLost);
        }
        let theirs = |record: &&Record| {
            record.is_lasting() && record.snapshot.peer.key == peer.key && record.digest == digest && peer.key.is_some()
        };
        let resting = self.resting.iter().find(|record| record.snapshot.key == key);
        let known = self.records.get(&key).or(resting).filter(theirs).filter(|record| record.forced_end.is_none());
        let Some(record) = known else { return self.turn_away(link, self.unknown(key)) };
        let newest = record.going.parked.as_ref().map_or(record.going.epoch, |(_, epoch)| *epoch);
        if epoch <= newest.max(1) {
            return self.turn_away(link, ReasonCode::StaleEpoch);
        }
        match record.end {
            KnownEnd::No => {}
            // It is about to end; then it is taken up.
            KnownEnd::Untold => return self.turn_away(link, ReasonCode::ConnectionLost),
            // So the sender has all receipts, too.
            KnownEnd::Before | KnownEnd::Yes => return self.turn_away(link, ReasonCode::UnknownTransfer),
        }
        if record.hands == Hands::Lobby {
            // Its first connection is on the way from there to its lane.
            return self.turn_away(link, ReasonCode::ConnectionLost);
        }
        self.bring_back(key);
        let Some(record) = self.records.get_mut(&key) else { return };
        if peer.dial.is_some() {
            record.snapshot.peer.dial = peer.dial;
        }
        record.snapshot.peer.address = peer.address;
        if record.hands == Hands::Lane || record.going.noting > 0 {
            record.cancel.suspend();
            let replaced = record.going.parked.replace((Box::new(link), epoch));
            if let Some((older, _)) = replaced {
                self.turn_away(*older, ReasonCode::StaleEpoch);
            }
            return;
        }
        self.take_up(key, link, epoch);
    }

    /// The connection that waited until nobody else worked for its transfer; whether there is one.
    pub(super) fn take_up_parked(&mut self, key: TransferKey) -> bool {
        let Some(record) = self.records.get_mut(&key) else { return false };
        if record.going.noting == 0
            && let Some((link, epoch)) = record.going.parked.take()
        {
            self.take_up(key, *link, epoch);
            return true;
        }
        record.going.parked.is_some()
    }

    fn take_up(&mut self, key: TransferKey, link: SocketLink, epoch: u32) {
        let Some(record) = self.records.get_mut(&key) else { return };
        record.going.epoch = epoch;
        self.start_receiving(key, link, Begin::Again);
    }

    /// What somebody is told who asks for what is not here: before the profile was read, while the program ends, and where
    /// another process may have it, that says nothing for good.
    pub(super) fn unknown(&self, key: TransferKey) -> ReasonCode {
        let is_ending = self.records.get(&key).is_some_and(|record| record.forced_end.is_some());
        let knows_all = self.restored && self.setup.restore.holds(key.direction);
        match knows_all && self.stopping_until.is_none() {
            _ if is_ending || self.cancelled.contains(&key) => ReasonCode::Cancelled,
            true => ReasonCode::UnknownTransfer,
            false => ReasonCode::ConnectionLost,
        }
    }

    /// A receiver asks us to go on. It has shown its key.
    pub(super) fn want_came(&mut self, transfer: TransferId, peer: &Peer, link: SocketLink) {
        let key = TransferKey { id: transfer, direction: Direction::Outgoing };
        self.met_here(peer);
        let theirs = |record: &&mut Record| record.is_lasting() && record.snapshot.peer.key == peer.key;
        let record = self.records.get_mut(&key).filter(theirs).filter(|record| record.forced_end.is_none());
        let Some(record) = record.filter(|_| self.stopping_until.is_none()) else {
            return self.turn_away(link, self.unknown(key));
        };
        self.closers.close(link, Farewell { last: Some(Message::Done), ..Farewell::default() });
        record.going.learnt = peer.dial.clone().or(record.going.learnt.take());
        let now = Instant::now();
        let is_early = record.going.asked.is_some_and(|at| now.duration_since(at) < self.setup.limits.retry);
        if is_early {
            // A receiver that never stops asking would be called all the time.
            return;
        }
        record.going.asked = Some(now);
        record.going.interrupted = false;
        record.going.tries = 0;
        match record.hands {
            // The receiver has lost that connection, whatever it looks like from here.
            Hands::Lane => {
                record.going.dial_after = true;
                record.cancel.suspend();
            }
            Hands::Nobody => self.call_back(key),
            // A call to the old address may hang for long.
            Hands::Errand => {
                record.cancel.suspend();
                record.hands = Hands::Nobody;
                self.call_back(key);
            }
            Hands::Lobby => {}
        }
    }
}

impl Record {
    /// Begins another stretch of work; what the one before still has to say comes too late.
    pub(super) fn begin_life(&mut self, hands: Hands) {
        self.life = self.life.wrapping_add(1);
        self.hands = hands;
        if self.forced_end.is_none() {
            self.cancel = CancelFlag::default();
        }
    }
}
