//! A check of the network: its steps, how each of them stands, and what it has found. The sentences are elsewhere.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use super::{
    adapter::{Adapter, AdapterKind},
    device::PeerAddr,
    device_key::DeviceKey,
    firewall::Firewall,
    reason::Reason,
};

/// Names one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CheckId(pub u64);

/// Whose answer is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckTarget {
    /// Where it may be; none: nobody knows.
    pub places: Vec<PeerAddr>,
    /// The only key that may answer.
    pub expect: Option<DeviceKey>,
}

impl CheckTarget {
    /// Whether it can only be this computer itself: nothing of a check then goes over a network.
    pub fn is_this_computer(&self) -> bool {
        let is_loopback = |place: &PeerAddr| match place.host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => place.host.trim_end_matches('.').eq_ignore_ascii_case("localhost"),
        };
        !self.places.is_empty() && self.places.iter().all(is_loopback)
    }
}

/// The steps, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StepKind {
    /// This device listens on its port.
    Port,
    /// It is in a network.
    Adapters,
    /// Devices can find each other.
    Multicast,
    /// The other device's name leads to addresses.
    Name,
    /// One of them answers.
    Connection,
    /// With TLS, and the right key.
    Encryption,
    /// And understands us.
    Greeting,
    /// It reaches us as well.
    WayBack,
    /// The two clocks agree.
    Clock,
}

impl StepKind {
    /// Those about this device alone.
    pub const OWN: [Self; 3] = [Self::Port, Self::Adapters, Self::Multicast];

    /// Those about another device, each of which needs the one before it.
    pub const OTHER: [Self; 6] =
        [Self::Name, Self::Connection, Self::Encryption, Self::Greeting, Self::WayBack, Self::Clock];

    /// Whether another device is not reachable when this step has failed.
    pub fn is_needed_to_reach(self) -> bool {
        matches!(self, Self::Name | Self::Connection | Self::Encryption | Self::Greeting)
    }

    /// For scripts.
    pub fn word(self) -> &'static str {
        match self {
            Self::Port => "port",
            Self::Adapters => "adapters",
            Self::Multicast => "multicast",
            Self::Name => "name",
            Self::Connection => "connection",
            Self::Encryption => "encryption",
            Self::Greeting => "greeting",
            Self::WayBack => "way_back",
            Self::Clock => "clock",
        }
    }
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepState {
    Failed,
    Fine,
    /// Not begun, or not to be begun any more.
    NotTried,
    Running,
    /// It works, but a person should know something.
    Warning,
}

impl StepState {
    /// For scripts.
    pub fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Fine => "fine",
            Self::NotTried => "not_tried",
            Self::Running => "running",
            Self::Warning => "warning",
        }
    }
}

/// One step as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckStep {
    pub kind: StepKind,
    pub state: StepState,
    /// How long it took, once it is over.
    pub took: Option<Duration>,
    pub finding: Finding,
}

impl CheckStep {
    /// One that has not begun.
    pub fn waiting(kind: StepKind) -> Self {
        Self { kind, state: StepState::NotTried, took: None, finding: Finding::Nothing }
    }
}

/// What a step has found.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    Nothing,
    /// Somebody stopped the check.
    Stopped,

    /// This device answers on its own port.
    Listening {
        port: u16,
    },
    /// It listens there and does not answer.
    Deaf {
        port: u16,
    },
    /// Nobody listens there.
    PortClosed {
        port: u16,
    },
    PortTaken {
        port: u16,
        by: Holder,
    },

    Adapters(Vec<Adapter>),
    /// They could not be listed.
    AdaptersUnknown(Reason),

    Multicast {
        heard: Vec<Heard>,
        fix: Option<Fix>,
    },
    /// The other device is this computer.
    MulticastNotNeeded,

    /// An address: there is nothing to look up.
    NoNameNeeded,
    NoPlace,
    Resolved(Vec<IpAddr>),
    Unresolved(Reason),

    Connected {
        at: SocketAddr,
    },
    /// The system of this computer lets nothing out to there.
    Forbidden {
        places: Vec<SocketAddr>,
    },
    NoAnswer {
        places: Vec<SocketAddr>,
    },
    NoRoute {
        places: Vec<SocketAddr>,
    },
    NotConnected(Reason),
    Refused {
        places: Vec<SocketAddr>,
    },

    Sealed {
        key: DeviceKey,
    },
    /// Something answers that is not a Sealdrop.
    NotSealdrop {
        detail: String,
    },
    OtherKey {
        expected: DeviceKey,
        met: DeviceKey,
    },
    /// It takes connections and says nothing.
    Silent,
    Broken(Reason),

    Met(Box<Met>),
    /// This device is blocked there.
    Blocked,
    /// There, another key is verified under this device's name.
    TakenForAnother,
    /// Another key than that of the verified device of this name.
    TakesName {
        name: String,
    },
    /// Protocol versions, oldest and newest of each side.
    Versions {
        ours: [u32; 2],
        theirs: [u32; 2],
    },
    Odd(Reason),

    Reached,
    NotReached {
        port: u16,
        fix: Option<Fix>,
    },
    /// The other side has not tried: it does so for devices that it knows, and rarely.
    NotAsked,
    /// Its version does not know how.
    NotServed,
    /// This device listens on no port.
    NotListening,

    /// How far the other clock is ahead of ours, in milliseconds; negative: behind.
    Clock {
        ahead_ms: i64,
    },
    /// Only devices that have verified us tell theirs.
    NoClock,
}

/// What lets Sealdrop through the firewall of this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    pub firewall: Firewall,
    /// Ready to be run by somebody who may.
    pub command: String,
}

impl Finding {
    /// The command that may help.
    pub fn command(&self) -> Option<&str> {
        match self {
            Self::Multicast { fix, .. } | Self::NotReached { fix, .. } => fix.as_ref().map(|fix| fix.command.as_str()),
            _ => None,
        }
    }
}

/// Who answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Met {
    /// Safe to show, as the others.
    pub name: String,
    pub os: String,
    pub program: String,
    pub verified: bool,
}

/// Who has a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A program whose name and number this user may read.
    Program {
        name: String,
        id: u32,
    },
    Unknown,
}

/// What came of a multicast question on one adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    pub adapter: String,
    pub kind: AdapterKind,
    /// It went out, as far as the system says.
    pub sent: bool,
    /// It came back in, as it does where nothing stops it.
    pub own: bool,
    /// Other devices that said something meanwhile.
    pub others: usize,
    /// What the system said, where it did not go.
    pub trouble: Option<String>,
}

impl Heard {
    /// Whether devices can find each other through this adapter.
    pub fn works(&self) -> bool {
        self.own || self.others > 0
    }
}

/// From here on a difference of clocks is worth a word.
pub const CLOCK_LIMIT: Duration = Duration::from_mins(2);

#[cfg(test)]
mod tests {
    use super::*;

    fn target(places: &[&str]) -> CheckTarget {
        CheckTarget { places: places.iter().map(|text| text.parse().unwrap()).collect(), expect: None }
    }

    #[test]
    fn this_computer_is_known_by_its_addresses_and_its_name() {
        for places in [&["127.0.0.1"][..], &["[::1]:7"], &["localhost"], &["LOCALHOST.", "127.9.9.9"]] {
            assert!(target(places).is_this_computer(), "{places:?}");
        }
        for places in [&["10.0.0.7"][..], &["localhost", "10.0.0.7"], &["anna.local"], &[]] {
            assert!(!target(places).is_this_computer(), "{places:?}");
        }
    }
}
