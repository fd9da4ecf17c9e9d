//! What a device is known by: the SHA-256 of its certificate. Names and addresses are hints; this is the device.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{hex::parse_lower_hex, hex::write_hex, transfer::NotHex};

/// SHA-256 of the certificate's DER bytes; written as 64 lowercase hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct DeviceKey(pub [u8; 32]);

impl DeviceKey {
    /// For people: sixteen groups of four digits with spaces between.
    pub fn grouped(&self) -> String {
        let hex = self.to_string();
        let groups: Vec<&str> = (0..hex.len()).step_by(4).filter_map(|at| hex.get(at..at + 4)).collect();
        groups.join(" ")
    }
}

impl fmt::Display for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for DeviceKey {
    type Err = NotHex;

    /// Takes what `Display` and `grouped` write, in any case and with any white space.
    fn from_str(text: &str) -> Result<Self, NotHex> {
        let digits: String = text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect();
        parse_lower_hex(&digits).map(Self).ok_or(NotHex)
    }
}

impl From<DeviceKey> for String {
    fn from(key: DeviceKey) -> Self {
        key.to_string()
    }
}

impl TryFrom<String> for DeviceKey {
    type Error = NotHex;

    fn try_from(text: String) -> Result<Self, NotHex> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_text_forms_come_back_as_the_key() {
        let key = DeviceKey(std::array::from_fn(|i| u8::try_from(i * 7).unwrap()));
        assert_eq!(key.grouped().len(), 64 + 15);
        assert!(key.grouped().starts_with("0007 0e15 "));
        for text in [key.to_string(), key.grouped(), key.grouped().to_uppercase()] {
            assert_eq!(text.parse(), Ok(key));
        }
        assert!("0007".parse::<DeviceKey>().is_err());
    }
}
