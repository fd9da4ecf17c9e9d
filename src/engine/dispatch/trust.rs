//! What dispatch does with the device book: who is verified, who was met where, who may not be who they seem.

use std::{
    net::IpAddr,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::{
    engine::{
        call::Seal,
        messages::{Event, KeyWarning},
        note::Introduced,
    },
    model::{
        book::{Book, DeviceId, Rule},
        device::PeerAddr,
        device_key::DeviceKey,
        reason::Reason,
        transfer::{Direction, TransferKey},
    },
};

use super::{Dispatch, meetings::introduce};

/// A key that calls under a verified device's name is told of once in this time.
const WARN_AGAIN: Duration = Duration::from_hours(1);
/// Keys that were warned of are remembered up to this many.
const MAX_WARNED: usize = 64;

impl Dispatch {
    pub(super) fn seal(&self) -> Seal {
        Seal { me: self.me(), tls: self.setup.tls.clone(), profile: self.setup.errands.profile.clone() }
    }

    pub(super) fn allow_different(&mut self, key: DeviceKey) {
        self.setup.errands.change_book(move |book| book.allow_different(key));
    }

    pub(super) fn forget(&mut self, id: DeviceId) {
        self.setup.errands.change_book(move |book| book.forget(&id));
    }

    pub(super) fn set_rule(&mut self, key: DeviceKey, rule: Rule) {
        self.setup.errands.change_book(move |book| {
            book.set_rule(key, rule);
        });
    }

    /// A person has compared the codes.
    pub(super) fn verify(&mut self, key: DeviceKey, name: String, address: Option<PeerAddr>) {
        self.setup.errands.change_book(move |book| book.verify(key, &name, address, now()));
    }

    /// The book has changed, or was read for the first time.
    pub(super) fn devices_are(&mut self, book: Book) {
        let devices = book.devices;
        let places =
            devices.iter().flat_map(|device| &device.addresses).filter_map(|at| at.host.parse::<IpAddr>().ok());
        self.known_places = places.collect();
        let verified = |key: DeviceKey| devices.iter().any(|device| device.key() == Some(key));
        for record in self.records.values_mut() {
            let Some(key) = record.snapshot.peer.key else { continue };
            if record.snapshot.peer.verified != verified(key) {
                record.snapshot.peer.verified = verified(key);
                self.outbox.snapshot(record.snapshot.clone());
            }
        }
        self.outbox.fact(Event::Devices(devices));
    }

    /// Who answered our call.
    pub(super) fn peer_known(&mut self, key: TransferKey, introduced: &Introduced) {
        self.meeting_known(key, introduced);
        self.change(key, |record| introduce(&mut record.snapshot.peer, introduced));
        self.remember(key);
    }

    /// Remembers the other end of a transfer: whom we called, and verified devices that called.
    pub(super) fn remember(&mut self, key: TransferKey) {
        let Some(record) = self.records.get(&key) else { return };
        let peer = &record.snapshot.peer;
        let trusted = peer.key.filter(|_| peer.verified);
        if key.direction == Direction::Incoming && trusted.is_none() {
            return;
        }
        let (name, address, classic) = (peer.name.clone(), peer.dial.clone(), peer.classic);
        // A convenience that must not disturb a transfer: where it cannot be stored it is not.
        self.setup.errands.remember(move |book| book.met(trusted, &name, address, classic, now()));
    }

    /// Warns of a key, but not over and over.
    pub(super) fn wrong_key(&mut self, warning: KeyWarning) {
        if warning.direction == Direction::Incoming {
            let now = Instant::now();
            self.warned.retain(|_, at| now.duration_since(*at) < WARN_AGAIN);
            // One for each verified device that somebody pretends to be: new keys cost nothing.
            if self.warned.len() >= MAX_WARNED || self.warned.contains_key(&warning.expected) {
                return;
            }
            self.warned.insert(warning.expected, now);
        }
        self.outbox.fact(Event::WrongKey(warning));
    }

    /// What comes before a lane is over without one.
    pub(super) fn left(&mut self, key: TransferKey, reason: Reason) {
        if self.meetings.contains_key(&key) {
            return self.end_meeting(key, reason);
        }
        self.end(key, Err(reason));
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
