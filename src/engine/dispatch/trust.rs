//! What dispatch does with the device book: who is verified, who was met where, who may not be who they seem.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::{
    engine::{
        call::{Seal, blocked},
        messages::{Event, KeyWarning},
        note::{Introduced, Life},
    },
    model::{
        book::{Book, DeviceId, Rule},
        conflict::Conflict,
        device::{Peer, PeerAddr},
        device_key::DeviceKey,
        reason::Reason,
        transfer::{Direction, TransferKey},
    },
};

use super::{Dispatch, meetings::introduce, record::Hands};

/// A key that calls under a verified device's name is told of once in this time.
const WARN_AGAIN: Duration = Duration::from_hours(1);
/// Keys that were warned of are remembered up to this many.
const MAX_WARNED: usize = 64;

impl Dispatch {
    pub(super) fn seal(&self) -> Seal {
        Seal { me: self.me(), tls: self.setup.tls.clone(), profile: self.setup.errands.profile.clone() }
    }

    pub(super) fn allow_different(&mut self, key: DeviceKey) {
        self.change_book(move |book| book.allow_different(key));
    }

    pub(super) fn forget(&mut self, id: DeviceId) {
        self.change_book(move |book| book.forget(&id));
    }

    pub(super) fn set_rule(&mut self, key: DeviceKey, rule: Rule) {
        self.change_book(move |book| {
            book.set_rule(key, rule);
        });
    }

    pub(super) fn set_conflict(&mut self, key: DeviceKey, conflict: Option<Conflict>) {
        self.change_book(move |book| book.set_conflict(key, conflict));
    }

    fn change_book(&mut self, edit: impl FnOnce(&mut Book) + Send + 'static) {
        if let Err(reason) = self.setup.errands.change_book(edit) {
            self.outbox.fact(Event::DevicesNotSaved(reason));
        }
    }

    /// A person has compared the codes.
    pub(super) fn verify(&mut self, key: DeviceKey, name: String, address: Option<PeerAddr>) {
        self.change_book(move |book| book.verify(key, &name, address, now()));
    }

    /// The book has changed, or was read for the first time.
    pub(super) fn devices_are(&mut self, book: Book) {
        let devices = book.devices;
        self.neighbours_known(&devices);
        let places =
            devices.iter().flat_map(|device| &device.addresses).filter_map(|at| at.host.parse::<IpAddr>().ok());
        self.known_places = places.collect();
        let trusted = devices.iter().filter_map(|device| device.trusted.as_ref());
        self.rules = trusted.map(|trusted| (trusted.key, trusted.rule.clone())).collect();
        for record in self.records.values_mut() {
            let Some(key) = record.snapshot.peer.key else { continue };
            let rule = self.rules.get(&key);
            // What was taken back takes nothing any more.
            record.into = record.into.take().filter(|into| accepts_into(rule, into));
            if record.snapshot.peer.verified != rule.is_some() {
                record.snapshot.peer.verified = rule.is_some();
                self.outbox.show(record);
            }
        }
        for meeting in self.meetings.values_mut() {
            meeting.peer.verified = meeting.peer.key.is_some_and(|key| self.rules.contains_key(&key));
        }
        self.outbox.fact(Event::Devices(devices));
        self.turn_away_the_blocked();
    }

    /// Ends what a blocked device has waiting here. What a person has accepted goes on: its row has a *Cancel*.
    fn turn_away_the_blocked(&mut self) {
        let is_blocked = |peer: &Peer| peer.key.is_some_and(|key| self.rules.get(&key) == Some(&Rule::Block));
        let offers =
            self.records.iter().filter(|(_, record)| record.waits_for_us() && is_blocked(&record.snapshot.peer));
        let meetings = self.meetings.iter().filter(|(_, meeting)| meeting.from.is_some() && is_blocked(&meeting.peer));
        let keys: Vec<TransferKey> = offers.map(|(key, _)| *key).chain(meetings.map(|(key, _)| *key)).collect();
        for key in keys {
            self.cancel(key, blocked());
        }
    }

    /// The folder that a rule puts an offer of `key` into; `rule` is what the doorman has read. Where that is news to this
    /// process, the book is read again: somebody may have changed it beside us, or here a moment ago.
    pub(super) fn ruled_into(&mut self, key: Option<DeviceKey>, rule: Option<Rule>) -> Option<PathBuf> {
        if key.and_then(|key| self.rules.get(&key)) != rule.as_ref() {
            self.setup.errands.load_devices();
        }
        rule.and_then(|rule| if let Rule::Accept(folder) = rule { Some(folder) } else { None })
    }

    /// The device book cannot be read, and lies at `kept_at`. Each caller finds that again as long as nothing is done.
    pub(super) fn devices_damaged(&mut self, kept_at: PathBuf) {
        let now = Instant::now();
        let told =
            self.damage_told.take().filter(|(path, at)| *path == kept_at && now.duration_since(*at) < WARN_AGAIN);
        if told.is_none() {
            self.outbox.fact(Event::DevicesDamaged { kept_at: kept_at.clone() });
            self.setup.errands.load_devices();
        }
        self.damage_told = told.or(Some((kept_at, now)));
    }

    /// Who answered our call.
    pub(super) fn peer_known(&mut self, key: TransferKey, introduced: &Introduced) {
        self.meeting_known(key, introduced);
        self.change(key, |record| introduce(&mut record.snapshot.peer, introduced));
        self.seen(introduced.key, Some(&introduced.at));
        if let Some(record) = self.records.get(&key) {
            let peer = record.snapshot.peer.clone();
            self.met_here(&peer);
        }
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
    pub(super) fn left(&mut self, key: TransferKey, life: Option<Life>, reason: Reason) {
        if self.meetings.contains_key(&key) {
            return self.end_meeting(key, reason);
        }
        self.asks_no_more(key);
        let Some(record) = self.records.get(&key) else { return };
        match life {
            Some(life) if record.life != life => {}
            // Nobody has answered yet: the same is offered again.
            None if record.hands == Hands::Lobby && record.accepted_at.is_none() && record.may_wait(&reason) => {
                self.call_failed(key, reason);
                self.fill_slots();
            }
            Some(_) => {
                self.call_failed(key, reason);
                self.fill_slots();
            }
            None => {
                self.end(key, Err(reason));
            }
        }
    }
}

fn accepts_into(rule: Option<&Rule>, into: &Path) -> bool {
    matches!(rule, Some(Rule::Accept(folder)) if folder == into)
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
