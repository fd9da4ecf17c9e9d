//! The six digits that two people compare, and the commitment that keeps somebody in the middle from choosing them.
//!
//! Both nonces and the commitment are known to both ends when they are compared, and are of no use afterwards: how long a
//! comparison takes tells nobody anything, so none here takes care to last equally long.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::model::{device_key::DeviceKey, short_code::ShortCode};

use super::error::CryptoError;

const COMMIT_LABEL: &[u8] = b"sealdrop commit 1";
const CODE_LABEL: &[u8] = b"sealdrop code 1";

/// 32 random bytes for one comparison. The dialer's is secret until it is revealed, so `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Nonce([u8; 32]);

impl Nonce {
    pub fn fresh() -> Result<Self, CryptoError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(..)")
    }
}

/// What the dialer says about its nonce before it has seen the listener's.
pub fn commitment(nonce: &Nonce) -> [u8; 32] {
    Sha256::new().chain_update(COMMIT_LABEL).chain_update(nonce.0).finalize().into()
}

/// Whether the revealed nonce is the one that was committed to.
pub fn keeps_commitment(commit: &[u8; 32], nonce: &Nonce) -> bool {
    commitment(nonce) == *commit
}

/// What a code is about: one connection and the two keys at its ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// [`Established::exporter`](super::session::Established::exporter).
    pub exporter: [u8; 32],
    pub dialer: DeviceKey,
    pub listener: DeviceKey,
}

impl Comparison {
    /// SHA-256 over, each preceded by its length as u32 big-endian: the label, the exporter, both keys, both nonces; its first
    /// eight bytes as a big-endian number, reduced to six digits.
    pub fn code(&self, dialer_nonce: &Nonce, listener_nonce: &Nonce) -> ShortCode {
        let parts: [&[u8]; 6] = [
            CODE_LABEL,
            &self.exporter,
            &self.dialer.0,
            &self.listener.0,
            dialer_nonce.bytes(),
            listener_nonce.bytes(),
        ];
        let digest = parts.iter().fold(Sha256::new(), |hash, part| {
            // All parts are 32 bytes or less.
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            hash.chain_update(length.to_be_bytes()).chain_update(part)
        });
        let mut first = [0; 8];
        first.iter_mut().zip(digest.finalize()).for_each(|(to, from)| *to = from);
        ShortCode::from_number(u64::from_be_bytes(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five inputs that differ in every byte.
    fn comparison() -> (Comparison, Nonce, Nonce) {
        let filled = |with: u8| std::array::from_fn(|at| with + u8::try_from(at).unwrap());
        let comparison =
            Comparison { exporter: filled(0), dialer: DeviceKey(filled(40)), listener: DeviceKey(filled(80)) };
        (comparison, Nonce::from_bytes(filled(120)), Nonce::from_bytes(filled(160)))
    }

    /// The text of the protocol, written down a second time: length as u32 big-endian before each part.
    fn by_hand(parts: [&[u8]; 5]) -> u64 {
        let mut bytes = b"\0\0\0\x0fsealdrop code 1".to_vec();
        for part in parts {
            bytes.extend_from_slice(&[0, 0, 0, 32]);
            bytes.extend_from_slice(part);
        }
        let digest = Sha256::digest(&bytes);
        digest[..8].iter().fold(0, |number, byte| number * 256 + u64::from(*byte))
    }

    #[test]
    fn the_code_is_that_of_the_protocol() {
        let (comparison, dialers, listeners) = comparison();
        let Comparison { exporter, dialer, listener } = &comparison;
        let number = by_hand([exporter, &dialer.0, &listener.0, dialers.bytes(), listeners.bytes()]);
        let code = comparison.code(&dialers, &listeners).to_string();
        assert_eq!(code, format!("{:06}", number % 1_000_000));
        // Computed once with Python's hashlib, for programs in other languages.
        assert_eq!(code, "937953");
    }

    #[test]
    fn every_byte_of_every_input_counts_and_so_does_the_order() {
        let (comparison, dialers, listeners) = comparison();
        let code = comparison.code(&dialers, &listeners);
        assert_ne!(code, comparison.code(&listeners, &dialers));
        let turned = Comparison { dialer: comparison.listener, listener: comparison.dialer, ..comparison };
        assert_ne!(code, turned.code(&dialers, &listeners));
        for at in 0..5 * 32 {
            let (mut changed, mut nonces) = (comparison.clone(), [dialers.clone(), listeners.clone()]);
            let input = match at / 32 {
                0 => &mut changed.exporter,
                1 => &mut changed.dialer.0,
                2 => &mut changed.listener.0,
                nonce => &mut nonces[nonce - 3].0,
            };
            input[at % 32] ^= 1;
            assert_ne!(code, changed.code(&nonces[0], &nonces[1]), "byte {} of input {}", at % 32, at / 32);
        }
    }

    #[test]
    fn codes_below_100000_keep_their_zeros() {
        let (comparison, dialers, _) = comparison();
        let codes = (0..=u8::MAX).map(|n| comparison.code(&dialers, &Nonce::from_bytes([n; 32])).to_string());
        let (zero, other): (Vec<_>, Vec<_>) = codes.partition(|code| code.starts_with('0'));
        assert!(zero.iter().chain(&other).all(|code| code.len() == 6));
        assert!(!zero.is_empty() && other.len() > zero.len(), "{} and {}", zero.len(), other.len());
    }

    #[test]
    fn a_commitment_holds_for_one_nonce() {
        let (_, nonce, other) = comparison();
        let commit = commitment(&nonce);
        let mut bytes = b"sealdrop commit 1".to_vec();
        bytes.extend_from_slice(nonce.bytes());
        assert_eq!(commit, <[u8; 32]>::from(Sha256::digest(&bytes)));
        assert!(keeps_commitment(&commit, &nonce));
        assert!(!keeps_commitment(&commit, &other));
    }

    #[test]
    fn nonces_are_fresh_and_not_shown() {
        let nonce = Nonce::fresh().unwrap();
        assert_ne!(nonce, Nonce::fresh().unwrap());
        assert_eq!(format!("{nonce:?}"), "Nonce(..)");
    }
}
