//! Which verified devices are here, and which are to be asked whether they are: what is claimed nearby, what TLS has shown,
//! and what the device book remembers, merged so that each device is listed once.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crate::model::{
    book::{KnownDevice, Rule},
    device::PeerAddr,
    device_key::DeviceKey,
    nearby::{Nearby, Proof},
};

/// A device that announces nothing counts as here for so long after it has shown its key,
const HERE_FOR: Duration = Duration::from_secs(30);
/// and is asked again before that is over.
const ASK_AGAIN: Duration = Duration::from_secs(20);
/// One that is away is looked for this often where it was met before.
const NOW_AND_THEN: Duration = Duration::from_mins(5);
/// A claim that was not made good is tried again after this.
const DOUBTED: Duration = Duration::from_secs(30);
/// Somebody who has said goodbye may only have stopped announcing itself.
const AFTER_GOODBYE: Duration = Duration::from_secs(1);
/// A look around asks nobody who was asked so shortly before.
const ASKED_JUST_NOW: Duration = Duration::from_secs(5);
/// What is claimed in a device's name is looked into at once so often
const MAX_HASTE: u8 = 4;
/// within this time: whoever repeats its announcement with one address after another does not have us dial them all.
const HASTE: Duration = Duration::from_mins(1);
/// So many are asked at the same time.
const MAX_ASKED: usize = 8;
/// So many addresses of one device are tried.
const MAX_TRIED: usize = 4;
/// Devices that are looked for: the most recent of the book.
const MAX_LOOKED_FOR: usize = 256;

/// What is known of the neighbourhood.
#[derive(Default)]
pub(super) struct Neighbours {
    claims: Vec<Nearby>,
    known: HashMap<DeviceKey, Known>,
}

/// What is new about a verified device that has shown its key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sighting {
    /// It was away before, as far as anybody knew.
    pub(super) came: bool,
    /// The device book does not name this address first.
    pub(super) elsewhere: bool,
}

/// A verified device.
struct Known {
    name: String,
    /// Where it was met, most recent first.
    addresses: Vec<PeerAddr>,
    shown: Option<(PeerAddr, Instant)>,
    /// When to ask for it next.
    due: Option<Instant>,
    asked: Option<Instant>,
    /// How often it was asked for because of a claim, and since when that is counted.
    haste: Option<(Instant, u8)>,
    /// A call is under way.
    calling: bool,
    blocked: bool,
}

impl Neighbours {
    /// The device book has changed.
    pub(super) fn book(&mut self, devices: &[KnownDevice], now: Instant) {
        let mut before = std::mem::take(&mut self.known);
        for device in devices.iter().take(MAX_LOOKED_FOR) {
            let Some(trusted) = &device.trusted else { continue };
            let old = before.remove(&trusted.key);
            let is_new = old.is_none();
            let mut known = old.unwrap_or_else(|| Known {
                name: String::new(),
                addresses: Vec::new(),
                shown: None,
                due: None,
                asked: None,
                haste: None,
                calling: false,
                blocked: false,
            });
            known.name.clone_from(&device.name);
            known.addresses.clone_from(&device.addresses);
            known.blocked = trusted.rule == Rule::Block;
            if is_new {
                known.due = Some(now);
            }
            self.known.insert(trusted.key, known);
        }
    }

    /// Discovery has told who announces itself.
    pub(super) fn claimed(&mut self, claims: Vec<Nearby>, now: Instant) {
        let before = std::mem::replace(&mut self.claims, claims);
        let of = |claims: &[Nearby], key: DeviceKey| claims.iter().find(|claim| claim.key == Some(key)).cloned();
        for (key, known) in &mut self.known {
            match (of(&before, *key), of(&self.claims, *key)) {
                (_, Some(claim)) if known.is_shown_at(&claim.addresses) => known.due = None,
                (Some(before), Some(claim)) if before.addresses == claim.addresses => {}
                (_, Some(_)) => known.due = Some(known.hurried(now, now)),
                (Some(_), None) => {
                    known.shown = None;
                    known.due = Some(known.hurried(now, now + AFTER_GOODBYE));
                }
                (None, None) => {}
            }
        }
    }

    /// TLS has shown the key of a verified device at `at`.
    pub(super) fn shown(&mut self, key: DeviceKey, at: &PeerAddr, now: Instant) -> Sighting {
        let claim = self.claims.iter().find(|claim| claim.key == Some(key)).map(|claim| claim.addresses.clone());
        let Some(known) = self.known.get_mut(&key) else { return Sighting::default() };
        let came = !known.is_here(claim.as_deref(), now);
        let elsewhere = known.addresses.first() != Some(at);
        known.shown = Some((at.clone(), now));
        known.asked = Some(now);
        known.due = match claim {
            Some(addresses) if known.is_shown_at(&addresses) => None,
            _ => Some(now + ASK_AGAIN),
        };
        Sighting { came, elsewhere }
    }

    /// A call to a verified device is over.
    pub(super) fn answered(&mut self, key: DeviceKey, shown: bool, now: Instant) {
        let claimed = self.claims.iter().any(|claim| claim.key == Some(key));
        let Some(known) = self.known.get_mut(&key) else { return };
        known.calling = false;
        if !shown {
            known.shown = None;
            known.due = Some(now + if claimed { DOUBTED } else { NOW_AND_THEN });
        }
    }

    /// Somebody looks, or the network has changed: whoever is not here beyond doubt is asked for.
    pub(super) fn look_around(&mut self, now: Instant) {
        for (key, known) in &mut self.known {
            let claim = self.claims.iter().find(|claim| claim.key == Some(*key));
            let is_sure = claim.is_some_and(|claim| known.is_shown_at(&claim.addresses));
            if !is_sure && known.asked.is_none_or(|asked| now >= asked + ASKED_JUST_NOW) {
                known.due = Some(now);
            }
        }
    }

    /// The next verified device that is to be called, and where. Call it, and tell `answered`.
    pub(super) fn next_call(&mut self, now: Instant) -> Option<(DeviceKey, Vec<PeerAddr>)> {
        if self.known.values().filter(|known| known.calling).count() >= MAX_ASKED {
            return None;
        }
        let claims = &self.claims;
        let due = self.known.iter_mut().filter(|(_, known)| known.is_due(now)).min_by_key(|(_, known)| known.due);
        let (key, known) = due?;
        let claimed = claims.iter().find(|claim| claim.key == Some(*key)).map(|claim| claim.addresses.as_slice());
        let addresses = in_turns(claimed.unwrap_or_default(), &known.addresses);
        known.due = None;
        known.asked = Some(now);
        if addresses.is_empty() {
            return self.next_call(now);
        }
        known.calling = true;
        Some((*key, addresses))
    }

    /// When there is something to do: somebody to call, or somebody who does not count as here any longer.
    pub(super) fn next_look(&self) -> Option<Instant> {
        let room = self.known.values().filter(|known| known.calling).count() < MAX_ASKED;
        let due = self.known.values().filter(|known| room && !known.calling && !known.blocked).filter_map(|it| it.due);
        due.min()
    }

    /// When, after `looked`, somebody does not count as here any longer, unless the key is shown again.
    pub(super) fn next_change(&self, looked: Instant) -> Option<Instant> {
        let until = self.known.values().filter_map(|known| known.shown.as_ref()).map(|(_, when)| *when + HERE_FOR);
        until.filter(|at| *at > looked).min()
    }

    /// Everybody who is here or says so, each once.
    pub(super) fn list(&self, now: Instant) -> Vec<Nearby> {
        let here = |key: DeviceKey| {
            let claim = self.claims.iter().find(|claim| claim.key == Some(key)).map(|claim| claim.addresses.as_slice());
            self.known.get(&key).filter(|known| known.is_here(claim, now))
        };
        let is_somebody_else = |claim: &&Nearby| {
            // Who has proved to be somebody at this place does not stand there a second time under what it says of itself.
            claim.key.is_some()
                || !self.known.keys().any(|key| here(*key).is_some_and(|it| it.is_shown_at(&claim.addresses)))
        };
        let mut list: Vec<Nearby> = self
            .claims
            .iter()
            .filter(is_somebody_else)
            .map(|claim| self.merged(claim, claim.key.and_then(here)))
            .collect();
        for (key, known) in &self.known {
            if let (Some((at, _)), Some(_)) = (&known.shown, here(*key))
                && !list.iter().any(|there| there.key == Some(*key))
            {
                let (name, addresses) = (known.name.clone(), vec![at.clone()]);
                let proof = Proof::Shown;
                list.push(Nearby { name, os: None, version: None, addresses, key: Some(*key), proof });
            }
        }
        list.sort_by(|one, other| {
            let order = |it: &Nearby| (it.key.is_none(), it.name.to_lowercase());
            order(one).cmp(&order(other)).then_with(|| one.addresses.cmp(&other.addresses))
        });
        list
    }

    /// A claim, with what is known of who makes it.
    fn merged(&self, claim: &Nearby, here: Option<&Known>) -> Nearby {
        let mut merged = claim.clone();
        if let Some(known) = claim.key.and_then(|key| self.known.get(&key)) {
            merged.name.clone_from(&known.name);
        }
        if let Some((at, _)) = here.and_then(|known| known.shown.as_ref()) {
            merged.proof = Proof::Shown;
            merged.addresses.retain(|address| address != at);
            merged.addresses.insert(0, at.clone());
        }
        merged
    }
}

/// The first `MAX_TRIED` of both, each once: whoever repeats a device's announcement with addresses of its own does not push
/// aside those where it was met.
fn in_turns(claimed: &[PeerAddr], met: &[PeerAddr]) -> Vec<PeerAddr> {
    let mut addresses: Vec<PeerAddr> = Vec::new();
    for at in 0..claimed.len().max(met.len()) {
        for address in [claimed.get(at), met.get(at)].into_iter().flatten() {
            if addresses.len() < MAX_TRIED && !addresses.contains(address) {
                addresses.push(address.clone());
            }
        }
    }
    addresses
}

impl Known {
    /// When to look into a claim: `soon`, or later if that has happened often.
    fn hurried(&mut self, now: Instant, soon: Instant) -> Instant {
        let (since, times) = self.haste.filter(|(since, _)| now < *since + HASTE).unwrap_or((now, 0));
        if times >= MAX_HASTE {
            let later = since + HASTE;
            return self.due.map_or(later, |due| due.min(later));
        }
        self.haste = Some((since, times + 1));
        soon
    }

    fn is_shown_at(&self, addresses: &[PeerAddr]) -> bool {
        self.shown.as_ref().is_some_and(|(at, _)| addresses.contains(at))
    }

    fn is_here(&self, claimed: Option<&[PeerAddr]>, now: Instant) -> bool {
        let lately = self.shown.as_ref().is_some_and(|(_, when)| now < *when + HERE_FOR);
        lately || claimed.is_some_and(|addresses| self.is_shown_at(addresses))
    }

    fn is_due(&self, now: Instant) -> bool {
        !self.calling && !self.blocked && self.due.is_some_and(|due| now >= due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::book::Book;

    const ANNA: DeviceKey = DeviceKey([1; 32]);
    const BERT: DeviceKey = DeviceKey([2; 32]);

    fn addr(host: &str) -> PeerAddr {
        host.parse().unwrap()
    }

    fn claim(key: Option<DeviceKey>, host: &str) -> Nearby {
        let addresses = vec![addr(host)];
        Nearby { name: format!("at {host}"), os: None, version: None, addresses, key, proof: Proof::Claimed }
    }

    fn with_anna(now: Instant) -> Neighbours {
        let mut book = Book::default();
        book.verify(ANNA, "Anna", Some(addr("a")), 1);
        let mut neighbours = Neighbours::default();
        neighbours.book(&book.devices, now);
        neighbours
    }

    fn listed(neighbours: &Neighbours, now: Instant) -> Vec<(String, Proof)> {
        neighbours.list(now).into_iter().map(|it| (it.name, it.proof)).collect()
    }

    fn anna(proof: Proof) -> (String, Proof) {
        ("Anna".to_owned(), proof)
    }

    #[test]
    fn a_remembered_device_is_asked_for_at_the_start_and_is_here_when_it_shows_its_key() {
        let now = Instant::now();
        let mut neighbours = with_anna(now);
        assert_eq!(neighbours.next_call(now), Some((ANNA, vec![addr("a")])));
        assert_eq!(neighbours.next_call(now), None, "it is being called");
        let sighting = neighbours.shown(ANNA, &addr("a"), now);
        assert_eq!(sighting, Sighting { came: true, elsewhere: false }, "it was away before");
        neighbours.answered(ANNA, true, now);
        assert_eq!(listed(&neighbours, now), [anna(Proof::Shown)]);
        assert_eq!(neighbours.shown(ANNA, &addr("a"), now + ASK_AGAIN), Sighting::default());
        let moved = neighbours.shown(ANNA, &addr("b"), now + ASK_AGAIN);
        assert_eq!(moved, Sighting { came: false, elsewhere: true });
        let end = now + ASK_AGAIN + HERE_FOR;
        assert_eq!(neighbours.next_change(now), Some(end));
        assert_eq!((listed(&neighbours, end), neighbours.next_change(end)), (vec![], None));
    }

    #[test]
    fn one_that_is_gone_is_asked_for_in_time_and_then_only_now_and_then() {
        let now = Instant::now();
        let mut neighbours = with_anna(now);
        neighbours.shown(ANNA, &addr("a"), now);
        let later = now + ASK_AGAIN;
        assert_eq!(neighbours.next_look(), Some(later));
        assert!(neighbours.next_call(later).is_some());
        neighbours.answered(ANNA, false, later);
        assert_eq!(listed(&neighbours, later), []);
        assert_eq!(neighbours.next_look(), Some(later + NOW_AND_THEN));
        neighbours.look_around(later + ASKED_JUST_NOW);
        assert_eq!(neighbours.next_look(), Some(later + ASKED_JUST_NOW), "a person looks");
    }

    #[test]
    fn what_is_claimed_in_a_devices_name_counts_when_tls_has_shown_its_key_there() {
        let now = Instant::now();
        let mut neighbours = with_anna(now);
        neighbours.claimed(vec![claim(Some(ANNA), "new")], now);
        assert_eq!(listed(&neighbours, now), [anna(Proof::Claimed)]);
        assert_eq!(neighbours.next_call(now), Some((ANNA, vec![addr("new"), addr("a")])));
        neighbours.shown(ANNA, &addr("new"), now);
        neighbours.answered(ANNA, true, now);
        let much_later = now + Duration::from_hours(1);
        assert_eq!(listed(&neighbours, much_later), [anna(Proof::Shown)], "as long as it announces itself there");
        assert_eq!(neighbours.next_look(), None);
        neighbours.claimed(Vec::new(), much_later);
        assert_eq!(listed(&neighbours, much_later), [], "it said goodbye");
        assert_eq!(neighbours.next_look(), Some(much_later + AFTER_GOODBYE));
    }

    #[test]
    fn a_lie_leads_nowhere() {
        let now = Instant::now();
        let mut neighbours = with_anna(now);
        neighbours.shown(ANNA, &addr("a"), now);
        neighbours.claimed(vec![claim(Some(ANNA), "mallory")], now);
        assert_eq!(neighbours.list(now)[0].address(), Some(&addr("a")), "where it was shown comes first");
        assert!(neighbours.next_call(now).is_some());
        neighbours.answered(ANNA, false, now);
        assert_eq!(listed(&neighbours, now), [anna(Proof::Claimed)]);
        assert_eq!(neighbours.next_look(), Some(now + DOUBTED), "and is not tried all the time");
    }

    #[test]
    fn any_number_of_lies_leaves_a_device_where_it_was_met() {
        let now = Instant::now();
        let mut neighbours = with_anna(now);
        let lies = (1..9).map(|n| addr(&format!("10.0.0.{n}"))).collect();
        neighbours.claimed(vec![Nearby { addresses: lies, ..claim(Some(ANNA), "x") }], now);
        let (_, tried) = neighbours.next_call(now).unwrap();
        assert!(tried.contains(&addr("a")) && tried.contains(&addr("10.0.0.1")), "{tried:?}");
        assert_eq!(tried.len(), MAX_TRIED);
    }

    #[test]
    fn whoever_changes_its_lies_all_the_time_does_not_have_us_dial_them_all() {
        let start = Instant::now();
        let mut neighbours = with_anna(start);
        let mut calls = 0;
        for n in 0..600_u64 {
            let now = start + Duration::from_millis(100 * n);
            let lie = [claim(Some(ANNA), &format!("10.0.{}.1", n / 2 % 250))].into_iter().filter(|_| n % 2 == 0);
            neighbours.claimed(lie.collect(), now);
            while neighbours.next_call(now).is_some() {
                calls += 1;
                neighbours.answered(ANNA, false, now);
            }
        }
        assert!((2..8).contains(&calls), "{calls} calls in a minute");
        let later = start + Duration::from_mins(2);
        neighbours.claimed(vec![claim(Some(ANNA), "new")], later);
        assert_eq!(neighbours.next_call(later), Some((ANNA, vec![addr("new"), addr("a")])), "at once again");
    }

    #[test]
    fn nobody_is_listed_twice() {
        let now = Instant::now();
        let mut neighbours = with_anna(now);
        neighbours.shown(ANNA, &addr("a"), now);
        neighbours.claimed(vec![claim(None, "a"), claim(None, "b")], now);
        assert_eq!(listed(&neighbours, now), [anna(Proof::Shown), ("at b".to_owned(), Proof::Claimed)]);
        neighbours.claimed(vec![claim(Some(ANNA), "a")], now);
        assert_eq!(listed(&neighbours, now), [anna(Proof::Shown)]);
    }

    #[test]
    fn few_are_called_at_a_time_and_blocked_ones_never() {
        let now = Instant::now();
        let mut book = Book::default();
        for n in 0..40 {
            book.verify(DeviceKey([n; 32]), "x", Some(addr(&format!("h{n}"))), 1);
        }
        book.set_rule(BERT, Rule::Block);
        let mut neighbours = Neighbours::default();
        neighbours.book(&book.devices, now);
        let mut called = Vec::new();
        while let Some((key, _)) = neighbours.next_call(now) {
            called.push(key);
        }
        assert_eq!((called.len(), neighbours.next_look()), (MAX_ASKED, None));
        for _ in 0..40 {
            if let Some(key) = called.last().copied() {
                neighbours.answered(key, false, now);
            }
            called.extend(neighbours.next_call(now).map(|(key, _)| key));
        }
        assert!(called.len() == 39 && !called.contains(&BERT));
    }
}
