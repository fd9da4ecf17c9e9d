//! Who can be sent to: remembered devices, addresses typed now, and which of them are chosen.

use std::collections::BTreeSet;

use super::nearby::{self, Surroundings};
use crate::model::{
    book::{DeviceId, KnownDevice},
    conflict::Conflict,
    device::{BadAddr, MAX_SHOWN_NAME_CHARS, Peer, PeerAddr, shown_text},
    device_key::DeviceKey,
    look_alike::looks_like,
};

/// The left side of the window.
#[derive(Clone, Debug, Default)]
pub struct Devices {
    /// Used before, most recent first: as the engine told it.
    pub known: Vec<KnownDevice>,
    /// Added from the address field and not used yet.
    pub typed: Vec<KnownDevice>,
    pub chosen: BTreeSet<DeviceId>,
    /// The text field *Address*.
    pub address: String,
    /// *Plain protocol* beside it.
    pub classic: bool,
}

/// Somebody a transfer goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    pub address: PeerAddr,
    /// The only key to send to, of a verified device.
    pub expect: Option<DeviceKey>,
    pub name: String,
    pub classic: bool,
}

impl Recipient {
    /// What it is chosen by in the list.
    pub fn id(&self) -> DeviceId {
        self.expect.map_or_else(|| DeviceId::Addr(self.address.clone()), DeviceId::Key)
    }
}

impl Devices {
    /// What the list shows: newly typed ones first.
    pub fn listed(&self) -> impl Iterator<Item = &KnownDevice> {
        let known = |typed: &&KnownDevice| !self.known.iter().any(|known| known.id() == typed.id());
        self.typed.iter().filter(known).chain(&self.known)
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
        self.typed.retain(|typed| typed.classic || !typed.address().is_some_and(verified_since));
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

    /// The address in the field, if something is typed there.
    pub fn typed_address(&self) -> Option<Result<PeerAddr, BadAddr>> {
        (!self.address.trim().is_empty()).then(|| self.address.parse())
    }

    /// Everybody who is chosen; a whole address in the field counts without a further click.
    pub fn recipients(&self, around: &Surroundings) -> Result<Vec<Recipient>, BadAddr> {
        let chosen = self.listed().filter(|device| device.id().is_some_and(|id| self.chosen.contains(&id)));
        let mut recipients: Vec<Recipient> = chosen.filter_map(|device| recipient(device, around)).collect();
        let strangers =
            self.strangers(around).filter(|it| nearby::id_of(it).is_some_and(|id| self.chosen.contains(&id)));
        recipients.extend(strangers.filter_map(nearby::recipient));
        if let Some(address) = self.typed_address().transpose()?
            && !recipients.iter().any(|there| there.address == address)
        {
            let name = address.to_string();
            recipients.push(Recipient { address, expect: None, name, classic: self.classic });
        }
        Ok(recipients)
    }

    /// Puts the typed address into the list, chosen, and empties the field.
    pub fn add_typed(&mut self) {
        let Some(Ok(address)) = self.typed_address() else { return };
        let id = DeviceId::Addr(address.clone());
        self.typed.retain(|device| device.id().as_ref() != Some(&id));
        self.chosen.insert(id.clone());
        if let Some(known) = self.known.iter_mut().find(|known| known.id().as_ref() == Some(&id)) {
            known.classic = self.classic;
        } else {
            let name = address.to_string();
            self.typed.insert(0, KnownDevice::at(address, name, self.classic, 0));
        }
        self.address.clear();
        self.classic = false;
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
        self.typed.retain(|device| device.id().as_ref() != Some(id));
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

/// `None`: nobody knows where to dial it.
fn recipient(device: &KnownDevice, around: &Surroundings) -> Option<Recipient> {
    let address = around.address(device)?.clone();
    Some(Recipient { address, expect: device.key(), name: shown_name(device), classic: device.classic })
}

#[cfg(test)]
mod tests {
    use super::nearby::Presence;
    use super::*;
    use crate::model::{
        book::{Rule, Trusted},
        nearby::{Nearby, Proof},
    };

    fn known(address: &str, name: &str) -> KnownDevice {
        KnownDevice::at(address.parse().unwrap(), name.to_owned(), false, 1)
    }

    #[test]
    fn a_whole_address_in_the_field_counts_as_chosen() {
        let mut devices = Devices { address: "10.0.0.7".to_owned(), classic: true, ..Devices::default() };
        let expected = Recipient {
            address: "10.0.0.7:9527".parse().unwrap(),
            expect: None,
            name: "10.0.0.7:9527".into(),
            classic: true,
        };
        assert_eq!(devices.recipients(&Surroundings::default()), Ok(vec![expected]));
        devices.address = "10.0.0.7:x".to_owned();
        assert_eq!(devices.recipients(&Surroundings::default()), Err(BadAddr::Port("x".to_owned())));
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
}
