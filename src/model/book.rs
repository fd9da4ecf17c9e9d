//! The devices this one knows: where they were met, which of them a person has verified, and what they may do.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{device::PeerAddr, device_key::DeviceKey};

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

impl KnownDevice {
    /// One that is known by its address only.
    pub fn at(address: PeerAddr, name: String, classic: bool, last_used: u64) -> Self {
        Self { name, addresses: vec![address], classic, last_used, trusted: None }
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
}
