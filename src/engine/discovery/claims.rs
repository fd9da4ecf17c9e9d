//! Who is nearby, by their own word: a bounded table of announcements, and what becomes of those that fall silent.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crate::model::{
    device::PeerAddr,
    device_key::DeviceKey,
    nearby::{MAX_ADDRESSES, Nearby, Proof},
};

use super::{BEAT, heard::Heard};

/// Announcements that are kept: more than a person looks through, and than fit on most networks.
pub(super) const MAX_CLAIMS: usize = 256;

/// Announcements of one address that are kept: several people may share a computer.
const MAX_OF_ADDRESS: usize = 16;

/// Who has not been heard of for this long is asked for: a beat, and some for the way.
const SILENCE: Duration = BEAT.saturating_add(Duration::from_secs(3));

/// Who says goodbye may only be taking another name: the list shows no gap for that.
const LEAVES_AFTER: Duration = Duration::from_millis(1200);

/// After our own network has changed, everybody has this long to be heard again.
const DOUBT: Duration = Duration::from_secs(4);

/// The table.
#[derive(Default)]
pub(super) struct Claims {
    entries: HashMap<String, Entry>,
    keys: Vec<DeviceKey>,
}

struct Entry {
    heard: Heard,
    key: Option<DeviceKey>,
    /// When something was heard of it, or it was asked for.
    last: Instant,
    /// It goes then, unless it is heard again before.
    leaves: Option<Instant>,
}

impl Claims {
    /// Somebody has announced itself, for the first time or again.
    pub(super) fn hear(&mut self, instance: &str, heard: Heard, now: Instant) {
        let key = heard.mark.as_ref().and_then(|mark| mark.whose(&self.keys));
        if let Some(entry) = self.entries.get_mut(instance) {
            if entry.heard == heard && entry.leaves.is_none() {
                // The library repeats what it remembers; from the network something new would have come.
                return;
            }
            *entry = Entry { heard, key, last: now, leaves: None };
            return;
        }
        // The same device under another name, which it takes every hour.
        let same = |entry: &Entry| {
            entry.heard.addresses.iter().any(|address| heard.addresses.contains(address)) && entry.key == key
        };
        self.entries.retain(|_, entry| !same(entry));
        if self.has_room(&heard, key.is_some()) {
            self.entries.insert(instance.to_owned(), Entry { heard, key, last: now, leaves: None });
        }
    }

    /// Somebody has said goodbye, or was asked for in vain.
    pub(super) fn leave(&mut self, instance: &str, now: Instant) {
        if let Some(entry) = self.entries.get_mut(instance) {
            entry.leaves = Some(entry.leaves.unwrap_or(now + LEAVES_AFTER).min(now + LEAVES_AFTER));
        }
    }

    /// Our network has changed: nobody counts any longer who is not heard again soon.
    pub(super) fn doubt(&mut self, now: Instant) {
        for entry in self.entries.values_mut() {
            entry.leaves = Some(entry.leaves.map_or(now + DOUBT, |at| at.min(now + DOUBT)));
        }
    }

    /// The keys that announcements are compared with.
    pub(super) fn know(&mut self, keys: Vec<DeviceKey>) {
        self.keys = keys;
        for entry in self.entries.values_mut() {
            entry.key = entry.heard.mark.as_ref().and_then(|mark| mark.whose(&self.keys));
        }
    }

    /// Takes out who has left, and gives those that are to be asked for.
    pub(super) fn tick(&mut self, now: Instant) -> Vec<String> {
        self.entries.retain(|_, entry| entry.leaves.is_none_or(|at| now < at));
        let silent = self.entries.iter_mut().filter(|(_, entry)| now >= entry.last + SILENCE);
        silent
            .map(|(instance, entry)| {
                entry.last = now;
                instance.clone()
            })
            .collect()
    }

    /// When `tick` has something to do next.
    pub(super) fn next_tick(&self) -> Option<Instant> {
        let times = self.entries.values().map(|entry| entry.leaves.unwrap_or(entry.last + SILENCE));
        times.min()
    }

    /// Everybody who can be shown: those that gave a name, and those whose keys are known, once each. In a fixed order.
    pub(super) fn list(&self) -> Vec<Nearby> {
        let mut entries: Vec<(&String, &Entry)> = self.entries.iter().collect();
        entries.sort_by_key(|(instance, entry)| (std::cmp::Reverse(entry.key), *instance));
        let mut list: Vec<Nearby> = Vec::new();
        for (_, Entry { heard, key, .. }) in entries {
            if let Some(same) = key.and_then(|key| list.iter_mut().find(|there| there.key == Some(key))) {
                add_addresses(&mut same.addresses, &heard.addresses);
            } else if key.is_some() || !heard.name.is_empty() {
                let Heard { name, os, version, addresses, .. } = heard.clone();
                list.push(Nearby { name, os, version, addresses, key: *key, proof: Proof::Claimed });
            }
        }
        list.sort_by(|one, other| {
            let name = |it: &Nearby| it.name.to_lowercase();
            name(one).cmp(&name(other)).then_with(|| one.addresses.cmp(&other.addresses))
        });
        list
    }

    /// Whether one more may come. Who is known takes the place of somebody who is not.
    fn has_room(&mut self, heard: &Heard, known: bool) -> bool {
        let at_same = |entry: &&Entry| {
            let host = |address: &PeerAddr| heard.addresses.iter().any(|other| other.host == address.host);
            entry.heard.addresses.iter().any(host)
        };
        if !known && self.entries.values().filter(at_same).count() >= MAX_OF_ADDRESS {
            return false;
        }
        if self.entries.len() < MAX_CLAIMS {
            return true;
        }
        let stranger = self.entries.iter().filter(|(_, entry)| entry.key.is_none()).min_by_key(|(_, entry)| entry.last);
        let Some(oldest) = stranger.map(|(instance, _)| instance.clone()).filter(|_| known) else { return false };
        self.entries.remove(&oldest);
        true
    }
}

fn add_addresses(to: &mut Vec<PeerAddr>, more: &[PeerAddr]) {
    for address in more {
        if to.len() < MAX_ADDRESSES && !to.contains(address) {
            to.push(address.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::mark::Mark, *};

    const ANNA: DeviceKey = DeviceKey([1; 32]);

    fn heard(name: &str, address: &str) -> Heard {
        Heard {
            mark: None,
            name: name.to_owned(),
            os: None,
            version: None,
            beat: None,
            addresses: vec![address.parse().unwrap()],
        }
    }

    fn of_anna(address: &str) -> (String, Heard) {
        let mark = Mark::fresh(ANNA).unwrap();
        (mark.instance(), Heard { mark: Some(mark), ..heard("", address) })
    }

    fn names(claims: &Claims) -> Vec<String> {
        claims.list().into_iter().map(|nearby| nearby.name).collect()
    }

    #[test]
    fn who_says_nothing_is_shown_only_to_those_that_know_its_key() {
        let (mut claims, now) = (Claims::default(), Instant::now());
        let (instance, anna) = of_anna("10.0.0.1");
        claims.hear(&instance, anna, now);
        assert_eq!(claims.list(), []);
        claims.know(vec![ANNA]);
        let list = claims.list();
        assert_eq!((list.len(), list[0].key, list[0].proof), (1, Some(ANNA), Proof::Claimed));
        claims.know(Vec::new());
        assert_eq!(claims.list(), []);
    }

    #[test]
    fn one_key_is_listed_once_with_all_its_addresses() {
        let (mut claims, now) = (Claims::default(), Instant::now());
        claims.know(vec![ANNA]);
        for address in ["10.0.0.1", "10.0.1.1"] {
            let (instance, anna) = of_anna(address);
            claims.hear(&instance, anna, now);
        }
        let list = claims.list();
        assert_eq!((list.len(), list[0].addresses.len()), (1, 2));
    }

    #[test]
    fn a_device_that_takes_another_name_is_there_all_the_time() {
        let (mut claims, now) = (Claims::default(), Instant::now());
        claims.hear("old", heard("Laptop", "10.0.0.1"), now);
        claims.leave("old", now);
        assert_eq!(names(&claims), ["Laptop"], "it may come again at once");
        claims.hear("new", heard("Laptop", "10.0.0.1"), now);
        claims.leave("old", now);
        claims.tick(now + LEAVES_AFTER);
        assert_eq!(names(&claims), ["Laptop"]);
        claims.leave("new", now);
        claims.tick(now + LEAVES_AFTER);
        assert_eq!(claims.list(), []);
    }

    #[test]
    fn a_stranger_does_not_take_the_place_of_a_known_device_at_its_address() {
        let (mut claims, now) = (Claims::default(), Instant::now());
        claims.know(vec![ANNA]);
        let (instance, anna) = of_anna("10.0.0.1");
        claims.hear(&instance, anna, now);
        claims.hear("mallory", heard("Mallory", "10.0.0.1"), now);
        assert_eq!(claims.list().iter().filter(|nearby| nearby.key == Some(ANNA)).count(), 1);
    }

    #[test]
    fn who_falls_silent_is_asked_for_once_in_a_while() {
        let (mut claims, now) = (Claims::default(), Instant::now());
        claims.hear("a", heard("A", "10.0.0.1"), now);
        assert_eq!(claims.next_tick(), Some(now + SILENCE));
        assert!(claims.tick(now + SILENCE.saturating_sub(Duration::from_millis(1))).is_empty());
        assert_eq!(claims.tick(now + SILENCE), ["a"]);
        assert!(claims.tick(now + SILENCE).is_empty());
        claims.hear("a", heard("A", "10.0.0.1"), now + BEAT);
        assert_eq!(claims.next_tick(), Some(now + SILENCE + SILENCE), "what is only remembered is no sign of life");
        claims.hear("a", Heard { beat: Some("2".into()), ..heard("A", "10.0.0.1") }, now + SILENCE + BEAT);
        assert!(claims.tick(now + SILENCE + SILENCE).is_empty(), "it was heard meanwhile");
    }

    #[test]
    fn after_a_change_of_network_only_those_that_are_heard_again_stay() {
        let (mut claims, now) = (Claims::default(), Instant::now());
        claims.hear("a", heard("A", "10.0.0.1"), now);
        claims.hear("b", heard("B", "10.0.0.2"), now);
        claims.doubt(now);
        claims.hear("b", heard("B", "10.0.0.2"), now);
        assert_eq!(names(&claims), ["A", "B"]);
        claims.tick(now + DOUBT);
        assert_eq!(names(&claims), ["B"]);
    }

    #[test]
    fn any_number_of_strangers_leaves_room_for_a_known_device() {
        let (mut claims, now) = (Claims::default(), Instant::now());
        for n in 0..2000_u32 {
            claims.hear(&format!("i{n}"), heard("Crowd", &format!("10.0.{}.{}", n / 250, n % 250)), now);
        }
        assert_eq!(claims.entries.len(), MAX_CLAIMS);
        claims.know(vec![ANNA]);
        let (instance, anna) = of_anna("10.9.0.1");
        claims.hear(&instance, anna, now);
        assert_eq!(claims.entries.len(), MAX_CLAIMS);
        assert!(claims.list().iter().any(|nearby| nearby.key == Some(ANNA)));
    }

    #[test]
    fn one_address_has_few_places() {
        let (mut claims, now) = (Claims::default(), Instant::now());
        for port in 1..50 {
            claims.hear(&format!("i{port}"), heard("Many", &format!("10.0.0.1:{port}")), now);
        }
        assert_eq!(claims.entries.len(), MAX_OF_ADDRESS);
    }
}
