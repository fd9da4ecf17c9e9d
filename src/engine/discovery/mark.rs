//! The name under which a device announces itself: nothing to strangers, a sign to those that know its key.

use std::{fmt::Write, io};

use sha2::{Digest, Sha256};

use crate::model::device_key::DeviceKey;

const LABEL: &[u8] = b"sealdrop nearby 1";
const SALT_BYTES: usize = 16;
/// Both together have to fit into one DNS label, which holds 63 letters (RFC 1035, section 2.3.4).
const TAG_BYTES: usize = 12;

/// Keys that one announcement is compared with, at most: a stranger who announces a lot must not keep us busy.
pub(super) const MAX_KEYS: usize = 1024;

/// A random salt, and the beginning of `SHA-256("sealdrop nearby 1" || salt || key)`. As an instance name: 56 lowercase hex
/// digits, the salt first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    salt: [u8; SALT_BYTES],
    tag: [u8; TAG_BYTES],
}

impl Mark {
    /// A new one for `key`.
    ///
    /// # Errors
    /// The system has no randomness for us.
    pub(super) fn fresh(key: DeviceKey) -> io::Result<Self> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(io::Error::other)?;
        Ok(Self { salt, tag: tag(&salt, key) })
    }

    /// `None`: not a name of this form.
    pub(super) fn parse(instance: &str) -> Option<Self> {
        let digits = instance.as_bytes();
        if digits.len() != 2 * (SALT_BYTES + TAG_BYTES) {
            return None;
        }
        let mut bytes = [0; SALT_BYTES + TAG_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        let (salt, tag) = bytes.split_first_chunk()?;
        Some(Self { salt: *salt, tag: *tag.first_chunk()? })
    }

    /// The first of `keys` that it was made for; only so many are tried.
    pub(super) fn whose(&self, keys: &[DeviceKey]) -> Option<DeviceKey> {
        keys.iter().take(MAX_KEYS).find(|key| tag(&self.salt, **key) == self.tag).copied()
    }

    /// As it is announced.
    pub(super) fn instance(&self) -> String {
        hex(self.salt.iter().chain(&self.tag))
    }
}

/// `bytes` as lowercase hex digits.
pub(super) fn hex<'a>(bytes: impl IntoIterator<Item = &'a u8>) -> String {
    bytes.into_iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

fn tag(salt: &[u8; SALT_BYTES], key: DeviceKey) -> [u8; TAG_BYTES] {
    let mut hash = Sha256::new();
    hash.update(LABEL);
    hash.update(salt);
    hash.update(key.0);
    let whole: [u8; 32] = hash.finalize().into();
    std::array::from_fn(|at| whole[at])
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: DeviceKey = DeviceKey([1; 32]);
    const BERT: DeviceKey = DeviceKey([2; 32]);

    #[test]
    fn who_knows_the_key_recognises_its_mark_and_nobody_else() {
        let mark = Mark::fresh(ANNA).unwrap();
        assert_eq!(Mark::parse(&mark.instance()), Some(mark));
        assert_eq!(mark.whose(&[BERT, ANNA]), Some(ANNA));
        assert_eq!(mark.whose(&[BERT]), None);
        assert_eq!(mark.whose(&[]), None);
    }

    #[test]
    fn the_tag_is_what_the_page_says_it_is() {
        // Computed with Python's hashlib: another program has to find the same.
        let salt = std::array::from_fn(|at| u8::try_from(at).unwrap());
        assert_eq!(hex(&tag(&salt, ANNA)), "2c9a898d07799a14ac94be67");
    }

    #[test]
    fn two_marks_of_one_device_have_nothing_in_common() {
        let (one, other) = (Mark::fresh(ANNA).unwrap(), Mark::fresh(ANNA).unwrap());
        assert!(one.salt != other.salt && one.tag != other.tag);
        assert_eq!(one.instance().len(), 56, "it has to fit into a label of 63 letters");
    }

    #[test]
    fn other_names_are_no_marks() {
        let mark = Mark::fresh(ANNA).unwrap().instance();
        for name in
            ["", "Attic", &mark[1..], &format!("{mark}0"), &mark.to_uppercase(), &"g".repeat(56), &"ä".repeat(28)]
        {
            assert!(name == mark || Mark::parse(name).is_none(), "{name}");
        }
    }

    #[test]
    fn work_on_one_mark_is_bounded() {
        let mut keys = vec![BERT; MAX_KEYS];
        keys.push(ANNA);
        assert_eq!(Mark::fresh(ANNA).unwrap().whose(&keys), None);
    }
}
