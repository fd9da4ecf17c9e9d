//! Names that end in `.local`, asked for on the local network (RFC 6762) where the system cannot.

use std::{
    collections::BTreeSet,
    io,
    net::{SocketAddr, SocketAddrV6},
    time::{Duration, Instant},
};

use mdns_sd::{HostnameResolutionEvent, ScopedIp, ServiceDaemon};

/// After the first address, others of the same device may follow for this long.
const MORE: Duration = Duration::from_millis(150);

/// Whether a name is one for the local network.
pub(super) fn is_local(host: &str) -> bool {
    let bare = host.strip_suffix('.').unwrap_or(host);
    bare.rsplit_once('.').is_some_and(|(first, last)| !first.is_empty() && last.eq_ignore_ascii_case("local"))
}

/// Asks all networks that this computer is in, at most for `limit`. Only asks: nothing of this device is told.
///
/// # Errors
/// Nobody answered, or the system does not let us ask.
pub(super) fn ask(host: &str, port: u16, limit: Duration) -> io::Result<Vec<SocketAddr>> {
    let daemon = ServiceDaemon::new().map_err(io::Error::other)?;
    let found = ask_by(&daemon, host, port, limit);
    // It ends by itself; one that is gone already needs no telling.
    daemon.shutdown().ok();
    found
}

fn ask_by(daemon: &ServiceDaemon, host: &str, port: u16, limit: Duration) -> io::Result<Vec<SocketAddr>> {
    let name = format!("{}.", host.strip_suffix('.').unwrap_or(host));
    let millis = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
    let events = daemon.resolve_hostname(&name, Some(millis)).map_err(io::Error::other)?;
    let mut deadline = Instant::now() + limit;
    let mut found = BTreeSet::new();
    while let Ok(event) = events.recv_deadline(deadline) {
        match event {
            HostnameResolutionEvent::AddressesFound(_, addresses) => {
                found.extend(addresses.iter().map(|address| at_port(address, port)));
                deadline = deadline.min(Instant::now() + MORE);
            }
            HostnameResolutionEvent::SearchTimeout(_) | HostnameResolutionEvent::SearchStopped(_) => break,
            _ => {}
        }
    }
    if found.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "nobody on the local network answers to this name"));
    }
    Ok(found.into_iter().collect())
}

fn at_port(address: &ScopedIp, port: u16) -> SocketAddr {
    match address {
        // Only together with its interface does a link-local address lead anywhere.
        ScopedIp::V6(six) => SocketAddrV6::new(*six.addr(), port, 0, six.scope_id().index).into(),
        other => SocketAddr::new(other.to_ip_addr(), port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_below_local_are_asked_for_on_the_local_network() {
        for local in ["anna.local", "anna.LOCAL.", "a.b.local"] {
            assert!(is_local(local), "{local}");
        }
        for other in ["local", ".local", "anna.local.example", "anna", "localhost", "10.0.0.7", "notlocal"] {
            assert!(!is_local(other), "{other}");
        }
    }
}
