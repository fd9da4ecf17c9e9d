//! What workers tell.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use crate::{
    engine::{
        link::SocketLink,
        lobby::WaitsFor,
        messages::{Event, Wait},
        note::{Life, Note, Session},
    },
    model::{
        manifest::Selection,
        outcome::FileEnd,
        reason::{Reason, ReasonCode, Side},
        transfer::{Stage, TransferKey},
    },
    storage::{
        outgoing_file::KeptOutgoing,
        sources::{LeftOut, Outgoing},
    },
    transfer::{ahead::Ahead, compare::Comparing, lane::Farewell},
    wire::header::Answer,
};

use super::{
    Dispatch,
    record::{ANSWER_GRACE, Hands},
    trust::now,
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
            Note::DoormanLeft { from } => self.doorman_left(from),
            Note::FilesEnded { key, ends } => self.files_ended(key, ends),
            Note::History(found) => self.outbox.fact(Event::History(found)),
            Note::HistoryChanged => self.outbox.once(Event::HistoryChanged),
            Note::HistoryDamaged(kept_at) => self.outbox.fact(Event::HistoryDamaged { kept_at }),
            Note::HistoryFailed(reason) => self.outbox.once(Event::HistoryFailed(reason)),
            Note::Inspection { id, news } => self.inspection(id, news),
            Note::LaneCame(came) => self.lane_came(*came),
            Note::Left { key, life, reason } => self.left(key, life, reason),
            Note::LeftOut { key, left_out } => self.left_out(key, left_out),
            Note::Listed { key, outgoing, digest } => self.listed(key, outgoing, digest),
            Note::ListenerFailed { id, port, reason } if id == self.listener_id => self.not_listening(port, reason),
            Note::ListeningOn { id, address } if id == self.listener_id => self.listening_on(address),
            Note::ListenerFailed { .. } | Note::ListeningOn { .. } => {}
            Note::Met { key, link, comparing } => self.met(key, *link, comparing),
            Note::Moved { key, index, moved, kept } => self.moved(key, index, moved, kept),
            Note::OfferCame(offer) => self.offer_came(*offer),
            Note::PeerKnown { key, introduced } => self.peer_known(key, &introduced),
            Note::Preflighted { key, preflight, ruled } => self.preflighted(key, preflight, ruled),
            Note::Proposed { key, link, comparing } => self.proposed(key, *link, comparing),
            Note::ReachableAt(addresses) => {
                self.moved_elsewhere(&addresses);
                self.elsewhere();
                self.reachable_at = Some(addresses);
                self.tell_address();
            }
            Note::Refused { address, reason } => self.outbox.line(Event::Refused { address, reason }),
            Note::SettingsNotSaved(reason) => self.outbox.fact(Event::SettingsNotSaved(reason)),
            Note::StageChanged { key, stage } => self.stage_changed(key, stage),
            Note::Staged { stage, trees, left_out } => {
                self.readings.stages.remove(&stage);
                self.outbox.fact(Event::Staged { stage, trees, left_out });
            }
            Note::Staging { stage, entries, bytes } => {
                if self.readings.stages.contains_key(&stage) {
                    self.outbox.fact(Event::Staging { stage, entries, bytes });
                }
            }
            Note::Taken { key, link } => self.taken(key, *link),
            Note::WorkEnded { key, life, result } => self.work_ended(key, life, result),
            Note::WrongKey(warning) => self.wrong_key(warning),
            Note::Wrote { path, result } => self.outbox.fact(Event::Wrote { path, result }),
            other => self.note_of_neighbours(other),
        }
    }

    /// Who is known, and who is around this device.
    fn note_of_neighbours(&mut self, note: Note) {
        match note {
            Note::CheckEnded { id } => self.check_ended(id),
            Note::CheckStep { id, step } => self.outbox.fact(Event::CheckStep { id, step }),
            Note::Devices(book) => self.devices_are(book),
            Note::DevicesDamaged(kept_at) => self.devices_damaged(kept_at),
            Note::DevicesNotSaved(reason) => self.outbox.fact(Event::DevicesNotSaved(reason)),
            Note::Interfaces(interfaces) => self.outbox.newest(Event::Interfaces(interfaces)),
            Note::Nearby(claims) => self.claimed(claims),
            Note::Present { device, found } => self.present(device, found.as_ref()),
            Note::ProbeCame { peer, link, port } => self.probe_came(&peer, *link, port),
            other => self.note_of_going_on(other),
        }
    }

    /// What broken, held and kept transfers bring with them.
    fn note_of_going_on(&mut self, note: Note) {
        match note {
            Note::Again { key, life, link, ahead } => self.again(key, life, *link, ahead),
            Note::AgainCame(came) => self.again_came(*came),
            Note::Checking { key, done, total } => self.checking(key, done, total),
            Note::End(key, news) => self.end_news(key, news),
            Note::HeldThere { key, held } => self.held_there(key, held),
            Note::Kept(kept) => self.restored(*kept),
            Note::Obstacle { key, life, obstacle } => self.obstacle(key, life, obstacle),
            Note::JournalFree(key) => self.journal_is_free(key),
            Note::StartedAgain { key, index } => self.started_again(key, index),
            Note::WantCame { transfer, peer, link } => self.want_came(transfer, &peer, *link),
            Note::Wanted { key, life, result } => self.wanted(key, life, result),
            other => self.note_of_downloads(other),
        }
    }

    fn note_of_downloads(&mut self, note: Note) {
        match note {
            Note::Announced { key, manifest, place } => self.announced(key, &manifest, place),
            Note::Asked(asked) => self.asked(asked),
            Note::AsksOn { key, link } => self.asks_on(key, *link),
            Note::Hashed { place, seal } => self.hashed(place, seal),
            Note::NextRequest { link } => self.next_request(*link),
            Note::NotShared(reason) => self.not_shared(reason),
            // All others are dealt with by now.
            _ => {}
        }
    }

    fn files_ended(&mut self, key: TransferKey, mut ends: Vec<FileEnd>) {
        let Some(record) = self.records.get_mut(&key) else { return };
        ends.retain(|end| record.file_ended(end));
        if !ends.is_empty() {
            self.outbox.files_ended(key, ends);
            self.outbox.figures(&record.snapshot);
        }
    }

    fn not_listening(&mut self, port: u16, reason: Reason) {
        self.listener = None;
        self.outbox.fact(Event::NotListening { port, reason });
        self.look_at_neighbours(Instant::now());
    }

    fn listening_on(&mut self, address: SocketAddr) {
        self.listening = Some(address);
        self.shown_otherwise();
        self.tell_address();
        self.look_at_neighbours(Instant::now());
    }

    /// Once both the port and the addresses are known, and again whenever one of them changes.
    fn tell_address(&mut self) {
        if let (Some(address), Some(reachable_at)) = (self.listening, self.reachable_at.clone()) {
            self.outbox.fact(Event::Listening { address, reachable_at });
        }
    }

    fn left_out(&mut self, key: TransferKey, left_out: Vec<LeftOut>) {
        let Some(record) = self.records.get_mut(&key) else { return };
        for left in left_out.iter().filter(|left| left.missed) {
            record.left_out(&left.reason);
        }
        self.outbox.fact(Event::LeftOut { key, left_out });
    }

    fn listed(&mut self, key: TransferKey, outgoing: Arc<Outgoing>, digest: [u8; 32]) {
        let Some(record) = self.records.get_mut(&key) else { return };
        record.snapshot.manifest = Arc::clone(&outgoing.manifest);
        record.select(&Selection::All);
        record.outgoing = Some(outgoing);
        record.digest = digest;
        record.hands = Hands::Nobody;
        self.outbox.snapshot(record.snapshot.clone());
        if record.forced_end.is_some() {
            return self.end(key, Err(Reason::bare(ReasonCode::Cancelled)));
        }
        if record.session != Session::Sealed {
            return self.start_classic_send(key);
        }
        if record.request.as_ref().is_some_and(|request| request.wait == Wait::WhileAway) {
            self.keep_outgoing(key);
        }
        if self.may_offer(key) { self.offer(key) } else { self.queue_for_turn(key) }
    }

    /// What it takes to go on after this process.
    fn keep_outgoing(&mut self, key: TransferKey) {
        let Some(record) = self.records.get(&key) else { return };
        let (Some(outgoing), Some(request)) = (record.outgoing.clone(), &record.request) else { return };
        let peer = record.snapshot.peer.clone();
        self.setup.errands.archive.keep(KeptOutgoing {
            id: key.id,
            to: request.to.clone(),
            key: peer.key.or(request.expect),
            verified: peer.verified || request.expect.is_some(),
            peer,
            message: request.message.clone(),
            outgoing,
            digest: record.digest,
            missed: record.missed.clone(),
            accepted: record.accepted_at.is_some(),
            started_at: now(),
        });
    }

    fn start_classic_send(&mut self, key: TransferKey) {
        let Some(record) = self.records.get_mut(&key) else { return };
        let (Some(outgoing), Some(request)) = (record.outgoing.clone(), record.request.clone()) else { return };
        record.accepted_at = Some(Instant::now());
        record.begin_life(Hands::Lane);
        self.remember(key);
        self.submit(key, move |lane| lane.send_classic(&request.to, &outgoing));
    }

    fn moved(&mut self, key: TransferKey, index: u32, moved: u64, kept: u64) {
        let Some(record) = self.records.get_mut(&key) else { return };
        record.moved(moved, kept);
        record.snapshot.current = Some(index);
        // Something got through: the next break is a new one.
        record.going.tries = if moved > 0 { 0 } else { record.going.tries };
        if !record.is_unseen() {
            self.outbox.figures(&record.snapshot);
        }
    }

    fn started_again(&mut self, key: TransferKey, index: u32) {
        if let Some(record) = self.records.get_mut(&key) {
            record.started_again(index);
        }
        self.outbox.fact(Event::StartedAgain { key, index });
    }

    fn checking(&mut self, key: TransferKey, done: u64, total: u64) {
        self.change(key, |record| {
            record.going.checking = Some((done, total));
            record.snapshot.stage = record.standing();
        });
    }

    fn held_there(&mut self, key: TransferKey, held: Option<Reason>) {
        self.change(key, |record| {
            record.going.held_there = held;
            record.snapshot.stage = record.standing();
        });
        self.fill_slots();
    }

    /// A receiving lane stands still, or goes on.
    fn obstacle(&mut self, key: TransferKey, life: Life, obstacle: Option<Reason>) {
        if self.records.get(&key).is_some_and(|record| record.life == life) {
            self.change(key, |record| {
                record.going.obstacle = obstacle;
                record.snapshot.stage = record.standing();
            });
            self.fill_slots();
        }
    }

    fn stage_changed(&mut self, key: TransferKey, stage: Stage) {
        self.change(key, |record| {
            if record.hands == Hands::Lane && record.is_lasting() {
                record.going.finishing = stage == Stage::Finishing;
                record.snapshot.stage = record.standing();
            } else if record.snapshot.stage != Stage::Cancelling {
                record.snapshot.stage = stage;
            }
        });
    }

    fn proposed(&mut self, key: TransferKey, link: SocketLink, comparing: Option<Box<Comparing>>) {
        let Some(record) = self.records.get_mut(&key).filter(|record| record.forced_end.is_none()) else {
            let closing = self.stopping_until.is_some();
            self.turn_away(link, if closing { ReasonCode::ConnectionLost } else { ReasonCode::Cancelled });
            // A cancel that came while the offer went out: the errand has ended, and this is its end.
            return self.end(key, Err(Reason::bare(ReasonCode::Cancelled)));
        };
        record.hands = Hands::Lobby;
        record.going.offered_until = None;
        record.snapshot.stage = Stage::Waiting;
        record.expires = Some(Instant::now() + self.setup.limits.answer + ANSWER_GRACE);
        self.outbox.snapshot(record.snapshot.clone());
        self.setup.lobby.wait(key, link, WaitsFor::TheirAnswer, comparing);
        // Whoever answered is known by now.
        self.keep_outgoing(key);
    }

    fn answered(&mut self, key: TransferKey, link: SocketLink, answer: Answer) {
        let Some(record) = self.records.get_mut(&key) else { return self.turn_away(link, ReasonCode::Cancelled) };
        let ahead = match answer {
            Answer::Accept { ahead, together } => Ahead::granted(ahead, together),
            Answer::Busy(reason) | Answer::Decline(reason) => {
                self.closers.close(link, Farewell::default());
                return self.turned_away(key, Reason { side: Side::There, ..reason });
            }
        };
        let Some(outgoing) = record.outgoing.clone() else { return self.turn_away(link, ReasonCode::Internal) };
        record.expires = None;
        record.going.busy = 0;
        record.accepted_at = Some(Instant::now());
        self.setup.errands.archive.accepted(key.id);
        self.start_sending(key, (link, ahead), outgoing, false);
    }
}
