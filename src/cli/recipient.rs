//! Who is meant: a verified device by its name or key, or else a host.

use std::{fmt::Write, net::Ipv4Addr, path::Path};

use super::{
    book,
    exit::{Exit, Problem},
    show::{clean, clean_path, complain, devices_damaged, key_beginning},
};
use crate::{
    model::{
        book::{DeviceId, KnownDevice},
        device::{BadAddr, PeerAddr},
        device_key::DeviceKey,
        place::{BadPlace, Place, is_link},
    },
    storage::profile::Profile,
    ui::text::bad_place,
};

/// Fewer digits of a key could be a word.
const MIN_KEY_DIGITS: usize = 8;
/// A whole key.
const KEY_DIGITS: usize = 64;

/// Where to dial, and who has to answer there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recipient {
    pub(super) to: PeerAddr,
    /// Where else it may be.
    pub(super) also: Vec<PeerAddr>,
    /// Of a verified device, or of a link: no other key is spoken to.
    pub(super) expect: Option<DeviceKey>,
}

impl Recipient {
    fn at(place: &Place) -> Option<Self> {
        Some(Self { to: place.first()?.clone(), also: place.also().to_vec(), expect: place.key })
    }
}

/// Where to send to, by the book of a profile. While it is not known who was in the book, only what cannot mean a device
/// is dialled: somebody else may go by a verified device's name as a host.
pub(super) fn find(text: &str, profile: &Profile) -> Result<Recipient, Problem> {
    match book::lost(profile) {
        Some(kept_at) if !is_address(text) => Err(not_looked_up(text, &kept_at)),
        Some(kept_at) => {
            complain(&devices_damaged(&kept_at));
            resolve(text, &[])
        }
        None => resolve(text, &book::load(profile)),
    }
}

/// Where to send to. A verified device comes before a host of the same name.
pub(super) fn resolve(text: &str, devices: &[KnownDevice]) -> Result<Recipient, Problem> {
    let Some(device) = verified(text, devices)? else {
        let found = text.parse::<Place>().map(|place| Recipient::at(&place));
        let found = found.map_err(|error| Problem::usage(not_a_place(&error)))?;
        return found.ok_or_else(|| Problem::usage(not_a_place(&BadAddr::Empty.into())));
    };
    let (to, also) = device.addresses.split_first().ok_or_else(|| no_address(device))?;
    Ok(Recipient { to: to.clone(), also: also.to_vec(), expect: device.key() })
}

/// The verified device that `text` means, by name or key.
pub(super) fn verified<'a>(text: &str, devices: &'a [KnownDevice]) -> Result<Option<&'a KnownDevice>, Problem> {
    let digits = key_digits(text);
    let starts = |device: &KnownDevice| {
        let key = device.key().map(|key| key.to_string());
        digits.as_deref().zip(key).is_some_and(|(digits, key)| key.starts_with(digits))
    };
    if digits.as_deref().is_some_and(|digits| digits.len() == KEY_DIGITS) {
        // A device may have given itself another one's key as its name: only the key counts.
        let found = devices.iter().find(|device| starts(device));
        return found.map(Some).ok_or_else(|| Problem::usage("no verified device has this key"));
    }
    let name = text.trim().to_lowercase();
    let is_meant =
        |device: &&KnownDevice| device.trusted.is_some() && (device.name.to_lowercase() == name || starts(device));
    let meant: Vec<&KnownDevice> = devices.iter().filter(is_meant).collect();
    match meant.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => Err(ambiguous(text, several)),
    }
}

/// The device of the book that is to be changed: a verified one by name or key, any other by its address.
pub(super) fn known(text: &str, devices: &[KnownDevice]) -> Result<DeviceId, Problem> {
    if let Some(id) = verified(text, devices)?.and_then(KnownDevice::id) {
        return Ok(id);
    }
    let address: Option<PeerAddr> = text.parse().ok();
    let stranger = devices.iter().filter(|device| device.trusted.is_none());
    let met_there = |device: &&KnownDevice| address.as_ref().is_some_and(|address| device.addresses.contains(address));
    stranger.into_iter().find(met_there).and_then(KnownDevice::id).ok_or_else(|| not_known(text))
}

/// The sentence for a text that means nobody.
pub(super) fn not_known(text: &str) -> Problem {
    Problem::failed(format!("no device is known as “{}”; sealdrop devices lists them", clean(text)))
}

/// The digits of a key or of its beginning, however they are grouped.
fn key_digits(text: &str) -> Option<String> {
    let digits = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, ':' | '-'));
    let digits: String = digits.map(|c| c.to_ascii_lowercase()).collect();
    let is_key =
        (MIN_KEY_DIGITS..=KEY_DIGITS).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_key.then_some(digits)
}

/// Whether `text` is a whole key.
pub(super) fn is_key(text: &str) -> bool {
    key_digits(text).is_some_and(|digits| digits.len() == KEY_DIGITS)
}

/// Nobody of this name is verified, and it is no address either.
fn not_a_place(error: &BadPlace) -> String {
    let sentence = bad_place(error);
    match error {
        BadPlace::Address(_) => format!("{sentence}; and no verified device is called so"),
        BadPlace::Link(_) => sentence,
    }
}

/// Whether `text` can only mean a place: a link, with a port, or a literal IP address.
pub(super) fn is_address(text: &str) -> bool {
    if is_link(text) {
        return text.parse::<Place>().is_ok();
    }
    // An IPv6 address has colons, too.
    text.parse::<PeerAddr>().is_ok_and(|address| text.contains(':') || address.host.parse::<Ipv4Addr>().is_ok())
}

fn not_looked_up(text: &str, kept_at: &Path) -> Problem {
    let (text, place) = (clean(text), clean_path(kept_at));
    Problem::failed(format!(
        "the device book is damaged and kept at {place}, so “{text}” cannot be looked up in it; \
         say the address instead: HOST:PORT or an IP address"
    ))
}

fn ambiguous(text: &str, devices: &[&KnownDevice]) -> Problem {
    let mut sentence =
        format!("“{}” means several verified devices; say which by the beginning of its key:", clean(text));
    for device in devices {
        let key = device.key().map(|key| key_beginning(&key)).unwrap_or_default();
        write!(sentence, "\n  {key}  {}", clean(&device.name)).ok();
    }
    Problem::usage(sentence)
}

fn no_address(device: &KnownDevice) -> Problem {
    let name = clean(&device.name);
    let sentence = format!(
        "{name} is verified, but no address of it is known: it has only called so far. Type where it is as HOST[:PORT]"
    );
    Problem { sentence, exit: Exit::NotReachable }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::book::{Rule, Trusted};

    fn device(name: &str, first: u8, host: Option<&str>) -> KnownDevice {
        let mut key = [0xab; 32];
        key[0] = first;
        KnownDevice {
            name: name.to_owned(),
            addresses: host.map(|host| host.parse().unwrap()).into_iter().collect(),
            classic: false,
            last_used: 0,
            last_seen: 0,
            trusted: Some(Trusted { key: DeviceKey(key), since: 0, rule: Rule::Ask, conflict: None }),
        }
    }

    fn book() -> Vec<KnownDevice> {
        let stranger = KnownDevice::at("attic:1".parse().unwrap(), "Attic".to_owned(), false, 0);
        vec![device("Laptop", 1, Some("10.0.0.1")), device("Phone", 2, None), device("TWIN", 3, Some("a")), stranger]
    }

    fn resolved(text: &str, devices: &[KnownDevice]) -> Recipient {
        resolve(text, devices).unwrap()
    }

    fn host(text: &str) -> Recipient {
        Recipient { to: text.parse().unwrap(), also: Vec::new(), expect: None }
    }

    #[test]
    fn a_link_is_where_it_says_and_nobody_else_than_it_says() {
        let key = DeviceKey([9; 32]);
        let link = format!("sealdrop://10.0.0.9:7?also=a.local&key={key}&name=laptop");
        let expected =
            Recipient { to: "10.0.0.9:7".parse().unwrap(), also: vec!["a.local".parse().unwrap()], expect: Some(key) };
        assert_eq!(resolved(&link, &book()), expected);
        let problem = resolve("sealdrop://10.0.0.9?key=12", &book()).unwrap_err();
        assert_eq!(problem.exit, Exit::Usage);
        assert!(problem.sentence.contains("the key in it is not whole"), "{}", problem.sentence);
        let problem = resolve("what is this", &book()).unwrap_err();
        assert!(problem.sentence.contains("such as anna.local") && problem.sentence.ends_with("is called so"));
    }

    #[test]
    fn a_verified_device_is_found_by_name_and_by_key() {
        let devices = book();
        let laptop = Recipient { to: "10.0.0.1".parse().unwrap(), also: Vec::new(), expect: devices[0].key() };
        let key = devices[0].key().unwrap();
        for text in ["Laptop", "laptop", &key.to_string(), &key.grouped(), &key.grouped().to_uppercase()] {
            assert_eq!(resolved(text, &devices), laptop, "{text}");
        }
        for text in ["01ababab", "01AB ABAB ab", "01:ab:ab:ab", "01abab-abab"] {
            assert_eq!(resolved(text, &devices), laptop, "{text}");
        }
    }

    #[test]
    fn everything_else_is_a_host() {
        let devices = book();
        // Too short for a key, nobody's key, not verified, not the whole name.
        for text in ["01abab", "deadbeef", "attic:1", "Attic", "Lapto", "2001:db8::1", "10.0.0.1"] {
            assert_eq!(resolved(text, &devices), host(text), "{text}");
        }
        for text in ["host:0", "", "Anna’s laptop", &"f".repeat(64)] {
            assert_eq!(resolve(text, &devices).unwrap_err().exit, Exit::Usage, "{text}");
        }
    }

    #[test]
    fn nothing_that_may_be_a_device_is_dialled_while_the_book_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::open(Some(folder.path().to_owned())).unwrap();
        book::store(&profile, &book());
        assert_eq!(find("laptop", &profile).unwrap().expect, book()[0].key());
        let key = book()[0].key().unwrap().to_string();
        std::fs::write(profile.devices_path(), "{ half").unwrap();
        // Every time, not only at the start that found it damaged.
        for text in ["laptop", "Laptop", "backup.example", "01ab abab", "01:ab:ab:ab", &key, "1.2.3", "laptop:", ""] {
            let problem = find(text, &profile).unwrap_err();
            assert_eq!(problem.exit, Exit::Failed, "{text}");
            assert!(problem.sentence.contains("devices.damaged-1.json"), "{}", problem.sentence);
            assert!(problem.sentence.contains("say the address instead"), "{}", problem.sentence);
        }
        for text in ["laptop:9527", "10.0.0.1", " 10.0.0.1 ", "10.0.0.1:1", "::1", "[::1]", "[::1]:7", "fe80::1%eth0"] {
            assert_eq!(find(text, &profile).unwrap(), host(text), "{text}");
        }
        // A new book knows again whom it holds.
        book::store(&profile, &book()[..1]);
        assert_eq!(find("laptop", &profile).unwrap().expect, book()[0].key());
        assert_eq!(find("phone", &profile).unwrap().expect, None);
    }

    #[test]
    fn two_devices_of_one_name_are_both_listed() {
        let mut devices = book();
        devices.push(device("Twin", 4, Some("b")));
        let problem = resolve("twin", &devices).unwrap_err();
        assert_eq!(problem.exit, Exit::Usage);
        for line in ["03ab abab abab abab  TWIN", "04ab abab abab abab  Twin"] {
            assert!(problem.sentence.contains(line), "{}", problem.sentence);
        }
        assert_eq!(resolved("04ab abab", &devices).to, "b".parse().unwrap());
    }

    #[test]
    fn nobody_is_taken_for_another_by_a_name_that_looks_like_a_key() {
        let mut devices = book();
        let key = devices[0].key();
        devices.insert(0, device(&key.unwrap().to_string(), 9, Some("evil")));
        assert_eq!(resolved(&key.unwrap().to_string(), &devices).expect, key);
        devices[0].name = "01ababab".to_owned();
        assert!(resolve("01ababab", &devices).unwrap_err().sentence.contains("several"));
    }

    #[test]
    fn a_device_that_has_only_called_cannot_be_dialled() {
        let problem = resolve("phone", &book()).unwrap_err();
        assert_eq!(problem.exit, Exit::NotReachable);
        assert!(problem.sentence.starts_with("Phone is verified, but no address"), "{}", problem.sentence);
    }

    #[test]
    fn devices_of_the_book_are_verified_ones_or_addresses() {
        let devices = book();
        assert_eq!(known("PHONE", &devices).unwrap(), DeviceId::Key(devices[1].key().unwrap()));
        assert_eq!(known("attic:1", &devices).unwrap(), DeviceId::Addr("attic:1".parse().unwrap()));
        // A stranger's name is only what it calls itself; a verified device is more than its address.
        for text in ["Attic", "10.0.0.1", "nobody"] {
            assert_eq!(known(text, &devices).unwrap_err().exit, Exit::Failed, "{text}");
        }
    }
}
