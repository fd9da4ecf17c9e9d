//! The six digits that two people compare.

use std::fmt;

/// Below 1,000,000. `Display` writes six digits, as machines read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShortCode(u32);

/// How many codes there are.
pub const CODES: u32 = 1_000_000;

impl ShortCode {
    /// The code that a number is reduced to.
    pub fn from_number(number: u64) -> Self {
        Self(u32::try_from(number % u64::from(CODES)).unwrap_or_default())
    }

    /// For people: two groups of three digits.
    pub fn grouped(self) -> String {
        format!("{:03} {:03}", self.0 / 1000, self.0 % 1000)
    }
}

impl fmt::Display for ShortCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_zeros_are_written() {
        assert_eq!(ShortCode::from_number(u64::from(CODES) * 5 + 42).to_string(), "000042");
        assert_eq!(ShortCode::from_number(7042).grouped(), "007 042");
        assert_eq!(ShortCode::from_number(u64::MAX).to_string(), "551615");
    }
}
