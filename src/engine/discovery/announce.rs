//! What this device says of itself, and how.

use std::io;

use mdns_sd::ServiceInfo;

use crate::model::{device_key::DeviceKey, nearby::Visibility};

use super::{
    SERVICE,
    mark::{Mark, hex},
};

/// The longest value that fits into one string of a TXT record beside its key (RFC 6763, section 6.1).
const MAX_TEXT_BYTES: usize = 240;

/// What is announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Announcement {
    /// `Everybody` or `Verified`.
    pub to: Visibility,
    pub name: String,
    pub port: u16,
}

/// An announcement under its name of the hour.
pub(super) struct Own {
    pub says: Announcement,
    instance: String,
    host: String,
    /// Changes with each announcement, so that others hear of it (see the module's page).
    beat: u8,
}

impl Own {
    /// `says` under a name that nobody has heard before.
    ///
    /// # Errors
    /// The system has no randomness for us.
    pub(super) fn new(says: Announcement, key: DeviceKey) -> io::Result<Self> {
        let mut host = [0; 16];
        getrandom::fill(&mut host).map_err(io::Error::other)?;
        let [beat, ..] = host;
        Ok(Self { says, instance: Mark::fresh(key)?.instance(), host: format!("{}.local.", hex(&host)), beat })
    }

    pub(super) fn fullname(&self) -> String {
        format!("{}.{SERVICE}", self.instance)
    }

    /// The records of the next announcement.
    ///
    /// # Errors
    /// As the library's.
    pub(super) fn service(&mut self) -> Result<ServiceInfo, mdns_sd::Error> {
        self.beat = self.beat.wrapping_add(1);
        let text = text(&self.says, self.beat);
        let mut service = ServiceInfo::new(SERVICE, &self.instance, &self.host, (), self.says.port, text.as_slice())?
            .enable_addr_auto();
        // Nobody else has this name: it is random.
        service.set_requires_probe(false);
        Ok(service)
    }
}

fn text(says: &Announcement, beat: u8) -> Vec<(&'static str, String)> {
    if says.to != Visibility::Everybody {
        return Vec::new();
    }
    vec![
        ("name", cut(&says.name)),
        ("os", std::env::consts::OS.to_owned()),
        ("port", says.port.to_string()),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("beat", beat.to_string()),
    ]
}

fn cut(name: &str) -> String {
    let end = (0..=MAX_TEXT_BYTES.min(name.len())).rev().find(|end| name.is_char_boundary(*end)).unwrap_or_default();
    name[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: DeviceKey = DeviceKey([1; 32]);

    fn service(to: Visibility, name: &str) -> ServiceInfo {
        let says = Announcement { to, name: name.to_owned(), port: 9527 };
        Own::new(says, ANNA).unwrap().service().unwrap()
    }

    fn everything(service: &ServiceInfo) -> String {
        format!("{service:?}").to_lowercase()
    }

    #[test]
    fn everybody_learns_name_system_port_and_version() {
        let service = service(Visibility::Everybody, "Anna’s laptop");
        let says = |key: &str| service.get_property_val_str(key).map(str::to_owned);
        assert_eq!(says("name").as_deref(), Some("Anna’s laptop"));
        assert_eq!(says("os").as_deref(), Some(std::env::consts::OS));
        assert_eq!((says("port").as_deref(), service.get_port()), (Some("9527"), 9527));
        assert_eq!(says("version").as_deref(), Some(env!("CARGO_PKG_VERSION")));
        assert!(!everything(&service).contains(&ANNA.to_string()[..16]), "the key itself is told nobody");
    }

    #[test]
    fn verified_devices_only_means_that_nothing_is_said() {
        let service = service(Visibility::Verified, "Anna");
        assert!(service.get_properties().is_empty());
        let own_name = std::fs::read_to_string("/etc/hostname").unwrap_or_default().trim().to_lowercase();
        let said = everything(&service);
        assert!(!said.contains("anna"), "{said}");
        assert!(own_name.len() < 4 || !said.contains(&own_name), "the host's name is in {said}");
    }

    #[test]
    fn no_two_announcements_have_anything_in_common() {
        let (one, other) = (service(Visibility::Verified, "Anna"), service(Visibility::Verified, "Anna"));
        assert_ne!(one.get_fullname(), other.get_fullname());
        assert_ne!(one.get_hostname(), other.get_hostname());
    }

    #[test]
    fn the_longest_name_fits() {
        let name = "\u{1f468}".repeat(64);
        let service = service(Visibility::Everybody, &name);
        let said = service.get_property_val_str("name").unwrap_or_default();
        assert!(name.starts_with(said) && said.chars().count() == 60, "{said}");
    }
}
