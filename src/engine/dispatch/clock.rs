//! What time does by itself: offers lapse, callers have waited long enough, broken transfers are tried again.

use std::time::{Duration, Instant};

use crate::{
    model::{
        reason::{Reason, ReasonCode},
        transfer::{Direction, TransferKey},
    },
    transfer::lane::Farewell,
    wire::header::{Answer, Message},
};

use super::{Dispatch, abort, record::Hands};

impl Dispatch {
    pub(super) fn until_next_deadline(&self) -> Duration {
        let forced = self.records.values().filter_map(|record| record.forced_end.as_ref().map(|(at, _)| *at));
        let lapsing = self.records.values().filter_map(|record| record.expires);
        let held = self.records.values().filter_map(|record| record.card_at);
        let waiting = self.handshakes.next_expiry();
        let tries = self.records.values().filter_map(|record| record.going.next_try);
        let waiting = waiting.into_iter().chain(self.sharing.places.next_expiry());
        let next = forced.chain(lapsing).chain(held).chain(tries).chain(waiting).chain(self.stopping_until);
        let next = next.chain(self.next_untold()).chain(self.until_next_look()).min();
        let next = next.map_or(Duration::from_hours(1), |at| at.saturating_duration_since(Instant::now()));
        self.until_next_meeting().map_or(next, |meeting| meeting.min(next))
    }

    pub(super) fn look_at_the_clock(&mut self) {
        let now = Instant::now();
        // Dropped: who waited too long for a doorman is closed.
        drop(self.handshakes.expire(now));
        drop(self.sharing.places.expire(now));
        self.look_at_meetings(now);
        if self.until_next_look().is_some_and(|at| now >= at) {
            self.look_at_neighbours(now);
        }
        let due = |at: &Option<Instant>| at.is_some_and(|at| now >= at);
        let lapsed: Vec<TransferKey> =
            self.records.iter().filter(|(_, record)| due(&record.expires)).map(|(key, _)| *key).collect();
        for key in lapsed {
            self.lapse(key);
        }
        let held: Vec<TransferKey> =
            self.records.iter().filter(|(_, record)| due(&record.card_at)).map(|(key, _)| *key).collect();
        for key in held {
            self.make_card(key);
        }
        self.tell_what_is_here(now);
        self.try_again(now);
        let forced: Vec<(TransferKey, Reason)> = self
            .records
            .iter()
            .filter_map(|(key, record)| record.forced_end.clone().map(|(at, reason)| (*key, at, reason)))
            .filter(|(_, at, _)| now >= *at)
            .map(|(key, _, reason)| (key, reason))
            .collect();
        for (key, reason) in forced {
            let record = self.records.get(&key).filter(|record| record.hands == Hands::Lane);
            if let Some(session) = record.map(|record| record.session) {
                self.pool_of(session).give_up_one();
            }
            self.end(key, Err(reason));
        }
    }

    /// Nobody answered in time.
    fn lapse(&mut self, key: TransferKey) {
        let reason = Reason::bare(ReasonCode::NoAnswer);
        let last = match key.direction {
            Direction::Incoming => Message::Answer(Answer::Decline(reason.clone())),
            Direction::Outgoing => abort(reason.clone()),
        };
        self.setup.lobby.dismiss(key, Farewell { last: Some(last), ..Farewell::default() });
        self.end(key, Err(reason));
    }
}
