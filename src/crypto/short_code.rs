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
