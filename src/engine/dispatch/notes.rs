//! What workers tell.

use std::{net::TcpStream, sync::Arc, time::Instant};

use crate::{
    engine::{
        doorman::{self, OnDuty, Orders},
        errands::PreflightErrand,
        lanes::{Destination, Lane},
        link::SocketLink,
        lobby::WaitsFor,
        messages::{Event, IncomingOffer, OfferReply},
        note::{ArrivedOffer, Note, Session},
        pool::Job,
        threads,
    },
    model::{
        manifest::Selection,
        outcome::FileEnd,
        preflight::Preflight,
        reason::{Reason, ReasonCode, Side},
        transfer::{Direction, Stage, TransferKey, TransferSnapshot},
    },
    storage::sources::{LeftOut, Outgoing},
    transfer::lane::Farewell,
    wire::header::{Answer, Message},
};

use super::{
    Dispatch, MAX_DOORMEN, MAX_KNOCKING,
    record::{ANSWER_GRACE, Hands, Record},
    turn_away,
};

/// Offers that may wait for a person at the same time.
const MAX_OFFERS: usize = 32;

impl Dispatch {
    pub(super) fn note(&mut self, note: Note) {
        match note {
            Note::Answered { key, link, answer } => self.answered(key, *link, answer),
            Note::Came { stream } => self.came(stream),
            Note::Checked { key, index, result } => self.outbox.fact(Event::FileChecked { key, index, result }),
            Note::ClassicGoesOn { link } => self.classic_goes_on(*link),
            Note::Devices(book) => self.outbox.fact(Event::Devices(book.devices)),
            Note::DevicesDamaged(kept_at) => self.outbox.fact(Event::DevicesDamaged { kept_at }),
            Note::DevicesNotSaved(reason) => self.outbox.fact(Event::DevicesNotSaved(reason)),
            Note::DoormanLeft => self.doorman_left(),
            Note::FileEnded { key, end } => self.file_ended(key, end),
            Note::Left { key, reason } => self.end(key, Err(reason)),
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
            Note::Moved { key, index, moved } => self.moved(key, index, moved),
            Note::OfferCame(offer) => self.offer_came(*offer),
            Note::PeerKnown { key, name, os } => self.peer_known(key, name, os),
            Note::Preflighted { key, preflight } => self.preflighted(key, preflight),
            Note::Proposed { key, link } => self.proposed(key, *link),
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
            Note::Taken { key, link } => self.taken(key, link),
            Note::WorkEnded { key, result } => self.end(key, result),
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

    fn peer_known(&mut self, key: TransferKey, name: String, os: String) {
        self.change(key, |record| {
            if !name.is_empty() {
                record.snapshot.peer.name = name;
            }
            record.snapshot.peer.os = Some(os);
        });
        self.remember(key);
    }

    /// Once both the port and the addresses are known, and again whenever one of them changes.
    fn tell_address(&mut self) {
        if let (Some(address), Some(reachable_at)) = (self.listening, self.reachable_at.clone()) {
            self.outbox.fact(Event::Listening { address, reachable_at });
        }
    }

    fn orders(&self) -> Orders {
        Orders {
            me: self.me(),
            classic: self.setup.settings.classic,
            limits: self.setup.limits,
            stop: self.stop.clone(),
            notes: self.setup.errands.notes.clone(),
        }
    }

    fn came(&mut self, stream: TcpStream) {
        if self.stopping_until.is_some() {
            return;
        }
        if self.doormen < MAX_DOORMEN {
            let orders = self.orders();
            self.send_doorman(move |orders| doorman::attend(stream, orders), orders);
        } else if self.knocking.len() < MAX_KNOCKING {
            self.knocking.push_back(stream);
        }
    }

    fn send_doorman(&mut self, work: impl FnOnce(&Orders) + Send + 'static, orders: Orders) {
        let started = threads::spawn("doorman", move || {
            // Made here: dropped by dispatch when no thread starts, it would wait for room in dispatch's own channel.
            let _on_duty = OnDuty(orders.notes.clone());
            work(&orders);
        });
        // Without a thread the caller is turned away by being dropped.
        self.doormen += usize::from(started.is_ok());
    }

    fn doorman_left(&mut self) {
        self.doormen -= 1;
        if let Some(stream) = self.knocking.pop_front() {
            self.came(stream);
        }
    }

    fn classic_goes_on(&mut self, link: SocketLink) {
        if self.stopping_until.is_none() {
            let orders = self.orders();
            self.send_doorman(move |orders| doorman::attend_further(link, orders), orders);
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

    fn proposed(&mut self, key: TransferKey, link: SocketLink) {
        let Some(record) = self.records.get_mut(&key).filter(|record| record.forced_end.is_none()) else {
            turn_away(link, ReasonCode::Cancelled);
            // A cancel that came while the offer went out: the errand has ended, and this is its end.
            return self.end(key, Err(Reason::bare(ReasonCode::Cancelled)));
        };
        record.hands = Hands::Lobby;
        record.snapshot.stage = Stage::Waiting;
        record.expires = Some(Instant::now() + self.setup.limits.answer + ANSWER_GRACE);
        self.outbox.snapshot(record.snapshot.clone());
        self.setup.lobby.wait(key, link, WaitsFor::TheirAnswer);
    }

    fn answered(&mut self, key: TransferKey, link: SocketLink, answer: Answer) {
        let Some(record) = self.records.get_mut(&key) else { return turn_away(link, ReasonCode::Cancelled) };
        match answer {
            Answer::Accept => {}
            Answer::Busy(reason) | Answer::Decline(reason) => {
                super::super::closer::close(link, Farewell::default());
                return self.end(key, Err(Reason { side: Side::There, ..reason }));
            }
        }
        let Some(outgoing) = record.outgoing.clone() else { return turn_away(link, ReasonCode::Internal) };
        record.hands = Hands::Lane;
        record.expires = None;
        record.accepted_at = Some(Instant::now());
        record.snapshot.stage = Stage::Moving;
        self.outbox.snapshot(record.snapshot.clone());
        self.submit(key, move |lane| lane.send(link, &outgoing));
    }

    /// Gives a lane to the pool.
    fn submit(&mut self, key: TransferKey, work: impl FnOnce(&Lane) -> Result<(), Reason> + Send + 'static) {
        let Some(record) = self.records.get(&key) else { return };
        let lane = Lane {
            key,
            cancel: record.cancel.clone(),
            limits: self.setup.limits,
            notes: self.setup.errands.notes.clone(),
        };
        let job: Job = Box::new(move || lane.run(work));
        if self.pool.submit(job).is_err() {
            self.end(key, Err(Reason::here(ReasonCode::Busy, "too many transfers wait for a worker")));
        }
    }

    fn offer_came(&mut self, offer: ArrivedOffer) {
        let ArrivedOffer { key, link, peer, manifest, message, session } = offer;
        let waiting = self.records.values().filter(|record| record.announced_or_to_be()).count();
        if self.stopping_until.is_some() || self.records.contains_key(&key) {
            return turn_away(link, ReasonCode::UnknownTransfer);
        }
        if waiting >= MAX_OFFERS {
            let reason = Reason::here(ReasonCode::Busy, format!("{MAX_OFFERS} offers wait already"));
            let last = Some(Message::Answer(Answer::Busy(reason)));
            return super::super::closer::close(link, Farewell { last, ..Farewell::default() });
        }
        let mut snapshot = TransferSnapshot::new(key, peer, Stage::Waiting, message);
        (snapshot.total, snapshot.files) = (manifest.bytes, manifest.files);
        snapshot.manifest = Arc::clone(&manifest);
        let mut record = Record::new(snapshot, Hands::Lobby, session);
        record.expires = Some(Instant::now() + self.setup.limits.answer);
        self.outbox.snapshot(record.snapshot.clone());
        self.records.insert(key, record);
        let waits_for = match session {
            Session::Classic { .. } => WaitsFor::OurAnswerClassic,
            Session::Sealed => WaitsFor::OurAnswer,
        };
        self.setup.lobby.wait(key, link, waits_for);
        let folder = self.setup.settings.receive_folder.clone();
        let reserved = self.reserved(key);
        let selection = Selection::All;
        self.setup.errands.preflight(PreflightErrand { key, folder, manifest, selection, reserved });
    }

    fn preflighted(&mut self, key: TransferKey, preflight: Preflight) {
        let preflight = Arc::new(preflight);
        let Some(record) = self.records.get_mut(&key) else { return };
        if record.announced {
            return self.outbox.fact(Event::Preflighted { key, preflight });
        }
        record.announced = true;
        let reply = OfferReply::new(key, self.setup.answering.clone());
        let expires = record.expires.unwrap_or_else(Instant::now);
        let snapshot = record.snapshot.clone();
        self.outbox.fact(Event::Offered(IncomingOffer { snapshot, preflight, expires, reply }));
    }

    /// The lobby gave a connection back after Accept.
    fn taken(&mut self, key: TransferKey, link: SocketLink) {
        let reserved = self.reserved(key);
        let Some(record) = self.records.get_mut(&key) else { return turn_away(link, ReasonCode::Cancelled) };
        let Some(acceptance) = record.acceptance.clone() else { return turn_away(link, ReasonCode::Internal) };
        let (manifest, session) = (Arc::clone(&record.snapshot.manifest), record.session);
        let profile = self.setup.errands.profile.clone();
        let to = Destination { profile, acceptance, reserved, session };
        self.submit(key, move |lane| match session {
            Session::Classic { md5 } => lane.receive_classic(link, &manifest, &to, md5),
            Session::Sealed => lane.receive(link, &manifest, &to),
        });
    }
}

impl Record {
    /// An incoming offer that a person has not answered.
    fn announced_or_to_be(&self) -> bool {
        self.snapshot.key.direction == Direction::Incoming && self.is_waiting()
    }
}
