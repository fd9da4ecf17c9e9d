//! Bytes as lowercase hex. Digests are written several times for each file, so this goes without the machinery of formats.

use std::fmt;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// As `{:02x}`.
pub fn digits(byte: u8) -> [u8; 2] {
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

/// As `{:02x}` of each byte, in one piece.
pub(super) fn write_hex<const N: usize>(bytes: &[u8; N], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(std::str::from_utf8(bytes.map(digits).as_flattened()).map_err(|_not_digits| fmt::Error)?)
}

#[cfg(test)]
mod tests {
    use super::digits;

    #[test]
    fn every_byte_has_its_two_digits() {
        for byte in 0..=u8::MAX {
            assert_eq!(digits(byte), *format!("{byte:02x}").as_bytes());
        }
    }
}
