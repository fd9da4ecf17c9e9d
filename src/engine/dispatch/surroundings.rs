//! What dispatch does about devices nearby: who may find this one, who is told to the window, who is called to see whether it
//! is there.

use std::time::{Duration, Instant};

use crate::{
    engine::{
        call::Call,
        cancel::CancelFlag,
        discovery::{Discovery, Orders},
        messages::{Event, ShowTo},
        new_transfer_id, presence, threads,
    },
    model::{
        book::KnownDevice,
        device::{Peer, PeerAddr},
        device_key::DeviceKey,
        nearby::{Nearby, Reach, Visibility},
        settings::Settings,
        transfer::{Direction, TransferKey},
    },
};

use super::{
    Dispatch,
    neighbours::{Neighbours, Sighting},
    trust::now,
};

/// Orders that found no room are given again after this.
const AGAIN: Duration = Duration::from_millis(500);

/// What is around this device.
#[derive(Default)]
pub(super) struct Surroundings {
    discovery: Option<Discovery>,
    ordered: Option<Orders>,
    order_again: Option<Instant>,
    /// Verified keys, most recent device first.
    keys: Vec<DeviceKey>,
    looks: u64,
    neighbours: Neighbours,
    told: Vec<Nearby>,
    /// When the list was made.
    looked: Option<Instant>,
    /// Shown to everybody until then, whatever the settings say.
    shown_until: Option<Instant>,
    told_visibility: Option<(Visibility, Option<Instant>)>,
    /// Ends calls at a shutdown.
    stop: CancelFlag,
}

impl Dispatch {
    /// Begins to look around.
    pub(super) fn look_out(&mut self) {
        self.tell_visibility();
        if self.setup.reach == Reach::Nowhere {
            return;
        }
        let (own, notes) = (self.setup.tls.own_key(), self.setup.errands.notes.clone());
        // Without a thread nobody is found, and typed addresses work all the same.
        self.surroundings.discovery = Discovery::start(self.setup.reach, own, notes).ok();
        self.order();
    }

    /// The end: nobody is called any more, and others hear that we go.
    pub(super) fn stop_looking(&mut self) {
        self.surroundings.discovery = None;
        self.surroundings.stop.set();
    }

    /// Tells discovery what it has to know, if that has changed.
    pub(super) fn order(&mut self) {
        let visible_to = self.visibility();
        let here = &mut self.surroundings;
        let Some(discovery) = &here.discovery else { return };
        let orders = Orders {
            visible_to,
            name: self.setup.settings.device_name.clone(),
            port: self.listening.map(|address| address.port()),
            keys: here.keys.clone(),
            looks: here.looks,
        };
        if here.ordered.as_ref() != Some(&orders) {
            let taken = discovery.order(orders.clone());
            here.order_again = (!taken).then(|| Instant::now() + AGAIN);
            here.ordered = taken.then_some(orders);
        }
    }

    pub(super) fn visibility(&self) -> Visibility {
        match self.surroundings.shown_until {
            Some(_) => Visibility::Everybody,
            None => self.setup.settings.visibility,
        }
    }

    /// Says who may find this device, if that has changed.
    pub(super) fn tell_visibility(&mut self) {
        let told = (self.visibility(), self.surroundings.shown_until);
        if self.surroundings.told_visibility.replace(told) != Some(told) {
            let (to, until) = told;
            self.outbox.fact(Event::Visible { to, until });
        }
    }

    /// A person says who may find this device.
    pub(super) fn show_to(&mut self, whom: ShowTo) {
        match whom {
            ShowTo::Always(visibility) => {
                self.surroundings.shown_until = None;
                if self.setup.settings.visibility != visibility {
                    let settings = Settings { visibility, ..self.setup.settings.clone() };
                    return self.adopt(&settings);
                }
            }
            ShowTo::EverybodyForAWhile => {
                self.surroundings.shown_until = Some(Instant::now() + self.setup.limits.shown);
            }
        }
        self.shown_otherwise();
    }

    /// Something that is announced may have changed.
    pub(super) fn shown_otherwise(&mut self) {
        self.order();
        self.tell_visibility();
    }

    /// Settings that are about to be in force: a choice that is made there ends the ten minutes.
    pub(super) fn visibility_chosen(&mut self, chosen: Visibility) {
        if chosen != self.setup.settings.visibility {
            self.surroundings.shown_until = None;
        }
    }

    /// Somebody looks at the list.
    pub(super) fn look_around(&mut self) {
        let now = Instant::now();
        self.surroundings.looks += 1;
        self.surroundings.neighbours.look_around(now);
        self.order();
        self.look_at_neighbours(now);
    }

    /// The addresses of this device have changed.
    pub(super) fn elsewhere(&mut self) {
        let now = Instant::now();
        self.surroundings.neighbours.look_around(now);
        self.look_at_neighbours(now);
    }

    pub(super) fn neighbours_known(&mut self, devices: &[KnownDevice]) {
        self.surroundings.keys = devices.iter().filter_map(KnownDevice::key).collect();
        let now = Instant::now();
        self.surroundings.neighbours.book(devices, now);
        self.order();
        self.look_at_neighbours(now);
    }

    /// Discovery has told who says that it is nearby.
    pub(super) fn claimed(&mut self, claims: Vec<Nearby>) {
        let now = Instant::now();
        self.surroundings.neighbours.claimed(claims, now);
        self.look_at_neighbours(now);
    }

    /// A call to see whether a device is there has ended.
    pub(super) fn present(&mut self, device: DeviceKey, found: Option<&PeerAddr>) {
        let now = Instant::now();
        if let Some(at) = found {
            self.is_here(device, at);
        }
        self.surroundings.neighbours.answered(device, found.is_some(), now);
        self.look_at_neighbours(now);
    }

    /// A verified device has come by itself, or has answered: it is here.
    pub(super) fn met_here(&mut self, peer: &Peer) {
        if let (Some(key), true, Some(at)) = (peer.key, peer.verified, &peer.dial) {
            let at = at.clone();
            self.is_here(key, &at);
            self.look_at_neighbours(Instant::now());
        }
    }

    fn is_here(&mut self, key: DeviceKey, at: &PeerAddr) {
        let Sighting { came, elsewhere } = self.surroundings.neighbours.shown(key, at, Instant::now());
        if self.setup.reach == Reach::Nowhere {
            return;
        }
        if came || elsewhere {
            let address = at.clone();
            self.setup.errands.remember(move |book| {
                book.seen_at(key, &address, now());
            });
        }
        if came {
            self.seen(key, Some(at));
            self.take_up_with(key, at);
        }
    }

    /// What was broken with this device, and would be tried some time, is tried now.
    fn take_up_with(&mut self, key: DeviceKey, at: &PeerAddr) {
        for record in self.records.values_mut().filter(|record| record.is_lasting()) {
            if record.snapshot.peer.key == Some(key) && record.going.next_try.is_some() {
                record.going.learnt = Some(at.clone());
                record.going.tries = 0;
                record.going.next_try = Some(Instant::now());
            }
        }
    }

    pub(super) fn until_next_look(&self) -> Option<Instant> {
        let here = &self.surroundings;
        let calls = here.neighbours.next_look().filter(|_| self.calls_on_others());
        let goes = here.looked.and_then(|looked| here.neighbours.next_change(looked));
        [here.order_again, here.shown_until, calls, goes].into_iter().flatten().min()
    }

    /// Calls whom it is time to call, and tells who is here, if that has changed.
    pub(super) fn look_at_neighbours(&mut self, now: Instant) {
        if self.stopping_until.is_some() {
            return;
        }
        if self.surroundings.order_again.is_some_and(|at| now >= at) {
            self.order();
        }
        if self.surroundings.shown_until.is_some_and(|at| now >= at) {
            self.surroundings.shown_until = None;
            self.shown_otherwise();
        }
        while let Some((device, addresses)) = self.next_call(now) {
            self.call_on(device, addresses);
        }
        self.surroundings.looked = Some(now);
        let list = self.surroundings.neighbours.list(now);
        if list != self.surroundings.told {
            let told = std::mem::replace(&mut self.surroundings.told, list.clone());
            self.have_left(&told, &list);
            self.outbox.newest(Event::Nearby(list));
        }
    }

    /// Remembers when those were seen last who are here no longer.
    fn have_left(&mut self, before: &[Nearby], list: &[Nearby]) {
        let is_here = |list: &[Nearby], key| list.iter().any(|it| it.is_shown(key));
        let keys = before.iter().filter_map(|it| it.key);
        let left: Vec<DeviceKey> = keys.filter(|key| is_here(before, *key) && !is_here(list, *key)).collect();
        if !left.is_empty() {
            self.setup.errands.remember(move |book| book.left(&left, now()));
        }
    }

    fn next_call(&mut self, now: Instant) -> Option<(DeviceKey, Vec<PeerAddr>)> {
        if self.calls_on_others() { self.surroundings.neighbours.next_call(now) } else { None }
    }

    /// A call says where this device listens, and the next one to the same device comes late: none goes out before that is known.
    fn calls_on_others(&self) -> bool {
        let is_about_to_listen = self.listener.is_some() && self.listening.is_none();
        self.setup.reach != Reach::Nowhere && !is_about_to_listen
    }

    fn call_on(&mut self, device: DeviceKey, addresses: Vec<PeerAddr>) {
        let Some(first) = addresses.first().cloned() else { return };
        let call = Call {
            // No transfer: a name that nothing else has.
            key: TransferKey { id: new_transfer_id(), direction: Direction::Outgoing },
            to: first,
            also: Vec::new(),
            expect: Some(device),
            always_compare: false,
            quiet: true,
            seal: self.seal(),
            cancel: self.surroundings.stop.clone(),
            limits: self.setup.limits,
            notes: self.setup.errands.notes.clone(),
        };
        if threads::spawn("presence", move || presence::look_for(call, device, addresses)).is_err() {
            self.surroundings.neighbours.answered(device, false, Instant::now());
        }
    }
}
