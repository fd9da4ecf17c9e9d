//! The steps about this device.

use super::{Told, and, fine, odd};
use crate::{
    model::{
        adapter::{Adapter, AdapterKind},
        check::{Finding, Heard, Holder},
    },
    ui::text::catalogue::say,
};

pub(super) fn port(finding: &Finding) -> Told {
    match finding {
        Finding::Listening { port } => fine(say!("check-listening", port = port.to_string())),
        Finding::Deaf { port } => (say!("check-deaf", port = port.to_string()), say!("check-deaf-do")),
        Finding::PortClosed { port: 0 } => (say!("check-no-port"), say!("check-no-port-do")),
        Finding::PortClosed { port } => {
            (say!("check-port-closed", port = port.to_string()), say!("check-port-closed-do"))
        }
        Finding::PortTaken { port, by: Holder::Program { name, id } } => {
            let found = say!("check-port-taken", port = port.to_string(), name, id = id.to_string());
            (found, say!("check-port-taken-do"))
        }
        Finding::PortTaken { port, by: Holder::Unknown } => {
            (say!("check-port-taken-unknown", port = port.to_string()), say!("check-port-taken-do"))
        }
        other => odd(other),
    }
}

pub(super) fn adapters(finding: &Finding) -> Told {
    let adapters = match finding {
        Finding::Adapters(adapters) => adapters,
        Finding::AdaptersUnknown(_) => return fine(say!("check-adapters-unknown")),
        other => return odd(other),
    };
    let lead_out: Vec<&str> = adapters.iter().filter(|it| it.leads_out()).map(|it| it.name.as_str()).collect();
    if lead_out.is_empty() {
        return (say!("check-no-adapter"), say!("check-no-adapter-do"));
    }
    if let Some(vpn) = adapters.iter().find(|it| it.up && it.kind == AdapterKind::Vpn) {
        return (say!("check-vpn", name = vpn.name.as_str()), say!("check-vpn-do"));
    }
    if let Some(down) = adapters.iter().find(|it| !it.up) {
        return fine(say!("check-network-and-down", names = and(&lead_out), down = down.name.as_str()));
    }
    fine(say!("check-network", names = and(&lead_out)))
}

pub(super) fn adapter_line(adapter: &Adapter) -> String {
    let addresses: Vec<String> = adapter.addresses.iter().map(ToString::to_string).collect();
    let name = marked(&adapter.name, adapter.kind);
    let addresses = addresses.join(", ");
    if adapter.up { say!("check-adapter", name, addresses) } else { say!("check-adapter-down", name, addresses) }
}

/// A name, and behind it what kind of adapter it is where that is not the usual one.
fn marked(name: &str, kind: AdapterKind) -> String {
    let what = match kind {
        AdapterKind::Ordinary => return name.to_owned(),
        AdapterKind::Bridge => say!("check-bridge"),
        AdapterKind::Containers => say!("check-containers"),
        AdapterKind::Machines => say!("check-machines"),
        AdapterKind::Vpn => say!("check-is-vpn"),
    };
    say!("check-detailed", what = name, detail = what)
}

pub(super) fn multicast(finding: &Finding) -> Told {
    let heard = match finding {
        Finding::Multicast { heard, .. } => heard,
        Finding::MulticastNotNeeded => return fine(say!("check-multicast-not-needed")),
        other => return odd(other),
    };
    let ordinary: Vec<&Heard> = heard.iter().filter(|it| it.kind.is_ordinary()).collect();
    let names = |of: &dyn Fn(&Heard) -> bool| -> Vec<&str> {
        ordinary.iter().filter(|it| of(it)).map(|it| it.adapter.as_str()).collect()
    };
    let (working, mute, stopped) =
        (names(&|it| it.works()), names(&|it| !it.works() && !it.sent), names(&|it| !it.works() && it.sent));
    if ordinary.is_empty() {
        return fine(say!("check-no-adapter"));
    }
    if !stopped.is_empty() {
        return (say!("check-multicast-stopped", names = and(&stopped)), say!("check-multicast-do"));
    }
    if !mute.is_empty() {
        return (say!("check-multicast-mute", names = and(&mute)), say!("check-multicast-do"));
    }
    let others = ordinary.iter().map(|it| it.others).sum::<usize>();
    fine(say!("check-multicast-works", names = and(&working), others))
}

pub(super) fn heard_line(heard: &Heard) -> String {
    let name = marked(&heard.adapter, heard.kind);
    let line = match heard {
        Heard { sent: false, .. } => say!("check-heard-mute", name),
        it if it.works() => say!("check-heard-works", name, others = it.others),
        _ => say!("check-heard-stopped", name),
    };
    super::detailed(line, heard.trouble.as_deref())
}
