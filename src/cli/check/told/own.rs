//! The steps about this device.

use super::{and, count, odd};
use crate::model::{
    adapter::{Adapter, AdapterKind},
    check::{Finding, Heard, Holder},
};

pub(super) fn port(finding: &Finding) -> (String, &'static str) {
    const ANOTHER: &str = "Close that program, or choose another port in Settings";
    match finding {
        Finding::Listening { port } => (format!("This device listens on port {port}"), ""),
        Finding::Deaf { port } => (
            format!("This device listens on port {port}, but what answers there is not this Sealdrop"),
            "Close Sealdrop and start it again, or choose another port in Settings",
        ),
        Finding::PortClosed { port: 0 } => {
            ("This device listens on no port: nobody can send to it".to_owned(), "Choose a port in Settings")
        }
        Finding::PortClosed { port } => (
            format!("Nothing listens on port {port} of this computer: nobody can send to it"),
            "Open Sealdrop here, or choose another port in Settings",
        ),
        Finding::PortTaken { port, by: Holder::Program { name, id } } => {
            (format!("Port {port} is taken by {name} (process {id})"), ANOTHER)
        }
        Finding::PortTaken { port, by: Holder::Unknown } => {
            (format!("Port {port} is taken by a program that only its own user or the system may name"), ANOTHER)
        }
        other => odd(other),
    }
}

pub(super) fn adapters(finding: &Finding) -> (String, &'static str) {
    let adapters = match finding {
        Finding::Adapters(adapters) => adapters,
        Finding::AdaptersUnknown(_) => return ("The system does not tell which adapters there are".to_owned(), ""),
        other => return odd(other),
    };
    let lead_out: Vec<&str> = adapters.iter().filter(|it| it.leads_out()).map(|it| it.name.as_str()).collect();
    if lead_out.is_empty() {
        let found = "No adapter leads to other computers".to_owned();
        return (found, "Switch Wi-Fi on, or plug a cable in");
    }
    if let Some(vpn) = adapters.iter().find(|it| it.up && it.kind == AdapterKind::Vpn) {
        return (
            format!("{} is a VPN, which may lead away what is meant for the network here", vpn.name),
            "If the other device is not reached, try again with the VPN switched off",
        );
    }
    if let Some(down) = adapters.iter().find(|it| !it.up) {
        return (format!("In a network by {}; {} has an address but no connection", and(&lead_out), down.name), "");
    }
    (format!("In a network by {}", and(&lead_out)), "")
}

pub(super) fn adapter_line(adapter: &Adapter) -> String {
    let addresses: Vec<String> = adapter.addresses.iter().map(ToString::to_string).collect();
    let mut marks: Vec<&str> = kind_word(adapter.kind).into_iter().collect();
    if !adapter.up {
        marks.push("no connection");
    }
    let marks = if marks.is_empty() { String::new() } else { format!(" ({})", marks.join(", ")) };
    format!("{}{marks}: {}", adapter.name, addresses.join(", "))
}

fn kind_word(kind: AdapterKind) -> Option<&'static str> {
    match kind {
        AdapterKind::Ordinary => None,
        AdapterKind::Bridge => Some("bridge"),
        AdapterKind::Containers => Some("virtual, for containers"),
        AdapterKind::Machines => Some("virtual, for virtual machines"),
        AdapterKind::Vpn => Some("virtual, a VPN"),
    }
}

pub(super) fn multicast(finding: &Finding) -> (String, &'static str) {
    const OPEN: &str =
        "Let UDP port 5353 in, here and on the other device. Until then type addresses: sending works without it";
    let heard = match finding {
        Finding::Multicast { heard, .. } => heard,
        Finding::MulticastNotNeeded => return ("Not needed: the other device is this computer".to_owned(), ""),
        other => return odd(other),
    };
    let ordinary: Vec<&Heard> = heard.iter().filter(|it| it.kind.is_ordinary()).collect();
    let names = |of: &dyn Fn(&Heard) -> bool| -> Vec<&str> {
        ordinary.iter().filter(|it| of(it)).map(|it| it.adapter.as_str()).collect()
    };
    let (working, mute, stopped) =
        (names(&|it| it.works()), names(&|it| !it.works() && !it.sent), names(&|it| !it.works() && it.sent));
    if ordinary.is_empty() {
        return ("No adapter leads to other computers".to_owned(), "");
    }
    if !stopped.is_empty() {
        return (
            format!("Something stops multicast on {}: what is asked there does not come back in", and(&stopped)),
            OPEN,
        );
    }
    if !mute.is_empty() {
        return (format!("Nothing can be asked on {}: the system lets no multicast out", and(&mute)), OPEN);
    }
    let others: usize = ordinary.iter().map(|it| it.others).sum();
    let who = match others {
        0 => "nobody else has answered".to_owned(),
        others => format!("{} answered", count(others as u64, "other device has", "other devices have")),
    };
    (format!("Multicast goes out and comes in on {}; {who}", and(&working)), "")
}

pub(super) fn heard_line(heard: &Heard) -> String {
    let virtual_ = kind_word(heard.kind).map(|word| format!(" ({word})")).unwrap_or_default();
    let state = match heard {
        Heard { sent: false, .. } => "nothing goes out".to_owned(),
        it if it.works() => format!("out and in, {}", count(it.others as u64, "other device", "other devices")),
        _ => "out, but nothing comes in".to_owned(),
    };
    let trouble = heard.trouble.as_ref().map(|it| format!(" ({it})")).unwrap_or_default();
    format!("{}{virtual_}: {state}{trouble}", heard.adapter)
}
