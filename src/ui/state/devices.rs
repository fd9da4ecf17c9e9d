//! Who can be sent to: remembered devices, addresses typed now, and which of them are chosen.

use std::collections::BTreeSet;

use super::nearby::{self, Surroundings};
use crate::model::{
    book::{DeviceId, KnownDevice},
    conflict::Conflict,
    device::{MAX_SHOWN_NAME_CHARS, Peer, PeerAddr, shown_text},
    device_key::DeviceKey,
    look_alike::looks_like,
    place::{BadPlace, Place},
};

/// The left side of the window.
#[derive(Clone, Debug, Default)]
pub struct Devices {
    /// Used before, most recent first: as the engine told it.
    pub known: Vec<KnownDevice>,
    /// Added from the address field, by what was typed there.
    pub typed: Vec<Typed>,
    pub chosen: BTreeSet<DeviceId>,
    /// The text field *Address*: an address, or a link.
    pub address: String,
    /// *Plain protocol* beside it.
    pub classic: bool,
}

/// A device that somebody has typed or pasted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    pub device: KnownDevice,
    /// From a link: the only key to send to, which nobody has confirmed.
    pub key: Option<DeviceKey>,
}

/// Somebody a transfer goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// What it is chosen by in the list.
    pub id: DeviceId,
    pub address: PeerAddr,
    /// Where else it may be.
    pub also: Vec<PeerAddr>,
    /// The only key to send to: of a verified device, or of a link.
    pub expect: Option<DeviceKey>,
    pub name: String,
    pub classic: bool,
}

impl Devices {
    /// What the list shows: newly typed ones first.
    pub fn listed(&self) -> impl Iterator<Item = &KnownDevice> {
        let known = |typed: &&KnownDevice| !self.known.iter().any(|known| known.id() == typed.id());
        self.typed.iter().map(|typed| &typed.device).filter(known).chain(&self.known)
    }

    /// Takes the engine's list. What was chosen or typed by an address that has been verified since is known by its key.
    pub fn take(&mut self, known: Vec<KnownDevice>) {
        let before = std::mem::replace(&mut self.known, known);
        let at =
            |device: &KnownDevice, address: &PeerAddr| device.trusted.is_some() && device.addresses.contains(address);
        // An address that somebody typed although a verified device was met there once stays what it is: a stranger's.
        let verified_since = |address: &PeerAddr| {
            self.known.iter().any(|device| at(device, address)) && !before.iter().any(|device| at(device, address))
        };
        self.typed.retain(|typed| typed.device.classic || !typed.device.address().is_some_and(verified_since));
        let now = |id: &DeviceId| match id {
            DeviceId::Addr(address) if verified_since(address) => self.now_known_as(id),
            _ => None,
        };
        self.chosen = self.chosen.iter().map(|id| now(id).unwrap_or_else(|| id.clone())).collect();
    }

    /// What the device called `id` is told apart by now; none when nobody knows it any more.
    pub fn now_known_as(&self, id: &DeviceId) -> Option<DeviceId> {
        if self.listed().any(|device| device.id().as_ref() == Some(id)) {
            return Some(id.clone());
        }
        let DeviceId::Addr(address) = id else { return None };
        let verified = self.known.iter().find(|known| known.trusted.is_some() && known.addresses.contains(address));
        verified.and_then(KnownDevice::id)
    }

    /// The verified device with this key.
    pub fn verified(&self, key: DeviceKey) -> Option<&KnownDevice> {
        self.known.iter().find(|known| known.key() == Some(key))
    }

    /// What a person wants done with taken names in offers of `peer`, if that was remembered.
    pub fn remembered(&self, peer: &Peer) -> Option<Conflict> {
        self.verified(peer.key?)?.trusted.as_ref()?.conflict
    }

    /// The verified device that `peer` is called like without being it.
    pub fn namesake(&self, peer: &Peer) -> Option<&KnownDevice> {
        let key = peer.key?;
        let mut verified = self.known.iter().filter(|known| known.key().is_some_and(|other| other != key));
        verified.find(|known| looks_like(&known.name, &peer.name))
    }

    /// What the field names, if something is typed there.
    pub fn typed_place(&self) -> Option<Result<Place, BadPlace>> {
        (!self.address.trim().is_empty()).then(|| self.address.parse())
    }

    /// Everybody who is chosen; a whole address in the field counts without a further click.
    pub fn recipients(&self, around: &Surroundings) -> Result<Vec<Recipient>, BadPlace> {
        let chosen = self.listed().filter(|device| device.id().is_some_and(|id| self.chosen.contains(&id)));
        let mut recipients: Vec<Recipient> = chosen.filter_map(|device| self.recipient(device, around)).collect();
        let strangers =
            self.strangers(around).filter(|it| nearby::id_of(it).is_some_and(|id| self.chosen.contains(&id)));
        recipients.extend(strangers.filter_map(nearby::recipient));
        if let Some(typed) = self.typed_place().transpose()?.and_then(|place| self.recipient_at(place)) {
            let same =
                |there: &Recipient| there.id == typed.id || (there.address == typed.address && typed.expect.is_none());
            if !recipients.iter().any(same) {
                recipients.push(typed);
            }
        }
        Ok(recipients)
    }

    /// Puts what is typed into the list, chosen, and empties the field.
    pub fn add_typed(&mut self) {
        let Some(Ok(place)) = self.typed_place() else { return };
        let Some(Recipient { id, address, also, expect, name, classic }) = self.recipient_at(place) else { return };
        self.typed.retain(|typed| typed.device.id().as_ref() != Some(&id));
        let known = self.known.iter_mut().find(|known| known.id().as_ref() == Some(&id));
        let addresses: Vec<PeerAddr> = std::iter::once(address.clone()).chain(also).collect();
        match known {
            Some(known) if known.trusted.is_some() => known.addresses = addresses,
            Some(known) if expect.is_none() && addresses.len() == 1 => known.classic = classic,
            _ => {
                let device = KnownDevice { addresses, ..KnownDevice::at(address, name, classic, 0) };
                self.typed.insert(0, Typed { device, key: expect });
            }
        }
        self.chosen.insert(id);
        self.address.clear();
        self.classic = false;
    }

    /// `None`: nobody knows where to dial it.
    pub fn recipient(&self, device: &KnownDevice, around: &Surroundings) -> Option<Recipient> {
        let id = device.id()?;
        let typed = self.typed.iter().find(|typed| typed.device.id().as_ref() == Some(&id));
        let address = around.address(device)?.clone();
        let expect = device.key().or_else(|| typed.and_then(|typed| typed.key));
        let places = typed.map_or(&device.addresses, |typed| &typed.device.addresses);
        let also = places.iter().filter(|place| **place != address).cloned().collect();
        Some(Recipient { id, address, also, expect, name: shown_name(device), classic: device.classic })
    }

    /// Whom a typed address or a pasted link means.
    fn recipient_at(&self, place: Place) -> Option<Recipient> {
        let address = place.first()?.clone();
        let mut also = place.also().to_vec();
        if let Some(device) = place.key.and_then(|key| self.verified(key)) {
            also.extend(device.addresses.iter().filter(|at| !place.addresses.contains(at)).cloned());
            let name = shown_name(device);
            return Some(Recipient { id: device.id()?, address, also, expect: place.key, name, classic: false });
        }
        // Who makes a link can put any name into it: not that of somebody who was verified.
        let taken = |name: &String| self.known.iter().any(|it| it.trusted.is_some() && looks_like(&it.name, name));
        let name = place.name.filter(|name| !taken(name)).unwrap_or_else(|| address.to_string());
        // The plain protocol knows no keys.
        let classic = self.classic && place.key.is_none();
        Some(Recipient { id: DeviceId::Addr(address.clone()), address, also, expect: place.key, name, classic })
    }

    /// Chooses a device, or not any more.
    pub fn choose(&mut self, id: DeviceId) {
        if !self.chosen.remove(&id) {
            self.chosen.insert(id);
        }
    }

    /// Takes a device off the list.
    pub fn forget(&mut self, id: &DeviceId) {
        self.chosen.remove(id);
        self.typed.retain(|typed| typed.device.id().as_ref() != Some(id));
        self.known.retain(|device| device.id().as_ref() != Some(id));
    }

    /// The name a device is shown by.
    pub fn name_of(&self, address: &PeerAddr) -> String {
        let known = self.listed().find(|device| device.addresses.contains(address));
        known.map_or_else(|| address.to_string(), shown_name)
    }
}

/// A device's name, safe to show.
pub fn shown_name(device: &KnownDevice) -> String {
    shown_text(&device.name, MAX_SHOWN_NAME_CHARS)
}

#[cfg(test)]
mod tests {
    use super::nearby::Presence;
    use super::*;
    use crate::model::{
        book::{Rule, Trusted},
        device::BadAddr,
        nearby::{Nearby, Proof},
    };

    fn known(address: &str, name: &str) -> KnownDevice {
        KnownDevice::at(address.parse().unwrap(), name.to_owned(), false, 1)
    }

    #[test]
    fn a_whole_address_in_the_field_counts_as_chosen() {
        let mut devices = Devices { address: "10.0.0.7".to_owned(), classic: true, ..Devices::default() };
        let address: PeerAddr = "10.0.0.7:9527".parse().unwrap();
        let expected = Recipient {
            id: DeviceId::Addr(address.clone()),
            address,
            also: Vec::new(),
            expect: None,
            name: "10.0.0.7:9527".into(),
            classic: true,
        };
        assert_eq!(devices.recipients(&Surroundings::default()), Ok(vec![expected]));
        devices.address = "10.0.0.7:x".to_owned();
        let bad = BadPlace::Address(BadAddr::Port("x".to_owned()));
        assert_eq!(devices.recipients(&Surroundings::default()), Err(bad));
    }

    #[test]
    fn nobody_is_sent_to_twice() {
        let mut devices = Devices { known: vec![known("a.local:9527", "Anna")], ..Devices::default() };
        devices.choose(DeviceId::Addr("a.local".parse().unwrap()));
        devices.address = "a.local".to_owned();
        let recipients = devices.recipients(&Surroundings::default()).unwrap();
        assert_eq!(recipients.len(), 1);
        assert_eq!(recipients[0].name, "Anna");
    }

    #[test]
    fn a_chosen_device_stays_chosen_when_it_becomes_verified() {
        let mut devices = Devices { address: "a.local".to_owned(), ..Devices::default() };
        devices.add_typed();
        let key = DeviceKey([7; 32]);
        let trusted = Some(Trusted { key, since: 1, rule: Rule::Ask, conflict: None });
        devices.take(vec![KnownDevice { trusted, ..known("a.local", "Anna") }]);
        assert_eq!(devices.listed().count(), 1);
        let recipients = devices.recipients(&Surroundings::default()).unwrap();
        assert_eq!(recipients.iter().map(|to| to.expect).collect::<Vec<_>>(), [Some(key)]);
    }

    fn claim(name: &str, address: &str, key: Option<DeviceKey>) -> Nearby {
        let addresses = vec![address.parse().unwrap()];
        Nearby { name: name.to_owned(), os: None, version: None, addresses, key, proof: Proof::Claimed }
    }

    fn around(nearby: Vec<Nearby>) -> Surroundings {
        Surroundings { nearby, ..Surroundings::default() }
    }

    #[test]
    fn somebody_nearby_is_chosen_with_one_click_and_is_a_stranger() {
        let mut devices = Devices::default();
        let around = around(vec![claim("Anna", "10.0.0.7", None)]);
        assert_eq!(devices.strangers(&around).count(), 1);
        devices.choose(DeviceId::Addr("10.0.0.7".parse().unwrap()));
        let recipients = devices.recipients(&around).unwrap();
        assert_eq!((recipients.len(), recipients[0].expect, recipients[0].name.as_str()), (1, None, "Anna"));
        // Gone: nobody is sent to at an address where nobody is known to be.
        assert_eq!(devices.recipients(&Surroundings::default()), Ok(Vec::new()));
    }

    #[test]
    fn a_saved_device_that_is_nearby_is_one_row_and_is_sent_to_where_it_is_now() {
        let key = DeviceKey([7; 32]);
        let trusted = Some(Trusted { key, since: 1, rule: Rule::Ask, conflict: None });
        let anna = KnownDevice { trusted, ..known("a.local", "Anna") };
        let mut devices = Devices { known: vec![anna.clone(), known("b.local", "Bert")], ..Devices::default() };
        let mut around = around(vec![claim("Anna", "10.0.0.7", Some(key)), claim("Robert", "b.local", None)]);
        assert_eq!(devices.strangers(&around).count(), 0);
        assert_eq!(around.presence(&anna), Presence::Claimed);
        around.nearby[0].proof = Proof::Shown;
        assert_eq!(around.presence(&anna), Presence::Here);
        assert_eq!(around.presence(&known("c.local", "Carl")), Presence::Away);
        devices.choose(DeviceId::Key(key));
        let recipients = devices.recipients(&around).unwrap();
        assert_eq!((recipients.len(), recipients[0].expect), (1, Some(key)));
        assert_eq!(recipients[0].address, "10.0.0.7".parse().unwrap());
    }

    #[test]
    fn nothing_is_chosen_for_the_person() {
        let devices = Devices { known: vec![known("a.local", "Anna")], ..Devices::default() };
        assert_eq!(devices.recipients(&Surroundings::default()), Ok(Vec::new()));
    }

    #[test]
    fn a_typed_address_becomes_one_chosen_device() {
        let mut devices = Devices { address: " [::1]:7 ".to_owned(), ..Devices::default() };
        devices.add_typed();
        assert_eq!(devices.listed().count(), 1);
        assert_eq!((devices.recipients(&Surroundings::default()).unwrap().len(), devices.address.as_str()), (1, ""));
        devices.forget(&DeviceId::Addr("[::1]:7".parse().unwrap()));
        assert_eq!(devices.recipients(&Surroundings::default()), Ok(Vec::new()));
    }

    fn verified(address: &str, name: &str, key: DeviceKey) -> KnownDevice {
        KnownDevice {
            trusted: Some(Trusted { key, since: 1, rule: Rule::Ask, conflict: None }),
            ..known(address, name)
        }
    }

    fn pasted(devices: Devices, link: &str) -> Devices {
        Devices { address: link.to_owned(), ..devices }
    }

    #[test]
    fn a_link_is_a_device_with_its_addresses_and_only_its_key() {
        let key = DeviceKey([7; 32]);
        let link = format!("sealdrop://10.0.0.7:1?also=a.local:2&key={key}&name=Anna");
        let mut devices = pasted(Devices { classic: true, ..Devices::default() }, &link);
        let expected = Recipient {
            id: DeviceId::Addr("10.0.0.7:1".parse().unwrap()),
            address: "10.0.0.7:1".parse().unwrap(),
            also: vec!["a.local:2".parse().unwrap()],
            expect: Some(key),
            name: "Anna".to_owned(),
            classic: false,
        };
        assert_eq!(devices.recipients(&Surroundings::default()), Ok(vec![expected.clone()]));
        devices.add_typed();
        assert_eq!(
            (devices.recipients(&Surroundings::default()), devices.address.as_str()),
            (Ok(vec![expected.clone()]), "")
        );
        // Once it was sent to, the engine knows the address; the key is still the only one.
        devices.take(vec![known("10.0.0.7:1", "Anna’s laptop")]);
        let recipients = devices.recipients(&Surroundings::default()).unwrap();
        assert_eq!(recipients, [Recipient { name: "Anna’s laptop".to_owned(), ..expected }]);
        assert_eq!(devices.listed().count(), 1);
    }

    #[test]
    fn a_link_with_the_key_of_a_verified_device_is_that_device() {
        let key = DeviceKey([7; 32]);
        let book = vec![verified("10.0.0.7:1", "Anna", key)];
        let mut devices =
            pasted(Devices { known: book, ..Devices::default() }, &format!("sealdrop://b.local?key={key}&name=X"));
        let [recipient] = &devices.recipients(&Surroundings::default()).unwrap()[..] else { panic!("not one") };
        assert_eq!((recipient.name.as_str(), &recipient.id), ("Anna", &DeviceId::Key(key)));
        assert_eq!(recipient.address, "b.local".parse().unwrap());
        assert_eq!(recipient.also, ["10.0.0.7:1".parse().unwrap()]);
        devices.add_typed();
        assert_eq!((devices.listed().count(), devices.recipients(&Surroundings::default()).unwrap().len()), (1, 1));
        assert!(devices.typed.is_empty());
    }

    #[test]
    fn a_link_takes_nobodys_name() {
        let book = vec![verified("10.0.0.7:1", "Anna", DeviceKey([7; 32]))];
        let link = format!("sealdrop://b.local?key={}&name=anna", DeviceKey([8; 32]));
        let devices = pasted(Devices { known: book, ..Devices::default() }, &link);
        assert_eq!(devices.recipients(&Surroundings::default()).unwrap()[0].name, "b.local:9527");
    }
}
