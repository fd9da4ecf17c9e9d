//! What can go wrong before a connection is spoken on: no key, no certificate, no configuration.

use crate::model::reason::{Reason, ReasonCode};

/// Why there is no identity, nonce or session.
#[derive(Debug, thiserror::Error)]
pub enum CryptoError {
    #[error("the system gives no random numbers: {0}")]
    NoRandom(#[from] getrandom::Error),
    #[error("no certificate could be made: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The text of an identity is not one.
    #[error("{0}")]
    Damaged(String),
}

impl CryptoError {
    /// As an event shows it.
    pub fn reason(&self) -> Reason {
        let code = match self {
            Self::Damaged(_) => ReasonCode::KeyDamaged,
            Self::NoRandom(_) | Self::Certificate(_) | Self::Tls(_) => ReasonCode::Internal,
        };
        Reason::here(code, self.to_string())
    }
}
