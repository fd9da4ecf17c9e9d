//! Where somebody said that a device is: an address as typed, or a `sealdrop://` link with several of them and a key.
//!
//! ```text
//! sealdrop://HOST[:PORT][,HOST[:PORT] ...][?PARAMETER=VALUE[&...]]
//!
//! also    further addresses, with commas between
//! key     64 hex digits: the only key to speak to
//! name    what the device calls itself
//! ```
//!
//! Values are percent-encoded UTF-8 (RFC 3986 section 2.1). Parameters that a reader does not know are passed over; one of
//! those above twice is an error. What is written has one address before the `?` and the others in `also`, which every
//! reader of URLs takes for one (with commas before the `?` not all do).

use std::{
    fmt::{self, Write},
    str::FromStr,
};

use super::{
    device::{BadAddr, MAX_SHOWN_NAME_CHARS, PeerAddr, shown_text},
    device_key::DeviceKey,
};

/// What a link begins with, in any case.
pub const LINK_SCHEME: &str = "sealdrop:";

/// Longer texts are no links: what they would hold has no room in anything that shows them.
pub const MAX_LINK_BYTES: usize = 2048;

/// Addresses in one link.
pub const MAX_LINK_ADDRESSES: usize = 8;

/// Parameters in one link, known or not.
const MAX_PARAMETERS: usize = 16;

const KEY_DIGITS: usize = 64;

/// Where a device is said to be. Nothing about it has been confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// 1 to `MAX_LINK_ADDRESSES`, each once, the likeliest first.
    pub addresses: Vec<PeerAddr>,
    /// The only key to speak to there.
    pub key: Option<DeviceKey>,
    /// What the device is said to be called; safe to show, not empty.
    pub name: Option<String>,
}

/// Why a text names no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPlace {
    #[error("{0}")]
    Address(#[from] BadAddr),
    #[error("this sealdrop:// link is not whole: {0}")]
    Link(#[from] BadLink),
}

/// What is wrong with a link.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    #[error("in it, {0}")]
    Address(BadAddr),
    #[error("“{0}” is not written as links are")]
    Escape(String),
    #[error("its key is not 64 hex digits")]
    Key,
    #[error("it holds no address")]
    NoAddress,
    #[error("it does not begin with sealdrop://, or holds spaces")]
    Shape,
    #[error("it is longer than {MAX_LINK_BYTES} characters, or holds more than {MAX_LINK_ADDRESSES} addresses")]
    TooLong,
    #[error("it says {0} twice")]
    Twice(&'static str),
}

/// Whether a text is meant as a link, right or wrong.
pub fn is_link(text: &str) -> bool {
    let text = text.trim_start();
    text.get(..LINK_SCHEME.len()).is_some_and(|start| start.eq_ignore_ascii_case(LINK_SCHEME))
}

impl Place {
    /// The address to name it by.
    pub fn first(&self) -> Option<&PeerAddr> {
        self.addresses.first()
    }

    /// All other addresses.
    pub fn also(&self) -> &[PeerAddr] {
        self.addresses.get(1..).unwrap_or_default()
    }

    /// What to call it: its name, or else its address.
    pub fn shown(&self) -> String {
        let address = || self.first().map(ToString::to_string).unwrap_or_default();
        self.name.clone().unwrap_or_else(address)
    }

    /// As a link.
    pub fn link(&self) -> String {
        let mut link = format!("{LINK_SCHEME}//{}", self.first().map(ToString::to_string).unwrap_or_default());
        let also: Vec<String> = self.also().iter().map(ToString::to_string).collect();
        let also = (!also.is_empty()).then(|| ("also", also.join(",")));
        let key = self.key.map(|key| ("key", key.to_string()));
        let name = self.name.clone().map(|name| ("name", name));
        for (at, (parameter, value)) in also.into_iter().chain(key).chain(name).enumerate() {
            let before = if at == 0 { '?' } else { '&' };
            // Writing into a string cannot fail.
            write!(link, "{before}{parameter}={}", Escaped(&value)).ok();
        }
        link
    }
}

impl From<PeerAddr> for Place {
    fn from(address: PeerAddr) -> Self {
        Self { addresses: vec![address], key: None, name: None }
    }
}

impl FromStr for Place {
    type Err = BadPlace;

    fn from_str(text: &str) -> Result<Self, BadPlace> {
        let text = text.trim();
        if is_link(text) { Ok(parse_link(text)?) } else { Ok(text.parse::<PeerAddr>()?.into()) }
    }
}

fn parse_link(text: &str) -> Result<Place, BadLink> {
    if text.len() > MAX_LINK_BYTES {
        return Err(BadLink::TooLong);
    }
    let is_plain = |byte: u8| byte > b' ' && byte != 0x7f;
    let rest = text.get(LINK_SCHEME.len()..).and_then(|rest| rest.strip_prefix("//")).ok_or(BadLink::Shape)?;
    if !text.bytes().all(is_plain) || text.contains('#') {
        return Err(BadLink::Shape);
    }
    let (hosts, query) = rest.split_once('?').unwrap_or((rest, ""));
    let hosts = hosts.strip_suffix('/').unwrap_or(hosts);
    let mut place = Place { addresses: Vec::new(), key: None, name: None };
    add_addresses(&mut place, hosts)?;
    let parameters: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    if parameters.len() > MAX_PARAMETERS {
        return Err(BadLink::TooLong);
    }
    let mut seen = Vec::new();
    for pair in parameters {
        take_parameter(&mut place, &mut seen, pair)?;
    }
    if place.addresses.is_empty() { Err(BadLink::NoAddress) } else { Ok(place) }
}

fn take_parameter(place: &mut Place, seen: &mut Vec<&'static str>, pair: &str) -> Result<(), BadLink> {
    let (parameter, value) = pair.split_once('=').unwrap_or((pair, ""));
    let Some(known) = ["also", "key", "name"].into_iter().find(|known| *known == parameter) else { return Ok(()) };
    if seen.contains(&known) {
        return Err(BadLink::Twice(known));
    }
    seen.push(known);
    let value = unescaped(value)?;
    match known {
        "also" => add_addresses(place, &value)?,
        "key" => {
            let key = value.parse().ok().filter(|_| value.len() == KEY_DIGITS);
            place.key = Some(key.ok_or(BadLink::Key)?);
        }
        _ => {
            let name = shown_text(value.trim(), MAX_SHOWN_NAME_CHARS);
            place.name = Some(name).filter(|name| !name.is_empty());
        }
    }
    Ok(())
}

fn add_addresses(place: &mut Place, list: &str) -> Result<(), BadLink> {
    for text in list.split(',').filter(|text| !text.is_empty()) {
        let address: PeerAddr = text.parse().map_err(BadLink::Address)?;
        if place.addresses.contains(&address) {
            continue;
        }
        if place.addresses.len() >= MAX_LINK_ADDRESSES {
            return Err(BadLink::TooLong);
        }
        place.addresses.push(address);
    }
    Ok(())
}

/// A value as it stands in a link: what RFC 3986 calls unreserved, `:` and `,` as they are, all else as `%XX`.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.bytes().try_for_each(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b',' => {
                f.write_char(char::from(byte))
            }
            _ => write!(f, "%{byte:02X}"),
        })
    }
}

/// Undoes `%XX`.
fn unescaped(value: &str) -> Result<String, BadLink> {
    let bad = || BadLink::Escape(shown_text(value, MAX_SHOWN_NAME_CHARS));
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
        let (high, low) = (digit().ok_or_else(bad)?, digit().ok_or_else(bad)?);
        bytes.push(u8::try_from(high * 16 + low).map_err(|_too_large| bad())?);
    }
    String::from_utf8(bytes).map_err(|_not_utf8| bad())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9";

    fn addresses(list: &[&str]) -> Vec<PeerAddr> {
        list.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn bad(text: &str) -> BadLink {
        match text.parse::<Place>() {
            Err(BadPlace::Link(bad)) => bad,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn an_address_is_a_place_by_itself() {
        for text in ["anna.local", " 10.0.0.7:80 ", "[::1]:7", "fe80::1%eth0"] {
            let place: Place = text.parse().unwrap();
            assert_eq!(place, Place::from(text.parse::<PeerAddr>().unwrap()));
        }
        assert_eq!("".parse::<Place>(), Err(BadPlace::Address(BadAddr::Empty)));
    }

    #[test]
    fn a_link_holds_several_addresses_a_key_and_a_name() {
        let place: Place =
            format!("SealDrop://10.0.0.7:80,[2001:db8::1]:81/?name=Anna%E2%80%99s&key={KEY}&also=a.local&v=2")
                .parse()
                .unwrap();
        assert_eq!(place.addresses, addresses(&["10.0.0.7:80", "[2001:db8::1]:81", "a.local"]));
        assert_eq!(place.key, Some(KEY.parse().unwrap()));
        assert_eq!((place.name.as_deref(), place.shown().as_str()), (Some("Anna’s"), "Anna’s"));
        let link = place.link();
        let expected =
            format!("sealdrop://10.0.0.7:80?also=%5B2001:db8::1%5D:81,a.local:9527&key={KEY}&name=Anna%E2%80%99s");
        assert_eq!(link, expected);
        assert_eq!(link.parse(), Ok(place));
        let bare: Place = "sealdrop://a.local".parse().unwrap();
        assert_eq!((bare.link().as_str(), bare.shown().as_str()), ("sealdrop://a.local:9527", "a.local:9527"));
    }

    #[test]
    fn what_is_wrong_with_a_link_is_said() {
        assert_eq!(bad("sealdrop:a.local"), BadLink::Shape);
        assert_eq!(bad("sealdrop://a b"), BadLink::Shape);
        assert_eq!(bad("sealdrop://a.local#x"), BadLink::Shape);
        assert_eq!(bad("sealdrop://"), BadLink::NoAddress);
        assert_eq!(bad(&format!("sealdrop://?key={KEY}")), BadLink::NoAddress);
        assert_eq!(bad("sealdrop://a.local?key=0007"), BadLink::Key);
        assert_eq!(bad(&format!("sealdrop://a.local?key={}%20", &KEY[1..])), BadLink::Key);
        assert_eq!(bad(&format!("sealdrop://a.local?key={KEY}&key={KEY}")), BadLink::Twice("key"));
        assert_eq!(bad("sealdrop://a.local?name=%zz"), BadLink::Escape("%zz".to_owned()));
        assert_eq!(bad("sealdrop://a.local?name=%ff"), BadLink::Escape("%ff".to_owned()));
        assert_eq!(bad("sealdrop://a.local:0"), BadLink::Address(BadAddr::Port("0".to_owned())));
        assert!(matches!(bad("sealdrop://user@a.local/path"), BadLink::Address(_)));
        assert_eq!(bad(&format!("sealdrop://a.local?name={}", "x".repeat(MAX_LINK_BYTES))), BadLink::TooLong);
        let many: Vec<String> = (0..=MAX_LINK_ADDRESSES).map(|n| format!("h{n}")).collect();
        assert_eq!(bad(&format!("sealdrop://{}", many.join(","))), BadLink::TooLong);
        assert_eq!(bad(&format!("sealdrop://a.local?{}", "x=1&".repeat(MAX_PARAMETERS + 1))), BadLink::TooLong);
        assert_eq!("sealdrop://a,a:9527,a".parse::<Place>().unwrap().addresses.len(), 1, "each address once");
    }

    #[test]
    fn a_name_in_a_link_is_made_safe_to_show() {
        let place: Place = format!("sealdrop://a?name=A%0A%E2%80%AEb{}", "x".repeat(100)).parse().unwrap();
        let name = place.name.unwrap();
        assert!(name.starts_with("A\u{fffd}\u{fffd}bx"), "{name}");
        assert_eq!(name.chars().count(), MAX_SHOWN_NAME_CHARS);
        assert_eq!("sealdrop://a?name=%20".parse::<Place>().unwrap().name, None);
    }

    proptest! {
        #[test]
        fn nothing_that_is_pasted_can_do_harm(text in "(sealdrop://)?\\PC{0,80}") {
            if let Ok(place) = text.parse::<Place>() {
                prop_assert!((1..=MAX_LINK_ADDRESSES).contains(&place.addresses.len()));
                prop_assert_eq!(place.link().parse(), Ok(place));
            }
        }

        #[test]
        fn every_name_comes_back(name in "[^\\p{C}\\s][^\\p{C}]{0,30}[^\\p{C}\\s]", key in any::<[u8; 32]>()) {
            let place = Place { key: Some(DeviceKey(key)), name: Some(name.clone()), ..Place::from("h".parse::<PeerAddr>().unwrap()) };
            let back: Place = place.link().parse().unwrap();
            prop_assert_eq!(back.name, Some(shown_text(&name, MAX_SHOWN_NAME_CHARS)));
            prop_assert_eq!(back.key, Some(DeviceKey(key)));
        }
    }
}
