//! Checks of the network that were asked for here, and those of others who want to be dialled back.

use std::{net::SocketAddr, time::Instant};

use crate::{
    engine::{
        cancel::CancelFlag,
        check::Check,
        door::source,
        link::SocketLink,
        messages::Event,
        probe::{DialBack, probed},
        threads,
    },
    model::{
        check::{CheckId, CheckTarget},
        device::Peer,
        nearby::Visibility,
        reason::ReasonCode,
    },
    transfer::lane::Farewell,
};

use super::Dispatch;

/// Checks at the same time; the oldest ends for a new one.
const MOST_CHECKS: usize = 4;

impl Dispatch {
    pub(super) fn check(&mut self, id: CheckId, own: bool, device: Option<CheckTarget>) {
        if self.stopping_until.is_some() {
            return self.outbox.fact(Event::CheckEnded { id });
        }
        if self.checks.len() >= MOST_CHECKS {
            let (_, oldest) = self.checks.remove(0);
            oldest.set();
        }
        let cancel = CancelFlag::default();
        let check = Check {
            id,
            own,
            device,
            listening: self.listening.map(|address| address.port()),
            port: self.setup.settings.port,
            seal: self.seal(),
            cancel: cancel.clone(),
            limits: self.setup.limits,
            notes: self.setup.errands.notes.clone(),
        };
        if threads::spawn("network check", move || check.run()).is_err() {
            return self.outbox.fact(Event::CheckEnded { id });
        }
        self.checks.push((id, cancel));
    }

    pub(super) fn cancel_check(&mut self, id: CheckId) {
        for (_, cancel) in self.checks.iter().filter(|(of, _)| *of == id) {
            cancel.set();
        }
    }

    pub(super) fn cancel_checks(&mut self) {
        for (_, cancel) in self.checks.drain(..) {
            cancel.set();
        }
    }

    pub(super) fn check_ended(&mut self, id: CheckId) {
        self.checks.retain(|(of, _)| *of != id);
        self.outbox.fact(Event::CheckEnded { id });
    }

    /// Somebody asks whether it can be reached. It is dialled back at the address that it came from and nowhere else, rarely,
    /// and a stranger only while this device shows itself to everybody. Who may not is told nothing but that.
    pub(super) fn probe_came(&mut self, peer: &Peer, link: SocketLink, port: Option<u16>) {
        self.met_here(peer);
        let verified = peer.verified;
        if self.stopping_until.is_some() {
            return self.turn_away(link, ReasonCode::ConnectionLost);
        }
        let may = verified || self.visibility() == Visibility::Everybody;
        let place = port.filter(|port| *port != 0 && may).zip(link.peer_addr().ok());
        let place = place.map(|(port, mut from)| {
            from.set_port(port);
            from
        });
        let granted = |to: &SocketAddr| self.probes.take(source(to.ip()), verified, Instant::now());
        let Some((to, key)) = place.filter(granted).zip(peer.key) else {
            let last = Some(probed(None, verified));
            return self.closers.close(link, Farewell { last, ..Farewell::default() });
        };
        let back = DialBack {
            link,
            to,
            key,
            tells_clock: verified,
            tls: self.setup.tls.clone(),
            stop: self.stop.clone(),
            limits: self.setup.limits,
            notes: self.setup.errands.notes.clone(),
        };
        // Without a thread the connection is dropped, and who asked hears nothing.
        threads::spawn("dial back", move || back.run()).ok();
    }
}
