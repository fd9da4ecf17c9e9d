//! Devices around this one: what they claim, what was shown, and what this one shows of itself.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{device::PeerAddr, device_key::DeviceKey};

/// Addresses kept of one nearby device.
pub const MAX_ADDRESSES: usize = 8;

/// Somebody nearby. Everything in it is a claim that anybody in the same network can make, unless `proof` is `Shown`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearby {
    /// What it calls itself, safe to show; of a verified device the name by which it is known here. Never empty.
    pub name: String,
    /// Operating system, safe to show, if it said.
    pub os: Option<String>,
    /// Version of its program, safe to show, if it said.
    pub version: Option<String>,
    /// Where it can be dialled, at least one and at most `MAX_ADDRESSES`, the best first.
    pub addresses: Vec<PeerAddr>,
    /// The verified device that it is, or says that it is.
    pub key: Option<DeviceKey>,
    pub proof: Proof,
}

/// What is behind a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Nothing: it is only said.
    Claimed,
    /// TLS has shown the key a moment ago.
    Shown,
}

impl Nearby {
    /// Where to dial it.
    pub fn address(&self) -> Option<&PeerAddr> {
        self.addresses.first()
    }

    /// Whether it is the verified device with this key beyond doubt.
    pub fn is_shown(&self, key: DeviceKey) -> bool {
        self.key == Some(key) && self.proof == Proof::Shown
    }
}

/// Who may find this device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    #[default]
    Everybody,
    Nobody,
    Verified,
}

/// A person's choice of who may find this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShowTo {
    /// From now on, also after a restart.
    Always(Visibility),
    /// Everybody for ten minutes, then as before.
    EverybodyForAWhile,
}

/// Where nearby devices are looked for, and where this one shows itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// On every interface but the loopback.
    #[default]
    Everywhere,
    /// Only within this computer: for tests.
    Loopback,
    /// Nowhere: neither multicast, nor a call to see who is there.
    Nowhere,
}

/// One network interface as discovery uses it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InterfaceUse {
    pub name: String,
    pub address: IpAddr,
    /// Why multicast does not work there, in the system's words; a warning, never more.
    pub problem: Option<String>,
}
