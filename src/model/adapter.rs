//! Network adapters as a check of the network lists them, and which of them lead nowhere but into this computer.

use std::net::IpAddr;

/// One adapter that has an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapter {
    /// What the system calls it.
    pub name: String,
    pub kind: AdapterKind,
    /// At least one.
    pub addresses: Vec<IpAddr>,
    /// What the system counts it by; IPv6 needs it.
    pub index: Option<u32>,
    /// It is switched on, and a cable or a network is there.
    pub up: bool,
}

/// What is behind an adapter, as far as its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AdapterKind {
    Ordinary,
    /// Joins others; the addresses of this computer in its network may stand here.
    Bridge,
    /// Docker and its like: no other computer is there.
    Containers,
    /// Virtual machines on this computer.
    Machines,
    /// Another network through a tunnel. It may lead away what is meant for the network here.
    Vpn,
}

impl AdapterKind {
    /// Whether other computers of the network here are behind it.
    pub fn is_ordinary(self) -> bool {
        matches!(self, Self::Bridge | Self::Ordinary)
    }
}

impl Adapter {
    /// Whether other computers of the network here can be reached through it now.
    pub fn leads_out(&self) -> bool {
        self.up && self.kind.is_ordinary()
    }
}

/// How the names of adapters begin, in small letters, on the systems this program is for.
const BEGINNINGS: [(&str, AdapterKind); 37] = [
    ("br-", AdapterKind::Containers),
    ("cali", AdapterKind::Containers),
    ("cilium", AdapterKind::Containers),
    ("cni", AdapterKind::Containers),
    ("docker", AdapterKind::Containers),
    ("flannel", AdapterKind::Containers),
    ("lxc", AdapterKind::Containers),
    ("lxdbr", AdapterKind::Containers),
    ("podman", AdapterKind::Containers),
    ("veth", AdapterKind::Containers),
    ("weave", AdapterKind::Containers),
    ("hyper-v", AdapterKind::Machines),
    ("vboxnet", AdapterKind::Machines),
    ("vethernet", AdapterKind::Machines),
    ("virbr", AdapterKind::Machines),
    ("virtualbox", AdapterKind::Machines),
    ("vmenet", AdapterKind::Machines),
    ("vmnet", AdapterKind::Machines),
    ("vmware", AdapterKind::Machines),
    ("vnet", AdapterKind::Machines),
    ("gpd", AdapterKind::Vpn),
    ("ham", AdapterKind::Vpn),
    ("ipsec", AdapterKind::Vpn),
    ("mullvad", AdapterKind::Vpn),
    ("nordlynx", AdapterKind::Vpn),
    ("openvpn", AdapterKind::Vpn),
    ("ppp", AdapterKind::Vpn),
    ("proton", AdapterKind::Vpn),
    ("tailscale", AdapterKind::Vpn),
    ("tap", AdapterKind::Vpn),
    ("tun", AdapterKind::Vpn),
    ("utun", AdapterKind::Vpn),
    ("wg", AdapterKind::Vpn),
    ("wireguard", AdapterKind::Vpn),
    ("zt", AdapterKind::Vpn),
    ("br", AdapterKind::Bridge),
    ("bridge", AdapterKind::Bridge),
];

/// What an adapter of this name is.
pub fn kind_of(name: &str) -> AdapterKind {
    let name = name.to_lowercase();
    // A bridge that a person made is `br0`; others begin so by chance (`broadcom`).
    let fits = |(beginning, kind): &&(&str, AdapterKind)| {
        let rest = name.strip_prefix(beginning);
        let numbered = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
        rest.is_some_and(|rest| *kind != AdapterKind::Bridge || numbered(rest))
    };
    let found = BEGINNINGS.iter().filter(fits).max_by_key(|(beginning, _)| beginning.len());
    found.map_or(AdapterKind::Ordinary, |(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adapters_are_known_by_their_names() {
        use AdapterKind::{Bridge, Containers, Machines, Ordinary, Vpn};
        let table = [
            ("eth0", Ordinary),
            ("enp3s0", Ordinary),
            ("wlp2s0", Ordinary),
            ("Wi-Fi", Ordinary),
            ("Ethernet 2", Ordinary),
            ("en0", Ordinary),
            ("broadcom", Ordinary),
            ("br0", Bridge),
            ("bridge0", Bridge),
            ("docker0", Containers),
            ("br-4f1d2c3b4a59", Containers),
            ("veth12ab", Containers),
            ("lxdbr0", Containers),
            ("virbr0", Machines),
            ("vEthernet (WSL)", Machines),
            ("VirtualBox Host-Only Network", Machines),
            ("vmnet8", Machines),
            ("tun0", Vpn),
            ("wg0", Vpn),
            ("utun4", Vpn),
            ("tailscale0", Vpn),
            ("TAP-Windows Adapter V9", Vpn),
        ];
        for (name, kind) in table {
            assert_eq!(kind_of(name), kind, "{name}");
        }
    }
}
