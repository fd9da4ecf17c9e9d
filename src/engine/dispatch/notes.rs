//! What workers tell.

use std::{sync::Arc, time::Instant};

use crate::{
    engine::{
        lanes::Lane,
        link::SocketLink,
        lobby::WaitsFor,
        messages::Event,
        note::{Note, Session},
        pool::Job,
    },
    model::{
        manifest::Selection,
        outcome::FileEnd,
        reason::{Reason, ReasonCode, Side},
        transfer::{Stage, TransferKey},
    },
    storage::sources::{LeftOut, Outgoing},
    transfer::{compare::Comparing, lane::Farewell},
    wire::header::Answer,
};

use super::{
    Dispatch,
    record::{ANSWER_GRACE, Hands},
};

impl Dispatch {
    pub(super) fn note(&mut self, note: Note) {
        match note {
            Note::Answered { key, link, answer } => self.answered(key, *link, answer),
            Note::Came { stream, from } => self.came(stream, from),
            Note::Checked { key, index, result } => self.outbox.fact(Event::FileChecked { key, index, result }),
            Note::ClassicGoesOn { link } => self.classic_goes_on(*link),
            Note::CodeKnown { key, code } => self.code_known(key, code),
            Note::CompareCame(caller) => self.compare_came(*caller),
            Note::Devices(book) => self.devices_are(book),
            Note::DevicesDamaged(kept_at) => self.devices_damaged(kept_at),
            Note::DevicesNotSaved(reason) => self.outbox.fact(Event::DevicesNotSaved(reason)),
            Note::DoormanLeft { from } => self.doorman_left(from),
            Note::FileEnded { key, end } => self.file_ended(key, end),
            Note::History(found) => self.outbox.fact(Event::History(found)),
            Note::HistoryChanged => self.outbox.once(Event::HistoryChanged),
            Note::HistoryDamaged(kept_at) => self.outbox.fact(Event::HistoryDamaged { kept_at }),
            Note::HistoryFailed(reason) => self.outbox.once(Event::HistoryFailed(reason)),
            Note::Left { key, reason } => self.left(key, reason),
            Note::LeftOut { key, left_out } => self.left_out(key, left_out),
            Note::Listed { key, outgoing } => self.listed(key, outgoing),
            Note::ListenerFailed { id, port, reason } if id == self.listener_id => {
                self.listener = None;
                self.outbox.fact(Event::NotListening { port, reason });
            }
            Note::ListeningOn { id, address } if id == self.listener_id => {
                self.listening = Some(address);
                self.tell_address();
            }
            Note::ListenerFailed { .. } | Note::ListeningOn { .. } => {}
            Note::Met { key, link, comparing } => self.met(key, *link, comparing),
            Note::Moved { key, index, moved } => self.moved(key, index, moved),
            Note::OfferCame(offer) => self.offer_came(*offer),
            Note::PeerKnown { key, introduced } => self.peer_known(key, &introduced),
            Note::Preflighted { key, preflight, ruled } => self.preflighted(key, preflight, ruled.as_deref()),
            Note::Proposed { key, link, comparing } => self.proposed(key, *link, comparing),
            Note::ReachableAt(addresses) => {
                self.reachable_at = Some(addresses);
                self.tell_address();
            }
            Note::Refused { address, reason } => self.outbox.line(Event::Refused { address, reason }),
            Note::SettingsNotSaved(reason) => self.outbox.fact(Event::SettingsNotSaved(reason)),
            Note::StageChanged { key, stage } => self.stage_changed(key, stage),
            Note::Staged { stage, trees, left_out } => {
                self.stages.remove(&stage);
                self.outbox.fact(Event::Staged { stage, trees, left_out });
            }
            Note::Staging { stage, entries, bytes } => {
                if self.stages.contains_key(&stage) {
                    self.outbox.fact(Event::Staging { stage, entries, bytes });
                }
            }
            Note::Taken { key, link } => self.taken(key, *link),
            Note::WorkEnded { key, result } => self.end(key, result),
            Note::WrongKey(warning) => self.wrong_key(warning),
            Note::Wrote { path, result } => self.outbox.fact(Event::Wrote { path, result }),
        }
    }

    fn file_ended(&mut self, key: TransferKey, end: FileEnd) {
        if let Some(record) = self.records.get_mut(&key) {
            record.file_ended(&end);
            self.outbox.fact(Event::FileEnded { key, end });
            self.outbox.snapshot(record.snapshot.clone());
        }
    }

    /// Once both the port and the addresses are known, and again whenever one of them changes.
    fn tell_address(&mut self) {
        if let (Some(address), Some(reachable_at)) = (self.listening, self.reachable_at.clone()) {
            self.outbox.fact(Event::Listening { address, reachable_at });
        }
    }

    fn left_out(&mut self, key: TransferKey, left_out: Vec<LeftOut>) {
        let Some(record) = self.records.get_mut(&key) else { return };
        for left in &left_out {
            record.left_out(&left.reason);
        }
        self.outbox.fact(Event::LeftOut { key, left_out });
    }

    fn listed(&mut self, key: TransferKey, outgoing: Arc<Outgoing>) {
        let Some(record) = self.records.get_mut(&key) else { return };
        record.snapshot.manifest = Arc::clone(&outgoing.manifest);
        record.select(&Selection::All);
        record.outgoing = Some(outgoing);
        self.outbox.snapshot(record.snapshot.clone());
        if self.records.get(&key).is_some_and(|record| record.session != Session::Sealed) {
            self.start_classic_send(key);
        }
    }

    fn start_classic_send(&mut self, key: TransferKey) {
        let Some(record) = self.records.get_mut(&key) else { return };
        let (Some(outgoing), Some(request)) = (record.outgoing.clone(), record.request.clone()) else { return };
        record.hands = Hands::Lane;
        record.accepted_at = Some(Instant::now());
        self.remember(key);
        self.submit(key, move |lane| lane.send_classic(&request.to, &outgoing));
    }

    fn moved(&mut self, key: TransferKey, index: u32, moved: u64) {
        self.change(key, |record| {
            // Never backwards; a figure that overtook the end of a stage changes nothing else.
            record.snapshot.moved = record.snapshot.moved.max(moved);
            record.snapshot.current = Some(index);
        });
    }

    fn stage_changed(&mut self, key: TransferKey, stage: Stage) {
        self.change(key, |record| {
            if record.snapshot.stage != Stage::Cancelling {
                record.snapshot.stage = stage;
            }
        });
    }

    fn proposed(&mut self, key: TransferKey, link: SocketLink, comparing: Option<Box<Comparing>>) {
        let Some(record) = self.records.get_mut(&key).filter(|record| record.forced_end.is_none()) else {
            self.turn_away(link, ReasonCode::Cancelled);
            // A cancel that came while the offer went out: the errand has ended, and this is its end.
            return self.end(key, Err(Reason::bare(ReasonCode::Cancelled)));
        };
        record.hands = Hands::Lobby;
        record.snapshot.stage = Stage::Waiting;
        record.expires = Some(Instant::now() + self.setup.limits.answer + ANSWER_GRACE);
        self.outbox.snapshot(record.snapshot.clone());
        self.setup.lobby.wait(key, link, WaitsFor::TheirAnswer, comparing);
    }

    fn answered(&mut self, key: TransferKey, link: SocketLink, answer: Answer) {
        let Some(record) = self.records.get_mut(&key) else { return self.turn_away(link, ReasonCode::Cancelled) };
        match answer {
            Answer::Accept => {}
            Answer::Busy(reason) | Answer::Decline(reason) => {
                self.closers.close(link, Farewell::default());
                return self.end(key, Err(Reason { side: Side::There, ..reason }));
            }
        }
        let Some(outgoing) = record.outgoing.clone() else { return self.turn_away(link, ReasonCode::Internal) };
        record.hands = Hands::Lane;
        record.expires = None;
        record.accepted_at = Some(Instant::now());
        record.snapshot.stage = Stage::Moving;
        self.outbox.snapshot(record.snapshot.clone());
        self.submit(key, move |lane| lane.send(link, &outgoing));
    }

    /// Gives a lane to the pool.
    pub(super) fn submit(&mut self, key: TransferKey, work: impl FnOnce(&Lane) -> Result<(), Reason> + Send + 'static) {
        let Some(record) = self.records.get(&key) else { return };
        let lane = Lane {
            key,
            cancel: record.cancel.clone(),
            limits: self.setup.limits,
            pace: self.pace(key.direction).clone(),
            notes: self.setup.errands.notes.clone(),
        };
        let job: Job = Box::new(move || lane.run(work));
        if self.pool.submit(job).is_err() {
            self.end(key, Err(Reason::here(ReasonCode::Busy, "too many transfers wait for a worker")));
        }
    }
}
