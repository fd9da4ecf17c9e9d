//! The network adapters of this computer, and its addresses that others may know.

use std::{collections::BTreeMap, io, net::IpAddr};

use if_addrs::Interface;

use crate::model::{
    adapter::{Adapter, AdapterKind, kind_of},
    check::Finding,
    device::{MAX_SHOWN_NAME_CHARS, shown_text},
    reason::{Reason, ReasonCode},
};

use super::Outcome;

/// All adapters with an address but the one that leads to this computer itself, those that lead out first.
///
/// # Errors
/// The system does not tell.
pub(super) fn adapters() -> io::Result<Vec<Adapter>> {
    Ok(gathered(if_addrs::get_if_addrs()?))
}

fn gathered(interfaces: Vec<Interface>) -> Vec<Adapter> {
    let mut by_name: BTreeMap<String, Adapter> = BTreeMap::new();
    for interface in interfaces.into_iter().filter(|interface| !interface.is_loopback()) {
        let name = shown_text(&interface.name, MAX_SHOWN_NAME_CHARS);
        let adapter = by_name.entry(name.clone()).or_insert_with(|| {
            let (kind, index) = (kind_of(&name), interface.index);
            Adapter { name, kind, addresses: Vec::new(), index, up: false }
        });
        adapter.up |= !is_down(&interface);
        adapter.addresses.push(interface.ip());
    }
    let mut all: Vec<Adapter> = by_name.into_values().collect();
    for adapter in &mut all {
        adapter.addresses.sort_by_key(|address| (is_link_local(address), address.is_ipv6()));
        adapter.addresses.dedup();
    }
    all.sort_by_key(|adapter| (!adapter.leads_out(), adapter.kind));
    all
}

/// Not every system says `Up` of what is.
fn is_down(interface: &Interface) -> bool {
    use if_addrs::IfOperStatus::{Down, LowerLayerDown, NotPresent};
    matches!(interface.oper_status, Down | LowerLayerDown | NotPresent)
}

fn is_link_local(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// Addresses under which others may reach this device: all but loopback and link-local ones. Those in the network here come
/// first, IPv4 before IPv6; then those that only containers, virtual machines and the like can use.
pub fn own_addresses() -> Vec<IpAddr> {
    addresses_of(&adapters().unwrap_or_default())
}

fn addresses_of(adapters: &[Adapter]) -> Vec<IpAddr> {
    let all = adapters.iter().flat_map(|adapter| adapter.addresses.iter().map(move |address| (adapter, *address)));
    let mut all: Vec<(&Adapter, IpAddr)> = all.filter(|(_, address)| !is_link_local(address)).collect();
    all.sort_by_key(|(adapter, address)| (!adapter.kind.is_ordinary(), address.is_ipv6()));
    let mut addresses: Vec<IpAddr> = Vec::new();
    for (_, address) in all {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

pub(super) fn check() -> Outcome {
    match adapters() {
        Err(error) => Outcome::warning(Finding::AdaptersUnknown(Reason::here(ReasonCode::Io, error.to_string()))),
        Ok(adapters) => judge(adapters),
    }
}

/// Never worse than a warning: one adapter that is broken says nothing about the others.
fn judge(adapters: Vec<Adapter>) -> Outcome {
    let leads_out = adapters.iter().any(Adapter::leads_out);
    let is_worth_a_word = |adapter: &Adapter| !adapter.up || adapter.kind == AdapterKind::Vpn;
    if leads_out && !adapters.iter().any(is_worth_a_word) {
        Outcome::fine(Finding::Adapters(adapters))
    } else {
        Outcome::warning(Finding::Adapters(adapters))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::check::StepState;

    fn adapter(name: &str, up: bool, addresses: &[&str]) -> Adapter {
        let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
        Adapter { name: name.to_owned(), kind: kind_of(name), addresses, index: None, up }
    }

    #[test]
    fn what_others_can_use_comes_first_and_link_local_is_left_out() {
        let all = [
            adapter("docker0", true, &["172.17.0.1"]),
            adapter("eth0", true, &["192.168.1.7", "2001:db8::7", "fe80::7", "169.254.3.3"]),
            adapter("wlan0", true, &["10.0.0.7", "192.168.1.7"]),
        ];
        let found: Vec<String> = addresses_of(&all).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["192.168.1.7", "10.0.0.7", "2001:db8::7", "172.17.0.1"]);
    }

    #[test]
    fn a_virtual_or_broken_adapter_is_at_most_a_warning() {
        let eth = || adapter("eth0", true, &["192.168.1.7"]);
        let table = [
            (vec![eth()], StepState::Fine),
            (vec![eth(), adapter("docker0", true, &["172.17.0.1"])], StepState::Fine),
            (vec![eth(), adapter("tun0", true, &["10.8.0.2"])], StepState::Warning),
            (vec![eth(), adapter("wlan0", false, &["10.0.0.7"])], StepState::Warning),
            (vec![adapter("docker0", true, &["172.17.0.1"])], StepState::Warning),
            (Vec::new(), StepState::Warning),
        ];
        for (adapters, expected) in table {
            assert_eq!(judge(adapters.clone()).state, expected, "{adapters:?}");
        }
    }

    #[test]
    fn this_computer_s_adapters_are_listed_without_the_way_to_itself() {
        let found = adapters().unwrap();
        assert!(found.iter().all(|adapter| !adapter.addresses.is_empty()));
        assert!(found.iter().flat_map(|adapter| &adapter.addresses).all(|address| !address.is_loopback()));
    }
}
