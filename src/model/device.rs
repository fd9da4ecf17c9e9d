//! Who is at the other end, and the address a person typed.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::device_key::DeviceKey;

/// The port that Sealdrop listens on unless told otherwise.
pub const DEFAULT_PORT: u16 = 9527;

/// A host and port as typed: `host`, `host:port`, `1.2.3.4:port`, `[v6]:port`, or a bare IPv6 address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PeerAddr {
    /// Name or literal address, without brackets.
    pub host: String,
    pub port: u16,
}

/// Why a typed address cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddr {
    #[error("the address is empty")]
    Empty,
    #[error("{0:?} is not a host name or address")]
    Host(String),
    #[error("{0:?} is not a port between 1 and 65535")]
    Port(String),
    /// `http://…` and its like.
    #[error("{0:?} is an address of another kind: type a host name or address, or paste a sealdrop:// link")]
    Scheme(String),
}

impl FromStr for PeerAddr {
    type Err = BadAddr;

    fn from_str(text: &str) -> Result<Self, BadAddr> {
        let text = text.trim();
        if text.is_empty() {
            return Err(BadAddr::Empty);
        }
        if text.contains("://") {
            return Err(BadAddr::Scheme(shown_text(text, MAX_SHOWN_NAME_CHARS)));
        }
        let (host, port) = split_port(text)?;
        let port = match port {
            None => DEFAULT_PORT,
            Some(digits) => parse_port(digits)?,
        };
        if !is_host(host) {
            return Err(BadAddr::Host(host.to_owned()));
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

fn split_port(text: &str) -> Result<(&str, Option<&str>), BadAddr> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or_else(|| BadAddr::Host(text.to_owned()))?;
        if host.parse::<std::net::Ipv6Addr>().is_err() && !host.contains('%') {
            return Err(BadAddr::Host(text.to_owned()));
        }
        return match after.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if after.is_empty() => Ok((host, None)),
            None => Err(BadAddr::Host(text.to_owned())),
        };
    }
    // More than one colon without brackets can only be an IPv6 address.
    if text.matches(':').count() > 1 {
        return Ok((text, None));
    }
    Ok(text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))))
}

fn parse_port(digits: &str) -> Result<u16, BadAddr> {
    let bad = || BadAddr::Port(digits.to_owned());
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad());
    }
    digits.parse().ok().filter(|port| *port != 0).ok_or_else(bad)
}

fn is_host(host: &str) -> bool {
    if host.contains(':') {
        let (bare, zone) = host.split_once('%').map_or((host, None), |(bare, zone)| (bare, Some(zone)));
        return bare.parse::<std::net::Ipv6Addr>().is_ok() && zone.is_none_or(is_zone);
    }
    let labels: Vec<&str> = host.strip_suffix('.').unwrap_or(host).split('.').collect();
    let ends_in_number = labels.last().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    // A name never ends in a number, and half an address is none: `10.0.0` would be dialled as 10.0.0.0.
    host.len() <= 253
        && labels.iter().all(|label| is_label(label))
        && (!ends_in_number || host.parse::<std::net::Ipv4Addr>().is_ok())
}

/// The interface that a link-local address is meant on (RFC 4007 section 11), by name or number.
fn is_zone(zone: &str) -> bool {
    let may = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@');
    (1..=32).contains(&zone.len()) && zone.bytes().all(may)
}

/// One part of a host name (RFC 1123 section 2.1), with the underscores and other scripts that local names have.
fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
}

impl fmt::Display for PeerAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl From<PeerAddr> for String {
    fn from(addr: PeerAddr) -> Self {
        addr.to_string()
    }
}

impl TryFrom<String> for PeerAddr {
    type Error = BadAddr;

    fn try_from(text: String) -> Result<Self, BadAddr> {
        text.parse()
    }
}

/// The other end of a transfer, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Device name, already made safe for showing; the address until a hello has come.
    pub name: String,
    /// `host:port` that was dialled, or where the connection came from.
    pub address: String,
    /// Operating system, if it said.
    pub os: Option<String>,
    /// The plain protocol for programs that are not Sealdrop.
    pub classic: bool,
    /// A sealed session: TLS has shown `key`.
    pub encrypted: bool,
    /// A person here has confirmed `key`.
    pub verified: bool,
    /// The key that TLS has shown; none before that, and none for classic programs.
    pub key: Option<DeviceKey>,
    /// Where it can be dialled, as far as is known.
    pub dial: Option<PeerAddr>,
}

impl Peer {
    /// Somebody of whom only the address is known yet.
    pub fn at(address: String, classic: bool) -> Self {
        let name = address.clone();
        Self { name, address, os: None, classic, encrypted: false, verified: false, key: None, dial: None }
    }

    /// As long as it has not said its name, it goes by the one that a person here knew it by `before`.
    pub fn keep_name_of(&mut self, before: &Self) {
        if self.name == self.address {
            self.name.clone_from(&before.name);
        }
    }
}

/// A device name is shown in at most this many characters.
pub const MAX_SHOWN_NAME_CHARS: usize = 64;

/// Makes a peer's text safe to show: control and direction characters become `\u{fffd}`, at most `max_chars`.
pub fn shown_text(text: &str, max_chars: usize) -> String {
    text.chars().take(max_chars).map(|c| if is_hidden(c) { '\u{fffd}' } else { c }).collect()
}

/// Control characters and the ones that change the direction of text (Unicode UAX #9) or are invisible marks.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_an_address_is_understood() {
        let table = [
            ("anna.local", "anna.local", DEFAULT_PORT),
            ("anna.local.", "anna.local.", DEFAULT_PORT),
            (" Anna-PC:80 ", "Anna-PC", 80),
            ("my_pc", "my_pc", DEFAULT_PORT),
            ("書斎.local", "書斎.local", DEFAULT_PORT),
            ("192.168.1.20", "192.168.1.20", DEFAULT_PORT),
            ("192.168.1.20:65535", "192.168.1.20", 65535),
            ("2001:db8::1", "2001:db8::1", DEFAULT_PORT),
            ("[2001:db8::1]", "2001:db8::1", DEFAULT_PORT),
            ("[fe80::1%eth0]:7", "fe80::1%eth0", 7),
        ];
        for (text, host, port) in table {
            assert_eq!(text.parse(), Ok(PeerAddr { host: host.to_owned(), port }), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused_for_what_is_wrong_with_it() {
        let host = |text: &str| BadAddr::Host(text.to_owned());
        let port = |text: &str| BadAddr::Port(text.to_owned());
        let table = [
            ("  ", BadAddr::Empty),
            ("Anna’s laptop", host("Anna’s laptop")),
            ("10.0.0", host("10.0.0")),
            ("300.1.1.1", host("300.1.1.1")),
            ("9527", host("9527")),
            ("a..b", host("a..b")),
            ("-a", host("-a")),
            (":80", host("")),
            ("a:", port("")),
            ("a:0", port("0")),
            ("a:70000", port("70000")),
            ("a:+1", port("+1")),
            ("[::1", host("[::1")),
            ("[a]:1", host("[a]:1")),
            ("fe80::1%", host("fe80::1%")),
            ("fe80::1%a b", host("fe80::1%a b")),
            ("1:2:3", host("1:2:3")),
            ("http://10.0.0.7:9527/", BadAddr::Scheme("http://10.0.0.7:9527/".to_owned())),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse::<PeerAddr>(), Err(expected), "{text}");
        }
        assert!("x".repeat(64).parse::<PeerAddr>().is_err());
    }
}
