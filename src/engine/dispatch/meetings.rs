//! Comparing codes without a file, and the codes of offers.

use std::{
    collections::HashMap,
    io::Write,
    net::IpAddr,
    time::{Duration, Instant},
};

use crate::{
    crypto::short_code::Nonce,
    engine::{
        call::Call,
        cancel::CancelFlag,
        link::SocketLink,
        lobby::WaitsFor,
        messages::{ComparisonSnapshot, ComparisonState, Event},
        note::{Arrived, Introduced, Note},
        threads,
    },
    model::{
        device::{Peer, PeerAddr},
        device_key::DeviceKey,
        reason::{Reason, ReasonCode},
        short_code::ShortCode,
        transfer::{Direction, TransferId, TransferKey},
    },
    transfer::{compare::Comparing, lane::Farewell},
    wire::header,
};

use super::{Dispatch, abort, callers::Permit, record::ANSWER_GRACE};

/// A comparison that has no code yet.
pub(super) struct Meeting {
    pub(super) peer: Peer,
    cancel: CancelFlag,
    /// Incoming: where it came from.
    pub(super) from: Option<IpAddr>,
    /// Incoming: when a code was taken from the ration for it, until that has been begun.
    ration: Option<Instant>,
    /// When it lapses.
    expires: Instant,
    /// Incoming: when its card is shown, if it is held back.
    card_at: Option<Instant>,
}

pub(super) type Meetings = HashMap<TransferKey, Meeting>;

impl Meeting {
    /// When something has to be done about it.
    pub(super) fn due(&self) -> Instant {
        self.card_at.unwrap_or(self.expires)
    }
}

impl Dispatch {
    /// Somebody here wants to compare codes with a device.
    pub(super) fn compare(&mut self, id: TransferId, to: PeerAddr, also: Vec<PeerAddr>, expect: Option<DeviceKey>) {
        let key = TransferKey { id, direction: Direction::Outgoing };
        if self.stopping_until.is_some() || self.meetings.contains_key(&key) {
            return;
        }
        let peer = Peer { dial: Some(to.clone()), ..Peer::at(to.to_string(), false) };
        let cancel = CancelFlag::default();
        // Looking up, connecting and greeting have deadlines of their own; from then on the other person has to look.
        let expires = Instant::now() + self.setup.limits.answer + ANSWER_GRACE;
        let meeting =
            Meeting { peer: peer.clone(), cancel: cancel.clone(), from: None, ration: None, expires, card_at: None };
        self.meetings.insert(key, meeting);
        self.tell_meeting(key, peer, ComparisonState::Connecting);
        let call = Call {
            key,
            to,
            also,
            expect,
            always_compare: true,
            quiet: false,
            seal: self.seal(),
            cancel,
            limits: self.setup.limits,
            notes: self.setup.errands.notes.clone(),
        };
        if let Err(error) = threads::spawn("dial", move || ask_to_compare(&call)) {
            self.end_meeting(key, Reason::here(ReasonCode::Internal, error.to_string()));
        }
    }

    /// The request lies before the other side.
    pub(super) fn met(&mut self, key: TransferKey, link: SocketLink, comparing: Option<Box<Comparing>>) {
        let Some(meeting) = self.meetings.get(&key) else { return self.turn_away(link, ReasonCode::Cancelled) };
        let peer = meeting.peer.clone();
        self.setup.lobby.wait(key, link, WaitsFor::Code, comparing);
        self.tell_meeting(key, peer, ComparisonState::Waiting);
    }

    /// Somebody there wants to compare codes.
    pub(super) fn compare_came(&mut self, caller: Arrived) {
        if self.stopping_until.is_some() {
            return self.turn_away(caller.link, ReasonCode::Cancelled);
        }
        if !self.setup.attended {
            let nobody = Reason::here(ReasonCode::Busy, "nobody is there to compare codes");
            return self.answer_busy(caller.link, nobody);
        }
        let Permit { held, ration } = match self.may_ask(&caller) {
            Ok(permit) => permit,
            Err(reason) => return self.answer_busy(caller.link, reason),
        };
        let Arrived { key, link, peer, comparing, .. } = caller;
        let from = link.peer_addr().ok().map(|address| address.ip());
        let expires = Instant::now() + self.setup.limits.answer;
        let card_at = Some(Instant::now() + held);
        self.meetings.insert(key, Meeting { peer, cancel: CancelFlag::default(), from, ration, expires, card_at });
        self.setup.lobby.wait(key, link, WaitsFor::Code, comparing);
        self.look_at_meetings(Instant::now());
    }

    /// A card stands before a person: our half of the code may go out.
    pub(super) fn show_code(&mut self, key: TransferKey) {
        let offered = self.records.get(&key).is_some_and(|record| record.announced && record.waits_for_us());
        let asked = self.meetings.get(&key).is_some_and(|meeting| meeting.from.is_some() && meeting.card_at.is_none());
        if !self.setup.attended || !(offered || asked) {
            return;
        }
        match Nonce::fresh() {
            Ok(nonce) => {
                // From here on it counts: somebody in the middle may have guessed.
                let record = self.records.get_mut(&key).map(|record| &mut record.ration);
                let meeting = self.meetings.get_mut(&key).map(|meeting| &mut meeting.ration);
                record.into_iter().chain(meeting).for_each(|ration| *ration = None);
                self.setup.lobby.show_code(key, nonce);
            }
            Err(error) => {
                let reason = Reason::here(ReasonCode::Internal, error.to_string());
                self.cancel(key, reason);
            }
        }
    }

    pub(super) fn code_known(&mut self, key: TransferKey, code: ShortCode) {
        if let Some(meeting) = self.meetings.remove(&key) {
            return self.tell_meeting(key, meeting.peer, ComparisonState::Code(code));
        }
        self.change(key, |record| record.snapshot.code = Some(code));
    }

    /// Who answered our call.
    pub(super) fn meeting_known(&mut self, key: TransferKey, introduced: &Introduced) {
        if let Some(meeting) = self.meetings.get_mut(&key) {
            introduce(&mut meeting.peer, introduced);
        }
    }

    /// Ends a comparison here, and says why to the peer.
    pub(super) fn cancel_meeting(&mut self, key: TransferKey, reason: Reason) {
        if let Some(meeting) = self.meetings.get(&key) {
            meeting.cancel.set();
            let last = Some(abort(reason.clone()));
            self.setup.lobby.dismiss(key, Farewell { last, ..Farewell::default() });
            self.end_meeting(key, reason);
        }
    }

    pub(super) fn end_meeting(&mut self, key: TransferKey, reason: Reason) {
        let Some(meeting) = self.meetings.remove(&key) else { return };
        self.give_back(meeting.ration);
        // One that was held back and never shown is over without a word.
        if meeting.card_at.is_none() {
            self.tell_meeting(key, meeting.peer, ComparisonState::Ended(reason));
        }
    }

    /// Shows cards that were held back, and lets go of what nobody looked at in time.
    pub(super) fn look_at_meetings(&mut self, now: Instant) {
        let due: Vec<TransferKey> =
            self.meetings.iter().filter(|(_, meeting)| now >= meeting.due()).map(|(key, _)| *key).collect();
        for key in due {
            let Some(meeting) = self.meetings.get_mut(&key) else { continue };
            if meeting.card_at.take().is_some() {
                let peer = meeting.peer.clone();
                self.tell_meeting(key, peer, ComparisonState::Waiting);
            } else {
                self.cancel_meeting(key, Reason::bare(ReasonCode::NoAnswer));
            }
        }
    }

    pub(super) fn until_next_meeting(&self) -> Option<Duration> {
        let next = self.meetings.values().map(Meeting::due).min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    fn tell_meeting(&mut self, key: TransferKey, peer: Peer, state: ComparisonState) {
        self.outbox.fact(Event::Comparison(ComparisonSnapshot { key, peer, state }));
    }
}

/// Puts in who it turned out to be.
pub(super) fn introduce(peer: &mut Peer, introduced: &Introduced) {
    if !introduced.name.is_empty() {
        peer.name.clone_from(&introduced.name);
    }
    peer.dial = Some(introduced.at.clone());
    peer.os = Some(introduced.os.clone());
    peer.key = Some(introduced.key);
    peer.verified = introduced.verified;
    peer.encrypted = true;
}

/// The dialling thread of a comparison.
fn ask_to_compare(call: &Call) {
    let met = call.meet(&|_stage| {}).and_then(|mut met| {
        let asked = header::write_header(&mut met.link, &header::Message::Verify);
        match asked.map_err(Into::into).and_then(|()| Ok(met.link.flush()?)) {
            Ok(()) => Ok(met),
            Err(error) => Err(crate::engine::call::give_up(met.link, error)),
        }
    });
    let note = match met {
        Ok(met) => {
            let comparing = met.comparing.map(Box::new);
            Note::Met { key: call.key, link: Box::new(met.link), comparing }
        }
        Err(reason) => Note::Left { key: call.key, life: None, reason },
    };
    // Dispatch hears all but what comes after a shutdown.
    call.notes.send(note).ok();
}
