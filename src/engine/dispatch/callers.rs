//! Who comes to the door, and what becomes of it: doormen, cards, Accept.

use std::{
    net::{IpAddr, TcpStream},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    engine::{
        closer,
        door::{handshakes::Decision, source},
        doorman::{self, OnDuty, Orders},
        errands::PreflightErrand,
        lanes::Begin,
        link::SocketLink,
        lobby::WaitsFor,
        messages::{Acceptance, Event, IncomingOffer, OfferReply},
        note::{Arrived, ArrivedOffer, Session},
        threads,
    },
    model::{
        conflict::Conflict,
        manifest::Selection,
        preflight::Preflight,
        reason::{Reason, ReasonCode},
        transfer::{Direction, Stage, TransferKey, TransferSnapshot},
    },
    transfer::lane::Farewell,
    wire::header::{Answer, Message},
};

use super::{
    Dispatch,
    record::{Hands, Record},
};

/// What may wait for a person at the same time, in all,
const MAX_WAITING: usize = 32;
/// of which the last places are kept for verified devices: strangers cannot take them all.
const KEPT_FOR_VERIFIED: usize = 8;

/// How an offer, or a wish to compare codes, may come before a person.
pub(super) struct Permit {
    /// How long it is held back before it is shown.
    pub(super) held: Duration,
    /// When a code was taken from the ration for it.
    pub(super) ration: Option<Instant>,
}

/// Somebody who stands before the door.
pub(in crate::engine) enum Knock {
    /// A classic sender whose file has arrived: another may follow.
    Further(Box<SocketLink>),
    New(TcpStream),
    /// Somebody who was answered, and asks for another file.
    Request(Box<SocketLink>),
}

impl Dispatch {
    fn orders(&self) -> Orders {
        Orders {
            seal: self.seal(),
            classic: self.setup.settings.classic,
            shares: self.setup.settings.shared_folder.is_some(),
            only_shares: self.setup.only_shares,
            budget: self.budget.clone(),
            limits: self.setup.limits,
            stop: self.stop.clone(),
            notes: self.setup.errands.notes.clone(),
        }
    }

    pub(super) fn came(&mut self, stream: TcpStream, from: IpAddr) {
        self.knock(from, Knock::New(stream));
    }

    pub(super) fn classic_goes_on(&mut self, link: SocketLink) {
        if let Ok(from) = link.peer_addr() {
            self.knock(from.ip(), Knock::Further(Box::new(link)));
        }
    }

    /// Lets a caller in, or wait; who finds no room any more is dropped, which closes the connection.
    pub(super) fn knock(&mut self, from: IpAddr, who: Knock) {
        if self.stopping_until.is_some() {
            return;
        }
        let known = self.known_places.contains(&from);
        if let Decision::Attend(who) = self.handshakes.come(from, known, who, Instant::now()) {
            self.attend(from, who);
        }
    }

    fn attend(&mut self, from: IpAddr, who: Knock) {
        let orders = self.orders();
        let notes = orders.notes.clone();
        let started = threads::spawn("doorman", move || {
            // Made here: dropped by dispatch when no thread starts, it would wait for room in dispatch's own channel.
            let _on_duty = OnDuty { from, notes };
            match who {
                Knock::Further(link) => doorman::attend_further(*link, &orders),
                Knock::New(stream) => doorman::attend(stream, &orders),
                Knock::Request(link) => doorman::attend_request(*link, &orders),
            }
        });
        if started.is_err() {
            // Without a thread the caller is turned away by being dropped.
            self.doorman_left(from);
        }
    }

    pub(super) fn doorman_left(&mut self, from: IpAddr) {
        for (from, who) in self.handshakes.left(from, Instant::now()) {
            self.attend(from, who);
        }
    }

    pub(super) fn offer_came(&mut self, offer: ArrivedOffer) {
        let life = self.life_of(&offer);
        let ArrivedOffer { caller, manifest, digest, message, session, share } = offer;
        let key = caller.key;
        if let Some(device) = caller.peer.key {
            self.seen(device, caller.peer.dial.as_ref());
            self.met_here(&caller.peer);
        }
        // A name that was used before could take the answer that a person gives to what stood under it.
        let Some(life) = life.filter(|_| self.stopping_until.is_none() && !self.records.contains_key(&key)) else {
            let waits = self.records.get(&key).filter(|record| record.is_waiting() && record.digest == digest);
            // Its connection may have broken without a sign here: it comes again when that has shown.
            let same =
                waits.is_some_and(|record| caller.peer.key.is_some() && record.snapshot.peer.key == caller.peer.key);
            let code = if same { ReasonCode::ConnectionLost } else { ReasonCode::UnknownTransfer };
            return self.turn_away(caller.link, code);
        };
        let Permit { held, ration } = match self.may_ask(&caller) {
            Ok(permit) => permit,
            Err(reason) => return self.answer_busy(caller.link, reason),
        };
        let Arrived { link, peer, rule, comparing, .. } = caller;
        let mut snapshot = TransferSnapshot::new(key, peer, Stage::Waiting, message);
        (snapshot.total, snapshot.files) = (manifest.bytes, manifest.files);
        snapshot.manifest = manifest;
        let mut record = Record::new(snapshot, Hands::Lobby, session);
        record.life = life;
        record.from = link.peer_addr().ok().map(|address| address.ip());
        record.expires = Some(Instant::now() + self.setup.limits.answer);
        record.digest = digest;
        record.share = share;
        record.ration = ration;
        // A rule speaks for sealed sessions of its key only; the doorman looks no other up.
        record.into = self.ruled_into(record.snapshot.peer.key, rule);
        record.card_at = (!held.is_zero()).then(|| Instant::now() + held);
        let waits_for = match session {
            Session::Classic { .. } => WaitsFor::OurAnswerClassic,
            // The others make no offers.
            Session::Download | Session::Fetch | Session::Sealed => WaitsFor::OurAnswer,
        };
        self.setup.lobby.wait(key, link, waits_for, comparing);
        let at_once = record.card_at.is_none();
        // A classic sender does not choose its name, and may come more often than others.
        if session == Session::Sealed {
            self.spend(&record);
        }
        self.records.insert(key, record);
        if at_once {
            self.make_card(key);
        }
    }

    /// Whether one more may wait for a person.
    pub(super) fn may_ask(&mut self, caller: &Arrived) -> Result<Permit, Reason> {
        let busy = |detail: String| Err(Reason::here(ReasonCode::Busy, detail));
        let from = caller.link.peer_addr().ok().map(|address| address.ip());
        let place = from.map(source);
        let offers = self.records.values().filter(|record| record.waits_for_us()).map(|record| record.from);
        let meetings = self.meetings.values().filter(|meeting| meeting.from.is_some()).map(|meeting| meeting.from);
        let waiting: Vec<_> = offers.chain(meetings).map(|from| from.map(source)).collect();
        let places = if caller.rule.is_some() { MAX_WAITING } else { MAX_WAITING - KEPT_FOR_VERIFIED };
        if waiting.len() >= places {
            return busy(format!("{places} offers wait already"));
        }
        let of_one = self.setup.limits.offers_of_one;
        if place.is_some() && waiting.iter().filter(|other| **other == place).count() >= of_one {
            return busy(format!("{of_one} offers from this address wait already"));
        }
        if caller.rule.is_some() {
            return Ok(Permit { held: Duration::ZERO, ration: None });
        }
        let now = Instant::now();
        let ration = (caller.comparing.is_some() && self.setup.attended).then_some(now);
        if ration.is_some()
            && let Err(wait) = self.codes.take(now)
        {
            let seconds = wait.as_secs() + 1;
            return busy(format!("too many devices that are not verified have called; the next may in {seconds} s"));
        }
        Ok(Permit { held: from.map_or(Duration::ZERO, |from| self.patience.offer(from, now)), ration })
    }

    /// Looks at the disk for an offer; then its card is shown.
    pub(super) fn make_card(&mut self, key: TransferKey) {
        let reserved = self.reserved(key);
        let Some(record) = self.records.get_mut(&key) else { return };
        record.card_at = None;
        self.outbox.snapshot(record.snapshot.clone());
        let folder = record.into.clone().unwrap_or_else(|| self.setup.settings.receive_folder.clone());
        let manifest = Arc::clone(&record.snapshot.manifest);
        let ruled = record.into.as_ref().and(record.snapshot.peer.key);
        let selection = Selection::All;
        self.setup.errands.preflight(PreflightErrand { key, folder, manifest, selection, reserved, ruled });
    }

    /// `ruled`: the folder that the peer's rule names now.
    pub(super) fn preflighted(&mut self, key: TransferKey, preflight: Preflight, ruled: Option<(PathBuf, Conflict)>) {
        let Some(record) = self.records.get_mut(&key) else { return };
        if record.announced {
            return self.outbox.fact(Event::Preflighted { key, preflight: Arc::new(preflight) });
        }
        // A rule that was taken back since the offer came takes nothing.
        record.into = record.into.take().filter(|into| ruled.as_ref().is_some_and(|(folder, _)| folder == into));
        if preflight.folder != *record.into.as_ref().unwrap_or(&self.setup.settings.receive_folder) {
            // The rule, or the settings, have changed meanwhile.
            return self.make_card(key);
        }
        match record.into.take() {
            Some(folder) if preflight.problem.is_none() || record.is_message() => {
                record.announced = true;
                let conflict = ruled.map(|(_, conflict)| conflict).unwrap_or_default();
                let acceptance = Acceptance { folder, selection: Selection::All, conflict };
                return self.accept(key, acceptance);
            }
            // The rule cannot be kept: a person decides, with the usual folder.
            Some(_) if record.snapshot.folder.is_none() => return self.make_card(key),
            _ => {}
        }
        record.announced = true;
        let reply = OfferReply::new(key, self.setup.answering.clone()).to_card(record.life);
        let expires = record.expires.unwrap_or_else(Instant::now);
        let snapshot = record.snapshot.clone();
        let preflight = Arc::new(preflight);
        self.outbox.fact(Event::Offered(IncomingOffer { snapshot, preflight, expires, reply }));
    }

    /// Turns somebody away who may come again.
    pub(super) fn answer_busy(&self, link: SocketLink, reason: Reason) {
        if !link.is_sealed() {
            return closer::reset(link);
        }
        let last = Some(Message::Answer(Answer::Busy(reason)));
        self.closers.close(link, Farewell { last, ..Farewell::default() });
    }

    /// The lobby gave a connection back after Accept.
    pub(super) fn taken(&mut self, key: TransferKey, link: SocketLink) {
        if self.records.get(&key).is_some_and(|record| record.hands != Hands::Lobby) {
            return self.turn_away(link, ReasonCode::StaleEpoch);
        }
        self.start_receiving(key, link, Begin::Fresh);
    }
}

impl Record {
    /// An incoming offer that a person has not answered.
    pub(super) fn waits_for_us(&self) -> bool {
        self.snapshot.key.direction == Direction::Incoming && self.is_waiting()
    }
}
