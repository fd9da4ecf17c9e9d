//! This device's key and its self-signed certificate, made at the first start and never replaced silently.
//!
//! The key is ECDSA on P-256 with SHA-256: RFC 8446 section 9.1 obliges every TLS 1.3 implementation to understand it, which
//! Ed25519 cannot say for itself (Windows and Apple leave it out), and this is a protocol that others shall be able to speak.
//! The certificate has one fixed subject, fixed dates far apart and nothing else: it tells no name, no time and no place.

use std::{fmt, path::Path, sync::Arc};

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, date_time_ymd};
use rustls::{
    pki_types::{
        CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer,
        pem::{PemObject, SectionKind},
    },
    sign::CertifiedKey,
};
use sha2::{Digest, Sha256};

use crate::{
    model::{
        device_key::DeviceKey,
        reason::{Reason, ReasonCode},
    },
    storage::{identity_file, profile::Profile},
};

use super::{error::CryptoError, provider::provider};

/// All certificates say the same; the key makes the difference.
const SUBJECT: &str = "Sealdrop";

/// A certificate and the key that belongs to it. Cheap to clone; its `Debug` shows the public id only.
#[derive(Clone)]
pub struct Identity {
    certified: Arc<CertifiedKey>,
    certificate: CertificateDer<'static>,
    key: DeviceKey,
}

impl Identity {
    /// The identity of a profile; makes it if there is none yet. A file that is not one, or that others may read, is
    /// reported with its path and left as it is.
    pub fn open(profile: &Profile) -> Result<Self, Reason> {
        let text = match identity_file::load(profile)? {
            Some(text) => text,
            None => Self::make_first(profile)?,
        };
        Self::parse(&text).map_err(|error| with_path(error, &profile.identity_path()))
    }

    /// The text that is in the file afterwards: another process may be quicker.
    fn make_first(profile: &Profile) -> Result<String, Reason> {
        let (_made, pem) = Self::make().map_err(|error| error.reason())?;
        identity_file::create(profile, &pem)
    }

    /// A fresh key with its certificate, and the PEM text of both.
    pub fn make() -> Result<(Self, String), CryptoError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, SUBJECT);
        params.not_before = date_time_ymd(2000, 1, 1);
        // RFC 5280 section 4.1.2.5: the date that means *no end*.
        params.not_after = date_time_ymd(9999, 12, 31);
        let certificate = params.self_signed(&key)?;
        let pem = format!("{}{}", certificate.pem(), key.serialize_pem());
        // What is used now is what the next start will read.
        Ok((Self::parse(&pem)?, pem))
    }

    /// Reads exactly one certificate and one PKCS#8 key that belong together, in any order.
    pub fn parse(pem: &str) -> Result<Self, CryptoError> {
        let (certificate, pkcs8) = sections(pem)?;
        let certified = CertifiedKey::from_der(vec![certificate.clone()], PrivateKeyDer::Pkcs8(pkcs8), &provider())
            .and_then(|certified| certified.keys_match().map(|()| certified))
            .map_err(|error| CryptoError::Damaged(error.to_string()))?;
        let key = key_of_certificate(&certificate);
        Ok(Self { certified: Arc::new(certified), certificate, key })
    }

    /// What this device is known by.
    pub fn key(&self) -> DeviceKey {
        self.key
    }

    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }

    pub(super) fn certified(&self) -> &Arc<CertifiedKey> {
        &self.certified
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.key).finish()
    }
}

/// What the owner of a certificate (its DER bytes) is known by: their SHA-256 (RFC 6234).
pub fn key_of_certificate(der: &[u8]) -> DeviceKey {
    DeviceKey(Sha256::digest(der).into())
}

fn sections(pem: &str) -> Result<(CertificateDer<'static>, PrivatePkcs8KeyDer<'static>), CryptoError> {
    let damaged = |what: &str| CryptoError::Damaged(what.to_owned());
    let (mut certificate, mut key) = (None, None);
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem.as_bytes()) {
        let (kind, der) = section.map_err(|error| CryptoError::Damaged(error.to_string()))?;
        let before = match kind {
            SectionKind::Certificate => certificate.replace(CertificateDer::from(der)).map(drop),
            SectionKind::PrivateKey => key.replace(PrivatePkcs8KeyDer::from(der)).map(drop),
            _ => return Err(damaged("holds something that is neither a certificate nor a key")),
        };
        if before.is_some() {
            return Err(damaged("holds more than one certificate and one key"));
        }
    }
    let certificate = certificate.ok_or_else(|| damaged("holds no certificate"))?;
    Ok((certificate, key.ok_or_else(|| damaged("holds no key"))?))
}

fn with_path(error: CryptoError, path: &Path) -> Reason {
    match error {
        CryptoError::Damaged(what) => Reason::here(ReasonCode::KeyDamaged, format!("{what}: {}", path.display())),
        other => other.reason(),
    }
}
