//! The devices this one knows: where they were met, which of them a person has verified, and what they may do.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{
    conflict::Conflict,
    device::{MAX_SHOWN_NAME_CHARS, PeerAddr, shown_text},
    device_key::DeviceKey,
    look_alike::looks_like,
};

/// Everything that `devices.json` holds. An address stands in at most one entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// Most recent first. Verified devices stay until they are forgotten; of the others `MAX_UNVERIFIED` are kept.
    pub devices: Vec<KnownDevice>,
    /// Keys a person said *This is a different device* of, most recent first, at most `MAX_DIFFERENT`.
    #[serde(default)]
    pub different: Vec<DeviceKey>,
}

/// What the book says about somebody who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    Verified(Rule),
    Stranger,
    /// Nobody has verified its key, and it comes under the name of the verified device `name`, or one that looks like it.
    TakesName {
        name: String,
        expected: DeviceKey,
    },
}

/// A device that was used before, or one that a person has verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownDevice {
    /// Name it gave itself last; the address if it never said.
    pub name: String,
    /// Where it was met, most recent first, at most `MAX_ADDRESSES`. Empty: it has called and said no port of its own.
    #[serde(default)]
    pub addresses: Vec<PeerAddr>,
    /// Speaks the plain protocol only (a switch beside the typed address).
    #[serde(default)]
    pub classic: bool,
    /// Seconds since 1970 of the last use.
    #[serde(default)]
    pub last_used: u64,
    /// Seconds since 1970 of the last time that its key was shown, for a transfer or not; 0: not since this is kept.
    #[serde(default)]
    pub last_seen: u64,
    /// Present once a person has confirmed its key.
    #[serde(default)]
    pub trusted: Option<Trusted>,
}

/// What a person has confirmed of a device, and lets it do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trusted {
    pub key: DeviceKey,
    /// Seconds since 1970 of the confirmation.
    #[serde(default)]
    pub since: u64,
    #[serde(default)]
    pub rule: Rule,
    /// What a person wants done with names that are taken, if that was remembered for this device.
    #[serde(default)]
    pub conflict: Option<Conflict>,
}

/// What becomes of a verified device's offers. Strangers can always only ask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Taken without asking, into this folder.
    Accept(PathBuf),
    #[default]
    Ask,
    Block,
}

/// Names one known device: a verified one by its key, any other by its address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeviceId {
    Addr(PeerAddr),
    Key(DeviceKey),
}

/// Addresses kept of one device.
pub const MAX_ADDRESSES: usize = 8;

/// Devices kept that nobody has verified: more than a person looks through; the oldest go.
pub const MAX_UNVERIFIED: usize = 50;

/// Keys kept that are known to be a different device; the oldest go.
pub const MAX_DIFFERENT: usize = 50;

impl Book {
    /// The verified device with this key.
    pub fn device(&self, key: DeviceKey) -> Option<&KnownDevice> {
        self.devices.iter().find(|known| known.key() == Some(key))
    }

    /// The folder that the rule of this verified device puts its offers into.
    pub fn accepts_into(&self, key: DeviceKey) -> Option<PathBuf> {
        match &self.device(key)?.trusted.as_ref()?.rule {
            Rule::Accept(folder) => Some(folder.clone()),
            Rule::Ask | Rule::Block => None,
        }
    }

    /// The entry that `id` names.
    pub fn by_id(&self, id: &DeviceId) -> Option<&KnownDevice> {
        self.devices.iter().find(|known| known.id().as_ref() == Some(id))
    }

    /// What is to be thought of somebody who has shown `key` and calls itself `name`.
    pub fn standing(&self, key: DeviceKey, name: &str) -> Standing {
        if let Some(trusted) = self.device(key).and_then(|known| known.trusted.as_ref()) {
            return Standing::Verified(trusted.rule.clone());
        }
        if self.different.contains(&key) {
            return Standing::Stranger;
        }
        let shown = safe_name(name);
        let taken = self.devices.iter().find_map(|known| {
            let expected = known.key()?;
            let name = known.name.clone();
            looks_like(&name, &shown).then_some(Standing::TakesName { name, expected })
        });
        taken.unwrap_or(Standing::Stranger)
    }

    /// The verified devices of this name, whatever its capitals; for people who name a device in words.
    pub fn named(&self, name: &str) -> Vec<&KnownDevice> {
        let wanted = safe_name(name).to_lowercase();
        let verified = self.devices.iter().filter(|known| known.trusted.is_some());
        verified.filter(|known| known.name.trim().to_lowercase() == wanted).collect()
    }

    /// A person has confirmed `key`. A rule that it had before stays; what was known of its address without a key goes.
    pub fn verify(&mut self, key: DeviceKey, name: &str, address: Option<PeerAddr>, now: u64) {
        self.different.retain(|different| *different != key);
        let rule =
            self.device(key).and_then(|known| known.trusted.clone()).map(|trusted| trusted.rule).unwrap_or_default();
        self.came(Trusted { key, since: now, rule, conflict: None }, name, address, now);
    }

    /// Sets what becomes of a verified device's offers. False: no verified device has this key.
    pub fn set_rule(&mut self, key: DeviceKey, rule: Rule) -> bool {
        let trusted = self.devices.iter_mut().filter_map(|known| known.trusted.as_mut()).find(|it| it.key == key);
        trusted.map(|trusted| trusted.rule = rule).is_some()
    }

    /// Remembers what is to be done with taken names in offers of a verified device.
    pub fn set_conflict(&mut self, key: DeviceKey, conflict: Option<Conflict>) {
        let trusted = self.devices.iter_mut().filter_map(|known| known.trusted.as_mut()).find(|it| it.key == key);
        if let Some(trusted) = trusted {
            trusted.conflict = conflict;
        }
    }

    /// Removes an entry, and with a verified device's entry all trust in it.
    pub fn forget(&mut self, id: &DeviceId) {
        self.devices.retain(|known| known.id().as_ref() != Some(id));
    }

    /// A person said *This is a different device*: `key` may come under a verified device's name, as a stranger.
    pub fn allow_different(&mut self, key: DeviceKey) {
        self.different.retain(|different| *different != key);
        if self.device(key).is_none() {
            self.different.insert(0, key);
            self.different.truncate(MAX_DIFFERENT);
        }
    }

    /// A session with somebody: name, address and time of the entry are brought up to date, and it comes first.
    ///
    /// Who has no key, or one that nobody has verified, is known by its address. A blocked device's calls leave the book
    /// as it is: it neither moves up nor takes an address from anybody.
    pub fn met(&mut self, key: Option<DeviceKey>, name: &str, address: Option<PeerAddr>, classic: bool, now: u64) {
        match (key.and_then(|key| self.device(key)).and_then(|known| known.trusted.clone()), address) {
            (Some(Trusted { rule: Rule::Block, .. }), _) | (None, None) => {}
            (Some(trusted), address) => self.came(trusted, name, address, now),
            (None, Some(address)) => self.came_unverified(name, address, classic, now),
        }
    }

    /// The key of a verified device was shown at `address`, for nothing but to see whether it is there: the address comes
    /// first, and the device stays where it is in the list. `false`: nothing of this is worth storing.
    pub fn seen_at(&mut self, key: DeviceKey, address: &PeerAddr, now: u64) -> bool {
        if self.device(key).is_none() {
            return false;
        }
        for known in &mut self.devices {
            // Keys own addresses, and who was met there last is there.
            known.addresses.retain(|there| there != address);
        }
        self.devices.retain(|known| known.trusted.is_some() || !known.addresses.is_empty());
        let Some(known) = self.devices.iter_mut().find(|known| known.key() == Some(key)) else { return false };
        known.addresses.insert(0, address.clone());
        known.addresses.truncate(MAX_ADDRESSES);
        known.last_seen = now;
        true
    }

    /// These verified devices were here until now.
    pub fn left(&mut self, keys: &[DeviceKey], now: u64) {
        for known in &mut self.devices {
            if known.key().is_some_and(|key| keys.contains(&key)) {
                known.last_seen = now;
            }
        }
    }

    /// Puts a verified device first.
    fn came(&mut self, trusted: Trusted, name: &str, address: Option<PeerAddr>, now: u64) {
        let before = self.take(|known| known.key() == Some(trusted.key));
        let here = address.as_ref().and_then(|address| self.take(|known| known.is_only_at(address)));
        let mut addresses = before.as_ref().map_or_else(Vec::new, |before| before.addresses.clone());
        if let Some(address) = &address {
            // Keys own addresses, and who was met there last is there.
            for known in &mut self.devices {
                known.addresses.retain(|other| other != address);
            }
            addresses.retain(|other| other != address);
            addresses.insert(0, address.clone());
            addresses.truncate(MAX_ADDRESSES);
        }
        let name = [safe_name(name)]
            .into_iter()
            .chain(before.or(here).map(|known| known.name))
            .chain(address.map(|address| safe_name(&address.to_string())))
            .find(|name| !name.is_empty())
            .unwrap_or_else(|| trusted.key.grouped().chars().take(KEY_AS_NAME).collect());
        let known =
            KnownDevice { name, addresses, classic: false, last_used: now, last_seen: now, trusted: Some(trusted) };
        self.devices.insert(0, known);
    }

    /// Puts somebody first who is known by `address` alone. A verified device gives up an address where somebody else
    /// was met, but not its only one: then nothing is remembered of the other.
    fn came_unverified(&mut self, name: &str, address: PeerAddr, classic: bool, now: u64) {
        if self.devices.iter().any(|known| known.trusted.is_some() && known.addresses == [address.clone()]) {
            return;
        }
        self.devices.retain(|known| !known.is_only_at(&address));
        for known in &mut self.devices {
            known.addresses.retain(|other| *other != address);
        }
        let name = safe_name(name);
        let name = if name.is_empty() { safe_name(&address.to_string()) } else { name };
        self.devices.insert(0, KnownDevice::at(address, name, classic, now));
        let mut unverified = 0;
        self.devices.retain(|known| {
            unverified += usize::from(known.trusted.is_none());
            known.trusted.is_some() || unverified <= MAX_UNVERIFIED
        });
    }

    fn take(&mut self, which: impl FnMut(&KnownDevice) -> bool) -> Option<KnownDevice> {
        self.devices.iter().position(which).map(|at| self.devices.remove(at))
    }
}

/// A device that gave neither name nor address is called by the first two groups of its key.
const KEY_AS_NAME: usize = 9;

/// A name as it is kept and shown.
fn safe_name(name: &str) -> String {
    shown_text(name.trim(), MAX_SHOWN_NAME_CHARS).trim().to_owned()
}

impl KnownDevice {
    /// One that is known by its address only.
    pub fn at(address: PeerAddr, name: String, classic: bool, last_used: u64) -> Self {
        Self { name, addresses: vec![address], classic, last_used, last_seen: 0, trusted: None }
    }

    /// What it is told apart by. `None`: neither key nor address, which no book holds.
    pub fn id(&self) -> Option<DeviceId> {
        match &self.trusted {
            Some(trusted) => Some(DeviceId::Key(trusted.key)),
            None => self.addresses.first().cloned().map(DeviceId::Addr),
        }
    }

    /// Where to dial it.
    pub fn address(&self) -> Option<&PeerAddr> {
        self.addresses.first()
    }

    /// Its confirmed key.
    pub fn key(&self) -> Option<DeviceKey> {
        self.trusted.as_ref().map(|trusted| trusted.key)
    }

    /// Nobody has verified it, and this is where it was met.
    fn is_only_at(&self, address: &PeerAddr) -> bool {
        self.trusted.is_none() && self.addresses.contains(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: DeviceKey = DeviceKey([1; 32]);
    const BERT: DeviceKey = DeviceKey([2; 32]);
    const NOBODY: DeviceKey = DeviceKey([9; 32]);

    fn addr(host: &str) -> PeerAddr {
        host.parse().unwrap()
    }

    fn two_verified() -> Book {
        let mut book = Book::default();
        book.verify(ANNA, "Anna", Some(addr("a")), 1);
        book.verify(BERT, "Bert", Some(addr("b")), 2);
        book
    }

    fn names(book: &Book) -> Vec<&str> {
        book.devices.iter().map(|known| known.name.as_str()).collect()
    }

    fn hosts(book: &Book, key: DeviceKey) -> Vec<&str> {
        book.device(key).unwrap().addresses.iter().map(|address| address.host.as_str()).collect()
    }

    /// What must hold after any change.
    fn check(book: &Book) {
        let mut addresses: Vec<&PeerAddr> = book.devices.iter().flat_map(|known| &known.addresses).collect();
        let ids: std::collections::BTreeSet<_> = book.devices.iter().map(|known| known.id().unwrap()).collect();
        assert_eq!(ids.len(), book.devices.len(), "an entry twice in {book:?}");
        addresses.sort();
        assert!(addresses.windows(2).all(|pair| pair[0] != pair[1]), "an address twice in {book:?}");
        for known in &book.devices {
            assert!(known.addresses.len() <= MAX_ADDRESSES);
            assert!(!known.name.is_empty() && known.name.chars().count() <= MAX_SHOWN_NAME_CHARS);
            assert_eq!(known.name, safe_name(&known.name));
        }
        assert!(book.devices.iter().filter(|known| known.trusted.is_none()).count() <= MAX_UNVERIFIED);
        assert!(book.different.len() <= MAX_DIFFERENT);
        assert!(book.different.iter().all(|key| book.device(*key).is_none()));
    }

    #[test]
    fn a_verified_device_is_known_by_its_key_and_has_its_rule() {
        let mut book = two_verified();
        assert_eq!(book.standing(ANNA, "whatever"), Standing::Verified(Rule::Ask));
        assert!(book.set_rule(ANNA, Rule::Block));
        assert!(!book.set_rule(NOBODY, Rule::Block));
        assert_eq!(book.standing(ANNA, "Anna"), Standing::Verified(Rule::Block));
        assert_eq!(book.standing(NOBODY, "Nobody"), Standing::Stranger);
        book.verify(ANNA, "Anna again", None, 5);
        assert_eq!(book.standing(ANNA, ""), Standing::Verified(Rule::Block), "verifying again must keep the rule");
        assert_eq!((names(&book), hosts(&book, ANNA)), (vec!["Anna again", "Bert"], vec!["a"]));
        check(&book);
    }

    #[test]
    fn an_unknown_key_under_a_verified_name_takes_that_name() {
        let mut book = two_verified();
        let takes = Standing::TakesName { name: "Anna".to_owned(), expected: ANNA };
        for name in ["Anna", " anna ", "Аnna", "An\u{200b}na", "A n n a"] {
            assert_eq!(book.standing(NOBODY, name), takes, "as {name:?}");
        }
        assert_eq!(book.standing(NOBODY, "Anne"), Standing::Stranger);
        book.met(None, "Carl", Some(addr("c")), false, 3);
        assert_eq!(book.standing(NOBODY, "Carl"), Standing::Stranger, "nobody has verified Carl");
        book.allow_different(NOBODY);
        assert_eq!(book.standing(NOBODY, "Anna"), Standing::Stranger);
        assert_eq!(book.standing(DeviceKey([8; 32]), "Anna"), takes, "only the one key was allowed");
    }

    #[test]
    fn a_long_name_is_compared_as_it_is_shown() {
        let mut book = Book::default();
        let long = "x".repeat(100);
        book.verify(ANNA, &long, None, 1);
        let taker = format!("{}y", "x".repeat(64));
        assert!(matches!(book.standing(NOBODY, &taker), Standing::TakesName { .. }));
        check(&book);
    }

    #[test]
    fn a_verified_device_that_takes_anothers_name_is_still_itself() {
        let mut book = two_verified();
        book.set_rule(ANNA, Rule::Accept("/in".into()));
        book.met(Some(BERT), "Anna", Some(addr("b")), false, 3);
        assert_eq!(book.standing(BERT, "Anna"), Standing::Verified(Rule::Ask), "trust hangs on the key");
        assert_eq!(book.standing(ANNA, "Anna"), Standing::Verified(Rule::Accept("/in".into())));
        assert_eq!(book.named("anna").len(), 2, "a name that two have names neither");
        check(&book);
    }

    #[test]
    fn whoever_was_met_last_comes_first_and_is_brought_up_to_date() {
        let mut book = two_verified();
        book.met(Some(ANNA), " Anna \u{202e}2\n", Some(addr("a2")), true, 7);
        let anna = book.devices[0].clone();
        assert_eq!((anna.name.as_str(), anna.last_used, anna.classic), ("Anna \u{fffd}2", 7, false));
        assert_eq!(hosts(&book, ANNA), ["a2", "a"]);
        book.met(Some(ANNA), "", Some(addr("a")), false, 8);
        assert_eq!((names(&book)[0], hosts(&book, ANNA)), ("Anna \u{fffd}2", vec!["a", "a2"]), "no name is no news");
        book.met(Some(ANNA), "Anna", None, false, 9);
        assert_eq!(hosts(&book, ANNA), ["a", "a2"]);
        assert_eq!(book.device(ANNA).unwrap().trusted.as_ref().unwrap().since, 1, "meeting is not confirming");
        for n in 0..20 {
            book.met(Some(ANNA), "Anna", Some(addr(&format!("n{n}"))), false, 10 + n);
        }
        assert_eq!((hosts(&book, ANNA).len(), hosts(&book, ANNA)[0]), (MAX_ADDRESSES, "n19"));
        check(&book);
    }

    #[test]
    fn an_address_belongs_to_who_was_met_there_last() {
        let mut book = two_verified();
        book.met(Some(ANNA), "Anna", Some(addr("b")), false, 3);
        assert_eq!((hosts(&book, ANNA), hosts(&book, BERT)), (vec!["b", "a"], vec![]));
        book.met(None, "Guest", Some(addr("g")), false, 4);
        book.met(Some(BERT), "Bert", Some(addr("g")), false, 5);
        assert_eq!((names(&book), hosts(&book, BERT)), (vec!["Bert", "Anna"], vec!["g"]), "the guest was Bert");
        check(&book);
    }

    #[test]
    fn a_device_that_was_seen_elsewhere_is_looked_for_there_first() {
        let mut book = two_verified();
        book.met(None, "Guest", Some(addr("g")), false, 3);
        assert!(book.seen_at(ANNA, &addr("g"), 9));
        assert_eq!((names(&book), hosts(&book, ANNA)), (vec!["Bert", "Anna"], vec!["g", "a"]), "no device moves");
        assert_eq!(book.device(ANNA).map(|anna| (anna.last_seen, anna.last_used)), Some((9, 1)));
        assert!(book.seen_at(ANNA, &addr("b"), 10), "Bert was there once");
        assert_eq!((hosts(&book, ANNA), hosts(&book, BERT)), (vec!["b", "g", "a"], vec![]));
        assert!(!book.seen_at(NOBODY, &addr("n"), 11));
        book.left(&[ANNA], 12);
        assert_eq!(book.device(ANNA).map(|anna| anna.last_seen), Some(12));
        check(&book);
    }

    #[test]
    fn a_stranger_gets_an_address_from_a_verified_device_that_has_others() {
        let mut book = two_verified();
        book.met(Some(ANNA), "Anna", Some(addr("a2")), false, 3);
        book.met(None, "Guest", Some(addr("a2")), false, 4);
        assert_eq!((names(&book), hosts(&book, ANNA)), (vec!["Guest", "Anna", "Bert"], vec!["a"]));
        book.met(Some(NOBODY), "Guest", Some(addr("b")), false, 5);
        assert_eq!((names(&book).len(), hosts(&book, BERT)), (3, vec!["b"]), "its only one stays with the key");
        check(&book);
    }

    #[test]
    fn verifying_takes_over_what_was_known_of_the_address() {
        let mut book = Book::default();
        book.met(Some(ANNA), "Anna", Some(addr("a")), false, 1);
        assert_eq!((book.device(ANNA), book.devices[0].id()), (None, Some(DeviceId::Addr(addr("a")))));
        book.allow_different(ANNA);
        book.verify(ANNA, "", Some(addr("a")), 2);
        assert_eq!((names(&book), book.devices[0].id()), (vec!["Anna"], Some(DeviceId::Key(ANNA))));
        assert_eq!(book.different, []);
        book.verify(BERT, "", None, 3);
        assert_eq!(names(&book)[0], "0202 0202", "neither name nor address");
        book.verify(NOBODY, "\t", Some(addr("n")), 4);
        assert_eq!(names(&book)[0], "n:9527");
        check(&book);
    }

    #[test]
    fn a_blocked_device_that_calls_changes_nothing() {
        let mut book = two_verified();
        book.set_rule(ANNA, Rule::Block);
        let before = book.clone();
        book.met(Some(ANNA), "Bert", Some(addr("b")), false, 9);
        assert_eq!(book, before);
    }

    #[test]
    fn verified_devices_never_fall_off_the_list() {
        let mut book = two_verified();
        for n in 0..200 {
            book.met(None, &format!("guest {n}"), Some(addr(&format!("g{n}"))), n % 2 == 0, n);
            book.allow_different(DeviceKey([u8::try_from(n).unwrap(); 32]));
        }
        assert_eq!(book.devices.len(), 2 + MAX_UNVERIFIED);
        assert_eq!((names(&book)[0], names(&book)[49]), ("guest 199", "guest 150"));
        assert!(book.device(ANNA).is_some() && book.device(BERT).is_some());
        assert_eq!((book.different.len(), book.different[0]), (MAX_DIFFERENT, DeviceKey([199; 32])));
        check(&book);
    }

    #[test]
    fn forgetting_ends_trust() {
        let mut book = two_verified();
        book.met(None, "Guest", Some(addr("g")), true, 3);
        assert!(book.by_id(&DeviceId::Addr(addr("g"))).is_some_and(|guest| guest.classic));
        book.forget(&DeviceId::Addr(addr("a")));
        assert!(book.device(ANNA).is_some(), "a verified device is named by its key");
        book.forget(&DeviceId::Key(ANNA));
        book.forget(&DeviceId::Addr(addr("g")));
        assert_eq!((names(&book), book.standing(ANNA, "Anna")), (vec!["Bert"], Standing::Stranger));
        check(&book);
    }

    #[test]
    fn a_device_is_named_by_its_whole_name() {
        let book = two_verified();
        assert_eq!(book.named(" BERT ").iter().map(|known| known.key()).collect::<Vec<_>>(), [Some(BERT)]);
        assert!(book.named("Ber").is_empty());
        assert!(book.named("").is_empty());
    }

    mod whatever_happens {
        use proptest::prelude::*;

        use super::*;

        proptest! {
            #[test]
            fn an_address_stands_once_and_no_trust_is_lost(
                steps in proptest::collection::vec((0..5_u8, 0..4_u8, 0..6_u8, ".{0,4}"), 0..60),
            ) {
                let mut book = two_verified();
                let mut trusted = vec![ANNA, BERT];
                for (step, key, host, name) in steps {
                    let key = DeviceKey([key; 32]);
                    let address = (host > 0).then(|| addr(&format!("h{host}")));
                    match step {
                        0 => {
                            book.verify(key, &name, address, 1);
                            trusted.push(key);
                        }
                        1 => {
                            let there = book.device(key).is_some();
                            prop_assert_eq!(book.set_rule(key, if host > 3 { Rule::Block } else { Rule::Ask }), there);
                        }
                        2 => book.allow_different(key),
                        3 if host % 2 == 1 => {
                            let there = book.device(key).is_some();
                            let address = addr(&format!("h{host}"));
                            prop_assert_eq!(book.seen_at(key, &address, 1), there);
                        }
                        3 => book.met(None, &name, address, false, 1),
                        _ => book.met(Some(key), &name, address, false, 1),
                    }
                    check(&book);
                    prop_assert!(trusted.iter().all(|key| book.device(*key).is_some()));
                }
            }
        }
    }
}
