//! Addresses and links: what was typed wrong, and what a link says.

use super::{catalogue::say, figures::fit};
use crate::model::{
    device::{BadAddr, shown_text},
    place::{BadLink, BadPlace, MAX_LINK_ADDRESSES, Place},
};

/// Characters of what was typed where it is said to be wrong.
const MOST_TYPED: usize = 40;

/// What was typed or pasted, and is no address.
pub fn bad_place(error: &BadPlace) -> String {
    match error {
        BadPlace::Address(bad) => bad_address(bad),
        BadPlace::Link(BadLink::Address(bad)) => say!("bad-link-address", why = bad_address(bad)),
        BadPlace::Link(BadLink::Escape(_)) => say!("bad-link-escape"),
        BadPlace::Link(BadLink::Key) => say!("bad-link-key"),
        BadPlace::Link(BadLink::NoAddress) => say!("bad-link-no-address"),
        BadPlace::Link(BadLink::Shape) => say!("bad-link-shape"),
        BadPlace::Link(BadLink::TooLong) => say!("bad-link-too-long", most = MAX_LINK_ADDRESSES as u64),
        BadPlace::Link(BadLink::Twice(_)) => say!("bad-link-twice"),
    }
}

/// What was typed where only an address can stand.
pub fn bad_address(bad: &BadAddr) -> String {
    match bad {
        BadAddr::Empty => say!("bad-address-empty"),
        BadAddr::Host(host) if host.is_empty() => say!("bad-address-no-host"),
        BadAddr::Host(host) => say!("bad-address-host", typed = typed(host)),
        BadAddr::Port(port) if port.is_empty() => say!("bad-address-no-port"),
        BadAddr::Port(port) => say!("bad-address-port", typed = typed(port)),
        BadAddr::Scheme(text) => say!("bad-address-scheme", typed = typed(text)),
    }
}

fn typed(text: &str) -> String {
    fit(&shown_text(text, 512), MOST_TYPED)
}

/// Under the field, for a link that was pasted: whom it names.
pub fn link_understood(place: &Place) -> String {
    let addresses = place.addresses.len() as u64;
    match (place.name.as_deref(), place.key) {
        (Some(name), Some(_)) => say!("link-named-with-key", name, addresses),
        (Some(name), None) => say!("link-named", name, addresses),
        (None, Some(_)) => say!("link-with-key", addresses),
        (None, None) => say!("link-bare", addresses),
    }
}

/// The accessible name of the QR code.
pub fn qr_code(link: &str) -> String {
    say!("qr-code", link)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        bad_place(&text.parse::<Place>().unwrap_err())
    }

    #[test]
    fn nonsense_gets_a_sentence_that_says_what_to_type() {
        let table = [
            ("what is this", "“what is this” is not a name such as anna.local, or an address such as 192.168.1.20"),
            (":9527", "The name or address before the port is missing"),
            ("a.local:", "The port behind the colon is missing"),
            ("a.local:x", "“x” is not a port: use 1 to 65535"),
            (
                "http://10.0.0.7/",
                "“http://10.0.0.7/” is an address for another program. Leave out what stands before and behind the name",
            ),
            ("sealdrop://a?key=12", "This sealdrop:// link is damaged: the key in it is not whole. Ask for it again"),
            ("sealdrop://a:x", "This sealdrop:// link is damaged. “x” is not a port: use 1 to 65535"),
            ("sealdrop://:1", "This sealdrop:// link is damaged. The name or address before the port is missing"),
        ];
        for (text, expected) in table {
            assert_eq!(said(text), expected);
        }
        let long = said(&format!("{} {}", "x".repeat(300), "y"));
        assert!(long.chars().count() < 130, "{long}");
    }
}
