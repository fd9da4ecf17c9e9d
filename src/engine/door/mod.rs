//! Holding the door: who is attended to and when, so that no caller keeps others out, guesses codes or fills the memory.
//!
//! Only rules: no thread, no socket, no clock. Dispatch tells the time and does what they say.
//!
//! | what is held | limit | beyond it | rule |
//! | --- | --- | --- | --- |
//! | callers attended to | 64 in all, 8 a source, the last 16 for known addresses | wait | `handshakes` |
//! | callers that wait | 256 in all, 32 a source, 10 s each | closed | `handshakes` |
//! | downloads from the shared folder | 32 in all, 4 a source, the last 8 for known addresses | wait 30 s, then closed | `handshakes` |
//! | new codes for keys that nobody has verified | 3 a minute, 20 an hour, in all | answered busy | `codes` |
//! | offers from one source that nobody accepted | 3 in 10 minutes | held back 2, 4, 8 ... 60 s | `patience` |
//! | being dialled back, to see whether one can be reached | 1 a source in 10 s, 6 a minute in all, the last 2 for verified devices | not done | `probes` |
//! | headers of manifests that wait for an answer | 512 MiB in all | answered busy | `memory` |

pub mod codes;
pub mod handshakes;
pub mod memory;
pub mod patience;
pub mod probes;

use std::net::{IpAddr, Ipv4Addr};

/// What callers are counted by: the part of an address that its holder cannot choose at will.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    V4(Ipv4Addr),
    /// The first 64 bits; the rest is the device's own choice (RFC 4291 section 2.5.4).
    V6([u16; 4]),
}

/// The source of an address. An IPv4 address written as IPv6 (`::ffff:1.2.3.4`) is the IPv4 address.
pub fn source(address: IpAddr) -> Source {
    match address.to_canonical() {
        IpAddr::V4(address) => Source::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Source::V6([a, b, c, d])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_an_ipv4_address_or_the_first_half_of_an_ipv6_one() {
        let of = |address: &str| source(address.parse().unwrap());
        assert_eq!(of("10.0.0.1"), of("::ffff:10.0.0.1"));
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
        assert_ne!(of("::ffff:10.0.0.1"), of("::ffff:10.0.0.2"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    }
}
