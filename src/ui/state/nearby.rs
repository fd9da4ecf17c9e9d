//! Who is nearby, and who may find this device.

use std::time::{Duration, Instant};

use crate::model::{
    book::{DeviceId, KnownDevice},
    device::PeerAddr,
    nearby::{InterfaceUse, Nearby, Proof, Visibility},
};

use super::devices::{Devices, Recipient};

/// What was told of the neighbourhood.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Verified devices first, each once.
    pub nearby: Vec<Nearby>,
    /// Who may find this device; nothing before the engine has told it.
    pub visible: Option<Shown>,
    /// Where nearby devices are looked for.
    pub interfaces: Vec<InterfaceUse>,
}

/// Who may find this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    pub to: Visibility,
    /// When that ends by itself.
    pub until: Option<Instant>,
}

/// Whether a saved device is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Away,
    /// Something at its address announces itself, or says that it is this device.
    Claimed,
    /// Its key was shown.
    Here,
}

impl Shown {
    /// How long it still lasts; nothing when it lasts.
    pub fn left(&self, now: Instant) -> Option<Duration> {
        self.until.map(|until| until.saturating_duration_since(now))
    }

    /// When the minutes that are shown change.
    pub fn next_change(&self, now: Instant) -> Option<Duration> {
        let left = self.left(now)?;
        let into_minute = Duration::from_secs(left.as_secs() % 60) + Duration::from_nanos(left.subsec_nanos().into());
        // A little later: then it is another minute for sure.
        Some(into_minute + Duration::from_millis(20))
    }
}

impl Devices {
    /// Those who only say who they are, and are not in the list of saved devices.
    pub fn strangers<'a>(&'a self, around: &'a Surroundings) -> impl Iterator<Item = &'a Nearby> {
        let is_listed = |nearby: &Nearby| {
            self.listed().any(|device| match nearby.key {
                Some(key) => device.key() == Some(key),
                None => device.trusted.is_none() && device.addresses.iter().any(|it| nearby.addresses.contains(it)),
            })
        };
        around.nearby.iter().filter(move |nearby| !is_listed(nearby))
    }
}

impl Surroundings {
    /// Whether a saved device is here.
    pub fn presence(&self, device: &KnownDevice) -> Presence {
        match self.of(device) {
            Some(nearby) if nearby.proof == Proof::Shown => Presence::Here,
            Some(_) => Presence::Claimed,
            None => Presence::Away,
        }
    }

    /// Where a saved device is best dialled: where it is now, else where it was met last.
    pub fn address<'a>(&'a self, device: &'a KnownDevice) -> Option<&'a PeerAddr> {
        self.of(device).filter(|_| device.trusted.is_some()).and_then(Nearby::address).or_else(|| device.address())
    }

    fn of(&self, device: &KnownDevice) -> Option<&Nearby> {
        self.nearby.iter().find(|nearby| match device.key() {
            Some(key) => nearby.key == Some(key),
            None => nearby.key.is_none() && device.addresses.iter().any(|it| nearby.addresses.contains(it)),
        })
    }
}

/// What somebody nearby is chosen by; nobody is nearby without an address.
pub fn id_of(nearby: &Nearby) -> Option<DeviceId> {
    nearby.address().cloned().map(DeviceId::Addr)
}

/// Somebody nearby as a recipient. A key that it claims is expected of it.
pub fn recipient(nearby: &Nearby) -> Option<Recipient> {
    let address = nearby.address()?.clone();
    let also = nearby.addresses.iter().filter(|other| **other != address).cloned().collect();
    let (id, expect, name) = (id_of(nearby)?, nearby.key, nearby.name.clone());
    Some(Recipient { id, address, also, expect, name, classic: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minutes_change_when_they_are_said_to() {
        let now = Instant::now();
        let shown = Shown { to: Visibility::Everybody, until: Some(now + Duration::from_secs(150)) };
        assert_eq!(shown.next_change(now), Some(Duration::from_millis(30_020)));
        assert_eq!(Shown { until: None, ..shown }.next_change(now), None);
    }
}
