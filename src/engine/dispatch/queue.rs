//! Who may move, and who waits: as many transfers of each direction as the settings allow, in an order that a person can
//! change; and what waits for a device that is away.

use std::time::Instant;

use crate::{
    engine::messages::Wait,
    model::{
        device::PeerAddr,
        device_key::DeviceKey,
        reason::{Reason, ReasonCode, Side},
        transfer::{Direction, QueuedFor, TransferKey},
    },
};

use super::{
    Dispatch,
    record::{Hands, Record},
};

/// Offers to one device that are on their way, unanswered or waiting for their turn there; the next one waits here.
const MOST_AHEAD: usize = 3;

/// The longest wait for a busy device, as so many times the first: two minutes, where that is five seconds.
const MOST_BUSY: u32 = 24;

impl Dispatch {
    /// Gives free places to those that have waited longest, and shows everybody's place.
    pub(super) fn fill_slots(&mut self) {
        if self.stopping_until.is_some() {
            return;
        }
        for direction in [Direction::Incoming, Direction::Outgoing] {
            let mut free = self.setup.settings.parallel.saturating_sub(self.running(direction));
            for key in self.waiting_for_turn(direction) {
                let has_lane = self.records.get(&key).is_some_and(|record| record.hands == Hands::Lane);
                if has_lane && free > 0 {
                    self.change(key, |record| {
                        record.going.waits_for_turn = false;
                        record.going.tell_lane();
                        record.snapshot.stage = record.standing();
                    });
                    // One that the other side holds leaves its place to the next.
                    free -= usize::from(self.records.get(&key).is_some_and(Record::is_running));
                } else if !has_lane && self.may_offer(key) {
                    self.offer(key);
                }
            }
        }
        self.show_places();
    }

    fn running(&self, direction: Direction) -> usize {
        self.records.values().filter(|record| record.direction() == direction && record.is_running()).count()
    }

    /// Whether a lane that starts now has to wait for its turn.
    pub(super) fn is_crowded(&self, direction: Direction) -> bool {
        self.running(direction) >= self.setup.settings.parallel
    }

    /// Those that wait for their turn, in their order.
    fn waiting_for_turn(&self, direction: Direction) -> Vec<TransferKey> {
        self.in_order(|record| record.direction() == direction && record.waits_for_turn())
    }

    fn in_order(&self, wanted: impl Fn(&Record) -> bool) -> Vec<TransferKey> {
        let mut found: Vec<_> = self.records.values().filter(|record| wanted(record)).collect();
        found.sort_by_key(|record| (record.going.rank, record.snapshot.key));
        found.into_iter().map(|record| record.snapshot.key).collect()
    }

    /// Whether a device has not too much of ours before it already. One that has said that it is busy is asked about one
    /// transfer at a time.
    pub(super) fn may_offer(&self, key: TransferKey) -> bool {
        // A message does not wait for files to move.
        let is_message = self.records.get(&key).is_some_and(Record::is_message);
        let ahead = self.to_same_device(key).filter(|record| {
            let on_its_way = matches!(record.hands, Hands::Errand | Hands::Lobby) && record.outgoing.is_some();
            on_its_way || record.hands == Hands::Lane && record.going.waits_for_turn && !is_message
        });
        ahead.count() < MOST_AHEAD && !self.is_asked(key)
    }

    /// Whether another transfer asks a busy device.
    fn is_asked(&self, key: TransferKey) -> bool {
        self.to_same_device(key).any(|record| record.going.busy > 0 && !record.going.paused_here)
    }

    /// All others that go to the device of this one.
    fn to_same_device(&self, key: TransferKey) -> impl Iterator<Item = &Record> {
        let this = self.records.get(&key).filter(|record| record.direction() == Direction::Outgoing);
        let others = this.into_iter().flat_map(|_| self.records.values());
        others.filter(move |record| record.snapshot.key != key && this.is_some_and(|this| is_same_device(this, record)))
    }

    /// A listed transfer that may not be offered yet.
    pub(super) fn queue_for_turn(&mut self, key: TransferKey) {
        self.change(key, |record| {
            record.hands = Hands::Nobody;
            (record.going.queued, record.going.busy) = (Some(QueuedFor::Turn), 0);
            record.snapshot.stage = record.standing();
        });
        self.show_places();
    }

    /// What was offered has come to this before anybody could answer: it is offered again, or that is its end.
    pub(super) fn turned_away(&mut self, key: TransferKey, reason: Reason) {
        let waits =
            self.records.get(&key).is_some_and(|record| record.forced_end.is_none() && record.may_wait(&reason));
        if !waits || self.stopping_until.is_some() {
            return self.end(key, Err(reason));
        }
        self.change(key, |record| {
            record.hands = Hands::Nobody;
            record.expires = None;
            record.snapshot.code = None;
        });
        if is_busy(&reason) { self.queue_while_busy(key) } else { self.queue_for_device(key) }
    }

    /// The device has enough before it: asked again from time to time, by one for all that waits for it.
    fn queue_while_busy(&mut self, key: TransferKey) {
        if self.is_asked(key) {
            return self.queue_for_turn(key);
        }
        let first = self.setup.limits.busy;
        self.change(key, |record| {
            let going = &mut record.going;
            let wait = first.saturating_mul((1 << going.busy.min(16)).min(MOST_BUSY));
            going.busy = going.busy.saturating_add(1);
            going.next_try = (!going.paused_here).then(|| Instant::now() + wait);
            going.queued = Some(QueuedFor::Busy { next_try: going.next_try });
            record.snapshot.stage = record.standing();
        });
        self.show_places();
    }

    /// Whether another one asks the busy device now, because a person has put it before this one.
    pub(super) fn asks_instead(&mut self, key: TransferKey) -> bool {
        let Some(this) = self.records.get(&key).filter(|record| record.going.busy > 0) else { return false };
        let busy = this.going.busy;
        let waits = |record: &Record| {
            record.going.queued == Some(QueuedFor::Turn) && !record.going.paused_here && is_same_device(this, record)
        };
        let first = self.in_order(|record| record.snapshot.key == key || waits(record)).first().copied();
        let Some(first) = first.filter(|first| *first != key) else { return false };
        self.queue_for_turn(key);
        self.change(first, |record| record.going.busy = busy);
        self.offer(first);
        true
    }

    /// Nobody is there: tried again from time to time.
    pub(super) fn queue_for_device(&mut self, key: TransferKey) {
        let (retry, most) = (self.setup.limits.retry, self.setup.limits.retry_most);
        let offered_until = Instant::now() + self.setup.limits.answer;
        self.change(key, |record| {
            let going = &mut record.going;
            (going.queued, going.busy) = (Some(QueuedFor::Device), 0);
            going.offered_until.get_or_insert(offered_until);
            let wait = retry.saturating_mul(2 << going.tries.min(16)).min(most);
            going.tries = going.tries.saturating_add(1);
            going.next_try = (!going.paused_here).then(|| Instant::now() + wait);
            record.snapshot.stage = record.standing();
        });
        self.show_places();
    }

    /// A verified device has shown itself: what waits for it goes there.
    pub(super) fn seen(&mut self, device: DeviceKey, at: Option<&PeerAddr>) {
        let waits = |record: &Record| {
            let expected = record.request.as_ref().and_then(|request| request.expect);
            record.going.queued == Some(QueuedFor::Device) && expected == Some(device) && !record.going.paused_here
        };
        for key in self.in_order(waits) {
            if let (Some(at), Some(request)) = (at, self.records.get_mut(&key).and_then(|it| it.request.as_mut())) {
                request.to = at.clone();
            }
            self.call_back(key);
        }
    }

    /// A person changes the order.
    pub(super) fn reorder(&mut self, key: TransferKey, place: usize) {
        let mut order = self.queue();
        let Some(from) = order.iter().position(|other| *other == key) else { return };
        let ranks: Vec<u64> =
            order.iter().filter_map(|key| self.records.get(key).map(|record| record.going.rank)).collect();
        order.remove(from);
        order.insert(place.min(order.len()), key);
        for (key, rank) in order.into_iter().zip(ranks) {
            if let Some(record) = self.records.get_mut(&key) {
                record.going.rank = rank;
            }
        }
        self.fill_slots();
    }

    fn queue(&self) -> Vec<TransferKey> {
        self.in_order(|record| record.direction() == Direction::Outgoing && record.is_queued())
    }

    pub(super) fn show_places(&mut self) {
        let queue = self.queue();
        let place_of = |key: &TransferKey| queue.iter().position(|other| other == key);
        let moved: Vec<TransferKey> = self
            .records
            .iter()
            .filter(|(key, record)| record.snapshot.place != place_of(key))
            .map(|(key, _)| *key)
            .collect();
        for key in moved {
            self.change(key, |record| record.snapshot.place = place_of(&key));
        }
    }

    /// Puts a new transfer behind all others.
    pub(super) fn next_rank(&mut self) -> u64 {
        self.ranks += 1;
        self.ranks
    }
}

impl Record {
    pub(super) fn direction(&self) -> Direction {
        self.snapshot.key.direction
    }

    fn waits_for_turn(&self) -> bool {
        let with_lane = self.hands == Hands::Lane && self.going.waits_for_turn && !self.going.paused_here;
        with_lane || self.going.queued == Some(QueuedFor::Turn) && !self.going.paused_here
    }

    fn is_queued(&self) -> bool {
        self.going.queued.is_some() || self.waits_for_turn()
    }

    /// Whether an offer that came to this is made again, instead of ending.
    pub(super) fn may_wait(&self, reason: &Reason) -> bool {
        let wait = self.request.as_ref().map_or(Wait::No, |request| request.wait);
        let waits = (wait >= Wait::WhileBusy && is_busy(reason)) || (wait >= Wait::WhileAway && is_away(reason));
        (waits || self.was_broken_off(reason)) && self.outgoing.is_some()
    }

    /// Whether this is a break like one after the answer: a device that had been met is gone, for no longer than an answer may take.
    /// Not so for a stranger, whose door may have been closed on purpose, and who could try out codes by closing it.
    fn was_broken_off(&self, reason: &Reason) -> bool {
        let had_it = self.snapshot.peer.verified || self.begun_anew;
        had_it
            && match self.going.offered_until {
                Some(until) => is_away(reason) && Instant::now() < until,
                None => reason.code == ReasonCode::ConnectionLost,
            }
    }
}

/// The same by its key, or as far as anybody knows by where it is.
fn is_same_device(one: &Record, other: &Record) -> bool {
    let key = |record: &Record| record.snapshot.peer.key.or(record.request.as_ref().and_then(|request| request.expect));
    match (key(one), key(other), &one.request, &other.request) {
        (Some(one), Some(other), ..) => one == other,
        (.., Some(one), Some(other)) => one.to == other.to,
        _ => false,
    }
}

/// The device has too much before it already.
fn is_busy(reason: &Reason) -> bool {
    reason.code == ReasonCode::Busy && reason.side == Side::There
}

/// The device was not there: nobody answered, or something else did.
fn is_away(reason: &Reason) -> bool {
    matches!(
        reason.code,
        ReasonCode::Unreachable
            | ReasonCode::Refused
            | ReasonCode::Unresolved
            | ReasonCode::ConnectionLost
            | ReasonCode::NotSealdrop
            | ReasonCode::Timeout
    ) && (reason.side == Side::Here || reason.code == ReasonCode::ConnectionLost)
}
