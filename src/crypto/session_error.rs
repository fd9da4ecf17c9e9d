//! Why a sealed session failed, in our words and not in rustls's.

use rustls::{AlertDescription, CertificateError, Error};

use crate::model::{
    device_key::DeviceKey,
    reason::{Reason, ReasonCode},
};

use super::verifier::MetAnotherKey;

/// rustls's texts can hold bytes that the peer chose (as numbers); enough for a person, and well below 1 KiB.
const MAX_TEXT_BYTES: usize = 300;

/// A session that ended otherwise than by `close_notify`. Nothing more comes of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// Another device answered than the expected one. `met` is the key that it showed; it was refused before it had to prove
    /// that the key is its own.
    #[error("another key than the expected one was shown: {}", met.grouped())]
    WrongKey { met: DeviceKey },
    /// The dialer expected another key than ours. Until the dialer has proved who it is, somebody on the way can say this too,
    /// so it is good for a sentence and must change nothing that is stored.
    #[error("the other device expected another key than this one's")]
    RefusedByPeer,
    #[error("the other side showed no certificate")]
    NoCertificate,
    /// Not TLS at all, an older version of it, or another protocol inside it.
    #[error("not a Sealdrop: {0}")]
    NotSealdrop(String),
    /// Changed on the way, or against the rules of TLS.
    #[error("the encrypted connection failed: {0}")]
    Tls(String),
}

impl SessionError {
    /// As an event shows it.
    pub fn reason(&self) -> Reason {
        let detail = self.to_string();
        match self {
            Self::WrongKey { .. } => Reason::here(ReasonCode::WrongKey, detail),
            Self::RefusedByPeer => Reason::there(ReasonCode::WrongKey, Some(detail)),
            Self::NoCertificate | Self::NotSealdrop(_) => Reason::here(ReasonCode::NotSealdrop, detail),
            Self::Tls(_) => Reason::here(ReasonCode::ConnectionLost, detail),
        }
    }

    /// `early`: before the handshake was over. What makes no sense then never was a Sealdrop; later it was damaged.
    pub(super) fn from_tls(error: &Error, early: bool) -> Self {
        let text = short(error);
        match error {
            Error::InvalidCertificate(CertificateError::Other(other)) => {
                match other.0.downcast_ref::<MetAnotherKey>() {
                    Some(another) => Self::WrongKey { met: another.met },
                    None => Self::Tls(text),
                }
            }
            Error::NoCertificatesPresented => Self::NoCertificate,
            Error::NoApplicationProtocol | Error::PeerIncompatible(_) => Self::NotSealdrop(text),
            Error::AlertReceived(alert) => Self::from_alert(*alert, text),
            Error::InvalidMessage(_)
            | Error::InappropriateMessage { .. }
            | Error::InappropriateHandshakeMessage { .. }
                if early =>
            {
                Self::NotSealdrop(text)
            }
            _ => Self::Tls(text),
        }
    }

    fn from_alert(alert: AlertDescription, text: String) -> Self {
        match alert {
            AlertDescription::CertificateUnknown => Self::RefusedByPeer,
            AlertDescription::NoApplicationProtocol
            | AlertDescription::ProtocolVersion
            | AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity
            | AlertDescription::MissingExtension
            | AlertDescription::UnsupportedExtension
            | AlertDescription::UnrecognisedName => Self::NotSealdrop(text),
            _ => Self::Tls(text),
        }
    }
}

fn short(error: &Error) -> String {
    let mut text = error.to_string();
    text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
    text
}
