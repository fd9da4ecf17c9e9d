//! What the window or the command line asks for.

use std::{sync::Arc, time::Instant};

use crate::{
    engine::{
        cancel::CancelFlag,
        errands::PreflightErrand,
        messages::{Acceptance, Command, Event, HandOver, OfferAnswer, SendRequest, StageId},
        note::Session,
        outgoing, threads,
    },
    model::{
        device::Peer,
        manifest::Selection,
        reason::{Reason, ReasonCode},
        settings::Settings,
        transfer::{Direction, Stage, TransferKey, TransferSnapshot},
    },
    transfer::lane::Farewell,
    wire::header::{Answer, Message},
};

use super::{
    Dispatch, SHUTDOWN_LIMIT, abort,
    record::{CANCEL_LIMIT, Hands, KnownEnd, Record},
};

impl Dispatch {
    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::AllowDifferent(key) => self.allow_different(key),
            Command::Cancel(key) | Command::Discard(key) => self.cancel(key, Reason::bare(ReasonCode::Cancelled)),
            Command::CancelCheck(id) => self.cancel_check(id),
            Command::CancelStage(stage) => self.cancel_stage(stage),
            Command::Check { id, own, device } => self.check(id, own, device),
            Command::CheckAgain { key, files } => self.setup.errands.check_again(key, files),
            Command::ClearHistory => self.clear_history(),
            Command::Compare { id, to, also, expect } => self.compare(id, to, also, expect),
            Command::Fetch(request) => self.fetch(request),
            Command::ForgetDevice(id) => self.forget(id),
            Command::HandOver(handing) => self.hand_over_to_window(handing),
            Command::Inspect(asked) => self.inspect(asked),
            Command::Listen { port } => self.listen(port),
            Command::LoadHistory(asked) => self.load_history(asked),
            Command::LookAround => self.look_around(),
            Command::Preflight { key, folder, selection } => self.preflight(key, folder, selection),
            Command::SaveSettings(settings) => self.adopt(&settings),
            Command::SaveText { path, text } => self.setup.errands.save_text(path, text),
            Command::Send(request) => self.send(request),
            Command::Stage { stage, paths } => {
                let cancel = CancelFlag::default();
                self.readings.stages.insert(stage, cancel.clone());
                self.setup.errands.stage(stage, paths, cancel);
            }
            Command::Pause(key) => self.pause(key),
            Command::Reorder { key, place } => self.reorder(key, place),
            Command::Resume(key) => self.resume(key),
            Command::Retry(key) => self.retry(key),
            Command::SetConflict { key, conflict } => self.set_conflict(key, conflict),
            Command::Shutdown => self.shut_down(),
            Command::SetRule { key, rule } => self.set_rule(key, rule),
            Command::ShowCode(key) => self.show_code(key),
            Command::ShowTo(whom) => self.show_to(whom),
            Command::StopInspection(id) => self.stop_inspection(id),
            Command::Verify { key, name, address } => self.verify(key, name, address),
        }
    }

    /// Not while the program ends: the other start is then a window of its own.
    fn hand_over_to_window(&mut self, HandOver { handed, taken }: HandOver) {
        if self.stopping_until.is_none() {
            self.outbox.handed_over(handed);
            // Whoever waited too long has gone.
            taken.try_send(()).ok();
        }
    }

    fn cancel_stage(&mut self, stage: StageId) {
        if let Some(cancel) = self.readings.stages.remove(&stage) {
            cancel.set();
        }
    }

    /// Cancels wherever the transfer is; what is said to the peer carries `reason`.
    pub(super) fn cancel(&mut self, key: TransferKey, reason: Reason) {
        self.cancel_meeting(key, reason.clone());
        let Some(record) = self.records.get_mut(&key) else {
            // A comparison that has its code may still hold a connection, until the other side lets go of it.
            return self.setup.lobby.dismiss(key, Farewell::default());
        };
        if record.end != KnownEnd::No {
            return;
        }
        record.cancel.set();
        if record.hands == Hands::Lobby {
            let last = Some(abort(reason.clone()));
            self.setup.lobby.dismiss(key, Farewell { last, ..Farewell::default() });
            self.end(key, Err(reason));
        } else if matches!(record.hands, Hands::Errand | Hands::Nobody) && record.is_all_in() {
            // There is nothing left to be cancelled but the wait for a sender that may not know, or a call to it.
            self.end_untold(key);
        } else if record.hands == Hands::Nobody {
            self.end(key, Err(reason));
        } else if record.forced_end.is_none() {
            record.forced_end = Some((Instant::now() + CANCEL_LIMIT, reason));
            self.change(key, |record| record.snapshot.stage = Stage::Cancelling);
        }
    }

    fn preflight(&mut self, key: TransferKey, folder: std::path::PathBuf, selection: Selection) {
        let Some(record) = self.records.get(&key) else { return };
        let manifest = Arc::clone(&record.snapshot.manifest);
        let reserved = self.reserved(key);
        self.setup.errands.preflight(PreflightErrand { key, folder, manifest, selection, reserved, ruled: None });
    }

    pub(super) fn adopt(&mut self, settings: &Settings) {
        self.visibility_chosen(settings.visibility);
        let port_changed = settings.port != self.setup.settings.port;
        let parallel_changed = settings.parallel != self.setup.settings.parallel;
        self.sending.set(settings.send_limit);
        self.receiving.set(settings.receive_limit);
        let shared = std::mem::replace(&mut self.setup.settings, settings.clone()).shared_folder;
        self.share(shared.as_ref(), settings);
        self.outbox.fact(Event::Settings(settings.clone()));
        self.setup.errands.save_settings(settings.clone());
        self.shown_otherwise();
        if port_changed && self.listener_id > 0 {
            self.listen(settings.port);
        }
        if parallel_changed {
            self.fill_slots();
        }
    }

    fn send(&mut self, request: SendRequest) {
        let key = TransferKey { id: request.id, direction: Direction::Outgoing };
        if self.stopping_until.is_some() || self.records.contains_key(&key) {
            return;
        }
        let snapshot = first_snapshot(key, &request);
        let session = if request.classic { Session::Classic { md5: None } } else { Session::Sealed };
        let mut record = Record::new(snapshot, Hands::Errand, session);
        record.going.rank = self.next_rank();
        let listing = outgoing::Listing {
            key,
            life: record.life,
            what: request.what.clone(),
            has_message: request.message.is_some(),
            cancel: record.cancel.clone(),
            notes: self.setup.errands.notes.clone(),
        };
        record.request = Some(request);
        self.outbox.snapshot(record.snapshot.clone());
        self.records.insert(key, record);
        if let Err(error) = threads::spawn("list", move || listing.run()) {
            self.end(key, Err(Reason::here(ReasonCode::Internal, error.to_string())));
        }
    }

    /// A person (or the command line) answered an offer; a dropped reply counts as a refusal.
    pub(super) fn answer(&mut self, answer: OfferAnswer) {
        let OfferAnswer { key, card, accepted, detail } = answer;
        if !self.records.get(&key).is_some_and(|record| record.is_waiting() && record.life == card) {
            return;
        }
        let Some(acceptance) = accepted else {
            let reason = Reason { detail, ..Reason::bare(ReasonCode::Declined) };
            let last = Some(Message::Answer(Answer::Decline(reason.clone())));
            self.setup.lobby.dismiss(key, Farewell { last, ..Farewell::default() });
            return self.end(key, Err(reason));
        };
        self.accept(key, acceptance);
    }

    /// A person here, or a person's rule, takes an offer.
    pub(super) fn accept(&mut self, key: TransferKey, mut acceptance: Acceptance) {
        let profile = self.setup.errands.profile.root();
        let Some(record) = self.records.get_mut(&key).filter(|record| record.is_waiting()) else { return };
        record.expires = None;
        record.accepted_at = Some(Instant::now());
        if record.is_message() {
            // Nothing is put there: a folder that is gone keeps nobody from reading.
            profile.clone_into(&mut acceptance.folder);
        } else {
            record.snapshot.folder = Some(acceptance.folder.clone());
        }
        record.snapshot.stage = Stage::Moving;
        record.select(&acceptance.selection);
        record.acceptance = Some(acceptance);
        self.outbox.snapshot(record.snapshot.clone());
        if let Some(from) = record.from {
            self.patience.accepted(from);
        }
        self.setup.lobby.take(key);
        self.remember(key);
    }

    /// Stops taking anything new and ends what runs; `Stopped` follows when all have said their last word.
    pub(super) fn shut_down(&mut self) {
        if self.stopping_until.is_some() {
            return;
        }
        self.stopping_until = Some(Instant::now() + SHUTDOWN_LIMIT);
        self.listener = None;
        self.stop_looking();
        // Who is at the door may come again another time.
        self.stop.suspend();
        self.handshakes.clear_waiting();
        self.sharing.places.clear_waiting();
        for key in self.meetings.keys().copied().collect::<Vec<_>>() {
            self.cancel_meeting(key, Reason::here(ReasonCode::Cancelled, "the program was closed"));
        }
        self.cancel_checks();
        for (_, cancel) in self.readings.stages.drain() {
            cancel.set();
        }
        let keys: Vec<TransferKey> = self.records.keys().copied().collect();
        for key in keys {
            self.suspend(key);
        }
    }
}

impl Dispatch {
    /// The program ends: what can go on another time stays as it is, the rest is over.
    fn suspend(&mut self, key: TransferKey) {
        let Some(record) = self.records.get_mut(&key) else { return };
        if !record.outlives_us() || record.forced_end.is_some() {
            return self.cancel(key, Reason::here(ReasonCode::Cancelled, "the program was closed"));
        }
        record.cancel.suspend();
        if record.hands == Hands::Lobby && record.accepted_at.is_none() {
            let last = Some(abort(Reason::here(ReasonCode::ConnectionLost, "the program was closed")));
            self.setup.lobby.dismiss(key, Farewell { last, ..Farewell::default() });
        }
        if record.hands != Hands::Lane {
            if std::mem::take(&mut record.going.pause_changed) {
                self.note_paused(key);
            }
            self.leave(key);
        }
    }
}

fn first_snapshot(key: TransferKey, request: &SendRequest) -> TransferSnapshot {
    let peer = Peer { dial: Some(request.to.clone()), ..Peer::at(request.to.to_string(), request.classic) };
    TransferSnapshot::new(key, peer, Stage::Listing { found: 0 }, request.message.clone())
}
