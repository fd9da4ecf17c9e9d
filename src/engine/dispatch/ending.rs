//! The last word on a transfer, and what is kept of it.

use std::time::Instant;

use crate::{
    engine::{
        historian::Papers,
        messages::Wait,
        note::{EndNews, Session},
    },
    model::{
        outcome::Outcome,
        reason::{Reason, ReasonCode, Side},
        transfer::{Direction, Stage, TransferKey},
    },
};

use super::{
    Dispatch,
    record::{Hands, KnownEnd, Record},
};

/// Cancelled transfers that are remembered here as well as on the disk.
const MOST_CANCELLED: usize = 64;

impl Dispatch {
    /// The last word on a transfer, exactly once: its record goes.
    pub(super) fn end(&mut self, key: TransferKey, result: Result<(), Reason>) {
        if let Some(mut record) = self.records.remove(&key) {
            if record.going.is_quiet {
                return self.end_quietly(record, result.is_ok());
            }
            self.give_back(record.ration);
            let result = match (result, record.forced_end.take()) {
                // What a cancelled worker says of its end is a consequence of the cancel.
                (Err(_), Some((_, reason))) => Err(reason),
                (result, _) => result,
            };
            record.ended_in_order = result.is_ok();
            if result.is_ok() {
                record.snapshot.moved = record.snapshot.moved.max(record.tally_bytes());
            }
            record.snapshot.kept = record.kept_bytes();
            record.snapshot.stage = Stage::Ended(record.ending(result));
            record.snapshot.current = None;
            record.snapshot.code = None;
            let papers = record.papers();
            let is_kept = self.keep(&mut record, papers);
            if key.direction == Direction::Incoming && record.acceptance.is_none() {
                if record.was_lost() {
                    self.lost_before_an_answer(key.id);
                }
                record.forget_the_list();
            }
            let rests = self.close_the_file(&mut record, papers, is_kept);
            if let Some((link, _)) = record.going.parked.take() {
                // What rests is taken up when it comes again.
                self.turn_away(*link, if rests { ReasonCode::ConnectionLost } else { self.unknown(key) });
            }
            // One that was held back and never shown leaves no row: strangers could make as many as they like.
            if record.card_at.is_none() {
                self.outbox.show(&record);
            }
            if let Some(from) = record.from.filter(|_| record.session == Session::Download) {
                self.download_ended(from);
            }
            if rests {
                self.rest(record);
            }
            self.fill_slots();
        }
    }

    pub(super) fn end_news(&mut self, key: TransferKey, news: EndNews) {
        match news {
            EndNews::Again => self.end(key, Ok(())),
            EndNews::HasReceipts { all_verified } => {
                if let Some(record) = self.records.get_mut(&key) {
                    (record.going.all_verified, record.going.receipts_complete) = (all_verified, true);
                }
            }
            EndNews::Known => self.end_is_known(key),
        }
    }

    /// A cancel that came at the same time came too late.
    fn end_is_known(&mut self, key: TransferKey) {
        self.change(key, |record| {
            record.end = KnownEnd::Yes;
            record.forced_end = None;
            record.snapshot.stage = record.standing();
        });
    }

    /// Does what a crash, or a broken connection, has left of the end of an incoming transfer; then it has ended.
    pub(super) fn end_again(&mut self, key: TransferKey) {
        let failed = self.records.get(&key).map_or(0, Record::failed);
        self.end_for_itself(key, KnownEnd::Before, Some(failed));
    }

    /// The same, for whatever reason.
    pub(super) fn end_for_itself(&mut self, key: TransferKey, end: KnownEnd, failed: Option<u64>) {
        self.change(key, |record| {
            record.begin_life(Hands::Errand);
            record.going.next_try = None;
            record.end = end;
            record.snapshot.stage = Stage::Finishing;
        });
        if !self.setup.errands.archive.end(key, failed) {
            self.end(key, Ok(()));
        }
    }

    /// What the profile keeps of a transfer that has ended, unless the historian sees to that (`is_kept`); whether it can be taken up
    /// again.
    fn close_the_file(&mut self, record: &mut Record, papers: Papers, is_kept: bool) -> bool {
        let (key, archive) = (record.snapshot.key, &self.setup.errands.archive);
        match (papers, key.direction) {
            (Papers::Elsewhere, _) => self.drop_the_file(record),
            (Papers::Go, _) if !is_kept => archive.drop_all(key),
            (Papers::Go, _) => {}
            (Papers::Rest(_), Direction::Incoming) => record.going.noting += u32::from(is_kept),
            (Papers::Rest(epoch), Direction::Outgoing) => {
                record.snapshot.retryable = true;
                if !is_kept {
                    archive.over(key.id, epoch);
                }
            }
        }
        matches!(papers, Papers::Rest(_))
    }

    /// Nobody goes on with it.
    fn drop_the_file(&mut self, record: &Record) {
        let (key, archive) = (record.snapshot.key, &self.setup.errands.archive);
        let Stage::Ended(ending) = &record.snapshot.stage else { return };
        let here = ending.reason.as_ref().is_some_and(|reason| reason.side == Side::Here);
        if ending.outcome == Outcome::Cancelled && here && record.is_lasting() {
            archive.cancelled(key);
            self.cancelled.push_front(key);
            self.cancelled.truncate(MOST_CANCELLED);
        }
        let is_there = key.direction == Direction::Outgoing || record.is_lasting();
        if is_there && record.session == Session::Sealed {
            archive.drop_all(key);
        }
    }

    /// Leaves a transfer as it is: the program ends, another time it goes on.
    pub(super) fn leave(&mut self, key: TransferKey) {
        if self.records.get(&key).is_some_and(Record::outlives_us)
            && let Some(mut record) = self.records.remove(&key)
        {
            record.snapshot.stage = Stage::Interrupted;
            record.snapshot.current = None;
            self.outbox.show(&record);
        }
    }

    /// A code that was never begun is there for the next stranger.
    pub(super) fn give_back(&mut self, ration: Option<Instant>) {
        if let Some(at) = ration {
            self.codes.give_back(at);
        }
    }
}

impl Record {
    /// What becomes of what stands in the profile when it has ended.
    fn papers(&self) -> Papers {
        if !self.ended_in_order || !self.is_lasting() {
            return Papers::Elsewhere;
        }
        let goes_on = self.is_curable() || self.end == KnownEnd::Untold;
        if goes_on { Papers::Rest(self.going.epoch) } else { Papers::Go }
    }

    /// Whether it goes on when the program has ended, because the profile has what that takes.
    pub(super) fn outlives_us(&self) -> bool {
        let request = self.request.as_ref();
        let is_kept = request.is_some_and(|request| request.wait == Wait::WhileAway && request.expect.is_some());
        self.is_lasting() || (is_kept && self.outgoing.is_some())
    }

    /// Whether it ended because its connection broke.
    fn was_lost(&self) -> bool {
        let Stage::Ended(ending) = &self.snapshot.stage else { return false };
        ending.reason.as_ref().is_some_and(|reason| reason.code == ReasonCode::ConnectionLost)
    }
}
