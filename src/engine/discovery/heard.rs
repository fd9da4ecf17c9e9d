//! What an announcement says, parsed once: whatever a stranger has put into it comes out bounded and safe to show, or not
//! at all.

use std::net::IpAddr;

use mdns_sd::{ResolvedService, ScopedIp};

use crate::model::{
    device::{MAX_SHOWN_NAME_CHARS, PeerAddr, shown_text},
    nearby::MAX_ADDRESSES,
};

use super::{SERVICE, mark::Mark};

/// An operating system or a version is shown in at most this many characters.
const MAX_WORD_CHARS: usize = 32;

/// Addresses of one announcement that are looked at.
const MAX_LOOKED_AT: usize = 64;

/// One announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub mark: Option<Mark>,
    /// Empty: it says nothing of itself, and only who knows its key may know it.
    pub name: String,
    pub os: Option<String>,
    pub version: Option<String>,
    /// Another one with each announcement.
    pub beat: Option<String>,
    /// At least one, at most `MAX_ADDRESSES`, the best first.
    pub addresses: Vec<PeerAddr>,
}

impl Heard {
    /// The instance and what it says. `None`: nothing that anybody could be reached by.
    pub(super) fn parse(service: &ResolvedService, loopback: bool) -> Option<(String, Self)> {
        let instance = instance(&service.fullname)?;
        let addresses = service.addresses.iter().take(MAX_LOOKED_AT).map(scoped);
        let text = |key: &str| service.get_property_val(key).flatten().map(|value| String::from_utf8_lossy(value));
        let heard = Self::of(instance, service.port, addresses.collect(), loopback, |key| {
            text(key).map(std::borrow::Cow::into_owned)
        })?;
        Some((instance.to_owned(), heard))
    }

    fn of(
        instance: &str,
        port: u16,
        addresses: Vec<(IpAddr, Option<String>)>,
        loopback: bool,
        text: impl Fn(&str) -> Option<String>,
    ) -> Option<Self> {
        let mark = Mark::parse(instance);
        let word = |key: &str| text(key).map(|word| shown(&word, MAX_WORD_CHARS)).filter(|word| !word.is_empty());
        let said = text("name").map(|name| shown(&name, MAX_SHOWN_NAME_CHARS)).filter(|name| !name.is_empty());
        // Programs of others may put what they are called into the instance.
        let named = mark.is_none().then(|| shown(&unescaped(instance), MAX_SHOWN_NAME_CHARS));
        let addresses = ordered(addresses, loopback, port);
        if port == 0 || addresses.is_empty() {
            return None;
        }
        let name = said.or(named).unwrap_or_default();
        Some(Self { mark, name, os: word("os"), version: word("version"), beat: word("beat"), addresses })
    }
}

/// The first label of a full name of our service.
pub(super) fn instance(fullname: &str) -> Option<&str> {
    let instance = fullname.strip_suffix(SERVICE)?.strip_suffix('.')?;
    (!instance.is_empty()).then_some(instance)
}

fn shown(text: &str, max_chars: usize) -> String {
    shown_text(text.trim(), max_chars).trim().to_owned()
}

/// Without the backslashes before dots and backslashes.
fn unescaped(instance: &str) -> String {
    let mut escaped = false;
    instance
        .chars()
        .filter(|c| {
            escaped = *c == '\\' && !escaped;
            !escaped
        })
        .collect()
}

/// An address, and for a link-local one the interface that it belongs to.
fn scoped(address: &ScopedIp) -> (IpAddr, Option<String>) {
    let scope = match address {
        ScopedIp::V6(six) if six.addr().is_unicast_link_local() => Some(six.scope_id().name.clone()),
        _ => None,
    };
    (address.to_ip_addr(), scope)
}

/// Those that can be dialled: IPv4 first, link-local ones last, always in the same order.
fn ordered(addresses: Vec<(IpAddr, Option<String>)>, loopback: bool, port: u16) -> Vec<PeerAddr> {
    let can_be = |address: &IpAddr| match address {
        _ if address.is_unspecified() || address.is_multicast() => false,
        IpAddr::V4(four) => !four.is_broadcast() && four.is_loopback() == loopback,
        IpAddr::V6(six) => six.is_loopback() == loopback && six.to_ipv4_mapped().is_none(),
    };
    let rank = |address: &IpAddr| match address {
        IpAddr::V4(four) => u8::from(four.is_link_local()) * 2,
        IpAddr::V6(six) => 1 + u8::from(six.is_unicast_link_local()) * 2,
    };
    let mut addresses: Vec<_> = addresses.into_iter().filter(|(address, _)| can_be(address)).collect();
    addresses.sort_by_key(|(address, scope)| (rank(address), *address, scope.clone()));
    addresses.dedup();
    let written = addresses.into_iter().map(|(address, scope)| match scope {
        Some(scope) => format!("{address}%{scope}"),
        None => address.to_string(),
    });
    written.map(|host| PeerAddr { host, port }).take(MAX_ADDRESSES).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::device::is_hidden;

    fn of(instance: &str, port: u16, addresses: &[&str], text: &[(&str, &str)]) -> Option<Heard> {
        let addresses = addresses.iter().map(|address| (address.parse().unwrap(), None)).collect();
        let find = |key: &str| text.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned());
        Heard::of(instance, port, addresses, false, find)
    }

    fn hosts(heard: &Heard) -> Vec<&str> {
        heard.addresses.iter().map(|address| address.host.as_str()).collect()
    }

    #[test]
    fn what_is_said_is_safe_to_show() {
        let text = [("name", " La\u{202e}p\ntop "), ("os", "linux"), ("version", &"9".repeat(200)), ("x", "y")];
        let heard = of("Attic", 7, &["10.0.0.1"], &text).unwrap();
        assert_eq!((heard.name.as_str(), heard.os.as_deref()), ("La\u{fffd}p\u{fffd}top", Some("linux")));
        assert_eq!(heard.version.map(|version| version.len()), Some(MAX_WORD_CHARS));
        let unnamed = of("A\\.b\\\\c", 7, &["10.0.0.1"], &[("name", "  ")]).unwrap();
        assert_eq!(unnamed.name, "A.b\\c", "a program of others is called by its instance");
    }

    #[test]
    fn addresses_that_lead_nowhere_or_back_to_us_are_left_out() {
        let all = [
            "0.0.0.0",
            "127.0.0.1",
            "224.0.0.251",
            "255.255.255.255",
            "::",
            "::1",
            "ff02::fb",
            "::ffff:10.0.0.9",
            "fe80::1",
            "2001:db8::1",
            "169.254.3.3",
            "10.0.0.2",
            "10.0.0.1",
        ];
        let heard = of("Attic", 7, &all, &[]).unwrap();
        assert_eq!(hosts(&heard), ["10.0.0.1", "10.0.0.2", "2001:db8::1", "169.254.3.3", "fe80::1"]);
        assert_eq!(of("Attic", 7, &all[..8], &[]), None);
        assert_eq!(of("Attic", 0, &["10.0.0.1"], &[]), None);
        let many: Vec<String> = (0..200).map(|n| format!("10.0.0.{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(of("Attic", 7, &many, &[]).unwrap().addresses.len(), MAX_ADDRESSES);
    }

    #[test]
    fn only_names_of_our_service_are_taken() {
        assert_eq!(instance("a.b._sealdrop._tcp.local."), Some("a.b"));
        for name in
            ["._sealdrop._tcp.local.", "_sealdrop._tcp.local.", "a._http._tcp.local.", "", "a._sealdrop._tcp.local"]
        {
            assert_eq!(instance(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_bounded_and_shown_safely(
            instance in ".{0,80}", name in ".{0,300}", os in ".{0,300}", port: u16, addresses: Vec<u32>,
        ) {
            let addresses = addresses.into_iter().map(|bits| (IpAddr::from(bits.to_be_bytes()), None)).collect();
            let text = |key: &str| match key {
                "name" => Some(name.clone()),
                "os" => Some(os.clone()),
                _ => None,
            };
            if let Some(heard) = Heard::of(&instance, port, addresses, false, text) {
                prop_assert!(heard.name.chars().count() <= MAX_SHOWN_NAME_CHARS);
                prop_assert!(!heard.name.chars().chain(heard.os.iter().flat_map(|os| os.chars())).any(is_hidden));
                prop_assert!((1..=MAX_ADDRESSES).contains(&heard.addresses.len()));
                for address in &heard.addresses {
                    prop_assert_eq!(&address.to_string().parse::<PeerAddr>(), &Ok(address.clone()));
                }
            }
        }
    }
}
