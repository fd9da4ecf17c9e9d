//! Who may be spoken to: anybody who can prove that the certificate they show is theirs, unless one key is expected.
//!
//! No authority is asked and no date is looked at: the certificate's digest *is* the device, and whether a person trusts it
//! is decided elsewhere. What is checked, always, is that the certificate can be read and that the handshake was signed with
//! its key. Without the latter anybody could show a certificate that they once saw.

use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, PeerIncompatible, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::{
        ParsedCertificate,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};

use crate::model::device_key::DeviceKey;

use super::identity::key_of_certificate;

/// Somebody else answered than the device that was expected. Travels inside rustls's error.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("met another key: {met}")]
pub(super) struct MetAnotherKey {
    pub(super) met: DeviceKey,
}

/// For both sides; only the dialer can expect a key.
#[derive(Debug)]
pub(super) struct Verifier {
    algorithms: WebPkiSupportedAlgorithms,
    expect: Option<DeviceKey>,
    /// Somebody else is not to learn that another was expected.
    discreet: bool,
}

impl Verifier {
    pub(super) fn new(algorithms: WebPkiSupportedAlgorithms, expect: Option<DeviceKey>) -> Self {
        Self { algorithms, expect, discreet: false }
    }

    /// One that only wants to see whether `key` is there.
    pub(super) fn discreet(algorithms: WebPkiSupportedAlgorithms, key: DeviceKey) -> Self {
        Self { algorithms, expect: Some(key), discreet: true }
    }

    fn check(&self, certificate: &CertificateDer<'_>) -> Result<(), Error> {
        let met = key_of_certificate(certificate);
        if self.expect.is_some_and(|expect| expect != met) {
            if self.discreet {
                // rustls sends `access_denied`, which says nothing.
                return Err(CertificateError::ApplicationVerificationFailure.into());
            }
            // rustls sends `certificate_unknown` for `Other`: by this the listener knows what happened.
            let error = CertificateError::Other(OtherError(Arc::new(MetAnotherKey { met })));
            return Err(Error::InvalidCertificate(error));
        }
        ParsedCertificate::try_from(certificate).map(drop)
    }

    fn check_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }
}

/// TLS 1.2 is not even compiled in; if it were, nothing would pass.
fn no_tls12() -> Result<HandshakeSignatureValid, Error> {
    Err(PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig.into())
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(end_entity).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        no_tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for Verifier {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        true
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(end_entity).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        no_tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
