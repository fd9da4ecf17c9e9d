//! The thread that looks around: what it is told to say, whom it has heard, and what it does about time.

use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, Sender, select};
use mdns_sd::ServiceEvent;

use crate::{
    engine::note::Note,
    model::{
        device_key::DeviceKey,
        nearby::{Nearby, Reach, Visibility},
    },
};

use super::{
    BEAT, Orders,
    announce::{Announcement, Own},
    claims::Claims,
    heard::{self, Heard},
    interfaces::{self, Place},
    library::Library,
};

/// How often a change of network, and sleep, is looked for.
const CHECK: Duration = Duration::from_secs(2);

/// A name is used for so long.
const NAME_LIFE: Duration = Duration::from_hours(1);

/// What could not be started is tried again after this.
const RETRY: Duration = Duration::from_secs(20);

/// The clock of the wall goes further than ours by this much only when the computer has slept.
const SLEPT: Duration = Duration::from_secs(5);

/// A change of the list is told after this.
const TELL_GAP: Duration = Duration::from_millis(100);

/// A look at the network that somebody asks for is worth it after so long.
const LOOK_GAP: Duration = Duration::from_secs(3);

/// The far end: all that is known of the neighbourhood.
pub(super) struct Watch {
    loopback: bool,
    own_key: DeviceKey,
    notes: Sender<Note>,
    orders: Option<Orders>,
    library: Option<Library>,
    claims: Claims,
    own: Option<Own>,
    named: Instant,
    next_beat: Instant,
    places: Vec<Place>,
    next_check: Instant,
    retry: Option<Instant>,
    looked: Instant,
    clocks: (Instant, SystemTime),
    told: Vec<Nearby>,
    tell_from: Instant,
    changed: bool,
}

impl Watch {
    pub(super) fn new(reach: Reach, own_key: DeviceKey, notes: Sender<Note>) -> Self {
        let now = Instant::now();
        Self {
            loopback: reach == Reach::Loopback,
            own_key,
            notes,
            orders: None,
            library: None,
            claims: Claims::default(),
            own: None,
            named: now,
            next_beat: now,
            places: Vec::new(),
            next_check: now,
            retry: None,
            looked: now,
            clocks: (now, SystemTime::now()),
            told: Vec::new(),
            tell_from: now,
            changed: false,
        }
    }

    pub(super) fn run(mut self, ordered: &Receiver<Orders>) {
        loop {
            let heard = self.library.as_ref().map_or_else(crossbeam_channel::never, |library| library.heard.clone());
            select! {
                recv(ordered) -> orders => match orders {
                    Ok(orders) => self.obey(ordered.try_iter().last().unwrap_or(orders)),
                    Err(_) => break,
                },
                recv(heard) -> event => match event {
                    Ok(event) => self.hear(event),
                    // The library gives up listeners that are too far behind, and may have broken down itself.
                    Err(_) => self.lose_library(),
                },
                default(self.wait()) => {}
            }
            self.look_at_the_clock();
        }
        if let Some(library) = self.library.take() {
            library.say_goodbye(self.own.as_ref().map(Own::fullname));
        }
    }

    /// How long nothing has to be done.
    fn wait(&self) -> Duration {
        let beat = self.own.as_ref().map(|_| self.next_beat);
        let tell = self.changed.then_some(self.tell_from);
        let check = self.orders.as_ref().map(|_| self.next_check);
        let due = [beat, tell, check, self.claims.next_tick(), self.retry].into_iter().flatten().min();
        due.map_or(Duration::from_hours(1), |at| at.saturating_duration_since(Instant::now()))
    }

    fn obey(&mut self, orders: Orders) {
        let now = Instant::now();
        let before = self.orders.replace(orders.clone());
        if before.as_ref().is_none_or(|before| before.keys != orders.keys) {
            self.claims.know(orders.keys);
        }
        if before.is_none() {
            self.places = interfaces::places(self.loopback);
            self.next_check = now + CHECK;
            return self.start_anew(now);
        }
        if before.is_some_and(|before| before.looks != orders.looks) && now >= self.looked + LOOK_GAP {
            self.looked = now;
            if let Some(library) = &mut self.library
                && !library.browse()
            {
                self.lose_library();
            }
        }
        self.announce(now);
    }

    fn look_at_the_clock(&mut self) {
        let now = Instant::now();
        if now >= self.next_check && self.orders.is_some() {
            self.check(now);
        }
        if self.retry.is_some_and(|at| now >= at) {
            self.start_anew(now);
        }
        for instance in self.claims.tick(now) {
            if let Some(library) = &self.library {
                library.ask_for(&instance);
            }
        }
        if self.own.is_some() && now >= self.next_beat {
            self.beat(now);
        }
        if !self.changed && self.claims.list() != self.told {
            self.changed = true;
            // The records of one device come in several packets.
            self.tell_from = now + TELL_GAP;
        }
        if self.changed && now >= self.tell_from {
            self.tell();
        }
    }

    /// Whether the network has changed, or the computer has slept.
    fn check(&mut self, now: Instant) {
        self.next_check = now + CHECK;
        let wall = SystemTime::now();
        let (then, wall_then) = std::mem::replace(&mut self.clocks, (now, wall));
        let slept = has_slept(now.duration_since(then), wall.duration_since(wall_then).unwrap_or_default());
        let places = interfaces::places(self.loopback);
        if slept || places != self.places {
            self.places = places;
            return self.start_anew(now);
        }
        if self.library.as_mut().is_some_and(Library::is_overgrown) {
            self.start_anew(now);
        }
    }

    /// Leaves all that was true of the network before behind.
    fn start_anew(&mut self, now: Instant) {
        // Dropped, it says goodbye once, where the network still is what it was.
        self.library = None;
        self.claims.doubt(now);
        self.own = None;
        self.retry = None;
        self.looked = now;
        match Library::start(self.loopback) {
            Some(library) => self.library = Some(library),
            None => self.retry = Some(now + RETRY),
        }
        self.announce(now);
        // Only dispatch that shuts down does not hear it.
        self.notes.send(Note::Interfaces(interfaces::tried(&self.places))).ok();
    }

    fn lose_library(&mut self) {
        self.library = None;
        self.own = None;
        // Not at once: whoever brought it down may go on.
        self.retry = Some(Instant::now() + CHECK);
    }

    /// Says what is to be said, if that is something else than before.
    fn announce(&mut self, now: Instant) {
        let Some(orders) = &self.orders else { return };
        let says = orders.port.filter(|_| orders.visible_to != Visibility::Nobody).map(|port| Announcement {
            to: orders.visible_to,
            name: orders.name.clone(),
            port,
        });
        if self.own.as_ref().map(|own| &own.says) != says.as_ref() {
            self.rename(says, now);
        }
    }

    /// Goes by another name from now on, or by none.
    fn rename(&mut self, says: Option<Announcement>, now: Instant) {
        let old = self.own.take();
        // Without randomness there is no name, and nothing is announced.
        self.own = says.and_then(|says| Own::new(says, self.own_key).ok());
        self.named = now;
        self.beat(now);
        // Afterwards: who shows us knows us by the new name already.
        if let (Some(old), Some(library)) = (old, &self.library) {
            library.withdraw(&old.fullname());
        }
    }

    fn beat(&mut self, now: Instant) {
        self.next_beat = now + BEAT;
        if now >= self.named + NAME_LIFE {
            let says = self.own.as_ref().map(|own| own.says.clone());
            return self.rename(says, now);
        }
        if let (Some(own), Some(library)) = (&mut self.own, &self.library) {
            library.announce(own);
        }
    }

    fn hear(&mut self, event: ServiceEvent) {
        let now = Instant::now();
        match event {
            ServiceEvent::ServiceResolved(service) => {
                let found = Heard::parse(&service, self.loopback);
                // Another process of this profile may announce it, and what was announced before may come back.
                let own = |heard: &Heard| heard.mark.is_some_and(|mark| mark.whose(&[self.own_key]).is_some());
                if let Some((instance, heard)) = found.filter(|(_, heard)| !own(heard)) {
                    self.claims.hear(&instance, heard, now);
                }
            }
            ServiceEvent::ServiceRemoved(_, fullname) => {
                if let Some(instance) = heard::instance(&fullname) {
                    self.claims.leave(instance, now);
                }
            }
            _ => {}
        }
    }

    fn tell(&mut self) {
        self.changed = false;
        let list = self.claims.list();
        if list != self.told {
            self.told.clone_from(&list);
            // Only dispatch that shuts down does not hear it.
            self.notes.send(Note::Nearby(list)).ok();
        }
    }
}

/// Our clock stands still while the computer sleeps, and that on the wall goes on.
fn has_slept(ours: Duration, wall: Duration) -> bool {
    wall > ours + SLEPT
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::bounded;

    use super::*;

    /// Without the library: nothing is sent.
    fn watch() -> (Watch, Receiver<Note>) {
        let (notes, heard) = bounded(16);
        let mut watch = Watch::new(Reach::Loopback, DeviceKey([1; 32]), notes);
        watch.orders = Some(orders(Visibility::Everybody, Some(9527)));
        (watch, heard)
    }

    fn orders(visible_to: Visibility, port: Option<u16>) -> Orders {
        Orders { visible_to, name: "Anna".to_owned(), port, keys: Vec::new(), looks: 0 }
    }

    fn name(watch: &Watch) -> Option<String> {
        watch.own.as_ref().map(Own::fullname)
    }

    #[test]
    fn sleep_is_what_only_the_clock_on_the_wall_has_seen() {
        let seconds = Duration::from_secs;
        assert!(has_slept(seconds(2), seconds(3600)));
        // Slow, or somebody has set the clock a little, or back.
        assert!(
            !has_slept(seconds(60), seconds(60))
                && !has_slept(seconds(2), seconds(4))
                && !has_slept(seconds(2), seconds(0))
        );
    }

    #[test]
    fn a_name_is_used_for_an_hour_and_then_never_again() {
        let ((mut watch, _heard), now) = (watch(), Instant::now());
        watch.announce(now);
        let first = name(&watch);
        assert!(first.is_some());
        watch.beat(now + BEAT);
        watch.announce(now + BEAT);
        assert_eq!(name(&watch), first, "a beat changes nothing that it is known by");
        watch.beat(now + NAME_LIFE);
        assert!(name(&watch).is_some() && name(&watch) != first);
    }

    #[test]
    fn whatever_is_said_anew_is_said_under_another_name() {
        let ((mut watch, _heard), now) = (watch(), Instant::now());
        watch.announce(now);
        let mut names = vec![name(&watch)];
        for orders in [
            orders(Visibility::Verified, Some(9527)),
            orders(Visibility::Everybody, Some(9527)),
            Orders { name: "Berta".to_owned(), ..orders(Visibility::Everybody, Some(9527)) },
            orders(Visibility::Everybody, Some(9528)),
        ] {
            watch.orders = Some(orders);
            watch.announce(now);
            assert!(!names.contains(&name(&watch)), "{names:?}");
            names.push(name(&watch));
        }
    }

    #[test]
    fn who_is_visible_to_nobody_or_does_not_listen_says_nothing() {
        let ((mut watch, _heard), now) = (watch(), Instant::now());
        watch.announce(now);
        for silent in [orders(Visibility::Nobody, Some(9527)), orders(Visibility::Everybody, None)] {
            watch.orders = Some(silent);
            watch.announce(now);
            assert_eq!(name(&watch), None);
        }
    }
}
