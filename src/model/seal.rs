//! The seal: the MD5 digest of one file (RFC 1321), as hex. How it is computed lives in `digest`.

use std::{fmt, str::FromStr};

use super::{
    hex::{parse_lower_hex, write_hex},
    transfer::NotHex,
};

/// Sixteen bytes of MD5.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Md5Digest(pub [u8; 16]);

impl Md5Digest {
    /// Reads 32 hex digits in either case, as checksum files and other programs write them.
    pub fn parse_any_case(text: &str) -> Option<Self> {
        text.is_ascii().then(|| text.to_ascii_lowercase().parse().ok())?
    }

    /// The hex in groups of four, as people read it to each other: `d41d 8cd9 ...`.
    pub fn grouped(&self) -> String {
        let hex = self.to_string();
        let mut grouped = String::with_capacity(39);
        for (i, digit) in hex.chars().enumerate() {
            if i > 0 && i % 4 == 0 {
                grouped.push(' ');
            }
            grouped.push(digit);
        }
        grouped
    }
}

impl fmt::Display for Md5Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for Md5Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Md5Digest {
    type Err = NotHex;

    fn from_str(text: &str) -> Result<Self, NotHex> {
        parse_lower_hex(text).map(Self).ok_or(NotHex)
    }
}
