//! Bytes as lowercase hex. Digests are written several times for each file, so this goes without the machinery of formats.

use std::fmt;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The value of each character.
const VALUES: [u8; 256] = {
    let (mut values, mut value) = ([NO_DIGIT; 256], 0_u8);
    while value < NO_DIGIT {
        values[DIGITS[value as usize] as usize] = value;
        value += 1;
    }
    values
};

/// More than any digit, and than several together.
const NO_DIGIT: u8 = 16;

/// As `{:02x}`.
pub fn digits(byte: u8) -> [u8; 2] {
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

/// What a lowercase digit is worth, or `NO_DIGIT`. Looked up: which digits follow one another is anybody's guess, also a processor's.
fn value(digit: u8) -> u8 {
    VALUES[usize::from(digit)]
}

/// Reads exactly `N` bytes out of `2 * N` lowercase hex digits.
pub fn parse_lower_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let (mut bytes, mut all) = ([0; N], 0);
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        let [high, low] = pair.map(value);
        all |= high | low;
        *byte = high << 4 | low;
    }
    (all < NO_DIGIT).then_some(bytes)
}

/// As `{:02x}` of each byte, in one piece.
pub(super) fn write_hex<const N: usize>(bytes: &[u8; N], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = [[0; 2]; N];
    for (text, byte) in text.iter_mut().zip(bytes) {
        *text = digits(*byte);
    }
    f.write_str(std::str::from_utf8(text.as_flattened()).map_err(|_not_digits| fmt::Error)?)
}

#[cfg(test)]
mod tests {
    use super::{digits, parse_lower_hex};

    #[test]
    fn every_byte_has_its_two_digits() {
        for byte in 0..=u8::MAX {
            assert_eq!(digits(byte), *format!("{byte:02x}").as_bytes());
        }
    }

    #[test]
    fn two_digits_are_a_byte_and_nothing_else_is_one() {
        for byte in 0..=u8::MAX {
            assert_eq!(parse_lower_hex(&format!("{byte:02x}")), Some([byte]));
            let other = char::from(byte);
            for text in [format!("{other}0"), format!("0{other}"), format!("{other}")] {
                let is_hex = text.len() == 2 && text.chars().all(|digit| matches!(digit, '0'..='9' | 'a'..='f'));
                assert_eq!(parse_lower_hex::<1>(&text).is_some(), is_hex, "{text:?}");
            }
        }
    }
}
