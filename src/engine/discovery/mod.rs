//! Devices nearby find each other: multicast DNS (RFC 6762) and DNS-based service discovery (RFC 6763), service
//! `_sealdrop._tcp.local.`, over IPv4 and IPv6 on every interface.
//!
//! # What is announced
//!
//! | visible to | instance name | TXT record |
//! | --- | --- | --- |
//! | everybody | 56 hex digits | `name`, `os`, `port`, `version`, and `beat`, a number that changes |
//! | verified devices | 56 hex digits | empty |
//! | nobody | nothing is announced | |
//!
//! The instance name is a [`mark`]: 16 random bytes, then the first 12 of `SHA-256("sealdrop nearby 1" || those || key)`. To
//! anybody who does not know the device's key it is random; whoever knows the key computes the same and recognises it. It is
//! renewed each hour, whenever what is said changes, and on every change of the network, and so is the host name in the SRV, A
//! and AAAA records, which is random as well: nobody can follow a device from network to network by its announcements, but
//! who has been connected to it before and so has seen its key. (That is why the name itself carries the mark and not a field
//! beside it: with *verified devices* there is nothing beside it.)
//!
//! An announcement is a claim. The only proof is TLS: dispatch dials a recognised device with its key expected before it says
//! that it is here, and a person's transfer to it expects the key in any case. Somebody who repeats another's announcement
//! leads nobody astray.
//!
//! # Who is gone
//!
//! A program that ends says goodbye (records with a time to live of 0). One that crashes, or whose network is cut, cannot.
//! Records live for two minutes, and the library gives no way to make that shorter, so each device announces itself every 15 s
//! with another `beat` (a record that is new is what a listener hears of), and whoever is not heard of for 18 s is asked for
//! (RFC 6762, section 10.4) and goes when no answer comes within 8 s. Announcing is the cheaper of the two: it costs each network
//! as many packets as there are devices, and not devices times listeners.
//!
//! # What strangers can do
//!
//! Announce whatever they like: names are cut and made safe, [`claims`] keeps 256 announcements, 8 of one address, and compares
//! each with at most 1,024 keys. The library's own memory has no bound; when it holds absurdly much it is started anew.
//!
//! # Networks that change
//!
//! Every two seconds interfaces and their addresses are looked at. When they have changed, or the computer has slept, the
//! library is started anew and everybody has a moment to be heard again: nothing is left of what was true of the network before.
//! An interface on which multicast fails (a virtual one, one behind a firewall) is named in [`Note::Interfaces`], and the others
//! go on.

mod announce;
mod claims;
mod heard;
mod interfaces;
mod library;
mod mark;

use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded, select};
use mdns_sd::ServiceEvent;

use crate::model::{
    device_key::DeviceKey,
    nearby::{Nearby, Reach, Visibility},
};

use super::{note::Note, threads};
use announce::{Announcement, Own};
use claims::Claims;
use heard::Heard;
use interfaces::Place;
use library::Library;

/// The service, as it is browsed for.
const SERVICE: &str = "_sealdrop._tcp.local.";

/// Each device announces itself this often.
const BEAT: Duration = Duration::from_secs(15);

/// Who is asked for has this long to answer.
const ANSWER: Duration = Duration::from_secs(8);

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

/// Orders that may wait; each replaces those before it.
const ORDERS: usize = 16;

/// What dispatch wants: the whole of it each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orders {
    pub visible_to: Visibility,
    pub name: String,
    /// Where this device listens; nothing is announced without.
    pub port: Option<u16>,
    /// Of verified devices: these are recognised.
    pub keys: Vec<DeviceKey>,
    /// Another number than before: look around anew.
    pub looks: u64,
}

/// The near end. Dropping it ends discovery, with a goodbye.
pub struct Discovery {
    orders: Sender<Orders>,
}

impl Discovery {
    /// Starts looking around once the first orders have come.
    ///
    /// # Errors
    /// No thread.
    pub fn start(reach: Reach, own_key: DeviceKey, notes: Sender<Note>) -> std::io::Result<Self> {
        let (orders, ordered) = bounded(ORDERS);
        threads::spawn("nearby", move || Watch::new(reach, own_key, notes).run(&ordered))?;
        Ok(Self { orders })
    }

    /// `false`: it is behind; say it again in a moment.
    pub fn order(&self, orders: Orders) -> bool {
        !matches!(self.orders.try_send(orders), Err(TrySendError::Full(_)))
    }
}

/// The far end: all that is known of the neighbourhood.
struct Watch {
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
    fn new(reach: Reach, own_key: DeviceKey, notes: Sender<Note>) -> Self {
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

    fn run(mut self, ordered: &Receiver<Orders>) {
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
        let went = wall.duration_since(wall_then).unwrap_or_default();
        let slept = went > now.duration_since(then) + SLEPT;
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
