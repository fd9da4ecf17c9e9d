//! This device's key and its self-signed certificate, made at the first start and never replaced silently.
//!
//! The key is ECDSA on P-256 with SHA-256: RFC 8446 section 9.1 obliges every TLS 1.3 implementation to understand it, which
//! Ed25519 cannot say for itself (Windows and Apple leave it out), and this is a protocol that others shall be able to speak.
//! The certificate has one fixed subject, fixed dates far apart and nothing else: it tells no name, no time and no place.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, date_time_ymd};
use rustls::{
    RootCertStore,
    client::verify_server_cert_signed_by_trust_anchor,
    pki_types::{
        CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime,
        pem::{PemObject, SectionKind},
    },
    server::ParsedCertificate,
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

/// To the last second of a day.
const LAST_SECOND_OF_A_DAY: Duration = Duration::from_secs(24 * 60 * 60 - 1);

/// At the end of 2019, counted from 1970.
const MOMENT: Duration = Duration::from_hours(50 * 365 * 24);

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
        params.not_after = date_time_ymd(9999, 12, 31) + LAST_SECOND_OF_A_DAY;
        let certificate = params.self_signed(&key)?;
        let pem = format!("{}{}", certificate.pem(), key.serialize_pem());
        // What is used now is what the next start will read.
        Ok((Self::parse(&pem)?, pem))
    }

    /// Reads exactly one certificate and one PKCS#8 key that belong together, in any order. One changed bit in either is
    /// noticed: it would make this device another one, or one that nobody believes.
    pub fn parse(pem: &str) -> Result<Self, CryptoError> {
        let (certificate, pkcs8) = sections(pem)?;
        let certified = check_pair(&certificate, PrivateKeyDer::Pkcs8(pkcs8))
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

/// Whether the key is that of the certificate, and the certificate is signed with it.
fn check_pair(
    certificate: &CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> Result<CertifiedKey, rustls::Error> {
    let provider = provider();
    let certified = CertifiedKey::from_der(vec![certificate.clone()], key, &provider)?;
    certified.keys_match()?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone())?;
    // rustls has no plainer way to ask for the signature of a certificate. A moment that is always inside its dates.
    let moment = UnixTime::since_unix_epoch(MOMENT);
    let algorithms = provider.signature_verification_algorithms.all;
    let parsed = ParsedCertificate::try_from(certificate)?;
    verify_server_cert_signed_by_trust_anchor(&parsed, &roots, &[], moment, algorithms)?;
    Ok(certified)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> (tempfile::TempDir, Profile) {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::open(Some(folder.path().to_owned())).unwrap();
        (folder, profile)
    }

    fn damaged(pem: &str) -> String {
        match Identity::parse(pem).unwrap_err() {
            CryptoError::Damaged(what) => what,
            other => panic!("{other:?}"),
        }
    }

    /// Certificate and key of an identity's text, apart.
    fn halves(pem: &str) -> (&str, &str) {
        pem.split_at(pem.find("-----BEGIN PRIVATE KEY-----").unwrap())
    }

    #[test]
    fn the_key_of_a_profile_stays_the_same() {
        let (_folder, profile) = profile();
        let first = Identity::open(&profile).unwrap();
        let again = Identity::open(&profile).unwrap();
        assert_eq!(first.key(), again.key());
        assert_eq!(first.certificate_der(), again.certificate_der());
        assert_eq!(first.key(), key_of_certificate(first.certificate_der()));
    }

    #[test]
    fn a_made_identity_is_what_its_text_says_in_any_order() {
        let (made, pem) = Identity::make().unwrap();
        let (certificate, key) = halves(&pem);
        for text in [pem.clone(), format!("{key}{certificate}"), pem.replace('\n', "\r\n")] {
            assert_eq!(Identity::parse(&text).unwrap().key(), made.key());
        }
        assert_ne!(Identity::make().unwrap().0.key(), made.key());
    }

    #[test]
    fn debug_shows_the_id_and_no_key() {
        let (made, _pem) = Identity::make().unwrap();
        assert_eq!(format!("{made:?}"), format!("Identity({})", made.key()));
    }

    #[test]
    fn the_certificate_tells_nothing_about_its_owner() {
        let (made, _pem) = Identity::make().unwrap();
        let holds = |text: &str| made.certificate_der().windows(text.len()).any(|part| part == text.as_bytes());
        // The dates of RFC 5280: UTCTime up to 2049, GeneralizedTime after it.
        assert!(holds("Sealdrop") && holds("000101000000Z") && holds("99991231235959Z"));
        // Subject, issuer, dates, key, serial number, key identifier and signature; there is room for nothing else.
        assert!(made.certificate_der().len() < 400, "{} bytes", made.certificate_der().len());
        let profile_settings = profile().1.first_settings();
        assert!(!holds(&profile_settings.device_name));
    }

    #[test]
    fn parts_that_are_missing_twice_there_or_do_not_belong_together_are_refused() {
        let ((_, one), (_, other)) = (Identity::make().unwrap(), Identity::make().unwrap());
        let ((certificate, key), (other_certificate, other_key)) = (halves(&one), halves(&other));
        for (pem, what) in [
            (String::new(), "no certificate"),
            ("hello".to_owned(), "no certificate"),
            (key.to_owned(), "no certificate"),
            (certificate.to_owned(), "no key"),
            (format!("{certificate}{other_key}"), "keys may not be consistent"),
            (format!("{other_certificate}{key}"), "keys may not be consistent"),
            (format!("{one}{other_certificate}"), "more than one"),
            (format!("{one}{key}"), "more than one"),
            (one.replace("PRIVATE KEY", "PUBLIC KEY"), "neither"),
            (one.replace("PRIVATE KEY", "EC PRIVATE KEY"), "neither"),
        ] {
            let said = damaged(&pem);
            assert!(said.contains(what), "{what}: {said}");
        }
        for end in [one.len() / 4, one.len() / 2, one.len() - 30] {
            damaged(&one[..end]);
        }
    }

    #[test]
    fn one_changed_character_is_noticed_wherever_it_is() {
        let (made, pem) = Identity::make().unwrap();
        let places = pem.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric());
        for (at, c) in places {
            let changed = if c == 'A' { "B" } else { "A" };
            let mut text = pem.clone();
            text.replace_range(at..=at, changed);
            let parsed = Identity::parse(&text);
            // What carries nothing (the last bits of a base64 text) may be changed, but never into another device.
            assert!(parsed.as_ref().is_ok_and(|parsed| parsed.key() == made.key()) || parsed.is_err(), "at {at}");
            let in_key = at > halves(&pem).0.len() + 40 && at < pem.len() - 40;
            assert!(!in_key || parsed.is_err(), "a key that was changed at {at}");
        }
    }

    #[test]
    fn a_damaged_file_is_reported_with_its_path_and_left_as_it_is() {
        let (_folder, profile) = profile();
        let path = profile.identity_path();
        identity_file::create(&profile, "-----BEGIN NONSENSE-----").unwrap();
        for _ in 0..2 {
            let reason = Identity::open(&profile).unwrap_err();
            assert_eq!(reason.code, ReasonCode::KeyDamaged);
            assert!(reason.detail.unwrap().contains(&path.display().to_string()));
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "-----BEGIN NONSENSE-----");
        identity_file::set_aside(&profile).unwrap();
        Identity::open(&profile).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, profile) = profile();
        let made = Identity::open(&profile).unwrap();
        let path = profile.identity_path();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        assert_eq!(Identity::open(&profile).unwrap_err().code, ReasonCode::KeyExposed);
        identity_file::make_private(&profile).unwrap();
        assert_eq!(Identity::open(&profile).unwrap().key(), made.key());
    }

    #[test]
    fn all_who_start_at_the_same_moment_are_one_device() {
        let (_folder, profile) = profile();
        let barrier = std::sync::Barrier::new(4);
        let keys: Vec<DeviceKey> = std::thread::scope(|scope| {
            let start = || {
                barrier.wait();
                Identity::open(&profile).unwrap().key()
            };
            let running: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    }
}
