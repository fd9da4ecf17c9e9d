//! The page of one device, while it is open.

use super::{devices::Devices, rows::Row, transfers::Transfers, trust::ComparisonCard};
use crate::model::{
    book::{DeviceId, KnownDevice},
    device::{Peer, PeerAddr},
    device_key::DeviceKey,
    history::HistoryEntry,
    transfer::Direction,
};

/// Which device, and what the person is about to do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevicePage {
    pub id: DeviceId,
    /// *Accept into a folder* was chosen, and no folder yet.
    pub choosing_folder: bool,
    /// *Forget* was clicked once.
    pub forgetting: bool,
    /// What the history has of it, newest first.
    pub past: Vec<HistoryEntry>,
}

/// One line of what went to and fro.
#[derive(Clone, Copy, Debug)]
pub enum Past<'a> {
    Entry(&'a HistoryEntry),
    /// Of this session, as it stands now.
    Row(&'a Row),
}

impl DevicePage {
    pub fn new(id: DeviceId) -> Self {
        Self { id, choosing_folder: false, forgetting: false, past: Vec::new() }
    }

    /// The device, as long as it is known.
    pub fn device<'a>(&self, devices: &'a Devices) -> Option<&'a KnownDevice> {
        devices.listed().find(|device| device.id().as_ref() == Some(&self.id))
    }

    /// The same page after the devices have changed: a device that was verified is now known by its key. None when it
    /// is known no more.
    pub fn follow(self, devices: &Devices) -> Option<Self> {
        let id = devices.now_known_as(&self.id)?;
        Some(Self { id, ..self })
    }

    /// The comparison that this page shows instead of the centre.
    pub fn shows(&self, devices: &Devices, card: &ComparisonCard) -> bool {
        card.key().direction == Direction::Outgoing
            && self.device(devices).is_some_and(|device| is_with(device, &card.snapshot.peer))
    }

    /// The transfers with the device, newest first: those of this session, then what only the history knows.
    pub fn history<'a>(&'a self, devices: &Devices, transfers: &'a Transfers) -> Vec<Past<'a>> {
        let Some(device) = self.device(devices) else { return Vec::new() };
        let rows = transfers.iter().filter(|row| is_with(device, &row.snapshot.peer)).map(Past::Row);
        let before = self.past.iter().filter(|entry| transfers.row(entry.key).is_none()).map(Past::Entry);
        rows.chain(before).collect()
    }
}

/// By key where both are known; otherwise by where it was dialled.
fn is_with(device: &KnownDevice, peer: &Peer) -> bool {
    let keys: (Option<DeviceKey>, Option<DeviceKey>) = (device.key(), peer.key);
    if let (Some(known), Some(shown)) = keys {
        return known == shown;
    }
    let at = |address: &PeerAddr| device.addresses.contains(address);
    peer.dial.as_ref().is_some_and(at) || peer.address.parse().is_ok_and(|address| at(&address))
}
