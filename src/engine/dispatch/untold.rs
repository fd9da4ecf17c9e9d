//! Incoming transfers whose files are all here, while their sender is gone and may not know: this device tells what it knows, and a
//! sender that comes back later hears the same, without anybody here being told again.

use std::time::{Duration, Instant};

use crate::{
    engine::messages::Acceptance,
    model::{reason::ReasonCode, transfer::TransferKey},
};

use super::{
    Dispatch,
    record::{Hands, KnownEnd, Record},
};

/// A receiver that has all of it waits so long for a sender that may not know, for so many times a sender's first wait: a minute, in
/// which that one has dialled twice at least. Nothing is lost by ending before it is back: it hears all the same how it has ended.
const UNTOLD_WAIT: u32 = 120;

impl Dispatch {
    /// Something has no connection: if all of it is here, its sender is waited for from now on, and not for ever.
    pub(super) fn wait_to_tell(&mut self, key: TransferKey) {
        if let Some(record) = self.records.get_mut(&key).filter(|record| record.is_all_in()) {
            record.going.alone_since.get_or_insert_with(Instant::now);
        }
    }

    /// When the first of those ends.
    pub(super) fn next_untold(&self) -> Option<Instant> {
        self.records.values().filter_map(Record::waits_alone_since).min().map(|since| since + self.untold_wait())
    }

    fn untold_wait(&self) -> Duration {
        self.setup.limits.retry * UNTOLD_WAIT
    }

    /// Ends what is due: all of it is here, and its sender is gone.
    pub(super) fn tell_what_is_here(&mut self, now: Instant) {
        let wait = self.untold_wait();
        let due = |record: &Record| record.waits_alone_since().is_some_and(|since| now >= since + wait);
        let keys: Vec<TransferKey> =
            self.records.iter().filter(|(_, record)| due(record)).map(|(key, _)| *key).collect();
        for key in keys {
            self.end_untold(key);
        }
    }

    /// All of it is here, and its sender is gone: it ends as far as this device knows it. A sender that comes back hears so.
    pub(super) fn end_untold(&mut self, key: TransferKey) {
        self.end_for_itself(key, KnownEnd::Untold, None);
    }

    /// It had ended before: whether its sender has heard so now or is to hear it another time, nobody here is told again.
    pub(super) fn end_quietly(&mut self, mut record: Record, is_told: bool) {
        if let Some((link, _)) = record.going.parked.take() {
            self.turn_away(*link, ReasonCode::ConnectionLost);
        }
        if is_told {
            self.setup.errands.archive.drop_all(record.snapshot.key);
        } else {
            self.rest(record);
        }
        self.fill_slots();
    }
}

impl Record {
    /// Incoming: whether everything that was wanted has ended here, whatever its sender has heard of that.
    pub(super) fn is_all_in(&self) -> bool {
        let Some(Acceptance { selection, .. }) = self.acceptance.as_ref().filter(|_| self.is_lasting()) else {
            return false;
        };
        self.entries().all(|index| !selection.holds(index) || self.ended.get(index).is_some())
    }

    /// Since when all of it is here and its sender is waited for, if nobody works for it or holds it.
    fn waits_alone_since(&self) -> Option<Instant> {
        let going = &self.going;
        let is_free = self.hands == Hands::Nobody && going.noting == 0 && going.parked.is_none();
        let is_held = going.pause().is_some() || self.forced_end.is_some();
        going.alone_since.filter(|_| is_free && !is_held)
    }
}
